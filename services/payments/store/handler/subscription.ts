import { type Fields, numberOf, textOf, type Thing } from '../../domain/json.ts';
import { boundaryOf, type Period, periodAt, rhythmOf } from '../../domain/period.ts';
import { endingSubscription, methodOf, newSubscription, withItems } from '../../domain/subscription.ts';
import { deskFor, livingBy } from '../clock.ts';
import { type Collecting, drafted, linesFor, pendingFor } from '../bill.ts';
import { settled } from '../collect.ts';
import { discountLeft } from '../cycle.ts';
import { redeemed } from '../discount.ts';
import { invalid, missing, refuse } from '../fault.ts';
import { invoicesOf, ratesOf } from '../invoice.ts';
import type { Condition } from '../object.ts';
import { asJson } from '../payment.ts';
import { hiddenWith } from '../subscription.ts';
import { eventsOf, found, type World } from '../world.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { listed, pageOf } from './list.ts';
import { searched } from './search.ts';
import { addedItems, checkCollection, checkedTrial, checkMethod, itemsGiven, pointers } from './subscription-given.ts';
import { cancel, update } from './subscription-change.ts';

const kind = 'subscription';
const day = 86_400;

/** When a trial ends that a request asks for; undefined for none. */
function trialEndOf({ desk, input }: Request, price: Thing): number | undefined {
  if (input.trial_end === 'now') return undefined;
  const fromPlan = input.trial_from_plan === true ? numberOf((price.recurring as Fields).trial_period_days) : undefined;
  const days = numberOf(input.trial_period_days) ?? fromPlan;
  const end = numberOf(input.trial_end) ?? (days === undefined ? undefined : desk.created + days * day);
  return end === undefined ? undefined : checkedTrial(desk, end);
}

/** The first period, and where the others are counted from. */
function beginning({ desk, input }: Request, price: Thing): { period: Period; anchor: number; trialEnd: number | undefined } {
  const now = desk.created;
  const [trialEnd, rhythm] = [trialEndOf({ desk, input } as Request, price), rhythmOf(price)];
  const asked = numberOf(input.billing_cycle_anchor);
  if (asked !== undefined && asked <= now) throw invalid('billing_cycle_anchor', 'billing_cycle_anchor must be a timestamp in the future.');
  const first = trialEnd ?? now;
  if (asked !== undefined && asked > boundaryOf(first, rhythm, 1))
    throw invalid(
      'billing_cycle_anchor',
      `billing_cycle_anchor cannot be later than next natural billing date (${boundaryOf(first, rhythm, 1)}) for plan`,
    );
  const anchor = asked ?? first;
  const end = trialEnd ?? (asked === undefined ? boundaryOf(now, rhythm, 1) : periodAt(anchor, rhythm, now).end);
  return { period: { start: now, end }, anchor, trialEnd };
}

export async function create(asked: Request): Promise<Thing> {
  const { world, input } = asked;
  const customer = (await found(world, asked.desk.at, 'customer', String(input.customer), 'customer')).thing;
  const desk = await deskFor(world, asked.desk, customer);
  const request = { ...asked, desk };
  const [id, invoice, step] = [desk.ids('sub'), desk.ids('in'), desk.ids('step')];
  return world.steps.on(desk.at, invoicesOf(customer.id), async () => {
    const before = desk.again ? await world.objects.get(desk.at, kind, id) : undefined;
    const made = before ? undefined : await begun(request, customer, { id, invoice });
    const isBilled = before ? (await world.objects.get(desk.at, 'invoice', invoice)) !== undefined : made === 'now' || made === 'asked';
    if (isBilled) await settled(world, desk, invoice, step, input.off_session === true);
    return (await found(world, desk.at, kind, id)).thing;
  });
}

