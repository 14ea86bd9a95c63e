import type { HttpRequest } from '#engine/http1/request.ts';
import type { HttpResponse } from '#engine/http1/response.ts';
import { join } from 'node:path';
import { type AuditRecord, type LifeRecord, recordType } from '../audit/record.ts';
import type { AnyService } from '../contract/contract.ts';
import { registerFaults } from '../contract/fault.ts';
import { personalNames } from '../contract/label.ts';
import type { Log } from '../contract/implement.ts';
import { journalSeal } from '../journal/leased.ts';
import { type Journal, openJournal } from '../journal/journal.ts';
import { connectKeeper, type Keeper } from '../keys/client.ts';
import { Health } from '../observe/health.ts';
import { answerObserve, type Observed } from '../observe/http.ts';
import { createLog } from '../observe/log.ts';
import { labelNames } from '../observe/personal.ts';
import { observeProcess } from '../observe/process.ts';
import { Registry } from '../observe/registry.ts';
import type { Snapshot } from '../snapshot/reader.ts';
import type { Link } from '../supervise/protocol.ts';
import { workerPlace } from '../supervise/service.ts';
import { reserveOf } from '../volume/ballast.ts';
import { watchSpace } from '../volume/space.ts';
import { openLeases } from '../quota/lease.ts';
import { observeAdmission } from './admission-metric.ts';
import { Rechecks } from './recheck.ts';
import { createRuntime, type Runtime } from './runtime.ts';
import { openTelemetry } from './telemetry.ts';

/** What every process that serves a contract has: a line to keeper, a journal, a watch on the disk, and the runtime of its sessions. */
export type Process<S extends AnyService> = {
  readonly runtime: Runtime<S>;
  readonly keeper: Keeper;
  readonly journal: Journal;
  readonly log: Log;
  readonly freeBytes: () => number;
  readonly reserveBytes: number;
  readonly observed: Observed;
  /** Answers /healthz and /metrics; false for anything else. */
  readonly served: (request: HttpRequest, response: HttpResponse) => boolean;
  close(): Promise<void>;
};

/** Opens them over a snapshot that the caller opened (control writes it, the others read it). */
export async function openProcess<S extends AnyService>(link: Link, contract: S, snapshot: Snapshot): Promise<Process<S>> {
  const { order } = link;
  registerFaults(contract.errors);
  labelNames(personalNames(contract));
  const log = createLog({ process: order.process, level: 'info' });
  const keeper = connectKeeper(join(order.run, 'keeper.sock'), order.token);
  const journal = await openJournal({ dir: join(order.data, 'journal'), process: order.process, seal: await journalSeal(keeper) });
  const life = (event: LifeRecord['event']) =>
    Buffer.from(JSON.stringify({ at: Date.now(), event, service: contract.name } satisfies LifeRecord));
  await journal.append(recordType.life, life('opened'), { essential: true });
  const { reserveBytes } = reserveOf(order.settings.reserveBytes);
  const space = watchSpace({ path: order.data, reserveBytes });
  const observed: Observed = { registry: new Registry({ process: order.process }), health: new Health() };
  const stopObserving = observeProcess(observed.registry);
  observed.health.check('journal', () => journal.failure?.message);
  observed.health.check('disk', () => (space.mayWrite() ? undefined : 'The disk is nearly full; changes are refused.'));
  const telemetry = openTelemetry({ order, registry: observed.registry, log, service: contract.name });
  // A service of one process shares its rates with nobody, and keeps them in memory.
  const isAlone = contract.parts === undefined && workerPlace(contract.name, order.process, order.settings) === undefined;
  const leases = isAlone ? undefined : openLeases(order.run, contract.name);
  const runtime = createRuntime({
    ...(leases ? { shared: { leases, process: order.process } } : {}),
    measure: telemetry.measure,
    tracer: telemetry.tracer,
    rechecks: new Rechecks(log, observed.registry),
    contract,
    snapshot,
    journal,
    region: order.settings.region,
    log,
    mayWrite: () => space.mayWrite(),
  });
  observeAdmission(observed.registry, runtime.admission);
  return {
    runtime,
    keeper,
    journal,
    log,
    reserveBytes,
    freeBytes: () => space.freeBytes(),
    observed,
    served: (request, response) => answerObserve(observed, request, response),
    async close() {
      stopObserving();
      space.stop();
      runtime.stop();
      await leases?.close();
      await telemetry.close();
      await journal.append(recordType.life, life('closed'), { essential: true });
      await journal.close();
      keeper.close();
    },
  };
}

/** An audit record as the bytes of a journal. */
export const auditBytes = (record: AuditRecord): Buffer => Buffer.from(JSON.stringify(record));
