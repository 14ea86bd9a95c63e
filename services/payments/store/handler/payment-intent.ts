import { OperationError } from '#kernel/contract/fault.ts';
import { cardFields, isCard } from '../../domain/card-present.ts';
import { type Fields, fieldsOf, numberOf, textOf, type Thing } from '../../domain/json.ts';
import { changedPaymentIntent, isCancelable, isOpen, newPaymentIntent } from '../../domain/payment-intent.ts';
import { checkMoney } from '../amount.ts';
import { checkWay } from '../bank.ts';
import { changed } from '../change.ts';
import type { Claim } from '../claim.ts';
import { waysOf } from '../challenge.ts';
import { errorOf, invalid, keptError, missing, refusalOf, refuse } from '../fault.ts';
import { chosen, mandateOf, methodGiven } from '../choice.ts';
import { keptMethod, methodToBe } from '../method.ts';
import type { Kept } from '../object.ts';
import { behaviourOf, hiddenOf, paymentOf } from '../payment.ts';
import { rateOfCharge } from '../rate.ts';
import { riskOf } from '../risk-step.ts';
import { routeOf } from '../route-step.ts';
import type { Step, StepKind } from '../step.ts';
import { traceOf } from '../trace.ts';
import { claimed, found, keepNew, writtenDesk } from '../world.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { listed, pageOf } from './list.ts';
import { searched } from './search.ts';
import { destinationOf } from './transfer.ts';

const kind = 'payment_intent';
const secretLength = 25;

export const unexpected = ({ thing }: Kept, message: string) =>
  refuse('StateInvalid', message, { code: 'payment_intent_unexpected_state', payment_intent: thing });

/** A payment that a page asks for must be named with its client secret. */
export function assertSecret({ isPublic, input }: Request, { thing }: Kept): Thing {
  const given = textOf(input.client_secret);
  const isWrong = given === undefined ? isPublic : given !== thing.client_secret;
  if (isWrong) throw missing(kind, thing.id, 'intent');
  return thing;
}

async function create(request: Request): Promise<Thing> {
  const { world, desk, input } = request;
  const { confirm, payment_method: named, payment_method_data: data, ...asked } = input;
  const given: Fields = { ...asked };
  const currency = String(given.currency).toLowerCase();
  checkMoney(Number(given.amount), currency);
  if (confirm !== true)
    for (const name of ['off_session', 'return_url', 'error_on_requires_action', 'confirmation_token', 'mandate_data'] as const)
      if (given[name] != null) throw invalid(name, `You may only specify ${name} when confirm is true.`, 'parameter_invalid_empty');
  if (typeof given.customer === 'string') await found(world, desk.at, 'customer', given.customer, 'customer');
  await checkShare(request, Number(given.amount));
  const id = desk.ids('pi');
  // A token that is used up is used under this key.
  if (data != null || confirm !== true || given.confirmation_token != null) await claimed(world, desk);
  const method = await methodToBe(world, desk, named, data);
  // An account that is debited has a mandate, which is kept before the first step.
  if (method?.thing.type !== 'card' || given.mandate_data != null) await claimed(world, desk);
  const secret = `${id}_secret_${await world.secrets.hash(desk.at, 'client secret', id, secretLength)}`;
  const own = { id, created: desk.created, livemode: desk.livemode, secret };
  const intent = newPaymentIntent({ ...given, currency, ...(method ? { payment_method: method.thing.id } : {}) }, own);
  if (confirm === true && method && given.confirmation_token == null) return paidAtOnce({ ...request, id }, intent, method, given);
  await claimed(world, desk);
  if (method) await keptMethod(world, desk, method);
  const made = await keepNew(world, desk, intent, 'payment_intent.created');
  return confirm === true ? confirmed({ ...request, id }, { ...given, payment_method: method?.thing.id ?? null }) : made;
}

