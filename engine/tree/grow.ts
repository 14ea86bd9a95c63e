import { type Binned, missingBin } from './bin.ts';
import { binsMax } from './limits.ts';
import { missingRight, type Tree } from './tree.ts';

/** How trees grow. */
export type Growth = {
  readonly depthMost: number;
  readonly leavesMost: number;
  /** Least sum of second derivatives that a child has. */
  readonly childLeast: number;
  /** What is added to the sum of second derivatives, so that few rows say less. */
  readonly lambda: number;
  /** What a leaf's value is multiplied by. */
  readonly rate: number;
};

/** First and second derivatives of the loss, of each row. */
export type Slopes = { readonly first: Float64Array; readonly second: Float64Array };

type Split = { gain: number; feature: number; bin: number; isMissingRight: boolean };
type Leaf = { node: number; from: number; to: number; depth: number; first: number; second: number; sums: Float64Array; split: Split };
type Nodes = {
  feature: number[];
  threshold: number[];
  left: number[];
  right: number[];
  missing: number[];
  value: number[];
  cover: number[];
};

/** Grows one tree on histograms, the leaf first whose split gains most, and adds what it says of each row to `margins`. */
export function grown(rows: Binned, slopes: Slopes, growth: Growth, margins: Float64Array): Tree {
  const order = Int32Array.from({ length: rows.count }, (_, row) => row);
  const nodes: Nodes = { feature: [], threshold: [], left: [], right: [], missing: [], value: [], cover: [] };
  const add = (): number => {
    for (const list of Object.values(nodes)) list.push(0);
    return nodes.feature.length - 1;
  };
  const leafOf = (from: number, to: number, depth: number, sums: Float64Array, [first, second]: readonly [number, number]): Leaf => {
    const split = depth < growth.depthMost ? bestOf(rows, sums, [first, second], growth) : nothing;
    return { node: add(), from, to, depth, first, second, sums, split };
  };
  const all = totalOf(order, 0, rows.count, slopes);
  const open = [leafOf(0, rows.count, 0, histogram(rows, slopes, order, 0, rows.count), all)];
  while (open.length < growth.leavesMost) {
    const at = open.reduce((best, leaf, place) => (leaf.split.gain > (open[best]?.split.gain ?? 0) ? place : best), 0);
    const leaf = open[at];
    if (!leaf || leaf.split.gain <= 0) break;
    const { feature, bin, isMissingRight } = leaf.split;
    const middle = partition(rows.columns[feature] as Uint8Array, order, leaf, leaf.split);
    const isLeftSmall = middle - leaf.from <= leaf.to - middle;
    const small = isLeftSmall ? histogram(rows, slopes, order, leaf.from, middle) : histogram(rows, slopes, order, middle, leaf.to);
    // What is not in the smaller child is in the other.
    for (let place = 0; place < small.length; place += 1) leaf.sums[place] = (leaf.sums[place] as number) - (small[place] as number);
    const [leftSums, rightSums] = isLeftSmall ? [small, leaf.sums] : [leaf.sums, small];
    const [first, second] = totalOf(order, leaf.from, middle, slopes);
    const left = leafOf(leaf.from, middle, leaf.depth + 1, leftSums, [first, second]);
    const right = leafOf(middle, leaf.to, leaf.depth + 1, rightSums, [leaf.first - first, leaf.second - second]);
    nodes.feature[leaf.node] = feature;
    nodes.threshold[leaf.node] = rows.cuts[feature]?.[bin] ?? 0;
    nodes.missing[leaf.node] = isMissingRight ? missingRight : 0;
    nodes.left[leaf.node] = left.node;
    nodes.right[leaf.node] = right.node;
    nodes.cover[leaf.node] = leaf.second;
    open.splice(at, 1, left, right);
  }
  for (const leaf of open) {
    const value = (-growth.rate * leaf.first) / (leaf.second + growth.lambda);
    nodes.feature[leaf.node] = -1;
    nodes.value[leaf.node] = value;
    nodes.cover[leaf.node] = leaf.second;
    for (let place = leaf.from; place < leaf.to; place += 1) {
      const row = order[place] as number;
      margins[row] = (margins[row] as number) + value;
    }
  }
  return treeOf(nodes);
}

const nothing: Split = { gain: 0, feature: -1, bin: 0, isMissingRight: false };

const treeOf = ({ feature, threshold, left, right, missing, value, cover }: Nodes): Tree => ({
  ...{ feature: Int32Array.from(feature), threshold: Float64Array.from(threshold), left: Int32Array.from(left) },
  ...{ right: Int32Array.from(right), missing: Uint8Array.from(missing), value: Float64Array.from(value), cover: Float64Array.from(cover) },
});

function totalOf(order: Int32Array, from: number, to: number, { first, second }: Slopes): [number, number] {
  let [one, two] = [0, 0];
  for (let place = from; place < to; place += 1) {
    const row = order[place] as number;
    one += first[row] as number;
    two += second[row] as number;
  }
  return [one, two];
}

/** Sums of first and second derivatives in each bin of each feature, of some of the rows. */
function histogram({ columns }: Binned, { first, second }: Slopes, order: Int32Array, from: number, to: number): Float64Array {
  const sums = new Float64Array(columns.length * binsMax * 2);
  const count = to - from;
  const slopes = new Float64Array(count * 2);
  for (let place = 0; place < count; place += 1) {
    const row = order[from + place] as number;
    slopes[place * 2] = first[row] as number;
    slopes[place * 2 + 1] = second[row] as number;
  }
  columns.forEach((column, feature) => {
    const base = feature * binsMax * 2;
    for (let place = 0; place < count; place += 1) {
      const at = base + (column[order[from + place] as number] as number) * 2;
      sums[at] = (sums[at] as number) + (slopes[place * 2] as number);
      sums[at + 1] = (sums[at + 1] as number) + (slopes[place * 2 + 1] as number);
    }
  });
  return sums;
}

/** The split that lowers the loss most; rows without a number are tried on both sides. */
function bestOf({ cuts }: Binned, sums: Float64Array, [first, second]: readonly [number, number], growth: Growth): Split {
  const { lambda, childLeast } = growth;
  const score = (one: number, two: number) => (one * one) / (two + lambda);
  const whole = score(first, second);
  let best = nothing;
  cuts.forEach((own, feature) => {
    const base = feature * binsMax * 2;
    const missing = [sums[base + missingBin * 2] as number, sums[base + missingBin * 2 + 1] as number] as const;
    const ways = missing[1] > 0 ? [false, true] : [false];
    for (const isMissingRight of ways) {
      let [one, two] = isMissingRight ? [0, 0] : missing;
      for (let bin = 0; bin < own.length; bin += 1) {
        one += sums[base + bin * 2] as number;
        two += sums[base + bin * 2 + 1] as number;
        if (two < childLeast || second - two < childLeast) continue;
        const gain = score(one, two) + score(first - one, second - two) - whole;
        if (gain > Math.max(best.gain, gainLeast)) best = { gain, feature, bin, isMissingRight };
      }
    }
  });
  return best;
}

/** Less than this is noise of the sums. */
const gainLeast = 1e-6;

/** Puts the rows that go left before the others, and answers where these begin. */
function partition(column: Uint8Array, order: Int32Array, { from, to }: Leaf, { bin, isMissingRight }: Split): number {
  const others: number[] = [];
  let next = from;
  for (let place = from; place < to; place += 1) {
    const row = order[place] as number;
    const own = column[row] as number;
    if (own === missingBin ? !isMissingRight : own <= bin) {
      order[next] = row;
      next += 1;
    } else others.push(row);
  }
  order.set(others, next);
  return next;
}
