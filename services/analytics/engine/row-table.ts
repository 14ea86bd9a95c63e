import { type Column, keyOf, type Row, type Value } from '../domain/value.ts';
import { randomFactor } from './factor.ts';
import { type Batch, isMasked, type Vector, valueAt } from './batch.ts';
import { indexesMax } from './limits.ts';
import { isRow, type RowColumn, rowColumn } from './row-column.ts';
import { mixed } from './row-hash.ts';
import { RowIndex } from './row-index.ts';
import { longer } from './row-store.ts';

type Index = { readonly places: readonly number[]; readonly rows: RowIndex };

/** Bytes of a row besides its values: how often it is there, and where it is found; of a number with its mask. */
const [rowBytes, numberBytes] = [36, 9];

/** Rows in columns by number, from 1 on, each once with how often it is there. Numbers of rows that went are given again. */
export class RowTable {
  readonly columns: readonly RowColumn[];
  #weights = new Float64Array(1);
  readonly #found = new RowIndex();
  /** Rows by the values of some of their columns, as far as they are asked for so. */
  readonly #indexes = new Map<string, Index>();
  /** One more than the greatest number so far. */
  next = 1;
  readonly #free: number[] = [];
  /** Rows that are there at all. */
  size = 0;
  /** Columns whose values are no numbers, and the bytes of those values. */
  readonly #plain: readonly number[];
  #plainBytes = 0;

  constructor(columns: readonly Column[]) {
    this.columns = columns.map(({ type }) => rowColumn(type, randomFactor()));
    this.#plain = columns.flatMap(({ type }, place) => (isMasked(type) || type === 'numeric' ? [] : [place]));
  }

  get bytes(): number {
    return this.#found.size * this.#fixedBytes + this.#plainBytes;
  }

  get #fixedBytes(): number {
    return rowBytes + (this.columns.length - this.#plain.length) * numberBytes;
  }

  bytesOf(id: number): number {
    return this.#fixedBytes + this.#plainOf(id);
  }

