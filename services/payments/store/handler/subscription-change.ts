import { type Fields, fieldsOf, numberOf, type Thing } from '../../domain/json.ts';
import { boundaryOf, isSameRhythm, type Period, rhythmOf } from '../../domain/period.ts';
import { type Billed, describedSubscription, endingSubscription, isOver, itemsOf, periodOf, withItems } from '../../domain/subscription.ts';
import {
  type AllBilled,
  billedIn,
  credits,
  type Discount,
  discountIn,
  drafted,
  insertions,
  linesFor,
  pendingFor,
  prorated,
  usageItems,
} from '../bill.ts';
import { deskFor } from '../clock.ts';
import { settled } from '../collect.ts';
import { discountFor, discountLeft } from '../cycle.ts';
import { redeemed } from '../discount.ts';
import { invalid, missing, refuse } from '../fault.ts';
import { invoicesOf, ratesOf } from '../invoice.ts';
import type { Kept } from '../object.ts';
import { asJson } from '../payment.ts';
import { ending, hiddenWith } from '../subscription.ts';
import { eventsOf, found, type Told } from '../world.ts';
import type { Request } from './handlers.ts';
import { addedItems, checkCollection, checkedTrial, checkMethod, itemsGiven, pointers } from './subscription-given.ts';

const kind = 'subscription';

/** What a change makes of a subscription: what is invoiced at once, and what waits. */
type Planned = {
  readonly next: Thing;
  readonly billed: AllBilled;
  /** Lines of a period that begins now; undefined where none does. */
  readonly lines: readonly Thing[] | undefined;
  readonly fresh: readonly Thing[];
  readonly isBilledNow: boolean;
};

type Changing = {
  readonly request: Request;
  readonly kept: Kept;
  readonly base: Thing;
  readonly items: readonly Thing[];
  readonly discount: Discount | undefined;
};

/** A new cycle begins: what was billed and is not used comes back, and the new period is billed whole, or is a trial. */
async function restarted({ request, kept, base, items }: Changing, trialEnd: number | undefined): Promise<Planned> {
  const { world, desk, input } = request;
  const now = desk.created;
  const rhythm = rhythmOf(items[0]?.price);
  const period: Period = { start: now, end: trialEnd ?? boundaryOf(now, rhythm, 1) };
  const wasTrial = base.status === 'trialing';
  const next: Thing = {
    ...withItems(base, items, period),
    ...{
      billing_cycle_anchor: trialEnd ?? now,
      status: trialEnd === undefined ? (wasTrial ? 'active' : (base.status ?? null)) : 'trialing',
    },
    ...(trialEnd === undefined
      ? wasTrial
        ? { trial_end: now }
        : {}
      : { trial_start: wasTrial ? (base.trial_start ?? now) : now, trial_end: trialEnd }),
  };
  // A trial that only ends at another time bills nothing.
  if (wasTrial && trialEnd !== undefined) return { next, billed: billedIn(kept.hidden), lines: undefined, fresh: [], isBilledNow: false };
  const back = input.proration_behavior === 'none' ? [] : await credits(world, desk, kept.thing, billedIn(kept.hidden), now);
  const lines = await linesFor(world, desk, next, period, trialEnd === undefined ? 'full' : 'trial');
  return { next, billed: {}, lines, fresh: back, isBilledNow: true };
}

/** The cycle goes on: items that were changed are billed by the second. */
async function goneOn({ request, kept, base, items, discount }: Changing): Promise<Planned> {
  const { world, desk, input } = request;
  const period = periodOf(base);
  const next = withItems(base, items, period);
  const billed = billedIn(kept.hidden);
  const isFree = base.status === 'trialing' || input.proration_behavior === 'none';
  const time = numberOf(input.proration_date) ?? desk.created;
  if (time < period.start || time > period.end) throw invalid('proration_date', 'Cannot prorate at a time outside of the current period.');
  if (base.status === 'trialing') {
    const nothing = itemsOf(next).map(({ id }): [string, Billed] => [id, { amount: 0, ...period }]);
    return { next, billed: Object.fromEntries(nothing), lines: undefined, fresh: [], isBilledNow: false };
  }
  const percentOff = Number(discount?.coupon.percent_off ?? 0);
  const change = isFree
    ? { items: [], billed }
    : await prorated(world, desk, { before: kept.thing, after: next, billed, time, percentOff });
  const isNow = input.proration_behavior === 'always_invoice';
  return { next, billed: change.billed, lines: undefined, fresh: change.items, isBilledNow: isNow && change.items.length > 0 };
}

