import { isMetered } from './meter.ts';
import { type Fields, fieldsOf, type Json, merged, numberOf, type Thing } from './json.ts';

type Own = { readonly id: string; readonly created: number; readonly livemode: boolean };

/** Digits that a decimal amount has behind its point at most. */
const places = 12;

/** What a quantity costs by a price, in the smallest unit: rounded half up, once. What is metered costs nothing beforehand. */
export function amountOf(price: Thing, quantity: number): number {
  if (isMetered(price)) return 0;
  const { divide_by: by, round } = fieldsOf(price.transform_quantity);
  const parts = quantity / Number(by ?? 1);
  const count = by == null ? quantity : round === 'up' ? Math.ceil(parts) : Math.floor(parts);
  const [whole = '0', fraction = ''] = String(price.unit_amount_decimal).split('.');
  const unit = BigInt(whole + fraction.padEnd(places, '0'));
  const scale = 10n ** BigInt(places);
  return Number((unit * BigInt(count) + scale / 2n) / scale);
}

/** An item of what is to be invoiced. */
export function newInvoiceItem(given: Fields, price: Thing | undefined, { id, created, livemode }: Own): Thing {
  const quantity = numberOf(given.quantity) ?? 1;
  const amount = price ? amountOf(price, quantity) : Number(given.amount);
  const decimal = price ? String(price.unit_amount_decimal) : String(amount);
  const details: Fields = price ? { price_details: { price: price.id, product: price.product ?? null } } : {};
  return {
    ...{ id, object: 'invoiceitem', amount, currency: price?.currency ?? String(given.currency).toLowerCase() },
    ...{ customer: given.customer ?? null, customer_account: null, date: created, description: given.description ?? null },
    ...{ discountable: given.discountable ?? amount >= 0, discounts: [], invoice: given.invoice ?? null, livemode },
    ...{ metadata: merged({}, given.metadata), net_amount: amount, parent: null, period: given.period ?? { start: created, end: created } },
    ...{ pricing: { ...details, type: 'price_details', unit_amount_decimal: decimal }, proration: false, quantity },
    ...{ quantity_decimal: String(quantity), tax_rates: given.tax_rates ?? [], test_clock: null, created },
  };
}

const plain = ['description', 'period', 'tax_rates', 'discountable'] as const;

/** The item with what was given in place of what was there. */
export function changedInvoiceItem(before: Thing, given: Fields, price: Thing | undefined): Thing {
  const next: Thing = { ...before, metadata: merged(before.metadata, given.metadata) };
  for (const name of plain) if (given[name] != null) next[name] = given[name];
  const quantity = numberOf(given.quantity);
  if (quantity !== undefined) Object.assign(next, { quantity, quantity_decimal: String(quantity) });
  const amount = price ? amountOf(price, Number(next.quantity)) : numberOf(given.amount);
  if (amount === undefined || amount === before.amount) return next;
  const pricing: Fields = price ? {} : { pricing: { ...fieldsOf(before.pricing), unit_amount_decimal: String(amount) } };
  return { ...next, amount, net_amount: amount, ...pricing };
}

const whole = 10_000;
const part = (amount: number, percent: number): number => Math.floor((amount * Math.round(percent * whole)) / (100 * whole) + 0.5);

type Counting = {
  readonly items: readonly Thing[];
  /** The taxes of items that name none. */
  readonly defaultRates: readonly Thing[];
  readonly discount: { readonly id: string; readonly coupon: Thing } | undefined;
  readonly invoice: string;
};

/** What a coupon takes off each amount: a part of each, or an amount off all, in proportion, and the last bears what is left. */
function discountsOf(amounts: readonly number[], coupon: Thing): number[] {
  if (coupon.percent_off != null) return amounts.map((amount) => part(amount, Number(coupon.percent_off)));
  const all = amounts.reduce((sum, each) => sum + each, 0);
  const off = Math.min(all, Number(coupon.amount_off));
  let left = off;
  const last = amounts.findLastIndex((amount) => amount > 0);
  return amounts.map((amount, index) => {
    const mine = index === last ? left : Math.min(left, Math.floor((off * amount) / (all || 1)));
    left -= mine;
    return mine;
  });
}

/** Whether a coupon takes something off an item: one of single products does so off those alone. */
function isDiscounted({ discountable, pricing }: Thing, coupon: Thing | undefined): boolean {
  const products = fieldsOf(coupon?.applies_to).products as readonly Json[] | undefined;
  const product = fieldsOf(fieldsOf(pricing).price_details).product;
  return discountable === true && (products === undefined || (product !== undefined && products.includes(product)));
}

