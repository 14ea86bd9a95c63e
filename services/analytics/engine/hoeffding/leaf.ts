import { hasSpread, logDensity, observed, type Spread } from './gaussian.ts';
import type { Estimates } from './split.ts';
import { noWindow, type Window } from './window.ts';

/** What rows that end here say of classes, which are told by their places. */
export type Leaf = {
  readonly counts: readonly number[];
  /** Of rows that were learned here. */
  readonly estimates: Estimates;
  /** How many rows the most frequent class foretold, and how many naive Bayes: what foretells better is asked. */
  readonly majorityRight: number;
  readonly naiveRight: number;
  /** How many rows there were when a split was sought last. */
  readonly soughtAt: number;
  /** Whether what was foretold was wrong, row by row. */
  readonly window: Window;
};

export const weightOf = ({ counts }: Pick<Leaf, 'counts'>): number => counts.reduce((total, count) => total + count, 0);

export const leafOf = (counts: readonly number[], window: Window): Leaf => ({
  ...{ counts, estimates: [], majorityRight: 0, naiveRight: 0, soughtAt: weightOf({ counts }), window },
});
export const noLeaf = leafOf([], noWindow);

/** What foretelling reads of a leaf. */
export type Answering = {
  readonly counts: readonly number[];
  readonly estimates: readonly (readonly Spread[] | null)[];
  readonly isNaive: boolean;
};
export const answering = ({ counts, estimates, majorityRight, naiveRight }: Leaf): Answering => ({
  ...{ counts, estimates, isNaive: naiveRight >= majorityRight },
});

/** How likely each class is. */
export function sharesOf({ counts, estimates, isNaive }: Answering, features: readonly number[]): readonly number[] {
  const total = weightOf({ counts });
  return (isNaive && naive(counts, estimates, features)) || counts.map((count) => count / total);
}

/** Naive Bayes: features that have no spread within some class, as of now, say nothing. */
function naive(counts: Leaf['counts'], estimates: Answering['estimates'], features: readonly number[]): readonly number[] | undefined {
  const known = estimates.filter((own) => own !== null);
  if (known.length === 0) return undefined;
  const telling = features.map((_, feature) => known.every((own) => hasSpread(own[feature] as Spread)));
  const scores = counts.map((count, at) => {
    const own = estimates[at];
    if (!own || count === 0) return Number.NEGATIVE_INFINITY;
    let score = Math.log(count);
    for (const [feature, value] of features.entries()) if (telling[feature]) score += logDensity(own[feature] as Spread, value);
    return score;
  });
  const highest = Math.max(...scores);
  if (!Number.isFinite(highest)) return undefined;
  const shares = scores.map((score) => Math.exp(score - highest));
  const total = shares.reduce((sum, share) => sum + share, 0);
  return shares.map((share) => share / total);
}

/** The place of the likeliest class; -1 where there is none. */
export function likeliest(shares: readonly number[]): number {
  let best = -1;
  for (const [at, share] of shares.entries()) if (share > (shares[best] ?? 0)) best = at;
  return best;
}

/** The leaf that has learned one more row of a class. */
export function withRow(leaf: Leaf, place: number, features: readonly number[]): Leaf {
  const { counts, estimates } = leaf;
  const length = Math.max(counts.length, place + 1);
  const own = estimates[place];
  const isRight = (isNaive: boolean) => Number(likeliest(sharesOf({ counts, estimates, isNaive }, features)) === place);
  return {
    ...leaf,
    counts: Array.from({ length }, (_, at) => (counts[at] ?? 0) + Number(at === place)),
    estimates: Array.from({ length }, (_, at) =>
      at === place ? features.map((value, feature) => observed(own?.[feature], value)) : (estimates[at] ?? null),
    ),
    majorityRight: leaf.majorityRight + isRight(false),
    naiveRight: leaf.naiveRight + isRight(true),
  };
}
