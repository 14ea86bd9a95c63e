import { keyOf, type Type, type Value } from '../domain/value.ts';

const numbers: readonly Type[] = ['int4', 'int8', 'date', 'timestamp', 'timestamptz'];
const sizeFirst = 512;

/** The text or value under which keys that are not all numbers are found, as generated code makes it. */
function nameOf(keys: readonly Value[]): Value {
  const [first = null] = keys;
  if (keys.length !== 1 || typeof first === 'object' || first === null)
    return keys.length === 1 && first === null ? null : keys.map(keyOf).join('');
  return first;
}

const mixed = (hash: number, value: number): number => {
  const low = Math.imul(value | 0, 0x9e3779b1);
  const high = Math.imul((value / 4294967296) | 0, 0x85ebca6b);
  const next = Math.imul(hash ^ low ^ high, 0xc2b2ae35);
  return next ^ (next >>> 15);
};

/** Where groups lie by their keys: those whose keys are all numbers in a table of numbers, the others under a name. */
export class Places {
  /** Whether keys may be found by their numbers. */
  readonly isNumbered: boolean;
  readonly #named = new Map<Value, number>();
  readonly #width: number;
  /** The keys of slots, one behind the other. */
  #keys: Float64Array;
  /** Slots counted from 1, 0 for none. */
  #table = new Int32Array(sizeFirst);
  #count = 0;

  constructor(types: readonly Type[]) {
    this.#width = types.length;
    this.isNumbered = types.length > 0 && types.every((type) => numbers.includes(type));
    this.#keys = new Float64Array(this.isNumbered ? sizeFirst * types.length : 0);
  }

  get size(): number {
    return this.#named.size + this.#count;
  }

  *values(): Generator<number> {
    for (const slot of this.#table) if (slot > 0) yield slot - 1;
    yield* this.#named.values();
  }

  byName(name: Value): number | undefined {
    return this.#named.get(name);
  }

  /** The slot of one number, or -1. */
  byNumber(first: number): number {
    const mask = this.#table.length - 1;
    for (let at = mixed(0, first) & mask; ; at = (at + 1) & mask) {
      const slot = (this.#table[at] as number) - 1;
      if (slot < 0 || this.#keys[slot] === first) return slot;
    }
  }

  /** The slot of two numbers, or -1. */
  byNumbers(first: number, second: number): number {
    const mask = this.#table.length - 1;
    for (let at = mixed(mixed(0, first), second) & mask; ; at = (at + 1) & mask) {
      const slot = (this.#table[at] as number) - 1;
      if (slot < 0 || (this.#keys[slot * 2] === first && this.#keys[slot * 2 + 1] === second)) return slot;
    }
  }

  get(keys: readonly Value[]): number | undefined {
    if (!this.#isNumbers(keys)) return this.#named.get(nameOf(keys));
    const slot = keys.length === 1 ? this.byNumber(keys[0]) : this.byNumbers(keys[0], keys[1] as number);
    return slot < 0 ? undefined : slot;
  }

  #isNumbers(keys: readonly Value[]): keys is readonly [number, ...number[]] {
    return this.isNumbered && this.#width < 3 && keys.every((key) => typeof key === 'number');
  }

  set(keys: readonly Value[], slot: number): void {
    if (!this.#isNumbers(keys)) {
      this.#named.set(nameOf(keys), slot);
      return;
    }
    if ((slot + 1) * this.#width > this.#keys.length) {
      const grown = new Float64Array(Math.max(this.#keys.length * 2, (slot + 1) * this.#width));
      grown.set(this.#keys);
      this.#keys = grown;
    }
    keys.forEach((key, at) => {
      this.#keys[slot * this.#width + at] = key as number;
    });
    this.#count += 1;
    if (this.#count * 2 > this.#table.length) this.#grow();
    this.#put(slot);
  }

  #home(slot: number): number {
    let hash = 0;
    for (let at = 0; at < this.#width; at += 1) hash = mixed(hash, this.#keys[slot * this.#width + at] as number);
    return hash & (this.#table.length - 1);
  }

  #put(slot: number): void {
    const mask = this.#table.length - 1;
    let at = this.#home(slot);
    while (this.#table[at] !== 0) at = (at + 1) & mask;
    this.#table[at] = slot + 1;
  }

  #grow(): void {
    const before = this.#table;
    this.#table = new Int32Array(before.length * 2);
    for (const slot of before) if (slot > 0) this.#put(slot - 1);
  }

  delete(keys: readonly Value[]): void {
    if (!this.#isNumbers(keys)) {
      this.#named.delete(nameOf(keys));
      return;
    }
    const slot = this.get(keys);
    if (slot === undefined) return;
    const mask = this.#table.length - 1;
    let free = this.#home(slot);
    while (this.#table[free] !== slot + 1) free = (free + 1) & mask;
    this.#count -= 1;
    // What lies behind moves up, so that no search ends before it.
    for (let at = (free + 1) & mask; this.#table[at] !== 0; at = (at + 1) & mask) {
      const home = this.#home((this.#table[at] as number) - 1);
      if (((at - home) & mask) < ((at - free) & mask)) continue;
      this.#table[free] = this.#table[at] as number;
      free = at;
    }
    this.#table[free] = 0;
  }
}
