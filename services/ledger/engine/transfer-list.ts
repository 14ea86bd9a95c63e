import { fieldsOver, listFields } from './account-list.ts';
import { column } from './column.ts';
import type { IdIndex } from './id-index.ts';
import { Postings } from './posting.ts';
import type { Rows } from './rows.ts';

/** Transfers by their accounts and fields. Lists are made behind the table: whoever asks brings them up first. */
export class TransferLists {
  readonly postings = new Postings();
  readonly fields = fieldsOver(this.postings);
  readonly #transfers: Rows;
  /** The list of an account's row, plus one. */
  #accounts = new Int32Array(64);
  listed = 0;

  constructor(transfers: Rows) {
    this.#transfers = transfers;
  }

  /** The list of an account: its transfers on either side. Undefined when it has none. */
  ofAccount(row: number): number | undefined {
    const list = this.#accounts[row] ?? 0;
    return list === 0 ? undefined : list - 1;
  }

  #append(account: number, row: number): void {
    if (account >= this.#accounts.length) {
      const grown = new Int32Array(Math.max(account + 1, this.#accounts.length * 2));
      grown.set(this.#accounts);
      this.#accounts = grown;
    }
    let list = this.#accounts[account]!;
    if (list === 0) {
      list = this.postings.open() + 1;
      this.#accounts[account] = list;
    }
    this.postings.append(list - 1, row);
  }

  /** Lists up to `rows` more transfers. */
  catchUp(accounts: IdIndex, rows = Number.POSITIVE_INFINITY): void {
    const end = Math.min(this.#transfers.count, this.listed + rows);
    for (let row = this.listed; row < end; row += 1) {
      const chunk = this.#transfers.chunk(row);
      const base = this.#transfers.base(row);
      this.#append(accounts.find(chunk, base + column.debitAccount), row);
      this.#append(accounts.find(chunk, base + column.creditAccount), row);
      listFields(this.fields, chunk, base, row);
    }
    this.listed = end;
  }
}
