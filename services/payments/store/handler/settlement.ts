import { isCurrency } from '../../domain/currency.ts';
import { type Fields, textOf, type Thing } from '../../domain/json.ts';
import {
  accountKind,
  aged,
  entryKind,
  exceptionKind,
  newRules,
  type Resolution,
  resolvedException,
  settlementRulesKind,
  statementKind,
  unfit,
} from '../../domain/settlement.ts';
import { settlementAccount } from '../../engine/bank/statement.ts';
import { closingAfter, received } from '../bank-statement.ts';
import { changed } from '../change.ts';
import { timeOf } from '../clock.ts';
import { invalid, missing, refuse } from '../fault.ts';
import type { Kept } from '../object.ts';
import { reconcile, resolve, rulesOf, settlementOf } from '../reconcile.ts';
import { type Desk, found, keepNew, type World } from '../world.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { listed, pageOf } from './list.ts';

const daySeconds = 86_400;

/** Begins to settle a currency: in a test environment the simulated bank sends a statement at the end of each day it works on. */
async function open({ world, desk, input }: Request): Promise<Thing> {
  const currency = String(input.currency).toLowerCase();
  if (!isCurrency(currency)) throw invalid('currency', `Invalid currency: ${currency}.`);
  const clock = textOf(input.test_clock);
  const now = clock === undefined ? desk.created : await timeOf(world, desk.at, clock, 'test_clock');
  const number = textOf(input.account) ?? settlementAccount(currency);
  const id = `sacc_${currency}`;
  const since = Math.floor(now / daySeconds) * daySeconds;
  const own = { id, object: accountKind, created: desk.created, livemode: desk.livemode, currency, account: number };
  const isSimulated = !desk.livemode && input.account == null;
  const thing: Thing = { ...own, since, simulated: isSimulated, test_clock: clock ?? null };
  const due = closingAfter(now);
  const hidden: Fields = isSimulated ? { due, ...(clock === undefined ? {} : { clock }) } : {};
  await keepNew(world, desk, thing, undefined, { hidden });
  const kept = await found(world, desk.at, accountKind, id);
  if (kept.thing.account !== number)
    throw invalid('account', `${currency.toUpperCase()} settles on ${String(kept.thing.account)} already.`);
  return kept.thing;
}

/** An account with what the ledger says of it: what the bank has, and what of it nobody has explained. */
async function withBooks({ world, desk }: Request, account: Thing): Promise<Thing> {
  const books = await world.money.books(desk.at, String(account.currency), ['bank', 'suspense', 'clearing', 'written']);
  const { bank = 0, suspense = 0, clearing = 0, written = 0 } = Object.fromEntries(books);
  // Adding to nothing, because less than nothing of nothing is no amount.
  return { ...account, bank_balance: bank, unexplained: 0 - suspense, expected_of_networks: clearing, written_off: written };
}

/** The time of what lives by a clock is the clock's. */
async function nowOf(world: World, desk: Desk, currency: string): Promise<number> {
  const account = await world.objects.get(desk.at, accountKind, `sacc_${currency}`);
  const clock = textOf(account?.thing.test_clock);
  return clock === undefined ? desk.created : timeOf(world, desk.at, clock);
}

async function imported({ world, desk, input }: Request) {
  const data = await received(world, desk.at, String(input.content), desk.created);
  return { object: 'list', data, has_more: false, url: '/v1/bank_statements' };
}

async function exceptionOf({ world, desk, id }: Request): Promise<Thing> {
  const { thing } = await found(world, desk.at, exceptionKind, id);
  return aged(thing, await nowOf(world, desk, String(thing.currency)));
}

async function resolved(request: Request): Promise<Thing> {
  const { world, desk, id, input } = request;
  const { thing } = await found(world, desk.at, exceptionKind, id);
  const currency = String(thing.currency);
  const now = await nowOf(world, desk, currency);
  const way = String(input.resolution) as Resolution;
  const note = textOf(input.note) ?? null;
  await world.steps.on(desk.at, settlementOf(currency), async () => {
    const kept = await found(world, desk.at, exceptionKind, id);
    if (desk.again && kept.thing.status === 'resolved') return;
    const reason = unfit(kept.thing, way);
    if (reason !== undefined) throw refuse('StateInvalid', reason);
    if (way === 'dismiss') {
      const next = resolvedException(kept.thing, { way, by: 'hand', at: now, note });
      await world.objects.commit(desk.at, [await world.objects.change(desk.at, kept, next)]);
    } else await resolve(world, desk.at, kept.thing, { way, by: 'hand', note, now, ...(await namedIn(request, kept.thing, now)) });
  });
  return exceptionOf(request);
}

