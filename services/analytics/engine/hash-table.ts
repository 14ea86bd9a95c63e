const tableFirst = 64;

/** Hashes, each with a number from 1 on behind it, by open addressing; generated code looks into it. */
export class HashTable {
  /** Hashes with their numbers, of which 0 is none. */
  table = new Int32Array(tableFirst * 2);
  mask = tableFirst - 1;
  #count = 0;

  get size(): number {
    return this.#count;
  }

  *values(): Generator<number> {
    for (let at = 1; at < this.table.length; at += 2) if ((this.table[at] as number) > 0) yield this.table[at] as number;
  }

  add(hash: number, counted: number): void {
    this.#count += 1;
    if (this.#count * 2 > this.mask) this.#grow();
    this.#put(hash, counted);
  }

  #put(hash: number, counted: number): void {
    const { table, mask } = this;
    let at = hash & mask;
    while (table[at * 2 + 1] !== 0) at = (at + 1) & mask;
    table[at * 2] = hash;
    table[at * 2 + 1] = counted;
  }

  #grow(): void {
    const before = this.table;
    this.table = new Int32Array(before.length * 2);
    this.mask = before.length - 1;
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
