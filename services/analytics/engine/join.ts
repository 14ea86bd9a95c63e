import type { Closing, JoinKind } from '../domain/plan.ts';
import type { Expr } from '../domain/expression.ts';
import { type Column, type Row, rowKey, type Value } from '../domain/value.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { type Batch, BatchBuilder, rowAt, weightAt } from './batch.ts';
import { type Clocks, limitOf } from './clock.ts';
import { Expiry } from './expiry.ts';
import { Heap, type Held } from './heap.ts';
import { pairsMax } from './limits.ts';
import type { Entry, Operator, State } from './operator.ts';
import { keysOf, pairTest, valuesOf } from './pipeline.ts';
import { runtime } from './runtime.ts';

type Joined = {
  readonly how: JoinKind;
  readonly left: readonly Column[];
  readonly right: readonly Column[];
  readonly leftKeys: readonly Expr[];
  readonly rightKeys: readonly Expr[];
  readonly residual: Expr | undefined;
  readonly columns: readonly Column[];
  readonly closing?: { readonly left: Closing; readonly right: Closing };
};

type Keys = ReturnType<typeof keysOf>;
/** One side: its rows by key, and whether those without a partner are shown. */
type Side = {
  readonly rows: Heap;
  readonly keys: Keys;
  readonly isOuter: boolean;
  readonly width: number;
  readonly past: Past | undefined;
};

/** By when rows of a side have met all that they can meet. */
class Past {
  readonly limit: (clocks: Clocks) => number;
  readonly expiry = new Expiry<{ readonly key: Value; readonly name: string }>();
  readonly #time: (row: Row) => Value;

  constructor({ by, bound }: Closing) {
    this.limit = limitOf(bound, 'forgotten');
    const values = valuesOf([by]);
    this.#time = (row) => values.run(row, [])[0] ?? null;
  }

  add(key: Value, row: Row): void {
    this.expiry.add(this.#time(row), { key, name: rowKey(row) });
  }

  forget(rows: Heap, clocks: Clocks): void {
    for (const { key, name } of this.expiry.take(this.limit(clocks))) {
      const held = rows.find(key, name);
      if (held) rows.change(key, held.row, -held.weight, name);
    }
  }
}

/** A join of two inputs, which remembers the rows of both. */
export class Join implements Operator, State {
  readonly columns: readonly Column[];
  readonly code: Operator['code'];
  readonly state: State = this;
  readonly #left: Side;
  readonly #right: Side;
  readonly #test: ((left: Row, right: Row, params: Row) => boolean) | undefined;
  readonly #keyOf: readonly ((row: Row) => Value)[];

  constructor({ how, left, right, leftKeys, rightKeys, residual, columns, closing }: Joined) {
    this.columns = columns;
    const test = residual && pairTest(residual, left.length);
    this.#test = test?.run;
    const isOuter = (side: 'left' | 'right') => how === 'full' || how === side;
    const side = (name: 'left' | 'right', own: readonly Column[], keys: readonly Expr[]): Side => ({
      ...{ rows: new Heap(own), keys: keysOf(keys, true), isOuter: isOuter(name), width: own.length },
      past: closing && new Past(closing[name]),
    });
    this.#left = side('left', left, leftKeys);
    this.#right = side('right', right, rightKeys);
    this.#keyOf = [leftKeys, rightKeys].map(keyOfRow);
    const code = [
      ['left keys', this.#left.keys.code],
      ['right keys', this.#right.keys.code],
    ] as const;
    this.code = test ? [...code, ['condition', test.code]] : code;
  }

  step([left, right]: readonly Batch[], params: Row, _isFirst: boolean, clocks: Clocks): Batch {
    const builder = new BatchBuilder(this.columns);
    if (left) this.#take(left, this.#left, this.#right, false, builder, params);
    if (right) this.#take(right, this.#right, this.#left, true, builder, params);
    for (const { past, rows } of [this.#left, this.#right]) past?.forget(rows, clocks);
    return builder.finish();
  }

  /** Changes of one side against all rows of the other. */
  #take(batch: Batch, own: Side, other: Side, isRight: boolean, out: BatchBuilder, params: Row): void {
    if (batch.size === 0) return;
    const keys = own.keys.run(batch, params);
    const test = this.#test;
    const pair = (mine: Row, theirs: Row) => (isRight ? [...theirs, ...mine] : [...mine, ...theirs]);
    const [ownNulls, otherNulls] = [new Array<Value>(own.width).fill(null), new Array<Value>(other.width).fill(null)];
    for (let at = 0; at < batch.size; at += 1) {
      const [row, weight, key] = [rowAt(batch, at), weightAt(batch, at), keys[at] ?? null];
      if (key === null) {
        if (own.isOuter) out.add(pair(row, otherNulls), weight);
        continue;
      }
      let matches = 0;
      for (const held of [...other.rows.under(key)]) {
        if (test && !(isRight ? test(held.row, row, params) : test(row, held.row, params))) continue;
        matches += held.weight;
        out.add(pair(row, held.row), weight * held.weight);
        if (out.size > pairsMax) throw new StatementError(sqlstates.tooLarge, `a join makes at most ${pairsMax} rows of one batch`);
        if (other.isOuter) partnered(other.rows, key, held, weight, (sign) => out.add(pair(ownNulls, held.row), sign));
      }
      const held = own.rows.change(key, row, weight);
      if (held && held.weight === weight) own.past?.add(key, row);
      if (!own.isOuter) continue;
      if (held && held.matches !== matches) own.rows.match(key, held, matches - held.matches);
      if (matches === 0) out.add(pair(row, otherNulls), weight);
    }
  }

  get size(): number {
    return this.#left.rows.size + this.#right.rows.size;
  }

  settle(): Entry[] {
    for (const { past } of [this.#left, this.#right]) past?.expiry.settle();
    return [...named('l', this.#left.rows.settle()), ...named('r', this.#right.rows.settle())];
  }

  undo(): void {
    for (const { rows, past } of [this.#left, this.#right]) {
      rows.undo();
      past?.expiry.undo();
    }
  }

  *dump(): Generator<Entry> {
    yield* named('l', this.#left.rows.dump());
    yield* named('r', this.#right.rows.dump());
  }

  load([name, written]: Entry): void {
    const isLeft = name.startsWith('l');
    const { rows, past } = isLeft ? this.#left : this.#right;
    const keyOf = this.#keyOf[isLeft ? 0 : 1] as (row: Row) => Value;
    const row = rows.load([name.slice(1), written], keyOf);
    past?.add(keyOf(row), row);
  }
}

/** Entries under the name of one side. */
export function* named(side: string, entries: Iterable<Entry>): Generator<Entry> {
  for (const [name, written] of entries) yield [`${side}${name}`, written];
}

/** A row that got or lost partners: it is shown alone while it has none. */
function partnered(rows: Heap, key: Value, held: Held, by: number, alone: (weight: number) => void): void {
  rows.match(key, held, by);
  const now = held.matches + by;
  if (held.matches === 0 && now !== 0) alone(-held.weight);
  if (held.matches !== 0 && now === 0) alone(held.weight);
}

/** The key of one row, as `keysOf` makes it. */
export function keyOfRow(keys: readonly Expr[]): (row: Row) => Value {
  const values = valuesOf(keys);
  const isPlain = keys.length === 1 && !['numeric', 'interval'].includes(keys[0]?.type ?? '');
  return (row) => {
    const found = values.run(row, []);
    if (isPlain) return found[0] ?? null;
    return keys.length === 1 && found[0] === null ? null : found.map(runtime.keyOf).join('');
  };
}
