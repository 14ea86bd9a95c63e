import { amountOf } from './invoice-item.ts';
import { type Fields, fieldsOf, type Json, type Thing } from './json.ts';
import { isMetered } from './meter.ts';
import { type Period, periodFields, type Rhythm, rhythmOf, spelledDay } from './period.ts';
import type { Item } from './subscription.ts';

/** What stands on invoices of a subscription. */
export type Line = {
  readonly id: string;
  readonly subscription: Thing;
  readonly item: Item;
  readonly amount: number;
  readonly description: string;
  readonly period: Period;
  readonly proration: boolean;
  /** How much was used of what is metered. */
  readonly used?: string;
};

const pricingOf = ({ price }: Item): Fields => ({
  price_details: { price: price.id, product: price.product ?? null },
  ...{ type: 'price_details', unit_amount_decimal: price.unit_amount_decimal ?? null },
});

/** A line of an invoice that follows from the subscription itself, in the form of an item. */
export const newLine = ({ id, subscription, item, amount, description, period, proration, used }: Line): Thing => ({
  ...{ id, object: 'invoiceitem', amount, currency: subscription.currency ?? '', description, discountable: true },
  ...{
    livemode: subscription.livemode ?? false,
    metadata: item.thing.metadata ?? {},
    period: periodFields(period),
    pricing: pricingOf(item),
  },
  ...{ quantity: Math.trunc(Number(used ?? item.quantity)), quantity_decimal: used ?? String(item.quantity) },
  ...{ tax_rates: item.thing.tax_rates ?? [], proration },
  line_parent: {
    invoice_item_details: null,
    subscription_item_details: {
      ...{ invoice_item: null, proration, proration_details: { credited_items: null } },
      ...{ subscription: subscription.id, subscription_item: item.id },
    },
    type: 'subscription_item_details',
  },
});

/** An item that waits for the next invoice: a part of what a change costs or gives back. Discounts are in its amount already. */
export const newProration = ({ id, subscription, item, amount, description, period, used }: Line, created: number): Thing => ({
  ...{ id, object: 'invoiceitem', amount, created, currency: subscription.currency ?? '', customer: subscription.customer ?? null },
  ...{ customer_account: null, date: created, description, discountable: false, discounts: [], invoice: null },
  ...{ livemode: subscription.livemode ?? false, metadata: {}, net_amount: amount, period: periodFields(period), pricing: pricingOf(item) },
  parent: {
    subscription_details: { subscription: subscription.id, subscription_item: item.id },
    type: 'subscription_details',
  },
  ...{
    proration: used === undefined,
    quantity: Math.trunc(Number(used ?? item.quantity)),
    quantity_decimal: used ?? String(item.quantity),
  },
  tax_rates: ratesOfItem(subscription, item),
  test_clock: subscription.test_clock ?? null,
});

function ratesOfItem(subscription: Thing, { thing }: Item): Json {
  const own = (thing.tax_rates ?? []) as readonly Json[];
  return own.length > 0 ? own : (subscription.default_tax_rates ?? []);
}

const named = ({ quantity, price }: Item, product: string): string =>
  quantity === 1 || isMetered(price) ? product : `${quantity} × ${product}`;

function spelledRhythm({ interval, count }: Rhythm): string {
  return count === 1 ? interval : `${count} ${interval}s`;
}

/** A unit's price in the words of people. */
function spelledPrice(price: Thing): string {
  const currency = String(price.currency).toUpperCase();
  const form = new Intl.NumberFormat('en-US', { style: 'currency', currency, maximumFractionDigits: 12 });
  const digits = new Intl.NumberFormat('en-US', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
  return form.format(Number(price.unit_amount_decimal) / 10 ** digits);
}

/** The words of lines, as Stripe writes them. */
export const said = {
  used: (item: Item, product: string, quantity: string): string =>
    `${quantity} × ${product} (at ${spelledPrice(item.price)} / ${spelledRhythm(rhythmOf(item.price))})`,
  full: (item: Item, product: string): string =>
    `${item.quantity} × ${product} (at ${spelledPrice(item.price)} / ${spelledRhythm(rhythmOf(item.price))})`,
  trial: (item: Item, product: string): string => `Trial period for ${named(item, product)}`,
  unused: (item: Item, product: string, at: number): string => `Unused time on ${named(item, product)} after ${spelledDay(at)}`,
  remaining: (item: Item, product: string, at: number): string => `Remaining time on ${named(item, product)} after ${spelledDay(at)}`,
};

/** The item of a subscription that a line is of. */
export const itemIdOf = (line: Thing): string => String(fieldsOf(fieldsOf(line.line_parent).subscription_item_details).subscription_item);

export const costOf = ({ price, quantity }: Item): number => amountOf(price, quantity);
