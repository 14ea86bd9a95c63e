import { type Fields, fieldsOf, type Thing } from './json.ts';
import { manual, scheduleOf } from './payout-schedule.ts';

export const settingsKind = 'balance_settings';
/** How many days money that was taken waits before it may be paid out, unless the settings say more. */
export const usualDelayDays = 2;

/** How a business is paid out, before it has said anything: by hand. */
export const newSettings = (created: number): Thing => ({
  ...{ id: settingsKind, object: settingsKind, created },
  payments: {
    debit_negative_balances: false,
    payouts: {
      ...{ automatic_transfer_rules_by_currency: null, minimum_balance_by_currency: null, schedule: manual },
      ...{ statement_descriptor: null, status: 'enabled' },
    },
    settlement_timing: { delay_days: usualDelayDays, start_of_day: null },
  },
  test_clock: null,
});

export const payoutsIn = ({ payments }: Thing): Fields => fieldsOf(fieldsOf(payments).payouts);
export const delayIn = (settings: Thing | undefined): number =>
  Number(fieldsOf(fieldsOf(settings?.payments).settlement_timing).delay_days ?? usualDelayDays);

/** The settings with what was given in place of what was there; an empty minimum or delay is taken away. */
export function changedSettings(before: Thing, given: Fields): Thing {
  const { payouts, settlement_timing: timing } = fieldsOf(given.payments);
  const asked = fieldsOf(payouts);
  const known = payoutsIn(before);
  const minimum = asked.minimum_balance_by_currency;
  const minima = { ...fieldsOf(known.minimum_balance_by_currency), ...fieldsOf(minimum) };
  const left = Object.fromEntries(Object.entries(minima).filter(([, least]) => least !== null && least !== 0));
  const delay = fieldsOf(timing).delay_days_override;
  const days = delay === undefined ? delayIn(before) : Number(delay ?? usualDelayDays);
  return {
    ...before,
    payments: {
      ...fieldsOf(before.payments),
      payouts: {
        ...known,
        ...(minimum === undefined ? {} : { minimum_balance_by_currency: minimum === null || Object.keys(left).length === 0 ? null : left }),
        schedule: scheduleOf(fieldsOf(known.schedule), fieldsOf(asked.schedule)),
        ...(asked.statement_descriptor === undefined ? {} : { statement_descriptor: asked.statement_descriptor }),
      },
      settlement_timing: { delay_days: days, ...(days === usualDelayDays ? {} : { delay_days_override: days }), start_of_day: null },
    },
    ...(given.test_clock === undefined ? {} : { test_clock: given.test_clock }),
  };
}
