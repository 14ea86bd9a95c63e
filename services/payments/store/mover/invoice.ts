import type { Statement } from '#seams/sql/sql.ts';
import { nextTry } from '../../domain/collection.ts';
import { failedInvoice, paidInvoice } from '../../domain/invoice.ts';
import { textOf, type Thing } from '../../domain/json.ts';
import type { Kept } from '../object.ts';
import type { Payment } from '../payment.ts';
import { afterFailed, afterPaid, dueAt, nothingElse, policyIn } from '../subscription.ts';
import { type Desk, eventsOf, type World } from '../world.ts';

type What = { readonly outcome: 'paid' | 'failed' | 'waiting' | 'processing'; readonly method: string; readonly automatic: boolean };

/** What becomes of the invoice that a payment is of, in the transaction of what becomes of the payment. */
export async function invoiceAfter(world: World, desk: Desk, { kept, thing }: Payment, what: What): Promise<Statement[]> {
  const id = textOf(kept.hidden.invoice);
  const invoice = id === undefined ? undefined : await world.objects.get(desk.at, 'invoice', id);
  if (!invoice || (invoice.thing.status !== 'open' && invoice.thing.status !== 'uncollectible')) return [];
  if (what.outcome === 'waiting') return waiting(world, desk, invoice);
  if (what.outcome === 'processing') return tried(world, desk, invoice);
  if (what.outcome === 'failed') return notPaid(world, desk, invoice, what.automatic);
  const next = paidInvoice(invoice.thing, desk.created, Number(thing.amount));
  const { statements, told } = await afterPaid(world, desk.at, invoice, what.method);
  return [
    await world.objects.change(desk.at, invoice, next, dueAt(invoice.hidden, undefined)),
    ...statements,
    ...(await eventsOf(world, desk, [['invoice.paid', next], ['invoice.payment_succeeded', next], ...told])),
  ];
}

/** Its money is on its way: it is not tried again meanwhile. */
async function tried(world: World, desk: Desk, invoice: Kept): Promise<Statement[]> {
  const next: Thing = { ...invoice.thing, attempted: true, next_payment_attempt: null };
  return [await world.objects.change(desk.at, invoice, next, dueAt(invoice.hidden, undefined))];
}

/** Its customer is to prove something; it is not tried again until they did. */
async function waiting(world: World, desk: Desk, invoice: Kept): Promise<Statement[]> {
  const next: Thing = { ...invoice.thing, attempted: true, next_payment_attempt: null };
  return [
    await world.objects.change(desk.at, invoice, next, dueAt(invoice.hidden, undefined)),
    ...(await eventsOf(world, desk, [['invoice.payment_action_required', next]])),
  ];
}

/** An attempt to collect an invoice failed. One that is made by itself is made again, as the environment's policy says. */
export async function notPaid(world: World, desk: Desk, invoice: Kept, automatic: boolean): Promise<Statement[]> {
  const { thing, hidden } = invoice;
  const failed = failedInvoice(thing);
  if (!automatic)
    return [await world.objects.change(desk.at, invoice, failed), ...(await eventsOf(world, desk, [['invoice.payment_failed', failed]]))];
  const policy = await policyIn(world, desk.at);
  const tries = Number(hidden.tries ?? 0) + 1;
  // The first invoice of a subscription that waits for it is tried once.
  const isFirst = thing.billing_reason === 'subscription_create';
  const again = isFirst ? undefined : nextTry(policy, tries, desk.created);
  const isLast = again === undefined;
  const { statements, told } = isFirst ? nothingElse : await afterFailed(world, desk.at, invoice, desk.created, policy, isLast);
  const next: Thing = { ...failed, next_payment_attempt: again ?? null, auto_advance: !isLast };
  return [
    await world.objects.change(desk.at, invoice, next, dueAt({ ...hidden, tries }, again)),
    ...statements,
    ...(await eventsOf(world, desk, [['invoice.payment_failed', next], ...told])),
  ];
}
