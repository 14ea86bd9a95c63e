import type { Aggregate } from '../domain/aggregate.ts';
import { column, columnsIn, type Expr } from '../domain/expression.ts';
import type { Plan } from '../domain/plan.ts';
import { type Column, ranged, type Row, type Type, type Value } from '../domain/value.ts';
import { type Accumulator, accumulatorOf, type Kept, type Name } from './accumulator.ts';
import type { Batch } from './batch.ts';
import { shownBits, takeBits } from './bit.ts';
import { type Clocks, limitOf } from './clock.ts';
import { compile } from './compile.ts';
import { batchColumns, batchReads, Emitter, type Term } from './emit.ts';
import { shownOrdered } from './ordered.ts';
import { exactSum, joinedSum, rounded, scaledSum, shownBest, takeBest, takeSum, unscaled } from './exact.ts';
import { findBefore, findCode } from './find.ts';
import { approximateCount, approximated } from './approximate.ts';
import { learnTree, treeLearned } from './hoeffding/tree.ts';
import { drift, drifted } from './hoeffding/window.ts';
import { learn, learned } from './learner.ts';
import { type KeyColumn, nullCell } from './key/key-column.ts';
import type { Operator, State } from './operator.ts';
import { closeCode, openCode, outputParts, storeCode } from './output.ts';
import { keysAt, rowsAt, stampAt } from './place.ts';
import { runBefore, runCode } from './run.ts';
import { runtime } from './runtime.ts';
import { Slots } from './slot.ts';
import { anew } from './slot-standing.ts';
import { decimalStatistic, floatStatistic, takePair, takeSample, takeSquare } from './statistic.ts';
import { emitStages, type Stage } from './stage.ts';

const parts = {
  ...runtime,
  ...{ exactSum, joinedSum, rounded, scaledSum, shownBest, shownOrdered, takeBest, takeSum, unscaled },
  ...{ approximateCount, approximated },
  ...{ drift, drifted, learn, learned, learnTree, treeLearned },
  ...{ takeBits, shownBits, takePair, takeSample, takeSquare, floatStatistic, decimalStatistic },
  int8: (value: number | bigint) => (typeof value === 'number' ? value : ranged('int8', value)),
};

type Generated = { update(batch: Batch, params: Row): void; merge(batch: Batch): void; rows(from: number): Batch };
type Grouping = {
  readonly keys: readonly Expr[];
  readonly aggregates: readonly Aggregate[];
  readonly accumulators: readonly Accumulator[];
  readonly columns: readonly Column[];
  /** What is done to each row before it is grouped. */
  readonly stages: readonly Stage[];
  readonly isWhole: boolean;
  readonly closesBy: number | undefined;
  readonly merges: boolean;
};

/** Whether what is kept of groups can be put together from what was kept of parts of their rows. */
export const isMergeable = ({ aggregates }: Extract<Plan, { kind: 'group' }>, appends: boolean): boolean =>
  aggregates.every((aggregate) => accumulatorOf(aggregate, appends).merge !== undefined);

/** Groups and what is kept of each, which generated code reads and writes: from the rows of a batch in one pass. */
export class Group implements Operator {
  readonly columns: readonly Column[];
  readonly code: Operator['code'];
  readonly state: State;
  readonly #generated: Generated;
  readonly #slots: Slots;
  readonly #isWhole: boolean;
  readonly #limit: ((clocks: Clocks) => number) | undefined;
  readonly #keys: readonly Column[];
  readonly #kinds: readonly Kept[];

