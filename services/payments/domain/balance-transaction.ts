import type { Fields, Thing } from './json.ts';

type PayoutLine = 'payout' | 'payout_cancel' | 'payout_failure';
type ConnectLine = 'transfer' | 'transfer_refund' | 'application_fee' | 'application_fee_refund';

export type Booked = {
  readonly id: string;
  readonly amount: number;
  readonly currency: string;
  readonly created: number;
  readonly source: string;
  readonly type: 'charge' | 'refund' | 'adjustment' | ConnectLine | PayoutLine;
  readonly category: string;
  readonly description: string | null;
  /** When it may be paid out, in seconds since 1970. */
  readonly availableOn: number;
  /** What is taken of it. */
  readonly fee?: number;
};

/** One line of the account's statement. */
export function newBalanceTransaction(booked: Booked): Thing {
  const { id, amount, currency, created, source, type, category, description, availableOn, fee = 0 } = booked;
  const processing: Fields = { amount: fee, application: null, currency, description: 'Processing fees', type: 'stripe_fee' };
  return {
    ...{ id, object: 'balance_transaction', amount, available_on: availableOn, balance_type: 'payments', created, currency, description },
    ...{ exchange_rate: null, fee, fee_details: fee > 0 ? [processing] : [], net: amount - fee, reporting_category: category, source },
    ...{ status: availableOn > created ? 'pending' : 'available', type },
  };
}
