import type { Placed } from '#kernel/contract/provider.ts';
import { newBalanceTransaction } from '../../domain/balance-transaction.ts';
import { fieldsOf, textOf, type Thing } from '../../domain/json.ts';
import { newPayout } from '../../domain/payout.ts';
import { type PayoutRail, payoutFailureOf } from '../../domain/payout-rail.ts';
import { settledEntry } from '../clearing.ts';
import { refuse } from '../fault.ts';
import type { Kept } from '../object.ts';
import { payoutEntry } from '../payout.ts';
import type { Ending, Mover } from '../step.ts';
import { dueAt } from '../subscription.ts';
import { type Desk, deskOfStep, eventsOf, found, type World } from '../world.ts';
import { sure } from './authorize.ts';

type Kind = 'payout' | 'payout_cancel' | 'payout_failure';
const words: Readonly<Record<Kind, string>> = {
  payout: 'STRIPE PAYOUT',
  payout_cancel: 'Payout canceled',
  payout_failure: 'Payout failed',
};

const lineOf = (desk: Desk, type: Kind, payout: string, currency: string, amount: number): Thing =>
  newBalanceTransaction({
    ...{ id: desk.ids('txn'), amount, currency, created: desk.created, source: payout, availableOn: desk.created, type },
    ...{ category: amount < 0 ? 'payout' : 'payout_reversal', description: words[type] },
  });

export const tooPoor = () =>
  refuse('BalanceInsufficient', 'You have insufficient funds in your account to perform this operation.', {
    code: 'balance_insufficient',
    param: 'amount',
  });

/** Takes money for the bank, or begins to take it back from there. That it is there, the ledger sees to. */
export const payer =
  (worlds: () => World): Mover =>
  async (at, { id: step, input }) => {
    const world = worlds();
    const desk = deskOfStep(at, step, fieldsOf(input.desk));
    const [id, currency, amount, arrival] = [String(input.payout), String(input.currency), Number(input.amount), Number(input.arrival)];
    const [rail, given] = [String(input.rail) as PayoutRail, fieldsOf(input.given)];
    const original = textOf(given.original_payout);
    const isBack = original !== undefined;
    if (!isBack && !(await world.money.payout(at, currency, id, amount, 'send')).done) return { statements: [], refusal: tooPoor() };
    const line = isBack ? undefined : lineOf(desk, 'payout', id, currency, -amount);
    const own = { id, created: desk.created, livemode: desk.livemode, currency, transaction: line?.id ?? null, arrival };
    const payout = newPayout(given, { ...own, amount: isBack ? -amount : amount, destination: String(input.destination) });
    const bank = { content: String(input.account), name: textOf(input.name) ?? '' };
    const entry = payoutEntry(desk, { payout, way: isBack ? 'debit' : 'credit', rail, bank });
    const before = original === undefined ? undefined : await found(world, at, 'payout', original);
    return {
      due: arrival,
      statements: [
        await world.objects.insertion(at, payout, { entry: entry.id }),
        await world.objects.insertion(at, entry, { due: arrival }),
        ...(line ? [await world.objects.insertion(at, line)] : []),
        ...(before ? [await world.objects.change(at, before, { ...before.thing, reversed_by: id })] : []),
        ...(await eventsOf(world, desk, [['payout.created', payout]])),
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
    const entry = await found(world, at, 'clearing_entry', String(kept.hidden.entry));
    // The file that it goes with was written meanwhile.
    if (entry.thing.state !== 'waiting') return { statements: [], refusal: gone({ ...kept.thing, status: 'in_transit' }) };
    const off = await world.objects.change(at, entry, { ...entry.thing, state: 'canceled' }, dueAt(entry.hidden, undefined));
    if (Number(amount) < 0) return { statements: [off, ...(await ended(world, desk, kept, { status: 'canceled' }, 'payout.canceled'))] };
    sure(await world.money.payout(at, String(currency), id, Number(amount), 'return'));
    const line = lineOf(desk, 'payout_cancel', id, String(currency), Number(amount));
    const change = { status: 'canceled', failure_balance_transaction: line.id };
    return { statements: [off, await world.objects.insertion(at, line), ...(await ended(world, desk, kept, change, 'payout.canceled'))] };
  };

/** What becomes of a payout, and of the one that it was to take back. */
async function ended(world: World, desk: Desk, kept: Kept, change: object, event: string) {
  const next = { ...kept.thing, ...change } as Thing;
  const original = next.status === 'paid' ? undefined : textOf(kept.thing.original_payout);
  const before = original === undefined ? undefined : await found(world, desk.at, 'payout', original);
  return [
    await world.objects.change(desk.at, kept, next),
    ...(before ? [await world.objects.change(desk.at, before, { ...before.thing, reversed_by: null })] : []),
    ...(await eventsOf(world, desk, [[event, next]])),
  ];
}

/** The bank has taken a payout, or has not: then the money is the business' again. */
export const payoutEnder =
  (worlds: () => World): Mover =>
  async (at, { id: step, input }) => {
    const world = worlds();
    const desk = deskOfStep(at, step, fieldsOf(input.desk));
    const kept = await found(world, at, 'payout', String(input.payout));
    const code = textOf(input.code);
    const entry = await settledEntry(world, at, String(input.entry), code);
    const ending = code === undefined ? await taken(world, at, desk, kept) : await refused(world, at, desk, kept, code);
    return { ...ending, statements: [...entry, ...ending.statements] };
  };

const isEnded = ({ thing }: Kept): boolean => thing.status === 'failed' || thing.status === 'canceled';

async function taken(world: World, at: Placed, desk: Desk, kept: Kept): Promise<Ending> {
  if (isEnded(kept) || kept.thing.status === 'paid') return { statements: [] };
  const { id, currency, amount } = kept.thing;
  const back = Number(amount) < 0 ? -Number(amount) : 0;
  if (back === 0) return { statements: await ended(world, desk, kept, { status: 'paid' }, 'payout.paid') };
  sure(await world.money.payout(at, String(currency), id, back, 'return'));
  const line = lineOf(desk, 'payout', id, String(currency), back);
  const change = { status: 'paid', balance_transaction: line.id };
  return { statements: [await world.objects.insertion(at, line), ...(await ended(world, desk, kept, change, 'payout.paid'))] };
}

async function refused(world: World, at: Placed, desk: Desk, kept: Kept, reason: string): Promise<Ending> {
  if (isEnded(kept)) return { statements: [] };
  const { id, currency, amount } = kept.thing;
  const { code, message } = payoutFailureOf(reason);
  const change = { status: 'failed', failure_code: code, failure_message: message };
  if (Number(amount) < 0) return { statements: await ended(world, desk, kept, change, 'payout.failed') };
  sure(await world.money.payout(at, String(currency), id, Number(amount), 'return'));
  const line = lineOf(desk, 'payout_failure', id, String(currency), Number(amount));
  const statements = await ended(world, desk, kept, { ...change, failure_balance_transaction: line.id }, 'payout.failed');
  return { statements: [await world.objects.insertion(at, line), ...statements] };
}

export const gone = ({ id, status }: Thing) =>
  refuse('StateInvalid', `The payout ${id} has a status of ${String(status)}; only one that is pending can be canceled.`, {
    code: 'payouts_not_allowed',
  });
