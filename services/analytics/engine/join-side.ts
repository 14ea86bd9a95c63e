import { randomInt } from 'node:crypto';
import { printRow, readValue, type Type, type Value } from '../domain/value.ts';
import { room, type Values, valueAt, widened } from './batch.ts';
import { Expiry } from './expiry.ts';
import { HashTable } from './hash-table.ts';
import type { JoinKeys } from './join-key.ts';
import type { Entry } from './operator.ts';

const rowsFirst = 16;

type Shape = {
  readonly types: readonly Type[];
  /** The columns that are kept. */
  readonly stored: ReadonlySet<number>;
  readonly keys: JoinKeys;
  readonly side: 0 | 1;
  /** Whether rows only come, so that none has to be found again. */
  readonly appends: boolean;
};

/**
 * The rows of one side of a join in columns, by numbers from 1 on; those of one key are a chain. A row that has gone stays
 * in its place, so often 0, until the step is kept, and gives its number to another then.
 */
export class JoinSide {
  readonly columns: Values[];
  readonly masks: (Uint8Array | undefined)[];
  weights = new Float64Array(rowsFirst);
  /** How many partners a row has, where that is asked. */
  matches = new Float64Array(rowsFirst);
  next = new Int32Array(rowsFirst);
  slots = new Int32Array(rowsFirst);
  /** Rows by the hash of their key and columns, where they go again. */
  readonly table = new HashTable();
  /** Odd numbers by which the values of hashes are multiplied. */
  readonly factors: Int32Array;
  readonly #shape: Shape;
  readonly #expiry = new Expiry<number>();
  #previous = new Int32Array(rowsFirst);
  #hashes = new Int32Array(rowsFirst);
  #times = new Float64Array(0);
  /** The step that a row was last changed in. */
  #stamps = new Int32Array(rowsFirst);
  #step = 1;
  /** Rows in the order in which they were first changed since the last time, with what they were. */
  #changed: number[] = [];
  #before: number[] = [];
  #free: number[] = [];
  #next = 1;
  #size = 0;
  /** Names of entries that were written down otherwise than today, and the rows that they were of. */
  #superseded: string[] = [];
  #renamed: number[] = [];
  /** The number that the next row is to have. */
  #wanted = 0;
  #isLoading = false;

  constructor(shape: Shape) {
    this.#shape = shape;
    this.columns = shape.types.map((type) => room(type, rowsFirst));
    this.masks = shape.types.map(() => undefined);
    this.factors = Int32Array.from({ length: shape.types.length * 2 }, () => randomInt(2 ** 32) | 1);
  }

  get size(): number {
    return this.#size;
  }

