import type { Placed } from '#kernel/contract/provider.ts';
import { Iso20022Error } from '#wire/iso20022/violation.ts';
import { type Fields, numberOf, type Thing } from '../domain/json.ts';
import { bankingDayFrom } from '../domain/payout-schedule.ts';
import { accountKind, entryKind, type Expected, batchOf, newException, referenceOf, statementKind } from '../domain/settlement.ts';
import { type BankEntry, type BankStatement, bankStatement, readStatements, settlementAccount } from '../engine/bank/statement.ts';

import { drawn } from '../engine/bank/draw.ts';
import type { Happening } from './due.ts';
import { invalid } from './fault.ts';
import { statementsAtOnceMax } from './limits.ts';
import type { Condition, Kept } from './object.ts';
import { reconcile, settlementOf } from './reconcile.ts';
import { dueAt } from './subscription.ts';
import { deskOfCause, found, type World } from './world.ts';

const daySeconds = 86_400;
const dayText = (at: number): string => new Date(at * 1000).toISOString().slice(0, 10);

/** Reads what a bank sends: each entry is booked once, however often it is sent, and matched at once. */
export async function received(world: World, at: Placed, text: string, now: number): Promise<Thing[]> {
  const statements = statementsIn(text);
  const made: Thing[] = [];
  for (const statement of statements) {
    const account = await accountOf(world, at, statement);
    const subject = settlementOf(statement.currency);
    made.push(await world.steps.on(at, subject, () => taken(world, at, account, statement, text, now)));
  }
  return made;
}

function statementsIn(text: string): BankStatement[] {
  let statements: BankStatement[];
  try {
    statements = readStatements(text);
  } catch (error) {
    if (!(error instanceof Iso20022Error)) throw error;
    throw invalid('content', `It is no camt.053 or camt.054 that can be read: ${error.message}`);
  }
  if (statements.length > statementsAtOnceMax) throw invalid('content', `One message has at most ${statementsAtOnceMax} statements.`);
  return statements;
}

async function accountOf(world: World, at: Placed, { account, currency }: BankStatement): Promise<Kept> {
  const where: Condition[] = [
    [`body->>'account' = ?`, account],
    [`body->>'currency' = ?`, currency],
  ];
  const [kept] = (await world.objects.list(at, accountKind, { limit: 1, where })).items;
  if (!kept) throw invalid('content', `There is no settlement account ${account} in ${currency || 'the currency that it lacks'}.`);
  return kept;
}

async function taken(world: World, at: Placed, account: Kept, statement: BankStatement, text: string, now: number): Promise<Thing> {
  const { livemode } = account.thing;
  const desk = deskOfCause(at, `statement ${account.thing.id} ${statement.id}`, now, livemode === true);
  const id = desk.ids('bst');
  const known = await world.objects.get(at, statementKind, id);
  if (known) return known.thing;
  for (const [index, entry] of statement.entries.entries()) await booked(world, at, account.thing, { id, statement, entry, index }, now);
  const { opening = null, closing = null, currency, entries } = statement;
  const thing: Thing = {
    ...{ id, object: statementKind, created: now, livemode: livemode === true, account: account.thing.id, currency, name: statement.id },
    ...{ opening_balance: opening, closing_balance: closing, entries: entries.length },
  };
  await world.objects.commit(at, [await world.objects.insertion(at, thing), await world.contents.insertion(at, id, Buffer.from(text))]);
  if (closing !== null) await compared(world, at, account, thing, closing, now);
  const about = { currency, since: Number(account.thing.since), livemode: livemode === true };
  await reconcile(world, at, about, now);
  return thing;
}

type Of = { readonly id: string; readonly statement: BankStatement; readonly entry: BankEntry; readonly index: number };

async function booked(world: World, at: Placed, account: Thing, { id, statement, entry, index }: Of, now: number): Promise<void> {
  // A notification and the statement that follows it say the same by the bank's own number.
  const name = entry.servicer === '' ? `${statement.id} ${index}` : entry.servicer;
  const desk = deskOfCause(at, `entry ${account.id} ${name}`, now, account.livemode === true);
  const step = desk.ids('step');
  if (await world.steps.wasTaken(at, step)) return;
  const day = Date.parse(entry.booked) / 1000;
  const thing: Thing = {
    ...{ id: desk.ids('bmv'), object: entryKind, created: Number.isFinite(day) ? day : now, livemode: account.livemode === true },
    ...{ account: account.id, statement: id, currency: statement.currency, amount: entry.amount, reference: entry.reference },
    ...{ servicer_reference: entry.servicer, text: entry.text, state: 'open', how: null, score: null, matched: [], difference: 0 },
  };
  await world.steps.take(at, { id: step, kind: 'bank_entry', subject: settlementOf(statement.currency), input: { entry: thing } });
}

