import { type Column, keyOf, printRow, readValue, type Row, rowKey } from '../domain/value.ts';
import { type Batch, type Vector, valueAt, vectorOf } from './batch.ts';
import { pageBytesMin, pageRowsMax } from './limits.ts';
import type { Entry } from './operator.ts';
import { PageReader, PageWriter } from './page.ts';
import { readColumn, writeColumn } from './page-column.ts';
import { longer } from './row-store.ts';
import { RowTable } from './row-table.ts';
import type { DiskRows } from './snapshot.ts';
import type { Spilling } from './spill/room.ts';
import type { ScratchTable } from './spill/scratch.ts';

/** A row with how often it is there, or how often it came or went. */
export type Changed = { readonly row: Row; readonly weight: number };
/** Rows in memory, and how what is on disk differs from what is asked for, by name. */
export type Partly = { readonly batch: Batch; readonly rest: Map<string, Changed> };

type Written = readonly [texts: readonly (string | null)[], weight: number];

/** So many rows from disk are handled in one go. */
const partRows = 1024;
/** Whether a page is one of those that have all rows. */
const [ofSome, ofAll] = [0, 1];

const under = (places: readonly number[], row: Row): string => places.map((place) => keyOf(row[place] ?? null)).join('');

/**
 * The rows of a view, each once. In memory a row that has gone stays in its place, so often 0, until the step is kept. Those that
 * did not change for long leave the memory first.
 */
export class OwnRows implements Spilling {
  readonly #columns: readonly Column[];
  readonly #rows: RowTable;
  /** Rows in the order in which they were first changed since the last time, with how often they were there. */
  #changed: number[] = [];
  #before: number[] = [];
  #isChanged = new Uint8Array(1);
  /** Rows that changed since the search for those that did not came by. */
  #isUsed = new Uint8Array(1);
  #hand = 1;
  #table: ScratchTable | undefined;
  /** Rows on disk that are not to be read there: they came back. */
  readonly #stale = new Map<string, Row>();
  away = 0;

  constructor(columns: readonly Column[]) {
    this.#columns = columns;
    this.#rows = new RowTable(columns);
  }

  get size(): number {
    return this.#rows.size + this.away;
  }

  get bytes(): number {
    return this.#rows.bytes;
  }

  get held(): number {
    return this.#changed.length;
  }

  /** Adds a row so often, or takes it away. */
  change(row: Row, weight: number): void {
    const id = this.#found(row) || this.#rows.begin(row);
    if (id >= this.#isChanged.length) {
      const size = Math.max(this.#isChanged.length * 2, id + 1);
      this.#isChanged = longer(this.#isChanged, new Uint8Array(size));
      this.#isUsed = longer(this.#isUsed, new Uint8Array(size));
    }
    this.#isUsed[id] = 1;
    if (this.#isChanged[id] !== 1) {
      this.#isChanged[id] = 1;
      this.#changed.push(id);
      this.#before.push(this.#rows.weightOf(id));
    }
    this.#rows.put(id, this.#rows.weightOf(id) + weight);
  }

  /** The number of a row, which comes back from disk if it is there; else 0. */
  #found(row: Row): number {
    const known = this.#rows.find(row);
    if (known !== 0 || this.away === 0) return known;
    const name = rowKey(row);
    const record = this.#stale.has(name) ? undefined : this.#table?.get(name);
    if (!record) return 0;
    const own = this.#read(JSON.parse(record.toString()) as Written);
    this.#stale.set(name, own.row);
    this.away -= 1;
    const id = this.#rows.begin(own.row);
    this.#rows.put(id, own.weight);
    return id;
  }

  leaveTo(table: ScratchTable): void {
    this.#table = table;
  }

