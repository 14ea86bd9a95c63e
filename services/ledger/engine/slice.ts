import { idWidth } from './cold-id.ts';
import { nearList, nearWidth, wideList, wideWidth } from './cold-list.ts';
import { column, eventColumn, pendingStatus } from './column.ts';
import { eventOf } from './event.ts';
import { burntBit } from './id-index.ts';
import type { State } from './state.ts';

/** Rows from `from` to `to` of transfers and of burnt ids; the ends are not included. */
export type Span = { readonly from: number; readonly to: number; readonly burntFrom: number; readonly burntTo: number };

/** The ids of some rows as entries of a run, in no order. */
export function idEntries(state: State, { from, to, burntFrom, burntTo }: Span): Int32Array {
  const out = new Int32Array((to - from + burntTo - burntFrom) * idWidth);
  let at = 0;
  const put = (chunk: Int32Array, base: number, value: number) => {
    for (let word = 0; word < 4; word += 1) out[at + word] = chunk[base + 3 - word]!;
    out[at + 4] = value;
    at += idWidth;
  };
  for (let row = from; row < to; row += 1) put(state.transfers.chunk(row), state.transfers.base(row), row + 1);
  for (let row = burntFrom; row < burntTo; row += 1) put(state.burnt.chunk(row), state.burnt.base(row), (row + 1) | burntBit);
  return out;
}

/** The lists that some transfers are in as entries of runs, in no order. */
export function listEntries(state: State, from: number, to: number): { near: Int32Array; wide: Int32Array } {
  const near = new Int32Array((to - from) * 5 * nearWidth);
  const wide = new Int32Array((to - from) * 2 * wideWidth);
  let nearAt = 0;
  let wideAt = 0;
  const put = (kind: number, value: number, row: number) => {
    near[nearAt] = kind;
    near[nearAt + 1] = value;
    near[nearAt + 2] = row;
    nearAt += nearWidth;
  };
  const putWide = (kind: number, chunk: Int32Array, at: number, words: number, row: number) => {
    let any = 0;
    for (let word = 0; word < words; word += 1) any |= chunk[at + word]!;
    if (any === 0) return;
    wide[wideAt] = kind;
    for (let word = 0; word < 4; word += 1) wide[wideAt + 4 - word] = word < words ? chunk[at + word]! : 0;
    wide[wideAt + 5] = row;
    wideAt += wideWidth;
  };
  let event = from < to ? eventOf(state.events, from) : 0;
  for (let row = from; row < to; event += 1) {
    const happened = state.events.chunk(event);
    const at = state.events.base(event);
    if (happened[at + eventColumn.status] === pendingStatus.expired) continue;
    const chunk = state.transfers.chunk(row);
    const base = state.transfers.base(row);
    put(nearList.account, happened[at + eventColumn.debitRow]!, row);
    put(nearList.account, happened[at + eventColumn.creditRow]!, row);
    put(nearList.ledger, chunk[base + column.ledger]!, row);
    put(nearList.code, chunk[base + column.code]! & 0xffff, row);
    if (chunk[base + column.userData32] !== 0) put(nearList.userData32, chunk[base + column.userData32]!, row);
    putWide(wideList.userData64, chunk, base + column.userData64, 2, row);
    putWide(wideList.userData128, chunk, base + column.userData128, 4, row);
    row += 1;
  }
  return { near: near.subarray(0, nearAt), wide: wide.subarray(0, wideAt) };
}
