import { Lanes } from './lane.ts';
import { blockRows, lanes } from './limits.ts';
import { below, depthOf, goesLeft, missingRight, type Model, type Tree } from './tree.ts';

/**
 * A model laid out for scoring. Many rows are scored by `Lanes` where the model is one for it; what is left over, and a row alone,
 * so: each row stands in memory twice, as it is and negated, so that every node asks one question,
 * `x > t`, whose answer for what is no number is the child that it shall go to. Children are neighbours and leaves lead to
 * themselves, so that a step has no branch; four rows walk down a tree at once, because each of them waits for memory.
 */
export class Forest {
  readonly model: Model;
  readonly #layout: Layout | undefined;
  readonly #lanes: Lanes | undefined;
  readonly #block: Float64Array;
  readonly #sums: Float64Array;

  constructor(model: Model) {
    this.model = model;
    this.#layout = isPlain(model) ? layoutOf(model) : undefined;
    this.#lanes = this.#layout && Lanes.of(model);
    this.#block = new Float64Array(blockRows * 2 * this.width);
    this.#sums = new Float64Array(blockRows * this.classes);
  }

  /** How many numbers a row has. */
  get width(): number {
    return this.model.features.length;
  }

  get classes(): number {
    return this.model.base.length;
  }

  /** Predictions of rows that stand one after the other: one number for each class of each row. */
  predict(rows: Float64Array): Float64Array {
    const margins = this.margins(rows);
    linked(this.model, margins);
    return margins;
  }

  /** The same before margins become predictions. */
  margins(rows: Float64Array): Float64Array {
    const { classes, width } = this;
    const count = width === 0 ? 0 : rows.length / width;
    if (!Number.isInteger(count)) throw new TypeError(`rows of ${width} numbers are not ${rows.length} numbers`);
    const all = new Float64Array(count * classes);
    let done = 0;
    if (this.#lanes) for (; count - done >= lanes / 2; done += lanes) this.#lanes.margins(rows, done, Math.min(lanes, count - done), all);
    for (let from = done; from < count; from += blockRows) {
      const size = Math.min(blockRows, count - from);
      const sums = this.#layout ? this.#fast(this.#layout, rows, from, size) : this.#slow(rows, from, size);
      all.set(sums.subarray(0, size * classes), from * classes);
    }
    return all;
  }

  #fast(layout: Layout, rows: Float64Array, from: number, size: number): Float64Array {
    const { width, classes } = this;
    const { base, isSingle, classOf } = this.model;
    const block = this.#block;
    const sums = this.#sums;
    for (let row = 0; row < size; row += 1) {
      const source = (from + row) * width;
      const target = row * 2 * width;
      for (let at = 0; at < width; at += 1) {
        const value = isSingle ? Math.fround(rows[source + at] as number) : (rows[source + at] as number);
        block[target + at] = value;
        block[target + width + at] = -value;
      }
      for (let each = 0; each < classes; each += 1) sums[row * classes + each] = base[each] ?? 0;
    }
    const { roots, depths } = layout;
    // What is left over of four rows is scored along and not looked at.
    for (let tree = 0; tree < roots.length; tree += 1)
      walk(layout, block, sums, { root: roots[tree] ?? 0, depth: depths[tree] ?? 0, width, size, classes, of: classOf[tree] ?? 0 });
    return sums;
  }

  #slow(rows: Float64Array, from: number, size: number): Float64Array {
    const { width, classes } = this;
    const sums = this.#sums;
    for (let row = 0; row < size; row += 1) {
      const source = rows.subarray((from + row) * width, (from + row + 1) * width);
      for (let each = 0; each < classes; each += 1) sums[row * classes + each] = this.model.base[each] ?? 0;
      this.model.trees.forEach((tree, at) => {
        const place = row * classes + (this.model.classOf[at] ?? 0);
        sums[place] = (sums[place] ?? 0) + (tree.value[leafOf(tree, source, this.model.isSingle)] ?? 0);
      });
    }
    return sums;
  }
}

/** The leaf that a row comes to. */
export function leafOf(tree: Tree, row: Float64Array, isSingle: boolean): number {
  let node = 0;
  for (;;) {
    const feature = tree.feature[node] ?? -1;
    if (feature < 0) return node;
    const value = row[feature] ?? Number.NaN;
    node = (goesLeft(tree, node, isSingle ? Math.fround(value) : value) ? tree.left[node] : tree.right[node]) ?? 0;
  }
}

type Walk = { root: number; depth: number; width: number; size: number; classes: number; of: number };

