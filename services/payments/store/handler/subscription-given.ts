import type { Statement } from '#seams/sql/sql.ts';
import { newInvoiceItem } from '../../domain/invoice-item.ts';
import { type Fields, numberOf, textOf, type Thing } from '../../domain/json.ts';
import { isMetered } from '../../domain/meter.ts';
import { isSameRhythm, rhythmOf } from '../../domain/period.ts';
import { changedItem, newItem } from '../../domain/subscription.ts';
import { subscriptionItemsMax, trialDaysMax } from '../../contract/limits.ts';
import { invalid, missing, refuse } from '../fault.ts';
import { ratesOf } from '../invoice.ts';
import { type Desk, found, type World } from '../world.ts';

type Asked = { readonly world: World; readonly desk: Desk };

async function recurring({ world, desk }: Asked, id: string, param: string): Promise<Thing> {
  const { thing } = await found(world, desk.at, 'price', id, param);
  if (thing.type !== 'recurring')
    throw invalid(param, `The price specified is set to type=one_time but this field only accepts prices with type=recurring.`);
  if (thing.active !== true) throw invalid(param, `The price specified is inactive. This field only accepts active prices.`);
  return thing;
}

/** The items of a subscription after a request: what it names by id is changed or goes, what it does not name stays, the rest is added. */
export async function itemsGiven(asked: Asked, subscription: string, before: readonly Thing[], given: readonly Fields[]): Promise<Thing[]> {
  const { world, desk } = asked;
  const next = [...before];
  for (const [index, each] of given.entries()) {
    const param = `items[${index}]`;
    const price = typeof each.price === 'string' ? await recurring(asked, each.price, `${param}[price]`) : undefined;
    const rates: Fields =
      each.tax_rates === undefined ? {} : { tax_rates: await ratesOf(world, desk.at, each.tax_rates, `${param}[tax_rates]`) };
    const said: Fields = { ...each, ...rates };
    const id = textOf(each.id);
    if (each.quantity != null && isMetered(price ?? next.find((item) => item.id === id)?.price))
      throw invalid(`${param}[quantity]`, 'You cannot set the quantity for metered plans.');
    const place = next.findIndex((item) => item.id === id);
    const item = next[place];
    if (id !== undefined && item === undefined) throw missing('subscription item', id, `${param}[id]`);
    if (item !== undefined && each.deleted === true) next.splice(place, 1);
    else if (item !== undefined) next[place] = changedItem(item, said, price);
    else if (price === undefined) throw invalid(`${param}[price]`, `Missing required param: ${param}[price].`, 'parameter_missing');
    else next.push(newItem(said, price, subscription, { id: desk.ids('si'), created: desk.created }));
  }
  checkItems(next);
  return next;
}

function checkItems(items: readonly Thing[]): void {
  if (items.length === 0) throw refuse('StateInvalid', 'A subscription must have at least one active plan.', { param: 'items' });
  if (items.length > subscriptionItemsMax) throw invalid('items', `A subscription has at most ${subscriptionItemsMax} items.`);
  const prices = items.map(({ price }) => price as Thing);
  const [first] = prices as [Thing];
  if (new Set(prices.map(({ id }) => id)).size < prices.length)
    throw invalid('items', 'Cannot add multiple subscription items with the same price.', 'parameter_invalid');
  if (prices.some(({ currency }) => currency !== first.currency))
    throw invalid('items', 'All prices on a subscription must have the same currency.');
  if (!prices.every((price) => isSameRhythm(rhythmOf(price), rhythmOf(first))))
    throw invalid('items', 'All prices on a subscription must have the same `recurring.interval` and `recurring.interval_count`.');
}

/** What is invoiced once, beside a subscription. */
export async function addedItems(asked: Asked, given: Fields, subscription: Thing): Promise<Thing[]> {
  const { world, desk } = asked;
  const all = (given.add_invoice_items ?? []) as Fields[];
  const made: Thing[] = [];
  for (const [index, each] of all.entries()) {
    const param = `add_invoice_items[${index}][price]`;
    const { thing: price } = await found(world, desk.at, 'price', String(each.price), param);
    if (price.type !== 'one_time') throw invalid(param, 'The price of an item that is added to an invoice is one that is paid once.');
    if (price.currency !== subscription.currency) throw invalid(param, 'The price is of another currency than the subscription.');
    const rates = await ratesOf(world, desk.at, each.tax_rates, `add_invoice_items[${index}][tax_rates]`);
    const own = { id: desk.ids('ii'), created: desk.created, livemode: desk.livemode };
    const { customer = null } = subscription;
    const item = newInvoiceItem({ customer, quantity: numberOf(each.quantity) ?? 1, tax_rates: rates }, price, own);
    made.push({ ...item, test_clock: subscription.test_clock ?? null });
  }
  return made;
}

/** What finds the subscription of an item by the item's id. */
export const pointers = (world: World, at: Desk['at'], subscription: Thing, items: readonly Thing[]): Promise<Statement[]> =>
  Promise.all(
    items.map(({ id, created = 0 }) =>
      world.objects.insertion(at, { id, object: 'subscription_item', created, subscription: subscription.id }),
    ),
  );

/** Refuses a card that is not the customer's. */
export async function checkMethod({ world, desk }: Asked, method: unknown, customer: string): Promise<void> {
  if (typeof method !== 'string') return;
  const kept = await world.objects.get(desk.at, 'payment_method', method);
  if (kept?.thing.customer !== customer)
    throw invalid('default_payment_method', `The customer does not have a payment method with the ID ${method}.`, 'resource_missing');
}

/** How it is to be collected, checked. */
export function checkCollection(next: Thing): void {
  const isSent = next.collection_method === 'send_invoice';
  if (isSent && next.days_until_due === null)
    throw invalid('days_until_due', 'You must pass `days_until_due` when `collection_method` is send_invoice.', 'parameter_missing');
  if (!isSent && next.days_until_due !== null)
    throw invalid('days_until_due', '`days_until_due` is only valid when `collection_method` is send_invoice.');
}

const day = 86_400;

/** The end of a trial, refused where it is over or far away. */
export function checkedTrial({ created }: Desk, end: number): number {
  if (end <= created) throw invalid('trial_end', 'Invalid timestamp: must be an integer Unix timestamp in the future.');
  if (end > created + trialDaysMax * day) throw invalid('trial_end', `Invalid trial end: a trial is at most ${trialDaysMax} days long.`);
  return end;
}
