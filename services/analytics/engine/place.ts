import { randomInt } from 'node:crypto';
import { keyOf, type Type, type Value } from '../domain/value.ts';
import { HashTable } from './hash-table.ts';

const numbers: readonly Type[] = ['int2', 'int4', 'int8', 'date', 'time', 'timestamp', 'timestamptz'];
const slotsFirst = 16;
/** Numbers of a slot in front of its keys: the step that it was last seen in, and its rows. */
export const [stampAt, rowsAt, keysAt] = [0, 1, 2];

/** The text or value under which keys that are not all numbers are found, as generated code makes it. */
function nameOf(keys: readonly Value[]): Value {
  const [first = null] = keys;
  if (keys.length !== 1 || typeof first === 'object' || first === null)
    return keys.length === 1 && first === null ? null : keys.map(keyOf).join('');
  return first;
}

/** Whether all keys of these types may be numbers. */
export const isNumbered = (types: readonly Type[]): boolean => types.length > 0 && types.every((type) => numbers.includes(type));

/** Code that makes the hash `h` of numbers; `f0` and on are the factors. */
export function hashCode(values: readonly string[]): string {
  const parts = values.flatMap((value, at) => [
    `Math.imul(${value} | 0, f${at * 2})`,
    `Math.imul((${value} * ${1 / 4294967296}) | 0, f${at * 2 + 1})`,
  ]);
  return `let h = ${parts.join(' ^ ')};\nh = Math.imul(h ^ (h >>> 15), -2048144789);\nh = h ^ (h >>> 13);`;
}

/**
 * Slots of numbers, `width` for each, and where they lie by their keys: those whose keys are all numbers in a table of their
 * hashes, the others under a name.
 */
export class Places {
  readonly width: number;
  /** Odd numbers by which keys are multiplied. Nobody knows them who could choose keys that fall into one place. */
  readonly factors: Int32Array;
  cells: Float64Array<ArrayBuffer>;
  /** Slots by their hashes; they are counted from 1 there. */
  readonly #table = new HashTable();
  readonly isNumbered: boolean;
  readonly #keys: number;
  readonly #named = new Map<Value, number>();
  /** Where NaN stands in a new slot, and not 0. */
  readonly #unset: readonly number[];

  /** `first`: what stands in a new slot behind its keys, 0 or NaN. */
  constructor(types: readonly Type[], first: readonly number[]) {
    this.isNumbered = isNumbered(types);
    this.#keys = this.isNumbered ? types.length : 0;
    this.width = keysAt + this.#keys + first.length;
    this.#unset = first.flatMap((value, at) => (value === 0 ? [] : [keysAt + this.#keys + at]));
    this.factors = Int32Array.from({ length: this.#keys * 2 }, () => randomInt(2 ** 32) | 1);
    this.cells = new Float64Array(this.width * slotsFirst);
  }

  get size(): number {
    return this.#named.size + this.#table.size;
  }

  get table(): Int32Array {
    return this.#table.table;
  }

  get mask(): number {
    return this.#table.mask;
  }

  *values(): Generator<number> {
    for (const counted of this.#table.values()) yield counted - 1;
    yield* this.#named.values();
  }

  /** Makes room for a slot, and puts into it what stands in a new one; `isNew`: nothing was in it before. */
  begin(slot: number, isNew: boolean): void {
    const { width } = this;
    const from = slot * width;
    if (from + width > this.cells.length) this.#lengthen(Math.max(this.cells.length * 2, from + width));
    if (!isNew) this.cells.fill(0, from, from + width);
    const { cells } = this;
    for (let at = 0; at < this.#unset.length; at += 1) cells[from + (this.#unset[at] as number)] = Number.NaN;
  }

  /** Makes room for so many slots in all, where it is known that they come. */
  reserve(slots: number): void {
    if (slots * this.width > this.cells.length) this.#lengthen(Math.max(this.cells.length * 2, slots * this.width));
  }

  #lengthen(size: number): void {
    const grown = new Float64Array(size);
    grown.set(this.cells);
    this.cells = grown;
  }

  byName(name: Value): number {
    return this.#named.get(name) ?? -1;
  }

  isNumbers(keys: readonly Value[]): keys is readonly number[] {
    return this.isNumbered && keys.every((key) => typeof key === 'number');
  }

  /** The slot of keys, or -1. */
  get(keys: readonly Value[]): number {
    if (!this.isNumbers(keys)) return this.byName(nameOf(keys));
    const hash = this.hash(keys, 0);
    const { table, mask } = this.#table;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const slot = (table[at * 2 + 1] as number) - 1;
      if (slot < 0) return -1;
      if (table[at * 2] === hash && keys.every((key, place) => this.cells[slot * this.width + keysAt + place] === key)) return slot;
    }
  }

  /** The hash of numbers as generated code makes it. */
  hash(keys: ArrayLike<number>, from: number): number {
    let hash = 0;
    for (let at = 0; at < this.#keys; at += 1) {
      const key = keys[from + at] as number;
      hash ^= Math.imul(key | 0, this.factors[at * 2] as number);
      hash ^= Math.imul((key / 4294967296) | 0, this.factors[at * 2 + 1] as number);
    }
    hash = Math.imul(hash ^ (hash >>> 15), -2048144789);
    return hash ^ (hash >>> 13);
  }

  name(keys: readonly Value[], slot: number): void {
    this.#named.set(nameOf(keys), slot);
  }

  /** Puts a slot into the table. */
  add(hash: number, slot: number): void {
    this.#table.add(hash, slot + 1);
  }

  /** Puts many slots into the table. */
  addAll(hashes: Int32Array, slots: Int32Array): void {
    this.#table.addAll({ hashes, numbers: slots.map((slot) => slot + 1) });
  }

  /** Takes out a slot, whose name is told where it has one. */
  delete(slot: number, named: readonly Value[] | undefined): void {
    if (named) this.#named.delete(nameOf(named));
    else this.#table.delete(this.hash(this.cells, slot * this.width + keysAt), slot + 1);
  }
}
