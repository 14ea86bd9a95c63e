import { column, eventColumn } from './column.ts';
import { compareTime } from './amount.ts';
import type { Results } from './query.ts';
import { copyWords } from './rows.ts';
import type { State } from './state.ts';

/** Words of a change event. */
const changeWords = 96;
const out = {
  id: 0,
  amount: 4,
  pendingId: 8,
  userData: 12,
  timeout: 19,
  code: 20,
  ledger: 21,
  type: 22,
  debit: 32,
  credit: 60,
  timestamp: 88,
} as const;

/** Events between two timestamps, both included, oldest first. */
export function getChangeEvents(state: State, from: bigint, to: bigint, results: Results): void {
  const { events, lateEvents: late } = state;
  let next = firstOrdered(state, from);
  let lateNext = late.findIndex((row) => !isBefore(state, row, from));
  if (lateNext < 0) lateNext = late.length;
  const isLate = new Set(late);
  while (results.count < results.limit) {
    while (next < events.count && isLate.has(next)) next += 1;
    const hasLate = lateNext < late.length;
    if (next >= events.count && !hasLate) return;
    const takesLate = hasLate && (next >= events.count || olderOf(state, late[lateNext]!, next));
    const row = takesLate ? late[lateNext]! : next;
    if (to !== 0n && !isBefore(state, row, to + 1n)) return;
    if (takesLate) lateNext += 1;
    else next += 1;
    emitEvent(state, row, results);
  }
}

function isBefore(state: State, row: number, time: bigint): boolean {
  const high = Number(time >> 32n);
  return compareTime(state.events.chunk(row), state.events.base(row), high, Number(time & 0xffff_ffffn)) < 0;
}

function olderOf(state: State, one: number, other: number): boolean {
  const chunk = state.events.chunk(other);
  const base = state.events.base(other);
  return compareTime(state.events.chunk(one), state.events.base(one), chunk[base + 1]!, chunk[base]!) < 0;
}

/** The first event in order that is not before `from`; late events do not count. */
function firstOrdered(state: State, from: bigint): number {
  const isLate = new Set(state.lateEvents);
  let low = 0;
  let high = state.events.count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    let row = middle;
    while (row > low && isLate.has(row)) row -= 1;
    if (!isLate.has(row) && isBefore(state, row, from)) low = middle + 1;
    else if (isLate.has(row)) low = middle + 1;
    else high = row;
  }
  return low;
}

function emitEvent(state: State, row: number, results: Results): void {
  const event = state.events.chunk(row);
  const base = state.events.base(row);
  const transferRow = event[base + eventColumn.transfer]!;
  const transfer = state.transfers.chunk(transferRow);
  const from = state.transfers.base(transferRow);
  const { words, at } = results;
  words.fill(0, at, at + changeWords);
  copyWords(transfer, from + column.id, words, at + out.id, 4);
  copyWords(transfer, from + column.amount, words, at + out.amount, 4);
  copyWords(transfer, from + column.pendingId, words, at + out.pendingId, 4);
  copyWords(transfer, from + column.userData128, words, at + out.userData, 7);
  words[at + out.timeout] = transfer[from + column.timeout]!;
  words[at + out.code] = transfer[from + column.code]!;
  words[at + out.ledger] = transfer[from + column.ledger]!;
  words[at + out.type] = event[base + eventColumn.status]!;
  const flags = event[base + eventColumn.flags]!;
  emitSide(state, event[base + eventColumn.debitRow]!, event, base + eventColumn.debit, words, at + out.debit, flags & 0xffff);
  emitSide(state, event[base + eventColumn.creditRow]!, event, base + eventColumn.credit, words, at + out.credit, flags >>> 16);
  copyWords(event, base, words, at + out.timestamp, 2);
  copyWords(transfer, from + column.timestamp, words, at + out.timestamp + 2, 2);
  const debitRow = event[base + eventColumn.debitRow]!;
  const creditRow = event[base + eventColumn.creditRow]!;
  copyWords(state.accounts.chunk(debitRow), state.accounts.base(debitRow) + column.timestamp, words, at + out.timestamp + 4, 2);
  copyWords(state.accounts.chunk(creditRow), state.accounts.base(creditRow) + column.timestamp, words, at + out.timestamp + 6, 2);
  results.at += changeWords;
  results.count += 1;
}

/** One account as it was after the event: 28 words. */
function emitSide(state: State, row: number, event: Int32Array, balances: number, words: Int32Array, at: number, flags: number): void {
  const account = state.accounts.chunk(row);
  const base = state.accounts.base(row);
  copyWords(account, base + column.id, words, at, 4);
  copyWords(event, balances, words, at + 4, 16);
  copyWords(account, base + column.userData128, words, at + 20, 7);
  words[at + 27] = (account[base + column.code]! & 0xffff) | (flags << 16);
}
