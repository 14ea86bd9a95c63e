import { type Fields, fieldsOf, type Json, merged, numberOf, textOf, type Thing } from './json.ts';
import { isMetered } from './meter.ts';
import { type Period, type Rhythm, rhythmOf } from './period.ts';

type Own = { readonly id: string; readonly created: number; readonly livemode: boolean };

/** How long the first invoice may wait for its money. */
const incompleteSeconds = 23 * 3_600;
/** How long before its end a trial tells of it. */
const trialWarningSeconds = 3 * 86_400;

/** What was billed for an item: credits are a part of it. */
export type Billed = Period & { readonly amount: number };

/** One thing that is subscribed to. */
export type Item = { readonly id: string; readonly price: Thing; readonly quantity: number; readonly thing: Thing };

/** A price as integrations of old know it. */
function planOf(price: Thing): Fields {
  const { interval = null, interval_count = null, meter = null, trial_period_days = null, usage_type = null } = fieldsOf(price.recurring);
  const { divide_by, round } = fieldsOf(price.transform_quantity);
  return {
    ...{ id: price.id, object: 'plan', active: price.active ?? true, amount: price.unit_amount ?? null },
    ...{
      amount_decimal: price.unit_amount_decimal ?? null,
      billing_scheme: price.billing_scheme ?? 'per_unit',
      created: price.created ?? 0,
    },
    ...{
      currency: price.currency ?? '',
      interval,
      interval_count,
      livemode: price.livemode ?? false,
      metadata: price.metadata ?? {},
      meter,
    },
    ...{ nickname: price.nickname ?? null, product: price.product ?? null, tiers_mode: null },
    ...{ transform_usage: divide_by === undefined ? null : { divide_by, round: round ?? null }, trial_period_days, usage_type },
  };
}

export const newItem = (given: Fields, price: Thing, subscription: string, own: { id: string; created: number }): Thing => ({
  ...{ id: own.id, object: 'subscription_item', billing_thresholds: null, created: own.created, current_period_end: 0 },
  ...{ current_period_start: 0, current_trial: null, discounts: [], metadata: merged({}, given.metadata), plan: planOf(price), price },
  ...(isMetered(price) ? {} : { quantity: numberOf(given.quantity) ?? 1 }),
  ...{ subscription, tax_rates: given.tax_rates ?? [] },
});

/** The item with what was given in place of what was there. */
export function changedItem({ quantity, ...before }: Thing, given: Fields, price: Thing | undefined): Thing {
  const next: Thing = { ...before, ...(price === undefined ? {} : { price, plan: planOf(price) }) } as Thing;
  return {
    ...next,
    ...(isMetered(next.price) ? {} : { quantity: numberOf(given.quantity) ?? quantity ?? 1 }),
    ...(given.tax_rates === undefined ? {} : { tax_rates: given.tax_rates ?? [] }),
    metadata: merged(before.metadata, given.metadata),
  };
}

export const itemsOf = (subscription: Thing): Item[] =>
  (fieldsOf(subscription.items).data as Thing[]).map((thing) => ({
    ...{ id: thing.id, price: thing.price as Thing, quantity: Number(thing.quantity ?? (isMetered(thing.price) ? 0 : 1)), thing },
  }));

/** The period that all items are in. */
export function periodOf(subscription: Thing): Period {
  const [first] = itemsOf(subscription);
  return { start: Number(first?.thing.current_period_start), end: Number(first?.thing.current_period_end) };
}

export const rhythmOfAll = (subscription: Thing): Rhythm => rhythmOf(itemsOf(subscription)[0]?.price);

/** The subscription with these items, all of them in one period. */
export function withItems(subscription: Thing, items: readonly Thing[], { start, end }: Period): Thing {
  const data = items.map((item): Thing => ({ ...item, current_period_start: start, current_period_end: end }));
  const url = `/v1/subscription_items?subscription=${subscription.id}`;
  return { ...subscription, items: { object: 'list', data, has_more: false, total_count: data.length, url } };
}

