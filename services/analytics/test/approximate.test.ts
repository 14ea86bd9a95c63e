import assert from 'node:assert/strict';
import { test } from 'node:test';
import { approximate } from '../domain/approximate.ts';
import { placesIn } from '../domain/context.ts';
import type { Plan } from '../domain/plan.ts';
import { planRows } from '../domain/planner.ts';
import { parseStatement } from '../domain/statement.ts';
import type { Column } from '../domain/value.ts';
import { BatchBuilder } from '../engine/batch.ts';
import { View } from '../engine/view.ts';
import { readAgain } from './fixtures/lying.ts';

const columns: Column[] = [
  { name: 'k', type: 'text' },
  { name: 'n', type: 'int8' },
];

async function planOf(text: string, appends: boolean): Promise<Plan> {
  const statement = await parseStatement(text);
  assert.equal(statement?.kind, 'select');
  const scan: Plan = { kind: 'scan', relation: 0n, name: 't', columns, appends };
  const context = { relation: () => scan, named: new Map(), params: [], at: placesIn(text) };
  return approximate(planRows((statement as Extract<typeof statement, { kind: 'select' }>).select, context));
}

function step(view: View, rows: readonly (readonly [string | null, number | null, number])[]): void {
  const builder = new BatchBuilder(columns);
  for (const [k, n, weight] of rows) builder.add([k, n], weight);
  view.step(new Map([[0n, builder.finish()]]));
}

const text =
  'select k, approx_count_distinct(n) as near, count(distinct n) as exact, approx_count_distinct(n) filter (where n < 0) as none from t group by k';
const shown = (view: View) =>
  [...view.rows()].map((row) => [...row]).sort((left, right) => String(left[0]).localeCompare(String(right[0])));

test('approx_count_distinct of rows that only come is exact up to 128 values and then within some hundredths', async () => {
  const plan = await planOf(text, true);
  let view = new View(plan, true, []);
  const sizes = { a: 1, b: 128, c: 1_000, d: 30_000 } as const;
  for (const [key, size] of Object.entries(sizes)) {
    // Each comes several times, in several portions.
    for (const part of [0, 1, 2, 0])
      step(
        view,
        Array.from({ length: size }, (_, at) => [key, (at * 7 + part) % size, 1] as const),
      );
    step(view, [[key, null, 1]]);
    view.settle();
    const kept = readAgain([...view.dump()]);
    view = new View(plan, true, []);
    view.load(kept);
  }
  const rows = shown(view);
  assert.deepEqual(
    rows.map(([key, , exact, none]) => [key, exact, none]),
    Object.entries(sizes).map(([key, size]) => [key, size, 0]),
  );
  for (const [key, near, exact] of rows as [string, number, number][]) {
    const error = Math.abs(near - exact) / exact;
    assert.ok(exact <= 128 ? error === 0 : error < 0.05, `${key}: ${near} of ${exact}`);
  }
  // The same whatever the order, and whatever comes again.
  const other = new View(plan, true, []);
  step(
    other,
    Array.from({ length: sizes.d }, (_, at) => ['d', sizes.d - 1 - at, 1] as const),
  );
  assert.equal(shown(other)[0]?.[1], rows.find(([key]) => key === 'd')?.[1]);
});

test('where rows may be taken back it is exact', async () => {
  const view = new View(await planOf(text, false), true, []);
  step(
    view,
    Array.from({ length: 2_000 }, (_, at) => ['a', at, 1] as const),
  );
  assert.deepEqual(shown(view), [['a', 2_000, 2_000, 0]]);
  step(
    view,
    Array.from({ length: 500 }, (_, at) => ['a', at, -1] as const),
  );
  assert.deepEqual(shown(view), [['a', 1_500, 1_500, 0]]);
});