const billing = ['items', 'trial_end', 'billing_cycle_anchor', 'add_invoice_items', 'discounts'] as const;

async function planned(changing: Changing): Promise<Planned> {
  const { request, base, items } = changing;
  const { input, desk } = request;
  const trialEnd = typeof input.trial_end === 'number' ? checkedTrial(desk, input.trial_end) : undefined;
  const isTrialOver = input.trial_end === 'now' && base.status === 'trialing';
  const isNewRhythm = !isSameRhythm(rhythmOf(items[0]?.price), rhythmOf(itemsOf(base)[0]?.price)) && base.status !== 'trialing';
  if (trialEnd !== undefined || isTrialOver || isNewRhythm || input.billing_cycle_anchor === 'now') return restarted(changing, trialEnd);
  return goneOn(changing);
}

/** Writes a change down; answers the invoice that it makes, if it makes one. */
async function written(request: Request, kept: Kept, customer: Thing, invoice: string): Promise<string | undefined> {
  const { world, desk, input } = request;
  const { at } = desk;
  const { discounts, ...said } = input;
  const rates = input.default_tax_rates === undefined ? undefined : await ratesOf(world, at, input.default_tax_rates, 'default_tax_rates');
  const described = describedSubscription(kept.thing, said);
  const base: Thing = { ...described, ...(rates === undefined ? {} : { default_tax_rates: asJson(rates) }) };
  if (base.collection_method !== 'send_invoice' && input.days_until_due === undefined) base.days_until_due = null;
  checkCollection(base);
  await checkMethod(request, input.default_payment_method, customer.id);
  const before = itemsOf(kept.thing).map(({ thing }) => thing);
  const items = await itemsGiven(request, kept.thing.id, before, (input.items ?? []) as Fields[]);
  if ((items[0]?.price as Thing).currency !== kept.thing.currency) throw invalid('items', 'The currency of a subscription stays.');
  const of = { customer: customer.id, currency: String(kept.thing.currency), subtotal: 0 };
  const off = await redeemed(world, desk, discounts, of, { subscription: kept.thing.id });
  const own = off && { id: off.discount.id, coupon: off.coupon, end: numberOf(off.discount.end) ?? null };
  const discount = discounts === undefined ? discountFor(discountIn(kept.hidden), desk.created) : own;
  const plan = await planned({ request, kept, base, items, discount });
  const added = await addedItems(request, input, plan.next);
  const fresh = [...plan.fresh, ...added];
  const isBilled = plan.isBilledNow || added.length > 0;
  const draft = isBilled
    ? await drafted(world, desk, {
        ...{ id: invoice, subscription: plan.next, customer, lines: plan.lines ?? [], fresh, discount, reason: 'subscription_update' },
        ...{ pending: await pendingFor(world, at, plan.next), period: { start: desk.created, end: desk.created } },
        collecting: input.payment_behavior === 'default_incomplete' ? 'asked' : 'now',
      })
    : undefined;
  const left = draft ? discountLeft(discount, draft.isDiscounted) : discount;
  const ends = endingSubscription(plan.next, input, desk.created);
  const isMoved = ends.cancel_at_period_end === true;
  const next: Thing = {
    ...ends,
    ...{ discounts: left ? [left.id] : [], latest_invoice: draft?.invoice.id ?? kept.thing.latest_invoice ?? null },
    ...(isMoved ? { cancel_at: periodOf(ends).end } : {}),
  };
  const hidden: Fields = {
    ...kept.hidden,
    ...{ billed: asJson({ ...plan.billed, ...draft?.billed }), discount: left ? asJson(left) : null },
    ...{ changedBy: desk.seed, changeBilled: draft?.invoice.id ?? null },
  };
  const told: Told[] = isBilled ? [] : fresh.map((item) => ['invoiceitem.created', item]);
  await world.objects.commit(at, [
    await world.objects.change(at, kept, next, hiddenWith(next, hidden)),
    ...(await pointers(world, at, next, items)),
    ...(off?.statements ?? []),
    ...(draft ? draft.statements : await insertions(world, at, fresh)),
    ...(await eventsOf(world, desk, [['customer.subscription.updated', next, kept.thing], ...told, ...(draft?.told ?? [])])),
  ]);
  return draft?.invoice.id;
}

