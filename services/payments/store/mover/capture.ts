import type { Placed } from '#kernel/contract/provider.ts';
import type { Done } from '#seams/ledger/step.ts';
import { firstAcquirer } from '../../domain/acquirer.ts';
import { capturedCharge } from '../../domain/charge.ts';
import { feeOf } from '../../domain/fee.ts';
import { newRefund } from '../../domain/refund.ts';
import { type Fields, fieldsOf, textOf, type Thing } from '../../domain/json.ts';
import { refuse } from '../fault.ts';
import type { Hold } from '../money.ts';
import { rateIn, waitSeconds } from '../rate.ts';
import { behind, hiddenOf, type Payment, paymentNamed } from '../payment.ts';
import { completions, keptRail, notice, railIn, railSubject } from '../rail.ts';
import { reviewEnded } from '../review.ts';
import type { Ending, Mover } from '../step.ts';
import { type Desk, deskOfStep, eventsOf, found, type World } from '../world.ts';
import { bookedOf, standing, sure } from './authorize.ts';
import { feeLeft, shared, shareFor } from './transfer.ts';

type Worlds = () => World;

const begun = async (world: World, at: Placed, step: Parameters<Mover>[1]) => ({
  desk: deskOfStep(at, step.id, fieldsOf(step.input.desk)),
  payment: await paymentNamed(world, at, step.subject),
});

const chargeOf = (world: World, at: Placed, { thing }: Payment) => found(world, at, 'charge', textOf(thing.latest_charge) ?? '');

/** Takes what was authorized, or a part of it. */
export const capturer =
  (worlds: Worlds): Mover =>
  async (at, step) => {
    const world = worlds();
    const { desk, payment } = await begun(world, at, step);
    const amount = Number(step.input.amount);
    const share = shareFor(desk, payment.thing, amount);
    const fee = feeLeft(feeOf(amount, rateIn(step.input)), amount, share);
    const done = await world.money.capture(at, payment.money, payment.holds, amount, fee, share);
    if (!done.done && /Expired|Voided/.test(done.status)) return expired(world, desk, payment);
    sure(done);
    const charge = await chargeOf(world, at, payment);
    const booked = bookedOf(desk, charge.thing, { amount, fee, wait: waitSeconds(step.input) });
    const passed = await shared(
      world,
      desk,
      payment.thing,
      capturedCharge(charge.thing, amount, booked.id),
      share,
      Number(booked.available_on),
    );
    const taken = passed.charge;
    const next: Thing = { ...payment.thing, status: 'succeeded', amount_capturable: 0, amount_received: amount };
    return {
      after: next,
      statements: [
        await world.objects.change(at, payment.kept, next),
        await world.objects.change(at, charge, taken),
        await world.objects.insertion(at, booked),
        ...passed.statements,
        ...(await eventsOf(world, desk, [['charge.captured', taken], ['payment_intent.succeeded', next], ...passed.told])),
        ...completions(step.id, payment, amount),
      ],
      then: railSubject(step.subject),
    };
  };

/** The hold has ended by itself: nothing is there to be taken any more. */
async function expired(world: World, desk: Desk, payment: Payment): Promise<Ending> {
  const message = 'The charge has expired and cannot be captured: its authorization ended.';
  return {
    statements: await called(world, desk, payment, 'automatic'),
    refusal: refuse('StateInvalid', message, { code: 'charge_expired_for_capture' }),
  };
}

/** Calls a payment off. */
export const canceler =
  (worlds: Worlds): Mover =>
  async (at, step) => {
    const world = worlds();
    const { desk, payment } = await begun(world, at, step);
    const held = payment.thing.status === 'requires_capture' ? payment.holds : [];
    const done = await world.money.release(at, payment.money, held, 'cancel');
    // A hold that has ended by itself holds nothing: that is what was asked for.
    if (!done.done && !/Expired/.test(done.status)) sure(done);
    const reversed = held.length > 0 ? completions(step.id, payment, 0) : [];
    const statements = [...(await called(world, desk, payment, textOf(step.input.reason) ?? null, step.input)), ...reversed];
    return { statements, ...(reversed.length > 0 ? { then: railSubject(step.subject) } : {}) };
  };

