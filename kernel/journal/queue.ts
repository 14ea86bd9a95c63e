import { recordSize, type Position } from './frame.ts';

/** What waits for its group. A `wait` has no record: it settles when all before it has. */
export type Entry = {
  readonly kind: 'ordinary' | 'essential' | 'lazy' | 'wait';
  readonly type: number;
  readonly bytes: Uint8Array;
  readonly settle: Settle | undefined;
};

type Settle = { resolve(position: Position | undefined): void; reject(error: unknown): void };

/** The entries in the order of their appends, with the counts that the journal asks for. */
export class Queue {
  /** Bytes of all entries. */
  bytes = 0;
  /** Entries that somebody awaits. */
  awaited = 0;
  #entries: Entry[] = [];

  get length(): number {
    return this.#entries.length;
  }

  push(entry: Entry): void {
    this.#entries.push(entry);
    this.#count(entry, 1);
  }

  /** Takes entries from the front, at least one if there is one, up to so many bytes. */
  take(maxBytes: number): Entry[] {
    let taken = 0;
    let bytes = 0;
    for (const entry of this.#entries) {
      bytes += recordSize(entry.bytes);
      if (taken > 0 && bytes > maxBytes) break;
      taken++;
      this.#count(entry, -1);
    }
    return this.#entries.splice(0, taken);
  }

  /** As `take`, of the awaited entries only; the lazy ones keep their places. */
  takeAwaited(maxBytes: number): Entry[] {
    const lazy = this.#entries.filter((entry) => entry.kind === 'lazy');
    this.#entries = this.#entries.filter((entry) => entry.kind !== 'lazy');
    const taken = this.take(maxBytes);
    this.#entries.unshift(...lazy);
    return taken;
  }

  /** Rejects what was taken and is awaited; lazy entries go back to the front and wait for better times. */
  refuse(taken: readonly Entry[], error: unknown): void {
    const lazy = taken.filter((entry) => entry.kind === 'lazy');
    this.#entries.unshift(...lazy);
    for (const entry of lazy) this.#count(entry, 1);
    for (const entry of taken) entry.settle?.reject(error);
  }

  #count(entry: Entry, sign: 1 | -1): void {
    this.bytes += sign * recordSize(entry.bytes);
    if (entry.settle) this.awaited += sign;
  }
}
