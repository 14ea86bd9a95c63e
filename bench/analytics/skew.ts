import { strict as assert } from 'node:assert';
import type { Batch } from '#services/analytics/engine/batch.ts';
import { Circuit } from '#services/analytics/engine/circuit.ts';
import { Random } from '#engine/random/random.ts';
import { type BenchRow, compared, median } from '../result.ts';
import { cpuOf } from './measure.ts';
import { numberOf, planOf } from './plan.ts';

const tables = { t: { k: 'int8', v: 'int8' }, u: { k: 'int8', name: 'text' } };
const [seed, exponent, rowsAtOnce] = [11, 1.2, 4096];
const queries = {
  'group by': 'select k, count(*) as n, sum(v) as total, min(v) as least, max(v) as most from t group by k',
  join: 'select t.k, t.v, u.name from t join u on t.k = u.k',
} as const;

/** Keys from 0 on whose frequencies fall by a power of their rank, or are alike. */
export function keysOf(rows: number, keys: number, power: number): Float64Array {
  const random = new Random(seed);
  const sums = new Float64Array(keys);
  let sum = 0;
  for (let at = 0; at < keys; at += 1) {
    sum += (at + 1) ** -power;
    sums[at] = sum;
  }
  // Keys of neighbouring ranks do not lie beside each other.
  const names = Float64Array.from({ length: keys }, (_, at) => (at * 7919) % keys);
  return Float64Array.from({ length: rows }, () => {
    const wanted = random.next() * sum;
    let [low, high] = [0, keys - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] as number) < wanted) low = middle + 1;
      else high = middle;
    }
    return names[low] as number;
  });
}

/** Rows in portions as a view takes them. */
export function portions(keys: Float64Array): Batch[] {
  return Array.from({ length: Math.ceil(keys.length / rowsAtOnce) }, (_, at) => {
    const own = keys.subarray(at * rowsAtOnce, (at + 1) * rowsAtOnce);
    const values = Float64Array.from(own, (_key, row) => (at * rowsAtOnce + row) % 1000);
    return {
      size: own.length,
      columns: [own, values].map((each) => ({ values: each, nulls: undefined })),
      weights: undefined,
    };
  });
}

/** Keys of which few are of most rows beside keys that are all of equally many: each query in portions. */
export async function skewed(rows: number, keys: number, rounds: number): Promise<BenchRow[]> {
  const sides = { ours: portions(keysOf(rows, keys, exponent)), theirs: portions(keysOf(rows, keys, 0)) };
  const names = { size: keys, weights: undefined };
  const other: Batch = {
    ...names,
    columns: [
      { values: Float64Array.from({ length: keys }, (_, at) => at), nulls: undefined },
      { values: Array.from({ length: keys }, (_, at) => `name ${at}`), nulls: undefined },
    ],
  };
  const found: BenchRow[] = [];
  for (const [name, text] of Object.entries(queries)) {
    const plan = await planOf(text, tables);
    const taken: Record<keyof typeof sides, number[]> = { ours: [], theirs: [] };
    for (let round = 0; round <= rounds; round += 1)
      for (const side of ['ours', 'theirs'] as const) {
        const circuit = new Circuit(plan);
        if (name === 'join') circuit.step(new Map([[numberOf(tables, 'u'), other]]));
        let sum = 0;
        const seconds = await cpuOf(() => {
          for (const batch of sides[side]) {
            const out = circuit.step(new Map([[numberOf(tables, 't'), batch]]));
            for (let at = 0; at < out.size; at += 1) sum += out.weights?.[at] ?? 1;
          }
        });
        assert.equal(sum, name === 'join' ? rows : circuit.size, 'every row is counted');
        if (round > 0) taken[side].push(rows / seconds / 1e6);
      }
    const row = `${name}, keys by Zipf ${exponent} of ${keys}, beside keys that are all as frequent`;
    found.push(compared(row, 'M rows/CPU-s', 'more', median(taken.ours), median(taken.theirs), 0.7));
  }
  return found;
}
