import { accountFlag, transferFlag } from '#wire/tigerbeetle/record.ts';
import { transferStatus as status } from '#wire/tigerbeetle/status.ts';
import { readBig, readSmall, writeBig, writeSmall } from './amount.ts';
import { column } from './column.ts';

const max = (1n << 128n) - 1n;

/** What a transfer moves once its limits are known: written over the amount it asks for. */
export type Moved = { small: number; big: bigint };

/** Words of both sides of a transfer. */
export type Sides = { debit: Int32Array; debitBase: number; credit: Int32Array; creditBase: number };

/**
 * Works out what a new transfer moves and whether balances allow it; answers 0 and the amount in `moved` (`small` is -1 when
 * it is in `big`), or the status of the first check that fails. `lasts` is whether its timeout fits the clock.
 */
export function admit(sides: Sides, words: Int32Array, at: number, flags: number, lasts: boolean, moved: Moved): number {
  const { debit, debitBase, credit, creditBase } = sides;
  const amount = readSmall(words, at + column.amount);
  const debitPending = readSmall(debit, debitBase + column.debitsPending);
  const debitPosted = readSmall(debit, debitBase + column.debitsPosted);
  const debitOther = readSmall(debit, debitBase + column.creditsPosted);
  const creditPending = readSmall(credit, creditBase + column.creditsPending);
  const creditPosted = readSmall(credit, creditBase + column.creditsPosted);
  const creditOther = readSmall(credit, creditBase + column.debitsPosted);
  if (amount < 0 || debitPending < 0 || debitPosted < 0 || debitOther < 0 || creditPending < 0 || creditPosted < 0 || creditOther < 0)
    return admitBig(sides, words, at, flags, lasts, moved);
  let actual = amount;
  if ((flags & transferFlag.balancingDebit) !== 0) actual = Math.min(actual, Math.max(0, debitOther - debitPosted - debitPending));
  if ((flags & transferFlag.balancingCredit) !== 0) actual = Math.min(actual, Math.max(0, creditOther - creditPosted - creditPending));
  if (!lasts) return status.overflowsTimeout;
  const debitFlags = debit[debitBase + column.code]! >>> 16;
  if ((debitFlags & accountFlag.debitsMustNotExceedCredits) !== 0 && debitPending + debitPosted + actual > debitOther)
    return status.exceedsCredits;
  const creditFlags = credit[creditBase + column.code]! >>> 16;
  if ((creditFlags & accountFlag.creditsMustNotExceedDebits) !== 0 && creditPending + creditPosted + actual > creditOther)
    return status.exceedsDebits;
  moved.small = actual;
  return 0;
}

const least = (one: bigint, other: bigint) => (one < other ? one : other);
const above = (value: bigint) => (value > 0n ? value : 0n);

/** The same with whole u128 amounts. */
function admitBig(sides: Sides, words: Int32Array, at: number, flags: number, lasts: boolean, moved: Moved): number {
  const { debit, debitBase, credit, creditBase } = sides;
  const debitPending = readBig(debit, debitBase + column.debitsPending);
  const debitPosted = readBig(debit, debitBase + column.debitsPosted);
  const debitOther = readBig(debit, debitBase + column.creditsPosted);
  const creditPending = readBig(credit, creditBase + column.creditsPending);
  const creditPosted = readBig(credit, creditBase + column.creditsPosted);
  const creditOther = readBig(credit, creditBase + column.debitsPosted);
  let actual = readBig(words, at + column.amount);
  if ((flags & transferFlag.balancingDebit) !== 0) actual = least(actual, above(debitOther - (debitPosted + debitPending)));
  if ((flags & transferFlag.balancingCredit) !== 0) actual = least(actual, above(creditOther - (creditPosted + creditPending)));
  if ((flags & transferFlag.pending) !== 0) {
    if (actual + debitPending > max) return status.overflowsDebitsPending;
    if (actual + creditPending > max) return status.overflowsCreditsPending;
  }
  if (actual + debitPosted > max) return status.overflowsDebitsPosted;
  if (actual + creditPosted > max) return status.overflowsCreditsPosted;
  if (actual + debitPending + debitPosted > max) return status.overflowsDebits;
  if (actual + creditPending + creditPosted > max) return status.overflowsCredits;
  if (!lasts) return status.overflowsTimeout;
  const debitFlags = debit[debitBase + column.code]! >>> 16;
  if ((debitFlags & accountFlag.debitsMustNotExceedCredits) !== 0 && debitPending + debitPosted + actual > debitOther)
    return status.exceedsCredits;
  const creditFlags = credit[creditBase + column.code]! >>> 16;
  if ((creditFlags & accountFlag.creditsMustNotExceedDebits) !== 0 && creditPending + creditPosted + actual > creditOther)
    return status.exceedsDebits;
  moved.small = -1;
  moved.big = actual;
  return 0;
}

/** Adds a moved amount to the balance at `at`; `sign` is 1 or -1. */
export function add(words: Int32Array, at: number, moved: Moved, sign: number): void {
  const balance = readSmall(words, at);
  if (balance >= 0 && moved.small >= 0) writeSmall(words, at, balance + sign * moved.small);
  else writeBig(words, at, readBig(words, at) + BigInt(sign) * (moved.small >= 0 ? BigInt(moved.small) : moved.big));
}

/** Writes a moved amount. */
export function writeMoved(words: Int32Array, at: number, moved: Moved): void {
  if (moved.small >= 0) writeSmall(words, at, moved.small);
  else writeBig(words, at, moved.big);
}

/** Reads an amount as one that can be added. */
export function readMoved(words: Int32Array, at: number, moved: Moved): void {
  moved.small = readSmall(words, at);
  if (moved.small < 0) moved.big = readBig(words, at);
}
