import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { OperationError } from '#kernel/contract/fault.ts';
import type { Kernel } from '#kernel/contract/implement.ts';
import { type Row, sqlFence } from '#kernel/pair/fence.ts';
import { connectPair, listenPair } from '#kernel/pair/wire.ts';
import type { Needs } from '#kernel/session/part.ts';
import type { Sql } from '#seams/sql/sql.ts';
import type { Broker } from '../broker.ts';
import { beatEveryMs, seatMs } from '../limits.ts';
import { Follow } from './follow.ts';
import { Lead } from './lead.ts';
import type { Doors } from './message.ts';
import { type Seat, takeLog, takeSeat } from './seat.ts';

type Names = readonly [string, string];

/** What nobody catches ends the process; the next start asks the row what it is to be. */
const end = (why: string) =>
  void setImmediate(() => {
    throw new TypeError(why);
  });

function sqlOf({ needs }: Kernel<Needs>): Sql {
  if (!needs.sql) throw new TypeError('a log of two processes needs PostgreSQL');
  return needs.sql;
}

const placeOf = ({ run }: Kernel<Needs>, name: string) => join(run, `${name}.pair`);
const otherOf = ({ process: self }: Kernel<Needs>, names: Names) => (names[0] === self ? names[1] : names[0]);
/** Under which number clients know a process. */
export const nodeIdOf = (names: Names | undefined, name: string): number => Math.max(0, names?.indexOf(name) ?? 0) + 1;

/** What this process is to be where two keep the log; undefined where it is alone. Waits for PostgreSQL. */
export async function seatOf(kernel: Kernel<Needs>): Promise<Seat | undefined> {
  const { pair: names, process: self, directory: root, needs, signal, log } = kernel;
  if (!names) {
    if (needs.sql) await takeLog(root, sqlFence(needs.sql), self);
    return undefined;
  }
  const fence = sqlFence(sqlOf(kernel));
  for (;;) {
    try {
      return await takeSeat({ fence, names, self, root });
    } catch (error) {
      if (signal.aborted || (error instanceof OperationError && !error.retry)) throw error;
      log('warn', 'the log waits to be told who holds it', { error: String(error) });
      await pause(seatMs);
    }
  }
}

export type OpenLead = { confirm(): Promise<void>; opened(doors: Doors): void; stop(): void };

/** Leads: from now on the broker tells nothing that the standby lacks, unless the row says that there is none. */
export function openLead(kernel: Kernel<Needs>, broker: Broker, row: Row, names: Names): OpenLead {
  const { process: self, log } = kernel;
  let doors: Doors = {};
  let listening: Promise<{ close(): void }> | undefined;
  const lead = new Lead({
    ...{ disk: broker.disk, fence: sqlFence(sqlOf(kernel)), row, log },
    hold: () => broker.hold(),
    doors: () => doors,
    now: () => performance.now(),
    onFenced() {
      log('error', 'another process has taken the log; this one ends and starts anew');
      end('the log is held by another process');
    },
  });
  const nodeId = nodeIdOf(names, otherOf(kernel, names));
  broker.paired = {
    confirm: () => lead.confirm(),
    other: () => ({ nodeId, port: portOf(lead.standby?.kafka), isInSync: lead.isInSync }),
  };
  const beating = setInterval(() => lead.tick(), beatEveryMs);
  lead.tick();
  log('info', 'this process leads the log', { epoch: `${row.epoch}` });
  return {
    confirm: async () => lead.confirm(),
    opened(found) {
      doors = found;
      // The standby asks where our doors are, so that it is let in once they are open.
      listening = listenPair(placeOf(kernel, self), (wire) => lead.accept(wire));
    },
    stop() {
      clearInterval(beating);
      lead.stop();
      void listening?.then((listener) => listener.close());
    },
  };
}

const portOf = (url: string | undefined) => (url === undefined ? undefined : Number(new URL(url).port));

/** Stands by: keeps a copy, and ends to start anew as the leader when it has taken the place. */
export function openFollow(kernel: Kernel<Needs>, names: Names): { follow: Follow; opened(doors: Doors): void; stop(): Promise<void> } {
  const { process: self, directory: root, log, signal } = kernel;
  let doors: Doors = {};
  let ticking: NodeJS.Timeout | undefined;
  const follow = new Follow({
    ...{ root, self, log, fence: sqlFence(sqlOf(kernel)) },
    connect: () => connectPair(placeOf(kernel, otherOf(kernel, names))),
    doors: () => doors,
    now: () => performance.now(),
    onPromoted() {
      log('warn', 'the leader is gone; this process takes its place');
      end('the standby starts anew as the leader');
    },
  });
  signal.addEventListener('abort', () => follow.drain(), { once: true });
  return {
    follow,
    opened(found) {
      doors = found;
      ticking = setInterval(() => follow.tick(), beatEveryMs);
      follow.tick();
    },
    async stop() {
      await follow.finish();
      clearInterval(ticking);
      follow.stop();
    },
  };
}
