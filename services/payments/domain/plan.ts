import { newPrice } from './catalog.ts';
import { type Fields, fieldsOf, type Thing } from './json.ts';

type Own = { readonly id: string; readonly created: number; readonly livemode: boolean };

/** A plan is what a price that recurs was called before: the price that is made of what is said of a plan. */
export function priceOfPlan(given: Fields, product: string, own: Own): Thing {
  const { amount, amount_decimal, interval, interval_count, trial_period_days, usage_type, meter, ...rest } = given;
  const recurring: Fields = {
    ...{ interval: interval ?? 'month', interval_count: interval_count ?? null, trial_period_days: trial_period_days ?? null },
    ...{ usage_type: usage_type ?? null, meter: meter ?? null },
  };
  const money: Fields = amount_decimal == null ? { unit_amount: amount ?? 0 } : { unit_amount_decimal: amount_decimal };
  return newPrice({ ...rest, ...money, recurring }, product, own);
}

/** A price that recurs as the plan that it was called before. */
export function planOf(price: Thing): Thing {
  const { id, active, billing_scheme, created, currency, livemode, metadata, nickname, product, recurring } = price;
  const { interval, interval_count, meter, trial_period_days, usage_type } = fieldsOf(recurring);
  return {
    ...{ id, object: 'plan', active, amount: price.unit_amount, amount_decimal: price.unit_amount_decimal, billing_scheme, created },
    ...{ currency, interval, interval_count, livemode, metadata, meter, nickname, product, tiers_mode: null },
    ...{ transform_usage: price.transform_quantity ?? null, trial_period_days, usage_type },
  } as Thing;
}

export function changedPlan(before: Thing, given: Fields): Thing {
  if (given.trial_period_days === undefined) return before;
  return { ...before, recurring: { ...fieldsOf(before.recurring), trial_period_days: given.trial_period_days } };
}
