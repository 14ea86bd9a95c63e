import { accountFlag, transferFlag } from '#wire/tigerbeetle/record.ts';
import { transferStatus as status } from '#wire/tigerbeetle/status.ts';
import { compare, compareTime, isMax, isSame, isZero } from './amount.ts';
import { column, pendingStatus } from './column.ts';
import { insertRow, regresses } from './create-account.ts';
import { recordEvent } from './event.ts';
import { absent, burnt } from './id-index.ts';
import { add, admit, type Moved, type Sides, writeMoved } from './move.ts';
import { createResolution, resolutionExists } from './resolve-transfer.ts';
import type { State } from './state.ts';

const knownFlags = 0x1ff;
const resolving = transferFlag.post | transferFlag.void;
const closing = transferFlag.closingDebit | transferFlag.closingCredit;
const balancing = transferFlag.balancingDebit | transferFlag.balancingCredit;
const moved: Moved = { small: 0, big: 0n };
const sides: Sides = { debit: new Int32Array(0), debitBase: 0, credit: new Int32Array(0), creditBase: 0 };

/**
 * Creates the transfer at `at` of `words`, in the reference's order of checks; answers its status. The rows are those of the
 * accounts that it names.
 */
export function createTransfer(
  state: State,
  words: Int32Array,
  at: number,
  high: number,
  low: number,
  debitRow: number,
  creditRow: number,
): number {
  const flags = words[at + column.code]! >>> 16;
  if ((flags & ~knownFlags) !== 0) return status.reservedFlag;
  if (isZero(words, at)) return status.idMustNotBeZero;
  if (isMax(words, at)) return status.idMustNotBeIntMax;
  const known = state.transferIndex.findHashed(state.idHash, words, at);
  if (known >= 0) return existing(state, words, at, known, flags);
  if (known === burnt) return status.idAlreadyFailed;
  if ((flags & resolving) !== 0) return createResolution(state, words, at, high, low, flags);
  const malformed = wellFormed(words, at, flags);
  if (malformed !== 0) return malformed;
  if (debitRow === absent) return status.debitAccountNotFound;
  if (creditRow === absent) return status.creditAccountNotFound;
  sides.debit = state.accounts.chunk(debitRow);
  sides.debitBase = state.accounts.base(debitRow);
  sides.credit = state.accounts.chunk(creditRow);
  sides.creditBase = state.accounts.base(creditRow);
  const misplaced = fits(state, words, at, flags);
  if (misplaced !== 0) return misplaced;
  const imported = (flags & transferFlag.imported) !== 0;
  state.madeHigh = imported ? words[at + column.timestamp + 1]! : high;
  state.madeLow = imported ? words[at + column.timestamp]! : low;
  const lasts = words[at + column.timeout] === 0 || timeoutFits(state, words[at + column.timeout]! >>> 0);
  const refused = admit(sides, words, at, flags, lasts, moved);
  if (refused !== 0) return refused;
  commit(state, words, at, flags, debitRow, creditRow);
  return status.created;
}

/** Checks that look at the event alone. */
function wellFormed(words: Int32Array, at: number, flags: number): number {
  if (isZero(words, at + column.debitAccount)) return status.debitAccountIdMustNotBeZero;
  if (isMax(words, at + column.debitAccount)) return status.debitAccountIdMustNotBeIntMax;
  if (isZero(words, at + column.creditAccount)) return status.creditAccountIdMustNotBeZero;
  if (isMax(words, at + column.creditAccount)) return status.creditAccountIdMustNotBeIntMax;
  if (isSame(words, at + column.debitAccount, words, at + column.creditAccount)) return status.accountsMustBeDifferent;
  if (!isZero(words, at + column.pendingId)) return status.pendingIdMustBeZero;
  if ((flags & transferFlag.pending) === 0) {
    if (words[at + column.timeout] !== 0) return status.timeoutReservedForPendingTransfer;
    if ((flags & closing) !== 0) return status.closingTransferMustBePending;
  }
  if (words[at + column.ledger] === 0) return status.ledgerMustNotBeZero;
  return (words[at + column.code]! & 0xffff) === 0 ? status.codeMustNotBeZero : 0;
}

/** Checks that look at the accounts: their ledger, an imported timestamp, whether they are closed. */
function fits(state: State, words: Int32Array, at: number, flags: number): number {
  const { debit, debitBase, credit, creditBase } = sides;
  if (debit[debitBase + column.ledger] !== credit[creditBase + column.ledger]) return status.accountsMustHaveTheSameLedger;
  if (words[at + column.ledger] !== debit[debitBase + column.ledger]) return status.transferMustHaveTheSameLedgerAsAccounts;
  if ((flags & transferFlag.imported) !== 0) {
    if (regresses(state.transfers, state.accounts, words, at)) return status.importedEventTimestampMustNotRegress;
    const high = words[at + column.timestamp + 1]!;
    const low = words[at + column.timestamp]!;
    if (compareTime(debit, debitBase + column.timestamp, high, low) >= 0) return status.importedEventTimestampMustPostdateDebitAccount;
    if (compareTime(credit, creditBase + column.timestamp, high, low) >= 0) return status.importedEventTimestampMustPostdateCreditAccount;
    if (words[at + column.timeout] !== 0) return status.importedEventTimeoutMustBeZero;
  }
  if (((debit[debitBase + column.code]! >>> 16) & accountFlag.closed) !== 0) return status.debitAccountAlreadyClosed;
  return ((credit[creditBase + column.code]! >>> 16) & accountFlag.closed) !== 0 ? status.creditAccountAlreadyClosed : 0;
}

