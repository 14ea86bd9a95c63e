import type { Aggregate } from '../domain/aggregate.ts';
import { columnsIn, type Expr } from '../domain/expression.ts';
import type { Plan } from '../domain/plan.ts';
import { type Column, printRow, ranged, readValue, type Row, rowKey, type Type, type Value } from '../domain/value.ts';
import { type Accumulator, accumulatorOf, type Kept } from './accumulator.ts';
import type { Bag } from './bag.ts';
import { type Batch, BatchBuilder } from './batch.ts';
import { type Clocks, limitOf } from './clock.ts';
import { compile } from './compile.ts';
import { batchColumns, batchReads, Emitter, keyCode, type Term } from './emit.ts';
import { Expiry } from './expiry.ts';
import { accumulated, exactSum, rounded, scaledSum, unscaled } from './exact.ts';
import type { Entry, Operator, State } from './operator.ts';
import { Places } from './place.ts';
import { runtime } from './runtime.ts';

const parts = {
  ...runtime,
  ...{ accumulated, exactSum, rounded, scaledSum, unscaled },
  int8: (value: number | bigint) => (typeof value === 'number' ? value : ranged('int8', value)),
};

type Generated = { update(batch: Batch, params: Row): void; result(slot: number): Value[] };

/** Groups and what is kept of each: a slot in arrays, which generated code reads and writes. */
export class Group implements Operator {
  readonly columns: readonly Column[];
  readonly code: Operator['code'];
  readonly state: State;
  readonly #generated: Generated;
  readonly #slots: Slots;
  readonly #isWhole: boolean;

  readonly #limit: ((clocks: Clocks) => number) | undefined;

  constructor({ keys, aggregates, columns, closing }: Extract<Plan, { kind: 'group' }>, appends: boolean) {
    this.columns = columns;
    this.#limit = closing && limitOf(closing.bound, 'forgotten');
    this.#isWhole = keys.length === 0;
    const accumulators = aggregates.map((aggregate) => accumulatorOf(aggregate, appends));
    this.#slots = new Slots(
      keys.map(({ type }) => type),
      accumulators.flatMap(({ kept }) => kept),
      (slot) => this.#generated.result(slot),
      { isWhole: this.#isWhole, closesBy: closing?.by.kind === 'column' ? closing.by.place : undefined },
    );
    this.state = this.#slots;
    const { code, constants } = groupCode(keys, aggregates, accumulators);
    this.code = [['group', code]];
    this.#generated = compile<Generated>(code, { r: parts, k: constants, g: this.#slots });
  }

