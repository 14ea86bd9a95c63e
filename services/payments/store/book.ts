import { transferId } from '#seams/ledger/step.ts';
import { ledgerOf } from '../domain/currency.ts';

/**
 * The accounts of an environment. For each currency: what the networks owe (`clearing`), what the business has (`balance`,
 * which cannot be overdrawn), what disputes keep (`disputed`), what was taken for the service (`fees`), and what went to the
 * bank (`paid`). Beside them, in a ledger of its own, each payment has an
 * account of what may still be given back of it (`refundable`, out of `issued`): no race gives back more than was taken.
 * What the fee of a payment took, and is missing when all of the payment is given back, the business owes (`owed`).
 * What a bank says it has is `bank`, and stands against `suspense` until it is known what it was; what nobody will know is `written` off.
 * A connected account has one of each currency (`connected`), which cannot be overdrawn either, and each transfer to it one of
 * what may be taken back (`refundable`).
 * What a customer has sent and not used (`cash`) cannot be overdrawn either.
 * Beside those, in a third, each customer has an account of what stands to their credit (`credit`, out of `granted`).
 */
export const codes = {
  clearing: 1,
  balance: 2,
  disputed: 3,
  issued: 4,
  refundable: 5,
  fees: 6,
  paid: 7,
  granted: 8,
  credit: 9,
  connected: 10,
  owed: 11,
  bank: 12,
  suspense: 13,
  written: 14,
  cash: 15,
} as const;
export type Account = keyof typeof codes;

/** Ledgers of what may be given back lie this far behind those of money. */
const apart = 100_000;

export const accountId = (account: Account, name: string): bigint => transferId({ intent: `account ${account}`, step: name });
const beside: Partial<Record<Account, number>> = { issued: apart, refundable: apart, granted: 2 * apart, credit: 2 * apart };
export const ledgerFor = (account: Account, currency: string): number => ledgerOf(currency) + (beside[account] ?? 0);
