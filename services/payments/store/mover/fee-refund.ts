import type { Placed } from '#kernel/contract/provider.ts';
import type { Statement } from '#seams/sql/sql.ts';
import { newBalanceTransaction } from '../../domain/balance-transaction.ts';
import { type Fields, fieldsOf, type Thing } from '../../domain/json.ts';
import { shareOf } from '../../domain/period.ts';
import { newFeeRefund, refundedFee } from '../../domain/transfer.ts';
import { refuse } from '../fault.ts';
import type { FeeBack } from '../money.ts';
import type { Kept } from '../object.ts';
import type { Mover } from '../step.ts';
import { type Desk, deskOfStep, eventsOf, found, type Told, type World } from '../world.ts';

type Returned = { readonly kept: Kept; readonly back: FeeBack };

const returned = (kept: Kept, refund: string, amount: number): Returned => {
  const { id, account, amount: whole } = kept.thing;
  return { kept, back: { fee: id, account: String(account), whole: Number(whole), refund, amount } };
};

/** How much of a payment's application fee comes back with a refund of it, in proportion: a part of the step's input. */
export async function feePartOf(world: World, at: Placed, charge: Thing, amount: number): Promise<number> {
  const { thing } = await found(world, at, 'application_fee', String(charge.application_fee));
  const left = Number(thing.amount) - Number(thing.amount_refunded);
  const isLast = Number(charge.amount_refunded) + amount >= Number(charge.amount_captured);
  return isLast ? left : Math.min(left, shareOf(Number(thing.amount), amount, Number(charge.amount_captured)));
}

/** What of an application fee goes back with a refund; undefined where nothing does. */
export async function feeBackFor(world: World, desk: Desk, charge: Thing, part: number): Promise<Returned | undefined> {
  if (part < 1) return undefined;
  return returned(await found(world, desk.at, 'application_fee', String(charge.application_fee)), desk.ids('fr'), part);
}

type Written = { readonly statements: readonly Statement[]; readonly told: readonly Told[] };

/** What is written of a fee that went back. */
export async function feeGone(world: World, at: Placed, desk: Desk, { kept, back }: Returned, given: Fields): Promise<Written> {
  const currency = String(kept.thing.currency);
  const line = newBalanceTransaction({
    ...{ id: desk.ids('txn'), amount: -back.amount, currency, created: desk.created, source: back.refund, description: null },
    ...{ type: 'application_fee_refund', category: 'platform_earning_refund', availableOn: desk.created },
  });
  const own = { id: back.refund, created: desk.created, livemode: desk.livemode };
  const refund = newFeeRefund(given, kept.thing, back.amount, line.id, own);
  const next = refundedFee(kept.thing, refund);
  const statements = [
    await world.objects.change(at, kept, next),
    await world.objects.insertion(at, refund),
    await world.objects.insertion(at, line),
  ];
  return { statements, told: [['application_fee.refunded', next]] };
}

/** Gives an application fee back to the account it was taken from: never more than it was, nor more than the business has. */
export const feeRefunder =
  (worlds: () => World): Mover =>
  async (at, { id: step, subject, input }) => {
    const world = worlds();
    const desk = deskOfStep(at, step, fieldsOf(input.desk));
    const made = returned(await found(world, at, 'application_fee', subject), String(input.refund), Number(input.amount));
    const done = await world.money.refundFee(at, String(made.kept.thing.currency), made.back);
    if (done.done) {
      const { statements, told } = await feeGone(world, at, desk, made, fieldsOf(input.given));
      return { statements: [...statements, ...(await eventsOf(world, desk, told))] };
    }
    const tooMuch = refuse('ParameterInvalid', 'Refund amount is greater than unrefunded amount on fee.', { param: 'amount' });
    const poor = refuse('BalanceInsufficient', 'Insufficient funds in your balance to refund this fee.', { code: 'balance_insufficient' });
    return { statements: [], refusal: done.at === 0 ? tooMuch : poor };
  };
