import type { StatementError } from '#engine/pgwire/statement-error.ts';
import type { Plan } from '../domain/plan.ts';
import type { Column, Row, Value } from '../domain/value.ts';
import { type Batch, BatchBuilder, rowAt, weightAt } from './batch.ts';
import { type Clocks, limitOf } from './clock.ts';
import { Expiry } from './expiry.ts';
import { Heap } from './heap.ts';
import { matchStepsMax } from './limits.ts';
import { Recognizer } from './match.ts';
import type { Entry, Operator, State } from './operator.ts';
import { difference } from './partition.ts';
import { keyOfRow, keysOf, valuesOf } from './pipeline.ts';
import { attempted } from './scan.ts';
import type { Spilling } from './spill/room.ts';

/** Matches in partitions that are known as a whole: of those that changed all anew, or of each one once, when it is over. */
export class WholeMatch implements Operator, State {
  readonly columns: readonly Column[];
  readonly code: Operator['code'];
  readonly state: State = this;
  readonly #recognizer: Recognizer;
  readonly #rows: Heap;
  readonly #keys: ReturnType<typeof keysOf>;
  readonly #keyOf: (row: Row) => Value;
  /** When partitions are over, where they are. */
  readonly #limit: ((clocks: Clocks) => number) | undefined;
  readonly #endOf: ((row: Row) => Value) | undefined;
  readonly #expiry = new Expiry<Value>();
  #rejected: string[] = [];

  constructor(plan: Extract<Plan, { kind: 'match' }>) {
    this.columns = plan.columns;
    this.#recognizer = new Recognizer(plan);
    this.#rows = new Heap(plan.input.columns);
    this.#keys = keysOf(plan.match.partition, false);
    this.#keyOf = keyOfRow(plan.match.partition);
    const { ends, bound } = plan.closing ?? {};
    if (ends && bound) {
      const { run } = valuesOf([ends]);
      this.#endOf = (row) => run(row, [])[0] ?? null;
      this.#limit = limitOf(bound, 'forgotten');
    }
    this.code = [['keys', this.#keys.code]];
  }

  step([batch]: readonly Batch[], params: Row, _isFirst: boolean, clocks: Clocks): Batch {
    const out = new BatchBuilder(this.columns);
    const budget = { left: matchStepsMax };
    if (batch && batch.size > 0) this.#take(batch, params, (row, weight) => out.add(row, weight), budget);
    if (this.#limit)
      for (const key of this.#expiry.take(this.#limit(clocks))) {
        for (const row of this.#answer(key, params, budget, (error, row) => this.#rejected.push(this.#recognizer.reason(error, row))))
          out.add(row, 1);
        for (const { row, weight } of [...this.#rows.under(key)]) this.#rows.change(key, row, -weight);
      }
    return out.finish();
  }

  #take(batch: Batch, params: Row, add: (row: Row, weight: number) => void, budget: { left: number }): void {
    const keys = this.#keys.run(batch, params);
    const fail = (error: StatementError): never => {
      throw error;
    };
    for (const [key, places] of Map.groupBy(keys.keys(), (at) => keys[at] ?? null)) {
      const before = this.#endOf || this.#rows.count(key) === 0 ? [] : this.#answer(key, params, budget, fail);
      for (const at of places) {
        const row = rowAt(batch, at);
        this.#rows.change(key, row, weightAt(batch, at));
        if (this.#endOf) this.#expiry.add(this.#endOf(row), key);
      }
      if (!this.#endOf) difference(before, this.#answer(key, params, budget, fail), add);
    }
  }

  #answer(key: Value, params: Row, budget: { left: number }, fail: (error: StatementError, row: Row | undefined) => void): Row[] {
    const scan = this.#recognizer.scan();
    const rows: Row[] = [];
    for (const { row, weight } of this.#rows.under(key)) for (let count = 0; count < weight; count += 1) rows.push(row);
    for (const row of this.#recognizer.sorted(rows, params)) scan.rows.push(row);
    const found: Row[] = [];
    const give = this.#recognizer.shows(scan, params, (row) => found.push(row));
    scan.advance({ isWhole: true, limit: Number.POSITIVE_INFINITY }, params, budget, { give: attempted(give, fail), fail });
    return found;
  }

  rejected(): string[] {
    const found = this.#rejected;
    this.#rejected = [];
    return found;
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
    this.#rejected = [];
    this.#rows.undo();
    this.#expiry.undo();
  }

  dump(): Iterable<Entry> {
    return this.#rows.dump();
  }

  load(entry: Entry): void {
    const row = this.#rows.load(entry, this.#keyOf);
    if (this.#endOf) this.#expiry.add(this.#endOf(row), this.#keyOf(row));
  }
}
