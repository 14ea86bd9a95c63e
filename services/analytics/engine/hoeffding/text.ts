import type { Spread } from './gaussian.ts';
import { type Answering, likeliest, sharesOf } from './leaf.ts';

type Branch = { readonly feature: number; readonly at: number; readonly below: Node; readonly above: Node };
type Node = Answering | Branch;
/** A tree that was a text. */
export type Reading = {
  readonly features: number;
  readonly labels: readonly number[];
  readonly ofBoolean: boolean;
  readonly root: Node;
};

/** What a tree says of features: how likely a boolean is, or the likeliest class. */
export function foretoldBy({ root, labels, ofBoolean }: Reading, features: readonly number[]): number {
  let node = root;
  while ('feature' in node) node = (features[node.feature] as number) <= node.at ? node.below : node.above;
  const shares = sharesOf(node, features);
  return ofBoolean ? (shares[labels.indexOf(1)] ?? 0) : (labels[likeliest(shares)] ?? 0);
}

/** The tree of a text that was parsed; undefined if it is none. */
export function readTree({ features, labels, label, root }: Readonly<Record<string, unknown>>): Reading | undefined {
  if (typeof features !== 'number' || !areNumbers(labels) || labels.length === 0) return undefined;
  const node = nodeIn(root, features, labels.length);
  return node && { features, labels, ofBoolean: label === 'boolean', root: node };
}

const areNumbers = (value: unknown): value is number[] => Array.isArray(value) && value.every((each) => typeof each === 'number');

function nodeIn(value: unknown, features: number, classes: number): Node | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { feature, at, below, above, counts, isNaive = false, estimates = [] } = value as Record<string, unknown>;
  if (counts !== undefined) {
    const isKnown = areNumbers(counts) && counts.length <= classes && counts.some((count) => count > 0) && typeof isNaive === 'boolean';
    return isKnown && areEstimates(estimates, features) ? { counts, isNaive, estimates } : undefined;
  }
  const isSide = typeof feature === 'number' && Number.isInteger(feature) && feature >= 0 && feature < features;
  if (!isSide || typeof at !== 'number') return undefined;
  const [left, right] = [nodeIn(below, features, classes), nodeIn(above, features, classes)];
  return left && right && { feature, at, below: left, above: right };
}

const areEstimates = (value: unknown, features: number): value is (Spread[] | null)[] =>
  Array.isArray(value) &&
  value.every(
    (own) => own === null || (Array.isArray(own) && own.length === features && own.every((each) => areNumbers(each) && each.length === 3)),
  );
