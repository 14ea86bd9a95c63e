import { effectBatchMax, effectGatherMs, effectRetryMs } from '../audit/limits.ts';
import { type EventRecord, recordType } from '../audit/record.ts';
import type { EffectSource, Log, LoggedEffect } from '../contract/implement.ts';
import type { Journal } from '../journal/journal.ts';
import { formatId } from '../tenancy/id.ts';
import { auditBytes } from './process.ts';

const idOrNone = (id: bigint) => (id === 0n ? '' : formatId(id));

/**
 * Re-emits a service's own log into the journal as audit records: from its first record that is left, in order, until
 * `stop`. After a crash some come twice; recorder knows them by their offset. They do not spend the journal's reserve: while
 * it is full they wait in the service's log. `process` tells logs apart: that of a standby is another than the service's own.
 */
export function emitEffects(source: EffectSource, service: string, process: string, journal: Journal, log: Log): { stop(): Promise<void> } {
  const name = source.name === undefined ? process : `${process}/${source.name}`;
  let stopped = false;
  let wake: (() => void) | undefined;
  let due = true;
  let timer: NodeJS.Timeout | undefined;
  let gathering: NodeJS.Timeout | undefined;
  let endGather: (() => void) | undefined;
  const unsubscribe = source.onMore(() => {
    due = true;
    wake?.();
  });

  /** Answers the offset of the last, and whether more may be there. */
  async function emit(after: bigint): Promise<{ after: bigint; isFull: boolean }> {
    const effects = await source.read(after, effectBatchMax);
    const last = effects.at(-1);
    if (!last) return { after, isFull: true };
    await Promise.all(
      effects.flatMap((effect) => [
        journal.append(recordType.audit, auditBytes(recordOf(effect, service, name))),
        ...eventsOf(source, effect, service).map((event) => journal.append(recordType.event, Buffer.from(JSON.stringify(event)))),
      ]),
    );
    await source.forget(last.offset);
    due = true;
    return { after: last.offset, isFull: effects.length >= effectBatchMax };
  }

  const pause = (ms?: number) =>
    new Promise<void>((resolve) => {
      wake = resolve;
      if (ms !== undefined) timer = setTimeout(resolve, ms);
    }).finally(() => clearTimeout(timer));

  const gather = () =>
    new Promise<void>((resolve) => {
      endGather = resolve;
      gathering = setTimeout(resolve, effectGatherMs);
    }).finally(() => clearTimeout(gathering));

  const running = (async () => {
    for (let after = -1n; ; ) {
      try {
        if (due) {
          due = false;
          const emitted = await emit(after);
          after = emitted.after;
          // The service's own log holds them: the first of a burst is told at once, what follows gathers for one sync.
          if (!emitted.isFull && !stopped) await gather();
          continue;
        }
        if (stopped) return;
        await pause();
      } catch (error) {
        if (stopped) return;
        log('error', 'effects could not be journalled; trying again', { error: String(error) });
        due = true;
        await pause(effectRetryMs);
      }
    }
  })();
  return {
    async stop() {
      stopped = true;
      unsubscribe();
      wake?.();
      endGather?.();
      await running;
    },
  };
}

/** What an effect makes known besides the audit record. Told twice, an event has the same id. */
function eventsOf(source: EffectSource, effect: LoggedEffect, service: string): EventRecord[] {
  const { at, tenant, scope, offset } = effect;
  return (source.eventsOf?.(effect) ?? []).map(({ event, subject, data }, index) => ({
    tenant: formatId(tenant),
    scope: formatId(scope),
    id: [formatId(scope), ...(source.name === undefined ? [] : [source.name]), offset, index].join('-'),
    source: `gamut/${service}`,
    type: `${service}.${event}`,
    time: new Date(at).toISOString(),
    subject,
    data,
  }));
}

function recordOf(effect: LoggedEffect, service: string, name: string) {
  return {
    at: effect.at,
    tenant: idOrNone(effect.tenant),
    scope: idOrNone(effect.scope),
    service,
    operation: effect.operation,
    kind: effect.kind,
    name: effect.name,
    principal: effect.principal,
    credential: idOrNone(effect.credential),
    face: '',
    outcome: effect.outcome,
    count: effect.count ?? 1,
    bytes: effect.bytes,
    requestId: effect.requestId,
    log: name,
    offset: effect.offset.toString(),
    ...(effect.detail === undefined ? {} : { detail: effect.detail }),
  };
}
