import { type Fields, fieldsOf, numberOf, textOf, type Thing } from '../../domain/json.ts';
import { changedPaymentIntent, newPaymentIntent } from '../../domain/payment-intent.ts';
import { checkMoney } from '../amount.ts';
import { changed } from '../change.ts';
import { invalid, refuse } from '../fault.ts';
import { cardOfSource } from '../method.ts';
import type { Kept } from '../object.ts';
import { behaviourOf, paymentBehind, paymentNamed } from '../payment.ts';
import { rateOfCharge } from '../rate.ts';
import { riskOf } from '../risk-step.ts';
import { routeOf } from '../route-step.ts';
import { found, writtenDesk } from '../world.ts';
import { type All, handlersOf, type Request } from './handlers.ts';

/** The card that is charged: of the source, or the customer's own. */
async function cardToCharge({ world, desk, input }: Request): Promise<Kept> {
  const { source } = input;
  const customer = textOf(input.customer);
  const owner = customer === undefined ? undefined : await found(world, desk.at, 'customer', customer, 'customer');
  if (source == null && owner === undefined) throw invalid('source', 'Must provide source or customer.', 'parameter_missing');
  const named = source ?? owner?.thing.default_source;
  if (named == null) throw refuse('CardRefused', 'Cannot charge a customer that has no active card', { code: 'missing', param: 'card' });
  const card = await cardOfSource(world, desk, typeof named === 'string' ? named : fieldsOf(named));
  const holder = card.thing.customer;
  if (holder !== null && holder !== customer)
    throw invalid('source', `The source ${card.thing.id} belongs to a customer; name that customer too.`, 'missing');
  return card;
}

/** Charges a card at once. The payment behind is an object that no client sees. */
async function create(request: Request): Promise<Thing> {
  const { world, desk, input } = request;
  const currency = String(input.currency).toLowerCase();
  checkMoney(Number(input.amount), currency);
  const [id, step, contest] = [desk.ids('pd'), desk.ids('step'), desk.ids('step')];
  const card = await cardToCharge(request);
  const { capture, source: _, ...given } = input;
  const own = { id, created: desk.created, livemode: desk.livemode, secret: '' };
  const asked: Fields = { ...given, currency, payment_method: card.thing.id, capture_method: capture === false ? 'manual' : 'automatic' };
  const payment: Kept = { thing: { ...newPaymentIntent(asked, own), object: 'direct_payment' }, hidden: {}, version: 0 };
  // A release before this one kept it before its first step.
  const known = desk.again ? await world.objects.get(desk.at, payment.thing.object, id) : undefined;
  const work = async () => {
    const rate = await world.rates.of(desk.at, currency, card.thing.card);
    const risk = await riskOf(world, desk, payment.thing, card, {});
    const route = await routeOf(world, desk, payment.thing, card, {});
    const more = { method: card.thing.id, mandate: null, rate, risk, route, attempt: 1, refuse_action: true, desk: writtenDesk(desk) };
    if (!(desk.again && (await world.steps.wasTaken(desk.at, step))))
      await world.steps.take(desk.at, { id: step, kind: 'authorize', subject: id, input: more, made: known ? [] : [payment] });
    const { dispute } = behaviourOf(card) as { dispute?: string };
    if (dispute === undefined || capture === false || (desk.again && (await world.steps.wasTaken(desk.at, contest)))) return;
    const contested = { reason: dispute, desk: writtenDesk(desk) };
    await world.steps.take(desk.at, { id: contest, kind: 'dispute', subject: id, input: contested });
  };
  await world.steps.on(desk.at, id, work, { isNew: !desk.again });
  const { thing } = await paymentNamed(world, desk.at, id);
  return (await found(world, desk.at, 'charge', String(thing.latest_charge))).thing;
}

async function capture({ world, desk, id, input }: Request): Promise<Thing> {
  const step = desk.ids('step');
  const kept = await found(world, desk.at, 'charge', id);
  if (kept.thing.payment_intent !== null)
    throw refuse('StateInvalid', `Charge ${id} was made by a PaymentIntent: capture ${String(kept.thing.payment_intent)} instead.`);
  const payment = paymentBehind(kept);
  await world.steps.on(desk.at, payment, async () => {
    if (desk.again && (await world.steps.wasTaken(desk.at, step))) return;
    const { thing: charge } = await found(world, desk.at, 'charge', id);
    if (charge.captured === true)
      throw refuse('StateInvalid', `Charge ${id} has already been captured.`, { code: 'charge_already_captured' });
    if (charge.refunded === true || charge.paid !== true)
      throw refuse('StateInvalid', `Charge ${id} cannot be captured: nothing is held for it.`, { code: 'charge_already_refunded' });
    const amount = numberOf(input.amount) ?? Number(charge.amount);
    if (amount < 1 || amount > Number(charge.amount))
      throw invalid('amount', 'The amount to capture is at least 1 and at most what is held.', 'amount_too_large');
    const told = Object.entries(input).filter(([name, value]) => name !== 'amount' && value != null);
    const said = Object.fromEntries(told) as Fields;
    if (told.length > 0)
      await changed(world, desk, 'direct_payment', payment, ({ thing }) => ({ next: changedPaymentIntent(thing, said) }));
    const { thing } = await paymentNamed(world, desk.at, payment);
    const written = { amount, rate: await rateOfCharge(world, desk, thing), desk: writtenDesk(desk) };
    await world.steps.take(desk.at, { id: step, kind: 'capture', subject: payment, input: written });
  });
  return (await found(world, desk.at, 'charge', id)).thing;
}

export const directChargeHandlers = (world: Request['world']) =>
  handlersOf(world, { CreateCharge: create, CaptureCharge: capture }) satisfies Partial<All>;
