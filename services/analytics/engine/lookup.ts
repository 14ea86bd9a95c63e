import type { Plan } from '../domain/plan.ts';
import { appends } from '../domain/plan.ts';
import type { Column, Row, Value } from '../domain/value.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { type Batch, BatchBuilder, rowAt, weightAt } from './batch.ts';
import { type Clocks, limitOf } from './clock.ts';
import { JoinedRows } from './joined-rows.ts';
import { lookedUp, type Sought } from './looked.ts';
import { pairsMax } from './limits.ts';
import type { Operator, State } from './operator.ts';
import { pairTest, valuesOf } from './pipeline.ts';

type Of = Extract<Plan, { kind: 'lookup' }>;

/** Some of what has to be known is not: the attempt ends here. */
class Unknown extends Error {}

/**
 * Rows beside those of a relation that had their keys when they came. Of rows that may go it is remembered what they were joined
 * with, so that just this goes with them; rows that only come leave nothing behind.
 */
export class Lookup implements Operator {
  readonly columns: readonly Column[];
  readonly code: Operator['code'];
  readonly state?: State;
  readonly #plan: Of;
  readonly #sought: Sought;
  readonly #keys: ReturnType<typeof valuesOf>;
  readonly #test: ((left: Row, right: Row, params: Row) => boolean) | undefined;
  readonly #joined: JoinedRows | undefined;
  readonly #limit: ((clocks: Clocks) => number) | undefined;

  constructor(plan: Of) {
    this.columns = plan.columns;
    this.#plan = plan;
    this.#sought = { of: plan.of, types: plan.keys.map(({ type }) => type) };
    this.#keys = valuesOf(plan.keys);
    this.#test = plan.residual && pairTest(plan.residual, plan.input.columns.length).run;
    this.code = [['keys', this.#keys.code]];
    if (appends(plan.input)) return;
    this.#joined = new JoinedRows(plan.input.columns, plan.of.columns, plan.closing?.by);
    this.#limit = plan.closing && limitOf(plan.closing.bound, 'forgotten');
    this.state = this.#joined;
  }

  step([batch]: readonly Batch[], params: Row, _isFirst: boolean, clocks: Clocks): Batch {
    const out = new BatchBuilder(this.columns);
    const joined = this.#joined;
    if (batch && batch.size > 0) {
      if (joined) this.#change(batch, params, joined, out);
      else this.#append(batch, params, out);
    }
    if (joined && this.#limit) joined.forget(this.#limit(clocks));
    return out.finish();
  }

  #append(batch: Batch, params: Row, out: BatchBuilder): void {
    let isWhole = true;
    for (let at = 0; at < batch.size; at += 1) {
      const row = rowAt(batch, at);
      const found = this.#found(row, params);
      if (!found) isWhole = false;
      else if (isWhole) this.#give(row, found, weightAt(batch, at), out);
    }
    if (!isWhole) throw new Unknown();
  }

  /** Rows that come are looked up, those that go take with them what they came with; those that do both in one step do nothing. */
  #change(batch: Batch, params: Row, joined: JoinedRows, out: BatchBuilder): void {
    const changes = joined.changes(batch);
    const found = changes.map(({ row, weight }) => (weight > 0 ? this.#found(row, params) : []));
    if (found.some((rows) => !rows)) throw new Unknown();
    for (const [at, { name, row, weight }] of changes.entries()) {
      if (weight < 0) for (const went of joined.take(name, row, -weight)) this.#give(row, went.rows, -went.times, out);
      else {
        const rows = found[at] ?? [];
        const times = joined.put(name, row, rows, weight);
        if (times > 0) this.#give(row, rows, times, out);
      }
    }
  }

  /** The rows that a row is joined with; undefined where that has to be asked for. */
  #found(row: Row, params: Row): readonly Row[] | undefined {
    const key: Value[] = this.#keys.run(row, params);
    // NULL is equal to nothing.
    if (key.includes(null)) return [];
    const rows = lookedUp(this.#sought, key);
    const test = this.#test;
    return rows && test ? rows.filter((each) => test(row, each, params)) : rows;
  }

  #give(row: Row, rows: readonly Row[], weight: number, out: BatchBuilder): void {
    for (const each of rows) out.add([...row, ...each], weight);
    if (rows.length === 0 && this.#plan.how === 'left') out.add([...row, ...this.#plan.of.columns.map(() => null)], weight);
    if (out.size > pairsMax) throw new StatementError(sqlstates.tooLarge, `a lookup makes at most ${pairsMax} rows of one batch`);
  }
}