/** A payment that is made and confirmed at once: it is kept, with the card it is made with, as what it has become by its first step. */
function paidAtOnce(request: Request, intent: Thing, method: Kept, given: Fields): Promise<Thing> {
  const { world, desk, id } = request;
  const [step, contest] = [desk.ids('step'), desk.ids('step')];
  const work = async () => {
    if (desk.again && (await world.steps.wasTaken(desk.at, step))) return (await found(world, desk.at, kind, id)).thing;
    // A release before this one kept it before its first step.
    const known = desk.again ? await world.objects.get(desk.at, kind, id) : undefined;
    if (known && !isOpen(known.thing)) return known.thing;
    const kept: Kept = known ?? { thing: intent, hidden: {}, version: 0 };
    checkOwner(intent, method.thing);
    await checkWay(world, desk, intent, method.thing, given);
    const mandate = await mandateOf(world, desk, given, method.thing);
    const rate = await world.rates.of(desk.at, String(intent.currency), method.thing.card);
    const attempt = attemptOf(request, kept, given);
    const risk = await riskOf(world, desk, intent, method, attempt);
    const route = await routeOf(world, desk, intent, method, attempt);
    const input = { method: method.thing.id, mandate, rate, risk, route, ...attempt };
    const made = [kept, method].filter(({ version }) => version === 0);
    const first = { kind: firstStep(method), id: step, input, made };
    if (disputeOf(method) === undefined) return take(request, first, desk.claim);
    // What is answered is known after the dispute.
    await claimed(world, desk);
    return contested(request, method, contest, await take(request, first));
  };
  return telling(request, () => world.steps.on(desk.at, id, work, { isNew: !desk.again }));
}

/** Refuses to pass on what cannot be: to an account that is not ready, or more than is paid. */
async function checkShare({ world, desk, input }: Request, amount: number): Promise<void> {
  const { destination, amount: part } = fieldsOf(input.transfer_data);
  const fee = input.application_fee_amount;
  if (destination == null && fee != null)
    throw invalid('application_fee_amount', 'Can only apply an application_fee_amount to a payment with `transfer_data[destination]`.');
  if (destination == null) return;
  if (part != null && fee != null)
    throw invalid('application_fee_amount', 'You may not provide application_fee_amount and transfer_data[amount] at the same time.');
  if (Number(part ?? 0) > amount || part === 0)
    throw invalid('transfer_data[amount]', 'The amount of the transfer is at least 1, and at most that of the payment.');
  if (Number(fee ?? 0) > amount) throw invalid('application_fee_amount', 'The application fee is at most the amount of the payment.');
  await destinationOf(world, desk, String(destination), 'transfer_data[destination]');
}

/** Takes a step of a payment; what refuses it tells the payment as it is then. */
export async function take({ world, desk, id }: Request, step: Omit<Step, 'subject'>, claim?: Claim): Promise<Thing> {
  const after = await world.steps.take(desk.at, { ...step, subject: id, input: { ...step.input, desk: writtenDesk(desk) } }, claim);
  return after ?? (await found(world, desk.at, kind, id)).thing;
}

/** Tells with a refusal of a card what became of the payment. */
async function telling<T>({ world, desk, id }: Request, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof OperationError) || refusalOf(error)?.type !== 'card_error') throw error;
    const { thing } = await found(world, desk.at, kind, id);
    throw errorOf(keptError(error), { payment_intent: thing, payment_method: fieldsOf(thing.last_payment_error).payment_method ?? null });
  }
}

