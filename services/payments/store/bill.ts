import type { Placed } from '#kernel/contract/provider.ts';
import type { Statement } from '#seams/sql/sql.ts';
import { draftSeconds, newInvoice } from '../domain/invoice.ts';
import { type Fields, fieldsOf, type Json, type Thing } from '../domain/json.ts';
import { type Period, periodAt, shareOf } from '../domain/period.ts';
import { type Billed, type Item, itemsOf, periodOf, rhythmOfAll } from '../domain/subscription.ts';
import { isMetered, meterOf, usageCost } from '../domain/meter.ts';
import { costOf, itemIdOf, newLine, newProration, said } from '../domain/subscription-line.ts';
import { counted, itemsOn } from './invoice.ts';
import type { Kept } from './object.ts';
import { asJson } from './payment.ts';
import type { Outcome } from './subscription.ts';
import type { Desk, World } from './world.ts';

/** What is taken off a subscription, until when. */
export type Discount = { readonly id: string; readonly coupon: Thing; readonly end: number | null };

/** What was billed for the items of a subscription, by item. */
export type AllBilled = Readonly<Record<string, Billed>>;

export const billedIn = (hidden: Fields): AllBilled => fieldsOf(hidden.billed) as unknown as AllBilled;

export function discountIn(hidden: Fields): Discount | undefined {
  const { id, coupon, end = null } = fieldsOf(hidden.discount);
  return id === undefined ? undefined : { id: String(id), coupon: coupon as Thing, end: end as number | null };
}

/** When the money of an invoice is to be taken: at once, after its draft could be changed, or when somebody asks for it. */
export type Collecting = 'now' | 'later' | 'asked' | 'never';

type Bill = {
  readonly id: string;
  readonly subscription: Thing;
  readonly customer: Thing;
  readonly lines: readonly Thing[];
  readonly pending: readonly Kept[];
  /** Items that are made with the invoice. */
  readonly fresh: readonly Thing[];
  readonly reason: 'subscription_create' | 'subscription_cycle' | 'subscription_update';
  readonly period: Period;
  readonly discount: Discount | undefined;
  readonly collecting: Collecting;
};

type Drafted = Outcome & { readonly invoice: Thing; readonly billed: AllBilled; readonly isDiscounted: boolean };

/** The draft of an invoice of a subscription, with what waits for its customer. */
export async function drafted(world: World, desk: Desk, bill: Bill): Promise<Drafted> {
  const { id, subscription, customer, lines, reason, discount, collecting } = bill;
  const own = { id, created: desk.created, livemode: desk.livemode };
  const { currency = '', collection_method = null, days_until_due = null, description = null } = subscription;
  const isLater = collecting === 'later';
  const bare: Thing = {
    ...newInvoice({ currency, collection_method, ...(days_until_due === null ? {} : { days_until_due }), description }, customer, own),
    ...{ auto_advance: collecting !== 'never', automatically_finalizes_at: isLater ? desk.created + draftSeconds : null },
    ...{ billing_reason: reason, default_tax_rates: subscription.default_tax_rates ?? [], discounts: discount ? [discount.id] : [] },
    ...{ period_start: bill.period.start, period_end: bill.period.end, subscription: subscription.id },
    parent: {
      ...{ quote_details: null, type: 'subscription_details' },
      subscription_details: { metadata: subscription.metadata ?? {}, subscription: subscription.id },
    },
  };
  const due: Fields = collecting === 'never' ? {} : { due: isLater ? desk.created + draftSeconds : desk.created };
  const hidden: Fields = {
    ...{ subscription: subscription.id, clock: customer.test_clock ?? null, lines: asJson(lines), ...due },
    ...(discount ? { discount: { id: discount.id, coupon: asJson(discount.coupon) } } : {}),
    ...(collecting === 'asked' ? { onDemand: true } : {}),
  };
  const taken = bill.pending.map((item) => ({ item, next: { ...item.thing, invoice: id } as Thing }));
  const fresh = bill.fresh.map((item): Thing => ({ ...item, invoice: id }));
  const invoice = counted(bare, hidden, [...taken.map(({ next }) => next), ...fresh]);
  const statements = [
    await world.objects.insertion(desk.at, invoice, hidden),
    ...(await insertions(world, desk.at, fresh)),
    ...(await Promise.all(taken.map(({ item, next }) => world.objects.change(desk.at, item, next)))),
  ];
  return { invoice, statements, told: [['invoice.created', invoice]], ...billedBy(invoice, lines, subscription) };
}