/** What the bank says is there is what the ledger says, or it is to be looked at. */
async function compared(world: World, at: Placed, { thing, hidden }: Kept, statement: Thing, closing: number, now: number): Promise<void> {
  const currency = String(thing.currency);
  const first = numberOf(hidden.opening) ?? numberOf(statement.opening_balance) ?? 0;
  if (hidden.opening === undefined) {
    const kept = await found(world, at, accountKind, thing.id);
    await world.objects.commit(at, [await world.objects.change(at, kept, kept.thing, { ...kept.hidden, opening: first })]);
  }
  const books = first + ((await world.money.books(at, currency, ['bank'])).get('bank') ?? 0);
  if (books === closing) return;
  const livemode = thing.livemode === true;
  const desk = deskOfCause(at, `balance ${statement.id}`, now, livemode);
  const about = { type: 'balance_differs', currency, amount: closing, difference: closing - books, entry: null, expected: null } as const;
  const exception = newException({ ...about, since: now }, { id: desk.ids('exc'), created: now, livemode });
  await world.objects.commit(at, [await world.objects.insertion(at, exception)]);
}

/** When the simulated bank closes a day next: at its end. */
export const closingAfter = (now: number): number => (Math.floor(now / daySeconds) + 1) * daySeconds;

/** The simulated bank sends the statement of a day on which banks work, when the day has ended. */
export const accountDue: Happening = async (world, at, { id, due }, now) => {
  const kept = await found(world, at, accountKind, id);
  if (kept.hidden.due !== due) return;
  const currency = String(kept.thing.currency);
  const day = due - daySeconds;
  if (bankingDayFrom(day) === day) {
    const { seed, lost, late, twice } = await world.networks.conditions(at);
    const fate = (name: string): Fate => {
      const draw = (what: string) => drawn(`${seed} bank ${what} ${name}`);
      return { isLost: draw('lost') < lost, isLate: draw('late') < late, isTwice: draw('twice') < twice };
    };
    const expected = await world.settled.expected(at, currency, Number(kept.thing.since), due);
    const entries = movementsOn(expected, day, `${id.slice(-8)}-${dayText(day).replaceAll('-', '')}`, fate);
    const opening = numberOf(kept.hidden.bank) ?? 0;
    const closing = entries.reduce((sum, { amount }) => sum + amount, opening);
    const name = `${currency.toUpperCase()}-${dayText(day)}-${id.slice(-8)}`;
    const account = settlementAccount(currency);
    await received(world, at, bankStatement({ id: name, account, currency, opening, closing, entries }, new Date(day * 1000)), now);
    return lookAgain(world, at, id, due, { bank: closing });
  }
  return lookAgain(world, at, id, due, {});
};

async function lookAgain(world: World, at: Placed, id: string, due: number, more: Fields): Promise<void> {
  const kept = await found(world, at, accountKind, id);
  await world.objects.commit(at, [await world.objects.change(at, kept, kept.thing, dueAt({ ...kept.hidden, ...more }, due + daySeconds))]);
}

type Fate = { readonly isLost: boolean; readonly isLate: boolean; readonly isTwice: boolean };

/** What the simulated bank moves on a day: what came in before it in one sum for each way of paying, and payouts. */
function movementsOn(expected: readonly Expected[], day: number, series: string, fate: (name: string) => Fate): BankEntry[] {
  const next = (at: number) => bankingDayFrom(at + daySeconds);
  const today = expected.filter(({ id, date }) => {
    const { isLost, isLate } = fate(id);
    const on = batchOf(id) ? next(date) : bankingDayFrom(Math.floor(date / daySeconds) * daySeconds);
    return !isLost && (isLate ? next(on) : on) === day;
  });
  const groups = Map.groupBy(today, ({ id }) => batchOf(id)?.way ?? id);
  const sums = [...groups.values()].map((group) => {
    const last = group.at(-1);
    const id = last?.id ?? '';
    const amount = group.reduce((sum, each) => sum + each.amount, 0);
    const text = group.length > 1 ? `COLLECTED FOR ${group.length} DAYS` : '';
    return { amount, reference: last ? referenceOf(last) : '', text, isTwice: fate(id).isTwice };
  });
  return sums
    .filter(({ amount }) => amount !== 0)
    .flatMap(({ isTwice, ...sum }) => (isTwice ? [sum, sum] : [sum]))
    .map((sum, index) => ({ ...sum, servicer: `${series}-${index + 1}`, booked: dayText(day) }));
}
