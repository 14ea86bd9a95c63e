import type { Database, RangeOptions } from 'lmdb';

type Row = { readonly key: Buffer; readonly value: Buffer };
/** Told of every change; null is a removal. */
export type OnChange = (key: Buffer, value: Buffer | null) => void;

/** A table of the index. What is changed in it is told, so that the index log has it too. */
export class Table {
  readonly #rows: Database<Buffer, Buffer>;
  readonly #onChange: OnChange;

  constructor(rows: Database<Buffer, Buffer>, onChange: OnChange) {
    this.#rows = rows;
    this.#onChange = onChange;
  }

  get(key: Buffer): Buffer | undefined {
    return this.#rows.get(key);
  }

  doesExist(key: Buffer): boolean {
    return this.#rows.doesExist(key);
  }

  getRange(options: RangeOptions = {}): Iterable<Row> {
    return this.#rows.getRange(options);
  }

  getKeys(options: RangeOptions = {}): Iterable<Buffer> {
    return this.#rows.getKeys(options);
  }

  getKeysCount(options: RangeOptions): number {
    return this.#rows.getKeysCount(options);
  }

  /** Within a change. */
  put(key: Buffer, value: Buffer): void {
    this.#onChange(key, value);
    void this.#rows.put(key, value);
  }

  /** Within a change. */
  remove(key: Buffer): void {
    this.#onChange(key, null);
    void this.#rows.remove(key);
  }
}