  /** `merges`: whether it is to take parts of groups too, which have to be mergeable then. */
  constructor(
    { keys, aggregates, columns, closing }: Extract<Plan, { kind: 'group' }>,
    appends: boolean,
    stages: readonly Stage[],
    merges = false,
  ) {
    this.columns = columns;
    this.#limit = closing && limitOf(closing.bound, 'forgotten');
    this.#isWhole = keys.length === 0;
    const accumulators = aggregates.map((aggregate) => accumulatorOf(aggregate, appends));
    const kinds = accumulators.flatMap(({ kept }) => kept);
    const closesBy = closing?.by.kind === 'column' ? closing.by.place : undefined;
    const types = keys.map(({ type }) => type);
    this.#slots = new Slots({ types, kinds, isWhole: this.#isWhole, closesBy });
    this.state = this.#slots;
    this.#keys = columns.slice(0, keys.length);
    this.#kinds = kinds;
    const grouping = { keys, aggregates, accumulators, columns, stages, isWhole: this.#isWhole, closesBy, merges };
    const { code, constants } = groupCode(grouping, this.#slots);
    this.code = [['group', code]];
    this.#generated = compile<Generated>(code, { r: parts, k: constants, g: this.#slots, ...outputParts });
  }

  step([batch]: readonly Batch[], params: Row, isFirst: boolean, clocks: Clocks): Batch {
    const from = this.begin(isFirst);
    if (batch) this.take(batch, params);
    return this.end(from, clocks);
  }

  /** The parts of a step: it begins, */
  begin(isFirst: boolean): number {
    const from = this.#slots.mark();
    if (isFirst && this.#isWhole) this.#slots.openFirst();
    return from;
  }

  /** takes rows, */
  take(batch: Batch, params: Row): void {
    if (batch.size > 0) this.#generated.update(batch, params);
  }

  /** takes parts of groups, as `parts` of another has them, */
  merge(batch: Batch): void {
    if (batch.size > 0) this.#generated.merge(batch);
  }

  /** and answers what it changed since `begin`. */
  end(from: number, clocks: Clocks): Batch {
    const rows = this.#generated.rows(from);
    if (this.#limit) this.#slots.forget(this.#limit(clocks));
    return rows;
  }

  /** The rows of all groups, while nothing is changed. */
  *standing(): Generator<Batch> {
    for (const _ of anew(this.#slots)) yield this.#generated.rows(0);
  }

  /** The columns of `parts`: keys, how many rows, and what is kept. */
  get partColumns(): Column[] {
    const kept = this.#kinds.flatMap(({ cells }): Type[] => cells?.map(() => 'float8') ?? ['numeric']);
    return [...this.#keys, ...['float8' as const, ...kept].map((type) => ({ name: '', type }))];
  }

  /** What is kept of the groups that are new since the last time, which are forgotten with that. */
  parts(): Batch {
    const batch = this.#slots.parts();
    this.#slots.undo();
    return batch;
  }
}

/** What generated code calls that which aggregates keep. */
function namesOf(accumulators: readonly Accumulator[], slots: Slots): (readonly Name[])[] {
  let next = 0;
  const nameOf = ({ cells }: Kept): Name => {
    const start = slots.starts[next++] as number;
    return cells
      ? { ref: `c[o + ${start}]`, at: `o + ${start}`, high: `c[o + ${start + 1}]` }
      : { ref: `x[y + ${start}]`, at: `y + ${start}`, high: '' };
  };
  return accumulators.map(({ kept }) => kept.map(nameOf));
}

function groupCode(grouping: Grouping, slots: Slots) {
  const { keys, aggregates, stages } = grouping;
  const constants: Value[] = [];
  const emitter = new Emitter(batchReads, constants);
  const wanted = new Set<number>();
  for (const expr of [...keys, ...aggregates.flatMap(({ arg, filter }) => [arg, filter])]) if (expr) columnsIn(expr, wanted);
  const { used, before, after } = emitStages(stages, wanted, emitter);
  const names = namesOf(grouping.accumulators, slots);
  slotCode(grouping, slots, emitter);
  aggregates.forEach((aggregate, at) => updateCode(aggregate, grouping.accumulators[at] as Accumulator, names[at] ?? [], emitter));
  const body = emitter.take();
  const loop = (name: string, weight: string) => `function ${name}(b, p) {
const step = g.step, x = g.values;
${findBefore(slots.places)}
${slots.runs ? runBefore(slots.runs) : ''}
${batchColumns(used)}
${before.join('\n')}
for (let i = 0; i < b.size; i++) {
const w = ${weight};
${body}
${after}
}
}`;
  const code = `const map = g.places;
${loop('came', '1')}
${loop('changed', 'b.weights[i]')}
return {
update(b, p) {
if (b.weights === undefined) came(b, p);
else changed(b, p);
},
${grouping.merges ? mergeCode(grouping, names, slots) : ''}
${rowsCode(grouping, names, slots)}
};`;
  return { code, constants };
}

/** Code that finds the slot `s` of a row, whose numbers begin at `o` and values at `y`. */
function slotCode({ keys }: Grouping, { places, depth, closesBy, runs }: Slots, emitter: Emitter): void {
  const terms = keys.map((key): Term => {
    const { value, isNull } = emitter.term(key);
    const name = emitter.name();
    emitter.line(`const ${name} = ${value};`);
    return { value: name, isNull };
  });
  // What is on disk can be looked for once the keys are in the slot.
  const onOpen = closesBy === undefined ? 'if (g.spilling) g.spilling.recall(s);' : 'g.opened(s);';
  const found = { terms, types: keys.map(({ type }) => type), places, onOpen };
  emitter.line(runs ? runCode(found, runs) : findCode(found));
  emitter.line(`const o = s * ${places.width}${depth > 0 ? `, y = s * ${depth}` : ''};`);
  emitter.line(`if (c[o + ${stampAt}] !== step) g.touch(s);\nc[o + ${rowsAt}] += w;`);
}

/** Code that takes parts of groups, whose keys, rows and what is kept of them are columns. */
function mergeCode(grouping: Grouping, names: readonly (readonly Name[])[], slots: Slots): string {
  const keys = grouping.keys.map(({ type }, at) => column(type, at));
  const emitter = new Emitter(batchReads, []);
  slotCode({ ...grouping, keys }, slots, emitter);
  let next = keys.length + 1;
  const merged = grouping.accumulators.map(({ kept, merge }, at) => {
    const from = kept.map(({ cells }) => (cells ?? [0]).map(() => `c${next++}[i]`));
    return merge?.(names[at] ?? [], from) ?? '';
  });
  return `merge(b) {
const step = g.step, x = g.values;
${findBefore(slots.places)}
${slots.runs ? runBefore(slots.runs) : ''}
${batchColumns(Array.from({ length: next }, (_, at) => at))}
for (let i = 0; i < b.size; i++) {
const w = c${keys.length}[i];
${emitter.take()}
${merged.join('\n')}
}
},`;
}

function updateCode({ arg, filter }: Aggregate, { update }: Accumulator, names: readonly Name[], emitter: Emitter): void {
  emitter.line('{');
  emitter.enter();
  if (filter) emitter.line(`if (${emitter.condition(filter)}) {`);
  const term = arg && emitter.term(arg);
  const isSure = !term || term.isNull === 'false';
  if (!isSure) emitter.line(`if (!${term.isNull}) {`);
  const value = emitter.name();
  if (term) emitter.line(`const ${value} = ${term.value};`);
  emitter.line(update(names, value, 'w'));
  emitter.line(`}${isSure ? '' : '}'}${filter ? '}' : ''}`);
  emitter.leave();
}

/** Code that answers the rows that went and came with the groups that changed since a mark. */
function rowsCode({ keys, accumulators, columns, isWhole }: Grouping, names: readonly (readonly Name[])[], { places, depth }: Slots) {
  const whole = new Set(accumulators.flatMap(({ isWhole: of }, at) => (of ? [keys.length + at] : [])));
  const types = columns.map(({ type }, at): Type => (whole.has(at) ? 'int8' : type));
  const { width } = places;
  const results = accumulators.map(({ result }, at) => result(names[at] ?? []));
  const read = (prefix: string) => results.map((result, at) => `${prefix}${at} = ${result};`).join('\n');
  const stored = (prefix: string, weight: number) =>
    [
      ...keys.map((_, at) => storeKeyCode(places.columns[at] as KeyColumn, types[at] as Type, at)),
      ...results.map((_, at) => {
        const value = `${prefix}${at}`;
        return storeCode({ value, isNull: `(${value} === null)` }, types[keys.length + at] as Type, keys.length + at);
      }),
      weight < 0 ? `(u ??= new Float64Array(size).fill(1, 0, m))[m] = -1;\nm++;` : 'if (u !== undefined) u[m] = 1;\nm++;',
    ].join('\n');
  const declared = results.length === 0 ? '' : `let ${results.flatMap((_, at) => [`p${at}`, `q${at}`]).join(', ')};`;
  const alike = results.map((_, at) => ` && (p${at} === q${at} || r.isAlike(p${at}, q${at}))`).join('');
  return `rows(from) {
${keys.map((_, at) => `const d${at} = map.columns[${at}];`).join('\n')}
const now = map.cells, then = g.before, to = g.count;
let size = to - from;
for (let j = from; j < to; j++) if (g.changed[j * 2 + 1] >= 0) size++;
${openCode(types)}
let u;
for (let j = from; j < to; j++) {
const s = g.changed[j * 2], l = g.changed[j * 2 + 1];
const was = l >= 0 && (${isWhole} || then[l * ${width} + ${rowsAt}] > 0 || g.isForgotten(s));
const is = ${isWhole} || now[s * ${width} + ${rowsAt}] > 0;
${declared}
if (was) {
const c = then, o = l * ${width}, x = g.valuesBefore, y = l * ${depth};
${read('p')}
}
if (is) {
const c = now, o = s * ${width}, x = g.values, y = s * ${depth};
${read('q')}
}
if (was && is${alike}) continue;
${keys.map((_, at) => `const e${at} = now[s * ${width} + ${keysAt + at}];`).join('\n')}
if (was) {
${stored('p', -1)}
}
if (is) {
${stored('q', 1)}
}
}
${closeCode(types, 'u && u.subarray(0, m)', whole)}
}`;
}

/** Code that puts the value of a key, for which the number `e` stands, into a column of the next row. */
function storeKeyCode({ kind }: KeyColumn, type: Type, at: number): string {
  const known = { value: `e${at}`, isNull: kind === 'integer' ? `(e${at} === ${nullCell})` : 'false' };
  if (kind === 'integer' && type !== 'int8') return storeCode(known, type, at);
  const value = `{\nconst y = d${at}.valueOf(e${at});\n${storeCode({ value: 'y', isNull: '(y === null)' }, type, at)}\n}`;
  return kind === 'integer' ? `if (e${at} === Math.floor(e${at})) o${at}[m] = e${at}; else ${value}` : value;
}
