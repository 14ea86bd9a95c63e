import { createHash } from 'node:crypto';
import type { Placed } from '#kernel/contract/provider.ts';
import { cardFields, isCard } from '../domain/card-present.ts';
import { type Fields, type Json, textOf, type Thing } from '../domain/json.ts';
import { isRetryable, type Route } from '../domain/route.ts';
import { refuse } from './fault.ts';
import type { Kept } from './object.ts';
import { asJson } from './payment.ts';
import type { Order, RailAnswer } from './rail.ts';
import { type Attempt, routeIn } from './routing.ts';
import type { Desk, World } from './world.ts';

const binDigits = 6;

/** The way of a payment by card that is about to be made, as a part of its step's input: a step that is taken again goes the same way. */
export async function routeOf({ routes }: World, { at, seed }: Desk, intent: Thing, method: Kept, attempt: Fields): Promise<Json> {
  if (!isCard(method.thing)) return null;
  const { country, brand } = cardFields(method.thing);
  const entry = attempt.authenticated === true ? 'proven' : attempt.off_session === true ? 'away' : 'plain';
  // The first digits of the card are those of what looks like it.
  const bin = (textOf(method.hidden.alias) ?? '').slice(0, binDigits);
  const known = { country: textOf(country) ?? '', brand: textOf(brand) ?? '', bin, amount: Number(intent.amount), entry };
  const draw = createHash('sha256').update(`route ${seed}`).digest().readUInt32BE(0) / 2 ** 32;
  const route = await routes.route(at, { ...known, currency: String(intent.currency) }, draw);
  if (route.order.length === 0)
    throw refuse('StateInvalid', 'No acquirer may take this payment: its currency, its scheme and the residency asked for exclude all.', {
      code: 'payment_intent_incompatible_payment_method',
    });
  return asJson(route);
}

export type Asked = { readonly answer: RailAnswer; readonly route: Fields };

/** Asks one acquirer after another, as long as one declines for a reason that another may not have; what each said is kept. */
export async function askedBy(world: World, at: Placed, order: Omit<Order, 'acquirer'>, input: Fields): Promise<Asked> {
  const route = routeIn(input);
  const attempts: Attempt[] = [];
  let answer: RailAnswer | undefined;
  for (const [index, acquirer] of route.order.entries()) {
    answer = await world.rail.authorize(at, { ...order, acquirer, name: index === 0 ? order.name : `${order.name} via ${acquirer}` });
    const code = textOf(answer.trace.code) ?? null;
    attempts.push({ acquirer, code });
    // Where no answer came, nobody knows whether it was approved: no other is asked.
    if (answer.verdict.kind === 'approved' || answer.isOpen || code === null || !isRetryable(code)) break;
  }
  if (!answer) throw new TypeError('a route has an acquirer');
  if ('candidates' in route) await world.routes.told(at, route as Route, attempts, answer.verdict.kind === 'approved');
  const told = attempts.map((each) => ({ ...each, retryable: each.code !== null && isRetryable(each.code) }));
  return { answer, route: { ...(asJson(route) as Fields), attempts: asJson(told) } };
}
