import { leastOf } from './currency.ts';
import { type Fields, merged, type Thing } from './json.ts';

export type BalanceType = 'adjustment' | 'applied_to_invoice' | 'credit_note' | 'invoice_too_small' | 'unapplied_from_invoice';

type Own = { readonly id: string; readonly created: number; readonly livemode: boolean };
type Moved = {
  readonly customer: string;
  readonly currency: string;
  readonly amount: number;
  readonly ending: number;
  readonly type: BalanceType;
};

/** A line of what a customer has with the business: less than nothing is a credit of the customer's. */
export const newBalanceLine = (given: Fields, { customer, currency, amount, ending, type }: Moved, own: Own): Thing => ({
  ...{ id: own.id, object: 'customer_balance_transaction', amount, checkout_session: null, created: own.created },
  ...{ credit_note: given.credit_note ?? null, currency, customer, customer_account: null, description: given.description ?? null },
  ...{ ending_balance: ending, invoice: given.invoice ?? null, livemode: own.livemode, metadata: merged({}, given.metadata), type },
});

export type Applied = { readonly due: number; readonly balance: number; readonly type: BalanceType };

/** What an invoice comes to with the balance of its customer, and the balance then; what no card is charged is put on it. */
export function appliedBalance(total: number, balance: number, currency: string): Applied {
  const due = Math.max(0, total + balance);
  const left = Math.min(0, total + balance);
  const isTooSmall = due > 0 && due < leastOf(currency);
  return isTooSmall ? { due: 0, balance: due, type: 'invoice_too_small' } : { due, balance: left, type: 'applied_to_invoice' };
}
