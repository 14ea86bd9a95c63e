import { filterFlag, queryFlag, accountFlag, type AccountFilter, type QueryFilter } from '#wire/tigerbeetle/record.ts';
import { isSame, readBig, readTime, writeBig } from './amount.ts';
import type { Field, Lists } from './account-list.ts';
import { column, eventColumn, recordWords } from './column.ts';
import { eventOf } from './event.ts';
import { firstFrom } from './create-account.ts';
import { copyWords, type Rows } from './rows.ts';
import type { State } from './state.ts';

const timeMax = (1n << 63n) - 1n;
const max128 = (1n << 128n) - 1n;

type Range = { readonly timestampMin: bigint; readonly timestampMax: bigint; readonly limit: number; readonly reserved: boolean };

/** Whether the parts that all filters share are well-formed. */
function isRange(filter: Range): boolean {
  const { timestampMin: from, timestampMax: to } = filter;
  return from <= timeMax && to <= timeMax && (to === 0n || from <= to) && filter.limit !== 0 && !filter.reserved;
}

/** The rows between two timestamps, both included; zero means no bound. */
function rowsBetween(rows: Rows, from: bigint, to: bigint, timestampAt: number = column.timestamp): readonly [low: number, high: number] {
  const at = (time: bigint) => firstFrom(rows, Number(time >> 32n), Number(time & 0xffff_ffffn), timestampAt);
  return [from === 0n ? 0 : at(from), (to === 0n ? rows.count : at(to + 1n)) - 1];
}

/** Where results go: rows are appended until there are `limit`. */
export type Results = { words: Int32Array; at: number; count: number; limit: number };

function emit(results: Results, rows: Rows, row: number): boolean {
  copyWords(rows.chunk(row), rows.base(row), results.words, results.at, recordWords);
  results.at += recordWords;
  results.count += 1;
  return results.count < results.limit;
}

type Condition = { readonly value: number | bigint; readonly field: Field };

function conditionsOf(filter: Partial<QueryFilter>): Condition[] {
  const all: Condition[] = [
    { field: 'userData128', value: filter.userData128 ?? 0n },
    { field: 'userData64', value: filter.userData64 ?? 0n },
    { field: 'userData32', value: filter.userData32 ?? 0 },
    { field: 'ledger', value: filter.ledger ?? 0 },
    { field: 'code', value: filter.code ?? 0 },
  ];
  return all.filter(({ value }) => value !== 0 && value !== 0n);
}

function holds(chunk: Int32Array, base: number, { field, value }: Condition): boolean {
  if (field === 'userData128') return readBig(chunk, base + column.userData128) === value;
  if (field === 'userData64') return readTime(chunk, base + column.userData64) === value;
  if (field === 'userData32') return chunk[base + column.userData32]! >>> 0 === value;
  if (field === 'ledger') return chunk[base + column.ledger]! >>> 0 === value;
  return (chunk[base + column.code]! & 0xffff) === value;
}

/** Rows that fulfil every condition, by the shortest list that one of them names; without one, all rows of the range. */
function query(rows: Rows, lists: Lists, filter: QueryFilter & { reserved: boolean }, results: Results): void {
  if (!isRange(filter) || (filter.flags & ~queryFlag.reversed) !== 0) return;
  const [low, high] = rowsBetween(rows, filter.timestampMin, filter.timestampMax);
  const reversed = (filter.flags & queryFlag.reversed) !== 0;
  const conditions = conditionsOf(filter);
  const visit = (row: number): boolean => {
    const chunk = rows.chunk(row);
    const base = rows.base(row);
    for (const condition of conditions) if (!holds(chunk, base, condition)) return true;
    return emit(results, rows, row);
  };
  const counted = conditions.map((condition) => ({ ...condition, count: lists.count(condition.field, condition.value) }));
  const [shortest] = counted.sort((one, other) => one.count - other.count);
  if (shortest) lists.scan(shortest.field, shortest.value, low, high, reversed, visit);
  else if (reversed) for (let row = high; row >= low && visit(row); row -= 1);
  else for (let row = low; row <= high && visit(row); row += 1);
}

export function queryAccounts(state: State, filter: QueryFilter & { reserved: boolean }, results: Results): void {
  state.accountLists.catchUp();
  query(state.accounts, state.accountLists, filter, results);
}

export function queryTransfers(state: State, filter: QueryFilter & { reserved: boolean }, results: Results): void {
  state.transferLists.catchUp();
  query(state.transfers, state.transferLists, filter, results);
}

const idWords = new Int32Array(4);

/** The transfers of one account that a filter asks for, in order; `visit` gets their rows. */
function accountRows(
  state: State,
  filter: AccountFilter & { reserved: boolean },
  visit: (row: number, accountRow: number) => boolean,
  mayQuery: (accountRow: number) => boolean = () => true,
): void {
  const { debits, credits, reversed } = filterFlag;
  const isAsked = (filter.flags & (debits | credits)) !== 0 && (filter.flags & ~(debits | credits | reversed)) === 0;
  if (!isRange(filter) || !isAsked || filter.accountId === 0n || filter.accountId === max128) return;
  writeBig(idWords, 0, filter.accountId);
  const account = state.accountIndex.find(idWords, 0);
  if (account < 0 || !mayQuery(account)) return;
  state.transferLists.catchUp();
  const conditions = conditionsOf({ ...filter, ledger: 0 });
  const [low, high] = rowsBetween(state.transfers, filter.timestampMin, filter.timestampMax);
  state.transferLists.scanAccount(account, low, high, (filter.flags & reversed) !== 0, (row) => {
    const chunk = state.transfers.chunk(row);
    const base = state.transfers.base(row);
    const isDebit = isSame(idWords, 0, chunk, base + column.debitAccount);
    if ((filter.flags & (isDebit ? debits : credits)) === 0) return true;
    for (const condition of conditions) if (!holds(chunk, base, condition)) return true;
    return visit(row, account);
  });
}

export function getAccountTransfers(state: State, filter: AccountFilter & { reserved: boolean }, results: Results): void {
  accountRows(state, filter, (row) => emit(results, state.transfers, row));
}

/** Balances after each transfer of an account that keeps its history. */
export function getAccountBalances(state: State, filter: AccountFilter & { reserved: boolean }, results: Results): void {
  const keepsHistory = (row: number) =>
    ((state.accounts.chunk(row)[state.accounts.base(row) + column.code]! >>> 16) & accountFlag.history) !== 0;
  accountRows(
    state,
    filter,
    (row, account) => {
      const event = eventOf(state.events, row);
      const chunk = state.events.chunk(event);
      const base = state.events.base(event);
      const side = chunk[base + eventColumn.debitRow] === account ? eventColumn.debit : eventColumn.credit;
      results.words.fill(0, results.at, results.at + recordWords);
      copyWords(chunk, base + side, results.words, results.at, 16);
      copyWords(chunk, base + eventColumn.timestamp, results.words, results.at + 16, 2);
      results.at += recordWords;
      results.count += 1;
      return results.count < results.limit;
    },
    keepsHistory,
  );
}
