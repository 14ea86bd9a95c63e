import { isZero, readBig, readTime } from './amount.ts';
import { column } from './column.ts';
import { FieldLists, Postings } from './posting.ts';
import type { Rows } from './rows.ts';

/** The fields that rows are listed by when they are not zero. */
type Fields = {
  readonly userData128: FieldLists;
  readonly userData64: FieldLists;
  readonly userData32: FieldLists;
  readonly ledger: FieldLists;
  readonly code: FieldLists;
};

/** Is shown a row; answers whether to go on. */
export type Visit = (row: number) => boolean;
export type Field = keyof Fields;
/** Rows by the values of their fields. */
export type Lists = {
  count(field: Field, value: number | bigint): number;
  /** Visits those from `low` to `high`, both included. */
  scan(field: Field, value: number | bigint, low: number, high: number, reversed: boolean, visit: Visit): void;
};

export function fieldsOver(postings: Postings): Fields {
  const one = () => new FieldLists(postings);
  return { userData128: one(), userData64: one(), userData32: one(), ledger: one(), code: one() };
}

/** Lists a row under its fields. */
export function listFields(fields: Fields, chunk: Int32Array, base: number, row: number): void {
  if (!isZero(chunk, base + column.userData128)) fields.userData128.add(readBig(chunk, base + column.userData128), row);
  if ((chunk[base + column.userData64]! | chunk[base + column.userData64 + 1]!) !== 0)
    fields.userData64.add(readTime(chunk, base + column.userData64), row);
  if (chunk[base + column.userData32] !== 0) fields.userData32.add(chunk[base + column.userData32]! >>> 0, row);
  fields.ledger.add(chunk[base + column.ledger]! >>> 0, row);
  fields.code.add(chunk[base + column.code]! & 0xffff, row);
}

/** Accounts by their fields. Lists are made behind the table: whoever asks brings them up first. */
export class AccountLists implements Lists {
  readonly #postings = new Postings();
  readonly #fields = fieldsOver(this.#postings);
  readonly #accounts: Rows;
  listed = 0;

  constructor(accounts: Rows) {
    this.#accounts = accounts;
  }

  catchUp(rows = Number.POSITIVE_INFINITY): void {
    const end = Math.min(this.#accounts.count, this.listed + rows);
    for (let row = this.listed; row < end; row += 1) listFields(this.#fields, this.#accounts.chunk(row), this.#accounts.base(row), row);
    this.listed = end;
  }

  count(field: Field, value: number | bigint): number {
    const list = this.#fields[field].find(value);
    return list === undefined ? 0 : this.#postings.count(list);
  }

  scan(field: Field, value: number | bigint, low: number, high: number, reversed: boolean, visit: Visit): void {
    const list = this.#fields[field].find(value);
    if (list !== undefined) this.#postings.scan(list, low, high, reversed, visit);
  }
}