function walk(layout: Layout, x: Float64Array, sums: Float64Array, { root, depth, width, size, classes, of }: Walk): void {
  const { kid, feature, threshold, value } = layout;
  const stride = 2 * width;
  for (let row = 0; row < size; row += 4) {
    const [x0, x1, x2, x3] = [row * stride, (row + 1) * stride, (row + 2) * stride, (row + 3) * stride];
    let [n0, n1, n2, n3] = [root, root, root, root];
    for (let step = 0; step < depth; step += 1) {
      n0 = (kid[n0] as number) + (Number((x[x0 + (feature[n0] as number)] as number) > (threshold[n0] as number)) | 0);
      n1 = (kid[n1] as number) + (Number((x[x1 + (feature[n1] as number)] as number) > (threshold[n1] as number)) | 0);
      n2 = (kid[n2] as number) + (Number((x[x2 + (feature[n2] as number)] as number) > (threshold[n2] as number)) | 0);
      n3 = (kid[n3] as number) + (Number((x[x3 + (feature[n3] as number)] as number) > (threshold[n3] as number)) | 0);
    }
    const at = row * classes + of;
    sums[at] = (sums[at] as number) + (value[n0] as number);
    sums[at + classes] = (sums[at + classes] as number) + (value[n1] as number);
    sums[at + 2 * classes] = (sums[at + 2 * classes] as number) + (value[n2] as number);
    sums[at + 3 * classes] = (sums[at + 3 * classes] as number) + (value[n3] as number);
  }
}

type Layout = {
  /** The first of a node's two children, or the node itself where it is a leaf. */
  readonly kid: Int32Array;
  readonly feature: Int32Array;
  readonly threshold: Float64Array;
  readonly value: Float64Array;
  readonly roots: Int32Array;
  readonly depths: Int32Array;
};

/** Whether every node compares numbers, and nothing but the lack of one is a lack of one. */
const isPlain = ({ trees }: Model): boolean =>
  trees.every(({ categories, missing }) => !categories?.size && missing.every((each) => each <= missingRight));

function layoutOf({ trees, features }: Model): Layout {
  const count = trees.reduce((sum, { feature }) => sum + feature.length, 0);
  const layout = {
    ...{ kid: new Int32Array(count), feature: new Int32Array(count), threshold: new Float64Array(count) },
    ...{ value: new Float64Array(count), roots: new Int32Array(trees.length), depths: new Int32Array(trees.length) },
  };
  let next = 0;
  trees.forEach((tree, at) => {
    layout.roots[at] = next;
    layout.depths[at] = depthOf(tree) ?? 0;
    const waiting: [node: number, place: number][] = [[0, next]];
    next += 1;
    for (const [node, place] of waiting) {
      const feature = tree.feature[node] ?? -1;
      if (feature < 0) {
        layout.kid[place] = place;
        layout.threshold[place] = Number.POSITIVE_INFINITY;
        layout.value[place] = tree.value[node] ?? 0;
        continue;
      }
      const isMirrored = tree.missing[node] === missingRight;
      const threshold = tree.threshold[node] ?? 0;
      layout.kid[place] = next;
      layout.feature[place] = isMirrored ? feature + features.length : feature;
      // Negated, `x <= t` is `-x >= -t`.
      layout.threshold[place] = isMirrored ? below(-threshold) : threshold;
      const [first, second] = isMirrored ? [tree.right[node], tree.left[node]] : [tree.left[node], tree.right[node]];
      waiting.push([first ?? 0, next], [second ?? 0, next + 1]);
      next += 2;
    }
  });
  return layout;
}

/** Makes predictions of margins, in their place. */
export function linked({ link, slope, base }: Pick<Model, 'link' | 'slope' | 'base'>, margins: Float64Array): void {
  if (link === 'logistic') for (let at = 0; at < margins.length; at += 1) margins[at] = 1 / (1 + Math.exp(-slope * (margins[at] ?? 0)));
  if (link === 'exponential') for (let at = 0; at < margins.length; at += 1) margins[at] = Math.exp(margins[at] ?? 0);
  if (link !== 'softmax') return;
  for (let from = 0; from < margins.length; from += base.length) {
    const row = margins.subarray(from, from + base.length);
    const most = Math.max(...row);
    row.forEach((margin, at) => {
      row[at] = Math.exp(margin - most);
    });
    const sum = row.reduce((all, each) => all + each, 0);
    row.forEach((each, at) => {
      row[at] = each / sum;
    });
  }
}
