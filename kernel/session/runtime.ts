import type { AnyService } from '../contract/contract.ts';
import type { Handlers } from '../contract/call.ts';
import type { Implementation, Log } from '../contract/implement.ts';
import type { Provider } from '../contract/provider.ts';
import { type AuditRecord, type EventRecord, recordType, type UsageRecord } from '../audit/record.ts';
import { AuditWindows } from '../audit/window.ts';
import { usageFlushMs } from '../audit/limits.ts';
import type { Journal } from '../journal/journal.ts';
import { keyContract } from '../keys/key-use.ts';
import { Meters } from '../meter/meters.ts';
import { Admission } from '../quota/admission.ts';
import { createRates, type Rates, type SharedRates } from '../quota/rates.ts';
import type { TraceContext, Tracer } from '../observe/trace.ts';
import type { Snapshot } from '../snapshot/reader.ts';
import type { Rechecks } from './recheck.ts';
import { steady } from './clock.ts';
import { createDecider, type Decider } from './decide.ts';
import { PolicyCache } from './policy-cache.ts';

/** Everything that sessions of one service in one process share. */
export type Runtime<S extends AnyService = AnyService> = {
  readonly contract: S;
  readonly snapshot: Snapshot;
  readonly region: string;
  readonly log: Log;
  readonly decider: Decider;
  /** Decides who may use which key, which is the platform's to say. */
  readonly keyDecider: Decider;
  readonly rechecks: Rechecks;
  readonly rates: Rates;
  readonly admission: Admission;
  readonly windows: AuditWindows;
  readonly meters: Meters;
  readonly now: () => number;
  readonly mayWrite: () => boolean;
  /** Set once the service has started. */
  implementation:
    | (Pick<Implementation<S>, 'authorize' | 'placeOf' | 'repeats'> & {
        readonly handlers: Handlers<S>;
        readonly providers: Readonly<Record<string, Provider>>;
      })
    | undefined;
  /** Begins the spans of calls. */
  readonly tracer: Tracer;
  /** Observes how a call ended and how long it took. */
  measure(measured: Measured): void;
  /** Durable when it resolves. */
  recordAudit(record: AuditRecord, essential: boolean): Promise<void>;
  recordEvent(record: EventRecord): void;
  /** Rejects with JournalFull or JournalFailed when a change could not be recorded. */
  admitChange(): Promise<void>;
  /** Writes what is counted in memory to the journal. */
  flush(): void;
  stop(): void;
};

/** How one call ended. `failed` when that counts against the service; `endMs` is in milliseconds since 1970, with fractions. */
export type Measured = {
  readonly place: { readonly tenant: string; readonly scope: string };
  readonly operation: string;
  readonly name: string;
  readonly outcome: string;
  readonly failed: boolean;
  readonly seconds: number;
  readonly endMs: number;
  readonly requestId: string;
  readonly trace: TraceContext;
  readonly parentId: string;
};

const encode = (record: unknown) => Buffer.from(JSON.stringify(record));

/** Builds the runtime of a service over a process' snapshot and journal. */
export function createRuntime<S extends AnyService>(options: {
  contract: S;
  snapshot: Snapshot;
  journal: Journal;
  region: string;
  log: Log;
  mayWrite: () => boolean;
  now?: () => number;
  measure: Runtime['measure'];
  tracer: Tracer;
  rechecks: Rechecks;
  /** Of a service with several processes: what they share. */
  shared?: SharedRates;
}): Runtime<S> {
  const { contract, snapshot, journal, log } = options;
  const now = options.now ?? Date.now;
  const lazily = (type: number, record: unknown) => journal.appendLazy(type, encode(record));
  const windows = new AuditWindows((record) => lazily(recordType.audit, record), now);
  const meters = new Meters(contract, (record: UsageRecord) => lazily(recordType.usage, record), now);
  const flush = () => {
    windows.flush();
    meters.flush();
  };
  const admission = new Admission();
  const cache = new PolicyCache(snapshot);
  const timer = setInterval(flush, usageFlushMs);
  const runtime: Runtime<S> = {
    contract,
    snapshot,
    log,
    rechecks: options.rechecks,
    windows,
    meters,
    admission,
    now,
    flush,
    region: options.region,
    mayWrite: options.mayWrite,
    decider: createDecider(contract, snapshot, () => runtime.implementation?.providers ?? {}, now, options.rechecks, cache),
    keyDecider: createDecider(keyContract, snapshot, () => ({}), now, options.rechecks, cache),
    rates: createRates(
      contract,
      (scope, quota) => snapshot.get('quota', scope)?.[`${contract.name}.${quota}`],
      () => steady.nowMs,
      options.shared,
    ),
    implementation: undefined,
    measure: options.measure,
    tracer: options.tracer,
    async recordAudit(record, essential) {
      await journal.append(recordType.audit, encode(record), { essential });
    },
    recordEvent: (record) => lazily(recordType.event, record),
    admitChange: () => journal.admit(),
    stop() {
      clearInterval(timer);
      admission.stop();
      flush();
    },
  };
  return runtime;
}
