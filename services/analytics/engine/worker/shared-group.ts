import { column, columnsIn, type Expr } from '../../domain/expression.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Column, Row } from '../../domain/value.ts';
import { absent, type Batch, gathered } from '../batch.ts';
import type { Clocks } from '../clock.ts';
import { Group, isMergeable } from '../group.ts';
import type { Operator, State } from '../operator.ts';
import { pipeline } from '../pipeline.ts';
import type { Stage } from '../stage.ts';
import type { Exchange } from './exchange.ts';
import { hashesBy } from './key-group.ts';
import { hotRowsMin, sampleRows, sketchMax } from './limits.ts';

type Grouped = Extract<Plan, { kind: 'group' }>;

/**
 * Groups of which each worker has those of its key groups. Rows of keys that come often are not handed over: a worker makes
 * parts of groups of them first, and those are handed over and put together. Which keys those are is found in each portion.
 */
export class SharedGroup implements Operator {
  readonly columns: readonly Column[];
  readonly code: Operator['code'];
  readonly state: State;
  readonly #exchange: Exchange;
  readonly #own: Group;
  readonly #input: readonly Column[];
  /** The columns of these that are read. */
  readonly #read: Set<number>;
  readonly #staged: ((batch: Batch, params: Row) => Batch) | undefined;
  readonly #hashes: (batch: Batch, params: Row) => Int32Array;
  /** Makes parts of groups of rows as they come, and of such that stages were done to. */
  readonly #parts: { readonly whole: Group; readonly staged: Group } | undefined;
  readonly #partHashes: (batch: Batch, params: Row) => Int32Array;

  constructor(plan: Grouped, appends: boolean, stages: readonly Stage[], exchange: Exchange) {
    this.columns = plan.columns;
    this.#exchange = exchange;
    this.#input = plan.input.columns;
    const merges = isMergeable(plan, appends);
    this.#own = new Group(plan, appends, [], merges);
    this.state = this.#own.state;
    this.#read = new Set();
    for (const expr of [...plan.keys, ...plan.aggregates.flatMap(({ arg, filter }) => [arg, filter])])
      if (expr) columnsIn(expr, this.#read);
    this.#staged = stages.length > 0 ? pipeline(stages, this.#read).run : undefined;
    this.#hashes = hashesBy(plan.keys, exchange.factor);
    this.#partHashes = hashesBy(
      plan.keys.map(({ type }, at): Expr => column(type, at)),
      exchange.factor,
    );
    const { closing: _, ...open } = plan;
    const staged = merges ? new Group(open, appends, [], true) : undefined;
    this.#parts = staged && { staged, whole: stages.length > 0 ? new Group(open, appends, stages, true) : staged };
    this.code = [...this.#own.code, ...(this.#parts?.whole.code ?? [])];
  }

  step([batch]: readonly Batch[], params: Row, isFirst: boolean, clocks: Clocks): Batch {
    const from = this.#own.begin(isFirst);
    const { rows, parts } = batch && batch.size > 0 ? this.#divided(batch, params) : noRows;
    const columns = this.#parts?.whole.partColumns ?? [];
    const dealt = this.#exchange.swap([
      { columns: this.#input, batch: rows, hashes: rows && this.#hashes(rows, params) },
      { columns, batch: parts, hashes: parts && this.#partHashes(parts, params) },
    ]);
    const [taken, merged] = dealt as [Batch, Batch];
    this.#own.take(taken, params);
    if (columns.length > 0) this.#own.merge(merged);
    return this.#own.end(from, clocks);
  }

  /** Rows that are handed over as they are, and parts of groups of the others. */
  #divided(batch: Batch, params: Row): Divided {
    const parts = this.#parts;
    if (!parts) return { rows: this.#stagedRows(batch, params), parts: undefined };
    if (this.#isFew(batch, params)) {
      parts.whole.begin(false);
      parts.whole.take(batch, params);
      return { rows: undefined, parts: parts.whole.parts() };
    }
    const rows = this.#stagedRows(batch, params);
    const hot = hotPlaces(this.#hashes(rows, params));
    if (!hot) return { rows, parts: undefined };
    parts.staged.begin(false);
    parts.staged.take(gathered(rows, hot.often), params);
    return { rows: gathered(rows, hot.seldom), parts: parts.staged.parts() };
  }

  /** Rows behind the stages; what nobody reads of them is not handed over. */
  #stagedRows(batch: Batch, params: Row): Batch {
    const { size, columns, weights } = this.#staged?.(batch, params) ?? batch;
    const read = columns.map((vector, at) => (this.#read.has(at) ? vector : absent(this.#input[at]?.type ?? 'text', size)));
    return { size, columns: read, weights };
  }

  /** Whether there are so few keys that every row is one of many of its key, by how often some rows meet their like. */
  #isFew(batch: Batch, params: Row): boolean {
    const size = Math.min(sampleRows, batch.size);
    const places = Uint32Array.from({ length: size }, (_, at) => Math.floor((at * batch.size) / size));
    const some = gathered(batch, places);
    const hashes = this.#hashes(this.#staged?.(some, params) ?? some, params);
    const met = new Set(hashes).size;
    const again = hashes.length - met;
    // Of n rows of k keys that are alike in number, about n * n / 2k meet one of theirs.
    const keys = again === 0 ? Number.POSITIVE_INFINITY : hashes.length ** 2 / (2 * again);
    return (batch.size * hashes.length) / size >= keys * hotRowsMin;
  }
}

type Divided = { readonly rows: Batch | undefined; readonly parts: Batch | undefined };
const noRows: Divided = { rows: undefined, parts: undefined };

/** The places of rows whose keys come often in a portion, and of the others: rows are counted by their hashes. */
function hotPlaces(hashes: Int32Array): { readonly often: Uint32Array; readonly seldom: Uint32Array } | undefined {
  const size = hashes.length;
  const mask = Math.min(sketchMax, 2 ** Math.ceil(Math.log2(size * 2 + 1))) - 1;
  const counts = new Uint16Array(mask + 1);
  for (let at = 0; at < size; at += 1) {
    const place = ((hashes[at] as number) >>> 7) & mask;
    if ((counts[place] as number) < hotRowsMin) counts[place] = (counts[place] as number) + 1;
  }
  const [often, seldom] = [new Uint32Array(size), new Uint32Array(size)];
  let [hot, cold] = [0, 0];
  for (let at = 0; at < size; at += 1) {
    if ((counts[((hashes[at] as number) >>> 7) & mask] as number) >= hotRowsMin) often[hot++] = at;
    else seldom[cold++] = at;
  }
  return hot === 0 ? undefined : { often: often.subarray(0, hot), seldom: seldom.subarray(0, cold) };
}
