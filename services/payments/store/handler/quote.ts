import { type Fields, fieldsOf, numberOf, textOf, type Thing } from '../../domain/json.ts';
import { changedQuote, movedQuote, newQuote, offering, onceIn, recurringIn } from '../../domain/quote.ts';
import { changed } from '../change.ts';
import { deskFor } from '../clock.ts';
import type { Happening } from '../due.ts';
import { invalid, refuse } from '../fault.ts';
import type { Kept } from '../object.ts';
import { asJson } from '../payment.ts';
import { dueAt } from '../subscription.ts';
import { type Desk, deskOfCause, eventsOf, found, keepNew, type World } from '../world.ts';
import { itemsOfRequest, shownItems } from './checkout.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { create as invoice } from './invoice.ts';
import { create as invoiceItem } from './invoice-item.ts';
import { listed, pageOf, sliced } from './list.ts';
import { create as subscribe } from './subscription.ts';

const kind = 'quote';
const [prefixLength, wordLength, numberLength] = ['cus_'.length, 8, 4];

const unfit = ({ thing }: Kept, doing: string) =>
  refuse('StateInvalid', `You cannot ${doing} this quote because it has a status of ${String(thing.status)}.`, {
    code: 'quote_unexpected_state',
  });

/** The quote with the items of a request, and these as they are kept. */
async function offered(request: Request, quote: Thing): Promise<{ next: Thing; items: readonly Thing[] }> {
  const { items, currency, ...sums } = await itemsOfRequest(request);
  return { next: offering(quote, items, sums, currency), items };
}

async function create(request: Request): Promise<Thing> {
  const { world, desk: asked, input } = request;
  const customer = (await found(world, asked.at, 'customer', String(input.customer), 'customer')).thing;
  const desk = await deskFor(world, asked, customer);
  const { line_items: lines, ...given } = input;
  const bare = newQuote(given, customer, { id: desk.ids('qt'), created: desk.created, livemode: desk.livemode });
  const { next, items } = lines == null ? { next: bare, items: [] } : await offered({ ...request, desk }, bare);
  return keepNew(world, desk, next, 'quote.created', { hidden: { items: asJson(items) } });
}

async function keepMoved(world: World, desk: Desk, kept: Kept, next: Thing, hidden: Fields, event: string): Promise<Thing> {
  const told = await eventsOf(world, desk, [[event, next]]);
  await world.objects.commit(desk.at, [await world.objects.change(desk.at, kept, next, hidden), ...told]);
  return next;
}

/** Changes a quote by what it is, in its turn. */
function moved(request: Request, event: string, move: (kept: Kept, desk: Desk) => Promise<{ next: Thing; hidden?: Fields }>) {
  const { world, desk: asked, id } = request;
  return world.steps.on(asked.at, id, async () => {
    const kept = await found(world, asked.at, kind, id);
    if (asked.again && kept.hidden.by === asked.seed) return kept.thing;
    const payer = await found(world, asked.at, 'customer', String(kept.thing.customer));
    const desk = await deskFor(world, asked, payer.thing);
    const { next, hidden = kept.hidden } = await move(kept, desk);
    return keepMoved(world, desk, kept, next, { ...hidden, by: asked.seed }, event);
  });
}

const update = (request: Request): Promise<Thing> => {
  const { world, desk, id, input } = request;
  const { line_items: lines, ...given } = input;
  return changed(world, desk, kind, id, async (kept) => {
    const names = Object.keys(given).filter((name) => name !== 'metadata' && name !== 'expires_at');
    if (kept.thing.status !== 'draft' && (lines != null || names.length > 0)) throw unfit(kept, 'update');
    const bare = changedQuote(kept.thing, given);
    if (lines == null) return { next: bare };
    const { next, items } = await offered(request, bare);
    return { next, hidden: { ...kept.hidden, items: asJson(items) } };
  });
};

const finalize = (request: Request): Promise<Thing> =>
  moved(request, 'quote.finalized', async (kept, desk) => {
    const { world, input } = request;
    if (kept.thing.status !== 'draft') throw unfit(kept, 'finalize');
    if (shownItems(kept.hidden).length === 0) throw invalid('line_items', 'A quote that offers nothing cannot be finalized.');
    const ends = numberOf(input.expires_at) ?? Number(kept.thing.expires_at);
    if (ends <= desk.created) throw invalid('expires_at', 'expires_at must be in the future.');
    const customer = String(kept.thing.customer);
    const where = [['customer = ?', customer], [`body->>'number' is not null`]] as const;
    const { items } = await world.objects.list(desk.at, kind, { limit: 10 ** numberLength, where });
    const word = customer.slice(prefixLength, prefixLength + wordLength).toUpperCase();
    const number = `QT-${word}-${String(items.length + 1).padStart(numberLength, '0')}-1`;
    const hidden = dueAt({ ...kept.hidden, clock: kept.thing.test_clock ?? null }, ends);
    return { next: movedQuote(kept.thing, 'open', desk.created, { number, expires_at: ends }), hidden };
  });