export function newSubscription(given: Fields, customer: Thing, { id, created, livemode }: Own): Thing {
  const made: Thing = {
    ...{ id, object: 'subscription', application: null, application_fee_percent: null },
    automatic_tax: { disabled_reason: null, enabled: false, liability: null },
    ...{ billing_cycle_anchor: created, billing_cycle_anchor_config: null, billing_schedules: [], billing_thresholds: null },
    billing_mode: { flexible: { proration_discounts: 'included' }, type: 'flexible' },
    ...{ cancel_at: null, cancel_at_period_end: false, canceled_at: null },
    cancellation_details: { comment: null, feedback: null, feedback_option: null, reason: null },
    ...{
      collection_method: 'charge_automatically',
      created,
      currency: given.currency ?? '',
      customer: customer.id,
      customer_account: null,
    },
    ...{
      days_until_due: null,
      default_payment_method: null,
      default_source: null,
      default_tax_rates: [],
      description: null,
      discounts: [],
    },
    ...{ ended_at: null, items: null, latest_invoice: null, livemode, managed_payments: null, metadata: {} },
    invoice_settings: { account_tax_ids: null, custom_fields: null, description: null, footer: null, issuer: { type: 'self' } },
    ...{ next_pending_invoice_item_invoice: null, on_behalf_of: null, pause_collection: null },
    payment_settings: { payment_method_options: null, payment_method_types: null, save_default_payment_method: 'off' },
    ...{ pending_invoice_item_interval: null, pending_setup_intent: null, pending_update: null, schedule: null, start_date: created },
    ...{ status: 'incomplete', test_clock: customer.test_clock ?? null, transfer_data: null, trial_end: null, trial_start: null },
    trial_settings: { end_behavior: { missing_payment_method: 'create_invoice' } },
  };
  return describedSubscription(made, given);
}

const plain = ['default_payment_method', 'description'] as const;

/** What is said of a subscription and bills nothing. */
export function describedSubscription(before: Thing, given: Fields): Thing {
  const next: Thing = { ...before, metadata: merged(before.metadata, given.metadata) };
  for (const name of plain) if (given[name] !== undefined) next[name] = given[name];
  if (given.collection_method != null) next.collection_method = given.collection_method;
  if (given.days_until_due !== undefined) next.days_until_due = given.days_until_due;
  const { missing_payment_method: missing } = fieldsOf(fieldsOf(given.trial_settings).end_behavior);
  if (missing != null) next.trial_settings = { end_behavior: { missing_payment_method: missing } };
  const { save_default_payment_method: save } = fieldsOf(given.payment_settings);
  if (save != null) next.payment_settings = { ...fieldsOf(before.payment_settings), save_default_payment_method: save };
  const { comment, feedback } = fieldsOf(given.cancellation_details);
  const details = fieldsOf(before.cancellation_details);
  next.cancellation_details = { ...details, comment: comment ?? details.comment ?? null, feedback: feedback ?? details.feedback ?? null };
  return next;
}

/** When it is to end: said by a time, or by the end of the period. */
export function endingSubscription(before: Thing, given: Fields, now: number): Thing {
  const next: Thing = { ...before };
  if (given.cancel_at !== undefined) {
    next.cancel_at = given.cancel_at;
    next.cancel_at_period_end = false;
  }
  if (given.cancel_at_period_end === true) {
    next.cancel_at_period_end = true;
    next.cancel_at = periodOf(before).end;
  } else if (given.cancel_at_period_end === false && before.cancel_at_period_end === true && given.cancel_at == null) {
    next.cancel_at_period_end = false;
    next.cancel_at = null;
  }
  const isEnding = next.cancel_at !== null;
  const was = before.cancel_at !== null;
  if (isEnding === was && next.cancel_at === before.cancel_at) return next;
  next.canceled_at = isEnding ? now : null;
  next.cancellation_details = { ...fieldsOf(next.cancellation_details), reason: isEnding ? 'cancellation_requested' : null };
  return next;
}

/** The subscription after its end. */
export const endedSubscription = (before: Thing, now: number, reason: string | null): Thing => ({
  ...before,
  ...{ status: 'canceled', ended_at: now, canceled_at: before.canceled_at ?? now },
  cancellation_details: {
    ...fieldsOf(before.cancellation_details),
    reason: reason ?? fieldsOf(before.cancellation_details).reason ?? null,
  },
});

export const isOver = ({ status }: Thing): boolean => status === 'canceled' || status === 'incomplete_expired';

/** When something happens to a subscription next; undefined for never again. */
export function subscriptionDue(subscription: Thing, told: Json | undefined): number | undefined {
  const { status, created, trial_end, cancel_at } = subscription;
  if (isOver(subscription)) return undefined;
  if (status === 'incomplete') return Number(created) + incompleteSeconds;
  const times = [periodOf(subscription).end];
  if (status === 'trialing' && told !== trial_end) times.push(Number(trial_end) - trialWarningSeconds);
  if (typeof cancel_at === 'number') times.push(cancel_at);
  return Math.min(...times);
}

/** Whether a trial is to be told of: it ends soon, and was not told of. */
export const isToBeTold = ({ status, trial_end }: Thing, told: Json | undefined, now: number): boolean =>
  status === 'trialing' && told !== trial_end && Number(trial_end) - trialWarningSeconds <= now;

/** How it is paid: by its own card, or the customer's. */
export const methodOf = (subscription: Thing, customer: Thing): string | undefined =>
  textOf(
    subscription.default_payment_method ??
      fieldsOf(customer.invoice_settings).default_payment_method ??
      customer.default_source ??
      subscription.default_source,
  );
