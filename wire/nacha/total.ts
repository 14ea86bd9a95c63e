import { transaction } from './code.ts';
import type { Batch, Entry } from './file.ts';

/** What a control record sums up. The hash is the sum of the receivers' eight digits, of which ten digits are kept. */
export type Total = { count: number; hash: number; debits: number; credits: number };

const hashModulus = 10_000_000_000;

export const noTotal = (): Total => ({ count: 0, hash: 0, debits: 0, credits: 0 });

/** Adds one entry with its addenda. */
function addEntry(total: Total, { code, routing, cents, addenda }: Entry): void {
  total.count += 1 + addenda.length;
  total.hash = (total.hash + Number(routing.slice(0, 8))) % hashModulus;
  if (transaction(code)?.isCredit) total.credits += cents;
  else total.debits += cents;
}

/** Adds the total of a batch to that of its file. */
export function addTotal(total: Total, { count, hash, debits, credits }: Total): void {
  total.count += count;
  total.hash = (total.hash + hash) % hashModulus;
  total.debits += debits;
  total.credits += credits;
}

export function totalOf({ entries }: Batch): Total {
  const total = noTotal();
  for (const entry of entries) addEntry(total, entry);
  return total;
}
