import { fault } from '#kernel/contract/fault.ts';
import { type CardFacts, factsOf } from '../domain/card.ts';
import { type Fields, fieldsOf, type Json, numberOf, textOf, type Thing } from '../domain/json.ts';
import { newPaymentMethod } from '../domain/payment-method.ts';
import { testCardName } from '../domain/test-card.ts';
import { bankStandIn, newBankMethodOf } from './bank.ts';
import { changed } from './change.ts';
import { invalid, missing, refuse } from './fault.ts';
import type { Kept } from './object.ts';
import { asJson, behaviourOf } from './payment.ts';
import { type Desk, found, keepNew, type World } from './world.ts';

/** Digits of a year that leaves the century out. */
const shortYear = 100;

const refusedCard = (code: string, message: string, param: string) => refuse('CardRefused', message, { code, param });

/** A card by what stands for it in a request: the ticket of a number that the vault has taken, or the name of a test card. */
type Given = { readonly card: { readonly ticket: string } | { readonly test: string }; readonly month: number; readonly year: number };
type Own = { readonly id: string; readonly created: number; readonly livemode: boolean };

/** A card as somebody typed it; its number went no further than the vault. */
function typedCard(desk: Desk, given: Fields): Given {
  const ticket = textOf(given.vaulted);
  if (ticket === undefined) throw invalid('card[number]', 'Missing required param: card[number].', 'parameter_missing');
  if (desk.livemode)
    throw refuse('StateInvalid', 'Live cards cannot be charged here: no card network is connected, and the one there is is simulated.', {
      param: 'card[number]',
    });
  const month = numberOf(given.exp_month) ?? 0;
  const short = numberOf(given.exp_year) ?? 0;
  const year = short < shortYear ? 2000 + short : short;
  const now = new Date(desk.created * 1000);
  if (month < 1 || month > 12) throw refusedCard('invalid_expiry_month', "Your card's expiration month is invalid.", 'exp_month');
  const [thisYear, thisMonth] = [now.getUTCFullYear(), now.getUTCMonth() + 1];
  if (year < thisYear || year > thisYear + 50)
    throw refusedCard('invalid_expiry_year', "Your card's expiration year is invalid.", 'exp_year');
  if (year === thisYear && month < thisMonth)
    throw refusedCard('invalid_expiry_month', "Your card's expiration month is invalid.", 'exp_month');
  return { card: { ticket }, month, year };
}

/** The card that `pm_card_visa` or `tok_visa` stands for; they are of test mode. */
function standIn(desk: Desk, id: string): Given | undefined {
  const test = desk.livemode ? undefined : testCardName(id);
  return test === undefined ? undefined : { card: { test }, month: 12, year: new Date(desk.created * 1000).getUTCFullYear() + 1 };
}

/** What is known of a card, and what beside it is kept: what stands for it in the vault, and what its holder and issuer do. */
async function told(world: World, desk: Desk, { card, month, year }: Given, id: string): Promise<{ facts: CardFacts; hidden: Fields }> {
  if ('test' in card) {
    const known = await world.vault.test(desk.at, card.test);
    return { facts: factsOf(known, month, year), hidden: { card, behaviour: asJson(known.behaviour), alias: known.alias } };
  }
  const kept = await world.vault.keep(desk.at, card.ticket, id);
  if ('gone' in kept) throw fault('Unavailable', 'The number that came with the request was not kept; send it again.');
  if ('refusal' in kept) throw refusedCard(kept.refusal.code, kept.refusal.message, kept.refusal.param);
  const hidden = { card: { token: kept.token }, behaviour: asJson(kept.behaviour), alias: kept.alias };
  return { facts: factsOf(kept, month, year), hidden };
}

/** The payment method of a card, which is not kept yet. */
async function methodOf(world: World, desk: Desk, card: Given, given: Fields, prefix = 'pm'): Promise<Kept> {
  const own = { id: desk.ids(prefix), created: desk.created, livemode: desk.livemode };
  const { facts, hidden } = await told(world, desk, card, own.id);
  return { thing: newPaymentMethod(facts, given, own), hidden, version: 0 };
}

/** Keeps a payment method, unless it is kept. */
export async function keptMethod(world: World, desk: Desk, method: Kept): Promise<Kept> {
  if (method.version > 0) return method;
  await keepNew(world, desk, method.thing, undefined, { hidden: method.hidden });
  return desk.again ? found(world, desk.at, 'payment_method', method.thing.id) : { ...method, version: 1 };
}

const made = async (world: World, desk: Desk, card: Given, given: Fields, prefix?: string): Promise<Kept> =>
  keptMethod(world, desk, await methodOf(world, desk, card, given, prefix));

