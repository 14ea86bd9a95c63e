import type { Placed } from '#kernel/contract/provider.ts';
import type { Statement } from '#seams/sql/sql.ts';
import { newBalanceTransaction } from '../../domain/balance-transaction.ts';
import { type Fields, fieldsOf, textOf, type Thing } from '../../domain/json.ts';
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

/** What is kept of what belongs to a connected account. */
const ownedBy = (account: string | undefined): Fields => (account === undefined ? {} : { account });

/** Marks what a scheduled payout brings to the bank: all that may be paid out and was brought by none before. */
const brought = (payout: Thing): Statement => ({
  text: `update object set hidden = hidden || jsonb_build_object('payout', $1::text)
         where kind = 'balance_transaction' and body->>'currency' = $2 and (body->>'available_on')::bigint <= $3
           and not hidden ?| array['payout', 'account']`,
  params: [payout.id, String(payout.currency), BigInt(Number(payout.created))],
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
    const account = textOf(input.owner);
    if (!isBack && !(await world.money.payout(at, currency, id, amount, 'send', account)).done)
      return { statements: [], refusal: tooPoor() };
    const line = isBack ? undefined : lineOf(desk, 'payout', id, currency, -amount);
    const own = { id, created: desk.created, livemode: desk.livemode, currency, transaction: line?.id ?? null, arrival };
    const automatic = input.automatic === true;
    const payout = newPayout(given, { ...own, automatic, amount: isBack ? -amount : amount, destination: String(input.destination) });
    const bank = { content: String(input.account), name: textOf(input.name) ?? '' };
    const entry = payoutEntry(desk, { payout, way: isBack ? 'debit' : 'credit', rail, bank });
    const before = original === undefined ? undefined : await found(world, at, 'payout', original);
    const owner = ownedBy(account);
    const clock = textOf(input.clock);
    const living: Fields = clock === undefined ? {} : { clock };
    return {
      ...(clock === undefined ? { due: arrival } : {}),
      statements: [
        await world.objects.insertion(at, payout, { ...owner, entry: entry.id }),
        await world.objects.insertion(at, entry, { ...living, due: arrival }),
        ...(line ? [await world.objects.insertion(at, line, automatic ? { ...owner, payout: id } : owner)] : []),
        ...(before ? [await world.objects.change(at, before, { ...before.thing, reversed_by: id })] : []),
        ...(await eventsOf(world, desk, [['payout.created', payout]])),
        ...(automatic && account === undefined ? [brought(payout)] : []),
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
    if (kept.thing.status !== 'pending' || kept.thing.automatic === true) return { statements: [], refusal: gone(kept.thing) };
    const entry = await found(world, at, 'clearing_entry', String(kept.hidden.entry));
    // The file that it goes with was written meanwhile.
    if (entry.thing.state !== 'waiting') return { statements: [], refusal: gone({ ...kept.thing, status: 'in_transit' }) };
    const off = await world.objects.change(at, entry, { ...entry.thing, state: 'canceled' }, dueAt(entry.hidden, undefined));
    if (Number(amount) < 0) return { statements: [off, ...(await ended(world, desk, kept, { status: 'canceled' }, 'payout.canceled'))] };
    const account = textOf(kept.hidden.account);
    sure(await world.money.payout(at, String(currency), id, Number(amount), 'return', account));
    const line = lineOf(desk, 'payout_cancel', id, String(currency), Number(amount));
    const change = { status: 'canceled', failure_balance_transaction: line.id };
    const booked = await world.objects.insertion(at, line, ownedBy(account));
    return { statements: [off, booked, ...(await ended(world, desk, kept, change, 'payout.canceled'))] };
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
  const account = textOf(kept.hidden.account);
  sure(await world.money.payout(at, String(currency), id, back, 'return', account));
  const line = lineOf(desk, 'payout', id, String(currency), back);
  const change = { status: 'paid', balance_transaction: line.id };
  const booked = await world.objects.insertion(at, line, ownedBy(account));
  return { statements: [booked, ...(await ended(world, desk, kept, change, 'payout.paid'))] };
}

async function refused(world: World, at: Placed, desk: Desk, kept: Kept, reason: string): Promise<Ending> {
  if (isEnded(kept)) return { statements: [] };
  const { id, currency, amount } = kept.thing;
  const { code, message } = payoutFailureOf(reason);
  const change = { status: 'failed', failure_code: code, failure_message: message };
  if (Number(amount) < 0) return { statements: await ended(world, desk, kept, change, 'payout.failed') };
  const account = textOf(kept.hidden.account);
  sure(await world.money.payout(at, String(currency), id, Number(amount), 'return', account));
  const line = lineOf(desk, 'payout_failure', id, String(currency), Number(amount));
  const statements = await ended(world, desk, kept, { ...change, failure_balance_transaction: line.id }, 'payout.failed');
  return { statements: [await world.objects.insertion(at, line, ownedBy(account)), ...statements] };
}

export const gone = ({ id, status }: Thing) =>
  refuse('StateInvalid', `The payout ${id} has a status of ${String(status)}; only one by hand that is pending can be canceled.`, {
    code: 'payouts_not_allowed',
  });
