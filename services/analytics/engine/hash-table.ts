import { type Late, spread } from './spread.ts';

/** Places of a table to begin with, and the most that are put in late in one array. */
const [tableFirst, lateMost] = [64, 65_536];

/** Hashes, each with a number from 1 on behind it, by open addressing; generated code looks into it. */
export class HashTable {
  #table = new Int32Array(tableFirst * 2);
  #mask = tableFirst - 1;
  #count = 0;
  /** What is put in when something is looked for; and what came for that one by one. */
  #late: Late[] = [];
  #few = 0;
  #fewHashes = new Int32Array(0);
  #fewNumbers = new Int32Array(0);

  get size(): number {
    return this.#count;
  }

  /** Hashes with their numbers, of which 0 is none. */
  get table(): Int32Array {
    if (this.#few > 0 || this.#late.length > 0) this.#spread();
    return this.#table;
  }

  get mask(): number {
    if (this.#few > 0 || this.#late.length > 0) this.#spread();
    return this.#mask;
  }

  *values(): Generator<number> {
    const { table } = this;
    for (let at = 1; at < table.length; at += 2) if ((table[at] as number) > 0) yield table[at] as number;
  }

  add(hash: number, counted: number): void {
    if (this.#few > 0 || this.#late.length > 0) this.#spread();
    this.#count += 1;
    if (this.#count * 2 > this.#mask) this.#resize(this.#table.length);
    this.#put(hash, counted);
  }

  /** Puts in one together with those that come next, when something is looked for. */
  addLate(hash: number, counted: number): void {
    if (this.#few === this.#fewHashes.length) this.#gather();
    this.#fewHashes[this.#few] = hash;
    this.#fewNumbers[this.#few++] = counted;
    this.#count += 1;
  }

  /** Puts what came one by one behind what is to be put in. */
  #gather(): void {
    const few = this.#few;
    if (few > 0) this.#late.push({ hashes: this.#fewHashes.subarray(0, few), numbers: this.#fewNumbers.subarray(0, few) });
    const size = Math.min(lateMost, Math.max(tableFirst, few * 2));
    [this.#few, this.#fewHashes, this.#fewNumbers] = [0, new Int32Array(size), new Int32Array(size)];
  }

  /** Puts in many at once. */
  addAll(late: Late): void {
    this.#late.push(late);
    this.#count += late.hashes.length;
  }

  #spread(): void {
    this.#gather();
    let size = this.#table.length >> 1;
    while (size <= this.#count * 2) size *= 2;
    if (size > this.#table.length >> 1) this.#resize(size);
    const all = spread(this.#late, this.#mask);
    this.#late = [];
    for (let at = 0; at < all.length; at += 2) this.#put(all[at] as number, all[at + 1] as number);
  }

  #put(hash: number, counted: number): void {
    const [table, mask] = [this.#table, this.#mask];
    let at = hash & mask;
    while (table[at * 2 + 1] !== 0) at = (at + 1) & mask;
    table[at * 2] = hash;
    table[at * 2 + 1] = counted;
  }

  #resize(size: number): void {
    const before = this.#table;
    this.#table = new Int32Array(size * 2);
    this.#mask = size - 1;
    for (let at = 0; at < before.length; at += 2)
      if ((before[at + 1] as number) > 0) this.#put(before[at] as number, before[at + 1] as number);
  }

  /** Takes out a number that was put in under a hash. */
  delete(hash: number, counted: number): void {
    const { table, mask } = this;
    let free = hash & mask;
    while (table[free * 2 + 1] !== counted) free = (free + 1) & mask;
    this.#count -= 1;
    // What lies behind moves up, so that no search ends before it.
    for (let at = (free + 1) & mask; table[at * 2 + 1] !== 0; at = (at + 1) & mask) {
      const home = (table[at * 2] as number) & mask;
      if (((at - home) & mask) < ((at - free) & mask)) continue;
      table[free * 2] = table[at * 2] as number;
      table[free * 2 + 1] = table[at * 2 + 1] as number;
      free = at;
    }
    table[free * 2 + 1] = 0;
  }
}
