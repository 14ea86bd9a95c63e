import type { Placed } from '#kernel/contract/provider.ts';
import { fieldsOf, textOf, type Thing } from '../domain/json.ts';
import { isMetered } from '../domain/meter.ts';
import { periodAt } from '../domain/period.ts';
import { isToBeTold, itemsOf, methodOf, periodOf, rhythmOfAll, withItems } from '../domain/subscription.ts';
import { asJson } from './payment.ts';
import { type Discount, discountIn, drafted, linesFor, pendingFor, usageLines } from './bill.ts';
import { itemIdOf } from '../domain/subscription-line.ts';
import type { Happening } from './due.ts';
import { invoicesOf } from './invoice.ts';
import { isPayable } from './mover/finalize.ts';
import type { Kept } from './object.ts';
import { ending, hiddenWith, kept as keptSubscription } from './subscription.ts';
import { isCancelable } from '../domain/payment-intent.ts';
import { type Desk, deskOfCause, eventsOf, found, type World, writtenDesk } from './world.ts';

/** The time of a subscription has come: its trial is told of, its next period begins, or it ends. */
export const subscriptionHappens: Happening = async (world, at, { id, due }, now) => {
  const { customer } = (await found(world, at, 'subscription', id)).thing;
  await world.steps.on(at, invoicesOf(String(customer)), async () => {
    const kept = await world.objects.get(at, 'subscription', id);
    if (kept?.hidden.due !== due) return;
    const { thing, hidden } = kept;
    const desk = deskOfCause(at, `${id} due ${due} ${String(hidden.told ?? '')}`, now, thing.livemode === true);
    if (thing.status === 'incomplete') return expired(world, desk, kept);
    if (isToBeTold(thing, hidden.told, now)) return told(world, desk, kept);
    const { end } = periodOf(thing);
    const cancelAt = typeof thing.cancel_at === 'number' ? thing.cancel_at : undefined;
    if (cancelAt !== undefined && cancelAt <= now && cancelAt <= end) return ended(world, desk, kept, null);
    return renewed(world, desk, kept);
  });
};

/** A trial ends soon. */
async function told(world: World, desk: Desk, kept: Kept): Promise<void> {
  const hidden = { ...kept.hidden, told: kept.thing.trial_end ?? null };
  await world.objects.commit(desk.at, [
    await keptSubscription(world, desk.at, kept, kept.thing, hidden),
    ...(await eventsOf(world, desk, [['customer.subscription.trial_will_end', kept.thing]])),
  ]);
}

/** A subscription ends by itself; what was used of it until then is billed. */
async function ended(world: World, desk: Desk, kept: Kept, reason: string | null): Promise<void> {
  const { thing } = kept;
  const payer = await world.objects.get(desk.at, 'customer', String(thing.customer));
  const period = { start: periodOf(thing).start, end: desk.created };
  const used = thing.status === 'trialing' || !payer ? [] : await usageLines(world, desk, kept, period);
  const isBilled = payer !== undefined && used.some(({ amount }) => Number(amount) > 0);
  const draft = isBilled
    ? await drafted(world, desk, {
        ...{ id: desk.ids('in'), subscription: thing, customer: payer.thing, lines: used, pending: [], fresh: [], period },
        ...{ reason: 'subscription_cycle', discount: discountIn(kept.hidden), collecting: thing.status === 'unpaid' ? 'never' : 'later' },
      })
    : undefined;
  const last: Thing = { ...thing, latest_invoice: draft?.invoice.id ?? thing.latest_invoice ?? null };
  const { statements, told } = await ending(world, desk.at, { ...kept, thing: last }, desk.created, reason);
  await world.objects.commit(desk.at, [
    ...statements,
    ...(draft?.statements ?? []),
    ...(await eventsOf(world, desk, [...(draft?.told ?? []), ...told])),
  ]);
}

/** Whether a subscription whose trial is over goes without a card, and was to end then. */
async function endsUnpaid(world: World, at: Placed, { thing }: Kept): Promise<boolean> {
  const missing = fieldsOf(fieldsOf(thing.trial_settings).end_behavior).missing_payment_method;
  if (thing.status !== 'trialing' || missing !== 'cancel' || thing.collection_method !== 'charge_automatically') return false;
  const payer = await world.objects.get(at, 'customer', String(thing.customer));
  return !payer || methodOf(thing, payer.thing) === undefined;
}

