import { column, eventColumn } from './column.ts';
import { compareTime } from './amount.ts';
import { copyWords, type Rows } from './rows.ts';
import type { State } from './state.ts';

/** Writes down what happened to two accounts at the timestamp last made, with their balances afterwards. */
export function recordEvent(state: State, transfer: number, status: number, debitRow: number, creditRow: number): void {
  const { events, accounts } = state;
  const chunk = events.room();
  const base = events.base(events.count);
  const debit = accounts.chunk(debitRow);
  const debitBase = accounts.base(debitRow);
  const credit = accounts.chunk(creditRow);
  const creditBase = accounts.base(creditRow);
  chunk[base] = state.madeLow;
  chunk[base + 1] = state.madeHigh;
  chunk[base + eventColumn.transfer] = transfer;
  chunk[base + eventColumn.status] = status;
  chunk[base + eventColumn.debitRow] = debitRow;
  chunk[base + eventColumn.creditRow] = creditRow;
  chunk[base + eventColumn.flags] = (debit[debitBase + column.code]! >>> 16) | (credit[creditBase + column.code]! & ~0xffff);
  chunk[base + eventColumn.made] = state.transfers.count;
  copyWords(debit, debitBase + column.debitsPending, chunk, base + eventColumn.debit, 16);
  copyWords(credit, creditBase + column.debitsPending, chunk, base + eventColumn.credit, 16);
  const row = events.count;
  events.count += 1;
  // Only an imported transfer can be older than what is there: than an expiry.
  const last = state.orderedEvent;
  if (last >= 0 && compareTime(events.chunk(last), events.base(last), state.madeHigh, state.madeLow) > 0) state.lateEvents.push(row);
  else state.orderedEvent = row;
}

/** The event of a transfer's making: the first after which more transfers are made than its row. */
export function eventOf(events: Rows, transfer: number): number {
  let from = transfer;
  let to = events.count - 1;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (events.chunk(middle)[events.base(middle) + eventColumn.made]! > transfer) to = middle;
    else from = middle + 1;
  }
  return from;
}
