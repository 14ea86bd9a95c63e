import { newSession, newLineItem } from '../../domain/checkout.ts';
import { countedInvoice, newInvoiceItem } from '../../domain/invoice-item.ts';
import { type Fields, fieldsOf, numberOf, textOf, type Thing } from '../../domain/json.ts';
import { isCancelable, newPaymentIntent } from '../../domain/payment-intent.ts';
import { newCustomer } from '../../domain/customer.ts';
import { checkMoney } from '../amount.ts';
import { placeText } from '../challenge.ts';
import { changed } from '../change.ts';
import type { Happening } from '../due.ts';
import { invalid, missing, refuse } from '../fault.ts';
import { ratesOf } from '../invoice.ts';
import { attach, newMethod } from '../method.ts';
import { completing } from '../mover/checkout.ts';
import type { Kept } from '../object.ts';
import { asJson } from '../payment.ts';
import { dueAt } from '../subscription.ts';
import { type Desk, deskOfCause, found, keepNew, type World, writtenDesk } from '../world.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { listed, pageOf } from './list.ts';
import { confirmed } from './payment-intent.ts';
import { createPrice } from './product.ts';
import { create as subscribe } from './subscription.ts';

const kind = 'checkout.session';
const secretLength = 32;
const idLetters = 24;
const [openLeast, openMost] = [1_800, 86_400];

/** What is bought, priced and counted: the items, and what they come to. */
export async function itemsOfRequest(
  request: Request,
): Promise<{ items: Thing[]; subtotal: number; total: number; tax: number; currency: string }> {
  const { world, desk, input } = request;
  const [items, drafts, prices] = [[] as Thing[], [] as Thing[], [] as Thing[]];
  for (const [index, line] of (input.line_items as Fields[]).entries()) {
    const param = `line_items[${index}]`;
    if ((line.price == null) === (line.price_data == null))
      throw invalid(param, 'You must pass exactly one of price and price_data.', 'parameter_missing');
    const made = line.price_data == null ? undefined : await createPrice({ ...request, input: fieldsOf(line.price_data) });
    const price = made ?? (await found(world, desk.at, 'price', String(line.price), `${param}[price]`)).thing;
    if (price.active !== true) throw invalid(`${param}[price]`, 'The price specified is inactive.');
    const rates = await ratesOf(world, desk.at, line.tax_rates, `${param}[tax_rates]`);
    const given = { quantity: numberOf(line.quantity) ?? 1, tax_rates: rates };
    drafts.push(newInvoiceItem(given, price, { id: desk.ids('ii'), created: desk.created, livemode: desk.livemode }));
    prices.push(price);
  }
  const currency = String(prices[0]?.currency);
  if (prices.some((price) => price.currency !== currency)) throw invalid('line_items', 'All line items have the same currency.');
  checkMode(input, prices);
  const counted = countedInvoice({ items: drafts, defaultRates: [], discount: undefined, invoice: '' });
  for (const [index, line] of (fieldsOf(counted.lines).data as Thing[]).entries()) {
    const price = prices[index] as Thing;
    const name = (await found(world, desk.at, 'product', String(price.product))).thing.name;
    items.push({ ...newLineItem(line, price, String(name), desk.ids('li')), rates: (drafts[index]?.tax_rates ?? []) as Thing[] });
  }
  const tax = items.reduce((sum, item) => sum + Number(item.amount_tax), 0);
  return { items, subtotal: Number(counted.subtotal), total: Number(counted.total), tax, currency };
}

function checkMode({ mode }: Fields, prices: readonly Thing[]): void {
  const recurring = prices.some(({ type }) => type === 'recurring');
  if (mode === 'payment' && recurring) throw invalid('mode', 'You must use `subscription` mode with prices that recur.');
  if (mode === 'subscription' && !recurring) throw invalid('mode', 'You must provide at least one recurring price in `subscription` mode.');
}

/** A trial takes nothing today; what recurs is then billed later. */
function dueToday(input: Fields, items: readonly Thing[], total: number): number {
  if (fieldsOf(input.subscription_data).trial_period_days == null) return total;
  return items.reduce((sum, { price, amount_total }) => sum + ((price as Thing).type === 'recurring' ? 0 : Number(amount_total)), 0);
}

