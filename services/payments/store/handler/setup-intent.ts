import type { Statement } from '#seams/sql/sql.ts';
import { keptChallenge, nextAction } from '../../domain/challenge.ts';
import { depositAction, depositType } from '../../domain/deposit.ts';
import { decide } from '../../domain/issuer.ts';
import { type Fields, fieldsOf, textOf, type Thing } from '../../domain/json.ts';
import { endedSetupAttempt, newSetupAttempt } from '../../domain/setup-attempt.ts';
import { changedSetupIntent, isSettable, newSetupIntent } from '../../domain/setup-intent.ts';
import { changed } from '../change.ts';
import { checkPayer, checkType } from '../bank.ts';
import { challengeOf, waysOf } from '../challenge.ts';
import { chosen, mandateOf, methodGiven } from '../choice.ts';
import { errorOf, invalid, keptError, missing, refuse } from '../fault.ts';
import type { Kept } from '../object.ts';
import { behaviourOf } from '../payment.ts';
import { eventsOf, found, keepNew } from '../world.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { listed, pageOf } from './list.ts';

const kind = 'setup_intent';
const attemptKind = 'setup_attempt';
const secretLength = 25;

export const unexpected = ({ thing }: Kept, doing: string) =>
  refuse('StateInvalid', `You cannot ${doing} this SetupIntent because it has a status of ${thing.status}.`, {
    ...{ code: 'setup_intent_unexpected_state', setup_intent: thing },
  });

export function assertSecret({ isPublic, input }: Request, { thing }: Kept): Thing {
  const given = textOf(input.client_secret);
  if (given === undefined ? isPublic : given !== thing.client_secret) throw missing(kind, thing.id, 'intent');
  return thing;
}

async function create(request: Request): Promise<Thing> {
  const { world, desk, input } = request;
  const { confirm, payment_method: named, payment_method_data: data, ...given } = input;
  if (confirm !== true)
    for (const name of ['return_url', 'mandate_data', 'confirmation_token'] as const)
      if (given[name] != null) throw invalid(name, `You may only specify ${name} when confirm is true.`, 'parameter_invalid_empty');
  if (typeof given.customer === 'string') await found(world, desk.at, 'customer', given.customer, 'customer');
  const id = desk.ids('seti');
  const method = await methodGiven(world, desk, named, data);
  const secret = `${id}_secret_${await world.secrets.hash(desk.at, 'client secret', id, secretLength)}`;
  const own = { id, created: desk.created, livemode: desk.livemode, secret };
  const intent = newSetupIntent({ ...given, ...(method ? { payment_method: method.thing.id } : {}) }, own);
  const made = await keepNew(world, desk, intent, 'setup_intent.created');
  return confirm === true ? confirmed({ ...request, id }, { ...given, payment_method: method?.thing.id ?? null }) : made;
}

function confirmed(request: Request, asked: Fields): Promise<Thing> {
  const { world, desk, id } = request;
  return world.steps.on(desk.at, id, async () => {
    const kept = await found(world, desk.at, kind, id);
    assertSecret(request, kept);
    if (desk.again && kept.hidden.confirmedBy === desk.seed) return kept.thing;
    if (!isSettable(kept.thing) && kept.thing.status !== 'requires_action') throw unexpected(kept, 'confirm');
    const given = await chosen(world, desk, asked, id);
    const method = (await methodGiven(world, desk, given.payment_method, given.payment_method_data)) ?? (await methodKept(request, kept));
    if (!method) throw unexpected(kept, 'confirm');
    checkType(kept.thing, method.thing, 'SetupIntent');
    await checkPayer(world, desk, method.thing, given);
    const isProven = method.thing.type !== 'us_bank_account' || method.hidden.verified === true;
    if (!isProven) return isByPage(kept.thing) ? challenged(request, kept, method, given) : deposited(request, kept, method, given);
    const verdict = decide(behaviourOf(method), { authenticated: false, prepared: false, offSession: false });
    if (verdict.kind === 'challenge') return challenged(request, kept, method, given);
    const behaviour = behaviourOf(method);
    if (verdict.kind === 'declined' && !(behaviour.kind === 'decline' && behaviour.attachable))
      return declined(request, kept, method, verdict);
    return succeeded(request, kept, method, await mandateOf(world, desk, given, method.thing));
  });
}

