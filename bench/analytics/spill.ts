import { strict as assert } from 'node:assert';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Batch } from '#services/analytics/engine/batch.ts';
import { View } from '#services/analytics/engine/view.ts';
import { type BenchRow, compared, median } from '../result.ts';
import { cpuOf } from './measure.ts';
import { numberOf, planOf } from './plan.ts';
import { keysOf, portions } from './skew.ts';

const tables = { t: { k: 'int8', v: 'int8' } };
const text = 'select k, count(*) as n, sum(v) as total, min(v) as least, max(v) as most from t group by k';
const diskBytes = 2 ** 36;

setFlagsFromString('--expose_gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes of objects and arrays of this process, once what nobody uses is gone. */
function memoryOf(): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** `bytes`: those of memory that it takes. */
type Side = { readonly rate: number; readonly bytes: number; readonly size: number; readonly kept: View['kept'] };

/** Takes all portions as a view does, without writing down what it remembers. Nothing of it is in memory afterwards. */
async function taken(batches: readonly Batch[], rows: number, memoryBytes: number | undefined, directory: string): Promise<Side> {
  const before = memoryOf();
  const view = new View(
    await planOf(text, tables),
    true,
    [],
    memoryBytes === undefined ? undefined : { directory, memoryBytes, diskBytes },
  );
  const seconds = await cpuOf(() => {
    for (const batch of batches) {
      view.step(new Map([[numberOf(tables, 't'), batch]]));
      view.settle();
    }
  });
  const side = { rate: rows / seconds / 1e3, bytes: memoryOf() - before, size: view.size, kept: view.kept };
  await view.close();
  return side;
}

/** A view whose state is four times what its memory has room for beside the same with all of it in memory. */
export async function spilling(rows: number, keys: number, rounds: number): Promise<BenchRow[]> {
  const directory = mkdtempSync(join(tmpdir(), 'gamut-bench-'));
  const found: BenchRow[] = [];
  try {
    for (const [name, exponent] of [
      ['keys all as frequent', 0],
      ['keys by Zipf 1.2', 1.2],
    ] as const) {
      const batches = portions(keysOf(rows, keys, exponent));
      const rates: { ours: number[]; theirs: number[] } = { ours: [], theirs: [] };
      let memory = '';
      // What all of it takes by the view's own count.
      const whole = await taken(batches, rows, 2 ** 40, directory);
      const memoryBytes = (whole.kept?.memoryBytes ?? 0) / 4;
      for (let round = 0; round < rounds; round += 1) {
        const all = await taken(batches, rows, undefined, directory);
        const some = await taken(batches, rows, memoryBytes, directory);
        assert.equal(some.size, all.size);
        const { kept } = some;
        assert.ok(kept && kept.diskRows > 2 * kept.memoryRows);
        rates.ours.push(some.rate);
        rates.theirs.push(all.rate);
        const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(0);
        memory = `${mib(some.bytes)} of ${mib(all.bytes)} MiB in memory, ${mib(kept.diskBytes)} MiB on disk`;
      }
      const what = `state of ${keys} groups four times its memory, ${name}: ${memory}, beside all of it in memory`;
      found.push(compared(what, 'k rows/CPU-s', 'more', median(rates.ours), median(rates.theirs), 0.1));
    }
    return found;
  } finally {
    rmSync(directory, { recursive: true });
  }
}
