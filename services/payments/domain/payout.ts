import { type Fields, merged, type Thing } from './json.ts';
import { bankingDayFrom } from './payout-schedule.ts';

type Own = {
  readonly id: string;
  readonly created: number;
  readonly livemode: boolean;
  /** Less than nothing where money is taken back from the bank. */
  readonly amount: number;
  readonly currency: string;
  readonly transaction: string | null;
  readonly destination: string;
  readonly arrival: number;
  /** Whether it goes by the schedule. */
  readonly automatic: boolean;
};

const day = 86_400;

/** When a bank has what goes the usual way: the next day that banks work on, at its beginning. Seconds since 1970. */
export const nextBankDay = (created: number): number => bankingDayFrom((Math.floor(created / day) + 1) * day);

/** Money that leaves for a bank. */
export function newPayout(given: Fields, { id, created, livemode, amount, currency, transaction, destination, ...own }: Own): Thing {
  return {
    ...{ id, object: 'payout', amount, application_fee: null, application_fee_amount: null },
    ...{ arrival_date: own.arrival, automatic: own.automatic, balance_transaction: transaction, created, currency },
    ...{ description: given.description ?? null, destination, failure_balance_transaction: null, failure_code: null },
    ...{ failure_message: null, livemode, metadata: merged({}, given.metadata), method: given.method ?? 'standard' },
    ...{ original_payout: given.original_payout ?? null, payout_method: null },
    reconciliation_status: own.automatic ? 'completed' : 'not_applicable',
    ...{ reversed_by: null, source_type: 'card', statement_descriptor: given.statement_descriptor ?? null, status: 'pending' },
    ...{ trace_id: { status: 'pending', value: null }, type: 'bank_account' },
  };
}