const methodKept = async ({ world, desk }: Request, { thing }: Kept) =>
  typeof thing.payment_method === 'string' ? world.objects.get(desk.at, 'payment_method', thing.payment_method) : undefined;

/** What became of a setup, with the attempt that it became so by: one that was under way ends, any other begins with it. */
async function keep(request: Request, kept: Kept, made: Thing, event: string, more: readonly Statement[] = []): Promise<Thing> {
  const { world, desk } = request;
  const open = kept.thing.status === 'requires_action' ? textOf(kept.thing.latest_attempt) : undefined;
  const before = open === undefined ? undefined : await world.objects.get(desk.at, attemptKind, open);
  const begun = before ? before.thing : await attemptOf(request, kept, made);
  const attempt = endedSetupAttempt(begun, made);
  const next: Thing = { ...made, latest_attempt: attempt.id };
  const hidden = { ...kept.hidden, confirmedBy: desk.seed };
  const statements = [
    await world.objects.change(desk.at, kept, next, hidden),
    before ? await world.objects.change(desk.at, before, attempt) : await world.objects.insertion(desk.at, attempt),
    ...more,
    ...(await eventsOf(world, desk, [[event, next]])),
  ];
  await world.objects.commit(desk.at, statements);
  return next;
}

/** An attempt begins, with the method that was tried. */
async function attemptOf({ world, desk }: Request, { thing }: Kept, made: Thing): Promise<Thing> {
  const tried = textOf(made.payment_method) ?? textOf(fieldsOf(fieldsOf(made.last_setup_error).payment_method).id);
  const method = tried === undefined ? undefined : await world.objects.get(desk.at, 'payment_method', tried);
  return newSetupAttempt(thing, method?.thing, { id: desk.ids('setatt'), created: desk.created });
}

/** Whether the holder of an account proves it on the page of their bank, and not by what came to the account. */
const isByPage = ({ payment_method_options: options }: Thing): boolean =>
  fieldsOf(fieldsOf(options).us_bank_account).verification_method === 'instant';

/** Two small amounts are on their way to the account: whoever knows them holds it. */
async function deposited(request: Request, kept: Kept, method: Kept, given: Fields): Promise<Thing> {
  const { world, desk } = request;
  const mandate = await mandateOf(world, desk, given, method.thing);
  const next: Thing = {
    ...kept.thing,
    ...{ status: 'requires_action', payment_method: method.thing.id, next_action: depositAction(desk.created) },
  };
  const remembered = { ...kept, hidden: { ...kept.hidden, challenge: { mandate }, deposits: 0 } };
  return keep(request, remembered, next, 'setup_intent.requires_action');
}

export async function succeeded(request: Request, kept: Kept, method: Kept, mandate: string | null): Promise<Thing> {
  const { world, desk } = request;
  const customer = kept.thing.customer ?? null;
  const owner = method.thing.customer ?? null;
  if (owner !== null && owner !== customer) throw invalid('payment_method', `The PaymentMethod belongs to the Customer ${String(owner)}.`);
  const prepared = kept.thing.usage === 'off_session' ? { prepared: true } : {};
  const attached: Thing = { ...method.thing, customer };
  const proven = method.thing.type === 'us_bank_account' ? { verified: true } : {};
  const hidden = { ...method.hidden, ...prepared, ...proven } as Fields;
  const more = [
    await world.objects.change(desk.at, method, attached, hidden),
    ...(owner === customer ? [] : await eventsOf(world, desk, [['payment_method.attached', attached]])),
  ];
  const next: Thing = {
    ...kept.thing,
    ...{ status: 'succeeded', payment_method: method.thing.id, mandate, next_action: null, last_setup_error: null },
  };
  return keep(request, kept, next, 'setup_intent.succeeded', more);
}

async function challenged(request: Request, kept: Kept, method: Kept, given: Fields): Promise<Thing> {
  const { world, desk, context } = request;
  const ways = waysOf(context, given);
  const mandate = await mandateOf(world, desk, given, method.thing);
  const challenge = challengeOf(desk.at, kept.thing, ways, mandate);
  const action = nextAction(challenge, kept.thing.id);
  const next: Thing = { ...kept.thing, status: 'requires_action', payment_method: method.thing.id, next_action: action };
  const remembered = { ...kept, hidden: { ...kept.hidden, challenge: keptChallenge(challenge) } };
  return keep(request, remembered, next, 'setup_intent.requires_action');
}

