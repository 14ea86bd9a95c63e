import { amountMax } from '../../contract/limits.ts';
import { spoken } from '../../domain/currency.ts';
import { appliedBalance } from '../../domain/customer-balance.ts';
import { paidInvoice, unfitInvoice, voidedInvoice } from '../../domain/invoice.ts';
import { type Fields, fieldsOf, numberOf, textOf, type Thing } from '../../domain/json.ts';
import { newPaymentIntent } from '../../domain/payment-intent.ts';
import { balanced } from '../balance.ts';
import { invalid, missing, refuse } from '../fault.ts';
import type { Kept } from '../object.ts';
import type { Mover } from '../step.ts';
import { taxIdsOf } from '../tax-id.ts';
import { afterPaid, dueAt, kept as keptSubscription, nothingElse, type Outcome, subscriptionBehind } from '../subscription.ts';
import { type Desk, deskOfStep, eventsOf, found, type Told, type World } from '../world.ts';

const secretLength = 25;
const numberLength = 4;

export const unfit = (invoice: Thing, doing: string) =>
  refuse('StateInvalid', unfitInvoice(invoice, doing), { code: 'invoice_not_editable' });

/** A draft ends: it has the next number of its customer, takes of their balance, and has a payment that waits for a card. */
export const finalizer =
  (worlds: () => World): Mover =>
  async (at, { id: step, input }) => {
    const world = worlds();
    const desk = deskOfStep(at, step, fieldsOf(input.desk));
    const kept = await found(world, at, 'invoice', String(input.invoice));
    const payer = await world.objects.get(at, 'customer', String(kept.thing.customer));
    if (!payer) return { statements: [], refusal: missing('customer', String(kept.thing.customer), 'customer') };
    if (kept.thing.status !== 'draft') return { statements: [], refusal: unfit(kept.thing, 'finalize') };
    const currency = String(kept.thing.currency);
    const isOwn = payer.thing.currency === null || payer.thing.currency === currency;
    const total = Number(kept.thing.total);
    const balance = isOwn ? Number(payer.thing.balance) : 0;
    const applied = appliedBalance(total, balance, currency);
    const reason = isOwn || applied.balance === 0 ? tooMuch(applied.due, currency) : foreign(payer.thing, currency);
    if (reason) return { statements: [], refusal: reason };
    const cause = kept.thing.id;
    const amount = applied.balance - balance;
    const moved = await balanced(world, desk, payer.thing, cause, { amount, currency, type: applied.type, given: { invoice: cause } });
    const sequence = Number(payer.thing.next_invoice_sequence ?? 1);
    const open: Thing = {
      ...kept.thing,
      ...{ status: 'open', number: numbered(payer.thing, sequence), effective_at: desk.created, amount_due: applied.due },
      customer_tax_ids: await taxIdsOf(world, at, payer.thing.id),
      ...{ amount_remaining: applied.due, starting_balance: balance, ending_balance: balance + amount },
      status_transitions: { ...fieldsOf(kept.thing.status_transitions), finalized_at: desk.created },
    };
    const next: Thing = { ...moved.next, next_invoice_sequence: sequence + 1, currency: payer.thing.currency ?? currency };
    const told: Told[] = moved.line ? [['customer.updated', next, payer.thing]] : [];
    const ended = await endedDraft(world, desk, kept, open, amount);
    return {
      statements: [
        ...ended.statements,
        ...moved.statements,
        await world.objects.change(at, payer, next),
        ...(await eventsOf(world, desk, [...ended.told, ...told])),
      ],
    };
  };

const numbered = ({ invoice_prefix }: Thing, sequence: number): string =>
  `${String(invoice_prefix)}-${String(sequence).padStart(numberLength, '0')}`;

const tooMuch = (due: number, currency: string) =>
  due > amountMax ? invalid('amount', `Amount must be no more than ${spoken(amountMax, currency)}`, 'amount_too_large') : undefined;

const foreign = ({ id, currency }: Thing, other: string) =>
  refuse('StateInvalid', `The balance of ${id} is of ${String(currency)}, and cannot take an invoice of ${other}.`);

