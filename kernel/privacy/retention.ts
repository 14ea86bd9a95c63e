import { randomUUID } from 'node:crypto';
import type { AuditRecord } from '../audit/record.ts';
import type { AnyService } from '../contract/contract.ts';
import type { Log } from '../contract/implement.ts';
import { labelledFields } from '../contract/label.ts';
import type { Placed } from '../contract/provider.ts';
import { formatId } from '../tenancy/id.ts';
import { dayMs, retentionSweepMinMs, sweepsPerDay } from './limits.ts';
import type { Expire } from './subject.ts';

type Options = {
  readonly contract: AnyService;
  /** Every environment; for what belongs to none, one place that stands for the platform. */
  readonly places: () => readonly Placed[];
  readonly expire: Expire;
  readonly record: (record: AuditRecord) => Promise<void>;
  readonly log: Log;
  readonly now: () => number;
  /** How long a day is; shorter in tests. */
  readonly dayMs?: number;
};

/** The fields of a contract's kinds that are kept for days. */
function dueFields(contract: AnyService) {
  return Object.entries(contract.resources).flatMap(([kind, { spec }]) =>
    labelledFields(spec).flatMap(({ path, label }) => (typeof label.keep === 'number' ? [{ kind, path, days: label.keep }] : [])),
  );
}

/**
 * Lets go of personal fields whose time is over, again and again. Each run is in the platform's audit log with how much it took
 * away, and in that of every organization it took something from. Returns how to stop.
 */
export function keepRetention(options: Options): () => Promise<void> {
  const { contract, places, expire, record, log, now } = options;
  const day = options.dayMs ?? dayMs;
  const fields = dueFields(contract);
  if (fields.length === 0) return async () => undefined;
  let stopped = false;
  let running: Promise<void> = Promise.resolve();

  const told = (place: { tenant: string; scope: string }, kind: string, name: string, count: number, requestId: string): AuditRecord => ({
    ...{ ...place, at: now(), service: contract.name, operation: 'ExpirePersonal', kind, name, count, bytes: 0, requestId },
    ...{ principal: 'platform', credential: '', face: 'service', outcome: 'ok' },
  });

  async function run(): Promise<void> {
    const requestId = randomUUID();
    let total = 0;
    for (const at of places())
      for (const { kind, path, days } of fields) {
        if (stopped) return;
        const count = await expire(at, { kind, path, before: now() - days * day });
        total += count;
        const place = { tenant: at.tenant === 0n ? '' : formatId(at.tenant), scope: at.scope === 0n ? '' : formatId(at.scope) };
        if (count > 0) await record(told(place, kind, path.join('.'), count, requestId));
      }
    await record(told({ tenant: '', scope: '' }, 'Retention', contract.name, total, requestId));
  }

  const timer = setInterval(
    () => {
      running = running.then(run).catch((error) => log('warn', 'personal fields were not let go; trying again', { error: String(error) }));
    },
    Math.max(retentionSweepMinMs, day / sweepsPerDay),
  ).unref();
  return async () => {
    stopped = true;
    clearInterval(timer);
    await running;
  };
}
