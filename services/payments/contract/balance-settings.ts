import type { Operation } from '#kernel/contract/contract.ts';
import { Type } from '#kernel/contract/type.ts';
import { bankingDays } from '../domain/payout-schedule.ts';
import { Found, Flag, Id, input, may, oneOf, read, write } from './field.ts';
import { currenciesMax, delayDaysMax, minimumBalanceMax } from './limits.ts';

const on = { on: 'Balance', at: 'collection' } as const;
const MonthDay = Type.Integer({ minimum: 1, maximum: 31 });
const Least = Type.Integer({ minimum: 0, maximum: minimumBalanceMax });
export const interval = oneOf('manual', 'daily', 'weekly', 'monthly');
export const DelayDays = Type.Integer({ minimum: 2, maximum: delayDaysMax, description: 'How long money that was taken waits, in days.' });
export const Descriptor = Type.String({ maxLength: 22 });

const Payouts = input({
  minimum_balance_by_currency: may(
    Type.Record(Type.String({ pattern: '^[a-z]{3}$' }), Type.Union([Least, Type.Null()]), { maxProperties: currenciesMax }),
  ),
  schedule: may(
    input({
      interval: may(interval),
      weekly_payout_days: may(Type.Array(oneOf(...bankingDays), { minItems: 1, maxItems: 5 })),
      monthly_payout_days: may(Type.Array(MonthDay, { minItems: 1, maxItems: 31 })),
    }),
  ),
  statement_descriptor: may(Descriptor),
});

/** When money goes to the bank by itself. */
export const balanceSettingsOperations = {
  GetBalanceSettings: {
    ...on,
    ...read,
    text: 'Read when what may be paid out goes to the bank by itself.',
    input: input({ account: may(Id) }),
    output: Found,
  },
  UpdateBalanceSettings: {
    ...on,
    ...write,
    text: 'Say when what may be paid out goes to the bank, and how long money waits. With `test_clock`, which Stripe has not, by its time.',
    input: input({
      payments: may(
        input({
          payouts: may(Payouts),
          settlement_timing: may(input({ delay_days_override: may(DelayDays) })),
          debit_negative_balances: may(Flag),
        }),
      ),
      ...{ account: may(Id), test_clock: may(Id) },
    }),
    output: Found,
  },
} as const satisfies Record<string, Operation>;
