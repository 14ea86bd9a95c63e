import { type Fields, fieldsOf, type Json, textOf, type Thing } from '../domain/json.ts';
import { newMandate } from '../domain/token.ts';
import { changed } from './change.ts';
import { missing, refuse } from './fault.ts';
import { methodNamed, newMethod } from './method.ts';
import type { Kept } from './object.ts';
import { type Desk, found, keepNew, type World } from './world.ts';

/** The payment method that a request names, or brings the data of. */
export async function methodGiven(world: World, desk: Desk, named: Json | undefined, data: Json | undefined): Promise<Kept | undefined> {
  if (typeof named === 'string') return methodNamed(world, desk, named);
  if (data == null) return undefined;
  return found(world, desk.at, 'payment_method', (await newMethod(world, desk, fieldsOf(data))).id);
}

/** What was given, with what a buyer chose behind a confirmation token; the token is used by this intent from now on. */
export async function chosen(world: World, desk: Desk, given: Fields, intent: string): Promise<Fields> {
  const token = textOf(given.confirmation_token);
  if (token === undefined) return given;
  const kept = await world.objects.get(desk.at, 'confirmation_token', token);
  if (!kept) throw missing('confirmation_token', token, 'confirmation_token');
  const field = intent.startsWith('seti_') ? 'setup_intent' : 'payment_intent';
  await changed(world, desk, 'confirmation_token', token, ({ thing }) => {
    const user = thing.payment_intent ?? thing.setup_intent;
    if (user !== null && user !== intent) throw refuse('StateInvalid', `The confirmation token ${token} has been used already.`);
    if (Number(thing.expires_at) <= desk.created) throw refuse('StateInvalid', `The confirmation token ${token} has expired.`);
    return { next: { ...thing, [field]: intent } };
  });
  const { return_url, setup_future_usage, shipping } = kept.thing;
  const told = Object.entries({ return_url, setup_future_usage, shipping }).filter(([, value]) => value != null);
  return { ...(Object.fromEntries(told) as Fields), ...given, payment_method: kept.hidden.method ?? null };
}

/** Keeps what a customer agreed to with a confirmation; answers its id. */
export async function mandateOf(world: World, desk: Desk, given: Fields, method: Thing): Promise<string | null> {
  const data = given.mandate_data;
  if (data == null) return null;
  const own = { id: desk.ids('mandate'), created: desk.created, livemode: desk.livemode };
  return (await keepNew(world, desk, newMandate(fieldsOf(data), method, own))).id;
}
