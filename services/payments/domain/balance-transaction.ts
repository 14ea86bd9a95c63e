import type { Thing } from './json.ts';

export type Booked = {
  readonly id: string;
  readonly amount: number;
  readonly currency: string;
  readonly created: number;
  readonly source: string;
  readonly type: 'charge' | 'refund' | 'adjustment';
  readonly category: string;
  readonly description: string | null;
  /** When it may be paid out, in seconds since 1970. */
  readonly availableOn: number;
};

/** One line of the account's statement. */
export function newBalanceTransaction(booked: Booked): Thing {
  const { id, amount, currency, created, source, type, category, description, availableOn } = booked;
  return {
    ...{ id, object: 'balance_transaction', amount, available_on: availableOn, balance_type: 'payments', created, currency, description },
    ...{ exchange_rate: null, fee: 0, fee_details: [], net: amount, reporting_category: category, source },
    ...{ status: availableOn > created ? 'pending' : 'available', type },
  };
}
