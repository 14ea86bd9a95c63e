/**
 * A tree of decisions. Its root is node 0, and a leaf has the feature -1. A row goes left where its feature is at most the
 * threshold, or where the node has categories and the feature is one of them.
 */
export type Tree = {
  readonly feature: Int32Array;
  readonly threshold: Float64Array;
  readonly left: Int32Array;
  readonly right: Int32Array;
  /** What goes where a row has no number, of each node: see `missingRight` and `zeroIsMissing`. */
  readonly missing: Uint8Array;
  /** What a leaf adds to the margin. */
  readonly value: Float64Array;
  /** How much of the training went through each node: rows, or the sum of their second derivatives. */
  readonly cover: Float64Array;
  /** Of nodes that ask for a category: the bits of those that go left. */
  readonly categories?: ReadonlyMap<number, Uint32Array>;
};

/** A row that has no number at a node goes right, and left otherwise. */
export const missingRight = 1;
/** At this node a zero is no number. */
export const zeroIsMissing = 2;

/** How margins become predictions: `logistic` takes each margin alone, `softmax` those of a row together. */
export type Link = 'identity' | 'logistic' | 'softmax' | 'exponential';

/** A sum of trees; of several classes, each tree adds to the margin of one. */
export type Model = {
  readonly features: readonly string[];
  /** Margins before any tree, one for each class: one alone for a number or for yes and no. */
  readonly base: readonly number[];
  readonly link: Link;
  /** What a margin is multiplied by before `logistic` is asked. */
  readonly slope: number;
  /** Whether rows are rounded to single precision before they are compared, as XGBoost does. */
  readonly isSingle: boolean;
  readonly trees: readonly Tree[];
  /** The class that each tree is of. */
  readonly classOf: Int32Array;
};

/** A text that is no model, or one that cannot be served here. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
}

/** Whether a number is one of the categories of a node. */
function isAmong(bits: Uint32Array, value: number): boolean {
  const category = Math.trunc(value);
  return category >= 0 && category < bits.length * 32 && (((bits[category >> 5] ?? 0) >>> (category & 31)) & 1) === 1;
}

/** Whether a row goes left at a node, by the number of its feature. */
export function goesLeft(tree: Tree, node: number, value: number): boolean {
  const missing = tree.missing[node] ?? 0;
  if (Number.isNaN(value)) return (missing & missingRight) === 0;
  const bits = tree.categories?.get(node);
  if (bits) return isAmong(bits, value);
  if ((missing & zeroIsMissing) !== 0 && Math.abs(value) <= zeroMost) return (missing & missingRight) === 0;
  return value <= (tree.threshold[node] ?? 0);
}

/** Up to this, LightGBM takes a number for zero. */
const zeroMost = 1.000_000_018_002_509_6e-35;

/** How many steps a row takes from the root to the deepest leaf; undefined where it is deeper, or where nodes lead in a circle. */
export function depthOf({ feature, left, right }: Tree, most = Number.POSITIVE_INFINITY): number | undefined {
  let level = [0];
  const seen = new Uint8Array(feature.length);
  for (let depth = 0; depth <= most; depth += 1) {
    const next: number[] = [];
    for (const node of level) {
      if (seen[node] === 1) return undefined;
      seen[node] = 1;
      if ((feature[node] ?? -1) >= 0) next.push(left[node] ?? 0, right[node] ?? 0);
    }
    if (next.length === 0) return depth;
    level = next;
  }
  return undefined;
}

/** The greatest double below a number. */
export function below(value: number): number {
  if (value === 0) return -Number.MIN_VALUE;
  if (!Number.isFinite(value)) return value === Number.POSITIVE_INFINITY ? Number.MAX_VALUE : value;
  const bits = new BigInt64Array(new Float64Array([value]).buffer);
  bits[0] = (bits[0] ?? 0n) + (value > 0 ? -1n : 1n);
  return new Float64Array(bits.buffer)[0] ?? Number.NaN;
}
