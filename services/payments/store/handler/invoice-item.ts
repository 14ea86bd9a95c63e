import { isCurrency } from '../../domain/currency.ts';
import { changedInvoiceItem, newInvoiceItem } from '../../domain/invoice-item.ts';
import { fieldsOf, textOf, type Thing } from '../../domain/json.ts';
import { deskFor } from '../clock.ts';
import { invalid, refuse } from '../fault.ts';
import { counted, invoicesOf, itemsOn, ratesOf, standingOn } from '../invoice.ts';
import type { Kept } from '../object.ts';
import { eventsOf, found, type World } from '../world.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { listed, pageOf } from './list.ts';

const kind = 'invoiceitem';

async function draftOf({ world, desk }: Request, id: string | undefined): Promise<Kept | undefined> {
  if (id === undefined) return undefined;
  const kept = await found(world, desk.at, 'invoice', id, 'invoice');
  if (kept.thing.status !== 'draft') throw refuse('StateInvalid', `Invoice ${id} is no draft any more.`, { code: 'invoice_not_editable' });
  return kept;
}

async function priceOf({ world, desk, input }: Request): Promise<Thing | undefined> {
  const price = textOf(fieldsOf(input.pricing).price);
  if ((price === undefined) === (input.amount == null))
    throw invalid('amount', 'You must pass exactly one of amount and pricing.', 'parameter_missing');
  if (price === undefined) {
    const currency = textOf(input.currency)?.toLowerCase() ?? '';
    if (!isCurrency(currency)) throw invalid('currency', 'You must pass a currency with an amount.', 'parameter_missing');
    return undefined;
  }
  const { thing } = await found(world, desk.at, 'price', price, 'pricing[price]');
  if (thing.type !== 'one_time') throw invalid('pricing[price]', 'The price of an item is one that is paid once.');
  return thing;
}

export async function create(asked: Request): Promise<Thing> {
  const { world, input } = asked;
  const payer = (await found(world, asked.desk.at, 'customer', String(input.customer), 'customer')).thing;
  const desk = await deskFor(world, asked.desk, payer);
  const request = { ...asked, desk };
  const [id, customer] = [desk.ids('ii'), payer.id];
  const [price, rates] = [await priceOf(request), await ratesOf(world, desk.at, input.tax_rates, 'tax_rates')];
  const own = { id, created: desk.created, livemode: desk.livemode };
  const item: Thing = { ...newInvoiceItem({ ...input, tax_rates: rates }, price, own), test_clock: payer.test_clock ?? null };
  return world.steps.on(desk.at, invoicesOf(customer), async () => {
    const before = desk.again ? await world.objects.get(desk.at, kind, id) : undefined;
    if (before) return before.thing;
    const draft = await draftOf(request, textOf(input.invoice));
    if (draft && draft.thing.customer !== customer) throw invalid('invoice', 'The invoice is of another customer.');
    if (draft && draft.thing.currency !== item.currency) throw invalid('currency', 'The invoice is of another currency.');
    const statements = [await world.objects.insertion(desk.at, item)];
    if (draft) {
      const items = (await itemsOn(world, desk.at, [standingOn(draft.thing.id)])).map(({ thing }) => thing);
      statements.push(await world.objects.change(desk.at, draft, counted(draft.thing, draft.hidden, [...items, item])));
    }
    await world.objects.commit(desk.at, [...statements, ...(await eventsOf(world, desk, [['invoiceitem.created', item]]))]);
    return item;
  });
}

async function update(request: Request): Promise<Thing> {
  const { world, desk, id, input } = request;
  const { customer } = (await found(world, desk.at, kind, id)).thing;
  const given =
    input.tax_rates === undefined ? input : { ...input, tax_rates: await ratesOf(world, desk.at, input.tax_rates, 'tax_rates') };
  return world.steps.on(desk.at, invoicesOf(String(customer)), async () => {
    const kept = await found(world, desk.at, kind, id);
    const draft = await draftOf(request, textOf(kept.thing.invoice));
    const price = textOf(fieldsOf(fieldsOf(kept.thing.pricing).price_details).price);
    if (price !== undefined && input.amount != null) throw invalid('amount', 'The amount of an item of a price follows from the price.');
    const of = price === undefined ? undefined : (await found(world, desk.at, 'price', price)).thing;
    const next = changedInvoiceItem(kept.thing, given, of);
    const statements = [await world.objects.change(desk.at, kept, next)];
    if (draft) {
      const items = (await itemsOn(world, desk.at, [standingOn(draft.thing.id)])).map(({ thing }) => (thing.id === id ? next : thing));
      statements.push(await world.objects.change(desk.at, draft, counted(draft.thing, draft.hidden, items)));
    }
    await world.objects.commit(desk.at, statements);
    return next;
  });
}

async function remove(request: Request): Promise<Thing> {
  const { world, desk, id } = request;
  const { customer } = (await found(world, desk.at, kind, id)).thing;
  return world.steps.on(desk.at, invoicesOf(String(customer)), async () => {
    const kept = await found(world, desk.at, kind, id);
    const draft = await draftOf(request, textOf(kept.thing.invoice));
    const statements = [world.objects.deletion(kept)];
    if (draft) {
      const items = (await itemsOn(world, desk.at, [standingOn(draft.thing.id)])).map(({ thing }) => thing);
      const left = items.filter((each) => each.id !== id);
      statements.push(await world.objects.change(desk.at, draft, counted(draft.thing, draft.hidden, left)));
    }
    await world.objects.commit(desk.at, [...statements, ...(await eventsOf(world, desk, [['invoiceitem.deleted', kept.thing]]))]);
    return { id, object: kind, deleted: true };
  });
}

export const invoiceItemHandlers = (world: World) =>
  handlersOf(world, {
    CreateInvoiceItem: create,
    GetInvoiceItem: async ({ world, desk, id }) => (await found(world, desk.at, kind, id)).thing,
    ListInvoiceItems: ({ world, desk, input }) => {
      const filters = { customer: 'customer = ?', invoice: `body->>'invoice' = ?`, pending: `(body->>'invoice' is null)::text = ?` };
      return listed(world.objects, desk.at, kind, pageOf(input, filters), '/v1/invoiceitems');
    },
    UpdateInvoiceItem: update,
    DeleteInvoiceItem: remove,
  }) satisfies Partial<All>;