export function confirmed(request: Request, asked: Fields): Promise<Thing> {
  const { world, desk, id } = request;
  const [step, contest] = [desk.ids('step'), desk.ids('step')];
  return telling(request, () =>
    world.steps.on(desk.at, id, async () => {
      if (desk.again && (await world.steps.wasTaken(desk.at, step))) return (await found(world, desk.at, kind, id)).thing;
      const kept = await found(world, desk.at, kind, id);
      assertSecret(request, kept);
      assertConfirmable(kept);
      assertOwnMoney(kept, asked);
      const given = await chosen(world, desk, asked, id);
      const method =
        (await methodGiven(world, desk, given.payment_method, given.payment_method_data)) ?? (await methodKept(request, kept.thing));
      if (!method)
        throw unexpected(
          kept,
          "You cannot confirm this PaymentIntent because it's missing a payment method. Update it with one and confirm it again.",
        );
      checkOwner(kept.thing, method.thing);
      await checkWay(world, desk, kept.thing, method.thing, given);
      await note(request, given);
      const mandate = await mandateOf(world, desk, given, method.thing);
      const rate = await world.rates.of(desk.at, String(kept.thing.currency), cardFields(method.thing));
      const attempt = attemptOf(request, kept, given);
      const noted = (await found(world, desk.at, kind, id)).thing;
      const risk = await riskOf(world, desk, noted, method, attempt);
      const route = await routeOf(world, desk, noted, method, attempt);
      const input = { method: method.thing.id, mandate, rate, risk, route, ...attempt };
      return contested(request, method, contest, await take(request, { kind: firstStep(method), id: step, input }));
    }),
  );
}

/** A card is asked at once; any other way waits. */
const firstStep = ({ thing }: Kept): StepKind => (isCard(thing) ? 'authorize' : 'wait');

const disputeOf = (method: Kept): string | undefined => (behaviourOf(method) as { dispute?: string }).dispute;

/** Some test cards contest what was taken from them. */
async function contested(request: Request, method: Kept, step: string, done: Thing): Promise<Thing> {
  const dispute = disputeOf(method);
  if (dispute === undefined || done.status !== 'succeeded') return done;
  return take(request, { kind: 'dispute', id: step, input: { reason: dispute } });
}

/** The cardholder has proven to be it, or has not: the payment goes on, or wants another card. */
function answered(request: Request): Promise<Thing> {
  const { world, desk, id, input } = request;
  const [step, contest] = [desk.ids('step'), desk.ids('step')];
  return telling(request, () =>
    world.steps.on(desk.at, id, async () => {
      if (desk.again && (await world.steps.wasTaken(desk.at, step))) return (await found(world, desk.at, kind, id)).thing;
      const kept = await found(world, desk.at, kind, id);
      const intent = assertSecret(request, kept);
      if (intent.status !== 'requires_action' || kept.hidden.challenge == null)
        throw unexpected(kept, `This PaymentIntent waits for nobody to authenticate: it has a status of ${intent.status}.`);
      if (input.outcome === 'failed') return unproven(request, kept);
      const method = await found(world, desk.at, 'payment_method', String(intent.payment_method));
      if (intent.confirmation_method === 'manual') return proven(request, method.thing.id);
      const { mandate, back } = fieldsOf(kept.hidden.challenge);
      const attempt = attemptOf(request, kept, { return_url: back ?? null });
      const rate = await world.rates.of(desk.at, String(intent.currency), method.thing.card);
      const risk = await riskOf(world, desk, intent, method, { ...attempt, authenticated: true });
      const route = await routeOf(world, desk, intent, method, { ...attempt, authenticated: true });
      const given = { method: method.thing.id, mandate: mandate ?? null, rate, risk, route, ...attempt, authenticated: true };
      return contested(request, method, contest, await take(request, { kind: 'authorize', id: step, input: given }));
    }),
  );
}

/** A server that confirms by itself does it once more. */
const proven = ({ world, desk, id }: Request, method: string): Promise<Thing> =>
  changed(world, desk, kind, id, (kept) => ({
    next: { ...kept.thing, status: 'requires_confirmation', next_action: null },
    hidden: hiddenOf(kept, { authenticated: method }),
  }));

const unprovenText =
  'The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new PaymentMethod to attempt to ' +
  'fulfill this PaymentIntent again.';