/** Writes a new subscription down with its first invoice; answers how that is collected. */
async function begun(request: Request, customer: Thing, { id, invoice }: { id: string; invoice: string }): Promise<Collecting | 'none'> {
  const { world, desk, input } = request;
  const items = await itemsGiven(request, id, [], input.items as Fields[]);
  const price = items[0]?.price as Thing;
  const currency = String(price.currency);
  checkCurrency(customer, currency, textOf(input.currency));
  await checkMethod(request, input.default_payment_method, customer.id);
  const { period, anchor, trialEnd } = beginning(request, price);
  const rates = await ratesOf(world, desk.at, input.default_tax_rates, 'default_tax_rates');
  const own = { id, created: desk.created, livemode: desk.livemode };
  const { cancel_at, cancel_at_period_end, ...said } = input;
  const bare: Thing = {
    ...newSubscription({ ...said, currency }, customer, own),
    ...{ billing_cycle_anchor: anchor, default_tax_rates: asJson(rates) },
    ...(trialEnd === undefined ? {} : { trial_start: desk.created, trial_end: trialEnd }),
  };
  checkCollection(bare);
  const isSent = bare.collection_method === 'send_invoice';
  const ends = { ...(cancel_at == null ? {} : { cancel_at }), ...(cancel_at_period_end == null ? {} : { cancel_at_period_end }) };
  const timed = endingSubscription(withItems(bare, items, period), ends, desk.created);
  const isFree = trialEnd === undefined && input.billing_cycle_anchor != null && input.proration_behavior === 'none';
  const how = trialEnd === undefined ? (input.billing_cycle_anchor == null ? 'full' : 'part') : 'trial';
  const lines = isFree ? [] : await linesFor(world, desk, timed, period, how);
  const fresh = await addedItems(request, input, timed);
  const subtotal = [...lines, ...fresh].reduce((sum, { amount }) => sum + Number(amount), 0);
  const off = await redeemed(world, desk, input.discounts, { customer: customer.id, currency, subtotal }, { subscription: id });
  const discount = off && { id: off.discount.id, coupon: off.coupon, end: numberOf(off.discount.end) ?? null };
  const isAsked = input.payment_behavior === 'default_incomplete';
  const collecting: Collecting = isSent ? 'later' : isAsked ? 'asked' : 'now';
  const pending = await pendingFor(world, desk.at, timed);
  const first = { start: desk.created, end: desk.created };
  const bill = { id: invoice, subscription: timed, customer, lines, pending, fresh, period: first, discount, collecting };
  const isBilled = lines.length + fresh.length + pending.length > 0;
  const draft = isBilled ? await drafted(world, desk, { ...bill, reason: 'subscription_create' }) : undefined;
  const due = Number(draft?.invoice.total ?? 0) + Number(customer.balance);
  if (collecting === 'now' && due > 0 && methodOf(timed, customer) === undefined) throw noMethod();
  const left = discountLeft(discount, draft?.isDiscounted === true);
  const status = trialEnd === undefined ? (isSent || !draft ? 'active' : 'incomplete') : 'trialing';
  const made: Thing = { ...timed, status, latest_invoice: draft?.invoice.id ?? null, discounts: left ? [left.id] : [] };
  const hidden: Fields = {
    ...{ clock: customer.test_clock ?? null, billed: asJson(draft?.billed ?? {}), discount: left ? asJson(left) : null, by: desk.seed },
  };
  await world.objects.commit(desk.at, [
    await world.objects.insertion(desk.at, made, hiddenWith(made, hidden)),
    ...(await pointers(world, desk.at, made, items)),
    ...(off?.statements ?? []),
    ...(draft?.statements ?? []),
    ...(await eventsOf(world, desk, [
      ['customer.subscription.created', made],
      ...(off ? [['customer.discount.created', off.discount] as const] : []),
      ...(draft?.told ?? []),
    ])),
  ]);
  return draft ? collecting : 'none';
}

const noMethod = () =>
  refuse(
    'StateInvalid',
    'This customer has no attached payment source or default payment method. Please consider adding a default payment method.',
    {
      code: 'resource_missing',
    },
  );

function checkCurrency(customer: Thing, currency: string, asked: string | undefined): void {
  if (asked !== undefined && asked.toLowerCase() !== currency)
    throw invalid('currency', `The price is of the currency ${currency}, and not of ${asked}.`);
  if (customer.currency !== null && customer.currency !== currency) {
    const had = `This customer has had a subscription, coupon, or invoice item with currency ${String(customer.currency)}.`;
    throw invalid('items', `You cannot combine currencies on a single customer. ${had}`);
  }
}

/** What holds of a status that a list asks for. */
function ofStatus(status: unknown): Condition[] {
  if (status === 'all') return [];
  if (status === 'ended') return [[`body->>'status' in ('canceled', 'incomplete_expired')`]];
  if (typeof status === 'string') return [[`body->>'status' = ?`, status]];
  return [[`body->>'status' not in ('canceled', 'incomplete_expired')`]];
}

function list({ world, desk, input }: Request) {
  const filters = {
    customer: 'customer = ?',
    collection_method: `body->>'collection_method' = ?`,
    price: `jsonb_path_query_array(body, '$.items.data[*].price.id') @> to_jsonb(?::text)`,
  };
  const page = pageOf(input, filters);
  const clock = input.customer == null || input.test_clock != null ? [livingBy(input.test_clock)] : [];
  return listed(
    world.objects,
    desk.at,
    kind,
    { ...page, where: [...page.where, ...ofStatus(input.status), ...clock] },
    '/v1/subscriptions',
  );
}

/** Takes the discount off, if there is one. */
async function withoutDiscount(request: Request): Promise<Thing> {
  const { world, desk, id } = request;
  const before = (await found(world, desk.at, kind, id)).thing;
  const [own] = (before.discounts ?? []) as readonly string[];
  if (own === undefined) throw missing('active discount for subscription', id);
  const { thing } = await found(world, desk.at, 'discount', own);
  await update({ ...request, input: { discounts: null } });
  const gone: Thing = { ...thing, deleted: true };
  await world.objects.commit(desk.at, await eventsOf(world, desk, [['customer.discount.deleted', gone]]));
  return gone;
}

export const subscriptionHandlers = (world: World) =>
  handlersOf(world, {
    CreateSubscription: create,
    GetSubscription: async ({ world, desk, id }) => (await found(world, desk.at, kind, id)).thing,
    ListSubscriptions: list,
    SearchSubscriptions: (request) => searched(request, kind, '/v1/subscriptions/search'),
    UpdateSubscription: update,
    CancelSubscription: cancel,
    DeleteSubscriptionDiscount: withoutDiscount,
    GetDiscount: async ({ world, desk, id }) => (await found(world, desk.at, 'discount', id)).thing,
  }) satisfies Partial<All>;
