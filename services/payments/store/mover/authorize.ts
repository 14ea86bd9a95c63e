import type { Placed } from '#kernel/contract/provider.ts';
import type { Done } from '#seams/ledger/step.ts';
import type { Statement } from '#seams/sql/sql.ts';
import { newBalanceTransaction } from '../../domain/balance-transaction.ts';
import { factsFrom } from '../../domain/card.ts';
import { keptChallenge, nextAction } from '../../domain/challenge.ts';
import { approved, capturedCharge, cardDetails, declinedBy, newCharge } from '../../domain/charge.ts';
import { feeOf } from '../../domain/fee.ts';
import { presentDetails } from '../../domain/card-present.ts';
import { decide, type Verdict } from '../../domain/issuer.ts';
import { type Fields, fieldsOf, textOf, type Thing } from '../../domain/json.ts';
import { type Assessment, assessmentIn, blockedOutcome, outcomeOf } from '../../domain/risk.ts';
import type { Behaviour } from '../../domain/test-card.ts';
import { challengeOf } from '../challenge.ts';
import { rateIn, waitSeconds } from '../rate.ts';
import { silent } from '../../domain/response-code.ts';
import { refuse } from '../fault.ts';
import type { Hold } from '../money.ts';
import type { Kept } from '../object.ts';
import { behaviourOf, behind, foundIn, hiddenOf, type Payment, paymentIn } from '../payment.ts';
import { reviewOf } from '../review.ts';
import { keptRail, notice, type RailAnswer, railSubject } from '../rail.ts';
import { askedBy } from '../route-step.ts';
import type { Ending, Mover } from '../step.ts';
import { sessionAfter } from './checkout.ts';
import { invoiceAfter } from './invoice.ts';
import { feeLeft, shared, shareFor } from './transfer.ts';
import { type Desk, deskOfStep, eventsOf, type World } from '../world.ts';

type Attempt = {
  readonly desk: Desk;
  readonly payment: Payment;
  readonly method: Kept;
  readonly hold: Hold;
  readonly input: Fields;
  /** Whether the cardholder has proven to be it, now or before. */
  readonly authenticated: boolean;
  /** Which acquirers were asked, and why those. */
  route?: Fields;
  /** What the network said. */
  said?: Fields;
};

/** A movement that the ledger must make, because nothing but a fault of ours stands against it. */
export function sure(done: Done): void {
  if (!done.done) throw new TypeError(`the ledger refused what it must do: ${done.status}`);
}

/**
 * What a rail's answer comes to. Who takes a step again may hear an approval where the one who died heard nothing, or a decline,
 * and gave the hold back: then the rail is to take it back too.
 */
export async function standing(world: World, at: Placed, money: Payment['money'], hold: Hold, done: Done, answer: RailAnswer) {
  const isNews = done.done && done.before === true && answer.verdict.kind === 'approved';
  if (!isNews || !(await world.money.wasDeclined(at, money, hold))) return answer;
  return { ...answer, verdict: silent, isOpen: true };
}

/** Authorizes a payment, and takes the money at once unless it is captured apart: hold, ask the rail, then take or release. */
export const authorizer =
  (world: () => World): Mover =>
  async (at, step) => {
    const { id, subject, input } = step;
    const desk = deskOfStep(at, id, fieldsOf(input.desk));
    const payment = await paymentIn(world(), at, step);
    const method = await foundIn(world(), at, step, 'payment_method', String(input.method));
    const hold: Hold = { step: 'authorize', attempt: Number(input.attempt), amount: Number(payment.thing.amount) };
    // Who puts a card to a terminal proves nothing to a page.
    const isPresent = method.thing.type === 'card_present';
    const authenticated = isPresent || input.authenticated === true || payment.authenticated === method.thing.id;
    const attempt: Attempt = { desk, payment, method, hold, input, authenticated };
    const isAway = input.off_session === true || input.refuse_action === true;
    const circumstances = { authenticated, prepared: method.hidden.prepared === true, offSession: isAway };
    const risk = assessmentIn(input);
    const refusedBy = (verdict: Declined, outcome: Fields) =>
      declined(world(), attempt, chargeOf(attempt, desk.ids('ch'), outcome), verdict);
    if (risk?.action === 'block') return refusedBy(blocked, blockedOutcome);
    const proof = wanted(payment.thing, behaviourOf(method), risk);
    const first = decide(proof, circumstances);
    if (first.kind === 'challenge') return challenged(world(), attempt);
    const { done, opened } = await world().money.authorize(at, payment.money, hold);
    sure(done);
    // A proof that the business wants, and that nobody is there for, is nothing to ask the issuer about.
    const unproven = first.kind === 'declined' && proof !== behaviourOf(method) ? { verdict: first, trace: {}, isOpen: false } : undefined;
    const order = { name: `${subject} authorize ${hold.attempt}`, method, ...{ amount: hold.amount, currency: payment.money.currency } };
    const asked = unproven ? undefined : await askedBy(world(), at, { ...order, takes: !isManual(payment.thing), circumstances }, input);
    const answer = asked ? await standing(world(), at, payment.money, hold, done, asked.answer) : (unproven as RailAnswer);
    if (asked) Object.assign(attempt, { route: asked.route, said: answer.trace });
    if (answer.verdict.kind === 'approved') {
      await opened;
      return accepted(world(), at, attempt, answer.verdict, answer.trace);
    }
    sure(await world().money.release(at, payment.money, [hold], 'decline'));
    const ending = await refusedBy(answer.verdict, declinedBy(answer.verdict.decline));
    if (!answer.isOpen) return ending;
    // Nobody knows what the issuer did: whatever it was is taken back.
    const back = notice(id, subject, { kind: 'reverse', ...order, method: method.thing.id, trace: answer.trace });
    return { ...ending, statements: [...ending.statements, back], then: railSubject(subject) };
  };

