import type { Placed } from '#kernel/contract/provider.ts';
import type { Statement } from '#seams/sql/sql.ts';
import { type Fields, fieldsOf, type Json, numberOf, textOf, type Thing } from '../../domain/json.ts';
import { batchOf, entryKind, type Expected, exceptionKind, isFunding, resolvedException } from '../../domain/settlement.ts';
import { exceptionsOpenMax } from '../limits.ts';
import type { Part } from '../money.ts';
import type { Kept } from '../object.ts';
import type { Mover } from '../step.ts';
import { found, type World } from '../world.ts';
import { sure } from './authorize.ts';

/** Books what a bank says that has moved. */
export const bookkeeper =
  (worlds: () => World): Mover =>
  async (at, { input }) => {
    const world = worlds();
    const entry = fieldsOf(input.entry) as Thing;
    sure(await world.money.bankMoved(at, String(entry.currency), entry.id, Number(entry.amount)));
    return { statements: [await world.objects.insertion(at, entry)] };
  };

/** The accounts that what was expected stands on. */
const partsOf = ({ id, amount, contested }: Expected): Part[] =>
  batchOf(id)
    ? [
        { to: 'clearing', amount: amount - contested },
        { to: 'disputed', amount: contested },
      ]
    : [{ to: isFunding(id) ? 'clearing' : 'paid', amount }];

const asExpected = (value: Json | undefined): Expected[] => (Array.isArray(value) ? value : []) as unknown as Expected[];

/** Says what entries of a bank were: what was expected, and a difference that is written off. */
export const matcher =
  (worlds: () => World): Mover =>
  async (at, { id: step, input }) => {
    const world = worlds();
    const [currency, expected] = [String(input.currency), asExpected(input.expected)];
    const entries = await Promise.all((input.entries as string[]).map((id) => found(world, at, entryKind, id)));
    if (entries.some(({ thing }) => thing.state !== 'open')) return { statements: [] };
    const came = entries.reduce((sum, { thing }) => sum + Number(thing.amount), 0);
    const difference = came - expected.reduce((sum, { amount }) => sum + amount, 0);
    const parts = [...expected.flatMap(partsOf), { to: 'written', amount: difference } as const];
    if (expected.length > 0) sure(await world.money.explained(at, currency, step, 'suspense', parts));
    const [first] = entries;
    const names = expected.map(({ id }) => id);
    const more: Fields = { state: 'matched', how: input.how ?? null, score: input.score ?? null, matched: names, difference };
    return {
      statements: [
        ...(await Promise.all(entries.map((kept) => world.objects.change(at, kept, { ...kept.thing, ...more })))),
        ...expected.map((each) => world.settled.settling(each, currency, String(first?.thing.id))),
        ...(await ended(world, at, entries, names, {
          way: 'match',
          by: input.by ?? 'matching',
          at: input.now ?? 0,
          note: input.note ?? null,
        })),
      ],
    };
  };

/** Exceptions about these entries, or about what was expected, are over. */
async function ended(
  world: World,
  at: Placed,
  entries: readonly Kept[],
  expected: readonly string[],
  resolution: Fields,
): Promise<Statement[]> {
  const about = [...entries.map(({ thing }) => thing.id), ...expected];
  const where = [
    [`body->>'status' = 'open'`],
    [`(body->>'entry' = any(?::text[]) or body->>'expected' = any(?::text[]))`, about, about],
  ] as const;
  const { items } = await world.objects.list(at, exceptionKind, { limit: exceptionsOpenMax, where });
  return Promise.all(items.map((kept) => world.objects.change(at, kept, resolvedException(kept.thing, resolution))));
}

/** Writes off what an exception is about: an entry that nobody knows, or what never came. */
export const writerOff =
  (worlds: () => World): Mover =>
  async (at, { id: step, input }) => {
    const world = worlds();
    const exception = await found(world, at, exceptionKind, String(input.exception));
    if (exception.thing.status !== 'open') return { statements: [] };
    const currency = String(exception.thing.currency);
    const entry = textOf(exception.thing.entry);
    const statements: Statement[] = [];
    if (entry !== undefined) {
      const kept = await found(world, at, entryKind, entry);
      if (kept.thing.state !== 'open') return { statements: [] };
      const amount = numberOf(kept.thing.amount) ?? 0;
      sure(await world.money.explained(at, currency, step, 'suspense', [{ to: 'written', amount }]));
      statements.push(await world.objects.change(at, kept, { ...kept.thing, state: 'written_off' }));
    }
    for (const each of entry === undefined ? asExpected(input.expected) : []) {
      sure(await world.money.explained(at, currency, step, 'written', partsOf(each)));
      statements.push(world.settled.settling(each, currency, exception.thing.id));
    }
    const resolution: Fields = { way: 'write_off', by: input.by ?? 'hand', at: input.now ?? 0, note: input.note ?? null };
    statements.push(await world.objects.change(at, exception, resolvedException(exception.thing, resolution)));
    return { statements };
  };
