import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import type { Plan } from '../domain/plan.ts';
import type { Column, List, Row, Value } from '../domain/value.ts';
import { type Batch, BatchBuilder, gathered, rowAt } from './batch.ts';
import { unnestedMax } from './limits.ts';
import type { Operator } from './operator.ts';
import { type Made, valuesOf } from './pipeline.ts';

type Of = Extract<Plan, { kind: 'unnest' }>;
type Values = Made<(row: Row, params: Row) => Value[]>;

/** Each row once for each element of its arrays, which stand side by side behind its columns: NULL where one is shorter. */
export class Unnest implements Operator {
  readonly columns: readonly Column[];
  readonly code: Operator['code'];
  readonly #plan: Of;
  readonly #lists: Values;
  readonly #on: Values | undefined;

  constructor(plan: Of) {
    this.columns = plan.columns;
    this.#plan = plan;
    this.#lists = valuesOf(plan.lists);
    this.#on = plan.on && valuesOf([plan.on]);
    this.code = [['arrays', this.#lists.code], ...(this.#on ? [['condition', this.#on.code] as const] : [])];
  }

  step([batch]: readonly Batch[], params: Row): Batch {
    const own = this.columns.slice(this.#plan.input.columns.length);
    const out = new BatchBuilder(own);
    const places: number[] = [];
    for (let at = 0; batch && at < batch.size; at += 1) {
      for (const elements of this.#elements(rowAt(batch, at), params)) {
        if (places.length >= unnestedMax) throw new StatementError(sqlstates.tooLarge, `unnest makes at most ${unnestedMax} rows at once`);
        places.push(at);
        out.add(elements, 1);
      }
    }
    const found = gathered(batch as Batch, Uint32Array.from(places));
    return { ...found, columns: [...found.columns, ...out.finish().columns] };
  }

  *#elements(row: Value[], params: Row): Generator<Value[]> {
    const { isCounted, outer, lists } = this.#plan;
    const found = this.#lists.run(row, params).map((list) => (list as List | null)?.items ?? []);
    const length = Math.max(...found.map((items) => items.length));
    let isAny = false;
    for (let at = 0; at < length; at += 1) {
      const elements = found.map((items) => items[at] ?? null);
      if (isCounted) elements.push(at + 1);
      if (this.#on && this.#on.run([...row, ...elements], params)[0] !== true) continue;
      isAny = true;
      yield elements;
    }
    if (outer && !isAny) yield new Array<Value>(lists.length + Number(isCounted)).fill(null);
  }
}
