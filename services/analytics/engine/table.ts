import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import type { Table } from '../domain/table.ts';
import { keyOf, printRow, readValue, type Row, rowKey } from '../domain/value.ts';
import { type Batch, BatchBuilder } from './batch.ts';
import type { CircuitEntry } from './circuit.ts';
import { entriesMax } from './limits.ts';
import type { Changed } from './view.ts';

/** A row with how often it is there: more than once only where there is no key. */
type Held = { readonly row: Row; readonly weight: number };

/** The rows of a table as they are committed, by their keys. */
export class TableRows {
  readonly table: Table;
  readonly name: string;
  readonly #rows = new Map<string, Held>();
  #batch: Batch | undefined;
  /** Whether rows are found by other names than they were written down under, because columns were added. */
  isRenamed = false;

  constructor(name: string, table: Table) {
    this.name = name;
    this.table = table;
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
      if (held) this.#rows.set(name, held);
      else this.#rows.delete(name);
    }
    this.#batch = undefined;
  }

  entryOf(name: string, held: Held | undefined): CircuitEntry {
    return [0, name, held ? [printRow(this.table.columns, held.row), held.weight] : null];
  }

  /** All of it, with a draft that is about to be committed. */
  *dump(draft: Draft): Generator<CircuitEntry> {
    for (const [name, held] of this.#rows) if (!draft.changed.has(name)) yield this.entryOf(name, held);
    for (const [name, held] of draft.changed) if (held) yield this.entryOf(name, held);
  }

  load(entries: Iterable<CircuitEntry>): void {
    for (const [, name, written] of entries) {
      const [texts, weight] = written as [(string | null)[], number];
      const row = this.table.columns.map(({ type }, at) => (typeof texts[at] === 'string' ? readValue(type, texts[at]) : null));
      const own = this.nameOf(row);
      if (own !== name) this.isRenamed = true;
      this.#rows.set(own, { row, weight });
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
  #size: number;
  #batch: Batch | undefined;

  constructor(rows: TableRows) {
    this.rows = rows;
    this.#size = rows.size;
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

  /** The one row of a key, if there is one. */
  batchAt(key: Row): Batch {
    const isWhole = key.every((value) => value !== null);
    const held = isWhole ? this.find(key.map(keyOf).join('')) : undefined;
    return batchOf(this.rows.table, held ? [held] : []);
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
    this.changed.set(name, held.weight === 1 ? undefined : { row: held.row, weight: held.weight - 1 });
  }

  #add(row: Row): void {
    const { table, name: called } = this.rows;
    const missing = table.columns.find((_, place) => table.required[place] && (row[place] ?? null) === null);
    if (missing)
      throw new StatementError('23502', `null value in column "${missing.name}" of relation "${called}" violates not-null constraint`);
    const name = this.rows.nameOf(row);
    const held = this.find(name);
    if (held && table.key.length > 0) throw new StatementError('23505', `duplicate key value violates unique constraint "${called}_pkey"`);
    this.#size += held ? 0 : 1;
    if (this.#size > entriesMax) throw new StatementError(sqlstates.tooLarge, `a table keeps at most ${entriesMax} rows`);
    this.changed.set(name, { row: held?.row ?? row, weight: (held?.weight ?? 0) + 1 });
  }

  *entries(): Generator<CircuitEntry> {
    for (const [name, held] of this.changed) yield this.rows.entryOf(name, held);
  }
}