/** Whether the timestamp and the timeout together still fit 63 bits. */
function timeoutFits(state: State, timeoutSeconds: number): boolean {
  const time = (BigInt(state.madeHigh >>> 0) << 32n) | BigInt(state.madeLow >>> 0);
  return time + BigInt(timeoutSeconds) * 1_000_000_000n < 1n << 63n;
}

/** After this point the transfer succeeds. */
function commit(state: State, words: Int32Array, at: number, flags: number, debitRow: number, creditRow: number): void {
  const { debit, debitBase, credit, creditBase } = sides;
  const { transfers, undo } = state;
  const row = transfers.count;
  insertRow(state, transfers, words, at);
  const chunk = transfers.chunk(row);
  const base = transfers.base(row);
  writeMoved(chunk, base + column.amount, moved);
  state.transferIndex.addHashed(state.idHash, row);
  if (undo.open) {
    undo.account(debit, debitBase, debitRow);
    undo.account(credit, creditBase, creditRow);
  }
  const isPending = (flags & transferFlag.pending) !== 0;
  add(debit, debitBase + (isPending ? column.debitsPending : column.debitsPosted), moved, 1);
  add(credit, creditBase + (isPending ? column.creditsPending : column.creditsPosted), moved, 1);
  if ((flags & transferFlag.closingDebit) !== 0) debit[debitBase + column.code]! |= accountFlag.closed << 16;
  if ((flags & transferFlag.closingCredit) !== 0) credit[creditBase + column.code]! |= accountFlag.closed << 16;
  const outcome = isPending ? pendingStatus.pending : pendingStatus.none;
  if (isPending) state.status.set(row, outcome);
  if (words[at + column.timeout] !== 0) state.batch.timed = true;
  recordEvent(state, row, outcome, debitRow, creditRow);
}

/** The id is there already: the same transfer again, or another one. */
function existing(state: State, words: Int32Array, at: number, row: number, flags: number): number {
  const chunk = state.transfers.chunk(row);
  const base = state.transfers.base(row);
  if (flags !== chunk[base + column.code]! >>> 16) return status.existsWithDifferentFlags;
  if (!isSame(words, at + column.pendingId, chunk, base + column.pendingId)) return status.existsWithDifferentPendingId;
  if (words[at + column.timeout] !== chunk[base + column.timeout]) return status.existsWithDifferentTimeout;
  const different =
    (flags & resolving) !== 0 ? resolutionExists(state, words, at, chunk, base, flags) : plainExists(words, at, chunk, base, flags);
  if (different !== 0) return different;
  state.madeHigh = chunk[base + column.timestamp + 1]!;
  state.madeLow = chunk[base + column.timestamp]!;
  return status.exists;
}

function plainExists(words: Int32Array, at: number, chunk: Int32Array, base: number, flags: number): number {
  if (!isSame(words, at + column.debitAccount, chunk, base + column.debitAccount)) return status.existsWithDifferentDebitAccountId;
  if (!isSame(words, at + column.creditAccount, chunk, base + column.creditAccount)) return status.existsWithDifferentCreditAccountId;
  // A balancing transfer asks for a most; what was moved is at most that.
  const difference = compare(words, at + column.amount, chunk, base + column.amount);
  if ((flags & balancing) !== 0 ? difference < 0 : difference !== 0) return status.existsWithDifferentAmount;
  if (!isSame(words, at + column.userData128, chunk, base + column.userData128)) return status.existsWithDifferentUserData128;
  if (
    words[at + column.userData64] !== chunk[base + column.userData64] ||
    words[at + column.userData64 + 1] !== chunk[base + column.userData64 + 1]
  )
    return status.existsWithDifferentUserData64;
  if (words[at + column.userData32] !== chunk[base + column.userData32]) return status.existsWithDifferentUserData32;
  if (words[at + column.ledger] !== chunk[base + column.ledger]) return status.existsWithDifferentLedger;
  return (words[at + column.code]! & 0xffff) !== (chunk[base + column.code]! & 0xffff) ? status.existsWithDifferentCode : 0;
}

/** The time at which a pending transfer expires; undefined when it does not. */
export function expiresAt(chunk: Int32Array, base: number): bigint | undefined {
  const timeout = chunk[base + column.timeout]! >>> 0;
  if (timeout === 0) return undefined;
  const high = BigInt(chunk[base + column.timestamp + 1]! >>> 0);
  return ((high << 32n) | BigInt(chunk[base + column.timestamp]! >>> 0)) + BigInt(timeout) * 1_000_000_000n;
}
