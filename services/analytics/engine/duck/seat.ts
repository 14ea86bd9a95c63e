import type { Column } from '../../domain/value.ts';
import type { Batch } from '../batch.ts';
import { pack } from './column.ts';
import { storedForm, suffixesOf, typesOf } from './form.ts';
import { duckStoredBytes } from './limits.ts';
import { DuckProcess } from './process.ts';

/** Rows of a relation that lie in a process: some of its columns, in their order. */
export class Stored {
  readonly table: string;
  readonly columns: readonly Column[];
  readonly places: readonly number[];
  rows = 0;
  bytes = 0;

  constructor(table: string, columns: readonly Column[], places: readonly number[]) {
    this.table = table;
    this.columns = columns;
    this.places = places;
  }
}

/** What one environment has in DuckDB: its process, and the rows in it under the names that they were given. */
export class Seat {
  #process: DuckProcess | undefined;
  readonly #stored = new Map<string, Stored>();
  #tables = 0;
  /** Columns, as `relation place`, with a value that DuckDB cannot have as we do, and topics with records that do not fit. */
  readonly unfit = new Set<string>();

  get isOpen(): boolean {
    return this.#process !== undefined && !this.#process.isOver;
  }

  /** The process, anew where there is none: then nothing is stored. */
  get process(): DuckProcess {
    if (!this.#process || this.#process.isOver) {
      this.#stored.clear();
      this.#process = new DuckProcess();
    }
    return this.#process;
  }

  close(): void {
    this.#process?.end();
    this.#process = undefined;
    this.#stored.clear();
  }

  /** Rows that are stored under a name, if any; those asked for last are forgotten last. */
  find<T extends Stored>(name: string): T | undefined {
    if (!this.isOpen) return undefined;
    const found = this.#stored.get(name);
    if (!found) return undefined;
    this.#stored.delete(name);
    this.#stored.set(name, found);
    return found as T;
  }

  /** Makes room for rows of some columns, in place of what is stored under the name. */
  async make<T extends Stored>(
    name: string,
    columns: readonly Column[],
    places: readonly number[],
    Rows: new (...given: ConstructorParameters<typeof Stored>) => T,
  ): Promise<T> {
    const { process } = this;
    await this.forget(name);
    const made = new Rows(`t${(this.#tables += 1)}`, columns, places);
    await process.make(
      made.table,
      places.flatMap((place) => {
        const { type } = columns[place] as Column;
        const form = storedForm(type);
        return typesOf(form, type).map((as, at) => [`c${place}${suffixesOf(form)[at]}`, as] as const);
      }),
    );
    this.#stored.set(name, made);
    return made;
  }

  /** Puts rows behind those that are stored; the place of a column that cannot be stored, where there is one. */
  async add(stored: Stored, batch: Batch): Promise<number | undefined> {
    const found = pack(batch, stored.columns, stored.places);
    if (typeof found === 'number') return found;
    await this.process.add(stored.table, found);
    stored.rows += batch.size;
    stored.bytes += found.bytes.length;
    return undefined;
  }

  async forget(name: string): Promise<void> {
    const known = this.find(name);
    if (!known) return;
    this.#stored.delete(name);
    await this.process.drop(known.table);
  }

  /** Forgets what was asked for longest ago while there is more than may be, but for some tables. */
  async shrink(kept: ReadonlySet<string>): Promise<void> {
    let bytes = [...this.#stored.values()].reduce((sum, stored) => sum + stored.bytes, 0);
    for (const [name, stored] of [...this.#stored]) {
      if (bytes <= duckStoredBytes) return;
      if (kept.has(stored.table)) continue;
      bytes -= stored.bytes;
      await this.forget(name);
    }
  }
}
