import type { Value } from '../domain/value.ts';

/** So many times more than there are may lie in the heap. */
const timesFirst = 64;

/** What is to be forgotten when a time has passed. What a step took out comes back if the step is undone. */
export class Expiry<T> {
  readonly #at = new Map<number, Set<T>>();
  /** The times, as a heap whose least is first. */
  readonly #times: number[] = [];
  #taken: [number, Set<T>][] = [];

  /** What has no time is never forgotten. */
  add(time: Value | undefined, of: T): void {
    if (typeof time !== 'number') return;
    const known = this.#at.get(time);
    if (known) known.add(of);
    else this.#put(time, new Set([of]));
  }

  #put(time: number, of: Set<T>): void {
    this.#at.set(time, of);
    const times = this.#times;
    let at = times.push(time) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if ((times[above] as number) <= time) break;
      times[at] = times[above] as number;
      at = above;
    }
    times[at] = time;
  }

  #pop(): number {
    const times = this.#times;
    const [least, last] = [times[0] as number, times.pop() as number];
    if (times.length === 0) return least;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= times.length) break;
      if (below + 1 < times.length && (times[below + 1] as number) < (times[below] as number)) below += 1;
      if ((times[below] as number) >= last) break;
      times[at] = times[below] as number;
      at = below;
    }
    times[at] = last;
    return least;
  }

  /** Takes out what is not to be forgotten at its time any more. */
  remove(time: Value | undefined, of: T): void {
    if (typeof time !== 'number') return;
    const known = this.#at.get(time);
    if (!known?.delete(of) || known.size > 0) return;
    this.#at.delete(time);
    if (this.#times.length > 2 * this.#at.size + timesFirst) this.#tidy();
  }

  /** Takes out all of some times that a test is true of. */
  drop(times: Iterable<number>, test: (of: T) => boolean): void {
    for (const time of times) for (const of of this.#at.get(time) ?? []) if (test(of)) this.remove(time, of);
  }

  /** Leaves out times at which there is nothing; those in order are a heap. */
  #tidy(): void {
    const times = [...this.#at.keys()].sort((a, b) => a - b);
    this.#times.length = times.length;
    for (const [at, time] of times.entries()) this.#times[at] = time;
  }

  /** Takes out all whose time is before a limit, in the order of times. */
  take(limit: number): T[] {
    const found: T[] = [];
    while (this.#times.length > 0 && (this.#times[0] as number) < limit) {
      const time = this.#pop();
      const of = this.#at.get(time);
      if (!of) continue;
      this.#at.delete(time);
      this.#taken.push([time, of]);
      found.push(...of);
    }
    return found;
  }

  settle(): void {
    this.#taken = [];
  }

  undo(): void {
    for (const [time, of] of this.#taken) {
      const known = this.#at.get(time);
      if (known) for (const each of of) known.add(each);
      else this.#put(time, of);
    }
    this.#taken = [];
  }
}
