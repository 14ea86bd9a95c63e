import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import type { Plan } from '../domain/plan.ts';
import type { Column, Row } from '../domain/value.ts';
import { type Batch, BatchBuilder } from './batch.ts';
import { seriesMax } from './limits.ts';
import type { Operator } from './operator.ts';
import { valuesOf } from './pipeline.ts';
import { valuesIn } from './series-values.ts';

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
