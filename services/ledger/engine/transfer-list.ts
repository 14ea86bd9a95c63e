import { fieldsOver, listFields } from './account-list.ts';
import { eventColumn, pendingStatus } from './column.ts';
import { Postings } from './posting.ts';
import type { Rows } from './rows.ts';

/** Rows that are looked at before they are listed. */
const groupRows = 64;

/** Transfers by their accounts and fields. Lists are made behind the table: whoever asks brings them up first. */
export class TransferLists {
  readonly postings = new Postings();
  readonly fields = fieldsOver(this.postings);
  readonly #transfers: Rows;
  /** The list of an account's row, plus one. */
  #accounts = new Int32Array(64);
  listed = 0;
  readonly #events: Rows;
  #event = 0;
  #seen = 0;

  constructor(transfers: Rows, events: Rows) {
    this.#transfers = transfers;
    this.#events = events;
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

  /** Lists up to `rows` more transfers. Events name the rows of their accounts, and come in the order of the transfers. */
  catchUp(rows = Number.POSITIVE_INFINITY): void {
    const end = Math.min(this.#transfers.count, this.listed + rows);
    while (this.listed < end) this.#listSome(Math.min(end, this.listed + groupRows));
  }

  #listSome(end: number): void {
    this.#look(end - this.listed);
    for (; this.listed < end; this.#event += 1) {
      const event = this.#events.chunk(this.#event);
      const at = this.#events.base(this.#event);
      if (event[at + eventColumn.status] === pendingStatus.expired) continue;
      const row = event[at + eventColumn.transfer]!;
      this.#append(event[at + eventColumn.debitRow]!, row);
      this.#append(event[at + eventColumn.creditRow]!, row);
      listFields(this.fields, this.#transfers.chunk(row), this.#transfers.base(row), row);
      this.listed += 1;
    }
  }

  /** Looks at the lists that some events go into. These reads wait for no other, so that memory brings them all at once. */
  #look(count: number): void {
    const end = Math.min(this.#events.count, this.#event + count);
    let seen = 0;
    for (let event = this.#event; event < end; event += 1) {
      const chunk = this.#events.chunk(event);
      const at = this.#events.base(event);
      seen ^= this.postings.look((this.#accounts[chunk[at + eventColumn.debitRow]!] ?? 0) - 1);
      seen ^= this.postings.look((this.#accounts[chunk[at + eventColumn.creditRow]!] ?? 0) - 1);
    }
    this.#seen = seen;
  }

  /** What was looked at, so that the looking is not left out. */
  get seen(): number {
    return this.#seen;
  }
}
