import { join } from 'node:path';
import { Pool } from '#engine/confined/pool.ts';
import { type Ended, type Watch, WatchedProcess } from '#engine/confined/watched.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import { fault } from '#kernel/contract/fault.ts';
import { installation, modulePath } from '#kernel/supervise/module.ts';
import {
  routineHeapMb,
  routineIdleMs,
  routineMemoryMb,
  routinePagesMax,
  routineProcessesMax,
  routineReplyBytes,
  routineResidentMb,
  routineSilenceMs,
  routineStartMs,
  routineWatchMs,
} from './limits.ts';
import type { Order, Said } from './order.ts';

export type Reply = Said['replies'][number];
/** Calls functions of one environment, for rows of arguments as JSON has them. */
export type CallRoutines = (definition: string, rows: readonly (readonly unknown[])[]) => Promise<readonly Reply[]>;

/** What it is made of: our own modules, and the file that says what their names stand for. */
const readable = ['services/analytics', 'engine', 'wire', 'kernel/contract', 'package.json'].map(
  (name) => `--allow-fs-read=${join(installation, name)}${name.endsWith('.json') ? '' : '/*'}`,
);

const flags = [
  ...['--disallow-code-generation-from-strings', '--frozen-intrinsics', '--max-semi-space-size=4', '--no-addons'],
  ...[`--wasm-max-mem-pages=${routinePagesMax}`, '--wasm-enforce-bounds-checks', ...readable],
];

const watch: Watch = {
  ...{ module: modulePath('services/analytics/engine/routine/routine.main'), flags },
  ...{ heapMb: routineHeapMb, memoryMb: routineMemoryMb, residentMb: routineResidentMb, watchMs: routineWatchMs },
  ...{ startMs: routineStartMs, silenceMs: routineSilenceMs, replyBytes: routineReplyBytes },
};

/** The process of the functions of one environment. */
class RoutineSeat {
  #process: WatchedProcess | undefined;

  get isOpen(): boolean {
    return this.#process !== undefined && !this.#process.isOver;
  }

  close(): void {
    this.#process?.end();
    this.#process = undefined;
  }

  /** The replies to rows, from the first on, and why there are no more. */
  async run(order: Order, replies: Reply[]): Promise<'done' | Ended> {
    if (!this.isOpen) this.#process = undefined;
    this.#process ??= new WatchedProcess(watch);
    const process = this.#process;
    if (!(await process.started())) throw fault('Unavailable', { detail: `The process of functions did not start: ${process.errors}` });
    return process.ask([Buffer.from(JSON.stringify(order))], (piece) => {
      const said = JSON.parse(piece.toString('utf8')) as Said;
      for (const reply of said.replies) replies.push(reply);
      return said.isDone;
    });
  }
}

/** The processes in which functions run, one for an environment. */
export class RoutinePool {
  readonly #pool = new Pool({
    ...{ make: () => new RoutineSeat(), most: routineProcessesMax, idleMs: routineIdleMs },
    stopped: () => fault('Unavailable', 'Functions are not called any more.'),
  });

  /** Calls of the functions of an environment: replies to rows from the first on, which end early where one took too much. */
  of({ tenant, scope }: Placed): CallRoutines {
    return (definition, rows) => this.#pool.inTurn(`${tenant}/${scope}`, (seat, room) => carriedOut(seat, room, definition, rows));
  }

  stop(): void {
    this.#pool.stop();
  }
}

/** Replies to rows; to no rows, why there will be none. */
async function carriedOut(seat: RoutineSeat, room: () => Promise<void>, definition: string, rows: readonly (readonly unknown[])[]) {
  const replies: Reply[] = [];
  const run = async (of: readonly (readonly unknown[])[]) => {
    await room();
    return await seat.run({ definition, rows: JSON.stringify(of) }, replies);
  };
  if ((await run(rows)) === 'done') return replies;
  // Which row it was that ended the process, and whether it was its fault, shows when a fresh one gets them one by one.
  seat.close();
  while (replies.length < rows.length) {
    const end = await run([rows[replies.length] ?? []]);
    if (end !== 'done') {
      seat.close();
      replies.push([end, '']);
    }
    if (end !== 'done' || replies.at(-1)?.[0] === 'late') break;
  }
  return replies;
}
