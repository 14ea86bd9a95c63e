import type { Type, Value } from '../domain/value.ts';
import { randomFactor } from './factor.ts';
import type { Vector } from './batch.ts';
import { HashTable } from './hash-table.ts';
import { type KeyColumn, keyColumn } from './key/key-column.ts';
import { NumberTable } from './key/number-table.ts';

const slotsFirst = 16;
/** Numbers of a slot in front of its keys: the step that it was last seen in, and its rows. */
export const [stampAt, rowsAt, keysAt] = [0, 1, 2];

/** Code for the hash of some of the numbers `key0` and on, before it is mixed; `f0` and on are the factors. */
export function hashParts(keys: readonly number[]): string {
  const parts = keys.flatMap((at) => [
    `Math.imul(key${at} | 0, f${at * 2})`,
    `Math.imul((key${at} * ${1 / 4294967296}) | 0, f${at * 2 + 1})`,
  ]);
  return parts.join(' ^ ') || '0';
}

/** Code that mixes a hash. */
export const mixCode = 'h = Math.imul(h ^ (h >>> 15), -2048144789);\nh = h ^ (h >>> 13);';

/**
 * Slots of numbers, `width` for each, and where they lie by their keys. Among the numbers is one for each key, and a table has
 * the hashes of these.
 */
export class Places {
  readonly width: number;
  /** What the numbers of keys say. */
  readonly columns: readonly KeyColumn[];
  /** Odd numbers by which keys are multiplied. Nobody knows them who could choose keys that fall into one place. */
  readonly factors: Int32Array;
  cells: Float64Array<ArrayBuffer>;
  /** Slots by their hashes, or by their only key where its number is no integer of any size; they are counted from 1 there. */
  readonly #table: HashTable | NumberTable;
  /** Whether a number is its own hash: no other has it. */
  readonly isDirect: boolean;
  readonly #keys: number;
  /** Where NaN stands in a new slot, and not 0. */
  readonly #unset: readonly number[];
  readonly #own: Float64Array;