  /** Makes room for so many rows, so that arrays are the same until these have come. */
  reserve(count: number): void {
    if (this.#isLoading && this.#wanted === 0) this.#loaded();
    const needed = this.#next + count;
    const known = this.weights.length;
    if (needed <= known) return;
    const size = Math.max(known * 2, needed);
    const longer = <T extends Float64Array | Int32Array | Uint8Array>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    for (const name of ['weights', 'matches'] as const) this[name] = longer(this[name], new Float64Array(size));
    for (const name of ['next', 'slots'] as const) this[name] = longer(this[name], new Int32Array(size));
    this.#previous = longer(this.#previous, new Int32Array(size));
    this.#hashes = longer(this.#hashes, new Int32Array(size));
    this.#stamps = longer(this.#stamps, new Int32Array(size));
    if (this.#times.length > 0) this.#times = longer(this.#times, new Float64Array(size));
    for (const place of this.#shape.stored) {
      const values = this.columns[place] as Values;
      // Plain arrays grow by themselves.
      if (!Array.isArray(values)) this.columns[place] = longer(values, room(this.#typeAt(place), size) as Float64Array);
      const mask = this.masks[place];
      if (mask) this.masks[place] = longer(mask, new Uint8Array(size));
    }
  }

  #typeAt(place: number): Type {
    return this.#shape.types[place] as Type;
  }

  /** A column that holds integers of any size from now on. */
  widen(place: number): Value[] {
    const made = widened(this.columns[place] as Values);
    this.columns[place] = made;
    return made;
  }

  /** The mask of a column that has a NULL. */
  mask(place: number): Uint8Array {
    const made = this.masks[place] ?? new Uint8Array(this.weights.length);
    this.masks[place] = made;
    return made;
  }

  /** A new row under a key, of which there is none yet. */
  begin(slot: number): number {
    const id = this.#number();
    const { places, heads } = this.#shape.keys;
    const head = slot * places.width + (heads[this.#shape.side] as number);
    const first = places.cells[head] as number;
    this.next[id] = first;
    if (first > 0) this.#previous[first] = id;
    this.#previous[id] = 0;
    places.cells[head] = id;
    this.#shape.keys.count(slot, 1);
    this.slots[id] = slot;
    this.weights[id] = 0;
    this.matches[id] = 0;
    return id;
  }

  #number(): number {
    const wanted = this.#wanted;
    if (wanted === 0) return this.#free.length > 0 ? (this.#free.pop() as number) : this.#next++;
    this.#wanted = 0;
    this.#next = Math.max(this.#next, wanted + 1);
    return wanted;
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
    const { keys, side, stored, appends } = this.#shape;
    const { places, heads } = keys;
    const [slot, before, after] = [this.slots[id] as number, this.#previous[id] as number, this.next[id] as number];
    if (after > 0) this.#previous[after] = before;
    if (before > 0) this.next[before] = after;
    else places.cells[slot * places.width + (heads[side] as number)] = after;
    if (!appends) this.table.delete(this.#hashes[id] as number, id);
    for (const place of stored) {
      const values = this.columns[place] as Values;
      if (Array.isArray(values)) values[id] = null;
    }
    this.#free.push(id);
    keys.count(slot, -1);
  }

  #end(): void {
    for (const id of this.#changed) if (this.weights[id] === 0) this.#remove(id);
    this.#changed = [];
    this.#before = [];
    this.#step += 1;
  }

  settle(): Entry[] {
    const entries: Entry[] = this.#superseded.map((name) => [name, null]);
    for (const id of this.#renamed) this.touch(id);
    for (const [at, id] of this.#changed.entries()) if (this.weights[id] !== 0 || this.#before[at * 2] !== 0) entries.push(this.#entry(id));
    this.#superseded = [];
    this.#renamed = [];
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
    if (weight === 0) return [String(id), null];
    const row = this.#shape.types.map((_, place) => (this.#shape.stored.has(place) ? this.valueAt(place, id) : null));
    const texts = printRow(
      this.#shape.types.map((type) => ({ type })),
      row,
    );
    return [String(id), [texts, weight, this.matches[id]]];
  }

  valueAt(place: number, id: number): Value {
    return valueAt({ values: this.columns[place] as Values, nulls: this.masks[place] }, id);
  }

  *dump(): Generator<Entry> {
    for (let id = 1; id < this.#next; id += 1) if (this.weights[id] !== 0) yield this.#entry(id);
  }

  /**
   * Says what number the next row has, which was written down under a name. Rows were once written down under their values:
   * such a row gets a number, and is written down anew with what is kept next.
   */
  place(name: string): void {
    this.#isLoading = true;
    const isNumber = /^\d+$/.test(name);
    this.#wanted = isNumber ? Number(name) : this.#next;
    if (!isNumber) this.#superseded.push(name);
    this.reserve(this.#wanted);
  }

  /** Ends what `place` began. */
  placed(id: number, matches: number): void {
    if (this.#superseded.length > 0) this.#renamed.push(id);
    this.#wanted = 0;
    this.matches[id] = matches;
    this.#stamps[id] = 0;
    this.#changed = [];
    this.#before = [];
  }

  #loaded(): void {
    this.#isLoading = false;
    this.#free = [];
    for (let id = this.#next - 1; id > 0; id -= 1) if (this.weights[id] === 0) this.#free.push(id);
  }

  read(texts: readonly (string | null)[]): Value[] {
    return texts.map((text, at) => (text === null || !this.#shape.stored.has(at) ? null : readValue(this.#typeAt(at), text)));
  }
}