/** The invoice with its payment; one of nothing is paid. */
async function endedDraft(world: World, desk: Desk, kept: Kept, open: Thing, applied: number): Promise<Outcome> {
  const hidden: Fields = { ...kept.hidden, applied };
  if (open.amount_due === 0) {
    const next: Thing = { ...paidInvoice(open, desk.created, 0), attempt_count: 0 };
    const { statements, told } = await afterPaid(world, desk.at, kept);
    const change = await world.objects.change(desk.at, kept, next, dueAt({ ...hidden, intent: null }, undefined));
    const own: Told[] = [
      ['invoice.finalized', next],
      ['invoice.paid', next],
      ['invoice.payment_succeeded', next],
    ];
    return { statements: [change, ...statements], told: [...own, ...told] };
  }
  const intent = await intentOf(world, desk, open, hidden.subscription !== undefined);
  const isSent = open.collection_method === 'send_invoice';
  const isCollected = open.auto_advance === true && !isSent && hidden.onDemand !== true;
  const next: Thing = {
    ...open,
    confirmation_secret: { client_secret: intent.client_secret ?? null, type: 'payment_intent' },
    next_payment_attempt: isCollected ? desk.created : null,
  };
  const due = isCollected ? desk.created : isSent && hidden.subscription !== undefined ? numberOf(open.due_date) : undefined;
  const sent: Told[] = isSent && open.auto_advance === true ? [['invoice.sent', next]] : [];
  return {
    statements: [
      await world.objects.change(desk.at, kept, next, dueAt({ ...hidden, intent: intent.id }, due)),
      await world.objects.insertion(desk.at, intent, { invoice: open.id }),
    ],
    told: [['invoice.finalized', next], ['payment_intent.created', intent], ...sent],
  };
}

async function intentOf(world: World, desk: Desk, invoice: Thing, isOfSubscription: boolean): Promise<Thing> {
  const { amount_due: amount = 0, currency = '', customer = null, description = null, statement_descriptor = null } = invoice;
  const id = desk.ids('pi');
  const secret = `${id}_secret_${await world.secrets.hash(desk.at, 'client secret', id, secretLength)}`;
  const usage: Fields = isOfSubscription ? { setup_future_usage: 'off_session' } : {};
  const given = { amount, currency, customer, description, statement_descriptor, payment_method_types: ['card'], ...usage };
  return newPaymentIntent(given, { id, created: desk.created, livemode: desk.livemode, secret });
}

export const isPayable = ({ status }: Thing): boolean => status === 'open' || status === 'uncollectible';

/** An invoice does not count any more: what it took of its customer's balance goes back. A first one takes its subscription along. */
export const voider =
  (worlds: () => World): Mover =>
  async (at, { id: step, input }) => {
    const world = worlds();
    const desk = deskOfStep(at, step, fieldsOf(input.desk));
    const kept = await found(world, at, 'invoice', String(input.invoice));
    if (!isPayable(kept.thing)) return { statements: [], refusal: unfit(kept.thing, 'void') };
    const payer = await world.objects.get(at, 'customer', String(kept.thing.customer));
    const { id, currency } = kept.thing;
    const amount = payer ? -Number(kept.hidden.applied ?? 0) : 0;
    const back = { amount, currency: String(currency), type: 'unapplied_from_invoice', given: { invoice: id } } as const;
    const moved = payer && (await balanced(world, desk, payer.thing, id, back));
    const next = voidedInvoice(kept.thing, desk.created);
    const { statements, told } = input.expire === true ? await expired(world, desk, kept) : nothingElse;
    const customer: Told[] = payer && moved?.line ? [['customer.updated', moved.next, payer.thing]] : [];
    return {
      statements: [
        await world.objects.change(at, kept, next, dueAt(kept.hidden, undefined)),
        ...(payer && moved?.line ? [await world.objects.change(at, payer, moved.next), ...moved.statements] : []),
        ...statements,
        ...(await eventsOf(world, desk, [['invoice.voided', next], ...customer, ...told])),
      ],
    };
  };

/** The first invoice of a subscription was not paid in time. */
async function expired(world: World, desk: Desk, invoice: Kept): Promise<Outcome> {
  const before = await subscriptionBehind(world, desk.at, invoice);
  if (before?.thing.status !== 'incomplete') return nothingElse;
  const next: Thing = { ...before.thing, status: 'incomplete_expired', ended_at: desk.created };
  return {
    statements: [await keptSubscription(world, desk.at, before, next)],
    told: [['customer.subscription.updated', next, before.thing]],
  };
}

/** Changes what a customer has with the business. */
export const balancer =
  (worlds: () => World): Mover =>
  async (at, { id: step, input }) => {
    const world = worlds();
    const desk = deskOfStep(at, step, fieldsOf(input.desk));
    const payer = await world.objects.get(at, 'customer', String(input.customer));
    if (!payer) return { statements: [], refusal: missing('customer', String(input.customer), 'customer') };
    const change = { amount: Number(input.amount), currency: textOf(input.currency) ?? '', type: 'adjustment' } as const;
    const moved = await balanced(world, desk, payer.thing, step, { ...change, given: fieldsOf(input.given) });
    if (!moved.line) return { statements: [] };
    return {
      statements: [
        await world.objects.change(at, payer, moved.next),
        ...moved.statements,
        ...(await eventsOf(world, desk, [['customer.updated', moved.next, payer.thing]])),
      ],
    };
  };
