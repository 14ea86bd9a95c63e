import { longer } from './row-store.ts';
import { type Late, spread } from './spread.ts';

const first = 16;
/** Stands before the first row of a chain; before a row that is in none stands 0. */
const head = -1;

/** Rows by a hash: those of one hash are a chain, in which others may stand besides. Rows have numbers from 1 on. */
export class RowIndex {
  #heads = new Int32Array(first);
  #next = new Int32Array(first);
  #previous = new Int32Array(first);
  #hashes = new Int32Array(first);
  #count = 0;
  /** What is put in when something is looked for. */
  #late: Late[] = [];

  /** Makes room for rows of so great a number. */
  reserve(most: number): void {
    if (most < this.#next.length) return;
    const size = Math.max(this.#next.length * 2, most + 1);
    this.#next = longer(this.#next, new Int32Array(size));
    this.#previous = longer(this.#previous, new Int32Array(size));
    this.#hashes = longer(this.#hashes, new Int32Array(size));
    if (this.#heads.length < size) this.#widen(size);
  }

  /** Puts all chains into more heads. */
  #widen(least: number): void {
    const before = this.#heads;
    let size = before.length;
    while (size < least) size *= 2;
    this.#heads = new Int32Array(size);
    for (let at = 0; at < before.length; at += 1)
      for (let id = before[at] as number; id !== 0; ) {
        const next = this.#next[id] as number;
        this.#put(id, this.#hashes[id] as number);
        id = next;
      }
  }

  get size(): number {
    return this.#count;
  }

  /** Puts in many at once, for whose numbers there is room. */
  addAll(late: Late): void {
    this.#late.push(late);
    this.#count += late.hashes.length;
  }

  #spread(): void {
    const all = spread(this.#late, this.#heads.length - 1);
    this.#late = [];
    for (let at = 0; at < all.length; at += 2) this.#put(all[at + 1] as number, all[at] as number);
  }

  /** The first row that may have a hash, or 0. */
  first(hash: number): number {
    if (this.#late.length > 0) this.#spread();
    return this.#onward(this.#heads[hash & (this.#heads.length - 1)] as number, hash);
  }

  /** The next one behind it. */
  next(id: number): number {
    return this.#onward(this.#next[id] as number, this.#hashes[id] as number);
  }

  #onward(from: number, hash: number): number {
    let id = from;
    while (id !== 0 && this.#hashes[id] !== hash) id = this.#next[id] as number;
    return id;
  }

  has(id: number): boolean {
    if (this.#late.length > 0) this.#spread();
    return this.#previous[id] !== 0;
  }

  add(id: number, hash: number): void {
    this.#count += 1;
    this.#put(id, hash);
  }

  #put(id: number, hash: number): void {
    const at = hash & (this.#heads.length - 1);
    const after = this.#heads[at] as number;
    this.#hashes[id] = hash;
    this.#next[id] = after;
    this.#previous[id] = head;
    if (after !== 0) this.#previous[after] = id;
    this.#heads[at] = id;
  }

  delete(id: number): void {
    if (this.#late.length > 0) this.#spread();
    const [before, after] = [this.#previous[id] as number, this.#next[id] as number];
    if (after !== 0) this.#previous[after] = before;
    this.#previous[id] = 0;
    if (before !== head) this.#next[before] = after;
    else this.#heads[(this.#hashes[id] as number) & (this.#heads.length - 1)] = after;
    this.#count -= 1;
  }
}
