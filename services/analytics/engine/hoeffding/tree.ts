import { treeClassesMax, treeEstimatesMax, treeLeavesMax } from '../limits.ts';
import { answering, type Leaf, leafOf, likeliest, noLeaf, sharesOf, weightOf, withRow } from './leaf.ts';
import { splitOf } from './split.ts';
import { meanOf, slid, type Window } from './window.ts';

/** Where rows part; beside it there may be another tree, which grew since errors became more, and takes its place once it errs less. */
type Branch = {
  readonly feature: number;
  readonly at: number;
  readonly below: Node;
  readonly above: Node;
  /** Whether what the tree below foretold was wrong, row by row. */
  readonly window: Window;
  readonly other: Node | null;
};
export type Node = Leaf | Branch;

/**
 * A Hoeffding tree that goes with its stream: ADWIN at each node, other trees beside branches (Bifet and Gavaldà, Adaptive Learning from
 * Evolving Data Streams, 2009). It is never changed, only followed by another, so that a step can be taken back.
 */
export type Tree = {
  readonly ofBoolean: boolean;
  readonly features: number;
  readonly rows: number;
  /** Rows that were foretold rightly before they were learned. */
  readonly right: number;
  /** Rows of classes for which there was no room. */
  readonly unlearned: number;
  readonly labels: readonly number[];
  /** How often errors of a branch became more, and how often another tree took its place. */
  readonly drifts: number;
  readonly replaced: number;
  readonly root: Node;
};

/** Rows between two looks for a split of a leaf. */
const grace = 200;
/** Errors that both trees have to have been asked for before one is chosen. */
const leastWidth = 300;
/** How likely the worse of both may be chosen. */
const doubt = 0.05;

type Row = { readonly place: number; readonly features: readonly number[] };
/** What happens while a tree learns a row. */
type Growth = { drifts: number; replaced: number; leaves: number; readonly leavesMost: number };

const isLeaf = (node: Node): node is Leaf => 'counts' in node;
const sideOf = ({ feature, at }: Branch, features: readonly number[]) => ((features[feature] as number) <= at ? 'below' : 'above');

function leafFor(root: Node, features: readonly number[]): Leaf {
  let node = root;
  while (!isLeaf(node)) node = node[sideOf(node, features)];
  return node;
}

const isMissed = (node: Node, { place, features }: Row): boolean =>
  likeliest(sharesOf(answering(leafFor(node, features)), features)) !== place;

function leavesOf(node: Node): number {
  if (isLeaf(node)) return 1;
  return leavesOf(node.below) + leavesOf(node.above) + (node.other ? leavesOf(node.other) : 0);
}

function grown(node: Node, row: Row, growth: Growth, missed = isMissed(node, row)): Node {
  const window = slid(node.window, Number(missed));
  const isWorse = hasRisen(node.window, window);
  // A leaf whose errors become more knows what the stream was before, and begins anew.
  if (isLeaf(node)) return split({ ...withRow(isWorse ? noLeaf : node, row.place, row.features), window }, row, growth);
  let { other } = node;
  if (isWorse) growth.drifts += 1;
  if (isWorse && !other) other = noLeaf;
  else if (other) {
    const better = betterBy(window, other.window);
    if (better > 0) {
      growth.replaced += 1;
      return grown(other, row, growth);
    }
    if (better < 0) other = null;
  }
  const side = sideOf(node, row.features);
  const child = grown(node[side], row, growth, missed);
  const next = other && grown(other, row, growth);
  // One whose own errors become more learned what the stream was before, and begins anew.
  const isStale = other && next && hasRisen(other.window, next.window);
  return { ...node, window, other: isStale ? noLeaf : next, [side]: child };
}

const hasRisen = (before: Window, after: Window): boolean => after.drifts > before.drifts && meanOf(after) > meanOf(before);

/** Above 0 if the other tree errs less than the one that is there, below if more, 0 if it may be chance. */
function betterBy(own: Window, other: Window): number {
  if (own.width <= leastWidth || other.width <= leastWidth) return 0;
  const error = meanOf(own);
  const bound = Math.sqrt(2 * error * (1 - error) * Math.log(2 / doubt) * (1 / own.width + 1 / other.width));
  const gain = error - meanOf(other);
  return Math.abs(gain) > bound ? gain : 0;
}

/** The leaf, or the branch that it becomes. */
function split(leaf: Leaf, { features }: Row, growth: Growth): Node {
  const weight = weightOf(leaf);
  if (weight - leaf.soughtAt < grace) return leaf;
  const found = growth.leaves < growth.leavesMost ? splitOf(leaf.counts, leaf.estimates, features.length) : undefined;
  if (!found) return { ...leaf, soughtAt: weight };
  growth.leaves += 1;
  const { feature, at, below, above } = found;
  return { feature, at, below: leafOf(below, noLeaf.window), above: leafOf(above, noLeaf.window), window: leaf.window, other: null };
}

const leavesMost = (features: number, classes: number): number =>
  Math.min(treeLeavesMax, Math.floor(treeEstimatesMax / (features * Math.max(2, classes))));

function learnOne(tree: Tree, label: number, features: readonly number[]): Tree {
  const leaves = leavesOf(tree.root);
  const known = tree.labels.indexOf(label);
  const classes = tree.labels.length + Number(known < 0);
  const rows = tree.rows + 1;
  if (known < 0 && (classes > treeClassesMax || leaves > leavesMost(features.length, classes)))
    return { ...tree, rows, unlearned: tree.unlearned + 1 };
  const labels = known < 0 ? [...tree.labels, label] : tree.labels;
  const row = { place: known < 0 ? classes - 1 : known, features };
  const missed = isMissed(tree.root, row);
  const growth = { drifts: tree.drifts, replaced: tree.replaced, leaves, leavesMost: leavesMost(features.length, classes) };
  const root = grown(tree.root, row, growth, missed);
  return { ...tree, rows, right: tree.right + Number(!missed), labels, root, drifts: growth.drifts, replaced: growth.replaced };
}

/** A tree that has learned one more row (the label first), or as many of the same. */
export function learnTree(before: Tree | null, row: string, times: number, ofBoolean: boolean): Tree {
  const [label = 0, ...features] = JSON.parse(row) as number[];
  const none = { rows: 0, right: 0, unlearned: 0, labels: [], drifts: 0, replaced: 0, root: noLeaf };
  let tree: Tree = before ?? { ofBoolean, features: features.length, ...none };
  for (let left = times; left > 0; left -= 1) tree = learnOne(tree, label, features);
  return tree;
}

/** A tree as text: what `predict_online` reads, with how well it foretold rows before it learned them. */
export function treeLearned({ ofBoolean, features, rows, right, unlearned, labels, drifts, replaced, root }: Tree): string {
  const told = { rows, accuracy: right / rows, drifts, replaced, leaves: leavesOf(root), ...(unlearned > 0 ? { unlearned } : {}) };
  return JSON.stringify({ kind: 'tree', ...told, label: ofBoolean ? 'boolean' : 'integer', features, labels, root: written(root) });
}

/** Of a tree what answers. */
function written(node: Node): unknown {
  if (!isLeaf(node)) return { feature: node.feature, at: node.at, below: written(node.below), above: written(node.above) };
  const { counts, estimates, isNaive } = answering(node);
  return isNaive ? { counts, isNaive, estimates: estimates.map((own) => own?.map((each) => each.slice(0, 3)) ?? null) } : { counts };
}
