import { depthMax, nodesMax, treesMax } from './limits.ts';
import { depthOf, type Link, type Model, ModelError, type Tree } from './tree.ts';

type WrittenTree = Readonly<Record<'feature' | 'threshold' | 'left' | 'right' | 'missing' | 'value' | 'cover', readonly number[]>>;
type Written = { readonly features: readonly string[]; readonly base: number; readonly link: Link; readonly trees: readonly WrittenTree[] };

/** A model that was trained here as JSON. */
export function writeModel({ features, base: [base = 0], link, trees }: Model): string {
  const lists = ({ feature, threshold, left, right, missing, value, cover }: Tree): WrittenTree => ({
    ...{ feature: [...feature], threshold: [...threshold], left: [...left], right: [...right] },
    ...{ missing: [...missing], value: [...value], cover: [...cover] },
  });
  return JSON.stringify({ features, base, link, trees: trees.map(lists) } satisfies Written);
}

/** A model as `writeModel` wrote it. */
export function readModel(text: string): Model {
  const { features, base, link, trees } = JSON.parse(text) as Written;
  if (!Array.isArray(features) || !Array.isArray(trees) || trees.length > treesMax) throw new ModelError('no model');
  return {
    ...{ features, base: [base], link, slope: 1, isSingle: false, classOf: new Int32Array(trees.length) },
    trees: trees.map((tree) => treeOf(tree, features.length)),
  };
}

function treeOf({ feature, threshold, left, right, missing, value, cover }: WrittenTree, width: number): Tree {
  const count = feature.length;
  const isWithin = (list: readonly number[], least: number, most: number) =>
    list.length === count && list.every((each) => Number.isInteger(each) && each >= least && each < most);
  const isWhole = [threshold, value, cover, missing].every((list) => list.length === count);
  if (count === 0 || count > nodesMax || !isWhole) throw new ModelError(`a tree of ${count} nodes`);
  if (!isWithin(feature, -1, width) || !isWithin(left, 0, count) || !isWithin(right, 0, count))
    throw new ModelError('nodes that are no tree');
  const tree = {
    ...{ feature: Int32Array.from(feature), threshold: Float64Array.from(threshold), left: Int32Array.from(left) },
    ...{
      right: Int32Array.from(right),
      missing: Uint8Array.from(missing),
      value: Float64Array.from(value),
      cover: Float64Array.from(cover),
    },
  };
  if (depthOf(tree, depthMax) === undefined) throw new ModelError('nodes that are no tree');
  return tree;
}
