/** Something that moved on an account at a bank. What came is more than nothing, what went is less; `date` is in seconds since 1970. */
export type Movement = { readonly id: string; readonly amount: number; readonly date: number; readonly reference: string };

/** How entries of a bank and what was expected belong together, and how sure that is: 1 is certain. */
export type Match = {
  readonly entries: readonly string[];
  readonly expected: readonly string[];
  readonly how: 'exact' | 'fuzzy' | 'many' | 'reversal';
  readonly score: number;
};

export type Bounds = {
  /** Furthest in time that an entry is from what was expected. */
  readonly seconds: number;
  /** Least score of a match by likeness. */
  readonly least: number;
  /** By how much the best must be more alike than the next. */
  readonly margin: number;
  /** Most movements of one side that belong together. */
  readonly many: number;
  /** Most sums that are tried for one entry. */
  readonly tries: number;
};

/** A reference without what people spell differently. */
export const spelledReference = (text: string): string => text.toUpperCase().replaceAll(/[^A-Z0-9]/g, '');
const gram = 3;

function gramsOf(text: string): Set<string> {
  const padded = `  ${spelledReference(text)} `;
  const grams = new Set<string>();
  for (let at = 0; at + gram <= padded.length; at += 1) grams.add(padded.slice(at, at + gram));
  return grams;
}

/** How alike two references are by their groups of three letters: from 0 to 1. */
export function likeness(one: string, other: string): number {
  const [a, b] = [gramsOf(one), gramsOf(other)];
  const shared = [...a].filter((each) => b.has(each)).length;
  return (2 * shared) / (a.size + b.size);
}

/** A reference half, a date half: what is of the same amount is the more likely the same, the closer both are. */
function scoreOf(entry: Movement, expected: Movement, seconds: number): number {
  const apart = Math.abs(entry.date - expected.date);
  return apart > seconds ? 0 : (1 - apart / (seconds + 1)) / 2 + likeness(entry.reference, expected.reference) / 2;
}

export const isNamed = (entry: Movement, expected: Movement): boolean =>
  spelledReference(entry.reference) === spelledReference(expected.reference);

/** What belongs together of what a bank says and what was expected: exactly first, then by likeness, then as sums. Each is used once. */
export function matched(entries: readonly Movement[], expected: readonly Movement[], bounds: Bounds): Match[] {
  const open = { entries: new Map(entries.map((each) => [each.id, each])), expected: new Map(expected.map((each) => [each.id, each])) };
  const found: Match[] = [];
  const take = (match: Match | undefined): boolean => {
    if (!match) return false;
    for (const id of match.entries) open.entries.delete(id);
    for (const id of match.expected) open.expected.delete(id);
    found.push(match);
    return true;
  };
  const left = () => ({ entries: [...open.entries.values()], expected: [...open.expected.values()] });
  for (const entry of entries) take(exactly(entry, left().expected));
  for (const entry of entries) if (open.entries.has(entry.id)) take(reversed(entry, left().entries));
  while (take(alike(left(), bounds)));
  for (const entry of entries) if (open.entries.has(entry.id)) take(summed(entry, left(), bounds));
  return found;
}

type Open = { readonly entries: readonly Movement[]; readonly expected: readonly Movement[] };

function exactly(entry: Movement, expected: readonly Movement[]): Match | undefined {
  const same = expected.find((each) => each.amount === entry.amount && isNamed(entry, each));
  return same && { entries: [entry.id], expected: [same.id], how: 'exact', score: 1 };
}

/** What a bank books and takes back again was nothing. */
function reversed(entry: Movement, entries: readonly Movement[]): Match | undefined {
  const back = entries.find((each) => each.amount === -entry.amount && isNamed(entry, each));
  return back && { entries: [entry.id, back.id], expected: [], how: 'reversal', score: 1 };
}

/** The pair of one amount that is most alike, if none that either of both could be in is nearly as much. */
function alike({ entries, expected }: Open, { seconds, least, margin }: Bounds): Match | undefined {
  const pairs = entries.flatMap((entry) =>
    expected
      .filter((each) => each.amount === entry.amount)
      .map((each) => ({ entry: entry.id, expected: each.id, score: scoreOf(entry, each, seconds) })),
  );
  const likely = pairs.filter(({ score }) => score >= least).toSorted((a, b) => b.score - a.score);
  const clear = likely.find((pair) =>
    pairs.every(
      (other) => other === pair || (other.entry !== pair.entry && other.expected !== pair.expected) || other.score <= pair.score - margin,
    ),
  );
  return clear && { entries: [clear.entry], expected: [clear.expected], how: 'fuzzy', score: clear.score };
}

/** An entry, alone or with a few others, is the sum of several that were expected; only if it is of no others too. */
function summed(entry: Movement, { entries, expected }: Open, bounds: Bounds): Match | undefined {
  const near = (each: Movement) => Math.abs(each.date - entry.date) <= bounds.seconds;
  const others = entries.filter((each) => each.id !== entry.id && near(each));
  const wanted = expected.filter(near);
  const budget = { tries: bounds.tries };
  for (let size = 0; size < bounds.many; size += 1)
    for (const beside of groupsOf(others, size)) {
      const sum = beside.reduce((all, { amount }) => all + amount, entry.amount);
      const ways = sumsOf(wanted, sum, bounds.many, budget).filter((way) => way.length + size > 1);
      if (budget.tries <= 0) return undefined;
      const [only, ...more] = ways;
      if (only && more.length === 0)
        return { entries: [entry, ...beside].map(({ id }) => id), expected: only.map(({ id }) => id), how: 'many', score: 1 };
      if (more.length > 0) return undefined;
    }
  return undefined;
}

/** Groups of so many of a list, each once. */
function* groupsOf(all: readonly Movement[], size: number, from = 0): Generator<readonly Movement[]> {
  if (size === 0) return yield [];
  for (let at = from; at <= all.length - size; at += 1)
    for (const rest of groupsOf(all, size - 1, at + 1)) yield [all[at] as Movement, ...rest];
}

/** The first two groups whose amounts have a sum. */
function sumsOf(all: readonly Movement[], sum: number, most: number, budget: { tries: number }): Movement[][] {
  const found: Movement[][] = [];
  const walk = (from: number, left: number, taken: readonly Movement[]): void => {
    if (left === 0 && taken.length > 0) found.push([...taken]);
    if (taken.length >= most) return;
    for (let at = from; at < all.length && found.length < 2; at += 1) {
      budget.tries -= 1;
      if (budget.tries <= 0) return;
      const each = all[at] as Movement;
      walk(at + 1, left - each.amount, [...taken, each]);
    }
  };
  walk(0, sum, []);
  return found;
}

/** Why an entry is left over. */
export type Odd = 'duplicate' | 'amount_differs' | 'ambiguous' | 'unexpected_credit' | 'unexpected_debit';

/** What is wrong with an entry that belongs to nothing; `settled` are references of what was matched before. */
export function oddity(entry: Movement, expected: readonly Movement[], settled: ReadonlySet<string>): { type: Odd; about?: Movement } {
  const named = expected.find((each) => isNamed(entry, each));
  if (named) return { type: 'amount_differs', about: named };
  if (settled.has(spelledReference(entry.reference))) return { type: 'duplicate' };
  if (expected.filter(({ amount }) => amount === entry.amount).length > 1) return { type: 'ambiguous' };
  return { type: entry.amount > 0 ? 'unexpected_credit' : 'unexpected_debit' };
}
