import type { Placed } from '#kernel/contract/provider.ts';
import type { Statement } from '#seams/sql/sql.ts';
import { approved, bankDetails, capturedCharge, failedCharge, newCharge } from '../../domain/charge.ts';
import { feeOf } from '../../domain/fee.ts';
import { type Fields, fieldsOf, textOf, type Thing } from '../../domain/json.ts';
import { assessmentIn, outcomeOf } from '../../domain/risk.ts';
import { failureOf } from '../../domain/return-code.ts';
import { cashUsed } from '../cash-step.ts';
import { settledEntry } from '../clearing.ts';
import type { Hold } from '../money.ts';
import type { Kept } from '../object.ts';
import { hiddenOf, type Payment, paymentNamed } from '../payment.ts';
import { rateIn, waitSeconds } from '../rate.ts';
import { reviewOf } from '../review.ts';
import type { Ending, Mover } from '../step.ts';
import { type Desk, deskOfStep, eventsOf, found, type World } from '../world.ts';
import { bookedOf, sure } from './authorize.ts';
import { sessionAfter } from './checkout.ts';
import { invoiceAfter } from './invoice.ts';
import { feeLeft, shared, shareFor } from './transfer.ts';

type Settling = {
  readonly desk: Desk;
  readonly payment: Payment;
  readonly method: Thing;
  readonly charge: Kept | undefined;
  readonly input: Fields;
};

const isWaiting = ({ thing }: Payment): boolean => thing.status === 'processing' || thing.status === 'requires_action';

/** The money of a payment that waited for it has come, or will not come. */
export const settler =
  (worlds: () => World): Mover =>
  async (at, { id, subject, input }) => {
    const world = worlds();
    const desk = deskOfStep(at, id, fieldsOf(input.desk));
    const payment = await paymentNamed(world, at, subject);
    if (!isWaiting(payment)) return { statements: [] };
    const kept = await world.objects.get(at, 'payment_method', String(input.method));
    // Who paid may have been erased meanwhile; that they paid was not.
    const method = kept?.thing ?? { id: String(input.method), object: 'payment_method', type: input.type ?? null };
    const charge = typeof input.charge === 'string' ? await found(world, at, 'charge', input.charge) : undefined;
    const settling = { desk, payment, method, charge, input };
    const used = typeof input.cash === 'string' ? await cashUsed(world, at, desk, payment.thing, input.cash) : [];
    // It went to another payment, or this one waits for something else now.
    if (used === undefined) return { statements: [] };
    const ending = input.outcome === 'paid' ? await paid(world, at, settling) : await failed(world, at, settling);
    const entry = textOf(input.entry);
    const code = textOf(input.code);
    return entry === undefined
      ? { ...ending, statements: [...ending.statements, ...used] }
      : { ...ending, statements: [...ending.statements, ...(await settledEntry(world, at, entry, code))] };
  };

/** Puts the money on the ledger in one go: it is held and taken, as that of a card is. */
async function paid(world: World, at: Placed, { desk, payment, method, charge, input }: Settling): Promise<Ending> {
  const { thing, money } = payment;
  const amount = Number(thing.amount);
  const hold: Hold = { step: 'authorize', attempt: payment.attempts, amount };
  const { done, opened } = await world.money.authorize(at, money, hold);
  sure(done);
  await opened;
  const share = shareFor(desk, thing, amount);
  const fee = feeLeft(feeOf(amount, rateIn(input)), amount, share);
  sure(await world.money.capture(at, money, [hold], amount, fee, share));
  const own = { id: desk.ids('ch'), created: desk.created, intent: thing, method };
  const made = charge?.thing ?? newCharge({ ...own, details: bankDetails(method, null), outcome: approved, receiptUrl: null });
  const booked = bookedOf(desk, made, { amount, fee, wait: waitSeconds(input) });
  const outcome = outcomeOf(approved, assessmentIn(charge ? charge.hidden : input));
  const good: Thing = { ...capturedCharge(made, amount, booked.id), status: 'succeeded', paid: true, outcome };
  const passed = await shared(world, desk, thing, good, share, Number(booked.available_on));
  const review = await reviewOf(world, desk, passed.charge, charge ? charge.hidden : input);
  const taken: Thing = { ...passed.charge, ...review.named };
  const next: Thing = {
    ...thing,
    ...review.named,
    status: 'succeeded',
    amount_received: amount,
    next_action: null,
    latest_charge: taken.id,
  };
  const statements: Statement[] = [
    await world.objects.change(at, payment.kept, next, ended(hiddenOf(payment.kept, { holds: [hold] }))),
    charge ? await world.objects.change(at, charge, taken) : await world.objects.insertion(at, taken, { risk: input.risk ?? null }),
    await world.objects.insertion(at, booked),
    ...passed.statements,
    ...review.statements,
    ...(await eventsOf(world, desk, [['charge.succeeded', taken], ['payment_intent.succeeded', next], ...passed.told, ...review.told])),
    ...(await invoiceAfter(world, desk, payment, { outcome: 'paid', method: method.id, automatic: false })),
    ...(await sessionAfter(world, desk, payment.kept, method)),
  ];
  return { after: next, statements };
}

const expired = {
  code: 'payment_intent_payment_attempt_expired',
  message: 'The latest payment attempt of this PaymentIntent has expired. Provide a payment method to attempt payment again.',
};

async function failed(world: World, at: Placed, { desk, payment, method, charge, input }: Settling): Promise<Ending> {
  const code = textOf(input.code);
  const failure = code === undefined ? undefined : failureOf(code);
  const said = failure ? { code: 'payment_intent_payment_attempt_failed', message: failure.message } : expired;
  const bad = charge && failure ? failedCharge(charge.thing, failure.code, failure.message, code ?? null) : undefined;
  const error: Fields = { ...said, type: 'invalid_request_error', payment_method: method, ...(bad ? { charge: bad.id } : {}) };
  const next: Thing = {
    ...payment.thing,
    ...{ status: 'requires_payment_method', payment_method: null, next_action: null, last_payment_error: error },
  };
  const statements: Statement[] = [
    await world.objects.change(at, payment.kept, next, ended(payment.kept.hidden)),
    ...(charge && bad ? [await world.objects.change(at, charge, bad)] : []),
    ...(await eventsOf(world, desk, [...(bad ? [['charge.failed', bad] as const] : []), ['payment_intent.payment_failed', next]])),
    ...(await invoiceAfter(world, desk, payment, { outcome: 'failed', method: method.id, automatic: true })),
  ];
  return { after: next, statements };
}

/** What is kept of a payment that waits for nothing any more. */
function ended(hidden: Fields): Fields {
  const { due: _, voucher: __, deposits: ___, risk: ____, transfer: _____, cash: ______, looked: _______, ...left } = hidden;
  return left;
}
