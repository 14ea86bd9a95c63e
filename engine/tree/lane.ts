import { laneModule } from './lane-module.ts';
import { laneBytesMax, laneDepthMax, lanePageBytes, lanes, laneThresholdsMax } from './limits.ts';
import { depthOf, missingRight, type Model, type Tree } from './tree.ts';

/** A column of codes: a row's code is how many of the thresholds are below its number, counted from the least code. */
type Column = { readonly feature: number; readonly isMissingRight: boolean; readonly thresholds: Float64Array };

/** Codes are bytes with a sign. What has no number has the least one, or the greatest. */
const [leastCode, greatestCode] = [-128, 127];
/** Thresholds have codes from -127 to 126, so that no number's code is that of what has none. */
const firstThreshold = -127;

type Walk = (threshold: number, column: number, value: number, sum: number, left: number) => void;
type Coder = (number: number, stride: number, thresholds: number, half: number, code: number, missing: number, rest: number) => void;
/** Trees of one depth and class that follow each other. */
type Run = { readonly depth: number; readonly of: number; count: number; readonly node: number; readonly leaf: number };

let compiled: WebAssembly.Module | undefined;

/** A model laid out for sixteen rows at a time, in a memory of its own: see lane-module.ts. */
export class Lanes {
  readonly #model: Model;
  readonly #rows: Float64Array;
  readonly #sums: Float64Array;
  readonly #steps: readonly (() => void)[];

  /** Undefined where a tree is deeper than what is laid out so, or where all of it would be too much. */
  static of(model: Model): Lanes | undefined {
    const depths = model.trees.map((tree) => Math.max(1, depthOf(tree, laneDepthMax) ?? Number.POSITIVE_INFINITY));
    const bytes = depths.reduce((sum, depth) => sum + 2 ** depth * (lanes + 4 + 8), model.features.length * lanes * 8);
    return bytes <= laneBytesMax ? new Lanes(model, depths) : undefined;
  }

  private constructor(model: Model, depths: readonly number[]) {
    const columns = new Columns(model.trees);
    const nodes = depths.reduce((sum, depth) => sum + 2 ** depth - 1, 0);
    const places = placesOf(model, columns, nodes);
    const memory = new WebAssembly.Memory({ initial: Math.ceil(places.end / lanePageBytes) });
    compiled ??= new WebAssembly.Module(laneModule());
    const { code, ...walks } = new WebAssembly.Instance(compiled, { env: { memory } }).exports as { code: Coder } & Record<string, Walk>;
    const width = model.features.length * 8;
    const coded = columns.all.map(({ feature, isMissingRight, thresholds }, at) => {
      const own = places.thresholds[at] ?? 0;
      const held = heldBy(thresholds.length);
      const room = new Float64Array(memory.buffer, own, held).fill(Number.POSITIVE_INFINITY);
      room.set(thresholds);
      const missing = isMissingRight ? greatestCode : leastCode;
      return () => code(places.rows + feature * 8, width, own - 8, held * 4, places.codes + at * lanes, missing, lanes / 4);
    });
    const walked = laidOut(model, depths, columns, places, memory).map(({ depth, of, count, node, leaf }) => {
      const walk = walks[`walk${depth}`] as Walk;
      const [from, column, value] = [places.nodes + node * lanes, places.columns + node * 4, places.values + leaf * 8];
      return () => walk(from, column, value, places.sums + of * lanes * 8, count);
    });
    this.#steps = [...coded, ...walked];
    this.#model = model;
    this.#rows = new Float64Array(memory.buffer, places.rows, lanes * model.features.length);
    this.#sums = new Float64Array(memory.buffer, places.sums, model.base.length * lanes);
  }

