import type { Order, Plan } from '../domain/plan.ts';
import { moved } from '../domain/interval.ts';
import type { Interval } from '../domain/interval.ts';
import { type Column, type Row, rowKey, type Value } from '../domain/value.ts';
import { type Batch, BatchBuilder, rowAt, weightAt } from './batch.ts';
import { type Clocks, limitOf } from './clock.ts';
import { Expiry } from './expiry.ts';
import { Heap } from './heap.ts';
import type { Entry, Operator, State } from './operator.ts';
import { compareBy, fullOrder } from './order.ts';
import { keyOfRow, keysOf, valuesOf } from './pipeline.ts';
import { type Ordered, ranks, readsOf } from './ranking.ts';
import type { Spilling } from './spill/room.ts';

type Of<K extends Plan['kind']> = Extract<Plan, { kind: K }>;

/** Rows by partition, of which each that changed is computed anew. */
export class Partitioned implements Operator, State {
  readonly columns: readonly Column[];
  readonly code: Operator['code'];
  readonly state: State = this;
  readonly #rows: Heap;
  readonly #keys: ReturnType<typeof keysOf>;
  readonly #keyOf: (row: Row) => Value;
  readonly #by: ReturnType<typeof valuesOf>;
  readonly #order: readonly Order[];
  readonly #answer: (rows: readonly Ordered[]) => Row[];
  /** Rows of a partition that count, where none ever goes: those behind them need not be kept. */
  readonly #most: number | undefined;
  /** When partitions, or sessions in them, are over. */
  readonly #limit: ((clocks: Clocks) => number) | undefined;
  readonly #expiry = new Expiry<Value>();
  /** The time of a partition, or those of the ends of its sessions. */
  readonly #times: (rows: readonly Row[], answer: readonly Row[]) => Iterable<Value>;
  readonly #isSession: boolean;
  readonly #gapAt: number;

