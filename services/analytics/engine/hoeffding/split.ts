import { countBelow, type Gaussian } from './gaussian.ts';

/** Where rows of a leaf part: those whose feature is not above a value, and those above; how many of each class there are. */
export type Split = {
  readonly feature: number;
  readonly at: number;
  /** What is known better of the class behind the split: the information gain in bits. */
  readonly gain: number;
  readonly below: readonly number[];
  readonly above: readonly number[];
};

/** Of each class its features; null for one that has no rows. */
export type Estimates = readonly (readonly Gaussian[] | null)[];

/** Values of a feature that are tried. */
const places = 10;
/** How likely the second best split may be the better one. */
const delta = 1e-7;
/** Where both are as good as each other: a bound below which the first is taken. */
const tie = 0.05;
/** Least share of the rows on a side. */
const leastShare = 0.01;
/** Share of one class in a leaf that is let be. */
const pureShare = 0.99;

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

function entropy(counts: readonly number[]): number {
  const total = sum(counts);
  let bits = 0;
  for (const count of counts) if (count > 0) bits -= (count / total) * Math.log2(count / total);
  return bits;
}

/**
 * The split of a leaf by its best feature, if it is better than the second best, or than none, by more than chance (the Hoeffding bound;
 * Domingos and Hulten, Mining High-Speed Data Streams, 2000).
 * @param counts rows of each class
 */
export function splitOf(counts: readonly number[], estimates: Estimates, features: number): Split | undefined {
  const rows = sum(counts);
  if (Math.max(...counts) > pureShare * rows) return undefined;
  const before = entropy(counts);
  let best: Split | undefined;
  let second = 0;
  for (let feature = 0; feature < features; feature += 1) {
    const split = bestOf(before, estimates, feature);
    if (!split) continue;
    if (split.gain > (best?.gain ?? 0)) {
      second = best?.gain ?? 0;
      best = split;
    } else second = Math.max(second, split.gain);
  }
  const classes = counts.filter((count) => count > 0).length;
  const range = Math.log2(Math.max(2, classes));
  const bound = Math.sqrt((range * range * Math.log(1 / delta)) / (2 * rows));
  return best && (best.gain - second > bound || bound < tie) ? best : undefined;
}

function bestOf(before: number, estimates: Estimates, feature: number): Split | undefined {
  const known = estimates.map((own) => own?.[feature]);
  let least = Number.POSITIVE_INFINITY;
  let greatest = Number.NEGATIVE_INFINITY;
  for (const gaussian of known) {
    if (!gaussian) continue;
    least = Math.min(least, gaussian[3]);
    greatest = Math.max(greatest, gaussian[4]);
  }
  let best: Split | undefined;
  for (let place = 1; place <= places && least < greatest; place += 1) {
    const at = least + ((greatest - least) / (places + 1)) * place;
    const below = known.map((gaussian) => (gaussian ? countBelow(gaussian, at) : 0));
    const above = known.map((gaussian, of) => (gaussian ? gaussian[0] - (below[of] as number) : 0));
    const [left, right] = [sum(below), sum(above)];
    if (Math.min(left, right) <= leastShare * (left + right)) continue;
    const gain = before - (left * entropy(below) + right * entropy(above)) / (left + right);
    if (gain > (best?.gain ?? 0)) best = { feature, at, gain, below, above };
  }
  return best;
}
