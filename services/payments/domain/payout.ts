import { type Fields, merged, type Thing } from './json.ts';

type Own = {
  readonly id: string;
  readonly created: number;
  readonly livemode: boolean;
  readonly amount: number;
  readonly currency: string;
  readonly transaction: string;
  readonly destination: string;
};

const day = 86_400;
const [saturday, sunday] = [6, 0];

/** When a bank has it: the next day that banks work on, at its beginning. Seconds since 1970. */
function arrivalOf(created: number): number {
  let at = (Math.floor(created / day) + 1) * day;
  while ([saturday, sunday].includes(new Date(at * 1000).getUTCDay())) at += day;
  return at;
}

/** Money that leaves for a bank. An instant one is there at once. */
export function newPayout(given: Fields, { id, created, livemode, amount, currency, transaction, destination }: Own): Thing {
  const isInstant = given.method === 'instant';
  return {
    ...{ id, object: 'payout', amount, application_fee: null, application_fee_amount: null },
    ...{ arrival_date: isInstant ? created : arrivalOf(created), automatic: false, balance_transaction: transaction, created, currency },
    ...{ description: given.description ?? null, destination, failure_balance_transaction: null, failure_code: null },
    ...{ failure_message: null, livemode, metadata: merged({}, given.metadata), method: isInstant ? 'instant' : 'standard' },
    ...{ original_payout: null, payout_method: null, reconciliation_status: 'not_applicable', reversed_by: null, source_type: 'card' },
    ...{ statement_descriptor: given.statement_descriptor ?? null, status: isInstant ? 'paid' : 'pending' },
    ...{ trace_id: { status: 'pending', value: null }, type: 'bank_account' },
  };
}