/** What is taken off in the period that begins. */
export const discountFor = (discount: Discount | undefined, start: number): Discount | undefined =>
  discount && (discount.end === null || discount.end > start) ? discount : undefined;

/** What is left to take off after an invoice. */
export const discountLeft = (discount: Discount | undefined, isDiscounted: boolean): Discount | undefined =>
  discount?.coupon.duration === 'once' && isDiscounted ? undefined : discount;

/** The next period begins, with a draft of what it costs. */
async function renewed(world: World, desk: Desk, before: Kept): Promise<void> {
  const { at } = desk;
  if (await endsUnpaid(world, at, before)) return ended(world, desk, before, 'payment_failed');
  const { thing, hidden } = before;
  const payer = await world.objects.get(at, 'customer', String(thing.customer));
  if (!payer) return ended(world, desk, before, 'cancellation_requested');
  const last = periodOf(thing);
  const whole = periodAt(Number(thing.billing_cycle_anchor), rhythmOfAll(thing), last.end);
  const period = { start: last.end, end: whole.end };
  const items = itemsOf(thing).map((item) => item.thing);
  const next = withItems({ ...thing, status: thing.status === 'trialing' ? 'active' : (thing.status ?? null) }, items, period);
  const discount = discountFor(discountIn(hidden), period.start);
  const ahead = await linesFor(world, desk, next, period, whole.start === period.start ? 'full' : 'part');
  const metered = new Set(itemsOf(next).flatMap((item) => (isMetered(item.price) ? [item.id] : [])));
  const used = thing.status === 'trialing' ? [] : await usageLines(world, desk, before, last);
  const lines = [...used, ...ahead.filter((line) => !metered.has(itemIdOf(line)))];
  const draft = await drafted(world, desk, {
    ...{ id: desk.ids('in'), subscription: next, customer: payer.thing, lines, pending: await pendingFor(world, at, next), fresh: [] },
    ...{ reason: 'subscription_cycle', period: last, discount, collecting: thing.status === 'unpaid' ? 'never' : 'later' },
  });
  const left = discountLeft(discount, draft.isDiscounted);
  const shown: Thing = { ...next, latest_invoice: draft.invoice.id, discounts: left ? [left.id] : [] };
  const more = { ...hidden, billed: asJson(draft.billed), discount: left ? asJson(left) : null };
  await world.objects.commit(at, [
    await world.objects.change(at, before, shown, hiddenWith(shown, more)),
    ...draft.statements,
    ...(await eventsOf(world, desk, [...draft.told, ['customer.subscription.updated', shown, thing]])),
  ]);
}

/** The first invoice was not paid in its time: it is voided, and the subscription has never begun. */
async function expired(world: World, desk: Desk, { thing }: Kept): Promise<void> {
  const { at } = desk;
  const [cancel, voids] = [desk.ids('step'), desk.ids('step')];
  const invoice = await found(world, at, 'invoice', textOf(thing.latest_invoice) ?? '');
  if (!isPayable(invoice.thing)) {
    // It ended another way: what is left is to say so.
    const kept = await found(world, at, 'subscription', thing.id);
    if (kept.thing.status !== 'incomplete') return;
    const next: Thing = { ...kept.thing, status: 'incomplete_expired', ended_at: desk.created };
    const events = await eventsOf(world, desk, [['customer.subscription.updated', next, kept.thing]]);
    await world.objects.commit(at, [await keptSubscription(world, at, kept, next), ...events]);
    return;
  }
  const intent = String(invoice.hidden.intent);
  await world.steps.on(at, intent, async () => {
    const { thing: payment } = await found(world, at, 'payment_intent', intent);
    const input = { reason: 'automatic', desk: writtenDesk(desk) };
    if (isCancelable(payment)) await world.steps.take(at, { id: cancel, kind: 'cancel', subject: intent, input });
  });
  if (!isPayable((await found(world, at, 'invoice', invoice.thing.id)).thing)) return;
  const input = { invoice: invoice.thing.id, expire: true, desk: writtenDesk(desk) };
  await world.steps.take(at, { id: voids, kind: 'void', subject: invoicesOf(String(thing.customer)), input });
}
