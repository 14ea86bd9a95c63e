import type { Sql } from '#seams/sql/sql.ts';
import { fault } from '../contract/fault.ts';
import type { Log } from '../contract/implement.ts';
import type { SnapshotWriter } from '../snapshot/writer.ts';
import { appliedWaitMs } from '../snapshot/limits.ts';
import { publishBatchMax, publishPollMs } from './limits.ts';
import type { EntriesOf } from './entry.ts';
import { formatId } from '../tenancy/id.ts';

/** Brings what PostgreSQL committed into the snapshot, in order of number. */
export type Publisher = {
  /** Resolves when the change of this number is in the snapshot. */
  applied(number: number): Promise<void>;
  /** Looks at once for changes. */
  wake(): void;
  stop(): Promise<void>;
};

type Change = { number: bigint; tenant_id: bigint; kind: string; key: string[] };

/** Starts publishing; entries are computed anew from the rows, so that a change applied twice is applied once. */
export function startPublisher(sql: Sql, snapshot: SnapshotWriter, entriesOf: EntriesOf, log: Log): Publisher {
  const waiting = new Set<{ number: number; resolve(): void; timer: NodeJS.Timeout }>();
  let stopped = false;
  let awake: (() => void) | undefined;
  let due = false;

  async function publish(): Promise<boolean> {
    const { rows } = await sql
      .platform()
      .query('select number, tenant_id, kind, key from platform.change where number > $1 order by number limit $2', [
        BigInt(snapshot.applied()),
        publishBatchMax,
      ]);
    const changes = rows as Change[];
    if (changes.length === 0) return false;
    const entries = await Promise.all(changes.map((change) => entriesOf(change.kind, change.key)));
    const last = Number(changes.at(-1)?.number);
    await snapshot.apply(
      last,
      changes.map((change, index) => ({
        number: Number(change.number),
        tenant: change.tenant_id === 0n ? '' : formatId(change.tenant_id),
        entries: entries[index] ?? [],
      })),
    );
    snapshot.refresh();
    for (const waiter of waiting) {
      if (waiter.number > last) continue;
      waiting.delete(waiter);
      clearTimeout(waiter.timer);
      waiter.resolve();
    }
    return changes.length === publishBatchMax;
  }

  async function sleep(): Promise<void> {
    if (due) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, publishPollMs);
      awake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  const running = (async () => {
    while (!stopped) {
      due = false;
      const more = await publish().catch((error) => {
        log('error', 'changes could not be published; trying again', { error: String(error) });
        return false;
      });
      if (!more) await sleep();
    }
  })();

  const wake = () => {
    due = true;
    awake?.();
  };
  return {
    wake,
    applied(number) {
      if (snapshot.applied() >= number) return Promise.resolve();
      return new Promise((resolve, reject) => {
        const waiter = {
          number,
          resolve,
          timer: setTimeout(() => {
            waiting.delete(waiter);
            reject(fault('Unavailable', 'The change is stored; it will be seen everywhere when the snapshot is written.'));
          }, appliedWaitMs),
        };
        waiting.add(waiter);
        wake();
      });
    },
    async stop() {
      stopped = true;
      wake();
      await running;
    },
  };
}
