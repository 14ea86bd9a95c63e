import { categoryMax, classesMax, depthMax, featuresMax, nodesMax, treesMax } from './limits.ts';
import { below, depthOf, type Link, missingRight, type Model, ModelError, type Tree } from './tree.ts';

type Found = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown): Found => (typeof value === 'object' && value !== null ? (value as Found) : {});
const numbersOf = (value: unknown): number[] => (Array.isArray(value) ? value.map(Number) : []);

const links: Readonly<Record<string, Link>> = {
  ...{ 'reg:squarederror': 'identity', 'reg:absoluteerror': 'identity', 'reg:pseudohubererror': 'identity', 'binary:logitraw': 'identity' },
  ...{ 'rank:ndcg': 'identity', 'rank:map': 'identity', 'rank:pairwise': 'identity', 'binary:hinge': 'identity' },
  ...{ 'binary:logistic': 'logistic', 'reg:logistic': 'logistic', 'multi:softprob': 'softmax', 'multi:softmax': 'softmax' },
  ...{ 'count:poisson': 'exponential', 'reg:gamma': 'exponential', 'reg:tweedie': 'exponential' },
};

/** A model that XGBoost saved as JSON (`save_model('model.json')`, from 1.0 on): trees and DART, of numbers and categories. */
export function readXgboost(text: string): Model {
  const learner = fieldsOf(fieldsOf(parsed(text)).learner);
  const booster = fieldsOf(learner.gradient_booster);
  if (booster.name !== 'gbtree' && booster.name !== 'dart') throw new ModelError(`no trees: the booster is ${String(booster.name)}`);
  const own = fieldsOf(learner.learner_model_param);
  if (Number(own.num_target ?? 1) > 1) throw new ModelError('several targets are not served');
  const objective = String(fieldsOf(learner.objective).name);
  const link = links[objective];
  if (link === undefined || objective === 'binary:hinge') throw new ModelError(`the objective ${objective} is not served`);
  const width = Number(own.num_feature);
  const names = Array.isArray(learner.feature_names) ? learner.feature_names.map(String) : [];
  if (!Number.isInteger(width) || width < 1 || width > featuresMax) throw new ModelError(`${String(own.num_feature)} features`);
  const classes = Math.max(Number(own.num_class ?? 0), 1);
  if (!Number.isInteger(classes) || classes > classesMax) throw new ModelError(`${String(own.num_class)} classes`);
  const model = fieldsOf(fieldsOf(booster.gbtree ?? booster).model);
  const trees = Array.isArray(model.trees) ? model.trees : [];
  if (trees.length > treesMax) throw new ModelError(`${trees.length} trees are more than ${treesMax}`);
  const weights = numbersOf(booster.weight_drop);
  return {
    ...{ features: names.length === width ? names : Array.from({ length: width }, (_, at) => `f${at}`), link, slope: 1 },
    base: baseOf(own.base_score, link, classes),
    isSingle: true,
    trees: trees.map((tree, at) => treeOf(fieldsOf(tree), width, booster.name === 'dart' ? (weights[at] ?? 1) : 1)),
    classOf: Int32Array.from(trees, (_, at) => inRange(numbersOf(model.tree_info)[at] ?? 0, classes)),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ModelError('not JSON', { cause: error });
  }
}

/** What is predicted before any tree is written as a prediction: `5E-1`, and since 3.1 as `[5E-1]`, one for each class. */
function baseOf(text: unknown, link: Link, classes: number): number[] {
  const values = numbersOf(JSON.parse(`[${String(text ?? '0.5').replaceAll(/[[\]]/g, '')}]`));
  return Array.from({ length: classes }, (_, at) => {
    const value = values[at] ?? values[0] ?? 0.5;
    if (link === 'logistic') return -Math.log(1 / value - 1);
    return link === 'exponential' ? Math.log(value) : value;
  });
}

function inRange(place: number, count: number): number {
  if (!Number.isInteger(place) || place < 0 || place >= count) throw new ModelError(`${place} is not below ${count}`);
  return place;
}

function treeOf(tree: Found, width: number, weight: number): Tree {
  const left = numbersOf(tree.left_children);
  const right = numbersOf(tree.right_children);
  const indices = numbersOf(tree.split_indices);
  const conditions = numbersOf(tree.split_conditions).map(Math.fround);
  const defaults = numbersOf(tree.default_left);
  const count = left.length;
  if (count === 0 || count > nodesMax) throw new ModelError(`a tree of ${count} nodes`);
  if (Number(fieldsOf(tree.tree_param).size_leaf_vector ?? 1) > 1) throw new ModelError('leaves of several numbers are not served');
  const isLeaf = left.map((each) => each < 0);
  const categories = categoriesOf(tree, count);
  const made: Tree = {
    feature: Int32Array.from(isLeaf, (leaf, at) => (leaf ? -1 : inRange(indices[at] ?? -1, width))),
    // `x < t`, and never `x <= t`.
    threshold: Float64Array.from(isLeaf, (leaf, at) => (leaf ? 0 : below(conditions[at] ?? 0))),
    // What is listed goes right.
    left: Int32Array.from(left, (each, at) => (isLeaf[at] ? 0 : inRange((categories.has(at) ? right[at] : each) ?? -1, count))),
    right: Int32Array.from(right, (each, at) => (isLeaf[at] ? 0 : inRange((categories.has(at) ? left[at] : each) ?? -1, count))),
    missing: Uint8Array.from(defaults, (each, at) => ((each !== 0) === categories.has(at) ? missingRight : 0)),
    value: Float64Array.from(isLeaf, (leaf, at) => (leaf ? (conditions[at] ?? 0) * weight : 0)),
    cover: Float64Array.from(numbersOf(tree.sum_hessian)),
    categories,
  };
  if (depthOf(made, depthMax) === undefined) throw new ModelError('nodes that are no tree');
  return made;
}

function categoriesOf(tree: Found, count: number): Map<number, Uint32Array> {
  const all = numbersOf(tree.categories);
  const starts = numbersOf(tree.categories_segments);
  const sizes = numbersOf(tree.categories_sizes);
  const known = new Map<number, Uint32Array>();
  numbersOf(tree.categories_nodes).forEach((node, at) => {
    const start = starts[at] ?? 0;
    const listed = all.slice(start, start + (sizes[at] ?? 0));
    const most = listed.reduce((one, other) => Math.max(one, inRange(other, categoryMax)), 0);
    const bits = new Uint32Array((most >> 5) + 1);
    for (const each of listed) bits[each >> 5] = (bits[each >> 5] ?? 0) | (1 << (each & 31));
    known.set(inRange(node, count), bits);
  });
  return known;
}