/** Changes a subscription, one change of a customer after another. */
export async function update(asked: Request): Promise<Thing> {
  const { world, id, input } = asked;
  const { at } = asked.desk;
  const { customer: payer } = (await found(world, at, kind, id)).thing;
  return world.steps.on(at, invoicesOf(String(payer)), async () => {
    const customer = (await found(world, at, 'customer', String(payer))).thing;
    const desk = await deskFor(world, asked.desk, customer);
    const [invoice, step] = [desk.ids('in'), desk.ids('step')];
    const kept = await found(world, at, kind, id);
    const isDone = desk.again && kept.hidden.changedBy === desk.seed;
    if (!isDone) checkChange(kept.thing, input);
    const billed = isDone ? kept.hidden.changeBilled : await written({ ...asked, desk }, kept, customer, invoice);
    if (typeof billed === 'string') await settled(world, desk, billed, step, input.off_session === true);
    return (await found(world, at, kind, id)).thing;
  });
}

function checkChange(subscription: Thing, input: Fields): void {
  const names = Object.keys(input).filter((name) => name !== 'metadata' && name !== 'cancellation_details');
  if (isOver(subscription) && names.length > 0)
    throw refuse('StateInvalid', 'A canceled subscription can only update its cancellation_details and metadata.');
  const name = billing.find((each) => input[each] !== undefined);
  if (subscription.status === 'incomplete' && name !== undefined)
    throw invalid(name, `You cannot change ${name} of a subscription whose first invoice is not paid yet.`);
}

/** Ends a subscription at once; what is not used may come back, and may be invoiced. */
export async function cancel(asked: Request): Promise<Thing> {
  const { world, id } = asked;
  const { at } = asked.desk;
  const { customer: payer } = (await found(world, at, kind, id)).thing;
  return world.steps.on(at, invoicesOf(String(payer)), async () => {
    const customer = (await found(world, at, 'customer', String(payer))).thing;
    const desk = await deskFor(world, asked.desk, customer);
    const [invoice, step] = [desk.ids('in'), desk.ids('step')];
    const kept = await found(world, at, kind, id);
    const isDone = desk.again && kept.hidden.endedBy === desk.seed;
    if (!isDone && isOver(kept.thing)) throw missing(kind, id);
    const billed = isDone ? kept.hidden.endBilled : await endedBy({ ...asked, desk }, kept, customer, invoice);
    if (typeof billed === 'string') await settled(world, desk, billed, step, true);
    return (await found(world, at, kind, id)).thing;
  });
}

async function endedBy({ world, desk, input }: Request, kept: Kept, customer: Thing, invoice: string): Promise<string | undefined> {
  const { at } = desk;
  const isFree = input.prorate !== true || kept.thing.status === 'trialing';
  const back = isFree ? [] : await credits(world, desk, kept.thing, billedIn(kept.hidden), desk.created);
  const own = { subscription: kept.thing, billed: billedIn(kept.hidden) };
  const isUsed = input.invoice_now === true && kept.thing.status !== 'trialing' && input.prorate !== true;
  const fresh = [...back, ...(isUsed ? await usageItems(world, desk, desk.created, own) : [])];
  const pending = input.invoice_now === true ? await pendingFor(world, at, kept.thing) : [];
  const isBilled = input.invoice_now === true && fresh.length + pending.length > 0;
  const said = describedSubscription(kept.thing, { cancellation_details: input.cancellation_details ?? null });
  const draft = isBilled
    ? await drafted(world, desk, {
        ...{ id: invoice, subscription: said, customer, lines: [], fresh, pending, discount: undefined, reason: 'subscription_update' },
        ...{ period: { start: desk.created, end: desk.created }, collecting: 'now' },
      })
    : undefined;
  const thing: Thing = { ...said, latest_invoice: draft?.invoice.id ?? kept.thing.latest_invoice ?? null };
  const hidden = { ...fieldsOf(kept.hidden), endedBy: desk.seed, endBilled: draft?.invoice.id ?? null };
  const outcome = await ending(world, at, { ...kept, thing, hidden }, desk.created, 'cancellation_requested');
  const told: Told[] = draft ? [...draft.told] : fresh.map((item) => ['invoiceitem.created', item]);
  await world.objects.commit(at, [
    ...outcome.statements,
    ...(draft ? draft.statements : await insertions(world, at, fresh)),
    ...(await eventsOf(world, desk, [...told, ...outcome.told])),
  ]);
  return draft?.invoice.id;
}