/** What the lines of a subscription came to, without what was taken off; what was used does not come back. */
function billedBy(invoice: Thing, lines: readonly Thing[], subscription: Thing): { billed: AllBilled; isDiscounted: boolean } {
  const shown = fieldsOf(invoice.lines).data as Thing[];
  const off = shown.map(({ discount_amounts }) => (discount_amounts as Fields[]).reduce((sum, { amount }) => sum + Number(amount), 0));
  const entries = lines.map((line, index): [string, Billed] => {
    return [itemIdOf(line), { ...(line.period as Period), amount: Number(line.amount) - (off[index] ?? 0) }];
  });
  const metered = new Set(itemsOf(subscription).flatMap(({ id, price }) => (isMetered(price) ? [id] : [])));
  const billed = Object.fromEntries(entries.filter(([id]) => !metered.has(id)));
  return { billed, isDiscounted: off.some((each) => each > 0) };
}

/** Items that wait for the next invoice of a customer, and are of no other subscription. */
export async function pendingFor(world: World, at: Placed, { id, customer, currency }: Thing): Promise<Kept[]> {
  const where = [['customer = ?', String(customer)], [`body->>'invoice' is null`], [`body->>'currency' = ?`, String(currency)]] as const;
  const all = await itemsOn(world, at, where);
  return all.filter(({ thing }) => (fieldsOf(fieldsOf(thing.parent).subscription_details).subscription ?? id) === id);
}

const productOf = async (world: World, at: Placed, { price }: Item): Promise<string> =>
  String((await world.objects.get(at, 'product', String(price.product)))?.thing.name ?? price.product);

/** The lines of a subscription for a period: all of what it costs, the part of a shorter one, or nothing while it is tried. */
export function linesFor(world: World, desk: Desk, subscription: Thing, period: Period, how: 'full' | 'part' | 'trial'): Promise<Thing[]> {
  return Promise.all(
    itemsOf(subscription).map(async (item) => {
      const product = await productOf(world, desk.at, item);
      const id = desk.ids('ii');
      const common = { id, subscription, item, period, proration: how === 'part' };
      if (how === 'trial') return newLine({ ...common, amount: 0, description: said.trial(item, product) });
      if (how === 'full') return newLine({ ...common, amount: costOf(item), description: said.full(item, product) });
      const amount = shareOf(costOf(item), period.end - period.start, wholeOf(subscription, period.start));
      return newLine({ ...common, amount, description: said.remaining(item, product, period.start) });
    }),
  );
}

type Using = { readonly subscription: Thing; readonly billed: AllBilled; readonly period: Period; readonly items?: readonly Item[] };

/** What was used of the metered items of a subscription in a period, and what it costs. */
async function usageOf(world: World, at: Placed, { subscription, billed, period, items = itemsOf(subscription) }: Using) {
  const metered = items.filter(({ price }) => isMetered(price));
  return Promise.all(
    metered.map(async (item) => {
      const meter = await world.objects.get(at, 'billing.meter', meterOf(item.price));
      // One that came within the period counts from then on.
      const within = { ...period, start: Math.max(period.start, billed[item.id]?.start ?? 0) };
      const used = meter ? await world.usages.counted(at, meter.thing, String(subscription.customer), within) : '0';
      const product = await productOf(world, at, item);
      return { item, used, period: within, amount: usageCost(item.price, used), description: said.used(item, product, used) };
    }),
  );
}

