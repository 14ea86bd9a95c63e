import { linesIn } from '../../domain/credit-note.ts';
import { describedInvoice, draftSeconds, newInvoice, paidInvoice } from '../../domain/invoice.ts';
import { type Fields, fieldsOf, textOf, type Thing } from '../../domain/json.ts';
import { isCancelable } from '../../domain/payment-intent.ts';
import { methodOf } from '../../domain/subscription.ts';
import { changed } from '../change.ts';
import { deskFor } from '../clock.ts';
import { finalized } from '../collect.ts';
import { redeemed } from '../discount.ts';
import { invalid, refuse } from '../fault.ts';
import { counted, invoicesOf, itemsOn, ratesOf, standingOn } from '../invoice.ts';
import { methodNamed } from '../method.ts';
import { isPayable, unfit } from '../mover/finalize.ts';
import type { Condition, Kept } from '../object.ts';
import { asJson } from '../payment.ts';
import { afterPaid, dueAt, subscriptionBehind } from '../subscription.ts';
import { type Desk, eventsOf, found, type World, writtenDesk } from '../world.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { listed, pageOf, sliced } from './list.ts';
import { searched } from './search.ts';
import { confirmed } from './payment-intent.ts';

const kind = 'invoice';

export async function create({ world, desk: asked, input }: Pick<Request, 'world' | 'desk' | 'input'>): Promise<Thing> {
  const customer = (await found(world, asked.at, 'customer', String(input.customer), 'customer')).thing;
  const desk = await deskFor(world, asked, customer);
  const id = desk.ids('in');
  const rates = await ratesOf(world, desk.at, input.default_tax_rates, 'default_tax_rates');
  return world.steps.on(desk.at, invoicesOf(customer.id), async () => {
    const before = desk.again ? await world.objects.get(desk.at, kind, id) : undefined;
    if (before) return before.thing;
    const named = textOf(input.currency)?.toLowerCase();
    const pending: Condition[] = [['customer = ?', customer.id], [`body->>'invoice' is null`]];
    const all = input.pending_invoice_items_behavior === 'include' ? await itemsOn(world, desk.at, pending) : [];
    const currency = named ?? textOf(all[0]?.thing.currency) ?? 'usd';
    const items = all.filter(({ thing }) => thing.currency === currency);
    const subtotal = items.reduce((sum, { thing }) => sum + Number(thing.amount), 0);
    const off = await redeemed(world, desk, input.discounts, { customer: customer.id, currency, subtotal }, { invoice: id });
    const clock = textOf(customer.test_clock) ?? null;
    const due: Fields = input.auto_advance === true ? { due: desk.created + draftSeconds, clock } : {};
    const hidden: Fields = { ...(off ? { discount: { id: off.discount.id, coupon: asJson(off.coupon) } } : {}), ...due };
    const own = { id, created: desk.created, livemode: desk.livemode };
    const bare: Thing = { ...newInvoice({ ...input, currency }, customer, own), default_tax_rates: rates };
    const taken = items.map((item) => ({ item, next: { ...item.thing, invoice: id } as Thing }));
    const invoice = counted(
      { ...bare, discounts: off ? [off.discount.id] : [] },
      hidden,
      taken.map(({ next }) => next),
    );
    await world.objects.commit(desk.at, [
      await world.objects.insertion(desk.at, invoice, hidden),
      ...(await Promise.all(taken.map(({ item, next }) => world.objects.change(desk.at, item, next)))),
      ...(off?.statements ?? []),
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

/** The desk of what is done with an invoice, at the time of its customer. */
async function deskOfInvoice({ world, desk, id }: Request): Promise<Desk> {
  const { customer } = (await found(world, desk.at, kind, id)).thing;
  const payer = await world.objects.get(desk.at, 'customer', String(customer));
  return payer ? deskFor(world, desk, payer.thing) : desk;
}

async function finalize(request: Request): Promise<Thing> {
  const { world, id, input } = request;
  const desk = await deskOfInvoice(request);
  const step = desk.ids('step');
  const { customer } = (await found(world, desk.at, kind, id)).thing;
  return world.steps.on(desk.at, invoicesOf(String(customer)), async () => {
    const isDone = desk.again && (await world.steps.wasTaken(desk.at, step));
    if (!isDone) {
      if (typeof input.auto_advance === 'boolean') await advanced(request, desk, input.auto_advance);
      await finalized(world, desk, (await found(world, desk.at, kind, id)).thing, step);
    }
    return (await found(world, desk.at, kind, id)).thing;
  });
}

/** An invoice is told to be with its customer; as with Stripe's, no mail goes out in tests. A draft ends first. */
async function send(request: Request): Promise<Thing> {
  const { world, id, desk: asked } = request;
  if (asked.livemode) throw refuse('StateInvalid', 'Invoices are not mailed here: tell your customer of its payment yourself.');
  const desk = await deskOfInvoice(request);
  const [step, { thing: before }] = [desk.ids('step'), await found(world, desk.at, kind, id)];
  if (before.collection_method !== 'send_invoice')
    throw invalid('collection_method', 'You can only manually send an invoice if its collection method is send_invoice.');
  return world.steps.on(desk.at, invoicesOf(String(before.customer)), async () => {
    if (before.status === 'draft' && !(desk.again && (await world.steps.wasTaken(desk.at, step))))
      await finalized(world, desk, (await found(world, desk.at, kind, id)).thing, step);
    const { thing } = await found(world, desk.at, kind, id);
    if (thing.status !== 'open') throw unfit(thing, 'send');
    const isTold = before.status === 'draft' && thing.auto_advance === true;
    if (!isTold) await world.objects.commit(desk.at, await eventsOf(world, desk, [['invoice.sent', thing]]));
    return thing;
  });
}

/** Says whether an invoice goes on by itself. */
const advanced = ({ world, id }: Request, desk: Desk, does: boolean): Promise<Thing> =>
  changed(world, desk, kind, id, async ({ thing, hidden }) => {
    const payer = await world.objects.get(desk.at, 'customer', String(thing.customer));
    const isDraft = thing.status === 'draft';
    const due = does ? desk.created + (isDraft ? draftSeconds : 0) : undefined;
    const next: Thing = { ...thing, auto_advance: does, automatically_finalizes_at: isDraft ? (due ?? null) : null };
    const collecting = isDraft || thing.collection_method === 'charge_automatically' ? due : undefined;
    return {
      next,
      hidden: dueAt({ ...hidden, clock: payer?.thing.test_clock ?? null }, isDraft || thing.status === 'open' ? collecting : undefined),
    };
  });

async function pay(asked: Request): Promise<Thing> {
  const request = { ...asked, desk: await deskOfInvoice(asked) };
  const { world, desk, id, input } = request;
  const kept = await found(world, desk.at, kind, id);
  const intent = String(kept.hidden.intent);
  if (desk.again && kept.thing.status === 'paid') return kept.thing;
  if (kept.thing.status === 'paid') throw refuse('StateInvalid', 'Invoice is already paid', { code: 'invoice_already_paid' });
  if (!isPayable(kept.thing)) throw unfit(kept.thing, 'pay');
  if (input.paid_out_of_band === true) return outOfBand(request);
  const { customer: payer } = kept.thing;
  const customer = (await found(world, desk.at, 'customer', String(payer))).thing;
  const subscription = await subscriptionBehind(world, desk.at, kept);
  const own = textOf(kept.thing.default_payment_method) ?? methodOf(subscription?.thing ?? customer, customer);
  const method = textOf(input.payment_method) ?? own;
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

/** The payment of an invoice that ends without it is called off first: a card that pays meanwhile has paid. */
async function calledOff({ world, desk, id }: Request, doing: string): Promise<Kept> {
  const step = desk.ids('step');
  const kept = await found(world, desk.at, kind, id);
  if (!isPayable(kept.thing)) throw unfit(kept.thing, doing);
  const intent = String(kept.hidden.intent);
  await world.steps.on(desk.at, intent, async () => {
    const { thing } = await found(world, desk.at, 'payment_intent', intent);
    const input = { reason: 'void_invoice', desk: writtenDesk(desk) };
    if (isCancelable(thing)) await world.steps.take(desk.at, { id: step, kind: 'cancel', subject: intent, input });
  });
  return kept;
}

/** The money of an invoice came another way. */
async function outOfBand(request: Request): Promise<Thing> {
  const { world, desk, id } = request;
  await calledOff(request, 'pay');
  const change = async (kept: Kept) => {
    if (!isPayable(kept.thing)) throw unfit(kept.thing, 'pay');
    const { statements, told } = await afterPaid(world, desk.at, kept);
    const next = paidInvoice(kept.thing, desk.created, Number(kept.thing.amount_due));
    return { next, hidden: dueAt(kept.hidden, undefined), also: [...statements, ...(await eventsOf(world, desk, told))] };
  };
  return changed(world, desk, kind, id, change, 'invoice.paid');
}

async function voids(asked: Request): Promise<Thing> {
  const request = { ...asked, desk: await deskOfInvoice(asked) };
  const { world, desk, id } = request;
  const [step, subject] = [desk.ids('step'), invoicesOf(String((await found(world, desk.at, kind, id)).thing.customer))];
  await world.steps.on(desk.at, subject, async () => {
    if (desk.again && (await world.steps.wasTaken(desk.at, step))) return;
    await calledOff(request, 'void');
    await world.steps.take(desk.at, { id: step, kind: 'void', subject, input: { invoice: id, desk: writtenDesk(desk) } });
  });
  return (await found(world, desk.at, kind, id)).thing;
}

export const invoiceHandlers = (world: World) =>
  handlersOf(world, {
    CreateInvoice: create,
    GetInvoice: async ({ world, desk, id }) => (await found(world, desk.at, kind, id)).thing,
    ListInvoices: ({ world, desk, input }) => {
      const filters = {
        customer: 'customer = ?',
        status: `body->>'status' = ?`,
        collection_method: `body->>'collection_method' = ?`,
        subscription: `body->>'subscription' = ?`,
      };
      return listed(world.objects, desk.at, kind, pageOf(input, filters), '/v1/invoices');
    },
    SearchInvoices: (request) => searched(request, kind, '/v1/invoices/search'),
    UpdateInvoice: async (request) => {
      const { world, desk, id, input } = request;
      if (typeof input.auto_advance === 'boolean') await advanced(request, await deskOfInvoice(request), input.auto_advance);
      const change = ({ thing }: Kept) => {
        const said = Object.keys(input).some((name) => !['metadata', 'default_payment_method', 'auto_advance'].includes(name));
        if (said && thing.status !== 'draft') throw unfit(thing, 'change');
        return { next: { ...thing, ...describedInvoice(input, thing) } as Thing };
      };
      return changed(world, desk, kind, id, change, 'invoice.updated');
    },
    DeleteInvoice: remove,
    ListInvoiceLines: async ({ world, desk, id, input }) =>
      sliced(linesIn((await found(world, desk.at, kind, id)).thing), input, `/v1/invoices/${id}/lines`),
    SendInvoice: send,
    FinalizeInvoice: finalize,
    PayInvoice: pay,
    VoidInvoice: voids,
    MarkInvoiceUncollectible: ({ world, desk, id }) => {
      const change = ({ thing, hidden }: Kept) => {
        if (thing.status !== 'open') throw unfit(thing, 'give up');
        const transitions = { ...fieldsOf(thing.status_transitions), marked_uncollectible_at: desk.created };
        const next: Thing = { ...thing, status: 'uncollectible', auto_advance: false, next_payment_attempt: null };
        return { next: { ...next, status_transitions: transitions }, hidden: dueAt(hidden, undefined) };
      };
      return changed(world, desk, kind, id, change, 'invoice.marked_uncollectible');
    },
  }) satisfies Partial<All>;
