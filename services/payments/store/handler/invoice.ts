import { describedInvoice, newInvoice, paidInvoice } from '../../domain/invoice.ts';
import { type Fields, fieldsOf, textOf, type Thing } from '../../domain/json.ts';
import { isCancelable, newPaymentIntent } from '../../domain/payment-intent.ts';
import { checkMoney } from '../amount.ts';
import { changed } from '../change.ts';
import { refuse } from '../fault.ts';
import { counted, discountOf, invoicesOf, itemsOn, ratesOf, standingOn } from '../invoice.ts';
import { methodNamed } from '../method.ts';
import type { Condition, Kept } from '../object.ts';
import { eventsOf, found, type World, writtenDesk } from '../world.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { listed, pageOf } from './list.ts';
import { confirmed } from './payment-intent.ts';

const kind = 'invoice';
const secretLength = 25;
const numberLength = 4;

const unfit = ({ id, status }: Thing, doing: string) =>
  refuse('StateInvalid', `You cannot ${doing} the invoice ${id}: it has a status of ${String(status)}.`, { code: 'invoice_not_editable' });

async function create({ world, desk, input }: Request): Promise<Thing> {
  const id = desk.ids('in');
  const customer = (await found(world, desk.at, 'customer', String(input.customer), 'customer')).thing;
  const rates = await ratesOf(world, desk.at, input.default_tax_rates, 'default_tax_rates');
  return world.steps.on(desk.at, invoicesOf(customer.id), async () => {
    const before = desk.again ? await world.objects.get(desk.at, kind, id) : undefined;
    if (before) return before.thing;
    const named = textOf(input.currency)?.toLowerCase();
    const pending: Condition[] = [['customer = ?', customer.id], [`body->>'invoice' is null`]];
    const all = input.pending_invoice_items_behavior === 'include' ? await itemsOn(world, desk.at, pending) : [];
    const currency = named ?? textOf(all[0]?.thing.currency) ?? 'usd';
    const items = all.filter(({ thing }) => thing.currency === currency);
    const redeemed = await discountOf(world, desk, input.discounts, currency);
    const hidden: Fields = redeemed ? { discount: redeemed.discount } : {};
    const own = { id, created: desk.created, livemode: desk.livemode };
    const bare: Thing = { ...newInvoice({ ...input, currency }, customer, own), default_tax_rates: rates };
    const taken = items.map((item) => ({ item, next: { ...item.thing, invoice: id } as Thing }));
    const invoice = counted(
      { ...bare, discounts: redeemed ? [redeemed.discount.id] : [] },
      hidden,
      taken.map(({ next }) => next),
    );
    await world.objects.commit(desk.at, [
      await world.objects.insertion(desk.at, invoice, hidden),
      ...(await Promise.all(taken.map(({ item, next }) => world.objects.change(desk.at, item, next)))),
      ...(redeemed ? [redeemed.used] : []),
      ...(await eventsOf(world, desk, [['invoice.created', invoice]])),
    ]);
    return invoice;
  });
}

/** A draft goes: what stood on it may stand on another. */
async function remove({ world, desk, id }: Request): Promise<Thing> {
  const { customer } = (await found(world, desk.at, kind, id)).thing;
  return world.steps.on(desk.at, invoicesOf(String(customer)), async () => {
    const kept = await found(world, desk.at, kind, id);
    if (kept.thing.status !== 'draft') throw unfit(kept.thing, 'delete');
    const items = await itemsOn(world, desk.at, [standingOn(id)]);
    await world.objects.commit(desk.at, [
      world.objects.deletion(kept),
      ...(await Promise.all(items.map((item) => world.objects.change(desk.at, item, { ...item.thing, invoice: null })))),
      ...(await eventsOf(world, desk, [['invoice.deleted', kept.thing]])),
    ]);
    return { id, object: kind, deleted: true };
  });
}

/** A draft ends: it has the next number of its customer, and a payment that waits for a card. */
async function finalize({ world, desk, id }: Request): Promise<Thing> {
  const intentId = desk.ids('pi');
  const { customer } = (await found(world, desk.at, kind, id)).thing;
  return world.steps.on(desk.at, invoicesOf(String(customer)), async () => {
    const kept = await found(world, desk.at, kind, id);
    if (desk.again && kept.hidden.finalizedBy === desk.seed) return kept.thing;
    if (kept.thing.status !== 'draft') throw unfit(kept.thing, 'finalize');
    if (Number(kept.thing.total) < 0)
      throw refuse('StateInvalid', 'An invoice of less than nothing would be a credit of the customer, which is not kept here.');
    const payer = await found(world, desk.at, 'customer', String(customer));
    const sequence = Number(payer.thing.next_invoice_sequence ?? 1);
    const number = `${String(payer.thing.invoice_prefix)}-${String(sequence).padStart(numberLength, '0')}`;
    const transitions = { ...fieldsOf(kept.thing.status_transitions), finalized_at: desk.created };
    const open: Thing = { ...kept.thing, status: 'open', number, effective_at: desk.created, status_transitions: transitions };
    const amount = Number(open.amount_due);
    const intent = amount === 0 ? undefined : await intentOf(world, desk, open, intentId);
    const shown = { client_secret: intent?.client_secret ?? null, type: 'payment_intent' };
    const next: Thing = intent ? { ...open, confirmation_secret: shown } : { ...paidInvoice(open, desk.created, 0), attempt_count: 0 };
    const hidden: Fields = { ...kept.hidden, finalizedBy: desk.seed, intent: intent?.id ?? null };
    await world.objects.commit(desk.at, [
      await world.objects.change(desk.at, kept, next, hidden),
      await world.objects.change(desk.at, payer, { ...payer.thing, next_invoice_sequence: sequence + 1 }),
      ...(intent ? [await world.objects.insertion(desk.at, intent, { invoice: id })] : []),
      ...(await eventsOf(world, desk, [['invoice.finalized', next], intent ? ['payment_intent.created', intent] : ['invoice.paid', next]])),
    ]);
    return next;
  });
}

