import type { Addendum, Entry } from './file.ts';
import { NachaError } from './violation.ts';

/** What a transaction code says; undefined for one that the rules do not have. */
export type Transaction = { readonly isCredit: boolean; readonly kind: 'return' | 'live' | 'prenote' | 'zero' };

const kinds: Readonly<Record<string, Transaction>> = {
  1: { isCredit: true, kind: 'return' },
  2: { isCredit: true, kind: 'live' },
  3: { isCredit: true, kind: 'prenote' },
  4: { isCredit: true, kind: 'zero' },
  6: { isCredit: false, kind: 'return' },
  7: { isCredit: false, kind: 'live' },
  8: { isCredit: false, kind: 'prenote' },
  9: { isCredit: false, kind: 'zero' },
};

/** Reads a transaction code: 2x is a checking account, 3x savings, 4x general ledger, 5x a loan, which is debited by 55 alone. */
export function transaction(code: string): Transaction | undefined {
  if (code === '55') return { isCredit: false, kind: 'live' };
  if (!/^[2-5][1-46-9]$/.test(code) || /^5[789]$/.test(code)) return undefined;
  return kinds[code[1]!];
}

/** The ninth digit of a routing number: weights 3, 7, 1. */
export function checkDigit(bank: string): string {
  let sum = 0;
  for (let index = 0; index < 8; index += 1) sum += Number(bank[index]) * [3, 7, 1][index % 3]!;
  return String((10 - (sum % 10)) % 10);
}

/** Why an entry comes back (R), and what a notification of change corrects (C): the codes of the rules. */
const returnReasons = new Set([
  ...range('R', 1, 47),
  ...range('R', 50, 53),
  ...range('R', 61, 62),
  ...range('R', 67, 77),
  ...range('R', 80, 85),
]);
const changeReasons = new Set([...range('C', 1, 9), ...range('C', 13, 14), ...range('C', 61, 69)]);

function range(letter: string, from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => letter + String(from + index).padStart(2, '0'));
}

export const isReturnReason = (code: string): boolean => returnReasons.has(code);
export const isChangeReason = (code: string): boolean => changeReasons.has(code);

/** How an entry goes back to the bank it came from: `trace` is the new one, `sender` that bank's nine digits. */
type Back = { readonly trace: string; readonly sender: string };

/** The entry that returns another, with its money. */
export function returned(entry: Entry, reason: string, { trace, sender }: Back, text = ''): Entry {
  const back = { type: '99', code: reason, ...original(entry), dateOfDeath: '', text, trace } satisfies Addendum;
  return { ...entry, code: backCode(entry.code), routing: sender, trace, addenda: [back] };
}

/** The notification that something of an entry was wrong, without money: what should have stood there. */
export function changed(entry: Entry, reason: string, corrected: string, { trace, sender }: Back): Entry {
  const note = { type: '98', code: reason, ...original(entry), corrected, trace } satisfies Addendum;
  return { ...entry, code: backCode(entry.code), cents: 0, routing: sender, trace, addenda: [note] };
}

const original = ({ trace, routing }: Entry) => ({ originalTrace: trace, originalReceiver: routing.slice(0, 8) });

function backCode(code: string): string {
  const found = transaction(code);
  if (!found || found.kind === 'return') throw new NachaError(`${code} cannot be sent back`, 'transaction code');
  return `${code[0]}${found.isCredit ? 1 : 6}`;
}
