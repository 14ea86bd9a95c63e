import type { Clock } from '#kernel/journal/clock.ts';
import type { Random } from './random.ts';

/** One run of a process, from its start until it is killed. */
export type Life = { alive: boolean };

type Task = { readonly life: Life; readonly dueMs: number; readonly run: () => void; readonly abandon?: () => void };

/** Virtual time. Everything that takes time is a task; the earliest due runs next, and the seed decides how long each takes. */
export class Scheduler {
  nowMs = 1_700_000_000_000;
  /** What the wall clock shows beyond the time that passes. */
  skewMs = 0;
  steps = 0;
  readonly #random: Random;
  #tasks: Task[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  /** Work that a life asks of the system. A kill may find it done or not: `abandon` decides. */
  perform<T>(life: Life, work: () => T, abandon?: () => void): Promise<T> {
    return new Promise((resolve, reject) => {
      const run = () => {
        try {
          resolve(work());
        } catch (error) {
          reject(error);
        }
      };
      const takesMs = this.#random.chance(0.05) ? 20 * this.#random.fraction() : this.#random.fraction();
      this.#add({ life, dueMs: this.nowMs + takesMs, run, ...(abandon && { abandon }) });
    });
  }

  /** The clock of a life; its timers end with it. */
  clock(life: Life): Clock {
    return {
      now: () => Math.floor(this.nowMs + this.skewMs),
      after: (ms, run) => {
        const task = { life, dueMs: this.nowMs + ms, run };
        this.#add(task);
        return () => {
          this.#tasks = this.#tasks.filter((other) => other !== task);
        };
      },
    };
  }

  /** Ends a life: what it had asked for happens or not, and nothing of it runs any more. */
  kill(life: Life): void {
    life.alive = false;
    const ended = this.#tasks.filter((task) => task.life === life);
    this.#tasks = this.#tasks.filter((task) => task.life !== life);
    for (const task of ended) abandon(task);
  }

  /** Runs the task due first, and all that follows from it at once. False where nothing is left to run. */
  async step(): Promise<boolean> {
    let next: Task | undefined;
    for (const task of this.#tasks) if (next === undefined || task.dueMs < next.dueMs) next = task;
    if (next === undefined) return false;
    this.#tasks = this.#tasks.filter((task) => task !== next);
    this.nowMs = Math.max(this.nowMs, next.dueMs);
    this.steps++;
    next.run();
    await settled();
    return true;
  }

  #add(task: Task): void {
    if (task.life.alive) this.#tasks.push(task);
  }
}

/** Nobody is left to hear of an error. */
function abandon(task: Task): void {
  try {
    task.abandon?.();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
  }
}

/** Resolves when every promise that could go on has. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