async function unproven({ world, desk, id }: Request, { thing }: Kept): Promise<Thing> {
  const method = await found(world, desk.at, 'payment_method', String(thing.payment_method));
  const error = { code: 'payment_intent_authentication_failure', type: 'invalid_request_error', message: unprovenText };
  return changed(
    ...([world, desk, kind, id] as const),
    (kept) => ({
      next: {
        ...kept.thing,
        ...{ status: 'requires_payment_method', payment_method: null, next_action: null },
        last_payment_error: { ...error, payment_method: method.thing },
      },
      hidden: hiddenOf(kept, { authenticated: null }),
    }),
    'payment_intent.payment_failed',
  );
}

/** What an invoice asks for is the invoice's to say. */
function assertOwnMoney({ thing, hidden }: Kept, given: Fields): void {
  const names = ['amount', 'currency', 'capture_method', 'payment_method_options'] as const;
  const name = names.find((each) => given[each] != null);
  if (hidden.invoice !== undefined && name !== undefined)
    throw invalid(name, `You cannot change ${name} of ${thing.id}: it is the payment of the invoice ${String(hidden.invoice)}.`);
}

function assertConfirmable(kept: Kept): void {
  const { status } = kept.thing;
  if (status === 'succeeded' || status === 'requires_capture')
    throw unexpected(kept, 'You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed.');
  if (!isOpen(kept.thing) && status !== 'requires_action')
    throw unexpected(kept, `You cannot confirm this PaymentIntent because it has a status of ${status}.`);
}

const methodKept = async ({ world, desk }: Request, { payment_method: id }: Thing) =>
  typeof id === 'string' ? world.objects.get(desk.at, 'payment_method', id) : undefined;

function attemptOf({ context }: Request, kept: Kept, given: Fields): Fields {
  return {
    attempt: paymentOf(kept).attempts + 1,
    off_session: given.off_session != null && given.off_session !== false,
    refuse_action: given.error_on_requires_action === true,
    automatic: given.automatic === true,
    ...waysOf(context, given),
  };
}

/** What was said with the confirmation becomes part of the payment. */
async function note({ world, desk, id }: Request, given: Fields): Promise<void> {
  const names = ['capture_method', 'receipt_email', 'setup_future_usage', 'shipping', 'payment_method_options'] as const;
  const said = Object.fromEntries(names.flatMap((name) => (given[name] == null ? [] : [[name, given[name]]]))) as Fields;
  if (Object.keys(said).length > 0) await changed(world, desk, kind, id, ({ thing }) => ({ next: changedPaymentIntent(thing, said) }));
}

function checkOwner(intent: Thing, method: Thing): void {
  const { customer } = method;
  if (customer === null || customer === intent.customer) return;
  const words = intent.customer === null ? 'does not name a Customer' : 'names another Customer';
  throw invalid('payment_method', `The PaymentMethod belongs to the Customer ${customer}, and this PaymentIntent ${words}.`);
}

async function update(request: Request): Promise<Thing> {
  const { world, desk, id, input } = request;
  const method = await methodGiven(world, desk, input.payment_method, input.payment_method_data);
  if (typeof input.customer === 'string') await found(world, desk.at, 'customer', input.customer, 'customer');
  const { payment_method_data: _, ...given } = { ...input, ...(method ? { payment_method: method.thing.id } : {}) } as Fields;
  if (typeof given.currency === 'string') given.currency = given.currency.toLowerCase();
  const change = (kept: Kept) => {
    assertOwnMoney(kept, given);
    const changesMoney = ['amount', 'currency', 'capture_method', 'payment_method'].some((name) => given[name] != null);
    if (changesMoney && !isOpen(kept.thing) && kept.thing.status !== 'requires_action')
      throw unexpected(kept, `This PaymentIntent could not be updated because it has a status of ${kept.thing.status}.`);
    const next = changedPaymentIntent(kept.thing, given);
    if (given.amount != null || given.currency != null) checkMoney(Number(next.amount), String(next.currency));
    // What waits for a transfer is looked at anew, as enough may be there already.
    const waits = given.amount != null && kept.hidden.transfer !== undefined;
    return waits ? { next, hidden: { ...kept.hidden, due: desk.created, looked: `changed ${desk.seed}` } } : { next };
  };
  const next = await world.steps.on(desk.at, id, () => changed(world, desk, kind, id, change));
  world.steps.onDue(desk.at, desk.created);
  return next;
}

