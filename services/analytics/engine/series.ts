import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { inTime } from '../domain/datetime.ts';
import { compareInterval, type Interval, moved } from '../domain/interval.ts';
import type { Plan } from '../domain/plan.ts';
import { type Column, compareValues, type Row, type Value, whole } from '../domain/value.ts';
import { type Batch, BatchBuilder } from './batch.ts';
import { seriesMax } from './limits.ts';
import type { Operator } from './operator.ts';
import { valuesOf } from './pipeline.ts';

type Of = Extract<Plan, { kind: 'series' }>;

/** The values of a series, once for each row of its input, which is one without columns. */
export class SeriesRows implements Operator {
  readonly columns: readonly Column[];
  readonly code: Operator['code'];
  readonly #values: ReturnType<typeof valuesOf>;

  constructor({ columns, args }: Of) {
    this.columns = columns;
    this.#values = valuesOf(args);
    this.code = [['series', this.#values.code]];
  }

  step([batch]: readonly Batch[], params: Row): Batch {
    const out = new BatchBuilder(this.columns);
    if (batch && batch.size > 0) {
      const [first = null, last = null, step = null] = this.#values.run([], params);
      if (first !== null && last !== null && step !== null)
        for (const value of valuesIn(first, last, step)) {
          if (out.size >= seriesMax) throw new StatementError(sqlstates.tooLarge, `generate_series makes at most ${seriesMax} rows`);
          out.add([value], 1);
        }
    }
    return out.finish();
  }
}

type Known = Exclude<Value, null>;

function* valuesIn(first: Known, last: Known, step: Known): Generator<Known> {
  const sign = typeof step === 'object' ? compareInterval(step as Interval, none) : compareValues(step, 0);
  if (sign === 0) throw new StatementError('22023', 'step size cannot equal zero');
  if (typeof step === 'object') {
    for (let at = first as number; (last as number) * sign >= at * sign; at = inTime(moved(at, step as Interval))) yield at;
    return;
  }
  const [to, by] = [BigInt(last as number), BigInt(step as number)];
  for (let at = BigInt(first as number); sign > 0 ? at <= to : at >= to; at += by) yield whole(at);
}

const none: Interval = { months: 0, days: 0, micros: 0 };
