import { accountFlag } from '#wire/tigerbeetle/record.ts';
import { accountStatus as status } from '#wire/tigerbeetle/status.ts';
import { compareTime, isMax, isSame, isZero } from './amount.ts';
import { column } from './column.ts';
import { copyWords, type Rows } from './rows.ts';
import type { State } from './state.ts';

const knownFlags = 0x3f;
const bothLimits = accountFlag.debitsMustNotExceedCredits | accountFlag.creditsMustNotExceedDebits;

/** Creates the account at `at` of `words`, in the reference's order of checks; answers its status. */
export function createAccount(state: State, words: Int32Array, at: number, high: number, low: number): number {
  const flags = words[at + column.code]! >>> 16;
  if (words[at + column.timeout] !== 0) return status.reservedField;
  if ((flags & ~knownFlags) !== 0) return status.reservedFlag;
  if (isZero(words, at)) return status.idMustNotBeZero;
  if (isMax(words, at)) return status.idMustNotBeIntMax;
  const known = state.accountIndex.find(words, at);
  if (known >= 0) return existing(state, words, at, known);
  if ((flags & bothLimits) === bothLimits) return status.flagsAreMutuallyExclusive;
  if (!isZero(words, at + column.debitsPending)) return status.debitsPendingMustBeZero;
  if (!isZero(words, at + column.debitsPosted)) return status.debitsPostedMustBeZero;
  if (!isZero(words, at + column.creditsPending)) return status.creditsPendingMustBeZero;
  if (!isZero(words, at + column.creditsPosted)) return status.creditsPostedMustBeZero;
  if (words[at + column.ledger] === 0) return status.ledgerMustNotBeZero;
  if ((words[at + column.code]! & 0xffff) === 0) return status.codeMustNotBeZero;
  const imported = (flags & accountFlag.imported) !== 0;
  if (imported && regresses(state.accounts, state.transfers, words, at)) return status.importedEventTimestampMustNotRegress;
  state.madeHigh = imported ? words[at + column.timestamp + 1]! : high;
  state.madeLow = imported ? words[at + column.timestamp]! : low;
  insertRow(state, state.accounts, words, at);
  state.accountIndex.add(words, at, state.accounts.count - 1);
  return status.created;
}

/** Appends a record as it was sent, with its timestamp. */
export function insertRow(state: State, rows: Rows, words: Int32Array, at: number): void {
  const chunk = rows.room();
  const base = rows.base(rows.count);
  copyWords(words, at, chunk, base, rows.width);
  chunk[base + column.timestamp] = state.madeLow;
  chunk[base + column.timestamp + 1] = state.madeHigh;
  rows.count += 1;
}

function existing(state: State, words: Int32Array, at: number, row: number): number {
  const chunk = state.accounts.chunk(row);
  const base = state.accounts.base(row);
  if (words[at + column.code]! >>> 16 !== chunk[base + column.code]! >>> 16) return status.existsWithDifferentFlags;
  if (!isSame(words, at + column.userData128, chunk, base + column.userData128)) return status.existsWithDifferentUserData128;
  if (words[at + column.userData64] !== chunk[base + column.userData64]) return status.existsWithDifferentUserData64;
  if (words[at + column.userData64 + 1] !== chunk[base + column.userData64 + 1]) return status.existsWithDifferentUserData64;
  if (words[at + column.userData32] !== chunk[base + column.userData32]) return status.existsWithDifferentUserData32;
  if (words[at + column.ledger] !== chunk[base + column.ledger]) return status.existsWithDifferentLedger;
  if ((words[at + column.code]! & 0xffff) !== (chunk[base + column.code]! & 0xffff)) return status.existsWithDifferentCode;
  state.madeHigh = chunk[base + column.timestamp + 1]!;
  state.madeLow = chunk[base + column.timestamp]!;
  return status.exists;
}

/** Whether an imported record is not younger than its own kind's last, or shares its timestamp with one of the other kind. */
export function regresses(own: Rows, other: Rows, words: Int32Array, at: number): boolean {
  const high = words[at + column.timestamp + 1]!;
  const low = words[at + column.timestamp]!;
  if (own.count > 0) {
    const last = own.count - 1;
    if (compareTime(own.chunk(last), own.base(last) + column.timestamp, high, low) >= 0) return true;
  }
  const row = firstFrom(other, high, low);
  return row < other.count && compareTime(other.chunk(row), other.base(row) + column.timestamp, high, low) === 0;
}

/** The first row whose timestamp is not before the one given; the number of rows when there is none. */
export function firstFrom(rows: Rows, high: number, low: number, timestampAt: number = column.timestamp): number {
  let from = 0;
  let to = rows.count;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (compareTime(rows.chunk(middle), rows.base(middle) + timestampAt, high, low) < 0) from = middle + 1;
    else to = middle;
  }
  return from;
}