/** What is said of cards alone counts before what is said of the payment. */
const cardOptions = (intent: Thing): Fields => fieldsOf(fieldsOf(intent.payment_method_options).card);
const isManual = (intent: Thing): boolean => (cardOptions(intent).capture_method ?? intent.capture_method) === 'manual';

/** No issuer is asked of what is blocked, and no money is held for it. */
const blocked = { kind: 'declined', code: 'card_declined', decline: 'fraudulent', message: 'Your card was declined.' } as const;

/** What is kept of a charge beside what clients see. */
const beside = ({ payment, input, route }: Pick<Attempt, 'payment' | 'input' | 'route'>): Fields => ({
  ...(route === undefined ? {} : { route }),
  ...behind(payment.thing),
  ...(input.risk == null ? {} : { risk: input.risk }),
});

/** A business, or a rule, may want the cardholder to prove it, though the issuer does not. */
function wanted(intent: Thing, behaviour: Behaviour, risk: Assessment | undefined): Behaviour {
  const asked = risk?.action === 'challenge' ? 'challenge' : cardOptions(intent).request_three_d_secure;
  const isAsked = (asked === 'any' || asked === 'challenge') && behaviour.kind === 'approve';
  return isAsked ? { kind: 'authenticate', after: 'approve' } : behaviour;
}

type Approved = Extract<Verdict, { kind: 'approved' }>;

async function accepted(world: World, at: Placed, attempt: Attempt, verdict: Approved, trace: Fields): Promise<Ending> {
  const { desk, payment, method, hold } = attempt;
  const { thing } = payment;
  const rail = keptRail(method.thing.id, [trace]);
  const made = chargeOf(attempt, desk.ids('ch'), approved);
  const review = await reviewOf(world, desk, made, attempt.input);
  const charge: Thing = { ...made, ...review.named };
  const base: Thing = {
    ...{ ...thing, ...review.named },
    ...{ latest_charge: charge.id, payment_method: method.thing.id, next_action: null, last_payment_error: null },
  };
  const kept = await attached(world, desk, base, method);
  const statements = [...(await begun(world, attempt, kept.length > 0)), ...kept, ...review.statements];
  if (isManual(thing)) {
    const next: Thing = { ...base, status: 'requires_capture', amount_capturable: hold.amount };
    const hidden = hiddenOf(payment.kept, { attempts: hold.attempt, holds: [hold], rail });
    statements.push(
      await world.objects.change(at, payment.kept, next, hidden),
      await world.objects.insertion(at, charge, beside(attempt)),
      ...(await eventsOf(world, desk, [['charge.succeeded', charge], ['payment_intent.amount_capturable_updated', next], ...review.told])),
    );
    return { statements, after: next };
  }
  const share = shareFor(desk, thing, hold.amount);
  const fee = feeLeft(feeOf(hold.amount, rateIn(attempt.input)), hold.amount, share);
  sure(await world.money.capture(at, payment.money, [hold], hold.amount, fee, share));
  const booked = bookedOf(desk, charge, { amount: hold.amount, fee, wait: verdict.atOnce ? 0 : waitSeconds(attempt.input) });
  const passed = await shared(world, desk, thing, capturedCharge(charge, hold.amount, booked.id), share, Number(booked.available_on));
  const taken = passed.charge;
  const next: Thing = { ...base, status: 'succeeded', amount_received: hold.amount };
  const hidden = hiddenOf(payment.kept, { attempts: hold.attempt, holds: [hold], rail });
  statements.push(
    await world.objects.change(at, payment.kept, next, hidden),
    await world.objects.insertion(at, taken, beside(attempt)),
    await world.objects.insertion(at, booked),
    ...passed.statements,
    ...(await eventsOf(world, desk, [['charge.succeeded', taken], ['payment_intent.succeeded', next], ...passed.told, ...review.told])),
    ...(await invoiceAfter(world, desk, payment, { outcome: 'paid', method: method.thing.id, automatic: false })),
    ...(await sessionAfter(world, desk, payment.kept, method.thing)),
  );
  return { statements, after: next };
}

type Begun = Pick<Attempt, 'desk' | 'payment' | 'method'>;