  /** `first`: what stands in a new slot behind its keys, 0 or NaN; `more`: types of what is looked for as the same keys. */
  constructor(types: readonly Type[], first: readonly number[], more = types) {
    this.columns = types.map((type, at) => keyColumn(type, more[at] as Type));
    this.#keys = types.length;
    this.isDirect = this.columns.length === 1 && this.columns[0]?.kind !== 'integer';
    this.#table = this.isDirect ? new NumberTable() : new HashTable();
    this.width = keysAt + this.#keys + first.length;
    this.#unset = first.flatMap((value, at) => (value === 0 ? [] : [keysAt + this.#keys + at]));
    this.factors = Int32Array.from({ length: this.#keys * 2 }, () => randomFactor());
    this.cells = new Float64Array(this.width * slotsFirst);
    this.#own = new Float64Array(this.#keys);
  }

  get size(): number {
    return this.#table.size;
  }

  /** Bytes of what is kept of keys besides their numbers, about. */
  get keyBytes(): number {
    let bytes = 0;
    for (const column of this.columns) bytes += column.bytes;
    return bytes;
  }

  get table(): Int32Array {
    return this.#table.table;
  }

  get mask(): number {
    return this.#table.mask;
  }

  *values(): Generator<number> {
    for (const counted of this.#table.values()) yield counted - 1;
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
    if (this.#keys === 1) this.columns[0]?.reserve(slots);
  }

  #lengthen(size: number): void {
    const grown = new Float64Array(size);
    grown.set(this.cells);
    this.cells = grown;
  }

  /** The slot of keys, or -1. */
  get(keys: readonly Value[]): number {
    const own = this.#own;
    for (let at = 0; at < own.length; at += 1) {
      const cell = (this.columns[at] as KeyColumn).find(keys[at] as Value);
      if (Number.isNaN(cell)) return -1;
      own[at] = cell;
    }
    return this.at(own, this.hash(own, 0));
  }

  /** The slot of the numbers of keys, or -1. */
  at(own: Float64Array, hash: number): number {
    if (this.isDirect) return (this.#table.table[hash] ?? 0) - 1;
    const { table, mask } = this.#table;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const slot = (table[at * 2 + 1] as number) - 1;
      if (slot < 0 || (table[at * 2] === hash && this.#has(slot, own))) return slot;
    }
  }

  #has(slot: number, own: Float64Array): boolean {
    const from = slot * this.width + keysAt;
    for (let at = 0; at < own.length; at += 1) if (this.cells[from + at] !== own[at]) return false;
    return true;
  }

  /** The hash of numbers as generated code makes it. */
  hash(keys: ArrayLike<number>, from: number): number {
    if (this.isDirect) return keys[from] as number;
    let hash = 0;
    for (let at = 0; at < this.#keys; at += 1) {
      const key = keys[from + at] as number;
      hash ^= Math.imul(key | 0, this.factors[at * 2] as number);
      hash ^= Math.imul((key / 4294967296) | 0, this.factors[at * 2 + 1] as number);
    }
    hash = Math.imul(hash ^ (hash >>> 15), -2048144789);
    return hash ^ (hash >>> 13);
  }

  keysOf(slot: number): Value[] {
    const from = slot * this.width + keysAt;
    return this.columns.map((column, at) => column.valueOf(this.cells[from + at] as number));
  }

  /** The values of one of the keys of some slots. */
  column(at: number, slots: ArrayLike<number>): Vector {
    const { cells, width } = this;
    const own = new Float64Array(slots.length);
    for (let row = 0; row < own.length; row += 1) own[row] = cells[(slots[row] as number) * width + keysAt + at] as number;
    return (this.columns[at] as KeyColumn).column(own);
  }

  /** Gives a slot keys; it is found by them when it is put into the table. */
  put(slot: number, keys: readonly Value[]): void {
    for (const [at, column] of this.columns.entries()) {
      const cell = column.cellOf(keys[at] as Value);
      column.hold(cell);
      this.cells[slot * this.width + keysAt + at] = cell;
    }
  }

  /** Gives a slot the numbers of keys. */
  take(slot: number, own: Float64Array): void {
    const from = slot * this.width + keysAt;
    for (let at = 0; at < own.length; at += 1) {
      this.cells[from + at] = own[at] as number;
      (this.columns[at] as KeyColumn).hold(own[at] as number);
    }
  }

  /** Lets go of the numbers of keys that no slot took. */
  drop(own: Float64Array): void {
    for (let at = 0; at < own.length; at += 1) (this.columns[at] as KeyColumn).drop(own[at] as number);
  }

  /** Bytes of the texts among the keys of a slot. */
  keyLength(slot: number): number {
    const from = slot * this.width + keysAt;
    let length = 0;
    for (let at = 0; at < this.#keys; at += 1) length += (this.columns[at] as KeyColumn).lengthOf(this.cells[from + at] as number);
    return length;
  }

  /** The hash of the keys of a slot. */
  hashOf(slot: number): number {
    return this.hash(this.cells, slot * this.width + keysAt);
  }

  /** Puts a slot into the table. */
  add(hash: number, slot: number): void {
    this.#table.add(hash, slot + 1);
  }

  /** Puts a slot into the table once something is looked for. */
  addLate(hash: number, slot: number): void {
    this.#table.addLate(hash, slot + 1);
  }

  /** Puts many slots into the table. */
  addAll(hashes: Int32Array, slots: Int32Array): void {
    this.#table.addAll({ hashes, numbers: slots.map((slot) => slot + 1) });
  }

  /** Takes out a slot. */
  delete(slot: number): void {
    this.#table.delete(this.hashOf(slot), slot + 1);
    this.release(slot);
  }

  /** Takes the keys of a slot that is not in the table. */
  release(slot: number): void {
    const from = slot * this.width + keysAt;
    for (let at = 0; at < this.#keys; at += 1) (this.columns[at] as KeyColumn).release(this.cells[from + at] as number);
  }
}
