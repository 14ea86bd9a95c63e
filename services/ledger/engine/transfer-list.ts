import { type Field, fieldsOver, type Lists, listFields, type Visit } from './account-list.ts';
import { countIn, type ListKey, type ListRun, nearKey, scanIn, wideKey } from './cold-list.ts';
import { eventColumn, pendingStatus } from './column.ts';
import { eventOf } from './event.ts';
import { listRowsMax } from './limits.ts';
import { Postings } from './posting.ts';
import type { Rows } from './rows.ts';

/** Rows that are looked at before they are listed. */
const groupRows = 64;

/** Lists of the transfers from one row on. */
class Stretch {
  readonly from: number;
  readonly #postings = new Postings();
  readonly #fields = fieldsOver(this.#postings);
  /** The list of an account's row, plus one. */
  #accounts = new Int32Array(64);

  constructor(from: number) {
    this.from = from;
  }

  /** Enters a row into the lists of its fields. */
  list(chunk: Int32Array, base: number, row: number): void {
    listFields(this.#fields, chunk, base, row);
  }

  append(account: number, row: number): void {
    if (account >= this.#accounts.length) {
      const grown = new Int32Array(Math.max(account + 1, this.#accounts.length * 2));
      grown.set(this.#accounts);
      this.#accounts = grown;
    }
    let list = this.#accounts[account]!;
    if (list === 0) {
      list = this.#postings.open() + 1;
      this.#accounts[account] = list;
    }
    this.#postings.append(list - 1, row);
  }

  /** Reads where the next row of an account goes. */
  look(account: number): number {
    return this.#postings.look((this.#accounts[account] ?? 0) - 1);
  }

  count(field: Field, value: number | bigint): number {
    const list = this.#fields[field].find(value);
    return list === undefined ? 0 : this.#postings.count(list);
  }

  scan(field: Field, value: number | bigint, low: number, high: number, reversed: boolean, visit: Visit): void {
    const list = this.#fields[field].find(value);
    if (list !== undefined) this.#postings.scan(list, low, high, reversed, visit);
  }

  scanAccount(account: number, low: number, high: number, reversed: boolean, visit: Visit): void {
    const list = this.#accounts[account] ?? 0;
    if (list !== 0) this.#postings.scan(list - 1, low, high, reversed, visit);
  }
}

/** Lists of the transfers before row `to`, which have left the memory, in the order of their rows. */
export type ColdLists = { readonly to: number; readonly runs: readonly ListRun[] };

function keyOf(field: Field, value: number | bigint): ListKey {
  if (field === 'userData128' || field === 'userData64') return wideKey(field, value as bigint);
  return nearKey(field, value as number);
}

/**
 * Transfers by their accounts and fields. Lists are made behind the table: whoever asks brings them up first. They are kept in
 * stretches of rows, of which the older leave the memory; what is asked for is found in one after the other.
 */
export class TransferLists implements Lists {
  readonly #transfers: Rows;
  readonly #events: Rows;
  #cold: ColdLists = { to: 0, runs: [] };
  #stretches: Stretch[] = [new Stretch(0)];
  listed = 0;
  #event = 0;
  #seen = 0;

  constructor(transfers: Rows, events: Rows) {
    this.#transfers = transfers;
    this.#events = events;
  }

  get cold(): ColdLists {
    return this.#cold;
  }

  /** Lets stretches leave the memory whose rows all lie in `cold`. */
  set cold(cold: ColdLists) {
    this.#cold = cold;
    if (cold.to > this.listed) {
      this.listed = cold.to;
      this.#event = cold.to < this.#transfers.count ? eventOf(this.#events, cold.to) : this.#events.count;
      this.#stretches = [new Stretch(cold.to)];
    }
    while (this.#stretches.length > 1 && this.#stretches[1]!.from <= cold.to) this.#stretches.shift();
  }

  count(field: Field, value: number | bigint): number {
    let count = 0;
    for (const stretch of this.#stretches) count += stretch.count(field, value);
    if (this.#cold.runs.length === 0) return count;
    const key = keyOf(field, value);
    for (const run of this.#cold.runs) count += countIn(run, key);
    return count;
  }

  scan(field: Field, value: number | bigint, low: number, high: number, reversed: boolean, visit: Visit): void {
    const inMemory = (stretch: Stretch, from: number, see: Visit) => stretch.scan(field, value, from, high, reversed, see);
    this.#scan(() => keyOf(field, value), inMemory, low, high, reversed, visit);
  }

  /** Visits the transfers of an account's row, on either side. */
  scanAccount(account: number, low: number, high: number, reversed: boolean, visit: Visit): void {
    const inMemory = (stretch: Stretch, from: number, see: Visit) => stretch.scanAccount(account, from, high, reversed, see);
    this.#scan(() => nearKey('account', account), inMemory, low, high, reversed, visit);
  }

  #scan(
    key: () => ListKey,
    inMemory: (stretch: Stretch, low: number, visit: Visit) => void,
    low: number,
    high: number,
    reversed: boolean,
    visit: Visit,
  ): void {
    let goesOn = true;
    const see = (row: number) => (goesOn = visit(row));
    const { to, runs } = this.#cold;
    const parts: (() => void)[] = [];
    if (low < to && runs.length > 0) {
      const words = key();
      for (const run of runs) parts.push(() => scanIn(run, words, low, Math.min(high, to - 1), reversed, see));
    }
    for (const stretch of this.#stretches) parts.push(() => inMemory(stretch, Math.max(low, to), see));
    if (reversed) parts.reverse();
    for (const part of parts) if (goesOn) part();
  }

  /** Lists up to `rows` more transfers. Events name the rows of their accounts, and come in the order of the transfers. */
  catchUp(rows = Number.POSITIVE_INFINITY): void {
    const end = Math.min(this.#transfers.count, this.listed + rows);
    while (this.listed < end) {
      if (this.listed - this.#stretches.at(-1)!.from >= listRowsMax) this.#stretches.push(new Stretch(this.listed));
      this.#listSome(this.#stretches.at(-1)!, Math.min(end, this.listed + groupRows));
    }
  }

  #listSome(stretch: Stretch, end: number): void {
    this.#look(stretch, end - this.listed);
    for (; this.listed < end; this.#event += 1) {
      const event = this.#events.chunk(this.#event);
      const at = this.#events.base(this.#event);
      if (event[at + eventColumn.status] === pendingStatus.expired) continue;
      const row = event[at + eventColumn.transfer]!;
      stretch.append(event[at + eventColumn.debitRow]!, row);
      stretch.append(event[at + eventColumn.creditRow]!, row);
      stretch.list(this.#transfers.chunk(row), this.#transfers.base(row), row);
      this.listed += 1;
    }
  }

  /** Looks at the lists that some events go into. These reads wait for no other, so that memory brings them all at once. */
  #look(stretch: Stretch, count: number): void {
    const end = Math.min(this.#events.count, this.#event + count);
    let seen = 0;
    for (let event = this.#event; event < end; event += 1) {
      const chunk = this.#events.chunk(event);
      const at = this.#events.base(event);
      seen ^= stretch.look(chunk[at + eventColumn.debitRow]!);
      seen ^= stretch.look(chunk[at + eventColumn.creditRow]!);
    }
    this.#seen = seen;
  }

  /** What was looked at, so that the looking is not left out. */
  get seen(): number {
    return this.#seen;
  }
}
