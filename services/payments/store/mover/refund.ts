import { newBalanceTransaction } from '../../domain/balance-transaction.ts';
import { spoken } from '../../domain/currency.ts';
import { type Fields, fieldsOf, numberOf, type Thing } from '../../domain/json.ts';
import { newRefund, refundedCharge } from '../../domain/refund.ts';
import { refuse } from '../fault.ts';
import { behind, paymentNamed } from '../payment.ts';
import { notice, railIn, railSubject } from '../rail.ts';
import { cashBack } from '../cash-step.ts';
import { warningsOver } from '../fraud-warning.ts';
import { creditOf } from '../clearing.ts';
import { reviewEnded } from '../review.ts';
import type { Mover } from '../step.ts';
import { deskOfStep, eventsOf, found, type World } from '../world.ts';

import { feeBackFor, feeGone } from './fee-refund.ts';
import { backFor, sharedBack } from './transfer.ts';

const refusedByBalance = /exceedsCredits|idAlreadyFailed/;

/** Gives money back. That it is not more than was taken, nor more than there is, the ledger sees to in one stroke. */
export const refunder =
  (worlds: () => World): Mover =>
  async (at, step) => {
    const world = worlds();
    const { input, subject } = step;
    const desk = deskOfStep(at, step.id, fieldsOf(input.desk));
    const [id, amount] = [String(input.refund), Number(input.amount)];
    const payment = await paymentNamed(world, at, subject);
    const charge = await found(world, at, 'charge', String(input.charge));
    const back = input.reverse === true ? await backFor(world, desk, charge.thing, amount) : undefined;
    const fee = await feeBackFor(world, desk, charge.thing, numberOf(input.fee) ?? 0);
    const before = await world.objects.get(at, 'balance_transaction', String(charge.thing.balance_transaction));
    const whole = await world.money.refund(at, payment.money, id, amount, back?.share, fee?.back);
    // What a fee took is missing when all is given back: the business owes it, as it does with Stripe. Asked for again, the first
    // way is refused where the second was gone before, and the second says so.
    const owed = whole.done || back || fee ? 0 : Number(before?.thing.fee ?? 0);
    const done = owed === 0 ? whole : await world.money.refundOwed(at, payment.money, id, amount, owed);
    if (!done.done) {
      if (!refusedByBalance.test(done.status)) throw new TypeError(`the ledger refused a refund: ${done.status}`);
      const left = await world.money.refundable(at, subject);
      return { statements: [], refusal: done.at === 0 ? tooMuch(String(input.charge), payment.money.currency, amount, left) : poor() };
    }
    const booked = newBalanceTransaction({
      ...{ id: desk.ids('txn'), amount: -amount, currency: payment.money.currency, created: desk.created, source: id },
      ...{ type: 'refund', category: 'refund', description: null },
      // What is not to be paid out yet is given back of what is not to be paid out yet.
      availableOn: Math.max(desk.created, Number(before?.thing.available_on ?? 0)),
    });
    const given = fieldsOf(input.given);
    const refund = newRefund(given, { id, created: desk.created, amount, transaction: booked.id, charge: charge.thing });
    const next = refundedCharge(charge.thing, refund);
    const feeLeft = fee && (await feeGone(world, at, desk, fee, {}));
    const passed = back && back.share.amount > 0 ? await sharedBack(world, desk, back, id) : undefined;
    const rail = railIn(payment.kept.hidden);
    const { currency } = payment.money;
    const told = rail
      ? [notice(step.id, subject, { kind: 'refund', name: id, method: rail.method, amount, currency, trace: byWhom(rail) })]
      : [];
    const credit = await creditOf(world, desk, { charge: charge.thing, payment: subject, amount });
    const cash = await cashBack(world, desk, charge.thing, id, amount);
    return {
      ...(credit.length > 0 ? { due: desk.created } : {}),
      ...(rail ? { then: railSubject(subject) } : {}),
      statements: [
        await world.objects.insertion(at, refund, behind(payment.thing)),
        await world.objects.insertion(at, booked),
        await world.objects.change(at, charge, next),
        ...(passed?.statements ?? []),
        ...(feeLeft?.statements ?? []),
        ...(await eventsOf(world, desk, [
          ['refund.created', refund],
          ['charge.refunded', next],
          ...(passed?.told ?? []),
          ...(feeLeft?.told ?? []),
        ])),
        ...(next.refunded === true ? await reviewEnded(world, desk, next, refundEnd(refund)) : []),
        ...(next.refunded === true ? await warningsOver(world, desk, next) : []),
        ...told,
        ...credit,
        ...cash,
      ],
    };
  };

const refundEnd = ({ reason }: Thing) => (reason === 'fraudulent' ? 'refunded_as_fraud' : 'refunded');

function tooMuch(charge: string, currency: string, amount: number, left: number) {
  if (left === 0) return refuse('StateInvalid', `Charge ${charge} has already been refunded.`, { code: 'charge_already_refunded' });
  const message = `Refund amount (${spoken(amount, currency)}) is greater than unrefunded amount on charge (${spoken(left, currency)})`;
  return refuse('ParameterInvalid', message, { param: 'amount' });
}

/** Who took a payment to its network takes back what is given back of it. */
const byWhom = ({ traces }: { traces: readonly Fields[] }): Fields => ({ acquirer: traces[0]?.acquirer ?? null });

const poor = () =>
  refuse('BalanceInsufficient', 'Insufficient funds in your balance to refund this amount.', { code: 'balance_insufficient' });
