import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '#engine/random/random.ts';
import { placesIn } from '../domain/context.ts';
import type { Plan } from '../domain/plan.ts';
import { planRows } from '../domain/planner.ts';
import { parseStatement } from '../domain/statement.ts';
import type { Column, Row } from '../domain/value.ts';
import { BatchBuilder } from '../engine/batch.ts';
import { nearest } from '../engine/nearest.ts';
import { View } from '../engine/view.ts';
import { readAgain } from './fixtures/lying.ts';

const columns: Column[] = [
  { name: 'k', type: 'text' },
  { name: 'n', type: 'int4' },
  { name: 'x', type: 'float8' },
];

async function planOf(text: string): Promise<Plan> {
  const statement = await parseStatement(text);
  assert.equal(statement?.kind, 'select');
  const scan: Plan = { kind: 'scan', relation: 0n, name: 't', columns, appends: false };
  const context = { relation: () => scan, named: new Map(), params: [], at: placesIn(text) };
  return planRows((statement as Extract<typeof statement, { kind: 'select' }>).select, context);
}

type Taken = { readonly row: Row; readonly weight: number };

function step(view: View, taken: readonly Taken[]): void {
  const builder = new BatchBuilder(columns);
  for (const { row, weight } of taken) builder.add(row, weight);
  view.step(new Map([[0n, builder.finish()]]));
}

const text = `select k, array_agg(n order by n % 7, n desc) as list, string_agg(n::text, ',' order by x desc nulls last, n) as joined,
  string_agg(n::text, ',') as alike, percentile_disc(0.3) within group (order by n desc) as disc,
  percentile_cont(0.3) within group (order by x) as cont, mode() within group (order by n % 40 desc) as often,
  approx_percentile(x, 0.9) as near, percentile_disc(0.9) within group (order by x) as exact from t group by k`;
const shown = (view: View) => JSON.stringify([...view.rows()].sort((left, right) => (String(left[0]) < String(right[0]) ? -1 : 1)));

for (const seed of [1, 2, 3])
  test(`what is kept in an order is that of all rows anew, however they come and go (seed ${seed})`, async () => {
    const random = new Random(seed);
    const plan = await planOf(text);
    let view = new View(plan, true, []);
    const there: Row[] = [];
    for (let commit = 0; commit < 40; commit++) {
      const taken: Taken[] = [];
      const count = commit === 0 ? 400 : random.below(12);
      for (let each = 0; each < count; each++) {
        const goes = commit > 0 && there.length > 200 && random.below(5) < 2;
        const row = goes
          ? (there.splice(random.below(there.length), 1)[0] as Row)
          : [random.below(3) > 0 ? 'a' : 'b', random.below(5_000) - 2_500, random.below(20) === 0 ? null : random.below(1e6) / 7 - 40_000];
        if (!goes) there.push(row);
        taken.push({ row, weight: goes ? -1 : 1 });
      }
      // A step that is undone leaves nothing behind.
      if (random.below(4) === 0) {
        step(view, [{ row: ['a', 17, 1.5], weight: 3 }, ...taken]);
        view.undo();
      }
      step(view, taken);
      view.settle();
      const anew = new View(plan, true, []);
      step(
        anew,
        there.map((row) => ({ row, weight: 1 })),
      );
      assert.equal(shown(view), shown(anew), `commit ${commit}`);
      if (commit % 13 === 12) {
        const kept = readAgain([...view.dump()]);
        view = new View(plan, true, []);
        view.load(kept);
      }
    }
    for (const [, , , , , , , near, exact] of view.rows() as Iterable<number[]>)
      assert.ok(Math.abs((near as number) - (exact as number)) <= 0.01 * Math.abs(exact as number), `${near} for ${exact}`);
  });

test('numbers are rounded by no more than is said, in their order, to few different ones', () => {
  const random = new Random(7);
  for (const [bits, error] of [
    [0, 0.5],
    [6, 1 / 128],
    [13, 2 ** -14],
  ] as const) {
    let before = Number.NEGATIVE_INFINITY;
    const some = Array.from(
      { length: 20_000 },
      () => (random.below(2) ? 1 : -1) * 2 ** (random.below(2_000) - 1_000) * (1 + random.below(1e9) / 1e9),
    );
    for (const value of [...some, 0, -0, 1, -1, Number.MAX_VALUE, 2 ** -1022, 5e-324].sort((left, right) => left - right)) {
      const near = nearest(value, bits);
      assert.ok(Math.abs(near - value) <= error * Math.abs(value), `${near} for ${value}`);
      assert.ok(near >= before);
      before = near;
    }
  }
  assert.ok(new Set(Array.from({ length: 100_000 }, (_, at) => nearest(1 + at / 100, 6))).size < 64 * 11);
});
