import type { Plan } from '../domain/plan.ts';
import type { Column } from '../domain/value.ts';
import { type Batch, gathered, type Vector } from './batch.ts';
import type { Operator } from './operator.ts';

/** Each row once for each window that it lies in: windows begin at multiples of their step, counted from 1970. */
export class Window implements Operator {
  readonly columns: readonly Column[];
  readonly code: Operator['code'] = [];
  readonly #plan: Extract<Plan, { kind: 'window' }>;

  constructor(plan: Extract<Plan, { kind: 'window' }>) {
    this.columns = plan.columns;
    this.#plan = plan;
  }

  step([batch]: readonly Batch[]): Batch {
    const { how, time, size, step } = this.#plan;
    const { values, nulls } = batch?.columns[time] as Vector;
    const count = batch?.size ?? 0;
    if (batch && size === step && !nulls) return tumbled(batch, values, size);
    const most = count * (size / step);
    const [places, starts, ends] = [new Uint32Array(most), new Float64Array(most), new Float64Array(most)];
    let found = 0;
    for (let at = 0; at < count; at += 1) {
      if (nulls?.[at] === 1) continue;
      const own = values[at] as number;
      if (how === 'cumulate') {
        const start = Math.floor(own / size) * size;
        for (let end = (Math.floor((own - start) / step) + 1) * step; end <= size; end += step, found += 1) {
          places[found] = at;
          starts[found] = start;
          ends[found] = start + end;
        }
      } else {
        for (let start = Math.floor(own / step) * step; start > own - size; start -= step, found += 1) {
          places[found] = at;
          starts[found] = start;
          ends[found] = start + size;
        }
      }
    }
    const own = gathered(batch as Batch, places.subarray(0, found));
    const bounds = [starts, ends].map((each): Vector => ({ values: each.subarray(0, found), nulls: undefined }));
    return { ...own, columns: [...own.columns, ...bounds] };
  }
}

/** Each row in the one window that it lies in: its columns are as they were. */
function tumbled(batch: Batch, times: Vector['values'], size: number): Batch {
  const [starts, ends] = [new Float64Array(batch.size), new Float64Array(batch.size)];
  for (let at = 0; at < batch.size; at += 1) {
    const start = Math.floor((times[at] as number) / size) * size;
    starts[at] = start;
    ends[at] = start + size;
  }
  return { ...batch, columns: [...batch.columns, { values: starts, nulls: undefined }, { values: ends, nulls: undefined }] };
}
