import type { Expr } from '../domain/expression.ts';
import type { Row, Type, Value } from '../domain/value.ts';
import { randomFactor } from './factor.ts';
import { Expiry } from './expiry.ts';
import { HashTable } from './hash-table.ts';
import type { KeySlots } from './key-slot.ts';
import type { Entry } from './operator.ts';
import { runtime } from './runtime.ts';
import { RowSize } from './spill/row-size.ts';
import { longer, RowStore } from './row-store.ts';

/** A row with the number that it is written down under. */
export type KeptRow = {
  readonly number: number;
  readonly weight: number;
  readonly matches: number;
  readonly row: Row;
  /** When it is forgotten; undefined where rows are kept for good. */
  readonly time: number | undefined;
};

/** Bytes of a row besides its columns, and of each value, about. */
const [rowBytes, valueBytes] = [72, 8];

type Shape = {
  readonly types: readonly Type[];
  /** The columns that are kept. */
  readonly stored: ReadonlySet<number>;
  /** Keys, which both sides have together: one search finds what is alike on both. */
  readonly keys: KeySlots;
  readonly side: 0 | 1;
  /** Whether rows only come, so that none has to be found again. */
  readonly appends: boolean;
  /** What tells when a row is forgotten, where one is. */
  readonly time: Expr | undefined;
};

/**
 * The rows of one side of a join; those of one key are a chain. A row that has gone stays in its place, so often 0, until the
 * step is kept, and gives its number to another then.
 */
export class JoinSide {
  readonly rows: RowStore;
  weights: Float64Array<ArrayBuffer>;
  /** How many partners a row has, where that is asked. */
  matches: Float64Array<ArrayBuffer>;
  next: Int32Array<ArrayBuffer>;
  slots: Int32Array<ArrayBuffer>;
  /** Rows by the hash of their key and columns, where they go again. */
  readonly table = new HashTable();
  /** Odd numbers by which the values of hashes are multiplied. */
  readonly factors: Int32Array;
  /** Where the first row stands in a slot of its key. */
  readonly head: number;
  readonly #keys: KeySlots;
  readonly #appends: boolean;
  readonly #closes: boolean;
  readonly #expiry = new Expiry<number>();
  #previous: Int32Array<ArrayBuffer>;
  #hashes: Int32Array<ArrayBuffer>;
  #times = new Float64Array(0);
  /** The step that a row was last changed in. */
  #stamps: Int32Array<ArrayBuffer>;
  #step = 1;
  /** Rows in the order in which they were first changed since the last time, with what they were. */
  #changed: number[] = [];
  #before: number[] = [];
  #size = 0;
  readonly #stored: readonly number[];
  readonly #rowSize: RowSize;
  /** Rows that are to be written down anew. */
  #renamed: number[] = [];

  constructor({ types, stored, keys, side, appends, time }: Shape) {
    this.rows = new RowStore(types, stored);
    this.#keys = keys;
    this.#stored = [...stored];
    this.#rowSize = new RowSize(rowBytes + stored.size * valueBytes);
    this.#appends = appends;
    this.#closes = time !== undefined;
    this.head = keys.beside + side;
    this.factors = Int32Array.from({ length: types.length }, () => randomFactor());
    const { capacity } = this.rows;
    this.weights = new Float64Array(capacity);
    this.matches = new Float64Array(capacity);
    this.next = new Int32Array(capacity);
    this.slots = new Int32Array(capacity);
    this.#previous = new Int32Array(capacity);
    this.#hashes = new Int32Array(capacity);
    this.#stamps = new Int32Array(capacity);
  }

  get size(): number {
    return this.#size;
  }

  /** Bytes in memory, about. */
  get bytes(): number {
    return this.#size * this.#rowSize.bytes;
  }

  /** Whether nothing is to be written down or may be taken back. */
  get isSettled(): boolean {
    return this.#changed.length === 0 && this.#renamed.length === 0;
  }

