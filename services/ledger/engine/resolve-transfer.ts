import { accountFlag, transferFlag } from '#wire/tigerbeetle/record.ts';
import { transferStatus as status } from '#wire/tigerbeetle/status.ts';
import { compare, isMax, isSame, isZero, readTime } from './amount.ts';
import { column, pendingStatus } from './column.ts';
import { insertRow, regresses } from './create-account.ts';
import { recordEvent } from './event.ts';
import { add, type Moved, readMoved, writeMoved } from './move.ts';
import { copyWords } from './rows.ts';
import type { State } from './state.ts';

const unfit =
  transferFlag.pending |
  transferFlag.balancingDebit |
  transferFlag.balancingCredit |
  transferFlag.closingDebit |
  transferFlag.closingCredit;
const both = transferFlag.post | transferFlag.void;
const taken: Moved = { small: 0, big: 0n };
const given: Moved = { small: 0, big: 0n };

/** Posts or voids a pending transfer. */
export function createResolution(state: State, words: Int32Array, at: number, high: number, low: number, flags: number): number {
  if ((flags & both) === both || (flags & unfit) !== 0) return status.flagsAreMutuallyExclusive;
  if (isZero(words, at + column.pendingId)) return status.pendingIdMustNotBeZero;
  if (isMax(words, at + column.pendingId)) return status.pendingIdMustNotBeIntMax;
  if (isSame(words, at + column.pendingId, words, at)) return status.pendingIdMustBeDifferent;
  if (words[at + column.timeout] !== 0) return status.timeoutReservedForPendingTransfer;
  const pending = state.transferIndex.find(words, at + column.pendingId);
  if (pending < 0) return status.pendingTransferNotFound;
  const chunk = state.transfers.chunk(pending);
  const base = state.transfers.base(pending);
  if (((chunk[base + column.code]! >>> 16) & transferFlag.pending) === 0) return status.pendingTransferNotPending;
  const different = matches(words, at, chunk, base, flags);
  if (different !== 0) return different;
  const over = alreadyOver(state, chunk, base, pending, high, low);
  if (over !== 0) return over;
  const imported = (flags & transferFlag.imported) !== 0;
  if (imported && regresses(state.transfers, state.accounts, words, at)) return status.importedEventTimestampMustNotRegress;
  const debitRow = state.accountIndex.find(chunk, base + column.debitAccount);
  const creditRow = state.accountIndex.find(chunk, base + column.creditAccount);
  if ((flags & transferFlag.void) === 0) {
    if (isClosed(state, debitRow)) return status.debitAccountAlreadyClosed;
    if (isClosed(state, creditRow)) return status.creditAccountAlreadyClosed;
  }
  state.madeHigh = imported ? words[at + column.timestamp + 1]! : high;
  state.madeLow = imported ? words[at + column.timestamp]! : low;
  insertResolution(state, words, at, chunk, base, flags);
  settle(state, chunk, base, pending, debitRow, creditRow, flags);
  return status.created;
}

const isClosed = (state: State, row: number): boolean =>
  ((state.accounts.chunk(row)[state.accounts.base(row) + column.code]! >>> 16) & accountFlag.closed) !== 0;

/** Whether what the event names fits the pending transfer; zero fields are taken from it. */
function matches(words: Int32Array, at: number, chunk: Int32Array, base: number, flags: number): number {
  if (!isZero(words, at + column.debitAccount) && !isSame(words, at + column.debitAccount, chunk, base + column.debitAccount))
    return status.pendingTransferHasDifferentDebitAccountId;
  if (!isZero(words, at + column.creditAccount) && !isSame(words, at + column.creditAccount, chunk, base + column.creditAccount))
    return status.pendingTransferHasDifferentCreditAccountId;
  if (words[at + column.ledger] !== 0 && words[at + column.ledger] !== chunk[base + column.ledger])
    return status.pendingTransferHasDifferentLedger;
  const code = words[at + column.code]! & 0xffff;
  if (code !== 0 && code !== (chunk[base + column.code]! & 0xffff)) return status.pendingTransferHasDifferentCode;
  if (takesWhole(words, at, flags)) return 0;
  const difference = compare(words, at + column.amount, chunk, base + column.amount);
  if (difference > 0) return status.exceedsPendingTransferAmount;
  return (flags & transferFlag.void) !== 0 && difference < 0 ? status.pendingTransferHasDifferentAmount : 0;
}

/** A void of zero and a post of the largest amount mean the whole pending amount. */
const takesWhole = (words: Int32Array, at: number, flags: number): boolean =>
  (flags & transferFlag.void) !== 0 ? isZero(words, at + column.amount) : isMax(words, at + column.amount);

function alreadyOver(state: State, chunk: Int32Array, base: number, pending: number, high: number, low: number): number {
  const now = state.status.get(pending);
  if (now === pendingStatus.posted) return status.pendingTransferAlreadyPosted;
  if (now === pendingStatus.voided) return status.pendingTransferAlreadyVoided;
  if (now === pendingStatus.expired) return status.pendingTransferExpired;
  const timeout = chunk[base + column.timeout]! >>> 0;
  if (timeout === 0) return 0;
  const expires = readTime(chunk, base + column.timestamp) + BigInt(timeout) * 1_000_000_000n;
  return expires <= ((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)) ? status.pendingTransferExpired : 0;
}

