import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import type { Table } from '../domain/table.ts';
import { checksOf } from '../domain/check.ts';
import { keyOf, printRow, ranged, readValue, type Row, rowKey, type Value } from '../domain/value.ts';
import { type Batch, BatchBuilder } from './batch.ts';
import type { CircuitEntry } from './circuit.ts';
import { entriesMax, tableMaxBytes } from './limits.ts';
import { valuesOf } from './pipeline.ts';
import { bytesOf, nameBytes } from './spill/size.ts';
import { RowIndex } from './table-index.ts';
import type { Changed } from './view.ts';

/** A row with how often it is there: more than once only where there is no key. */
type Held = { readonly row: Row; readonly weight: number };

/** Bytes of a row in memory, about. */
const heldBytes = (name: string, held: Held | undefined): number => (held ? nameBytes + name.length + bytesOf(held.row) : 0);

/** The rows of a table as they are committed, by their keys. */
export class TableRows {
  readonly table: Table;
  readonly name: string;
  readonly indexes: readonly RowIndex[];
  readonly #rows = new Map<string, Held>();
  /** Bytes of its rows, about. */
  bytes = 0;
  /** By the places of columns that count: the number that is next. */
  readonly #next = new Map<number, bigint>();
  #checks: ((row: Row, params: Row) => Value[]) | undefined;
  #batch: Batch | undefined;
  /** Whether rows are found by other names than they were written down under, because columns were added. */
  isRenamed = false;

  constructor(name: string, table: Table) {
    this.name = name;
    this.table = table;
    this.indexes = table.indexes.map((each) => new RowIndex(each));
    for (const [place, counter] of table.counters.entries()) if (counter) this.#next.set(place, counter.start);
  }

  /** The next number of a column that counts. It is not given again, whatever becomes of who asked. */
  draw(place: number): Value {
    const { type, name } = this.table.columns[place] ?? { type: 'int8', name: '' };
    const next = this.#next.get(place) ?? 1n;
    try {
      const value = ranged(type as 'int8', next);
      this.#next.set(place, next + (this.table.counters[place]?.step ?? 1n));
      return value;
    } catch {
      throw new StatementError('2200H', `nextval: reached maximum value of sequence "${this.name}_${name}_seq"`);
    }
  }

  /** Counts on where another table has come to, by the names of columns. */
  goOn(other: TableRows): void {
    for (const place of this.#next.keys()) {
      const from = other.table.columns.findIndex(({ name }) => name === this.table.columns[place]?.name);
      const next = other.#next.get(from);
      if (next !== undefined) this.#next.set(place, next);
    }
  }

  /** The first check that is false of a row. */
  failedCheck(row: Row): string | undefined {
    if (this.table.checks.length === 0) return undefined;
    this.#checks ??= valuesOf(checksOf(this.table)).run;
    return this.table.checks[this.#checks(row, []).indexOf(false)]?.name;
  }

  *#counted(): Generator<CircuitEntry> {
    for (const [place, next] of this.#next) yield [1, String(place), String(next)];
  }

  /** What a row is found by: its key, or all of it. */
  nameOf(row: Row): string {
    const { key } = this.table;
    return key.length === 0 ? rowKey(row) : key.map((place) => keyOf(row[place] ?? null)).join('');
  }

  find(name: string): Held | undefined {
    return this.#rows.get(name);
  }

  get size(): number {
    return this.#rows.size;
  }

  held(): Iterable<readonly [string, Held]> {
    return this.#rows;
  }

  *rows(): Generator<Row> {
    for (const { row, weight } of this.#rows.values()) for (let count = 0; count < weight; count += 1) yield row;
  }

  batch(): Batch {
    this.#batch ??= batchOf(this.table, this.#rows.values());
    return this.#batch;
  }

  /** Takes over what a draft changed, once it is committed. */
  settle(draft: Draft): void {
    for (const [name, held] of draft.changed) {
      for (const index of this.indexes) this.#reindex(index, name, held);
      this.#put(name, held);
    }
    this.#batch = undefined;
  }

  #put(name: string, held: Held | undefined): void {
    this.bytes += heldBytes(name, held) - heldBytes(name, this.#rows.get(name));
    if (held) this.#rows.set(name, held);
    else this.#rows.delete(name);
  }

  #reindex(index: RowIndex, name: string, held: Held | undefined): void {
    const old = this.#rows.get(name);
    if (old) index.remove(old.row, name);
    if (held) index.add(held.row, name);
  }

  entryOf(name: string, held: Held | undefined): CircuitEntry {
    return [0, name, held ? [printRow(this.table.columns, held.row), held.weight] : null];
  }

  /** All of it, with a draft that is about to be committed. */
  *dump(draft: Draft): Generator<CircuitEntry> {
    for (const [name, held] of this.#rows) if (!draft.changed.has(name)) yield this.entryOf(name, held);
    for (const [name, held] of draft.changed) if (held) yield this.entryOf(name, held);
    yield* this.#counted();
  }

  /** What a commit of a draft changes. */
  *entries(draft: Draft): Generator<CircuitEntry> {
    for (const [name, held] of draft.changed) yield this.entryOf(name, held);
    yield* this.#counted();
  }

  load(entries: Iterable<CircuitEntry>): void {
    for (const [operator, name, written] of entries) {
      if (operator === 1) {
        this.#next.set(Number(name), BigInt(written as string));
        continue;
      }
      const [texts, weight] = written as [(string | null)[], number];
      const row = this.table.columns.map(({ type }, at) => (typeof texts[at] === 'string' ? readValue(type, texts[at]) : null));
      const own = this.nameOf(row);
      if (own !== name) this.isRenamed = true;
      this.#put(own, { row, weight });
      for (const index of this.indexes) index.add(row, own);
    }
    this.#batch = undefined;
  }
}

function batchOf({ columns }: Table, held: Iterable<Held>): Batch {
  const builder = new BatchBuilder(columns);
  for (const { row, weight } of held) builder.add(row, weight);
  return builder.finish();
}

/** What a table would be with some changes, each checked where it is made. */
export class Draft {
  readonly rows: TableRows;
  /** What stands otherwise than in the table; undefined where it is gone. */
  readonly changed = new Map<string, Held | undefined>();
  /** What changed, by the values of indexes. */
  readonly #indexes: readonly RowIndex[];
  #size: number;
  #bytes: number;
  #batch: Batch | undefined;

  constructor(rows: TableRows) {
    this.rows = rows;
    this.#size = rows.size;
    this.#bytes = rows.bytes;
    this.#indexes = rows.indexes.map(({ of }) => new RowIndex(of));
  }

  #set(name: string, held: Held | undefined): void {
    const old = this.changed.get(name);
    this.#bytes += heldBytes(name, held) - heldBytes(name, this.find(name));
    for (const index of this.#indexes) {
      if (old) index.remove(old.row, name);
      if (held) index.add(held.row, name);
    }
    this.changed.set(name, held);
  }

  /** The rows that some columns find. */
  *#found(index: number, key: string | undefined): Generator<Held> {
    if (key === undefined) return;
    for (const name of this.rows.indexes[index]?.find(key) ?? []) {
      const held = this.changed.has(name) ? undefined : this.rows.find(name);
      if (held) yield held;
    }
    for (const name of this.#indexes[index]?.find(key) ?? []) {
      const held = this.changed.get(name);
      if (held) yield held;
    }
  }