/** What began with this attempt, and is kept from now on. A payment that is new is kept as what it has become. */
export async function begun(world: World, { desk, payment, method }: Begun, isMethodKept = false): Promise<Statement[]> {
  const fresh = method.version > 0 || isMethodKept ? [] : [await world.objects.insertion(desk.at, method.thing, method.hidden)];
  if (payment.kept.version > 0) return fresh;
  return [...fresh, ...(await eventsOf(world, desk, [['payment_intent.created', payment.thing]]))];
}

/** The line of the statement that a captured charge makes. */
export const bookedOf = (desk: Desk, charge: Thing, { amount, fee, wait }: { amount: number; fee: number; wait: number }): Thing =>
  newBalanceTransaction({
    ...{ id: desk.ids('txn'), amount, fee, currency: String(charge.currency), created: desk.created, source: charge.id },
    ...{ type: 'charge', category: 'charge', description: textOf(charge.description) ?? null },
    availableOn: desk.created + wait,
  });

function chargeOf({ desk, payment, method, input, authenticated, said = {} }: Attempt, id: string, outcome: Fields): Thing {
  const card = fieldsOf(method.thing.card);
  const mandate = textOf(input.mandate) ?? null;
  const cvcCheck = textOf(fieldsOf(card.checks).cvc_check) ?? null;
  const held = isManual(payment.thing) ? Number(payment.thing.amount) : null;
  const isPresent = method.thing.type === 'card_present';
  const receipt = fieldsOf(fieldsOf(method.hidden.present).receipt);
  return newCharge({
    ...{ id, created: desk.created, intent: payment.thing, method: method.thing, receiptUrl: null },
    outcome: outcomeOf(outcome, assessmentIn(input)),
    details: isPresent
      ? presentDetails(method.thing, { receipt, held, code: textOf(said.code) ?? null, approval: textOf(said.approval) ?? null })
      : cardDetails(factsFrom(card, cvcCheck), { authenticated, mandate, held }),
  });
}

/** A payment method that is to be used again is kept for the customer. */
export async function attached(world: World, desk: Desk, intent: Thing, method: Kept): Promise<Statement[]> {
  const { customer } = intent;
  const usage = cardOptions(intent).setup_future_usage ?? intent.setup_future_usage ?? null;
  if (typeof customer !== 'string' || usage === null || method.thing.customer !== null) return [];
  const next: Thing = { ...method.thing, customer };
  const hidden: Fields = usage === 'off_session' ? { ...method.hidden, prepared: true } : method.hidden;
  return [await world.objects.change(desk.at, method, next, hidden), ...(await eventsOf(world, desk, [['payment_method.attached', next]]))];
}

type Declined = Extract<Verdict, { kind: 'declined' }>;

/** Ends an attempt with a charge that failed. */
export async function declined(
  world: World,
  attempt: Pick<Attempt, 'desk' | 'payment' | 'method' | 'input'>,
  tried: Thing,
  { code, decline, message }: Omit<Declined, 'kind'>,
): Promise<Ending> {
  const { desk, payment, method, input } = attempt;
  const charge: Thing = {
    ...tried,
    ...{ status: 'failed', paid: false, failure_code: code, failure_message: message },
  };
  const said: Fields = { type: 'card_error', code, decline_code: decline, message, charge: charge.id, advice_code: 'try_again_later' };
  const next: Thing = {
    ...payment.thing,
    ...{ status: 'requires_payment_method', payment_method: null, next_action: null, latest_charge: charge.id },
    last_payment_error: { ...said, payment_method: method.thing },
  };
  const statements = [
    ...(await begun(world, attempt)),
    await world.objects.change(
      desk.at,
      payment.kept,
      next,
      hiddenOf(payment.kept, { attempts: Number(input.attempt), authenticated: null }),
    ),
    await world.objects.insertion(desk.at, charge, beside(attempt)),
    ...(await eventsOf(world, desk, [
      ['charge.failed', charge],
      ['payment_intent.payment_failed', next],
    ])),
    ...(await invoiceAfter(world, desk, payment, { outcome: 'failed', method: method.thing.id, automatic: input.automatic === true })),
  ];
  const { type: _, message: __, ...more } = said;
  return { statements, refusal: refuse('CardRefused', message, more) };
}

/** The issuer wants to know that it is the cardholder: no money is held until that is proven. */
async function challenged(world: World, attempt: Attempt): Promise<Ending> {
  const { desk, payment, method, hold, input } = attempt;
  const { thing, kept } = payment;
  const challenge = challengeOf(desk.at, thing, input, textOf(input.mandate) ?? null);
  const next: Thing = {
    ...thing,
    status: 'requires_action',
    payment_method: method.thing.id,
    next_action: nextAction(challenge, thing.id),
    last_payment_error: null,
  };
  return {
    after: next,
    statements: [
      ...(await begun(world, attempt)),
      await world.objects.change(desk.at, kept, next, hiddenOf(kept, { attempts: hold.attempt, challenge: keptChallenge(challenge) })),
      ...(await eventsOf(world, desk, [['payment_intent.requires_action', next]])),
      ...(await invoiceAfter(world, desk, payment, { outcome: 'waiting', method: method.thing.id, automatic: false })),
    ],
  };
}