  step([batch]: readonly Batch[], params: Row, isFirst: boolean, clocks: Clocks): Batch {
    const slots = this.#slots;
    const from = slots.mark();
    if (isFirst && this.#isWhole) slots.openFirst();
    if (batch && batch.size > 0) {
      slots.reserve(batch.size);
      this.#generated.update(batch, params);
    }
    const builder = new BatchBuilder(this.columns);
    slots.changes(from, (row, weight) => builder.add(row, weight));
    if (this.#limit) slots.forget(this.#limit(clocks));
    return builder.finish();
  }
}

/** Code that finds a group: by numbers where all keys are. */
function found(keys: readonly Expr[], terms: readonly Term[]): string {
  const types = keys.map(({ type }) => type);
  const named = `map.byName(${keyCode(terms, types)})`;
  if (!new Places(types).isNumbered || keys.length > 2) return named;
  const values = terms.map(({ value }) => value);
  const are = terms.map(({ value, isNull }) => `${isNull === 'false' ? '' : `!${isNull} && `}typeof ${value} === 'number'`);
  return `${are.join(' && ')} ? map.${keys.length === 1 ? 'byNumber' : 'byNumbers'}(${values.join(', ')}) : ${named}`;
}

function groupCode(keys: readonly Expr[], aggregates: readonly Aggregate[], accumulators: readonly Accumulator[]) {
  const constants: Value[] = [];
  const emitter = new Emitter(batchReads, constants);
  const used = new Set<number>();
  for (const expr of [...keys, ...aggregates.flatMap(({ arg, filter }) => [arg, filter])]) if (expr) columnsIn(expr, used);
  const terms = keys.map((key) => emitter.term(key));
  const list = terms.map(({ value, isNull }) => (isNull === 'false' ? value : `${isNull} ? null : ${value}`)).join(', ');
  emitter.line(`let s = ${found(keys, terms)};\nif (s === undefined || s < 0) s = g.open([${list}]);`);
  emitter.line('if (g.stamps[s] !== step) g.touch(s);\ng.rows[s] += w;');
  let first = 0;
  const results: string[] = [];
  for (const [at, { arg, filter }] of aggregates.entries()) {
    const accumulator = accumulators[at] as Accumulator;
    const names = accumulator.kept.map((_, place) => `a${first + place}`);
    first += names.length;
    results.push(accumulator.result(names));
    if (filter) emitter.line(`if (${emitter.condition(filter)}) {`);
    const term = arg && emitter.term(arg);
    if (term && term.isNull !== 'false') emitter.line(`if (!${term.isNull}) {`);
    emitter.line(`{ ${accumulator.update(names, term?.value ?? '', 'w')} }`);
    emitter.line(`${term && term.isNull !== 'false' ? '}' : ''}${filter ? '}' : ''}`);
  }
  const arrays = Array.from({ length: first }, (_, at) => `const a${at} = g.kept[${at}];`).join('\n');
  const code = `${arrays}
const map = g.places;
return {
update(b, p) {
const step = g.step;
${batchColumns(used)}
for (let i = 0; i < b.size; i++) {
const w = b.weights === undefined ? 1 : b.weights[i];
${emitter.take()}
}
},
result(s) {
return [${[...keys.map((_, at) => `g.keys[s][${at}]`), ...results].join(',\n')}];
}
};`;
  return { code, constants };
}

/** Groups that there is room for at first. */
const slotsFirst = 256;
/** The stamp of a group that no step has seen yet. */
const opened = -1;

type Undo = { readonly slot: number; readonly rows: number; readonly kept: readonly unknown[]; readonly old: Row | undefined };

/** Where groups lie. A group whose rows have all gone gives its slot to another. */
class Slots implements State {
  readonly places: Places;
  readonly keys: Value[][] = [];
  readonly kept: unknown[][];
  rows = new Float64Array(slotsFirst);
  stamps = new Float64Array(slotsFirst);
  step = 1;
  readonly #types: readonly Type[];
  readonly #kinds: readonly Kept[];
  readonly #bags: readonly number[];
  readonly #result: (slot: number) => Row;
  readonly #isWhole: boolean;
  readonly #closesBy: number | undefined;
  readonly #expiry = new Expiry<number>();
  readonly #forgotten = new Set<number>();
  #free: number[] = [];
  #journal: Undo[] = [];
  #opened: number[] = [];
  #next = 0;

  /** `closesBy`: the key by whose time a group is forgotten. */
  constructor(
    types: readonly Type[],
    kinds: readonly Kept[],
    result: (slot: number) => Row,
    { isWhole, closesBy }: { readonly isWhole: boolean; readonly closesBy: number | undefined },
  ) {
    this.#types = types;
    this.places = new Places(types);
    this.#kinds = kinds;
    this.#bags = kinds.flatMap(({ bag }, at) => (bag ? [at] : []));
    this.#result = result;
    this.#isWhole = isWhole;
    this.#closesBy = closesBy;
    this.kept = kinds.map(() => []);
  }

  get size(): number {
    let held = 0;
    for (const at of this.#bags) for (const bag of this.kept[at] as Bag[]) held += bag?.held.size ?? 0;
    return this.places.size + held;
  }

  reserve(more: number): void {
    const needed = this.#next + more;
    if (needed <= this.rows.length) return;
    const length = Math.max(needed, this.rows.length * 2);
    const grown = (from: Float64Array<ArrayBuffer>) => {
      const made = new Float64Array(length);
      made.set(from);
      return made;
    };
    this.rows = grown(this.rows);
    this.stamps = grown(this.stamps);
  }

  /** The group that there is without any row. */
  openFirst(): void {
    this.reserve(1);
    this.touch(this.places.get([]) ?? this.open([]));
  }

  open(keys: Value[]): number {
    const slot = this.#free.pop() ?? this.#next++;
    this.places.set(keys, slot);
    this.keys[slot] = keys;
    this.rows[slot] = 0;
    this.stamps[slot] = opened;
    this.#kinds.forEach(({ first }, at) => ((this.kept[at] as unknown[])[slot] = first()));
    this.#opened.push(slot);
    if (this.#closesBy !== undefined) this.#expiry.add(keys[this.#closesBy], slot);
    return slot;
  }

  /** Forgets groups whose time is before a limit: no row of theirs comes any more, and what they made stays. */
  forget(limit: number): void {
    for (const slot of this.#expiry.take(limit)) {
      const time = this.keys[slot]?.[this.#closesBy ?? 0];
      // The slot may be another group's by now.
      if (typeof time !== 'number' || time >= limit || this.places.get(this.keys[slot] as Value[]) !== slot) continue;
      if (this.stamps[slot] !== this.step) this.touch(slot);
      this.rows[slot] = 0;
      this.#forgotten.add(slot);
    }
  }

  /** Remembers what a group was before this step. */
  touch(slot: number): void {
    const old = this.stamps[slot] === opened ? undefined : this.#result(slot);
    this.stamps[slot] = this.step;
    this.#journal.push({ slot, rows: this.rows[slot] as number, kept: this.kept.map((array) => array[slot]), old });
  }

  mark(): number {
    this.step += 1;
    return this.#journal.length;
  }

  /** The rows that went and came since a mark. */
  changes(from: number, add: (row: Row, weight: number) => void): void {
    for (const { slot, old } of this.#journal.slice(from)) {
      const now = (this.rows[slot] as number) > 0 || this.#isWhole ? this.#result(slot) : undefined;
      if (old && now && rowKey(old) === rowKey(now)) continue;
      if (old) add(old, -1);
      if (now) add(now, 1);
    }
  }

  settle(): Entry[] {
    const entries: Entry[] = [];
    for (const slot of new Set(this.#journal.map((undo) => undo.slot))) entries.push(...this.#entries(slot, true));
    for (const slot of new Set(this.#journal.map((undo) => undo.slot))) if (this.rows[slot] === 0 && !this.#isWhole) this.#close(slot);
    this.#journal = [];
    this.#opened = [];
    this.#forgotten.clear();
    this.#expiry.settle();
    return entries;
  }

  #close(slot: number): void {
    this.places.delete(this.keys[slot] as Value[]);
    this.keys[slot] = [];
    this.kept.forEach((array) => (array[slot] = undefined));
    this.#free.push(slot);
  }

  undo(): void {
    for (const { slot, rows, kept } of this.#journal.reverse()) {
      for (const at of this.#bags) ((this.kept[at] as Bag[])[slot] as Bag).undo();
      this.rows[slot] = rows;
      kept.forEach((value, at) => ((this.kept[at] as unknown[])[slot] = value));
    }
    for (const slot of this.#opened) this.#close(slot);
    this.#journal = [];
    this.#opened = [];
    this.#forgotten.clear();
    this.#expiry.undo();
    // What was not undone within a step must not look as if it were.
    this.step += 1;
  }

  *#entries(slot: number, changedOnly: boolean): Generator<Entry> {
    const keys = printRow(
      this.#types.map((type) => ({ type })),
      this.keys[slot] ?? [],
    );
    const name = JSON.stringify(keys);
    const isGone = this.rows[slot] === 0 && !this.#isWhole;
    const written = this.#kinds.map(({ write }, at) => write((this.kept[at] as unknown[])[slot] as never));
    yield [name, isGone ? null : [keys, this.rows[slot], written]];
    for (const at of this.#bags) {
      const bag = (this.kept[at] as Bag[])[slot] as Bag;
      const type = this.#kinds[at]?.bag as Type;
      const all = () => new Map([...bag.held].map(([key, { value, count }]) => [key, [value, count] as const]));
      const counts = this.#forgotten.has(slot) ? new Map([...all(), ...bag.settle()]) : changedOnly ? bag.settle() : all();
      for (const [key, [value, count]] of counts)
        yield [`${name} ${at} ${key}`, count === 0 || isGone ? null : [keys, at, printRow([{ type }], [value])[0], count]];
    }
  }

  *dump(): Generator<Entry> {
    for (const slot of this.places.values()) yield* this.#entries(slot, false);
  }

  /** Groups come before what is in their bags. */
  load([, written]: Entry): void {
    const [texts, ...rest] = written as [(string | null)[], ...unknown[]];
    const keys = texts.map((text, at) => (text === null ? null : readValue(this.#types[at] as Type, text)));
    if (rest.length === 3) {
      const [at, text, count] = rest as [number, string, number];
      const slot = this.places.get(keys) as number;
      ((this.kept[at] as Bag[])[slot] as Bag).load(readValue(this.#kinds[at]?.bag as Type, text), count);
      return;
    }
    const [rows, kept] = rest as [number, unknown[]];
    this.reserve(1);
    const slot = this.open(keys);
    this.stamps[slot] = 0;
    this.rows[slot] = rows;
    this.#kinds.forEach(({ read }, at) => ((this.kept[at] as unknown[])[slot] = read(kept[at] as never)));
    this.#opened = [];
  }
}