  /** A row that keeps another one out: of the primary key (-1), of one unique index by its place, or of any (undefined). */
  clash(row: Row, by?: number): Held | undefined {
    if (this.rows.table.key.length > 0 && (by ?? -1) < 0) {
      const held = this.find(this.rows.nameOf(row));
      if (held) return held;
    }
    for (const [at, index] of this.#indexes.entries()) {
      if (!index.of.isUnique || (by ?? at) !== at) continue;
      const [held] = this.#found(at, index.keyOf(row));
      if (held) return held;
    }
    return undefined;
  }

  find(name: string): Held | undefined {
    return this.changed.has(name) ? this.changed.get(name) : this.rows.find(name);
  }

  get size(): number {
    return this.#size;
  }

  batch(): Batch {
    if (this.changed.size === 0) return this.rows.batch();
    this.#batch ??= batchOf(this.rows.table, this.#held());
    return this.#batch;
  }

  /** The rows that have some values in the primary key (-1), or in the columns of an index. */
  batchAt({ index, values }: { readonly index: number; readonly values: Row }): Batch {
    if (values.includes(null)) return batchOf(this.rows.table, []);
    const held = index < 0 ? this.find(values.map(keyOf).join('')) : undefined;
    const found = index < 0 ? (held ? [held] : []) : this.#found(index, this.rows.indexes[index]?.keyOfValues(values));
    return batchOf(this.rows.table, found);
  }

  /** All rows as they are now. */
  *rowsNow(): Generator<Row> {
    for (const { row, weight } of this.#held()) for (let count = 0; count < weight; count += 1) yield row;
  }

  *#held(): Generator<Held> {
    for (const [name, held] of this.rows.held()) if (!this.changed.has(name)) yield held;
    for (const held of this.changed.values()) if (held) yield held;
  }

  take(changes: readonly Changed[]): void {
    this.#batch = undefined;
    for (const { row, weight } of changes) {
      if (weight < 0) this.#remove(row);
      else this.#add(row);
    }
  }

  #remove(row: Row): void {
    const name = this.rows.nameOf(row);
    const held = this.find(name);
    if (!held || rowKey(held.row) !== rowKey(row))
      throw new StatementError(sqlstates.serialization, 'could not serialize access due to concurrent update');
    this.#size -= held.weight === 1 ? 1 : 0;
    this.#set(name, held.weight === 1 ? undefined : { row: held.row, weight: held.weight - 1 });
  }

  #add(row: Row): void {
    const { table, name: called } = this.rows;
    const missing = table.columns.find((_, place) => table.required[place] && (row[place] ?? null) === null);
    if (missing)
      throw new StatementError('23502', `null value in column "${missing.name}" of relation "${called}" violates not-null constraint`);
    const check = this.rows.failedCheck(row);
    if (check !== undefined) throw new StatementError('23514', `new row for relation "${called}" violates check constraint "${check}"`);
    const name = this.rows.nameOf(row);
    const held = this.find(name);
    if (held && table.key.length > 0) throw new StatementError('23505', `duplicate key value violates unique constraint "${called}_pkey"`);
    const clash = this.#indexes.findIndex(({ of }, at) => of.isUnique && this.clash(row, at) !== undefined);
    if (clash >= 0) throw new StatementError('23505', `duplicate key value violates unique constraint "${this.#indexes[clash]?.of.name}"`);
    this.#size += held ? 0 : 1;
    if (this.#size > entriesMax) throw new StatementError(sqlstates.tooLarge, `a table keeps at most ${entriesMax} rows`);
    this.#set(name, { row: held?.row ?? row, weight: (held?.weight ?? 0) + 1 });
    if (this.#bytes > tableMaxBytes) throw new StatementError(sqlstates.tooLarge, `a table keeps at most ${tableMaxBytes} bytes of rows`);
  }
}
