import { goesLeft, type Model, type Tree } from './tree.ts';

/** One feature on the way to a node: how much of the rows that lack it, or have it, come along, and of subsets of each size. */
type Step = { feature: number; zero: number; one: number; weight: number };

/**
 * What each feature contributes to the margin of a row, of one class: the Shapley values of the trees (Lundberg and others,
 * "Consistent Individualized Feature Attribution for Tree Ensembles", algorithm 2). The last number is the expected margin; all
 * of them together are the margin of the row.
 */
export function contributionsOf({ trees, classOf, base, features, isSingle }: Model, row: Float64Array, kind = 0): Float64Array {
  const known = isSingle ? row.map(Math.fround) : row;
  const all = new Float64Array(features.length + 1);
  all[features.length] = base[kind] ?? 0;
  trees.forEach((tree, at) => {
    if (classOf[at] !== kind) return;
    all[features.length] = (all[features.length] ?? 0) + expectedOf(tree);
    descend({ tree, row: known, all }, 0, [], { feature: -1, zero: 1, one: 1, weight: 1 });
  });
  return all;
}

/** The mean of a tree's leaves, by how much went to each. */
function expectedOf({ feature, value, cover }: Tree): number {
  let [sum, weight] = [0, 0];
  feature.forEach((each, node) => {
    if (each >= 0) return;
    sum += (value[node] ?? 0) * (cover[node] ?? 0);
    weight += cover[node] ?? 0;
  });
  return weight === 0 ? 0 : sum / weight;
}

type Descent = { readonly tree: Tree; readonly row: Float64Array; readonly all: Float64Array };

function descend(descent: Descent, node: number, before: readonly Step[], step: Omit<Step, 'weight'> & { weight: number }): void {
  const { tree, row, all } = descent;
  let path = extended(before, step);
  const feature = tree.feature[node] ?? -1;
  if (feature < 0) {
    for (let at = 1; at < path.length; at += 1) {
      const { feature: of, zero, one } = path[at] as Step;
      all[of] = (all[of] ?? 0) + unwoundSum(path, at) * (one - zero) * (tree.value[node] ?? 0);
    }
    return;
  }
  const isLeft = goesLeft(tree, node, row[feature] ?? Number.NaN);
  const [hot = 0, cold = 0] = isLeft ? [tree.left[node], tree.right[node]] : [tree.right[node], tree.left[node]];
  const share = (child: number): number => (tree.cover[node] ? (tree.cover[child] ?? 0) / (tree.cover[node] ?? 1) : 0);
  let [zero, one] = [1, 1];
  const seen = path.findIndex((each, at) => at > 0 && each.feature === feature);
  if (seen > 0) {
    ({ zero, one } = path[seen] as Step);
    path = unwound(path, seen);
  }
  descend(descent, hot, path, { feature, zero: share(hot) * zero, one, weight: 0 });
  descend(descent, cold, path, { feature, zero: share(cold) * zero, one: 0, weight: 0 });
}

function extended(path: readonly Step[], { feature, zero, one }: Step): Step[] {
  const depth = path.length;
  const next = path.map((each) => ({ ...each }));
  next.push({ feature, zero, one, weight: depth === 0 ? 1 : 0 });
  for (let at = depth - 1; at >= 0; at -= 1) {
    const [here, after] = [next[at] as Step, next[at + 1] as Step];
    after.weight += (one * here.weight * (at + 1)) / (depth + 1);
    here.weight = (zero * here.weight * (depth - at)) / (depth + 1);
  }
  return next;
}

/** The path as if a step of it had not been taken. */
function unwound(path: readonly Step[], place: number): Step[] {
  const depth = path.length - 1;
  const next = path.map((each) => ({ ...each }));
  const { zero, one } = next[place] as Step;
  let left = (next[depth] as Step).weight;
  for (let at = depth - 1; at >= 0; at -= 1) {
    const here = next[at] as Step;
    if (one !== 0) {
      const kept = here.weight;
      here.weight = (left * (depth + 1)) / ((at + 1) * one);
      left = kept - (here.weight * zero * (depth - at)) / (depth + 1);
    } else here.weight = (here.weight * (depth + 1)) / (zero * (depth - at));
  }
  for (let at = place; at < depth; at += 1) {
    const after = next[at + 1] as Step;
    Object.assign(next[at] as Step, { feature: after.feature, zero: after.zero, one: after.one });
  }
  next.pop();
  return next;
}

/** The sum of the weights of what `unwound` answers. */
function unwoundSum(path: readonly Step[], place: number): number {
  const depth = path.length - 1;
  const { zero, one } = path[place] as Step;
  let left = (path[depth] as Step).weight;
  let total = 0;
  for (let at = depth - 1; at >= 0; at -= 1) {
    const { weight } = path[at] as Step;
    if (one !== 0) {
      const part = (left * (depth + 1)) / ((at + 1) * one);
      total += part;
      left = weight - part * zero * ((depth - at) / (depth + 1));
    } else if (zero !== 0) total += weight / (zero * ((depth - at) / (depth + 1)));
  }
  return total;
}
