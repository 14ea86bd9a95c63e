import { strict as assert } from 'node:assert';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Batch } from '#services/analytics/engine/batch.ts';
import { View } from '#services/analytics/engine/view.ts';
import { type Opened, openStates } from '#services/analytics/test/fixtures/states.ts';
import { packed } from '#services/analytics/store/written.ts';
import { type BenchRow, bounded, compared, median } from '../result.ts';
import { planOf } from './plan.ts';

const rowsAtOnce = 4096;
const aimedMs = 1000;
const kinds = { int8: (key: number) => key, text: (key: number) => `customer number ${key}` } as const;

/** A row for each key, in portions as a view takes them; keys do not come in their order. */
function* portions(type: keyof typeof kinds, keys: number): Generator<ReadonlyMap<bigint, Batch>> {
  for (let from = 0; from < keys; from += rowsAtOnce) {
    const size = Math.min(rowsAtOnce, keys - from);
    const own = Array.from({ length: size }, (_, at) => kinds[type](((from + at) * 7919) % keys));
    const values = Float64Array.from({ length: size }, (_, at) => from + at);
    const columns = [{ values: type === 'int8' ? Float64Array.from(own as number[]) : own }, { values }];
    yield new Map([[0n, { size, columns: columns.map((each) => ({ ...each, nulls: undefined })), weights: undefined }]]);
  }
}

/** From rows in PostgreSQL to a view that answers: so many groups with a count and a sum, written down as a whole and as changes. */
export async function recovered(keys: number, rounds: number): Promise<BenchRow[]> {
  await using opened = await openStates();
  const rows: BenchRow[] = [];
  for (const [at, type] of (Object.keys(kinds) as (keyof typeof kinds)[]).entries()) {
    const plan = await planOf('select k, count(*) as n, sum(v) as total from t group by k', { t: { k: type, v: 'int8' } });
    const view = new View(plan);
    const changes = [];
    for (const portion of portions(type, keys)) {
      view.step(portion);
      changes.push(...view.settle());
    }
    const commit = { epoch: 0n, shape: '', places: [], rows: view.size, rejected: 0, rejection: null, more: [], all: () => view.dump() };
    const [whole, told] = [BigInt(at * 2 + 1), BigInt(at * 2 + 2)];
    const heldMs = await held(() => opened.states.commit(opened.at, { ...commit, view: whole, isFresh: true, entries: [] }));
    const began = performance.now();
    const parts = [...packed(view.dump())].length;
    rows.push(
      compared(
        `longest that the loop is held while ${keys} keys (${type}) are written down, beside all in one go`,
        'ms',
        'less',
        heldMs,
        performance.now() - began,
        1,
      ),
    );
    assert.ok(parts > 0);
    await opened.states.commit(opened.at, { ...commit, view: told, isFresh: false, entries: changes });
    const begun = () => new View(plan);
    const key = kinds[type](77);
    const times = { whole: [] as number[], told: [] as number[] };
    for (let round = 0; round < rounds; round += 1) {
      times.whole.push(await timed(opened, whole, begun, key, keys));
      times.told.push(await timed(opened, told, begun, key, keys));
    }
    const text = 'select sum(length(sealed))::int8 as bytes from state where view = $1';
    const { bytes = 0n } = (await opened.sql.platform().query<{ bytes: bigint }>(text, [whole])).rows[0] ?? {};
    rows.push(
      bounded(`recovery of ${keys} keys (${type}), written down as a whole`, 'ms', median(times.whole), aimedMs),
      bounded(`the same, written down as changes`, 'ms', median(times.told), null),
      bounded(`bytes of the whole`, 'MB', Number(bytes) / 1e6, null),
    );
  }
  return rows;
}

/** The longest that nothing else had its turn, in milliseconds. */
async function held(work: () => Promise<void>): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await work();
  delay.disable();
  return delay.max / 1e6;
}

async function timed({ states, at }: Opened, id: bigint, begun: () => View, key: string | number, keys: number): Promise<number> {
  const began = performance.now();
  const view = begun();
  await states.load(at, id, (entries) => view.load(entries));
  const found = await view.matching([0], [key], []);
  const tookMs = performance.now() - began;
  assert.deepEqual([found.length, view.size], [1, keys]);
  return tookMs;
}