  /** Margins of at most sixteen rows from `from` on, row after row, into `all`. */
  margins(rows: Float64Array, from: number, size: number, all: Float64Array): void {
    const { base, features, isSingle } = this.#model;
    const width = features.length;
    const some = rows.subarray(from * width, (from + size) * width);
    if (isSingle) for (let at = 0; at < some.length; at += 1) this.#rows[at] = Math.fround(some[at] as number);
    else this.#rows.set(some);
    const classes = base.length;
    for (let each = 0; each < classes; each += 1) this.#sums.fill(base[each] ?? 0, each * lanes, (each + 1) * lanes);
    for (const step of this.#steps) step();
    for (let row = 0; row < size; row += 1)
      for (let each = 0; each < classes; each += 1) all[(from + row) * classes + each] = this.#sums[each * lanes + row] as number;
  }
}

/** The room that thresholds of a column have: one less than it is searched by halves. */
const heldBy = (thresholds: number): number => 2 ** Math.ceil(Math.log2(thresholds + 1));

type Places = Readonly<Record<'rows' | 'sums' | 'values' | 'nodes' | 'codes' | 'columns' | 'end', number>> & {
  /** Of each column. */
  readonly thresholds: readonly number[];
};

/** Where everything lies in the memory, in bytes; what needs alignment comes first. */
function placesOf({ features, base, trees }: Model, { all }: Columns, nodes: number): Places {
  const rows = lanes;
  const sums = rows + features.length * lanes * 8;
  const values = sums + base.length * lanes * 8;
  let end = values + (nodes + trees.length) * 8;
  const thresholds = all.map((column) => {
    const own = end;
    end += heldBy(column.thresholds.length) * 8;
    return own;
  });
  const [inNodes, codes] = [end, end + nodes * lanes];
  const columns = codes + all.length * lanes;
  return { rows, sums, values, thresholds, nodes: inNodes, codes, columns, end: columns + nodes * 4 };
}

/** Writes complete trees, and answers which follow each other. Where a tree ends early, rows go left to the first leaf below. */
function laidOut(model: Model, depths: readonly number[], columns: Columns, places: Places, { buffer }: WebAssembly.Memory): Run[] {
  const nodes = depths.reduce((sum, depth) => sum + 2 ** depth - 1, 0);
  const thresholds = new Int8Array(buffer, places.nodes, nodes * lanes);
  const addresses = new Int32Array(buffer, places.columns, nodes);
  const values = new Float64Array(buffer, places.values, nodes + depths.length);
  const runs: Run[] = [];
  let [node, leaf] = [0, 0];
  model.trees.forEach((tree, index) => {
    const [depth, of] = [depths[index] ?? 1, model.classOf[index] ?? 0];
    const last = runs.at(-1);
    if (last?.depth === depth && last.of === of) last.count += 1;
    else runs.push({ depth, of, count: 1, node, leaf });
    const inner = 2 ** depth - 1;
    const fill = (own: number, from: number): void => {
      if (own >= inner) {
        values[leaf + own - inner] = tree.value[from] ?? 0;
        return;
      }
      const isLeaf = (tree.feature[from] ?? -1) < 0;
      const { column, code } = isLeaf ? { column: 0, code: greatestCode } : columns.askedBy(tree, from);
      addresses[node + own] = places.codes + column * lanes;
      thresholds.fill(code, (node + own) * lanes, (node + own + 1) * lanes);
      fill(2 * own + 1, isLeaf ? from : (tree.left[from] ?? 0));
      fill(2 * own + 2, isLeaf ? from : (tree.right[from] ?? 0));
    };
    fill(0, 0);
    node += inner;
    leaf += inner + 1;
  });
  return runs;
}

/** Which column a node asks, and for which code. A feature with more thresholds than a column holds has several. */
class Columns {
  readonly all: Column[] = [];
  readonly #of = new Map<string, { readonly first: number; readonly thresholds: Float64Array }>();

  constructor(trees: readonly Tree[]) {
    const asked = new Map<string, { feature: number; isMissingRight: boolean; thresholds: Set<number> }>();
    for (const tree of trees)
      tree.feature.forEach((feature, node) => {
        if (feature < 0) return;
        const name = nameOf(tree, node);
        const known = asked.get(name) ?? { feature, isMissingRight: tree.missing[node] === missingRight, thresholds: new Set() };
        asked.set(name, known);
        known.thresholds.add(tree.threshold[node] ?? 0);
      });
    for (const [name, { feature, isMissingRight, thresholds: some }] of asked) {
      const thresholds = Float64Array.from(some).sort();
      this.#of.set(name, { first: this.all.length, thresholds });
      for (let at = 0; at < thresholds.length; at += laneThresholdsMax)
        this.all.push({ feature, isMissingRight, thresholds: thresholds.subarray(at, at + laneThresholdsMax) });
    }
  }

  askedBy(tree: Tree, node: number): { column: number; code: number } {
    const { first, thresholds } = this.#of.get(nameOf(tree, node)) as { first: number; thresholds: Float64Array };
    const place = placeOf(thresholds, tree.threshold[node] ?? 0);
    return { column: first + Math.floor(place / laneThresholdsMax), code: firstThreshold + (place % laneThresholdsMax) };
  }
}

const nameOf = (tree: Tree, node: number): string => `${tree.feature[node]} ${tree.missing[node] === missingRight}`;

function placeOf(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
