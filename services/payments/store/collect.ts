import { OperationError } from '#kernel/contract/fault.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import { type Fields, textOf, type Thing } from '../domain/json.ts';
import { methodOf } from '../domain/subscription.ts';
import { changed } from './change.ts';
import type { Happening } from './due.ts';
import { refusalOf } from './fault.ts';
import { confirmed } from './handler/payment-intent.ts';
import { invoicesOf } from './invoice.ts';
import { notPaid } from './mover/invoice.ts';
import type { Kept } from './object.ts';
import { afterFailed, dueAt, policyIn, subscriptionBehind } from './subscription.ts';
import { type Desk, deskOfCause, eventsOf, found, type World, writtenDesk } from './world.ts';

/** Ends a draft, within its customer's turn. */
export async function finalized(world: World, desk: Desk, invoice: Thing, step: string): Promise<void> {
  const input: Fields = { invoice: invoice.id, desk: writtenDesk(desk) };
  await world.steps.take(desk.at, { id: step, kind: 'finalize', subject: invoicesOf(String(invoice.customer)), input });
}

/** The card that an invoice is paid by: its own, its subscription's or its customer's; none that is not the customer's any more. */
async function cardFor(world: World, at: Placed, invoice: Kept): Promise<string | undefined> {
  const { customer, default_payment_method: own } = invoice.thing;
  const payer = await world.objects.get(at, 'customer', String(customer));
  if (!payer) return undefined;
  const subscription = await subscriptionBehind(world, at, invoice);
  const id = textOf(own) ?? methodOf(subscription?.thing ?? payer.thing, payer.thing);
  const card = id === undefined ? undefined : await world.objects.get(at, 'payment_method', id);
  return card?.thing.customer === customer ? card?.thing.id : undefined;
}

/** Takes the money of an open invoice by the card that is there for it; a refusal is the invoice's to tell of. */
export async function collected(world: World, desk: Desk, id: string, isAway: boolean): Promise<void> {
  const invoice = await found(world, desk.at, 'invoice', id);
  if (invoice.thing.status !== 'open') return;
  const card = await cardFor(world, desk.at, invoice);
  if (card === undefined) {
    await world.objects.commit(desk.at, await notPaid(world, desk, invoice, true));
    return;
  }
  const request = { world, desk, id: String(invoice.hidden.intent), input: {}, isPublic: false, context: {} };
  try {
    await confirmed(request, { payment_method: card, off_session: isAway, automatic: true });
  } catch (error) {
    if (!(error instanceof OperationError) || refusalOf(error)?.type !== 'card_error') throw error;
  }
}

/** Ends the draft that was just made, and takes its money if that is to be done now; within the customer's turn. */
export async function settled(world: World, desk: Desk, invoice: string, step: string, isAway: boolean): Promise<void> {
  const { thing, hidden } = await found(world, desk.at, 'invoice', invoice);
  if (thing.status === 'draft') await finalized(world, desk, thing, step);
  if (hidden.onDemand !== true && thing.collection_method === 'charge_automatically') await collected(world, desk, invoice, isAway);
}

/** A draft whose time has come ends; what stands against it is written on it, and it goes on no more by itself. */
async function endDraft(world: World, desk: Desk, { thing }: Kept): Promise<void> {
  try {
    await finalized(world, desk, thing, desk.ids('step'));
  } catch (error) {
    if (!(error instanceof OperationError) || error.retry) throw error;
    const said: Fields = { type: 'invalid_request_error', message: error.detail ?? error.message };
    const change = (kept: Kept) => ({
      next: { ...kept.thing, auto_advance: false, automatically_finalizes_at: null, last_finalization_error: said } as Thing,
      hidden: dueAt(kept.hidden, undefined),
    });
    await changed(world, desk, 'invoice', thing.id, change, 'invoice.finalization_failed');
  }
}

/** An invoice that was sent was not paid in its time. */
async function overdue(world: World, desk: Desk, invoice: Kept): Promise<void> {
  const policy = await policyIn(world, desk.at);
  const { statements, told } = await afterFailed(world, desk.at, invoice, desk.created, policy, false);
  await world.objects.commit(desk.at, [
    await world.objects.change(desk.at, invoice, invoice.thing, dueAt(invoice.hidden, undefined)),
    ...statements,
    ...(await eventsOf(world, desk, told)),
  ]);
}

/** An invoice goes on by itself: its draft ends, its money is taken, or it is late. */
export const invoiceDue: Happening = async (world, at, { id, due }, now) => {
  const { customer } = (await found(world, at, 'invoice', id)).thing;
  await world.steps.on(at, invoicesOf(String(customer)), async () => {
    const kept = await world.objects.get(at, 'invoice', id);
    if (kept?.hidden.due !== due) return;
    const desk = deskOfCause(
      at,
      `${id} due ${due} ${Number(kept.hidden.tries ?? 0)} ${String(kept.thing.status)}`,
      now,
      kept.thing.livemode === true,
    );
    if (kept.thing.status === 'draft') await endDraft(world, desk, kept);
    else if (kept.thing.status === 'open' && kept.thing.collection_method === 'send_invoice') await overdue(world, desk, kept);
    else if (kept.thing.status === 'open') await collected(world, desk, id, true);
    const after = await world.objects.get(at, 'invoice', id);
    const isLeft = after?.hidden.due === due && after.thing.status === kept.thing.status;
    if (isLeft) await world.objects.commit(at, [await world.objects.change(at, after, after.thing, dueAt(after.hidden, undefined))]);
  });
};
