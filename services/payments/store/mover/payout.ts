import { newBalanceTransaction } from '../../domain/balance-transaction.ts';
import { fieldsOf, type Thing } from '../../domain/json.ts';
import { newPayout } from '../../domain/payout.ts';
import { refuse } from '../fault.ts';
import type { Mover } from '../step.ts';
import { type Desk, deskOfStep, eventsOf, found, type World } from '../world.ts';
import { sure } from './authorize.ts';

const lineOf = (desk: Desk, payout: string, currency: string, amount: number): Thing =>
  newBalanceTransaction({
    ...{ id: desk.ids('txn'), amount, currency, created: desk.created, source: payout, availableOn: desk.created },
    ...{ type: amount < 0 ? 'payout' : 'payout_cancel', category: amount < 0 ? 'payout' : 'payout_reversal' },
    description: amount < 0 ? 'STRIPE PAYOUT' : 'Payout canceled',
  });

export const tooPoor = () =>
  refuse('BalanceInsufficient', 'You have insufficient funds in your account to perform this operation.', {
    code: 'balance_insufficient',
    param: 'amount',
  });

/** Sends money to the bank. That it is there, the ledger sees to. */
export const payer =
  (worlds: () => World): Mover =>
  async (at, { id: step, input }) => {
    const world = worlds();
    const desk = deskOfStep(at, step, fieldsOf(input.desk));
    const [id, currency, amount] = [String(input.payout), String(input.currency), Number(input.amount)];
    const done = await world.money.payout(at, currency, id, amount, 'send');
    if (!done.done) return { statements: [], refusal: tooPoor() };
    const line = lineOf(desk, id, currency, -amount);
    const own = { id, created: desk.created, livemode: desk.livemode, amount, currency, transaction: line.id };
    const payout = newPayout(fieldsOf(input.given), { ...own, destination: String(input.destination) });
    const paid: [string, Thing][] = payout.status === 'paid' ? [['payout.paid', payout]] : [];
    return {
      statements: [
        await world.objects.insertion(at, payout),
        await world.objects.insertion(at, line),
        ...(await eventsOf(world, desk, [['payout.created', payout], ...paid])),
      ],
    };
  };

/** Calls a payout off that has not gone yet. */
export const unpayer =
  (worlds: () => World): Mover =>
  async (at, { id: step, input }) => {
    const world = worlds();
    const desk = deskOfStep(at, step, fieldsOf(input.desk));
    const kept = await found(world, at, 'payout', String(input.payout));
    const { id, currency, amount } = kept.thing;
    if (kept.thing.status !== 'pending') return { statements: [], refusal: gone(kept.thing) };
    sure(await world.money.payout(at, String(currency), id, Number(amount), 'return'));
    const line = lineOf(desk, id, String(currency), Number(amount));
    const next: Thing = { ...kept.thing, status: 'canceled', failure_balance_transaction: line.id };
    return {
      statements: [
        await world.objects.change(at, kept, next),
        await world.objects.insertion(at, line),
        ...(await eventsOf(world, desk, [['payout.canceled', next]])),
      ],
    };
  };

export const gone = ({ id, status }: Thing) =>
  refuse('StateInvalid', `The payout ${id} has a status of ${String(status)}; only one that is pending can be canceled.`, {
    code: 'payouts_not_allowed',
  });
