import { strict as assert } from 'node:assert';
import type { Batch } from '#services/analytics/engine/batch.ts';
import { Circuit } from '#services/analytics/engine/circuit.ts';
import { type BenchRow, compared, median } from '../result.ts';
import { Duck } from './duck.ts';
import { numberOf, planOf } from './plan.ts';
import { cpuOf } from './measure.ts';

const tables = { t: { k: 'int8', ts: 'timestamp', v: 'int8' } };
const aggregates = 'count(*) as n, sum(v) as total, min(v) as least, max(v) as most';
const ours = `select k, window_start, ${aggregates} from tumble(t, ts, interval '10 seconds') where v >= 100 group by k, window_start`;
const theirs = `select k, time_bucket(interval '10 seconds', ts) as w, ${aggregates} from t where v >= 100 group by k, w`;
const firstMicros = 1_700_000_000_000_000;
/** A thousand rows come in a second. */
const stepMicros = 1000;

/** Rows in the order of their time, one table for both sides. */
async function resident(duck: Duck, rows: number, keys: number): Promise<Batch> {
  await duck.run(`create or replace table t as select (hash(i) % ${keys})::bigint as k,
    make_timestamp((${firstMicros} + i * ${stepMicros})::bigint) as ts, (hash(i + ${rows}) % 1000)::bigint as v from range(${rows}) r(i)`);
  const columns = await duck.columns('select k::double, epoch_us(ts)::double, v::double from t order by ts');
  return {
    size: rows,
    columns: columns.map((values) => ({ values: Float64Array.from(values as number[]), nulls: undefined })),
    weights: undefined,
  };
}

const sumOf = (values: Iterable<unknown>): number => {
  let sum = 0;
  for (const value of values) sum += Number(value);
  return sum;
};

/** Filter, windows of ten seconds and groups over rows in memory, into columns in memory. */
export async function tumbling(rows: number, keys: number, rounds: number): Promise<BenchRow> {
  using duck = await Duck.open();
  const batch = await resident(duck, rows, keys);
  const plan = await planOf(ours, tables);
  const relations = new Map([[numberOf(tables, 't'), batch]]);
  let found: Batch | undefined;
  const taken: { ours: number[]; theirs: number[] } = { ours: [], theirs: [] };
  for (let round = 0; round <= rounds; round += 1) {
    const own = await cpuOf(() => {
      found = new Circuit(plan).step(relations);
    });
    const other = await cpuOf(() => duck.run(`create or replace temp table answer as ${theirs}`));
    // The first round warms both up.
    if (round > 0) taken.ours.push(rows / own / 1e6);
    if (round > 0) taken.theirs.push(rows / other / 1e6);
  }
  const [[groups], [counted], [least]] = (await duck.columns('select count(*), sum(n)::double, sum(least)::double from answer')) as [
    [bigint],
    [number],
    [number],
  ];
  const told = [found?.size, sumOf(found?.columns[2]?.values ?? []), sumOf(found?.columns[4]?.values ?? [])];
  assert.deepEqual(told, [Number(groups), counted, least], 'both sides answer the same');
  const name = `filter, 10 s tumble, group by: ${found?.size ?? 0} groups of ${rows / 1e6} M rows, beside DuckDB on one thread`;
  return compared(name, 'M rows/CPU-s', 'more', median(taken.ours), median(taken.theirs), 0.9);
}