/** The lines of what was used in a period that is over. */
export async function usageLines(world: World, desk: Desk, { thing: subscription, hidden }: Kept, period: Period): Promise<Thing[]> {
  const all = await usageOf(world, desk.at, { subscription, billed: billedIn(hidden), period });
  return all.map((each) => newLine({ id: desk.ids('ii'), subscription, proration: false, ...each }));
}

/** The same as items that wait for the next invoice, where there is something to pay: of items that go, or of all. */
export async function usageItems(world: World, desk: Desk, until: number, using: Omit<Using, 'period'>): Promise<Thing[]> {
  const { subscription } = using;
  const all = await usageOf(world, desk.at, { ...using, period: { start: periodOf(subscription).start, end: until } });
  return all
    .filter(({ amount }) => amount > 0)
    .map((each) => newProration({ id: desk.ids('ii'), subscription, proration: false, ...each }, desk.created));
}

/** How long the whole period is that a time lies in. */
function wholeOf(subscription: Thing, time: number): number {
  const { start, end } = periodAt(Number(subscription.billing_cycle_anchor), rhythmOfAll(subscription), time);
  return end - start;
}

/** What a change gives back and costs, in items that wait, and what is billed for the items from then on. */
export type Prorated = { readonly items: readonly Thing[]; readonly billed: AllBilled };

type Change = {
  readonly before: Thing;
  readonly after: Thing;
  readonly billed: AllBilled;
  readonly time: number;
  readonly percentOff: number;
};

const isSame = (a: Item, b: Item | undefined): boolean => b !== undefined && a.price.id === b.price.id && a.quantity === b.quantity;
const hundred = 100;

/** The unused part of what was billed for items that were changed or taken away comes back, and the rest of their time is billed anew. */
export async function prorated(world: World, desk: Desk, { before, after, billed, time, percentOff }: Change): Promise<Prorated> {
  const items: Thing[] = [];
  const next: Record<string, Billed> = { ...billed };
  const [was, is] = [itemsOf(before), itemsOf(after)];
  const add = async (item: Item, amount: number, end: number, words: typeof said.unused) => {
    if (amount === 0) return;
    const description = words(item, await productOf(world, desk.at, item), time);
    const line = { id: desk.ids('ii'), subscription: after, item, amount, description, period: { start: time, end }, proration: true };
    items.push(newProration(line, desk.created));
  };
  for (const item of was.filter(
    (each) =>
      !isSame(
        each,
        is.find(({ id }) => id === each.id),
      ),
  )) {
    const paid = billed[item.id];
    delete next[item.id];
    if (isMetered(item.price) && before.status !== 'trialing')
      items.push(...(await usageItems(world, desk, time, { subscription: before, billed, items: [item] })));
    if (paid && time < paid.end) await add(item, -creditOf(paid, time), paid.end, said.unused);
  }
  const { end } = periodOf(after);
  for (const item of is.filter(
    (each) =>
      !isSame(
        each,
        was.find(({ id }) => id === each.id),
      ),
  )) {
    const full = shareOf(costOf(item), end - time, wholeOf(after, time));
    const amount = full - shareOf(full, Math.round(percentOff * hundred), hundred * hundred);
    next[item.id] = { amount, start: time, end };
    await add(item, amount, end, said.remaining);
  }
  return { items, billed: next };
}

const creditOf = ({ amount, start, end }: Billed, time: number): number => shareOf(amount, end - Math.max(time, start), end - start);

/** What was billed and is not used any more, of all items: where a new cycle begins, or all ends. */
export async function credits(world: World, desk: Desk, subscription: Thing, billed: AllBilled, time: number): Promise<Thing[]> {
  const none: Thing = { ...subscription, items: { ...fieldsOf(subscription.items), data: [] as Json } };
  return [...(await prorated(world, desk, { before: subscription, after: none, billed, time, percentOff: 0 })).items];
}

export const insertions = (world: World, at: Placed, items: readonly Thing[]): Promise<Statement[]> =>
  Promise.all(items.map((item) => world.objects.insertion(at, item)));