async function intentOf(world: World, desk: Request['desk'], invoice: Thing, id: string): Promise<Thing> {
  const { amount_due: amount = 0, currency = '', customer = null, description = null, statement_descriptor = null } = invoice;
  checkMoney(Number(amount), String(currency));
  const secret = `${id}_secret_${await world.secrets.hash(desk.at, 'client secret', id, secretLength)}`;
  const given = { amount, currency, customer, description, statement_descriptor, payment_method_types: ['card'] };
  return newPaymentIntent(given, { id, created: desk.created, livemode: desk.livemode, secret });
}

const isPayable = ({ status }: Thing): boolean => status === 'open' || status === 'uncollectible';

async function pay(request: Request): Promise<Thing> {
  const { world, desk, id, input } = request;
  const kept = await found(world, desk.at, kind, id);
  const intent = String(kept.hidden.intent);
  if (desk.again && kept.thing.status === 'paid') return kept.thing;
  if (kept.thing.status === 'paid') throw refuse('StateInvalid', 'Invoice is already paid', { code: 'invoice_already_paid' });
  if (!isPayable(kept.thing)) throw unfit(kept.thing, 'pay');
  if (input.paid_out_of_band === true)
    return ended(request, 'pay', 'invoice.paid', (invoice) => paidInvoice(invoice, desk.created, Number(invoice.amount_due)));
  const { customer: payer } = kept.thing;
  const customer = (await found(world, desk.at, 'customer', String(payer))).thing;
  const own = kept.thing.default_payment_method ?? fieldsOf(customer.invoice_settings).default_payment_method ?? customer.default_source;
  const method = textOf(input.payment_method ?? own ?? null);
  if (method === undefined)
    throw refuse(
      'StateInvalid',
      'There is no `default_payment_method` set on this Customer or Invoice. Set one, or name a payment_method to pay with.',
      { code: 'missing' },
    );
  const card = (await methodNamed(world, desk, method)).thing.id;
  await confirmed({ ...request, id: intent, isPublic: false }, { payment_method: card, off_session: input.off_session ?? true });
  return (await found(world, desk.at, kind, id)).thing;
}

/** An invoice ends without its payment, which is called off first: a card that pays meanwhile has paid. */
async function ended(request: Request, doing: string, event: string, next: (invoice: Thing) => Thing): Promise<Thing> {
  const { world, desk, id } = request;
  const step = desk.ids('step');
  const kept = await found(world, desk.at, kind, id);
  if (!isPayable(kept.thing)) throw unfit(kept.thing, doing);
  const intent = String(kept.hidden.intent);
  await world.steps.on(desk.at, intent, async () => {
    const { thing } = await found(world, desk.at, 'payment_intent', intent);
    const input = { reason: 'void_invoice', desk: writtenDesk(desk) };
    if (isCancelable(thing)) await world.steps.take(desk.at, { id: step, kind: 'cancel', subject: intent, input });
  });
  const change = ({ thing }: Kept) => {
    if (!isPayable(thing)) throw unfit(thing, doing);
    return { next: next(thing) };
  };
  return changed(world, desk, kind, id, change, event);
}

const voided = (now: number) => (invoice: Thing) => ({
  ...invoice,
  ...{ status: 'void', status_transitions: { ...fieldsOf(invoice.status_transitions), voided_at: now } },
});

export const invoiceHandlers = (world: World) =>
  handlersOf(world, {
    CreateInvoice: create,
    GetInvoice: async ({ world, desk, id }) => (await found(world, desk.at, kind, id)).thing,
    ListInvoices: ({ world, desk, input }) => {
      const filters = { customer: 'customer = ?', status: `body->>'status' = ?`, collection_method: `body->>'collection_method' = ?` };
      return listed(world.objects, desk.at, kind, pageOf(input, filters), '/v1/invoices');
    },
    UpdateInvoice: ({ world, desk, id, input }) => {
      const change = ({ thing }: Kept) => {
        const said = Object.keys(input).some((name) => name !== 'metadata' && name !== 'default_payment_method');
        if (said && thing.status !== 'draft') throw unfit(thing, 'change');
        return { next: { ...thing, ...describedInvoice(input, thing) } as Thing };
      };
      return changed(world, desk, kind, id, change, 'invoice.updated');
    },
    DeleteInvoice: remove,
    FinalizeInvoice: finalize,
    PayInvoice: pay,
    VoidInvoice: (request) => ended(request, 'void', 'invoice.voided', voided(request.desk.created)),
    MarkInvoiceUncollectible: ({ world, desk, id }) => {
      const change = ({ thing }: Kept) => {
        if (thing.status !== 'open') throw unfit(thing, 'give up');
        const transitions = { ...fieldsOf(thing.status_transitions), marked_uncollectible_at: desk.created };
        return { next: { ...thing, status: 'uncollectible', status_transitions: transitions } as Thing };
      };
      return changed(world, desk, kind, id, change, 'invoice.marked_uncollectible');
    },
  }) satisfies Partial<All>;
