import { type Fields, fieldsOf, type Json, textOf, type Thing } from './json.ts';

type Own = { readonly id: string; readonly created: number; readonly livemode: boolean };

/** A price of what a meter counts is billed after its time, by what was counted. */
export const isMetered = (price: Json | undefined): boolean => fieldsOf(fieldsOf(price).recurring).usage_type === 'metered';
export const meterOf = (price: Json | undefined): string => String(fieldsOf(fieldsOf(price).recurring).meter);

export const newMeter = (given: Fields, { id, created, livemode }: Own): Thing => ({
  ...{ id, object: 'billing.meter', created },
  customer_mapping: { event_payload_key: 'stripe_customer_id', type: 'by_id', ...fieldsOf(given.customer_mapping) },
  ...{ default_aggregation: given.default_aggregation ?? null, display_name: given.display_name ?? '' },
  ...{ event_name: given.event_name ?? '', event_time_window: null, livemode, status: 'active' },
  ...{ status_transitions: { deactivated_at: null }, updated: created },
  value_settings: { event_payload_key: 'value', ...fieldsOf(given.value_settings) },
});

export const switchedMeter = (before: Thing, isActive: boolean, now: number): Thing => ({
  ...{ ...before, status: isActive ? 'active' : 'inactive', updated: now },
  status_transitions: { deactivated_at: isActive ? null : now },
});

const decimal = /^-?[0-9]{1,15}(\.[0-9]{1,12})?$/;

/** Whom an event is of and what it says, by the fields that its meter names; a sentence where it says neither. */
export function readUsage(meter: Thing, payload: Fields): { customer: string; value: string } | string {
  const { event_payload_key: whose } = fieldsOf(meter.customer_mapping);
  const { event_payload_key: what } = fieldsOf(meter.value_settings);
  const customer = textOf(payload[String(whose)]);
  if (!customer) return `Missing required payload key: ${String(whose)}.`;
  // What only counts has no value of its own.
  if (fieldsOf(meter.default_aggregation).formula === 'count') return { customer, value: '1' };
  const value = textOf(payload[String(what)]);
  if (value === undefined || value === '') return `Missing required payload key: ${String(what)}.`;
  return decimal.test(value) ? { customer, value } : `Invalid value for ${String(what)}: must be a decimal number.`;
}

const places = 12;
const scale = 10n ** BigInt(places);

/** A decimal in units of the last place that is kept. */
function scaled(text: string): bigint {
  const isLess = text.startsWith('-');
  const [whole = '0', fraction = ''] = (isLess ? text.slice(1) : text).split('.');
  const size = BigInt(whole + fraction.slice(0, places).padEnd(places, '0'));
  return isLess ? -size : size;
}

/** What usage costs by a price, in the smallest unit: rounded half up, once; less than nothing costs nothing. */
export function usageCost(price: Thing, quantity: string): number {
  const { divide_by: by, round } = fieldsOf(price.transform_quantity);
  const unit = scaled(String(price.unit_amount_decimal));
  const used = scaled(quantity);
  if (used <= 0n) return 0;
  if (by == null) return Number((unit * used + (scale * scale) / 2n) / (scale * scale));
  const whole = BigInt(Number(by)) * scale;
  const count = round === 'up' ? (used + whole - 1n) / whole : used / whole;
  return Number((unit * count + scale / 2n) / scale);
}

/** A number of PostgreSQL without the zeros behind its point. */
export const plainDecimal = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);
