import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodePiece, piecesOf } from '#engine/confined/piece.ts';
import { ConfinedProcess } from '#engine/confined/process.ts';
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

/** The process of the functions of one environment, and what is waited for of it. */
class RoutineProcess {
  readonly #process = new ConfinedProcess({
    ...{ module: modulePath('services/analytics/engine/routine/routine.main'), flags },
    ...{ heapMb: routineHeapMb, memoryMb: routineMemoryMb },
  });
  readonly #said = piecesOf(this.#process.output, routineReplyBytes);
  #isReady = false;
  /** Why it was ended by us. */
  #ended: 'late' | 'memory' | undefined;

  get isOver(): boolean {
    return this.#process.isOver || this.#ended !== undefined;
  }

  end(): void {
    this.#process.end();
  }

  /** What it says next; undefined when it is over, by itself or because it was silent for too long. */
  async #next(waitMs: number): Promise<Said | undefined> {
    const late = setTimeout(() => this.#end('late'), waitMs);
    try {
      const next = await this.#said.next();
      return next.done ? undefined : (JSON.parse(next.value.toString('utf8')) as Said);
    } catch {
      this.#end('memory');
      return undefined;
    } finally {
      clearTimeout(late);
    }
  }

  #end(why: 'late' | 'memory'): void {
    this.#ended ??= why;
    this.#process.end();
  }

  /** Ends it where it has more memory than it may have. */
  async #weigh(): Promise<void> {
    const pages = await readFile(`/proc/${this.#process.pid}/statm`, 'latin1').then(
      (text) => Number(text.split(' ')[1]),
      () => 0,
    );
    if ((pages * 4) / 1024 > routineResidentMb) this.#end('memory');
  }

  /** The replies to rows, from the first on, and why there are no more. */
  async run(order: Order, replies: Reply[]): Promise<'done' | 'late' | 'memory'> {
    if (!this.#isReady && (await this.#next(routineStartMs)) === undefined) {
      this.#process.end();
      throw fault('Unavailable', { detail: `The process of functions did not start: ${this.#process.errors}` });
    }
    this.#isReady = true;
    const watch = setInterval(() => void this.#weigh(), routineWatchMs);
    try {
      await this.#process.give(encodePiece(Buffer.from(JSON.stringify(order))));
      for (;;) {
        const said = await this.#next(routineSilenceMs);
        // One that ended by itself had no more memory.
        if (!said) return this.#ended ?? 'memory';
        for (const reply of said.replies) replies.push(reply);
        if (said.isDone) return 'done';
      }
    } finally {
      clearInterval(watch);
    }
  }
}

type Place = { process: RoutineProcess | undefined; turn: Promise<unknown>; waiting: number; idle: NodeJS.Timeout | undefined };

/** Who calls functions of environments. */
export type RoutineCalls = { of(at: Placed): CallRoutines };

/**
 * The processes in which functions run, one for an environment: it has one batch of calls at a time, and goes when there are
 * none for a while. What one environment does to its own is nothing to the others.
 */
export class RoutinePool {
  readonly #places = new Map<string, Place>();
  readonly #queue: (() => void)[] = [];
  #isStopped = false;

  /** Calls of the functions of an environment. */
  of({ tenant, scope }: Placed): CallRoutines {
    return (definition, rows) => this.#call(`${tenant}/${scope}`, definition, rows);
  }

  /** Replies to rows from the first on, which end early where one took too much; to no rows, why there will be none. */
  async #call(owner: string, definition: string, rows: readonly (readonly unknown[])[]): Promise<Reply[]> {
    const place = this.#places.get(owner) ?? { process: undefined, turn: Promise.resolve(), waiting: 0, idle: undefined };
    this.#places.set(owner, place);
    clearTimeout(place.idle);
    place.waiting += 1;
    const turn = place.turn.then(() => this.#carryOut(place, definition, rows));
    place.turn = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      place.waiting -= 1;
      if (place.waiting === 0) this.#rest(owner, place);
    }
  }

  stop(): void {
    this.#isStopped = true;
    for (const { process, idle } of this.#places.values()) {
      clearTimeout(idle);
      process?.end();
    }
    for (const next of this.#queue.splice(0)) next();
  }

  #rest(owner: string, place: Place): void {
    this.#queue.shift()?.();
    place.idle = setTimeout(() => {
      this.#close(place);
      this.#places.delete(owner);
    }, routineIdleMs).unref();
  }

  #close(place: Place): void {
    place.process?.end();
    place.process = undefined;
  }

  async #open(place: Place): Promise<RoutineProcess> {
    if (place.process?.isOver) place.process = undefined;
    while (!this.#isStopped && !place.process && this.#running >= routineProcessesMax) {
      const resting = [...this.#places.values()].find(({ process, waiting }) => process && waiting === 0);
      if (resting) this.#close(resting);
      else await new Promise<void>((resolve) => this.#queue.push(resolve));
    }
    if (this.#isStopped) throw fault('Unavailable', 'Functions are not called any more.');
    place.process ??= new RoutineProcess();
    return place.process;
  }

  get #running(): number {
    return [...this.#places.values()].filter(({ process }) => process).length;
  }

  async #carryOut(place: Place, definition: string, rows: readonly (readonly unknown[])[]): Promise<Reply[]> {
    const replies: Reply[] = [];
    const order = (of: readonly (readonly unknown[])[]): Order => ({ definition, rows: JSON.stringify(of) });
    if ((await (await this.#open(place)).run(order(rows), replies)) === 'done') return replies;
    // Which row it was that ended the process, and whether it was its fault, shows when a fresh one gets them one by one.
    this.#close(place);
    while (replies.length < rows.length) {
      const end = await (await this.#open(place)).run(order([rows[replies.length] ?? []]), replies);
      if (end !== 'done') {
        this.#close(place);
        replies.push([end, '']);
      }
      if (end !== 'done' || replies.at(-1)?.[0] === 'late') break;
    }
    return replies;
  }
}