  leave(bytes: number): void {
    const table = this.#table;
    if (!table || this.#changed.length > 0) return;
    const chosen = this.#chosen(bytes);
    const rows = chosen.map((id) => ({ row: this.#rows.rowOf(id), weight: this.#rows.weightOf(id) }));
    const names = rows.map(({ row }) => rowKey(row));
    table.change(() => {
      for (const [at, own] of rows.entries()) {
        const name = names[at] as string;
        table.put(name, Buffer.from(JSON.stringify(this.#written(own))));
        for (const places of this.#rows.indexed) table.putUnder(`${places.join()} ${under(places, own.row)}`, name);
      }
    });
    for (const name of names) this.#stale.delete(name);
    for (const id of chosen) this.#rows.remove(id);
    this.away += chosen.length;
  }

  /** So many bytes of rows that did not change since the search came by last time. */
  #chosen(bytes: number): number[] {
    const chosen = new Set<number>();
    const { next } = this.#rows;
    let found = 0;
    for (let looked = 0; looked < 2 * next && found < bytes; looked += 1) {
      if (this.#hand >= next) this.#hand = 1;
      const id = this.#hand++;
      if (this.#isUsed[id] !== 1 && this.#rows.has(id) && !chosen.has(id)) {
        chosen.add(id);
        found += this.#rows.bytesOf(id);
      }
      this.#isUsed[id] = 0;
    }
    return [...chosen];
  }

  sweep(): void {
    const table = this.#table;
    if (!table || this.#stale.size === 0) return;
    table.change(() => {
      for (const [name, row] of this.#stale) {
        table.remove(name);
        for (const places of this.#rows.indexed) table.removeUnder(`${places.join()} ${under(places, row)}`, name);
      }
    });
    this.#stale.clear();
  }

  /** The rows in memory, as if some changes had not been. */
  inMemory(ahead: readonly Changed[]): Partly {
    const ids = this.#rows.ids();
    const { less, rest } = this.#without(ahead);
    if (less.size === 0) return { batch: this.#rows.gathered(ids), rest };
    const weightOf = (id: number) => this.#rows.weightOf(id) - (less.get(id) ?? 0);
    const there = ids.filter((id) => weightOf(id) !== 0);
    return { batch: this.#rows.gathered(there, weightOf), rest };
  }

  /** Rows that are on disk alone, with their names. */
  *onDisk(records = this.#table?.values() ?? []): Generator<readonly [string, Changed]> {
    if (this.away > 0) yield* this.#named(records, this.#stale);
  }

  *#named(records: Iterable<Buffer>, stale: ReadonlyMap<string, Row>): Generator<readonly [string, Changed]> {
    for (const record of records) {
      const own = this.#read(JSON.parse(record.toString()) as Written);
      const name = rowKey(own.row);
      if (!stale.has(name)) yield [name, own];
    }
  }

  /** The same as they are now, whatever becomes of them. */
  diskSnapshot(): DiskRows | undefined {
    const records = this.away > 0 ? this.#table?.snapshot() : undefined;
    return records && { rows: this.#named(records.values, new Map(this.#stale)), close: () => records.close() };
  }

  /** Whether rows can be looked for by these columns without going through all. */
  isIndexed(places: readonly number[]): boolean {
    return this.#rows.isIndexed(places) || this.size === 0;
  }

  /** Begins to know rows by some columns: those on disk as the caller goes through what it answers, then those in memory. */
  *index(places: readonly number[]): Generator<void> {
    const table = this.#table;
    if (table && this.away > 0) {
      const part: (readonly [string, Changed])[] = [];
      const put = () =>
        table.change(() => {
          for (const [name, { row }] of part.splice(0)) table.putUnder(`${places.join()} ${under(places, row)}`, name);
        });
      for (const each of this.onDisk()) {
        if (part.push(each) < partRows) continue;
        put();
        yield;
      }
      put();
    }
    this.#rows.index(places);
  }

  /** The rows that have some values in some columns, which are indexed, as if some changes had not been. */
  matching(places: readonly number[], values: Row, ahead: readonly Changed[]): Changed[] {
    const name = ahead.length === 0 && this.away === 0 ? '' : values.map(keyOf).join('');
    const { less, rest } = this.#without(ahead.filter(({ row }) => under(places, row) === name));
    const found: Changed[] = [];
    for (const id of this.#rows.matching(places, values)) {
      const weight = this.#rows.weightOf(id) - (less.get(id) ?? 0);
      if (weight !== 0) found.push({ row: this.#rows.rowOf(id), weight });
    }
    if (this.away > 0 && this.#table)
      for (const [own, { row, weight }] of this.onDisk(this.#table.under(`${places.join()} ${name}`))) {
        const total = weight + (rest.get(own)?.weight ?? 0);
        rest.delete(own);
        if (total !== 0) found.push({ row, weight: total });
      }
    for (const each of rest.values()) if (each.weight !== 0) found.push(each);
    return found;
  }

  /** What some changes did: how often to rows in memory, and to others by their names. */
  #without(ahead: readonly Changed[]): { readonly less: Map<number, number>; readonly rest: Map<string, Changed> } {
    const [less, rest] = [new Map<number, number>(), new Map<string, Changed>()];
    for (const { row, weight } of ahead) {
      const id = this.#rows.find(row);
      if (id !== 0 && this.#rows.weightOf(id) !== 0) less.set(id, (less.get(id) ?? 0) + weight);
      else {
        const name = rowKey(row);
        rest.set(name, { row, weight: (rest.get(name)?.weight ?? 0) - weight });
      }
    }
    return { less, rest };
  }

  #end(): void {
    for (const id of this.#changed) {
      this.#isChanged[id] = 0;
      if (this.#rows.weightOf(id) === 0) this.#rows.remove(id);
    }
    this.#changed = [];
    this.#before = [];
  }

  undo(): void {
    for (const [at, id] of this.#changed.entries()) this.#rows.put(id, this.#before[at] as number);
    this.#end();
  }

  settle(): Entry[] {
    const ids = this.#changed.filter((id, at) => this.#rows.weightOf(id) !== 0 || this.#before[at] !== 0);
    const entries = [...this.#pages(Int32Array.from(ids), ofSome)];
    this.#end();
    return entries;
  }

  *dump(): Generator<Entry> {
    yield* this.#pages(this.#rows.ids(), ofAll);
    let part: Changed[] = [];
    for (const [, own] of this.onDisk()) {
      if (part.push(own) < partRows) continue;
      yield this.#pageOf(part);
      part = [];
    }
    if (part.length > 0) yield this.#pageOf(part);
  }

  #pageOf(rows: readonly Changed[]): Entry {
    const all = rows.map(({ row }) => row);
    const vectors = this.#columns.map(({ type }, place) => vectorOf(type, all, place));
    return this.#page(
      ofAll,
      vectors,
      Float64Array.from(rows, ({ weight }) => weight),
    );
  }

  /** Rows in pages, each with how often it is there now. */
  *#pages(ids: Int32Array, of: number): Generator<Entry> {
    let [from, length] = [0, 0];
    for (let at = 0; at < ids.length; at += 1) {
      length += this.#rows.textLength(ids[at] as number);
      if (at + 1 < ids.length && at + 1 - from < pageRowsMax && length < pageBytesMin) continue;
      const own = ids.subarray(from, at + 1);
      const weights = Float64Array.from(own, (id) => this.#rows.weightOf(id));
      const vectors = this.#rows.columns.map((column) => column.gather(own));
      yield this.#page(of, vectors, weights);
      [from, length] = [at + 1, 0];
    }
  }

  #page(of: number, vectors: readonly Vector[], weights: Float64Array): Entry {
    const page = new PageWriter();
    page.byte(of);
    page.count(weights.length);
    page.count(this.#rows.size);
    for (const [place, { type }] of this.#columns.entries()) writeColumn(page, type, vectors[place] as Vector, weights.length);
    page.numbers(weights);
    return ['', page.finish()];
  }

  #written({ row, weight }: Changed): Written {
    return [printRow(this.#columns, row), weight];
  }

  #read([texts, weight]: Written): Changed {
    return { row: texts.map((text, at) => (text === null ? null : readValue(this.#columns[at]?.type ?? 'text', text))), weight };
  }

  /** Puts back what was written down: rows are there as often as is said, whatever was said before. */
  load([, written]: Entry): void {
    if (written instanceof Uint8Array) this.#loadPage(written);
    else {
      const { row, weight } = this.#read(written as Written);
      this.#rows.put(this.#found(row) || this.#rows.begin(row), weight);
    }
  }

  #loadPage(bytes: Uint8Array): void {
    const page = new PageReader(bytes);
    const of = page.byte();
    const [count, all] = [page.count(), page.count()];
    const vectors = this.#columns.map(({ type }) => readColumn(page, type, count));
    const weights = page.numbers(count);
    if (this.away === 0) this.#rows.reserve(all);
    const hashes = this.#rows.hashes(vectors, count);
    const places = of === ofAll ? Int32Array.from(hashes.keys()) : this.#loadKnown(vectors, hashes, weights);
    this.#rows.take(vectors, places, hashes, weights);
  }

  /** Takes the rows of a page that are there; answers where in it the others are. No row is twice in a page. */
  #loadKnown(vectors: readonly Vector[], hashes: Int32Array, weights: Float64Array): Int32Array {
    const places = new Int32Array(hashes.length);
    let fresh = 0;
    for (let at = 0; at < hashes.length; at += 1) {
      const [hash, weight] = [hashes[at] as number, weights[at] as number];
      let known = this.#rows.findBy(hash, (place) => valueAt(vectors[place] as Vector, at));
      if (known === 0 && this.away > 0) known = this.#found(vectors.map((vector) => valueAt(vector, at)));
      if (known === 0 && weight !== 0) places[fresh++] = at;
      if (known === 0) continue;
      if (weight === 0) this.#rows.remove(known);
      else this.#rows.put(known, weight);
    }
    return places.subarray(0, fresh);
  }
}
