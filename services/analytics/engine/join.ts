import { columnsIn, type Expr } from '../domain/expression.ts';
import type { Closing, JoinKind } from '../domain/plan.ts';
import type { Column, Row, Type, Value } from '../domain/value.ts';
import {
  absent,
  type Batch,
  BatchBuilder,
  concatenated,
  isMasked,
  Later,
  type LazyVector,
  picked,
  room,
  type Values,
  type Vector,
} from './batch.ts';
import { type Clocks, limitOf } from './clock.ts';
import { type SideShape, type Taking, takingOf } from './join-code.ts';
import { JoinSide } from './join-side.ts';
import { KeySlots } from './key-slot.ts';
import { type Entry, named, type Operator, type State } from './operator.ts';
import { Pairs } from './pair.ts';
import { SpilledJoin } from './spill/spilled-join.ts';

/** One side of a join: its columns, and whether its rows only come. */
type Input = { readonly columns: readonly Column[]; readonly appends: boolean };

type Joined = {
  readonly how: JoinKind;
  readonly left: Input;
  readonly right: Input;
  readonly leftKeys: readonly Expr[];
  readonly rightKeys: readonly Expr[];
  readonly residual: Expr | undefined;
  readonly columns: readonly Column[];
  readonly closing?: { readonly left: Closing; readonly right: Closing };
  /** The columns that are read of what comes out; the others are NULL. */
  readonly shown: ReadonlySet<number>;
};

type Side = {
  readonly columns: readonly Column[];
  readonly held: JoinSide;
  readonly taking: Taking;
  /** By when rows have met all that they can meet. */
  readonly limit: ((clocks: Clocks) => number) | undefined;
};

/** A join of two inputs, which remembers the rows of both. */
export class Join implements Operator, State {
  readonly columns: readonly Column[];
  readonly code: Operator['code'];
  readonly state: State = this;
  readonly isNumbered = true;
  readonly #left: Side;
  readonly #right: Side;
  readonly #shown: ReadonlySet<number>;
  /** Whether rows are shown that have no partner. */
  readonly #isOuter: boolean;
  readonly #keys: KeySlots;
  /** Undefined where rows cannot leave the memory: there are no keys. */
  readonly spilling: SpilledJoin | undefined;

  constructor(joined: Joined) {
    const { how, left, right, leftKeys, rightKeys, residual, closing } = joined;
    this.columns = joined.columns;
    this.#shown = joined.shown;
    this.#isOuter = how !== 'inner';
    const keys = new KeySlots(typesOf(leftKeys), typesOf(rightKeys), 2);
    const sides = [shapeOf(joined, 'left'), shapeOf(joined, 'right')] as const;
    const rows = sides.map((shape, side) => new JoinSide({ ...shape, keys, side: side as 0 | 1 })) as [JoinSide, JoinSide];
    const made = ([0, 1] as const).map((side) =>
      takingOf({ sides, residual }, side, { keys, own: rows[side], other: rows[1 - side] as JoinSide }),
    );
    this.#keys = keys;
    this.spilling = leftKeys.length === 0 ? undefined : new SpilledJoin(keys, typesOf(leftKeys), rows);
    const side = (at: 0 | 1, { columns }: Input, own: Closing | undefined): Side => ({
      ...{ columns, held: rows[at] as JoinSide, taking: made[at]?.run as Taking },
      limit: own && limitOf(own.bound, 'forgotten'),
    });
    this.#left = side(0, left, closing?.left);
    this.#right = side(1, right, closing?.right);
    this.code = [
      ['left', made[0]?.code ?? ''],
      ['right', made[1]?.code ?? ''],
    ];
  }