export async function openedSession(request: Request): Promise<Thing> {
  const { world, desk, input, context } = request;
  const unique = desk.ids(desk.livemode ? 'cs_live' : 'cs_test');
  const id = `${unique}${await world.secrets.hash(desk.at, 'session', unique, idLetters)}`;
  if (typeof input.customer === 'string') await found(world, desk.at, 'customer', input.customer, 'customer');
  const ends = numberOf(input.expires_at);
  if (ends !== undefined && (ends < desk.created + openLeast || ends > desk.created + openMost))
    throw invalid('expires_at', 'The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.');
  const { items, ...sums } = await itemsOfRequest(request);
  const total = dueToday(input, items, sums.total);
  if (input.mode === 'payment' || total > 0) checkMoney(total, sums.currency);
  const secret = await world.secrets.hash(desk.at, 'checkout', id, secretLength);
  const url = `${context.pages ?? ''}/c/pay/${placeText(desk.at)}/${id}?client_secret=${secret}`;
  const own = { id, created: desk.created, livemode: desk.livemode };
  const session = newSession(input, { ...sums, total }, url, own);
  const { payment_intent_data = null, subscription_data = null } = input;
  const wanted: Fields = { payment: payment_intent_data, subscription: subscription_data };
  const hidden: Fields = { secret, wanted, items: asJson(items), due: Number(session.expires_at) };
  return keepNew(world, desk, session, undefined, { hidden });
}

/** A session that a page asks for must be named with its secret. */
function assertSecret({ isPublic, input, id }: Request, { hidden }: Kept): void {
  if (isPublic && input.client_secret !== hidden.secret) throw missing('checkout.session', id);
}

export const shownItems = (hidden: Fields): Thing[] => (hidden.items as Thing[]).map(({ rates: _, ...item }) => item as Thing);

async function get(request: Request): Promise<Thing> {
  const kept = await found(request.world, request.desk.at, kind, request.id);
  assertSecret(request, kept);
  return request.isPublic ? { ...kept.thing, line_items: asJson(shownItems(kept.hidden)) } : kept.thing;
}

/** Somebody buys. What is made for it is named after the session, so that who asks again makes nothing twice. */
async function complete(request: Request): Promise<Thing> {
  const { world, desk, id, input } = request;
  return world.steps.on(desk.at, `checkout ${id}`, async () => {
    const kept = await found(world, desk.at, kind, id);
    assertSecret(request, kept);
    if (kept.thing.status === 'complete') return kept.thing;
    if (kept.thing.status !== 'open' || Number(kept.thing.expires_at) <= desk.created)
      throw refuse('StateInvalid', 'This Checkout Session is not open any more.');
    const email = input.email ?? kept.thing.customer_email ?? null;
    const data = { type: 'card', card: input.card ?? null, billing_details: { email, name: input.name ?? null } };
    const method = await newMethod(world, desk, data);
    const own = deskOfCause(desk.at, id, desk.created, desk.livemode);
    const buyer = await buyerOf(world, own, kept, { email, name: input.name ?? null });
    const intent =
      kept.thing.mode === 'payment' ? await paymentOf(world, own, kept, buyer) : await subscribed(request, own, kept, buyer, method.id);
    if (intent === undefined) return (await found(world, desk.at, kind, id)).thing;
    const given = { payment_method: method.id, return_url: textOf(kept.thing.url) ?? null };
    const paid = await confirmed({ ...request, id: intent, isPublic: false, input: {} }, given);
    const next = textOf(fieldsOf(fieldsOf(paid.next_action).redirect_to_url).url);
    return { ...(await found(world, desk.at, kind, id)).thing, ...(next === undefined ? {} : { next }) };
  });
}

/** The customer who buys: the one that is named, or a new one where the session wants one. */
async function buyerOf(world: World, own: Desk, { thing }: Kept, given: Fields): Promise<string | null> {
  const id = own.ids('cus');
  if (typeof thing.customer === 'string') return thing.customer;
  if (thing.mode === 'payment' && thing.customer_creation !== 'always') return null;
  if (await world.objects.get(own.at, 'customer', id)) return id;
  const prefix = (await world.secrets.hash(own.at, 'invoice prefix', id, 8)).toUpperCase();
  const email = textOf(given.email);
  const mark = email === undefined ? null : await world.secrets.hash(own.at, 'email', email.toLowerCase(), 32);
  const made = newCustomer(given, { id, created: own.created, livemode: own.livemode, prefix });
  return (await keepNew(world, own, made, 'customer.created', { mark })).id;
}

async function paymentOf(world: World, own: Desk, session: Kept, customer: string | null): Promise<string> {
  const id = own.ids('pi');
  if (await world.objects.get(own.at, 'payment_intent', id)) return id;
  const secret = `${id}_secret_${await world.secrets.hash(own.at, 'client secret', id, 25)}`;
  const { amount_total: amount = 0, currency = '' } = session.thing;
  const wanted = Object.entries(fieldsOf(fieldsOf(session.hidden.wanted).payment)).filter(([, value]) => value !== null);
  const given = { ...(Object.fromEntries(wanted) as Fields), amount, currency, customer, payment_method_types: ['card'] };
  const intent = newPaymentIntent(given, { id, created: own.created, livemode: own.livemode, secret });
  await keepNew(world, own, intent, 'payment_intent.created', { hidden: { session: session.thing.id } });
  return id;
}

