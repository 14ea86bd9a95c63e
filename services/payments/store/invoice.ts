import type { Placed } from '#kernel/contract/provider.ts';
import { currentCoupon } from '../domain/catalog.ts';
import { dueInvoice } from '../domain/invoice.ts';
import { countedInvoice } from '../domain/invoice-item.ts';
import { type Fields, fieldsOf, type Json, type Thing } from '../domain/json.ts';
import { invalid, refuse } from './fault.ts';
import { invoiceItemsMax } from './limits.ts';
import type { Condition, Kept } from './object.ts';
import { asJson } from './payment.ts';
import { type Desk, found, type World } from './world.ts';

/** What is invoiced to one customer goes one after another. */
export const invoicesOf = (customer: string): string => `invoices ${customer}`;

/** Items that stand on an invoice, or, of a customer and currency, on none yet; oldest first. */
export async function itemsOn(world: World, at: Placed, where: readonly Condition[]): Promise<Kept[]> {
  const { items, hasMore } = await world.objects.list(at, 'invoiceitem', { limit: invoiceItemsMax, where });
  if (hasMore) throw refuse('StateInvalid', `An invoice has at most ${invoiceItemsMax} items.`);
  return items.toReversed();
}

export const standingOn = (invoice: string): Condition => [`body->>'invoice' = ?`, invoice];

/** The taxes of ids. */
export const ratesOf = (world: World, at: Placed, ids: Json | undefined, param: string): Promise<Thing[]> =>
  Promise.all(((ids ?? []) as string[]).map(async (id) => (await found(world, at, 'tax_rate', id, param)).thing));

/** The invoice with these items on it. */
export function counted(invoice: Thing, hidden: Fields, items: readonly Thing[]): Thing {
  const { id, coupon } = fieldsOf(hidden.discount);
  const discount = id === undefined ? undefined : { id: String(id), coupon: coupon as Thing };
  const defaultRates = (invoice.default_tax_rates ?? []) as Thing[];
  return dueInvoice(invoice, countedInvoice({ items, defaultRates, discount, invoice: invoice.id }));
}

/** The coupon of a request, as a discount of an invoice: what it takes off stays as it is now. */
export async function discountOf(world: World, desk: Desk, given: Json | undefined, currency: string) {
  const coupon = fieldsOf((given as Fields[] | null | undefined)?.[0]).coupon;
  if (typeof coupon !== 'string') return undefined;
  const kept = await found(world, desk.at, 'coupon', coupon, 'discounts[0][coupon]');
  if (currentCoupon(kept.thing, desk.created).valid !== true)
    throw invalid('discounts[0][coupon]', `Coupon ${coupon} is used up or has ended.`, 'coupon_expired');
  if (kept.thing.amount_off != null && kept.thing.currency !== currency)
    throw invalid('discounts[0][coupon]', `Coupon ${coupon} is of another currency than the invoice.`);
  if (kept.thing.applies_to !== undefined)
    throw invalid('discounts[0][coupon]', 'Coupons of single products are not counted on invoices here.');
  const used: Thing = { ...kept.thing, times_redeemed: Number(kept.thing.times_redeemed) + 1 };
  const discount = { id: desk.ids('di'), coupon: asJson(kept.thing) };
  return { discount, used: await world.objects.change(desk.at, kept, used) };
}