/** Makes a payment method of the data of a request. */
export async function newMethod(world: World, desk: Desk, data: Fields): Promise<Thing> {
  const bank = await newBankMethodOf(world, desk, data);
  if (bank) return bank.thing;
  const card = fieldsOf(data.card);
  const token = textOf(card.token);
  const typed = token === undefined ? typedCard(desk, card) : standIn(desk, token);
  return typed ? (await made(world, desk, typed, data)).thing : ofToken(world, desk, String(token), data);
}

/** The payment method that a request names, or brings the data of; one that is made for it is not kept yet, unless a token is used. */
export async function methodToBe(world: World, desk: Desk, named: Json | undefined, data: Json | undefined): Promise<Kept | undefined> {
  if (typeof named !== 'string' && data == null) return undefined;
  const given = typeof named === 'string' ? {} : fieldsOf(data);
  const bank = typeof named === 'string' ? undefined : await newBankMethodOf(world, desk, given);
  if (bank) return bank;
  const card = fieldsOf(given.card);
  const id = textOf(named) ?? textOf(card.token);
  const typed = id === undefined ? typedCard(desk, card) : standIn(desk, id);
  if (typed) return methodOf(world, desk, typed, given);
  if (typeof named === 'string') return methodNamed(world, desk, named);
  return found(world, desk.at, 'payment_method', (await newMethod(world, desk, given)).id);
}

/** What is known of a card that was typed in, for the token of this id. */
export const knownCard = (world: World, desk: Desk, given: Fields, { id }: Own) => told(world, desk, typedCard(desk, given), id);

/** A token is used once. */
async function ofToken(world: World, desk: Desk, token: string, data: Fields, prefix = 'pm'): Promise<Thing> {
  const kept = await world.objects.get(desk.at, 'token', token);
  if (!kept) throw missing('token', token, 'card[token]');
  const own = { id: desk.ids(prefix), created: desk.created, livemode: desk.livemode };
  const use = ({ thing, hidden }: Kept) => {
    if (thing.used === true && hidden.usedBy !== own.id)
      throw refuse('StateInvalid', `You cannot use a token more than once: ${token}.`, { code: 'token_already_used' });
    return { next: { ...thing, used: true }, hidden: { ...hidden, usedBy: own.id } };
  };
  await changed(world, desk, 'token', token, use);
  const method = newPaymentMethod(kept.hidden.facts as unknown as CardFacts, data, own);
  const { card = null, behaviour = null, alias = null } = kept.hidden;
  return keepNew(world, desk, method, undefined, { hidden: { card, behaviour, alias } });
}

/** The payment method of an id; the name of a test card makes one. */
export async function methodNamed(world: World, desk: Desk, id: string, param = 'payment_method'): Promise<Kept> {
  const stand = standIn(desk, id);
  const kept = stand
    ? await made(world, desk, stand, {})
    : ((await bankStandIn(world, desk, id)) ?? (await world.objects.get(desk.at, 'payment_method', id)));
  if (!kept) throw missing('PaymentMethod', id, param);
  return kept;
}

/** The card of a source, as integrations of old name it: a token, a card of a customer, or a card as it was typed. */
export async function cardOfSource(world: World, desk: Desk, source: string | Fields): Promise<Kept> {
  const read = (id: string) => found(world, desk.at, 'payment_method', id, 'source');
  if (typeof source !== 'string') return made(world, desk, typedCard(desk, source), {}, 'card');
  const stand = standIn(desk, source);
  if (stand) return made(world, desk, stand, {}, 'card');
  if (source.startsWith('tok_')) return read((await ofToken(world, desk, source, {}, 'card')).id);
  const kept = await world.objects.get(desk.at, 'payment_method', source);
  if (!kept) throw missing('source', source, 'source');
  return kept;
}

/** Keeps a payment method for a customer; the issuer is asked, as it would be by a first payment of nothing. */
export async function attach(world: World, desk: Desk, method: Kept, customer: string): Promise<Thing> {
  await found(world, desk.at, 'customer', customer, 'customer');
  const behaviour = behaviourOf(method);
  if (behaviour.kind === 'decline' && !behaviour.attachable)
    throw refuse('CardRefused', behaviour.message, { code: behaviour.code, decline_code: behaviour.decline ?? behaviour.code });
  const check = ({ thing, hidden }: Kept) => {
    if (hidden.detached === true)
      throw refuse('StateInvalid', 'This PaymentMethod was previously detached from a Customer and may not be used again.');
    if (thing.customer !== null && thing.customer !== customer)
      throw refuse('StateInvalid', 'The payment method you provided has already been attached to a customer.');
    return { next: { ...thing, customer } };
  };
  return changed(world, desk, 'payment_method', method.thing.id, check, 'payment_method.attached');
}
