import { copyWords } from './rows.ts';

/** A heap of pending transfers by the time they expire at, then by row: three words an entry (time low, high, row). */
export class Expiry {
  #words = new Int32Array(3 * 16);
  count = 0;

  #less(one: number, other: number): boolean {
    const words = this.#words;
    for (let part = 1; part >= 0; part -= 1) {
      const difference = (words[one * 3 + part]! >>> 0) - (words[other * 3 + part]! >>> 0);
      if (difference !== 0) return difference < 0;
    }
    return words[one * 3 + 2]! < words[other * 3 + 2]!;
  }

  #swap(one: number, other: number): void {
    const words = this.#words;
    for (let part = 0; part < 3; part += 1) {
      const held = words[one * 3 + part]!;
      words[one * 3 + part] = words[other * 3 + part]!;
      words[other * 3 + part] = held;
    }
  }

  push(time: bigint, row: number): void {
    if ((this.count + 1) * 3 > this.#words.length) {
      const grown = new Int32Array(this.#words.length * 2);
      grown.set(this.#words);
      this.#words = grown;
    }
    let at = this.count;
    this.count += 1;
    this.#words[at * 3] = Number(time & 0xffff_ffffn);
    this.#words[at * 3 + 1] = Number(time >> 32n);
    this.#words[at * 3 + 2] = row;
    for (let parent = (at - 1) >> 1; at > 0 && this.#less(at, parent); parent = (at - 1) >> 1) {
      this.#swap(at, parent);
      at = parent;
    }
  }

  /** The row that expires first; -1 when none waits. */
  get row(): number {
    return this.count === 0 ? -1 : this.#words[2]!;
  }

  /** When the first expires. */
  get time(): bigint {
    return (BigInt(this.#words[1]! >>> 0) << 32n) | BigInt(this.#words[0]! >>> 0);
  }

  pop(): void {
    this.count -= 1;
    copyWords(this.#words, this.count * 3, this.#words, 0, 3);
    for (let at = 0; ; ) {
      let least = at;
      for (let child = at * 2 + 1; child <= at * 2 + 2; child += 1) if (child < this.count && this.#less(child, least)) least = child;
      if (least === at) return;
      this.#swap(at, least);
      at = least;
    }
  }
}
