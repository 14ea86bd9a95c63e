import { goesLeft, type Model, type Tree } from './tree.ts';

/**
 * Features on the ways to nodes: of each, how much of the rows that lack it, or have it, come along, and the weight of subsets of
 * each size. The way to a node stands behind that to its parent, so that the parent's is there when its other child is gone to.
 */
type Ways = {
  readonly feature: Int32Array;
  readonly zero: Float64Array;
  readonly one: Float64Array;
  readonly weight: Float64Array;
};

/**
 * What each feature contributes to the margin of a row, of one class: the Shapley values of the trees (Lundberg and others,
 * "Consistent Individualized Feature Attribution for Tree Ensembles", algorithm 2). The last number is the expected margin; all
 * of them together are the margin of the row.
 */
export function contributionsOf({ trees, classOf, base, features, isSingle }: Model, row: Float64Array, kind = 0): Float64Array {
  const known = isSingle ? row.map(Math.fround) : row;
  const all = new Float64Array(features.length + 1);
  all[features.length] = base[kind] ?? 0;
  const descent = { row: known, all, ways: waysOf(placesFirst) };
  trees.forEach((tree, at) => {
    if (classOf[at] !== kind) return;
    all[features.length] = (all[features.length] ?? 0) + expectedOf(tree);
    descend({ ...descent, tree }, 0, 0, 0, -1, 1, 1);
  });
  return all;
}

/** Enough for trees of depth 10; deeper ones get more when they are gone down. */
const placesFirst = 66;

const waysOf = (places: number): Ways => ({
  ...{ feature: new Int32Array(places), zero: new Float64Array(places), one: new Float64Array(places), weight: new Float64Array(places) },
});

function grown(ways: Ways, places: number): Ways {
  const more = waysOf(Math.max(places, 2 * ways.feature.length));
  more.feature.set(ways.feature);
  more.zero.set(ways.zero);
  more.one.set(ways.one);
  more.weight.set(ways.weight);
  return more;
}

/** The mean of a tree's leaves, by how much went to each. */
function expectedOf({ feature, value, cover }: Tree): number {
  let [sum, weight] = [0, 0];
  for (let node = 0; node < feature.length; node += 1) {
    if ((feature[node] as number) >= 0) continue;
    sum += (value[node] as number) * (cover[node] as number);
    weight += cover[node] as number;
  }
  return weight === 0 ? 0 : sum / weight;
}

type Descent = { readonly tree: Tree; readonly row: Float64Array; readonly all: Float64Array; ways: Ways };

/** Goes to a node. The way to its parent begins at `before` and has `length` steps; the step to it is of `by`. */
function descend(descent: Descent, node: number, before: number, length: number, by: number, zero: number, one: number): void {
  const { tree, row, all } = descent;
  const from = before + length;
  if (from + length + 1 > descent.ways.feature.length) descent.ways = grown(descent.ways, from + length + 1);
  const { ways } = descent;
  extend(ways, before, length, by, zero, one);
  const feature = tree.feature[node] as number;
  if (feature < 0) return tell(ways, from, length, tree.value[node] as number, all);
  const isLeft = goesLeft(tree, node, row[feature] as number);
  const left = tree.left[node] as number;
  const right = tree.right[node] as number;
  const hot = isLeft ? left : right;
  const cold = isLeft ? right : left;
  let steps = length + 1;
  let ownZero = 1;
  let ownOne = 1;
  const seen = seenAt(ways, from, steps, feature);
  if (seen > 0) {
    ownZero = ways.zero[from + seen] as number;
    ownOne = ways.one[from + seen] as number;
    unwind(ways, from, length, seen);
    steps -= 1;
  }
  const cover = tree.cover[node] as number;
  const share = cover ? ownZero / cover : 0;
  descend(descent, hot, from, steps, feature, share * (tree.cover[hot] as number), ownOne);
  descend(descent, cold, from, steps, feature, share * (tree.cover[cold] as number), 0);
}

/** Which step of a way is of a feature; 0 where none is, as the first is of none. */
function seenAt({ feature }: Ways, from: number, steps: number, wanted: number): number {
  for (let at = 1; at < steps; at += 1) if (feature[from + at] === wanted) return at;
  return 0;
}

/** Writes the way to a node behind the way to its parent, and a step more. */
function extend({ feature, zero, one, weight }: Ways, before: number, depth: number, by: number, lacking: number, having: number): void {
  const from = before + depth;
  const lackingShare = lacking / (depth + 1);
  const havingShare = having / (depth + 1);
  let carried = 0;
  for (let at = 0; at < depth; at += 1) {
    feature[from + at] = feature[before + at] as number;
    zero[from + at] = zero[before + at] as number;
    one[from + at] = one[before + at] as number;
    const here = weight[before + at] as number;
    weight[from + at] = carried + lackingShare * here * (depth - at);
    carried = havingShare * here * (at + 1);
  }
  feature[from + depth] = by;
  zero[from + depth] = lacking;
  one[from + depth] = having;
  weight[from + depth] = depth === 0 ? 1 : carried;
}

/** Makes of a way what it were if the step at a place had not been taken. */
function unwind({ feature, zero, one, weight }: Ways, from: number, depth: number, place: number): void {
  const lacking = zero[from + place] as number;
  const having = one[from + place] as number;
  let left = weight[from + depth] as number;
  for (let at = depth - 1; at >= 0; at -= 1) {
    const kept = weight[from + at] as number;
    if (having !== 0) {
      const next = (left * (depth + 1)) / ((at + 1) * having);
      weight[from + at] = next;
      left = kept - (next * lacking * (depth - at)) / (depth + 1);
    } else weight[from + at] = (kept * (depth + 1)) / (lacking * (depth - at));
  }
  for (let at = from + place; at < from + depth; at += 1) {
    feature[at] = feature[at + 1] as number;
    zero[at] = zero[at + 1] as number;
    one[at] = one[at + 1] as number;
  }
}

/**
 * What the way to a leaf tells of each of its features: the weights that would be left without its step, times what the step changes.
 * A step is taken by the row (its `one` is 1) or not (0); of those that are not, `lacking` cancels out, and all are told the same.
 */
function tell({ feature, zero, one, weight }: Ways, from: number, depth: number, value: number, all: Float64Array): void {
  let without = 0;
  for (let at = 0; at < depth; at += 1) without += (weight[from + at] as number) / (depth - at);
  const scale = value * (depth + 1);
  for (let place = from + 1; place <= from + depth; place += 1) {
    const of = feature[place] as number;
    const lacking = zero[place] as number;
    if (one[place] === 0) {
      if (lacking !== 0) all[of] = (all[of] as number) - without * scale;
      continue;
    }
    let left = weight[from + depth] as number;
    let sum = 0;
    for (let at = depth - 1; at >= 0; at -= 1) {
      const part = left / (at + 1);
      sum += part;
      left = (weight[from + at] as number) - part * lacking * (depth - at);
    }
    all[of] = (all[of] as number) + sum * (1 - lacking) * scale;
  }
}
