import { type Fields, fieldsOf, type Json, merged, numberOf, textOf, type Thing } from './json.ts';

type Own = { readonly id: string; readonly created: number; readonly livemode: boolean };

const plain = ['name', 'description', 'package_dimensions', 'shippable', 'statement_descriptor', 'tax_code', 'unit_label', 'url'] as const;

export function newProduct(given: Fields, { id, created, livemode }: Own): Thing {
  const made: Thing = {
    ...{ id, object: 'product', active: true, created, default_price: null, description: null, images: [], livemode },
    ...{ marketing_features: [], metadata: {}, name: '', package_dimensions: null, shippable: null, statement_descriptor: null },
    ...{ tax_code: null, type: 'service', unit_label: null, updated: created, url: null },
  };
  return changedProduct(made, given, created);
}

export function changedProduct(before: Thing, given: Fields, now: number): Thing {
  const next: Thing = { ...before, updated: now, metadata: merged(before.metadata, given.metadata) };
  for (const name of plain) if (given[name] !== undefined) next[name] = given[name];
  for (const name of ['images', 'marketing_features'] as const) if (given[name] !== undefined) next[name] = given[name] ?? [];
  for (const name of ['active', 'default_price'] as const) if (given[name] != null) next[name] = given[name];
  return next;
}

/** Digits behind the point do not matter when they are zeros: then it is an amount like others. */
const wholeOf = (decimal: string): number | null => (/^[0-9]+(\.0+)?$/.test(decimal) ? Number(decimal) : null);

export function newPrice(given: Fields, product: string, { id, created, livemode }: Own): Thing {
  const amount = numberOf(given.unit_amount);
  const decimal = amount === undefined ? String(given.unit_amount_decimal) : String(amount);
  const { interval, interval_count, trial_period_days, usage_type, meter } = fieldsOf(given.recurring);
  const recurring: Fields | null =
    given.recurring == null
      ? null
      : {
          ...{ interval: interval ?? 'month', interval_count: interval_count ?? 1, meter: meter ?? null },
          ...{ trial_period_days: trial_period_days ?? null, usage_type: usage_type ?? 'licensed' },
        };
  return {
    ...{ id, object: 'price', active: given.active ?? true, billing_scheme: 'per_unit', created },
    ...{ currency: String(given.currency).toLowerCase(), custom_unit_amount: null, livemode, lookup_key: given.lookup_key ?? null },
    ...{ metadata: merged({}, given.metadata), nickname: given.nickname ?? null, product, recurring },
    ...{ tax_behavior: given.tax_behavior ?? 'unspecified', tiers_mode: null, transform_quantity: given.transform_quantity ?? null },
    ...{ type: recurring === null ? 'one_time' : 'recurring', unit_amount: wholeOf(decimal), unit_amount_decimal: decimal },
  };
}

export function changedPrice(before: Thing, given: Fields): Thing {
  const next: Thing = { ...before, metadata: merged(before.metadata, given.metadata) };
  for (const name of ['lookup_key', 'nickname'] as const) if (given[name] !== undefined) next[name] = given[name];
  for (const name of ['active', 'tax_behavior'] as const) if (given[name] != null) next[name] = given[name];
  return next;
}

export function newCoupon(given: Fields, { id, created, livemode }: Own): Thing {
  const products = fieldsOf(given.applies_to).products ?? null;
  return {
    ...{ id, object: 'coupon', amount_off: given.amount_off ?? null, created, currency: textOf(given.currency)?.toLowerCase() ?? null },
    ...(products === null ? {} : { applies_to: { products } }),
    ...{ duration: given.duration ?? 'once', duration_in_months: given.duration_in_months ?? null, livemode },
    ...{ max_redemptions: given.max_redemptions ?? null, metadata: merged({}, given.metadata), name: given.name ?? null },
    ...{ percent_off: given.percent_off ?? null, redeem_by: given.redeem_by ?? null, times_redeemed: 0, valid: true },
  };
}

/** Whether something that is redeemed may be redeemed now: it has not ended, and not been used up. */
const isLeft = (ends: Json | undefined, { max_redemptions: most, times_redeemed: used }: Thing, now: number): boolean =>
  (ends == null || Number(ends) > now) && (most == null || Number(used) < Number(most));

export const currentCoupon = (coupon: Thing, now: number): Thing => ({ ...coupon, valid: isLeft(coupon.redeem_by, coupon, now) });

export function newPromotionCode(given: Fields, code: string, { id, created, livemode }: Own): Thing {
  const { first_time_transaction, minimum_amount, minimum_amount_currency } = fieldsOf(given.restrictions);
  return {
    ...{
      id,
      object: 'promotion_code',
      active: given.active ?? true,
      code,
      created,
      customer: given.customer ?? null,
      customer_account: null,
    },
    ...{ expires_at: given.expires_at ?? null, livemode, max_redemptions: given.max_redemptions ?? null },
    ...{ metadata: merged({}, given.metadata), promotion: { coupon: fieldsOf(given.promotion).coupon ?? null, type: 'coupon' } },
    restrictions: {
      first_time_transaction: first_time_transaction ?? false,
      minimum_amount: minimum_amount ?? null,
      minimum_amount_currency: textOf(minimum_amount_currency)?.toLowerCase() ?? null,
    },
    times_redeemed: 0,
  };
}

export const currentPromotionCode = (code: Thing, now: number): Thing => ({
  ...code,
  active: code.active === true && isLeft(code.expires_at, code, now),
});

const said = ['country', 'description', 'jurisdiction', 'state', 'tax_type'] as const;

export function newTaxRate(given: Fields, { id, created, livemode }: Own): Thing {
  const { percentage = null, inclusive = false } = given;
  const made: Thing = {
    ...{ id, object: 'tax_rate', active: true, country: null, created, description: null, display_name: '', effective_percentage: null },
    ...{ flat_amount: null, inclusive, jurisdiction: null, jurisdiction_level: null, livemode, metadata: {}, percentage },
    ...{ rate_type: 'percentage', state: null, tax_type: null },
  };
  return changedTaxRate(made, given);
}

export function changedTaxRate(before: Thing, given: Fields): Thing {
  const next: Thing = { ...before, metadata: merged(before.metadata, given.metadata) };
  for (const name of said) if (given[name] !== undefined) next[name] = given[name];
  for (const name of ['active', 'display_name'] as const) if (given[name] != null) next[name] = given[name];
  return next;
}