  step([left, right]: readonly Batch[], params: Row, _isFirst: boolean, clocks: Clocks): Batch {
    if (this.spilling?.isAway)
      for (const [batch, { taking }] of [
        [left, this.#left],
        [right, this.#right],
      ] as const)
        if (batch) taking.seek(batch, params);
    const found = [this.#take(left, 0, params), this.#take(right, 1, params)];
    this.#forget(clocks);
    return concatenated(
      found.filter((batch) => batch !== undefined),
      this.columns,
    );
  }

  #forget(clocks: Clocks): void {
    const sides = [this.#left, this.#right].flatMap(({ held, limit }) => (limit ? [{ held, limit: limit(clocks) }] : []));
    // What may be forgotten of either side alone waits on disk for the other.
    this.spilling?.recallDue(Math.min(...sides.map(({ limit }) => limit)));
    for (const { held, limit } of sides) held.forget(limit);
  }

  /** Changes of one side against all rows of the other. */
  #take(batch: Batch | undefined, side: 0 | 1, params: Row): Batch | undefined {
    if (!batch || batch.size === 0) return undefined;
    const pairs = new Pairs(batch.size);
    const [own, other] = side === 0 ? [this.#left, this.#right] : [this.#right, this.#left];
    own.taking.take(batch, params, pairs);
    const { size } = pairs;
    const [mine, theirs] = [pairs.own.subarray(0, size), pairs.other.subarray(0, size)];
    const shown = (column: Column, place: number, make: () => Vector): Vector =>
      this.#shown.has(place) ? new Later(make) : absent(column.type, size);
    const width = this.#left.columns.length;
    const [ownFrom, otherFrom] = side === 0 ? [0, width] : [width, 0];
    const ofOwn = own.columns.map((column, place) => shown(column, ownFrom + place, () => this.#ofBatch(batch, place, mine, column.type)));
    const ofOther = other.columns.map(({ type, name }, place) => {
      const values = { values: other.held.rows.columns[place] as Values, nulls: other.held.rows.masks[place] };
      return shown({ type, name }, otherFrom + place, () => (this.#isOuter ? pickedOr(values, theirs, 0, type) : picked(values, theirs)));
    });
    const weights = pairs.weights.subarray(0, size);
    return {
      ...{ size, columns: side === 0 ? [...ofOwn, ...ofOther] : [...ofOther, ...ofOwn] },
      weights: weights.every((weight) => weight === 1) ? undefined : weights,
    };
  }

  #ofBatch({ columns }: Batch, place: number, places: Int32Array, type: Type): Vector {
    const vector = columns[place] as Vector;
    if (this.#isOuter) return pickedOr(vector, places, -1, type);
    return 'gather' in vector ? (vector as LazyVector).gather(Uint32Array.from(places)) : picked(vector, places);
  }

  get heldBytes(): number {
    return this.spilling ? 0 : this.#left.held.bytes + this.#right.held.bytes;
  }

  get size(): number {
    return this.#left.held.size + this.#right.held.size + (this.spilling?.away ?? 0);
  }

  settle(): Entry[] {
    const entries = [...named('l', this.#left.held.settle()), ...named('r', this.#right.held.settle())];
    this.#keys.settle();
    return entries;
  }

  undo(): void {
    this.#left.held.undo();
    this.#right.held.undo();
    this.#keys.settle();
  }

  *dump(): Generator<Entry> {
    yield* named('l', this.#left.held.dump());
    yield* named('r', this.#right.held.dump());
    for (const [side, [name, written]] of this.spilling?.entries() ?? []) yield [`${side === 0 ? 'l' : 'r'}${name}`, written];
  }

  load([name, written]: Entry): void {
    const { held, columns, taking } = name.startsWith('l') ? this.#left : this.#right;
    const [texts, weight, matches] = written as [(string | null)[], number, number];
    const builder = new BatchBuilder(columns);
    builder.add(held.rows.read(texts), weight);
    const batch = builder.finish();
    if (this.spilling?.isAway) taking.seek(batch, []);
    held.load(name.slice(1), matches, () => taking.keep(batch));
  }
}

const typesOf = (exprs: readonly Expr[]): Type[] => exprs.map(({ type }) => type);

/** What is kept of a side: what is shown of it, what pairs are told by, and what says under which key and how long it is kept. */
function shapeOf({ how, left, right, leftKeys, rightKeys, residual, closing, shown }: Joined, name: 'left' | 'right'): SideShape {
  const isLeft = name === 'left';
  const { columns, appends } = isLeft ? left : right;
  const keys = isLeft ? leftKeys : rightKeys;
  const time = closing?.[name].by;
  const from = isLeft ? 0 : left.columns.length;
  const stored = new Set<number>();
  for (const place of [...shown, ...(residual ? columnsIn(residual) : [])])
    if (place >= from && place < from + columns.length) stored.add(place - from);
  for (const expr of [...keys, ...(time ? [time] : [])]) columnsIn(expr, stored);
  return { types: columns.map(({ type }) => type), stored, keys, isOuter: how === 'full' || how === name, appends, time };
}

/** The values at some places, NULL where the place is that of none. */
function pickedOr({ values, nulls }: Vector, places: Int32Array, none: number, type: Type): Vector {
  if (!isMasked(type)) {
    const made = new Array<Value>(places.length);
    for (let at = 0; at < made.length; at += 1) made[at] = places[at] === none ? null : (values[places[at] as number] as Value);
    return { values: made, nulls: undefined };
  }
  const made = Array.isArray(values) ? new Array<Value>(places.length).fill(0) : room(type, places.length);
  const masked = new Uint8Array(places.length);
  for (let at = 0; at < masked.length; at += 1) {
    const place = places[at] as number;
    if (place === none || nulls?.[place] === 1) masked[at] = 1;
    else made[at] = values[place] as never;
  }
  return { values: made, nulls: masked };
}