async function called(world: World, desk: Desk, payment: Payment, reason: string | null, input: Fields = {}) {
  const { thing, kept } = payment;
  const next: Thing = {
    ...thing,
    ...{ status: 'canceled', canceled_at: desk.created, cancellation_reason: reason, amount_capturable: 0, next_action: null },
  };
  const statements = [await world.objects.change(desk.at, kept, next)];
  const events: [string, Thing][] = [];
  if (thing.status === 'requires_capture') {
    const charge = await chargeOf(world, desk.at, payment);
    const back: Thing = { ...charge.thing, amount_refunded: charge.thing.amount ?? 0, refunded: true };
    statements.push(await world.objects.change(desk.at, charge, back), ...(await reviewEnded(world, desk, back, 'canceled')));
    events.push([reason === 'automatic' ? 'charge.expired' : 'charge.refunded', back]);
    // A charge without an intent is called off by a refund of all of it.
    const id = textOf(input.refund);
    if (id !== undefined) {
      const own = { id, created: desk.created, amount: Number(back.amount), transaction: null, charge: back };
      const refund = newRefund(fieldsOf(input.given), own);
      statements.push(await world.objects.insertion(desk.at, refund, behind(thing)));
      events.push(['refund.created', refund]);
    }
  }
  statements.push(...(await eventsOf(world, desk, [...events, ['payment_intent.canceled', next]])));
  return statements;
}

/** Authorizes more than before: what is more is held beside what was. */
export const increaser =
  (worlds: Worlds): Mover =>
  async (at, step) => {
    const world = worlds();
    const { desk, payment } = await begun(world, at, step);
    const amount = Number(step.input.amount);
    const hold: Hold = { step: 'increment', attempt: payment.holds.length, amount: amount - Number(payment.thing.amount) };
    const { done } = await world.money.authorize(at, payment.money, hold);
    sure(done);
    const asked = await askedFor(world, at, step, payment, hold, done);
    if (asked.refused) return asked.refused;
    const charge = await chargeOf(world, at, payment);
    const next: Thing = { ...payment.thing, amount, amount_capturable: amount };
    const grown: Thing = { ...charge.thing, amount };
    return {
      after: next,
      statements: [
        await world.objects.change(at, payment.kept, next, hiddenOf(payment.kept, { holds: [...payment.holds, hold], ...asked.kept })),
        await world.objects.change(at, charge, grown),
        ...(await eventsOf(world, desk, [
          ['charge.updated', grown],
          ['payment_intent.amount_capturable_updated', next],
        ])),
      ],
    };
  };

/** Asks the rail for what is more; what it declines is not held. */
async function askedFor(world: World, at: Placed, step: Parameters<Mover>[1], payment: Payment, hold: Hold, done: Done) {
  const rail = railIn(payment.kept.hidden);
  if (!rail) return { kept: {} };
  const method = await found(world, at, 'payment_method', rail.method);
  const order = { name: `${step.subject} increment ${hold.attempt}`, amount: hold.amount, currency: payment.money.currency };
  const circumstances = { authenticated: true, prepared: true, offSession: true };
  // Who took the payment to its network holds what is more of it too.
  const acquirer = textOf(rail.traces[0]?.acquirer) ?? firstAcquirer.id;
  const said = await world.rail.authorize(at, { ...order, method, acquirer, takes: false, circumstances });
  const { verdict, trace, isOpen } = await standing(world, at, payment.money, hold, done, said);
  if (verdict.kind === 'approved') return { kept: { rail: keptRail(rail.method, [...rail.traces, trace]) } };
  sure(await world.money.release(at, payment.money, [hold], 'decline'));
  const back = isOpen ? [notice(step.id, step.subject, { kind: 'reverse', ...order, method: rail.method, trace })] : [];
  const refusal = refuse('CardRefused', verdict.message, { code: verdict.code, decline_code: verdict.decline });
  return { kept: {}, refused: { statements: back, refusal, ...(isOpen ? { then: railSubject(step.subject) } : {}) } };
}
