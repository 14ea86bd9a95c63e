import type { Placed } from '#kernel/contract/provider.ts';
import type { Statement } from '#seams/sql/sql.ts';
import { type Policy, policyOf } from '../domain/collection.ts';
import { type Fields, fieldsOf, textOf, type Thing } from '../domain/json.ts';
import { endedSubscription, subscriptionDue } from '../domain/subscription.ts';
import { subscriptionInvoicesMax } from './limits.ts';
import type { Kept } from './object.ts';
import type { Told, World } from './world.ts';

/** What is done with an object, and what is told of it after. */
export type Outcome = { readonly statements: readonly Statement[]; readonly told: readonly Told[] };
export const nothingElse: Outcome = { statements: [], told: [] };

/** `hidden` with the time at which something happens next, or without one. */
export function dueAt({ due: _, ...hidden }: Fields, due: number | undefined): Fields {
  return due === undefined ? hidden : { ...hidden, due };
}

/** `hidden` of a subscription as it is now. */
export const hiddenWith = (subscription: Thing, hidden: Fields): Fields => dueAt(hidden, subscriptionDue(subscription, hidden.told));

/** The statement that changes a subscription, and when it is looked at next. */
export const kept = (world: World, at: Placed, before: Kept, next: Thing, hidden: Fields = before.hidden): Promise<Statement> =>
  world.objects.change(at, before, next, hiddenWith(next, hidden));

export const policyIn = async (world: World, at: Placed): Promise<Policy> =>
  policyOf((await world.objects.get(at, 'collection_policy', 'collection_policy'))?.thing);

/** The subscription that an invoice is of. */
export async function subscriptionBehind(world: World, at: Placed, invoice: Kept): Promise<Kept | undefined> {
  const id = textOf(invoice.hidden.subscription);
  return id === undefined ? undefined : world.objects.get(at, 'subscription', id);
}

/** What was to be collected by itself for a subscription is not any more. */
export async function stopCollecting(world: World, at: Placed, { id, customer }: Thing, except?: string): Promise<Statement[]> {
  const where = [['customer = ?', String(customer)], [`hidden->>'subscription' = ?`, id], [`hidden->>'due' is not null`]] as const;
  const { items } = await world.objects.list(at, 'invoice', { limit: subscriptionInvoicesMax, where });
  return Promise.all(
    items
      .filter(({ thing }) => thing.id !== except)
      .map((invoice) => {
        const next: Thing = { ...invoice.thing, auto_advance: false, next_payment_attempt: null, automatically_finalizes_at: null };
        return world.objects.change(at, invoice, next, dueAt(invoice.hidden, undefined));
      }),
  );
}

/** A subscription ends now. */
export async function ending(
  world: World,
  at: Placed,
  before: Kept,
  now: number,
  reason: string | null,
  invoice?: string,
): Promise<Outcome> {
  const next = endedSubscription(before.thing, now, reason);
  const statements = [await kept(world, at, before, next), ...(await stopCollecting(world, at, next, invoice))];
  return { statements, told: [['customer.subscription.deleted', next]] };
}

/** The latest invoice of a subscription was paid: it is active, if it was not. */
export async function afterPaid(world: World, at: Placed, invoice: Kept, method?: string): Promise<Outcome> {
  const before = await subscriptionBehind(world, at, invoice);
  if (!before || before.thing.latest_invoice !== invoice.thing.id) return nothingElse;
  const isSaved = method !== undefined && fieldsOf(before.thing.payment_settings).save_default_payment_method === 'on_subscription';
  const isWaiting = ['incomplete', 'past_due', 'unpaid'].includes(String(before.thing.status));
  if (!isSaved && !isWaiting) return nothingElse;
  const next: Thing = {
    ...before.thing,
    ...(isSaved ? { default_payment_method: method } : {}),
    ...(isWaiting ? { status: 'active' } : {}),
  };
  return { statements: [await kept(world, at, before, next)], told: [['customer.subscription.updated', next, before.thing]] };
}

/** An invoice of a subscription was not paid in its time; `isLast`: it is not tried again. */
export async function afterFailed(world: World, at: Placed, invoice: Kept, now: number, policy: Policy, isLast: boolean): Promise<Outcome> {
  const before = await subscriptionBehind(world, at, invoice);
  if (!before || !['active', 'past_due', 'unpaid', 'trialing'].includes(String(before.thing.status))) return nothingElse;
  if (isLast && policy.after === 'cancel') return ending(world, at, before, now, 'payment_failed', invoice.thing.id);
  const status = isLast && policy.after === 'unpaid' ? 'unpaid' : before.thing.status === 'unpaid' ? 'unpaid' : 'past_due';
  if (status === before.thing.status) return nothingElse;
  const next: Thing = { ...before.thing, status };
  return { statements: [await kept(world, at, before, next)], told: [['customer.subscription.updated', next, before.thing]] };
}
