import { type Column, keyOf, printRow, readValue, type Row, rowKey } from '../domain/value.ts';
import { indexesMax } from './limits.ts';
import type { Entry } from './operator.ts';
import type { Spilling } from './spill/room.ts';
import type { ScratchTable } from './spill/scratch.ts';
import { bytesOf, nameBytes } from './spill/size.ts';

/** A row with how often it is there. */
export type Own = { readonly row: Row; readonly weight: number };

type Index = { readonly places: readonly number[]; readonly rows: Map<string, Map<string, Own>> };
type Written = readonly [texts: readonly (string | null)[], weight: number];

const under = (places: readonly number[], row: Row): string => places.map((place) => keyOf(row[place] ?? null)).join('');
const sizeOf = (name: string, row: Row): number => nameBytes + name.length + bytesOf(row);

/** The rows of a view, each once. Those that did not change for longest are first in memory, and leave it first. */
export class OwnRows implements Spilling {
  readonly #columns: readonly Column[];
  readonly #rows = new Map<string, Own>();
  #journal: { readonly name: string; readonly before: Own | undefined }[] = [];
  /** Rows by the values of some of their columns, as far as they are asked for so. */
  readonly #indexes = new Map<string, Index>();
  #table: ScratchTable | undefined;
  /** Rows on disk that are not to be read there: they came back. */
  readonly #stale = new Map<string, Row>();
  bytes = 0;
  away = 0;

  constructor(columns: readonly Column[]) {
    this.#columns = columns;
  }

  get size(): number {
    return this.#rows.size + this.away;
  }

  get held(): number {
    return this.#journal.length;
  }

  /** Adds a row so often. */
  change(row: Row, weight: number): void {
    const name = rowKey(row);
    const before = this.#find(name);
    const total = (before?.weight ?? 0) + weight;
    this.#journal.push({ name, before });
    this.#put(name, total === 0 ? undefined : { row: before?.row ?? row, weight: total });
  }

  #find(name: string): Own | undefined {
    const known = this.#rows.get(name);
    if (known || this.away === 0 || this.#stale.has(name)) return known;
    const record = this.#table?.get(name);
    if (!record) return undefined;
    const own = this.#read(JSON.parse(record.toString()) as Written);
    this.#stale.set(name, own.row);
    this.away -= 1;
    this.#put(name, own);
    return own;
  }

  #put(name: string, own: Own | undefined): void {
    const known = this.#rows.get(name);
    for (const index of this.#indexes.values()) putIn(index, name, known, own);
    if (known) {
      this.#rows.delete(name);
      this.bytes -= sizeOf(name, known.row);
    }
    if (!own) return;
    // Behind all others: it was changed last.
    this.#rows.set(name, own);
    this.bytes += sizeOf(name, own.row);
  }

  leaveTo(table: ScratchTable): void {
    this.#table = table;
  }

  leave(bytes: number): void {
    const table = this.#table;
    if (!table || this.#journal.length > 0) return;
    const chosen: [string, Own][] = [];
    let found = 0;
    for (const [name, own] of this.#rows) {
      if (found >= bytes) break;
      found += sizeOf(name, own.row);
      chosen.push([name, own]);
    }
    table.change(() => {
      for (const [name, own] of chosen) {
        table.put(name, Buffer.from(JSON.stringify(this.#written(own))));
        for (const [at, { places }] of this.#indexes) table.putUnder(`${at} ${under(places, own.row)}`, name);
      }
    });
    for (const [name] of chosen) {
      this.#stale.delete(name);
      this.#put(name, undefined);
    }
    this.away += chosen.length;
  }

  sweep(): void {
    const table = this.#table;
    if (!table || this.#stale.size === 0) return;
    table.change(() => {
      for (const [name, row] of this.#stale) {
        table.remove(name);
        for (const [at, { places }] of this.#indexes) table.removeUnder(`${at} ${under(places, row)}`, name);
      }
    });
    this.#stale.clear();
  }

  /** Rows in memory with their names. */
  inMemory(): Iterable<readonly [string, Own]> {
    return this.#rows;
  }

  /** Rows that are on disk alone, with their names. */
  *onDisk(records = this.#table?.values() ?? []): Generator<readonly [string, Own]> {
    if (this.away === 0) return;
    for (const record of records) {
      const own = this.#read(JSON.parse(record.toString()) as Written);
      const name = rowKey(own.row);
      if (!this.#stale.has(name)) yield [name, own];
    }
  }

  /** Whether rows can be looked for by these columns without going through all. */
  isIndexed(places: readonly number[]): boolean {
    return this.#indexes.has(places.join()) || this.size === 0;
  }

  /** Begins to know rows by some columns: those in memory at once; those on disk as the caller goes through what it answers. */
  *index(places: readonly number[]): Generator<void> {
    const index: Index = { places, rows: new Map() };
    for (const [name, own] of this.#rows) putIn(index, name, undefined, own);
    const table = this.#table;
    if (table && this.away > 0) {
      const part: (readonly [string, Own])[] = [];
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
    if (this.#indexes.size >= indexesMax) this.#forgetIndex();
    this.#indexes.set(places.join(), index);
  }

  /** The oldest makes room for another. */
  #forgetIndex(): void {
    const [at = ''] = this.#indexes.keys();
    this.#indexes.delete(at);
  }

  /** Rows that have some values in some columns, which are indexed. */
  *matching(places: readonly number[], values: Row): Generator<readonly [string, Own]> {
    const key = values.map(keyOf).join('');
    yield* this.#indexes.get(places.join())?.rows.get(key) ?? [];
    if (this.away > 0 && this.#table) yield* this.onDisk(this.#table.under(`${places.join()} ${key}`));
  }

  undo(): void {
    for (const { name, before } of this.#journal.reverse()) this.#put(name, before);
    this.#journal = [];
  }

  settle(): Entry[] {
    const changed = new Set(this.#journal.map(({ name }) => name));
    this.#journal = [];
    return Array.from(changed, (name) => this.#entry(name, this.#rows.get(name)));
  }

  #written({ row, weight }: Own): Written {
    return [printRow(this.#columns, row), weight];
  }

  #entry(name: string, own: Own | undefined): Entry {
    return [name, own ? [...this.#written(own), 0] : null];
  }

  *dump(): Generator<Entry> {
    for (const [name, own] of this.#rows) yield this.#entry(name, own);
    for (const [name, own] of this.onDisk()) yield this.#entry(name, own);
  }

  #read([texts, weight]: Written): Own {
    return { row: texts.map((text, at) => (text === null ? null : readValue(this.#columns[at]?.type ?? 'text', text))), weight };
  }

  /** Puts back a row that was written down. */
  load([name, written]: Entry): void {
    this.#put(name, this.#read(written as Written));
  }
}

/** So many rows are indexed in one go. */
const partRows = 1024;

/** Puts a row into an index, or takes it out. */
function putIn({ places, rows }: Index, name: string, known: Own | undefined, own: Own | undefined): void {
  const row = own?.row ?? known?.row;
  if (!row) return;
  const key = under(places, row);
  const there = rows.get(key) ?? new Map<string, Own>();
  if (own) there.set(name, own);
  else there.delete(name);
  if (there.size === 0) rows.delete(key);
  else rows.set(key, there);
}
