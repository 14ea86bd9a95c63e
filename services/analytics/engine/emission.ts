import type { Plan } from '../domain/plan.ts';
import type { Column, Row, Value } from '../domain/value.ts';
import { type Batch, BatchBuilder, rowAt, weightAt } from './batch.ts';
import { type Clocks, limitOf } from './clock.ts';
import { Expiry } from './expiry.ts';
import { Heap } from './heap.ts';
import type { Entry, Operator, State } from './operator.ts';
import { valuesOf } from './pipeline.ts';
import type { Spilling } from './spill/room.ts';

/** Rows by their times: `emit` holds them back until the watermark has passed them, `retain` takes them back then. */
export class Emission implements Operator, State {
  readonly columns: readonly Column[];
  readonly code: Operator['code'] = [];
  readonly state: State = this;
  readonly #holds: boolean;
  readonly #rows: Heap;
  readonly #expiry = new Expiry<number>();
  readonly #limit: (clocks: Clocks) => number;
  readonly #timeOf: (row: Row) => Value;
  /** Rows that come before this are not held: what they are of was given out. */
  #passed = Number.NEGATIVE_INFINITY;
  #passedBefore = Number.NEGATIVE_INFINITY;

  constructor(plan: Extract<Plan, { kind: 'emit' | 'retain' }>) {
    this.columns = plan.columns;
    this.#holds = plan.kind === 'emit';
    this.#rows = new Heap(plan.columns);
    this.#limit = limitOf(plan.closing.bound, this.#holds ? 'closed' : 'forgotten');
    const { by } = plan.closing;
    const values = valuesOf([by]);
    this.#timeOf = by.kind === 'column' ? (row) => row[by.place] ?? null : (row) => values.run(row, [])[0] ?? null;
  }

  step([batch]: readonly Batch[], _params: Row, _isFirst: boolean, clocks: Clocks): Batch {
    const out = new BatchBuilder(this.columns);
    const size = batch?.size ?? 0;
    for (let at = 0; at < size; at += 1) {
      const [row, weight] = [rowAt(batch as Batch, at), weightAt(batch as Batch, at)];
      const time = this.#timeOf(row);
      // What has no time is in no window: it never closes.
      if (typeof time !== 'number') continue;
      const isPast = time < this.#passed;
      if (!this.#holds || isPast) out.add(row, weight);
      if (this.#holds && isPast) continue;
      this.#rows.change(time, row, weight);
      this.#expiry.add(time, time);
    }
    const limit = this.#limit(clocks);
    for (const time of this.#expiry.take(limit))
      for (const { row, weight } of [...this.#rows.under(time)]) {
        out.add(row, this.#holds ? weight : -weight);
        this.#rows.change(time, row, -weight);
      }
    this.#passed = Math.max(this.#passed, limit);
    return out.finish();
  }

  get size(): number {
    return this.#rows.size;
  }

  get spilling(): Spilling {
    return this.#rows.spilling;
  }

  settle(): Entry[] {
    this.#expiry.settle();
    const isFarther = this.#passed > this.#passedBefore;
    this.#passedBefore = this.#passed;
    return isFarther ? [...this.#rows.settle(), ['', this.#passed]] : this.#rows.settle();
  }

  undo(): void {
    this.#rows.undo();
    this.#expiry.undo();
    this.#passed = this.#passedBefore;
  }

  *dump(): Generator<Entry> {
    yield* this.#rows.dump();
    if (this.#passed > Number.NEGATIVE_INFINITY) yield ['', this.#passed];
  }

  load([name, written]: Entry): void {
    if (name === '') {
      this.#passed = this.#passedBefore = written as number;
      return;
    }
    const row = this.#rows.load([name, written], (each) => this.#timeOf(each));
    const time = this.#timeOf(row);
    this.#expiry.add(time, time as number);
  }
}