  constructor(plan: Of<'over' | 'session'>, inputAppends: boolean) {
    this.columns = plan.columns;
    this.#rows = new Heap(plan.input.columns);
    this.#keys = keysOf(plan.partition, false);
    this.#keyOf = keyOfRow(plan.partition);
    const order: readonly Order[] = plan.kind === 'over' ? plan.order : [{ expr: plan.time, isDown: false, nullsFirst: false }];
    this.#order = fullOrder(order, plan.input.columns);
    const values = [
      ...this.#order.map(({ expr }) => expr),
      ...(plan.kind === 'session' ? [plan.gap] : []),
      ...(plan.kind === 'over' ? plan.rankings.flatMap(readsOf) : []),
    ];
    this.#by = valuesOf(values);
    this.#answer =
      plan.kind === 'over'
        ? ranks(plan, order.length, this.#order.length, (left, right) => this.#compare(left, right, order.length))
        : sessions(values.length - 1);
    this.#isSession = plan.kind === 'session';
    this.#gapAt = this.#order.length;
    this.#limit = plan.closing && limitOf(plan.closing.bound, 'forgotten');
    const by = plan.kind === 'over' && plan.closing ? valuesOf([plan.closing.by]) : undefined;
    this.#times = (rows, answer) =>
      by ? rows.slice(0, 1).map((row) => by.run(row, [])[0] ?? null) : answer.map((row) => row.at(-1) ?? null);
    this.#most = plan.kind === 'over' && inputAppends ? plan.limit : undefined;
    this.code = [
      ['keys', this.#keys.code],
      ['order', this.#by.code],
    ];
  }

  #compare(left: Ordered, right: Ordered, most = this.#order.length): number {
    return compareBy(this.#order, left.by, right.by, most);
  }

  #sorted(key: Value, params: Row): Ordered[] {
    const rows: Ordered[] = [];
    for (const { row, weight } of this.#rows.under(key)) {
      const ordered = { row, by: this.#by.run(row, params) };
      for (let count = 0; count < weight; count += 1) rows.push(ordered);
    }
    return rows.sort((left, right) => this.#compare(left, right));
  }

  step([batch]: readonly Batch[], params: Row, _isFirst: boolean, clocks: Clocks): Batch {
    const out = new BatchBuilder(this.columns);
    if (batch && batch.size > 0) this.#take(batch, params, out);
    if (this.#limit) this.#forget(this.#limit(clocks), params);
    return out.finish();
  }

  /** Forgets partitions and sessions that are over; what was made of them stays. */
  #forget(limit: number, params: Row): void {
    for (const key of this.#expiry.take(limit)) {
      if (!this.#isSession) {
        for (const { row, weight } of [...this.#rows.under(key)]) this.#rows.change(key, row, -weight);
        continue;
      }
      const answer = this.#answer(this.#sorted(key, params));
      const isOver = (row: Row) => (row.at(-1) as number) < limit;
      for (const row of answer.filter(isOver)) this.#rows.change(key, row.slice(0, -2), -1);
      this.#await(
        key,
        answer.filter((row) => !isOver(row)),
      );
    }
  }

  #take(batch: Batch, params: Row, out: BatchBuilder): void {
    const keys = this.#keys.run(batch, params);
    const touched = Map.groupBy(keys.keys(), (at) => keys[at] ?? null);
    for (const [key, places] of touched) {
      const before = this.#answer(this.#sorted(key, params));
      for (const at of places) {
        const row = rowAt(batch, at);
        // A row that is in no session would never be forgotten.
        if (this.#isSession && this.#limit && this.#by.run(row, params)[this.#gapAt] === null) continue;
        this.#rows.change(key, row, weightAt(batch, at));
      }
      let rows = this.#sorted(key, params);
      if (this.#most !== undefined) {
        for (const { row } of rows.slice(this.#most)) this.#rows.change(key, row, -1);
        rows = rows.slice(0, this.#most);
      }
      const after = this.#answer(rows);
      difference(before, after, (row, weight) => out.add(row, weight));
      if (this.#limit) this.#await(key, after);
    }
  }

  /** Notes when something of a partition is over. */
  #await(key: Value, answer: readonly Row[]): void {
    const [first] = this.#rows.under(key);
    for (const time of new Set(this.#times(first ? [first.row] : [], answer))) this.#expiry.add(time, key);
  }

  get size(): number {
    return this.#rows.size;
  }

  get spilling(): Spilling {
    return this.#rows.spilling;
  }

  settle(): Entry[] {
    this.#expiry.settle();
    return this.#rows.settle();
  }

  undo(): void {
    this.#rows.undo();
    this.#expiry.undo();
  }

  dump(): Iterable<Entry> {
    return this.#rows.dump();
  }

  load(entry: Entry): void {
    const key = this.#keyOf(this.#rows.load(entry, this.#keyOf));
    // When its sessions end is known when all rows are there; until then it is looked at with the first step.
    if (this.#isSession) this.#expiry.add(Number.NEGATIVE_INFINITY, key);
    else if (this.#limit) this.#await(key, []);
  }
}

/** What went and came between two answers. */
export function difference(before: readonly Row[], after: readonly Row[], add: (row: Row, weight: number) => void): void {
  const counts = new Map<string, { row: Row; weight: number }>();
  const count = (row: Row, by: number) => {
    const key = rowKey(row);
    const known = counts.get(key);
    if (known) known.weight += by;
    else counts.set(key, { row, weight: by });
  };
  for (const row of before) count(row, -1);
  for (const row of after) count(row, 1);
  for (const { row, weight } of counts.values()) if (weight !== 0) add(row, weight);
}

/** Rows with the start and end of their session; those without a time are in none. */
function sessions(gapAt: number) {
  return (rows: readonly Ordered[]): Row[] => {
    const found: Row[] = [];
    let open: Row[] = [];
    let [start, end] = [0, Number.NEGATIVE_INFINITY];
    const close = () => {
      for (const row of open) found.push([...row, start, end]);
      open = [];
    };
    for (const { row, by } of rows) {
      const [time, gap] = [by[0] as number | null, by[gapAt] as Interval | null];
      if (time === null || gap === null) continue;
      if (open.length === 0 || time >= end) {
        close();
        [start, end] = [time, time];
      }
      end = Math.max(end, moved(time, gap));
      open.push(row);
    }
    close();
    return found;
  };
}