/** The cardholder has proven to be it, or has not: the card is ready, or another is wanted. */
function answered(request: Request): Promise<Thing> {
  const { world, desk, id, input } = request;
  return world.steps.on(desk.at, id, async () => {
    const kept = await found(world, desk.at, kind, id);
    const intent = assertSecret(request, kept);
    if (desk.again && kept.hidden.confirmedBy === desk.seed) return intent;
    const isAsked = intent.status === 'requires_action' && fieldsOf(intent.next_action).type !== depositType;
    if (!isAsked) throw unexpected(kept, 'authenticate');
    const method = await found(world, desk.at, 'payment_method', String(intent.payment_method));
    if (input.outcome !== 'failed') return succeeded(request, kept, method, textOf(fieldsOf(kept.hidden.challenge).mandate) ?? null);
    const error = { code: 'setup_intent_authentication_failure', type: 'invalid_request_error', message: unprovenText };
    const next: Thing = {
      ...intent,
      ...{ status: 'requires_payment_method', payment_method: null, next_action: null },
      last_setup_error: { ...error, payment_method: method.thing },
    };
    return keep(request, kept, next, 'setup_intent.setup_failed');
  });
}

const unprovenText =
  'The latest attempt to set up the payment method has failed because authentication failed. You can provide another payment method.';

type Declined = Extract<ReturnType<typeof decide>, { kind: 'declined' }>;

async function declined(request: Request, kept: Kept, method: Kept, { code, decline, message }: Declined): Promise<Thing> {
  const said: Fields = { code, decline_code: decline };
  const error = { type: 'card_error', message, ...said, payment_method: method.thing };
  const next: Thing = { ...kept.thing, status: 'requires_payment_method', payment_method: null, last_setup_error: error };
  await keep(request, kept, next, 'setup_intent.setup_failed');
  throw errorOf(keptError(refuse('CardRefused', message, said)), { setup_intent: next, payment_method: method.thing });
}

async function update({ world, desk, id, input }: Request): Promise<Thing> {
  const method = await methodGiven(world, desk, input.payment_method, input.payment_method_data);
  const { payment_method_data: _, ...rest } = input;
  const given: Fields = { ...rest, ...(method ? { payment_method: method.thing.id } : {}) };
  return changed(world, desk, kind, id, (kept) => {
    if (given.payment_method != null && !isSettable(kept.thing)) throw unexpected(kept, 'update');
    return { next: changedSetupIntent(kept.thing, given) };
  });
}

function cancel({ world, desk, id, input }: Request): Promise<Thing> {
  const change = (kept: Kept) => {
    if (!isSettable(kept.thing) && kept.thing.status !== 'requires_action') throw unexpected(kept, 'cancel');
    return { next: { ...kept.thing, status: 'canceled', cancellation_reason: input.cancellation_reason ?? null, next_action: null } };
  };
  return changed(world, desk, kind, id, change, 'setup_intent.canceled');
}

export const setupIntentHandlers = (world: Request['world']) =>
  handlersOf(world, {
    CreateSetupIntent: create,
    GetSetupIntent: async (request) => assertSecret(request, await found(request.world, request.desk.at, kind, request.id)),
    ListSetupIntents: ({ world, desk, input }) => {
      const filters = { customer: 'customer = ?', payment_method: `body->>'payment_method' = ?` };
      return listed(world.objects, desk.at, kind, pageOf(input, filters), '/v1/setup_intents');
    },
    ListSetupAttempts: ({ world, desk, input }) =>
      listed(world.objects, desk.at, attemptKind, pageOf(input, { setup_intent: `body->>'setup_intent' = ?` }), '/v1/setup_attempts'),
    UpdateSetupIntent: update,
    AnswerSetupIntentChallenge: answered,
    ConfirmSetupIntent: (request) => confirmed(request, request.input),
    CancelSetupIntent: cancel,
  }) satisfies Partial<All>;