  reserve(most: number): void {
    if (most < this.#weights.length) return;
    const size = Math.max(this.#weights.length * 2, most + 1);
    this.#weights = longer(this.#weights, new Float64Array(size));
    for (const column of this.columns) column.reserve(size - 1);
    this.#found.reserve(size - 1);
    for (const { rows } of this.#indexes.values()) rows.reserve(size - 1);
  }

  weightOf(id: number): number {
    return this.#weights[id] as number;
  }

  put(id: number, weight: number): void {
    this.size += Number(weight !== 0) - Number(this.#weights[id] !== 0);
    this.#weights[id] = weight;
  }

  /** The number of a row, or 0. */
  find(row: Row): number {
    return this.findBy(this.#hash(row), (place) => row[place] ?? null);
  }

  findBy(hash: number, valueOf: (place: number) => Value): number {
    let id = this.#found.first(hash);
    while (id !== 0 && !isRow(this.columns, id, valueOf)) id = this.#found.next(id);
    return id;
  }

  #hash(row: Row): number {
    let hash = 0;
    for (let place = 0; place < this.columns.length; place += 1)
      hash = mixed(hash, (this.columns[place] as RowColumn).hash(row[place] ?? null));
    return hash;
  }

  #hashOf(places: readonly number[], valueOf: (at: number) => Value): number {
    return places.reduce((hash, place, at) => mixed(hash, (this.columns[place] as RowColumn).hash(valueOf(at))), 0);
  }

  #number(): number {
    const id = this.#free.pop() ?? this.next++;
    this.reserve(id);
    return id;
  }

  /** A row that is not there yet; it is there 0 times. */
  begin(row: Row): number {
    const id = this.#number();
    for (let place = 0; place < this.columns.length; place += 1) (this.columns[place] as RowColumn).set(id, row[place] ?? null);
    this.#found.add(id, this.#hash(row));
    for (const { places, rows } of this.#indexes.values())
      rows.add(
        id,
        this.#hashOf(places, (at) => row[places[at] as number] ?? null),
      );
    this.#plainBytes += this.#plainOf(id);
    return id;
  }

  #plainOf(id: number): number {
    let bytes = 0;
    for (const place of this.#plain) bytes += (this.columns[place] as RowColumn).bytesOf(id);
    return bytes;
  }

  remove(id: number): void {
    this.put(id, 0);
    this.#found.delete(id);
    for (const { rows } of this.#indexes.values()) rows.delete(id);
    this.#plainBytes -= this.#plainOf(id);
    for (const column of this.columns) column.clear(id);
    this.#free.push(id);
  }

  rowOf(id: number): Row {
    return this.columns.map((column) => column.get(id));
  }

  has(id: number): boolean {
    return this.#found.has(id);
  }

  /** The rows that are there. */
  ids(): Int32Array {
    const ids = new Int32Array(this.size);
    let count = 0;
    for (let id = 1; id < this.next; id += 1) if (this.#weights[id] !== 0) ids[count++] = id;
    return ids;
  }

  /** The hashes of rows in columns. */
  hashes(vectors: readonly Vector[], count: number): Int32Array {
    const hashes = new Int32Array(count);
    for (const [place, column] of this.columns.entries()) column.mix(hashes, vectors[place] as Vector);
    return hashes;
  }

  /** Takes the rows at some places of columns, none of which is there. */
  take(vectors: readonly Vector[], places: Int32Array, hashes: Int32Array, weights: Float64Array): void {
    const ids = places.map((place) => {
      const id = this.#number();
      this.put(id, weights[place] as number);
      return id;
    });
    for (const [at, column] of this.columns.entries()) {
      const vector = vectors[at] as Vector;
      if (ids.length === hashes.length) column.take(ids, vector);
      else for (let row = 0; row < ids.length; row += 1) column.set(ids[row] as number, valueAt(vector, places[row] as number));
    }
    this.#found.addAll({ hashes: places.map((place) => hashes[place] as number), numbers: ids });
    if (this.#plain.length > 0) for (const id of ids) this.#plainBytes += this.#plainOf(id);
    for (const { places: by, rows } of this.#indexes.values()) this.#putUnder(by, rows, ids);
  }

  #putUnder(places: readonly number[], rows: RowIndex, ids: Int32Array): void {
    const hashes = new Int32Array(ids.length);
    for (const place of places) (this.columns[place] as RowColumn).mixOwn(hashes, ids);
    rows.addAll({ hashes, numbers: ids });
  }

  isIndexed(places: readonly number[]): boolean {
    return this.#indexes.has(places.join());
  }

  /** The columns by which rows are indexed. */
  get indexed(): readonly (readonly number[])[] {
    return [...this.#indexes.values()].map(({ places }) => places);
  }

  /** Begins to know rows by some columns; the oldest such columns are forgotten where they are too many. */
  index(places: readonly number[]): void {
    const rows = new RowIndex();
    rows.reserve(this.#weights.length - 1);
    const ids = new Int32Array(this.#found.size);
    let count = 0;
    for (let id = 1; id < this.next; id += 1) if (this.#found.has(id)) ids[count++] = id;
    this.#putUnder(places, rows, ids);
    const [oldest = ''] = this.#indexes.keys();
    if (this.#indexes.size >= indexesMax) this.#indexes.delete(oldest);
    this.#indexes.set(places.join(), { places, rows });
  }

  /** The rows that have some values in some columns, which are indexed. */
  matching(places: readonly number[], values: Row): number[] {
    const found: number[] = [];
    const rows = this.#indexes.get(places.join())?.rows;
    for (let id = rows?.first(this.#hashOf(places, (at) => values[at] ?? null)) ?? 0; id !== 0; id = rows?.next(id) ?? 0)
      if (this.#weights[id] !== 0 && this.#has(id, places, values)) found.push(id);
    return found;
  }

  #has(id: number, places: readonly number[], values: Row): boolean {
    for (let at = 0; at < places.length; at += 1) {
      const column = this.columns[places[at] as number] as RowColumn;
      const value = values[at] ?? null;
      // What is equal may look another way.
      if (!column.is(id, value) && keyOf(column.get(id)) !== keyOf(value)) return false;
    }
    return true;
  }

  /** Some rows as a batch. */
  gathered(ids: Int32Array, weightOf = (id: number) => this.weightOf(id)): Batch {
    const weights = Float64Array.from(ids, weightOf);
    return {
      size: ids.length,
      columns: this.columns.map((column) => column.gather(ids)),
      weights: weights.every((weight) => weight === 1) ? undefined : weights,
    };
  }

  /** Characters of the texts of a row. */
  textLength(id: number): number {
    let length = 0;
    for (const place of this.#plain) length += (this.columns[place] as RowColumn).lengthOf(id);
    return length;
  }
}
