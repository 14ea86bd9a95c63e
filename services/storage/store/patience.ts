import { readPatienceMaxMs, readPatienceMinMs, readsRemembered } from './limits.ts';

/** How long a read may take before others are asked: twice what all but the slowest twentieth of the last ones took. */
export class Patience {
  readonly #times: number[] = [];
  #next = 0;
  #ms: number = readPatienceMinMs;

  get ms(): number {
    return this.#ms;
  }

  /** Takes how long a read took that was waited for to its end. */
  note(ms: number): void {
    this.#times[this.#next] = ms;
    this.#next = (this.#next + 1) % readsRemembered;
    if (this.#next % 16 !== 0) return;
    const sorted = this.#times.toSorted((a, b) => a - b);
    const most = sorted[Math.floor(sorted.length * 0.95)] ?? 0;
    this.#ms = Math.min(Math.max(2 * most, readPatienceMinMs), readPatienceMaxMs);
  }
}

/** Waits for all, but no longer than so many milliseconds; resolves with those that are not done then. */
export async function stillRunning<T>(reads: ReadonlyMap<T, Promise<unknown>>, ms: number): Promise<Set<T>> {
  const running = new Set(reads.keys());
  let timer: NodeJS.Timeout | undefined;
  const all = Promise.all([...reads].map(([name, read]) => read.then(() => void running.delete(name))));
  await Promise.race([
    all,
    new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    }),
  ]);
  clearTimeout(timer);
  return running;
}