/** What an entry is to be matched with, where the request says so. */
async function namedIn({ world, desk, input }: Request, exception: Thing, now: number) {
  if (input.resolution !== 'match') return {};
  const names = (input.expected ?? (exception.expected === null ? [] : [exception.expected])) as string[];
  if (names.length === 0) throw invalid('expected', 'Say what was expected that the entry is matched with.', 'parameter_missing');
  const known = await world.settled.expected(desk.at, String(exception.currency), 0, now);
  const expected = names.map((name) => {
    const each = known.find(({ id }) => id === name);
    if (!each) throw missing('expected movement', name, 'expected');
    return each;
  });
  return { expected };
}

/** Looks anew at what is left, as a rule that changed may resolve it. */
async function putRules(request: Request): Promise<Thing> {
  const { world, desk, input } = request;
  if (!(await world.objects.get(desk.at, settlementRulesKind, settlementRulesKind)))
    await world.objects.commit(desk.at, [await world.objects.insertion(desk.at, newRules(desk.created))]);
  const change = ({ thing }: Kept) => ({
    next: { ...thing, missing_after_days: input.missing_after_days ?? thing.missing_after_days ?? 0, rules: input.rules ?? [] },
  });
  const made = await changed(world, desk, settlementRulesKind, settlementRulesKind, change);
  for await (const { currency, since, livemode } of world.objects.each(desk.at, accountKind)) {
    const about = { currency: String(currency), since: Number(since), livemode: livemode === true };
    const now = await nowOf(world, desk, about.currency);
    await world.steps.on(desk.at, settlementOf(about.currency), () => reconcile(world, desk.at, about, now));
  }
  return made;
}

async function contents({ world, desk, id }: Request) {
  await found(world, desk.at, statementKind, id);
  const bytes = await world.contents.get(desk.at, id);
  if (!bytes) throw missing(statementKind, id);
  return { id, object: 'bank_statement_contents', content: bytes.toString() };
}

async function expectedMovements({ world, desk, input }: Request) {
  const currency = String(input.currency);
  const { thing } = await found(world, desk.at, accountKind, `sacc_${currency}`, 'currency');
  const all = await world.settled.expected(desk.at, currency, Number(thing.since), await nowOf(world, desk, currency));
  const data = all.map(({ id, amount, date, items }) => ({ id, object: 'expected_movement', amount, currency, date, items }));
  return { object: 'list', data, has_more: false, url: '/v1/expected_movements' };
}

const byCurrency = { currency: `body->>'currency' = ?` };

export const settlementHandlers = (world: World) =>
  handlersOf(world, {
    OpenSettlementAccount: open,
    GetSettlementAccount: async (request) => withBooks(request, (await found(world, request.desk.at, accountKind, request.id)).thing),
    ListSettlementAccounts: async (request) => {
      const list = await listed(world.objects, request.desk.at, accountKind, pageOf(request.input), '/v1/settlement_accounts');
      return { ...list, data: await Promise.all(list.data.map((each) => withBooks(request, each))) };
    },
    ImportBankStatement: imported,
    GetBankStatement: async ({ desk, id }) => (await found(world, desk.at, statementKind, id)).thing,
    GetBankStatementContents: contents,
    ListBankStatements: ({ desk, input }) =>
      listed(world.objects, desk.at, statementKind, pageOf(input, byCurrency), '/v1/bank_statements'),
    GetBankMovement: async ({ desk, id }) => (await found(world, desk.at, entryKind, id)).thing,
    ListBankMovements: ({ desk, input }) => {
      const filters = { ...byCurrency, state: `body->>'state' = ?`, statement: `body->>'statement' = ?` };
      return listed(world.objects, desk.at, entryKind, pageOf(input, filters), '/v1/bank_movements');
    },
    ListExpectedMovements: expectedMovements,
    GetSettlementException: exceptionOf,
    ListSettlementExceptions: async ({ desk, input }) => {
      const filters = { ...byCurrency, status: `body->>'status' = ?`, type: `body->>'type' = ?` };
      const list = await listed(world.objects, desk.at, exceptionKind, pageOf(input, filters), '/v1/settlement_exceptions');
      const data = await Promise.all(list.data.map(async (each) => aged(each, await nowOf(world, desk, String(each.currency)))));
      return { ...list, data };
    },
    ResolveSettlementException: resolved,
    GetSettlementRules: ({ desk }) => rulesOf(world, desk.at),
    PutSettlementRules: putRules,
  }) satisfies Partial<All>;
