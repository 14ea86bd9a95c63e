import { eventWords, pendingStatus, recordWords } from './column.ts';
import { Expiry } from './expiry.ts';
import { IdIndex } from './id-index.ts';
import { copyWords, Rows } from './rows.ts';
import { batchEventsMax } from './limits.ts';
import { TransferLists } from './transfer-list.ts';
import { AccountLists } from './account-list.ts';

/** A byte for each transfer: what became of it, if it was pending. */
class StatusColumn {
  #bytes = new Uint8Array(64);

  get(row: number): number {
    return this.#bytes[row] ?? 0;
  }

  set(row: number, status: number): void {
    if (row >= this.#bytes.length) {
      const grown = new Uint8Array(Math.max(row + 1, this.#bytes.length * 2));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes[row] = status;
  }

  bytes(count: number): Uint8Array {
    if (count > this.#bytes.length) this.set(count - 1, 0);
    return this.#bytes.subarray(0, count);
  }
}

/** What an open chain of linked events has changed, so that it can be taken back. */
class Undo {
  open = false;
  accounts = 0;
  transfers = 0;
  events = 0;
  late = 0;
  ordered = -1;
  readonly #resolved: number[] = [];
  readonly #rows: number[] = [];
  #images = new Int32Array(recordWords * 16);

  begin(state: State): void {
    this.open = true;
    this.accounts = state.accounts.count;
    this.transfers = state.transfers.count;
    this.events = state.events.count;
    this.late = state.lateEvents.length;
    this.ordered = state.orderedEvent;
    this.#resolved.length = 0;
    this.#rows.length = 0;
  }

  /** Keeps an account as it is before a change. */
  account(chunk: Int32Array, base: number, row: number): void {
    const at = this.#rows.length * recordWords;
    if (at >= this.#images.length) {
      const grown = new Int32Array(this.#images.length * 2);
      grown.set(this.#images);
      this.#images = grown;
    }
    copyWords(chunk, base, this.#images, at, recordWords);
    this.#rows.push(row);
  }

  resolved(row: number): void {
    this.#resolved.push(row);
  }

  /** Takes everything back, last change first. */
  discard(state: State): void {
    this.open = false;
    for (let index = this.#rows.length - 1; index >= 0; index -= 1) {
      const row = this.#rows[index]!;
      copyWords(this.#images, index * recordWords, state.accounts.chunk(row), state.accounts.base(row), recordWords);
    }
    for (const row of this.#resolved) state.status.set(row, pendingStatus.pending);
    for (let row = state.transfers.count - 1; row >= this.transfers; row -= 1) {
      state.transferIndex.remove(state.transfers.chunk(row), state.transfers.base(row), row);
      state.status.set(row, pendingStatus.none);
    }
    for (let row = state.accounts.count - 1; row >= this.accounts; row -= 1)
      state.accountIndex.remove(state.accounts.chunk(row), state.accounts.base(row), row);
    state.transfers.truncate(this.transfers);
    state.accounts.truncate(this.accounts);
    state.events.truncate(this.events);
    state.lateEvents.length = this.late;
    state.orderedEvent = this.ordered;
  }

  persist(): void {
    this.open = false;
  }
}

/**
 * Of the transfers that are being made: hashes of their ids, rows of their accounts, what was seen while memory was looked at
 * ahead, and whether any of them has a timeout.
 */
type Batch = { readonly ids: Int32Array; readonly debits: Int32Array; readonly credits: Int32Array; seen: number; timed: boolean };

/** One batch is made at a time, whatever the ledger. */
const batch: Batch = {
  ids: new Int32Array(batchEventsMax),
  debits: new Int32Array(batchEventsMax),
  credits: new Int32Array(batchEventsMax),
  seen: 0,
  timed: false,
};

/** One ledger: accounts and transfers in order of their timestamps, the events between them, and how to find them. */
export type State = {
  readonly accounts: Rows;
  readonly accountIndex: IdIndex;
  readonly accountLists: AccountLists;
  readonly transfers: Rows;
  readonly transferIndex: IdIndex;
  readonly transferLists: TransferLists;
  /** Ids of transfers that failed for a passing reason and may not be used again. */
  readonly burnt: Rows;
  readonly status: StatusColumn;
  readonly events: Rows;
  /** Events older than the one before them: imported transfers behind an expiry. In order among themselves. */
  readonly lateEvents: number[];
  /** The last event that is not late; -1 at first. */
  orderedEvent: number;
  readonly expiry: Expiry;
  readonly undo: Undo;
  /** The timestamp of the last event that changed this ledger. */
  timestamp: bigint;
  /** What the last created or existing event has as its timestamp. */
  madeHigh: number;
  madeLow: number;
  /** The hash of the id of the transfer that is being made. */
  idHash: number;
  readonly batch: Batch;
};

export function createState(): State {
  const accounts = new Rows(recordWords);
  const transfers = new Rows(recordWords);
  const burnt = new Rows(4);
  const events = new Rows(eventWords);
  return {
    accounts,
    accountIndex: new IdIndex(accounts),
    accountLists: new AccountLists(accounts),
    transfers,
    transferIndex: new IdIndex(transfers, burnt),
    transferLists: new TransferLists(transfers, events),
    burnt,
    status: new StatusColumn(),
    events,
    lateEvents: [],
    orderedEvent: -1,
    expiry: new Expiry(),
    undo: new Undo(),
    timestamp: 0n,
    madeHigh: 0,
    madeLow: 0,
    idHash: 0,
    batch,
  };
}