/** What an item is in the request that it becomes. */
const wanted = ({ price, quantity = 1, rates = [] }: Thing): Fields => ({
  ...{ price: fieldsOf(price).id ?? null, quantity },
  ...((rates as readonly Thing[]).length > 0 ? { tax_rates: (rates as readonly Thing[]).map(({ id }) => id) } : {}),
});

/** What is made of it is named after the quote, so that who accepts again makes nothing twice. */
const accept = (request: Request): Promise<Thing> =>
  moved(request, 'quote.accepted', async (kept, desk) => {
    const { thing, hidden } = kept;
    if (thing.status !== 'open') throw unfit(kept, 'accept');
    const items = hidden.items as readonly Thing[];
    const own = { ...request, desk: deskOfCause(desk.at, `quote ${thing.id}`, request.desk.created, desk.livemode) };
    const made = recurringIn(items).length > 0 ? await subscribed(own, thing, items) : await invoiced(own, thing, items);
    return { next: movedQuote(thing, 'accepted', desk.created, made), hidden: dueAt(hidden, undefined) };
  });

const billing = ({ collection_method = null, invoice_settings }: Thing): Fields => ({
  collection_method,
  ...(collection_method === 'send_invoice' ? { days_until_due: fieldsOf(invoice_settings).days_until_due ?? 30 } : {}),
});

async function subscribed(request: Request, quote: Thing, items: readonly Thing[]): Promise<Fields> {
  const { description = null, metadata = {}, trial_period_days = null } = fieldsOf(quote.subscription_data);
  const once = onceIn(items).map(wanted);
  const input: Fields = {
    ...{ customer: quote.customer ?? null, items: recurringIn(items).map(wanted), metadata, ...billing(quote) },
    ...(description === null ? {} : { description }),
    ...(trial_period_days === null ? {} : { trial_period_days }),
    ...(once.length === 0 ? {} : { add_invoice_items: once }),
    ...(quote.collection_method === 'send_invoice' ? {} : { payment_behavior: 'default_incomplete' }),
  };
  const made = await subscribe({ ...request, input });
  return { subscription: made.id, invoice: textOf(made.latest_invoice) ?? null };
}

async function invoiced(request: Request, quote: Thing, items: readonly Thing[]): Promise<Fields> {
  const { customer = null, currency = null } = quote;
  const { id } = await invoice({ ...request, input: { customer, currency, ...billing(quote) } });
  for (const item of items) {
    const { price, ...more } = wanted(item);
    await invoiceItem({ ...request, input: { customer, invoice: id, pricing: { price: price ?? null }, ...more } });
  }
  return { invoice: id };
}

const cancel = (request: Request): Promise<Thing> =>
  moved(request, 'quote.canceled', async (kept, desk) => {
    if (kept.thing.status !== 'draft' && kept.thing.status !== 'open') throw unfit(kept, 'cancel');
    return { next: movedQuote(kept.thing, 'canceled', desk.created), hidden: dueAt(kept.hidden, undefined) };
  });

/** Nobody accepted in time. */
export const quoteDue: Happening = (world, at, { id, due }) =>
  world.steps.on(at, id, async () => {
    const kept = await found(world, at, kind, id);
    if (kept.thing.status !== 'open') return;
    const desk = deskOfCause(at, `quote ends ${id}`, due, world.isLive(at));
    await keepMoved(world, desk, kept, movedQuote(kept.thing, 'canceled', due), dueAt(kept.hidden, undefined), 'quote.canceled');
  });

export const quoteHandlers = (world: World) =>
  handlersOf(world, {
    CreateQuote: create,
    GetQuote: async ({ world, desk, id }) => (await found(world, desk.at, kind, id)).thing,
    ListQuotes: ({ world, desk, input }) => {
      const filters = { customer: 'customer = ?', status: `body->>'status' = ?` };
      return listed(world.objects, desk.at, kind, pageOf(input, filters), '/v1/quotes');
    },
    ListQuoteItems: async ({ world, desk, id, input }) =>
      sliced(shownItems((await found(world, desk.at, kind, id)).hidden), input, `/v1/quotes/${id}/line_items`),
    ListQuoteUpfrontItems: async ({ world, desk, id, input }) =>
      sliced(shownItems((await found(world, desk.at, kind, id)).hidden), input, `/v1/quotes/${id}/computed_upfront_line_items`),
    UpdateQuote: update,
    FinalizeQuote: finalize,
    AcceptQuote: accept,
    CancelQuote: cancel,
  }) satisfies Partial<All>;
