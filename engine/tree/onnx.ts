import { classesMax, depthMax, featuresMax, nodesMax, treesMax } from './limits.ts';
import { Forest } from './forest.ts';
import { type LinearModel, linearPredictions } from './linear.ts';
import { type OnnxGraph, type OnnxNode, readOnnxGraph } from './onnx-file.ts';
import { depthOf, type Link, missingRight, type Model, ModelError, type Tree } from './tree.ts';

/** A model that is asked for rows that stand one after the other: one number for each class of each row. */
export type Predictor = {
  readonly width: number;
  readonly classes: number;
  /** What classes are called, where that are whole numbers; of two whose one number is the share of the second, both. */
  readonly labels: readonly number[] | undefined;
  predict(rows: Float64Array): Float64Array;
};

const links: Readonly<Record<string, Link>> = { NONE: 'identity', LOGISTIC: 'logistic', SOFTMAX: 'softmax' };

function linkOf(node: OnnxNode): Link {
  const said = node.text('post_transform') ?? 'NONE';
  const link = links[said];
  if (!link) throw new ModelError(`the transformation ${said} is not served`);
  return link;
}

/**
 * A model in ONNX, as scikit-learn's, XGBoost's and LightGBM's converters write it: of the operators of ai.onnx.ml one that
 * scales, then trees or sums of features, then shares. Others are refused by name. Throws ModelError.
 */
export function readOnnx(file: Uint8Array): Predictor {
  const graph = readOnnxGraph(file);
  if (graph.width > featuresMax) throw new ModelError(`${graph.width} features`);
  let before: ((rows: Float64Array) => Float64Array) | undefined;
  let [name, made]: [string, Predictor | undefined] = [graph.input, undefined];
  let divides = false;
  for (const node of graph.nodes) {
    const isNext = node.inputs[0] === name;
    if (node.type === 'Scaler' && isNext && !made) before = scaled(node, graph);
    else if (/^(Linear|TreeEnsemble)(Classifier|Regressor)$/.test(node.type) && isNext && !made)
      made = node.type.startsWith('Linear') ? linearOf(node, graph) : treesOf(node, graph);
    else if (node.type === 'Normalizer' && made && node.text('norm') === 'L1') divides = true;
    else if (!(made && ['ZipMap', 'Cast', 'Identity', 'Reshape'].includes(node.type)))
      throw new ModelError(`the operator ${node.type} is not served`);
    if (isNext || !made) name = node.outputs[0] ?? '';
  }
  if (!made) throw new ModelError('a graph without a model');
  const { predict, classes } = made;
  return {
    ...made,
    predict(rows) {
      const told = predict(before ? before(rows) : rows);
      if (divides && classes > 1) divide(told, classes);
      return told;
    },
  };
}

/** Shares of the sum. */
function divide(told: Float64Array, classes: number): void {
  for (let from = 0; from < told.length; from += classes) {
    const own = told.subarray(from, from + classes);
    const sum = own.reduce((all, each) => all + Math.abs(each), 0);
    if (sum !== 0) for (let at = 0; at < classes; at += 1) own[at] = (own[at] as number) / sum;
  }
}

function scaled(node: OnnxNode, { width }: OnnxGraph): (rows: Float64Array) => Float64Array {
  const spread = (name: string, usual: number) => {
    const found = node.numbers(name);
    if (found.length > 1 && found.length !== width) throw new ModelError(`a Scaler of ${found.length} columns`);
    return Float64Array.from({ length: width }, (_, at) => found[found.length > 1 ? at : 0] ?? usual);
  };
  const [offset, scale] = [spread('offset', 0), spread('scale', 1)];
  return (rows) =>
    rows.map((value, at) => {
      const column = at % width;
      return Math.fround(Math.fround(Math.fround(value) - (offset[column] as number)) * (scale[column] as number));
    });
}

const featuresOf = (width: number): string[] => Array.from({ length: width }, (_, at) => `f${at}`);

/** What classes are called. */
function labelsOf(node: OnnxNode): readonly number[] | undefined {
  const whole = [...node.numbers('classlabels_ints'), ...node.numbers('classlabels_int64s')];
  return whole.length > 0 ? whole : undefined;
}

function linearOf(node: OnnxNode, { width }: OnnxGraph): Predictor {
  const weights = Float64Array.from(node.numbers('coefficients'));
  const classes = weights.length / width;
  if (!Number.isInteger(classes) || classes < 1 || classes > classesMax)
    throw new ModelError(`${weights.length} weights of ${width} features`);
  const base = node.numbers('intercepts');
  const model: LinearModel = {
    ...{ features: featuresOf(width), weights, link: linkOf(node) },
    base: Array.from({ length: classes }, (_, at) => base[at] ?? 0),
  };
  return { width, classes, labels: labelsOf(node), predict: (rows) => linearPredictions(model, rows.map(Math.fround)) };
}

