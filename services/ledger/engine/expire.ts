import { column, pendingStatus } from './column.ts';
import { expiresAt } from './create-transfer.ts';
import { recordEvent } from './event.ts';
import { expireBatchMax } from './limits.ts';
import { add, type Moved, readMoved } from './move.ts';
import { reopen } from './resolve-transfer.ts';
import type { State } from './state.ts';

const moved: Moved = { small: 0, big: 0n };

/** Whether a pending transfer's time is over at the timestamp given. */
export function isDue(state: State, timestamp: bigint): boolean {
  for (;;) {
    if (state.expiry.row < 0) return false;
    if (isWaiting(state)) return state.expiry.time <= timestamp;
    state.expiry.pop();
  }
}

/** Whether the first entry still stands for a pending transfer; those posted, voided or taken back are left in the heap. */
function isWaiting(state: State): boolean {
  const { row, time } = state.expiry;
  if (row >= state.transfers.count || state.status.get(row) !== pendingStatus.pending) return false;
  return expiresAt(state.transfers.chunk(row), state.transfers.base(row)) === time;
}

/** The rows that expire in one step at the timestamp given, in order of their time; at most `expireBatchMax`. */
function due(state: State, timestamp: bigint): number[] {
  const rows: number[] = [];
  while (rows.length < expireBatchMax && isDue(state, timestamp)) {
    rows.push(state.expiry.row);
    state.expiry.pop();
  }
  return rows;
}

/**
 * Expires what is over at `timestamp`: one event each, whose timestamps end at `timestamp` plus their number less one. Answers
 * the last of them, or the timestamp itself.
 */
export function expire(state: State, timestamp: bigint): bigint {
  let next = timestamp;
  for (;;) {
    const rows = due(state, timestamp);
    if (rows.length === 0) return next === timestamp ? timestamp : next - 1n;
    for (const row of rows) {
      state.madeHigh = Number(next >> 32n);
      state.madeLow = Number(next & 0xffff_ffffn);
      next += 1n;
      expireOne(state, row);
    }
  }
}

function expireOne(state: State, row: number): void {
  const { accounts, transfers } = state;
  const chunk = transfers.chunk(row);
  const base = transfers.base(row);
  const debitRow = state.accountIndex.find(chunk, base + column.debitAccount);
  const creditRow = state.accountIndex.find(chunk, base + column.creditAccount);
  const debit = accounts.chunk(debitRow);
  const debitBase = accounts.base(debitRow);
  const credit = accounts.chunk(creditRow);
  const creditBase = accounts.base(creditRow);
  readMoved(chunk, base + column.amount, moved);
  add(debit, debitBase + column.debitsPending, moved, -1);
  add(credit, creditBase + column.creditsPending, moved, -1);
  reopen(chunk, base, debit, debitBase, credit, creditBase);
  state.status.set(row, pendingStatus.expired);
  recordEvent(state, row, pendingStatus.expired, debitRow, creditRow);
}