/** Appends the event with everything that it leaves out taken from the pending transfer. */
function insertResolution(state: State, words: Int32Array, at: number, chunk: Int32Array, base: number, flags: number): void {
  const { transfers } = state;
  const whole = takesWhole(words, at, flags);
  readMoved(whole ? chunk : words, (whole ? base : at) + column.amount, given);
  const row = transfers.count;
  insertRow(state, transfers, words, at);
  const own = transfers.chunk(row);
  const to = transfers.base(row);
  copyWords(chunk, base + column.debitAccount, own, to + column.debitAccount, 8);
  writeMoved(own, to + column.amount, given);
  if (isZero(own, to + column.userData128)) copyWords(chunk, base + column.userData128, own, to + column.userData128, 4);
  if ((own[to + column.userData64]! | own[to + column.userData64 + 1]!) === 0)
    copyWords(chunk, base + column.userData64, own, to + column.userData64, 2);
  if (own[to + column.userData32] === 0) own[to + column.userData32] = chunk[base + column.userData32]!;
  own[to + column.ledger] = chunk[base + column.ledger]!;
  own[to + column.code] = (chunk[base + column.code]! & 0xffff) | (flags << 16);
  state.transferIndex.addHashed(state.idHash, row);
}

/** Moves the balances: the whole pending amount goes, what is posted comes. */
function settle(state: State, chunk: Int32Array, base: number, pending: number, debitRow: number, creditRow: number, flags: number): void {
  const { accounts, undo } = state;
  const debit = accounts.chunk(debitRow);
  const debitBase = accounts.base(debitRow);
  const credit = accounts.chunk(creditRow);
  const creditBase = accounts.base(creditRow);
  if (undo.open) {
    undo.account(debit, debitBase, debitRow);
    undo.account(credit, creditBase, creditRow);
    undo.resolved(pending);
  }
  readMoved(chunk, base + column.amount, taken);
  add(debit, debitBase + column.debitsPending, taken, -1);
  add(credit, creditBase + column.creditsPending, taken, -1);
  const posts = (flags & transferFlag.post) !== 0;
  if (posts) {
    add(debit, debitBase + column.debitsPosted, given, 1);
    add(credit, creditBase + column.creditsPosted, given, 1);
  } else reopen(chunk, base, debit, debitBase, credit, creditBase);
  const outcome = posts ? pendingStatus.posted : pendingStatus.voided;
  state.status.set(pending, outcome);
  recordEvent(state, state.transfers.count - 1, outcome, debitRow, creditRow);
}

/** Opens the accounts again that a pending transfer closed. */
export function reopen(
  chunk: Int32Array,
  base: number,
  debit: Int32Array,
  debitBase: number,
  credit: Int32Array,
  creditBase: number,
): void {
  const flags = chunk[base + column.code]! >>> 16;
  if ((flags & transferFlag.closingDebit) !== 0) debit[debitBase + column.code]! &= ~(accountFlag.closed << 16);
  if ((flags & transferFlag.closingCredit) !== 0) credit[creditBase + column.code]! &= ~(accountFlag.closed << 16);
}

/** Whether a post or void that is there already is the same as the one at `at`; zero when it is. */
export function resolutionExists(state: State, words: Int32Array, at: number, chunk: Int32Array, base: number, flags: number): number {
  const pending = state.transferIndex.find(words, at + column.pendingId);
  const source = state.transfers.chunk(pending);
  const from = state.transfers.base(pending);
  if (!isZero(words, at + column.debitAccount) && !isSame(words, at + column.debitAccount, chunk, base + column.debitAccount))
    return status.existsWithDifferentDebitAccountId;
  if (!isZero(words, at + column.creditAccount) && !isSame(words, at + column.creditAccount, chunk, base + column.creditAccount))
    return status.existsWithDifferentCreditAccountId;
  const whole = takesWhole(words, at, flags);
  if (!isSame(whole ? source : words, (whole ? from : at) + column.amount, chunk, base + column.amount))
    return status.existsWithDifferentAmount;
  const kept128 = isZero(words, at + column.userData128);
  if (!isSame(kept128 ? source : words, (kept128 ? from : at) + column.userData128, chunk, base + column.userData128))
    return status.existsWithDifferentUserData128;
  const kept64 = (words[at + column.userData64]! | words[at + column.userData64 + 1]!) === 0;
  const words64 = kept64 ? source : words;
  const at64 = (kept64 ? from : at) + column.userData64;
  if (words64[at64] !== chunk[base + column.userData64] || words64[at64 + 1] !== chunk[base + column.userData64 + 1])
    return status.existsWithDifferentUserData64;
  const own32 = words[at + column.userData32] === 0 ? source[from + column.userData32] : words[at + column.userData32];
  if (own32 !== chunk[base + column.userData32]) return status.existsWithDifferentUserData32;
  if (words[at + column.ledger] !== 0 && words[at + column.ledger] !== chunk[base + column.ledger]) return status.existsWithDifferentLedger;
  const code = words[at + column.code]! & 0xffff;
  return code !== 0 && code !== (chunk[base + column.code]! & 0xffff) ? status.existsWithDifferentCode : 0;
}