/** The nodes of each tree, by what the file calls them. */
function treesOf(node: OnnxNode, { width }: OnnxGraph): Predictor {
  const isClassifier = node.type === 'TreeEnsembleClassifier';
  const [of, weightsOf] = isClassifier ? ['class', 'class_weights'] : ['target', 'target_weights'];
  if ((node.text('aggregate_function') ?? 'SUM') !== 'SUM') throw new ModelError('trees that are not summed are not served');
  const labels = isClassifier ? labelsOf(node) : undefined;
  const ids = node.numbers(`${of}_ids`);
  const outputs = Math.max(...ids, 0) + 1;
  // Of two classes the file may have the weights of one alone, which is then the second.
  const isPair = isClassifier && new Set(ids).size === 1;
  const classes = isPair ? 1 : isClassifier ? Math.max(outputs, labels?.length ?? 0) : outputs;
  if (classes > classesMax) throw new ModelError(`${classes} classes`);
  const shape = shapeOf(node, width);
  const leaves = leavesOf(node, of, weightsOf, isPair);
  const trees: Tree[] = [];
  const classOf: number[] = [];
  for (let output = 0; output < classes; output += 1)
    for (const [tree, each] of shape) {
      const own = leaves.get(`${tree} ${output}`);
      if (!own) continue;
      trees.push({ ...each.tree, value: Float64Array.from(each.names, (name) => own.get(name) ?? 0) });
      classOf.push(output);
    }
  if (trees.length > treesMax) throw new ModelError(`${trees.length} trees are more than ${treesMax}`);
  const base = node.numbers('base_values');
  const model: Model = {
    ...{ features: featuresOf(width), link: linkOf(node), slope: 1, isSingle: true, trees, classOf: Int32Array.from(classOf) },
    base: Array.from({ length: classes }, (_, at) => base[at] ?? 0),
  };
  const forest = new Forest(model);
  return { width, classes, labels, predict: (rows) => forest.predict(rows) };
}

type Shape = { readonly names: readonly number[]; readonly tree: Omit<Tree, 'value'> };

function shapeOf(node: OnnxNode, width: number): Map<number, Shape> {
  const [trees, ids, features] = [node.numbers('nodes_treeids'), node.numbers('nodes_nodeids'), node.numbers('nodes_featureids')];
  const [values, yes, no] = [node.numbers('nodes_values'), node.numbers('nodes_truenodeids'), node.numbers('nodes_falsenodeids')];
  const [modes, tracks] = [node.texts('nodes_modes'), node.numbers('nodes_missing_value_tracks_true')];
  const count = trees.length;
  if (count === 0 || count > nodesMax) throw new ModelError(`trees of ${count} nodes`);
  if ([ids, features, values, yes, no, modes].some((list) => list.length !== count)) throw new ModelError('nodes that are no tree');
  const places = new Map<number, number[]>();
  for (const [at, tree] of trees.entries()) {
    const own = places.get(tree);
    if (own) own.push(at);
    else places.set(tree, [at]);
  }
  const found = new Map<number, Shape>();
  for (const [tree, own] of places) {
    // The root is the node that no other leads to.
    const inner = own.filter((at) => modes[at] !== 'LEAF');
    const reached = new Set(inner.flatMap((at) => [yes[at], no[at]]));
    const roots = own.filter((at) => !reached.has(ids[at]));
    if (roots.length !== 1) throw new ModelError('nodes that are no tree');
    const order = [roots[0] as number, ...own.filter((at) => at !== roots[0])];
    const placeOf = new Map(order.map((at, place) => [ids[at], place]));
    const child = (name: number | undefined) => {
      const place = placeOf.get(name);
      if (place === undefined) throw new ModelError('nodes that are no tree');
      return place;
    };
    const isLeaf = order.map((at) => modes[at] === 'LEAF');
    for (const at of inner)
      if (modes[at] !== 'BRANCH_LEQ' && modes[at] !== 'BRANCH_LT') throw new ModelError(`the comparison ${modes[at]} is not served`);
      else if (!((features[at] ?? -1) >= 0 && (features[at] ?? -1) < width)) throw new ModelError(`the feature ${features[at]}`);
    const made = {
      feature: Int32Array.from(order, (at, place) => (isLeaf[place] ? -1 : (features[at] ?? 0))),
      threshold: Float64Array.from(order, (at) => (modes[at] === 'BRANCH_LT' ? lower(values[at] ?? 0) : (values[at] ?? 0))),
      left: Int32Array.from(order, (at, place) => (isLeaf[place] ? 0 : child(yes[at]))),
      right: Int32Array.from(order, (at, place) => (isLeaf[place] ? 0 : child(no[at]))),
      missing: Uint8Array.from(order, (at) => ((tracks[at] ?? 0) === 1 ? 0 : missingRight)),
      cover: new Float64Array(order.length),
    };
    if (depthOf({ ...made, value: made.cover }, depthMax) === undefined) throw new ModelError('nodes that are no tree');
    found.set(tree, { names: order.map((at) => ids[at] ?? 0), tree: made });
  }
  return found;
}

/** The greatest number of single precision below one. */
function lower(value: number): number {
  const bits = new Int32Array(new Float32Array([value]).buffer);
  if (value === 0) return -1.401_298_464_324_817e-45;
  bits[0] = (bits[0] ?? 0) + (value > 0 ? -1 : 1);
  return new Float32Array(bits.buffer)[0] ?? 0;
}

/** What leaves add, by tree and output, and in those by the leaf. */
function leavesOf(node: OnnxNode, of: string, weightsOf: string, isPair: boolean): Map<string, Map<number, number>> {
  const [trees, ids] = [node.numbers(`${of}_treeids`), node.numbers(`${of}_nodeids`)];
  const [outputs, weights] = [node.numbers(`${of}_ids`), node.numbers(weightsOf)];
  const found = new Map<string, Map<number, number>>();
  for (const [at, tree] of trees.entries()) {
    const key = `${tree} ${isPair ? 0 : outputs[at]}`;
    const own = found.get(key) ?? new Map<number, number>();
    found.set(key, own);
    own.set(ids[at] ?? 0, (own.get(ids[at] ?? 0) ?? 0) + (weights[at] ?? 0));
  }
  return found;
}