/** Subscribes the customer; answers the payment that is to be made for it, or nothing where none is due today. */
async function subscribed(
  request: Request,
  own: Desk,
  session: Kept,
  customer: string | null,
  method: string,
): Promise<string | undefined> {
  const { world } = request;
  const wanted = fieldsOf(fieldsOf(session.hidden.wanted).subscription);
  const items = (session.hidden.items as Thing[]).map(({ price, quantity, rates }) => ({
    ...{ price: (price as Thing).id, quantity: quantity ?? 1, tax_rates: (rates as Thing[]).map(({ id }) => id) },
    recurring: (price as Thing).type === 'recurring',
  }));
  const bare = (recurs: boolean) => items.filter((item) => item.recurring === recurs).map(({ recurring: _, ...item }) => item);
  const isFree = session.thing.amount_total === 0;
  const card = await found(world, own.at, 'payment_method', method);
  if (isFree) await attach(world, request.desk, card, String(customer));
  const input: Fields = {
    ...{ customer, items: bare(true), add_invoice_items: bare(false), payment_behavior: 'default_incomplete' },
    ...(Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== null)) as Fields),
    ...(isFree ? { default_payment_method: method } : { payment_settings: { save_default_payment_method: 'on_subscription' } }),
  };
  const made = await subscribe({ ...request, desk: own, isPublic: false, id: '', input });
  const invoice = await found(world, own.at, 'invoice', String(made.latest_invoice));
  const bought: Fields = { subscription: made.id, invoice: invoice.thing.id };
  const intent = textOf(invoice.hidden.intent);
  if (intent === undefined) {
    const more: Fields = { payment_status: 'no_payment_required', ...bought };
    await world.objects.commit(own.at, await completing(world, own, session, more, { customer, method: card.thing }));
    return undefined;
  }
  const mark = (kept: Kept) => ({ next: kept.thing, hidden: { ...kept.hidden, session: session.thing.id, bought } });
  await changed(world, own, 'payment_intent', intent, mark);
  return intent;
}

/** A page on which nobody has bought is closed; what was begun on it is called off. */
async function expired(world: World, desk: Desk, id: string): Promise<Thing> {
  return world.steps.on(desk.at, `checkout ${id}`, async () => {
    const { thing } = await found(world, desk.at, kind, id);
    if (thing.status === 'expired') return thing;
    if (thing.status !== 'open') throw refuse('StateInvalid', 'Only Checkout Sessions with a status in ["open"] can be expired.');
    const own = deskOfCause(desk.at, id, desk.created, desk.livemode);
    const [, intent] = [own.ids('cus'), own.ids('pi')];
    const step = desk.ids('step');
    await world.steps.on(desk.at, intent, async () => {
      const payment = await world.objects.get(desk.at, 'payment_intent', intent);
      const input = { reason: 'abandoned', desk: writtenDesk(desk) };
      if (payment && isCancelable(payment.thing)) await world.steps.take(desk.at, { id: step, kind: 'cancel', subject: intent, input });
    });
    return changed(
      ...([world, desk, kind, id] as const),
      (kept) => {
        if (kept.thing.status !== 'open') throw refuse('StateInvalid', 'It was bought meanwhile.');
        return { next: { ...kept.thing, status: 'expired', url: null }, hidden: dueAt(kept.hidden, undefined) };
      },
      'checkout.session.expired',
    );
  });
}

/** The time of a page is over. */
export const sessionDue: Happening = async (world, at, { id, due }, now) => {
  const kept = await world.objects.get(at, kind, id);
  if (kept?.hidden.due !== due) return;
  await expired(world, deskOfCause(at, `${id} expires`, now, kept.thing.livemode === true), id);
};

export const checkoutHandlers = (world: World) =>
  handlersOf(world, {
    CreateCheckoutSession: openedSession,
    GetCheckoutSession: get,
    ListCheckoutSessions: ({ world, desk, input }) => {
      const filters = { customer: 'customer = ?', payment_intent: 'payment_intent = ?', subscription: `body->>'subscription' = ?` };
      const page = pageOf(input, { ...filters, status: `body->>'status' = ?`, payment_link: `body->>'payment_link' = ?` });
      return listed(world.objects, desk.at, kind, page, '/v1/checkout/sessions');
    },
    ListCheckoutLineItems: async ({ world, desk, id }) => {
      const { hidden } = await found(world, desk.at, kind, id);
      return { object: 'list', data: shownItems(hidden), has_more: false, url: `/v1/checkout/sessions/${id}/line_items` };
    },
    ExpireCheckoutSession: ({ world, desk, id }) => expired(world, desk, id),
    CompleteCheckoutSession: complete,
  }) satisfies Partial<All>;
