import type { Placed } from '#kernel/contract/provider.ts';
import { type Fields, numberOf, textOf, type Thing } from '../domain/json.ts';
import { type Bounds, matched, type Movement, oddity, spelledReference } from '../domain/match.ts';
import {
  aged,
  entryKind,
  type Expected,
  exceptionKind,
  newException,
  newRules,
  referenceOf,
  ruleFor,
  settlementRulesKind,
} from '../domain/settlement.ts';
import { entriesOpenMax, exceptionsOpenMax, matchManyMax, matchSeconds, matchTriesMax } from './limits.ts';
import type { Condition, Kept } from './object.ts';
import { deskOfCause, type World } from './world.ts';

/** What a bank says of one currency is worked on by one at a time. */
export const settlementOf = (currency: string): string => `settlement ${currency}`;

const bounds: Bounds = { seconds: matchSeconds, least: 0.6, margin: 0.1, many: matchManyMax, tries: matchTriesMax };
const daySeconds = 86_400;

const openEntries = async (world: World, at: Placed, currency: string): Promise<Kept[]> => {
  const where: Condition[] = [[`body->>'state' = 'open'`], [`body->>'currency' = ?`, currency]];
  return (await world.objects.list(at, entryKind, { limit: entriesOpenMax, where })).items;
};

const entryMovement = ({ thing }: Kept): Movement => ({
  ...{ id: thing.id, amount: Number(thing.amount), date: Number(thing.created), reference: `${String(thing.reference)}` },
});
const expectedMovement = (each: Expected): Movement => ({
  id: each.id,
  amount: each.amount,
  date: each.date,
  reference: referenceOf(each),
});

export const rulesOf = async (world: World, at: Placed): Promise<Thing> =>
  (await world.objects.get(at, settlementRulesKind, settlementRulesKind))?.thing ?? newRules(0);

type Account = { readonly currency: string; readonly since: number; readonly livemode: boolean };

/** Matches what banks said with what was expected; what is left over is an exception, and rules resolve those that they are about. */
export async function reconcile(world: World, at: Placed, account: Account, now: number): Promise<void> {
  const { currency, since } = account;
  const [entries, expected] = await Promise.all([openEntries(world, at, currency), world.settled.expected(at, currency, since, now)]);
  const known = new Map(expected.map((each) => [each.id, each]));
  const matches = matched(entries.map(entryMovement), expected.map(expectedMovement), bounds);
  for (const match of matches) {
    const wanted = match.expected.flatMap((id) => known.get(id) ?? []);
    const input = { currency, entries: match.entries, expected: wanted as unknown as Fields[], how: match.how, score: match.score, now };
    await world.steps.take(at, { id: `match ${match.entries.join(' ')}`, kind: 'bank_match', subject: settlementOf(currency), input });
  }
  const used = new Set(matches.flatMap((match) => [...match.entries, ...match.expected]));
  const left = { entries: entries.filter(({ thing }) => !used.has(thing.id)), expected: expected.filter(({ id }) => !used.has(id)) };
  await except(world, at, account, left, now);
  await resolveByRule(world, at, currency, now);
}

type Left = { readonly entries: readonly Kept[]; readonly expected: readonly Expected[] };

async function except(world: World, at: Placed, { currency, livemode }: Account, { entries, expected }: Left, now: number): Promise<void> {
  const rules = await rulesOf(world, at);
  const wanted = expected.map(expectedMovement);
  const settled = await matchedReferences(world, at, currency, entries);
  const make = async (cause: string, about: Omit<Parameters<typeof newException>[0], 'currency'>) => {
    const desk = deskOfCause(at, cause, now, livemode);
    const exception = newException({ ...about, currency }, { id: desk.ids('exc'), created: now, livemode });
    await world.objects.commit(at, [await world.objects.insertion(at, exception)]);
  };
  for (const kept of entries) {
    const { type, about } = oddity(entryMovement(kept), wanted, settled);
    const amount = Number(kept.thing.amount);
    const difference = about ? amount - about.amount : amount;
    const more = { amount, difference, entry: kept.thing.id, expected: about?.id ?? null, since: Number(kept.thing.created) };
    await make(`exception ${kept.thing.id}`, { type, ...more });
  }
  const patience = (numberOf(rules.missing_after_days) ?? 0) * daySeconds;
  for (const each of expected) {
    const { id, amount, date, last } = each;
    const isSaid = entries.some((kept) => spelledReference(String(kept.thing.reference)) === spelledReference(referenceOf(each)));
    if (date + patience < now && !isSaid)
      await make(`missing ${id} ${last}`, { type: 'missing', amount, difference: amount, entry: null, expected: id, since: date });
  }
}

/** References that these entries share with such as were matched before. */
async function matchedReferences(world: World, at: Placed, currency: string, entries: readonly Kept[]): Promise<Set<string>> {
  const references = entries.map(({ thing }) => String(thing.reference)).filter((each) => each !== '');
  if (references.length === 0) return new Set();
  const where: Condition[] = [
    [`body->>'state' = 'matched'`],
    [`body->>'currency' = ?`, currency],
    [`body->>'reference' = any(?::text[])`, references],
  ];
  const { items } = await world.objects.list(at, entryKind, { limit: entriesOpenMax, where });
  return new Set(items.map(({ thing }) => spelledReference(String(thing.reference))));
}

const openExceptions = async (world: World, at: Placed, currency: string): Promise<Kept[]> => {
  const where: Condition[] = [[`body->>'status' = 'open'`], [`body->>'currency' = ?`, currency]];
  return (await world.objects.list(at, exceptionKind, { limit: exceptionsOpenMax, where })).items;
};

async function resolveByRule(world: World, at: Placed, currency: string, now: number): Promise<void> {
  const rules = await rulesOf(world, at);
  for (const { thing } of await openExceptions(world, at, currency)) {
    const rule = ruleFor(rules, aged(thing, now));
    if (rule) await resolve(world, at, thing, { way: String(rule.resolution) as 'write_off' | 'match', by: 'rule', note: null, now });
  }
}

type Asked = {
  readonly way: 'write_off' | 'match' | 'dismiss';
  readonly by: string;
  readonly note: string | null;
  readonly now: number;
  /** What it is matched with; what the exception says itself, if not said. */
  readonly expected?: readonly Expected[];
};

/** Resolves an exception, within the turn of its currency; a difference that a match leaves is written off. */
export async function resolve(world: World, at: Placed, exception: Thing, { way, by, note, now, expected }: Asked): Promise<void> {
  const currency = String(exception.currency);
  const named = textOf(exception.expected);
  const all = named === undefined || expected ? [] : await world.settled.expected(at, currency, 0, now);
  const wanted = expected ?? all.filter(({ id }) => id === named);
  const more: Fields = { currency, expected: wanted as unknown as Fields[], by, note, now };
  const subject = settlementOf(currency);
  if (way === 'match' && wanted.length > 0)
    await world.steps.take(at, {
      ...{ id: `match ${String(exception.entry)} by ${by}`, kind: 'bank_match', subject },
      input: { ...more, entries: [String(exception.entry)], how: by, score: 1 },
    });
  else if (way !== 'match')
    await world.steps.take(at, {
      id: `write off ${exception.id}`,
      kind: 'bank_write_off',
      subject,
      input: { ...more, exception: exception.id },
    });
}
