import type { Placed } from '#kernel/contract/provider.ts';
import { dueInvoice } from '../domain/invoice.ts';
import { countedInvoice } from '../domain/invoice-item.ts';
import { type Fields, fieldsOf, type Json, type Thing } from '../domain/json.ts';
import { refuse } from './fault.ts';
import { invoiceItemsMax } from './limits.ts';
import type { Condition, Kept } from './object.ts';
import { found, type World } from './world.ts';

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

/** The invoice with these items on it, behind the lines that follow from its subscription. */
export function counted(invoice: Thing, hidden: Fields, items: readonly Thing[]): Thing {
  const { id, coupon } = fieldsOf(hidden.discount);
  const discount = id === undefined ? undefined : { id: String(id), coupon: coupon as Thing };
  const defaultRates = (invoice.default_tax_rates ?? []) as Thing[];
  const own = (hidden.lines ?? []) as unknown as Thing[];
  return dueInvoice(invoice, countedInvoice({ items: [...own, ...items], defaultRates, discount, invoice: invoice.id }));
}