/** One step of a payment by its number in the request; `check` says what it takes, or throws. */
function stepOn(request: Request, step: StepKind, check: (kept: Kept) => Fields | Promise<Fields>): Promise<Thing> {
  const { world, desk, id, input } = request;
  const stepId = desk.ids('step');
  return world.steps.on(desk.at, id, async () => {
    if (desk.again && (await world.steps.wasTaken(desk.at, stepId))) return (await found(world, desk.at, kind, id)).thing;
    const taken = await check(await found(world, desk.at, kind, id));
    const said = { metadata: input.metadata, description: input.description, statement_descriptor: input.statement_descriptor };
    const given = Object.fromEntries(Object.entries(said).filter(([, value]) => value != null)) as Fields;
    if (Object.keys(given).length > 0) await changed(world, desk, kind, id, ({ thing }) => ({ next: changedPaymentIntent(thing, given) }));
    return take(request, { kind: step, id: stepId, input: taken });
  });
}

const capture = (request: Request) =>
  stepOn(request, 'capture', async (kept) => {
    const { thing } = kept;
    if (thing.status !== 'requires_capture')
      throw unexpected(
        kept,
        `This PaymentIntent could not be captured because it has a status of ${thing.status}, and not of requires_capture.`,
      );
    const amount = numberOf(request.input.amount_to_capture) ?? Number(thing.amount_capturable);
    const most = Number(thing.amount_capturable);
    if (amount > most)
      throw invalid(
        'amount_to_capture',
        `The amount to capture (${amount}) is more than the amount that can be captured (${most}).`,
        'amount_too_large',
      );
    if (amount < 1) throw invalid('amount_to_capture', 'The amount to capture must be at least 1.', 'amount_too_small');
    return { amount, rate: await rateOfCharge(request.world, request.desk, kept.thing) };
  });

const cancel = (request: Request) =>
  stepOn(request, 'cancel', (kept) => {
    if (kept.hidden.invoice !== undefined)
      throw unexpected(kept, `You cannot cancel the payment of an invoice; void ${String(kept.hidden.invoice)} instead.`);
    if (!isCancelable(kept.thing))
      throw unexpected(kept, `You cannot cancel this PaymentIntent because it has a status of ${kept.thing.status}.`);
    return { reason: textOf(request.input.cancellation_reason) ?? null };
  });

const increment = (request: Request) =>
  stepOn(request, 'increment', (kept) => {
    const { thing } = kept;
    if (thing.status !== 'requires_capture')
      throw unexpected(kept, `You cannot increment this PaymentIntent because it has a status of ${thing.status}.`);
    const amount = Number(request.input.amount);
    if (amount <= Number(thing.amount)) throw invalid('amount', 'The new amount must be greater than the one that is authorized.');
    checkMoney(amount, String(thing.currency));
    return { amount };
  });

async function list({ world, desk, input }: Request) {
  return listed(world.objects, desk.at, kind, pageOf(input, { customer: 'customer = ?' }), '/v1/payment_intents');
}

export const paymentIntentHandlers = (world: Request['world']) =>
  handlersOf(world, {
    CreatePaymentIntent: create,
    GetPaymentIntent: async (request) => assertSecret(request, await found(request.world, request.desk.at, kind, request.id)),
    GetPaymentIntentTrace: ({ world, desk, id }) => traceOf(world, desk.at, id),
    ListPaymentIntents: list,
    SearchPaymentIntents: (request) => searched(request, kind, '/v1/payment_intents/search'),
    UpdatePaymentIntent: update,
    AnswerPaymentIntentChallenge: answered,
    ConfirmPaymentIntent: (request) => confirmed(request, request.input),
    CapturePaymentIntent: capture,
    CancelPaymentIntent: cancel,
    IncrementPaymentIntentAuthorization: increment,
  }) satisfies Partial<All>;