  /** The keys of rows that were changed since the last time. */
  *changedSlots(): Generator<number> {
    for (const id of this.#changed) yield this.slots[id] as number;
  }

  /** Rows under a key. */
  *under(slot: number): Generator<KeptRow> {
    const { cells, width } = this.#keys.places;
    for (let id = cells[slot * width + this.head] as number; id !== 0; id = this.next[id] as number)
      yield {
        number: this.rows.numberOf(id),
        weight: this.weights[id] as number,
        matches: this.matches[id] as number,
        row: this.rows.rowOf(id),
        time: this.#closes ? this.#times[id] : undefined,
      };
  }

  /** When the first row under a key is forgotten. */
  timeOf(slot: number): number {
    let least = Number.POSITIVE_INFINITY;
    if (!this.#closes) return least;
    const { cells, width } = this.#keys.places;
    for (let id = cells[slot * width + this.head] as number; id !== 0; id = this.next[id] as number)
      least = Math.min(least, this.#times[id] as number);
    return least;
  }

  /** Takes the rows under a key out of memory. */
  empty(slot: number): void {
    const { cells, width } = this.#keys.places;
    for (let id = cells[slot * width + this.head] as number; id !== 0; id = this.next[id] as number) {
      if (!this.#appends) this.table.delete(this.#hashes[id] as number, id);
      if (this.#closes) this.#expiry.remove(this.#times[id], id);
      this.weights[id] = 0;
      this.#size -= 1;
      this.rows.end(id);
      this.#keys.count(slot, -1);
    }
    cells[slot * width + this.head] = 0;
  }

  /** Puts rows back under a key, in the order in which they were. */
  restore(slot: number, kept: readonly KeptRow[]): void {
    this.reserve(kept.length);
    for (const { number, weight, matches, row, time } of kept.toReversed()) {
      const id = this.begin(slot, this.rows.beginAs(number));
      this.rows.put(id, row);
      this.weights[id] = weight;
      this.matches[id] = matches;
      this.#stamps[id] = 0;
      this.#size += 1;
      if (this.#closes) this.expire(id, time ?? null);
      if (!this.#appends) this.name(id, this.#hashOf(slot, row));
    }
  }

  /** The hash of a row with its key as generated code makes it. */
  #hashOf(slot: number, row: Row): number {
    let hash = slot;
    for (const place of this.#stored) hash ^= Math.imul(runtime.hashOf(row[place] ?? null), this.factors[place] as number);
    hash = Math.imul(hash ^ (hash >>> 15), -2048144789);
    return hash ^ (hash >>> 13);
  }

  /** Makes room for so many rows, so that arrays are the same until these have come. */
  reserve(count: number): void {
    this.rows.loaded((id) => this.weights[id] !== 0);
    if (this.rows.reserve(count)) this.#lengthen();
  }

  #lengthen(): void {
    const size = this.rows.capacity;
    this.weights = longer(this.weights, new Float64Array(size));
    this.matches = longer(this.matches, new Float64Array(size));
    this.next = longer(this.next, new Int32Array(size));
    this.slots = longer(this.slots, new Int32Array(size));
    this.#previous = longer(this.#previous, new Int32Array(size));
    this.#hashes = longer(this.#hashes, new Int32Array(size));
    this.#stamps = longer(this.#stamps, new Int32Array(size));
    if (this.#times.length > 0) this.#times = longer(this.#times, new Float64Array(size));
  }

  /** A new row under a key, of which there is none yet. */
  begin(slot: number, id = this.rows.begin()): number {
    const { cells, width } = this.#keys.places;
    const head = slot * width + this.head;
    const first = cells[head] as number;
    this.next[id] = first;
    if (first > 0) this.#previous[first] = id;
    this.#previous[id] = 0;
    cells[head] = id;
    this.#keys.count(slot, 1);
    this.slots[id] = slot;
    this.weights[id] = 0;
    this.matches[id] = 0;
    return id;
  }

  /** Makes a row to be found by its hash. */
  name(id: number, hash: number): void {
    this.#hashes[id] = hash;
    this.table.add(hash, id);
  }

  /** Remembers what a row was before this step. */
  touch(id: number): void {
    if (this.#stamps[id] === this.#step) return;
    this.#stamps[id] = this.#step;
    this.#changed.push(id);
    this.#before.push(this.weights[id] as number, this.matches[id] as number);
  }

  change(id: number, by: number): void {
    this.touch(id);
    const before = this.weights[id] as number;
    const now = before + by;
    this.weights[id] = now;
    this.#size += Number(now !== 0) - Number(before !== 0);
  }

  /** Has a row forgotten when a time has passed. */
  expire(id: number, time: Value): void {
    if (this.#times.length === 0) this.#times = new Float64Array(this.weights.length);
    this.#times[id] = typeof time === 'number' ? time : Number.POSITIVE_INFINITY;
    this.#expiry.add(time, id);
  }

  /** Forgets rows whose time is before a limit. */
  forget(limit: number): void {
    // The number may be another row's by now.
    for (const id of this.#expiry.take(limit))
      if (this.weights[id] !== 0 && (this.#times[id] as number) < limit) this.change(id, -(this.weights[id] as number));
  }

  #remove(id: number): void {
    const { cells, width } = this.#keys.places;
    const [slot, before, after] = [this.slots[id] as number, this.#previous[id] as number, this.next[id] as number];
    if (after > 0) this.#previous[after] = before;
    if (before > 0) this.next[before] = after;
    else cells[slot * width + this.head] = after;
    if (!this.#appends) this.table.delete(this.#hashes[id] as number, id);
    this.rows.end(id);
    this.#keys.count(slot, -1);
    if (this.#keys.rowsOf(slot) === 0) this.#keys.close(slot);
  }

  #end(): void {
    for (const id of this.#changed) if (this.weights[id] === 0) this.#remove(id);
    this.#changed = [];
    this.#before = [];
    this.#step += 1;
  }

  settle(): Entry[] {
    const entries: Entry[] = this.rows.superseded();
    for (const id of this.#renamed.splice(0)) this.touch(id);
    const [first] = this.#changed;
    if (first !== undefined) this.#rowSize.sample(this.rows.rowOf(first));
    for (const [at, id] of this.#changed.entries()) if (this.weights[id] !== 0 || this.#before[at * 2] !== 0) entries.push(this.#entry(id));
    this.#expiry.settle();
    this.#end();
    return entries;
  }

  undo(): void {
    for (const [at, id] of this.#changed.entries()) {
      const [weight, matches] = [this.#before[at * 2] as number, this.#before[at * 2 + 1] as number];
      this.#size += Number(weight !== 0) - Number(this.weights[id] !== 0);
      this.weights[id] = weight;
      this.matches[id] = matches;
    }
    this.#expiry.undo();
    this.#end();
  }

  #entry(id: number): Entry {
    const weight = this.weights[id] as number;
    return [String(this.rows.numberOf(id)), weight === 0 ? null : [this.rows.textsOf(id), weight, this.matches[id]]];
  }

  *dump(): Generator<Entry> {
    for (let id = 1; id < this.rows.next; id += 1) if (this.weights[id] !== 0) yield this.#entry(id);
  }

  /** Takes a row that was written down under a name; `keep` puts it in and answers its number. */
  load(name: string, matches: number, keep: () => number): void {
    const isRenamed = this.rows.place(name);
    if (this.rows.capacity > this.weights.length) this.#lengthen();
    const id = keep();
    this.rows.placed();
    if (isRenamed) this.#renamed.push(id);
    this.matches[id] = matches;
    this.#stamps[id] = 0;
    this.#changed = [];
    this.#before = [];
  }
}