/** The lines of an invoice, and what they come to: discounts first, then taxes, each line for itself. */
export function countedInvoice({ items, defaultRates, discount, invoice }: Counting): Fields {
  const open = items.map((item) => (isDiscounted(item, discount?.coupon) ? Math.max(0, Number(item.amount)) : 0));
  const off = discount ? discountsOf(open, discount.coupon) : open.map(() => 0);
  const byRate = new Map<string, { amount: number; taxable: number; inclusive: boolean }>();
  const data = items.map((item, index) => {
    const left = Number(item.amount) - (off[index] ?? 0);
    const named = item.tax_rates as Thing[];
    const own = named.length > 0 ? named : defaultRates;
    const taxes = own.map((rate) => taxOf(rate, left, own));
    for (const { amount, taxable, inclusive, id } of taxes) {
      const sum = byRate.get(id) ?? { amount: 0, taxable: 0, inclusive };
      byRate.set(id, { inclusive, amount: sum.amount + amount, taxable: sum.taxable + taxable });
    }
    return lineOf(item, invoice, discount && off[index] ? [{ amount: off[index], discount: discount.id }] : [], taxes.map(shownTax));
  });
  const subtotal = items.reduce((sum, { amount }) => sum + Number(amount), 0);
  const discounted = off.reduce((sum, each) => sum + each, 0);
  const taxes = [...byRate].map(([id, tax]) => ({ id, ...tax }));
  const added = taxes.reduce((sum, { amount, inclusive }) => sum + (inclusive ? 0 : amount), 0);
  const included = taxes.reduce((sum, { amount, inclusive }) => sum + (inclusive ? amount : 0), 0);
  const total = subtotal - discounted + added;
  return {
    lines: { object: 'list', data, has_more: false, url: `/v1/invoices/${invoice}/lines` },
    ...{ subtotal, subtotal_excluding_tax: subtotal - included, total, total_excluding_tax: total - added - included },
    total_discount_amounts: discount ? [{ amount: discounted, discount: discount.id }] : [],
    total_taxes: taxes.map(shownTax),
  };
}

type Tax = { readonly id: string; readonly amount: number; readonly taxable: number; readonly inclusive: boolean };

/** The tax of one rate; what is included is parted among all that are. */
function taxOf(rate: Thing, amount: number, own: readonly Thing[]): Tax {
  const inclusive = rate.inclusive === true;
  const included = own.reduce((sum, each) => sum + (each.inclusive === true ? Number(each.percentage) : 0), 0);
  const taxable = Math.round(amount / (1 + included / 100));
  const tax = inclusive
    ? Math.round(((amount - taxable) * Number(rate.percentage)) / (included || 1))
    : part(taxable, Number(rate.percentage));
  return { id: rate.id, amount: tax, taxable, inclusive };
}

const shownTax = ({ id, amount, taxable, inclusive }: Tax): Fields => ({
  ...{ amount, tax_behavior: inclusive ? 'inclusive' : 'exclusive', tax_rate_details: { tax_rate: id } },
  ...{ taxability_reason: 'not_available', taxable_amount: taxable, type: 'tax_rate_details' },
});

/** An item that came of a change of a subscription says so. */
function itemParent(item: Thing): Fields {
  const { subscription = null } = fieldsOf(fieldsOf(item.parent).subscription_details);
  const details = { invoice_item: item.id, proration: item.proration ?? false, proration_details: { credited_items: null }, subscription };
  return { invoice_item_details: details, subscription_item_details: null, type: 'invoice_item_details' };
}

/** The subscription that a line is of. */
const subscriptionOf = (item: Thing): Json =>
  fieldsOf(fieldsOf(item.line_parent).subscription_item_details).subscription ??
  fieldsOf(fieldsOf(item.parent).subscription_details).subscription ??
  null;

const lineOf = (item: Thing, invoice: string, discounts: readonly Fields[], taxes: readonly Fields[]): Thing => ({
  ...{ id: `il_${item.id.slice('ii_'.length)}`, object: 'line_item', amount: item.amount ?? 0, currency: item.currency ?? '' },
  ...{ description: item.description ?? null, discount_amounts: discounts, discountable: item.discountable ?? true, discounts: [] },
  ...{ invoice, livemode: item.livemode ?? false, metadata: item.metadata ?? {} },
  parent: item.line_parent ?? itemParent(item),
  ...{ period: item.period ?? null, pretax_credit_amounts: [], pricing: item.pricing ?? null, quantity: item.quantity ?? 1 },
  ...{ quantity_decimal: item.quantity_decimal ?? null, subscription: subscriptionOf(item), subtotal: item.amount ?? 0, taxes },
});
