import { categoryMax, classesMax, depthMax, featuresMax, nodesMax, treesMax } from './limits.ts';
import { depthOf, type Link, missingRight, type Model, ModelError, type Tree, zeroIsMissing } from './tree.ts';

type Lines = ReadonlyMap<string, string>;

/** A model that LightGBM saved as text (`save_model('model.txt')`): trees and forests, of numbers and categories. */
export function readLightgbm(text: string): Model {
  const [head = '', ...parts] = (text.split(/\nend of trees/)[0] ?? '').split(/\nTree=\d+\n/);
  const said = linesOf(head);
  if (!head.startsWith('tree') || !said.has('max_feature_idx')) throw new ModelError('no model that LightGBM wrote');
  const width = Number(said.get('max_feature_idx')) + 1;
  if (!Number.isInteger(width) || width < 1 || width > featuresMax) throw new ModelError(`${width} features`);
  const classes = Number(said.get('num_tree_per_iteration') ?? 1);
  if (!Number.isInteger(classes) || classes < 1 || classes > classesMax) throw new ModelError(`${classes} classes`);
  if (parts.length > treesMax) throw new ModelError(`${parts.length} trees are more than ${treesMax}`);
  const names = (said.get('feature_names') ?? '').split(' ');
  const weight = said.has('average_output') ? classes / parts.length : 1;
  return {
    ...{ features: names.length === width ? names : Array.from({ length: width }, (_, at) => `Column_${at}`) },
    ...linkOf(said.get('objective') ?? ''),
    ...{ base: new Array<number>(classes).fill(0), isSingle: false },
    trees: parts.map((part) => treeOf(linesOf(part), width, weight)),
    classOf: Int32Array.from(parts, (_, at) => at % classes),
  };
}

const linesOf = (text: string): Lines =>
  new Map(
    text.split('\n').map((line) => {
      const at = line.indexOf('=');
      return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)];
    }),
  );

const links: Readonly<Record<string, Link>> = {
  ...{ regression: 'identity', regression_l1: 'identity', huber: 'identity', fair: 'identity', quantile: 'identity', mape: 'identity' },
  ...{ lambdarank: 'identity', rank_xendcg: 'identity', binary: 'logistic', multiclassova: 'logistic', cross_entropy: 'logistic' },
  ...{ multiclass: 'softmax', poisson: 'exponential', gamma: 'exponential', tweedie: 'exponential', '': 'identity' },
};

function linkOf(objective: string): Pick<Model, 'link' | 'slope'> {
  const [name = '', ...more] = objective.split(' ');
  const link = links[name];
  if (link === undefined || more.includes('sqrt')) throw new ModelError(`the objective ${objective} is not served`);
  const slope = Number(more.find((each) => each.startsWith('sigmoid:'))?.slice(8) ?? 1);
  return { link, slope: link === 'logistic' ? slope : 1 };
}

function treeOf(said: Lines, width: number, weight: number): Tree {
  const numbers = (name: string) => {
    const text = said.get(name)?.trim();
    return text === undefined || text === ''
      ? []
      : text.split(' ').map((each) => (each === 'inf' ? Number.POSITIVE_INFINITY : Number(each)));
  };
  if (said.get('is_linear') === '1') throw new ModelError('leaves that are linear are not served');
  const leaves = Number(said.get('num_leaves'));
  if (!Number.isInteger(leaves) || leaves < 1 || leaves > nodesMax / 2) throw new ModelError(`a tree of ${leaves} leaves`);
  const inner = leaves - 1;
  const features = numbers('split_feature');
  const thresholds = numbers('threshold');
  const decisions = numbers('decision_type');
  const [lefts, rights] = [numbers('left_child'), numbers('right_child')];
  const place = (child = Number.NaN): number => {
    const at = child < 0 ? inner - 1 - child : child;
    if (!Number.isInteger(at) || at < 0 || at >= inner + leaves) throw new ModelError(`a child ${child}`);
    return at;
  };
  const categories = categoriesOf(numbers, decisions, thresholds);
  const empty = new Array<number>(leaves).fill(0);
  const made: Tree = {
    feature: Int32Array.from([...features.slice(0, inner), ...empty], (each, at) => (at < inner ? each : -1)),
    threshold: Float64Array.from([...thresholds.slice(0, inner), ...empty], (each, at) => (at < inner && !categories.has(at) ? each : 0)),
    left: Int32Array.from([...lefts.slice(0, inner), ...empty], (each, at) => (at < inner ? place(each) : 0)),
    right: Int32Array.from([...rights.slice(0, inner), ...empty], (each, at) => (at < inner ? place(each) : 0)),
    missing: Uint8Array.from([...decisions.slice(0, inner), ...empty], (each, at) =>
      at < inner ? missingOf(each, thresholds[at] ?? 0) : 0,
    ),
    value: Float64Array.from([...new Array<number>(inner).fill(0), ...numbers('leaf_value').map((each) => each * weight)]),
    cover: Float64Array.from([...numbers('internal_count').slice(0, inner), ...numbers('leaf_count')]),
    categories,
  };
  const isWhole = made.feature.length === inner + leaves && made.feature.every((each, at) => at >= inner || (each >= 0 && each < width));
  if (!isWhole || made.value.length !== inner + leaves || depthOf(made, depthMax) === undefined)
    throw new ModelError('nodes that are no tree');
  return made;
}

/** Bit 0 is of categories, bit 1 says that what is no number goes left, bits 2 and 3 what that is: nothing, zero, or no number. */
function missingOf(decision: number, threshold: number): number {
  if ((decision & 1) === 1) return missingRight;
  const toRight = (decision & 2) === 0 ? missingRight : 0;
  const kind = (decision >> 2) & 3;
  if (kind === 1) return toRight | zeroIsMissing;
  if (kind === 2) return toRight;
  // Where training saw none, one that comes counts as zero.
  return threshold >= 0 ? 0 : missingRight;
}

function categoriesOf(numbers: (name: string) => number[], decisions: readonly number[], thresholds: readonly number[]) {
  const known = new Map<number, Uint32Array>();
  const [bounds, words] = [numbers('cat_boundaries'), numbers('cat_threshold')];
  decisions.forEach((decision, node) => {
    if ((decision & 1) === 0) return;
    const at = thresholds[node] ?? -1;
    const bits = Uint32Array.from(words.slice(bounds[at] ?? 0, bounds[at + 1] ?? 0));
    if (bits.length > categoryMax / 32) throw new ModelError('too many categories');
    known.set(node, bits);
  });
  return known;
}
