import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { relative } from 'node:path';
import { after, test } from 'node:test';
import { installation, modulePath } from '#kernel/supervise/module.ts';
import { placesIn } from '../domain/context.ts';
import { planRows } from '../domain/planner.ts';
import type { Plan } from '../domain/plan.ts';
import { parseStatement } from '../domain/statement.ts';
import { type Column, rowKey, type Row } from '../domain/value.ts';
import { BatchBuilder } from '../engine/batch.ts';
import { View } from '../engine/view.ts';
import { Crew } from '../engine/worker/crew.ts';

const columns: Column[] = [
  { name: 'k', type: 'int8' },
  { name: 'v', type: 'int8' },
  { name: 'name', type: 'text' },
];
const crews: Crew[] = [];
after(() => crews.forEach((crew) => crew.end(new Error('the test is over'))));

async function viewOf(text: string): Promise<View> {
  const statement = await parseStatement(text);
  assert.equal(statement?.kind, 'select');
  const relation = (name: string): Plan => ({ kind: 'scan', relation: name === 't' ? 0n : 1n, name, appends: true, columns });
  return new View(planRows(statement.select, { relation, named: new Map(), params: [], at: placesIn(text) }));
}

const rowsOf = (view: View) => [...view.rows()].map((row) => rowKey(row)).sort();
const batchOf = (rows: readonly Row[]) => {
  const builder = new BatchBuilder(columns);
  for (const row of rows) builder.add(row, 1);
  return builder.finish();
};

test('a view that workers share has the rows that it has without them', async () => {
  const text = 'select k, count(*) as n, sum(v) as total, max(name) as last from t group by k';
  const [alone, shared] = [await viewOf(text), await viewOf(text)];
  const crew = new Crew(2);
  crews.push(crew);
  const sources = [{ id: 0n, format: { kind: 'json' } as const, columns, used: new Set([0, 1, 2]) }];
  for (let step = 0; step < 20; step += 1) {
    const rows = Array.from({ length: 1000 }, (_, at): Row => [(at * 7 + step) % 101, at, `name ${at % 13}`]);
    alone.step(new Map([[0n, batchOf(rows)]]));
    alone.settle();
    if (step === 3) await shared.share(crew, sources, '3');
    if (shared.shared) {
      const values = rows.map(([k, v, name]) => Buffer.from(JSON.stringify({ k, v, name })));
      const read = await shared.shared.read(0n, values, undefined);
      assert.equal(read.batch.size, rows.length);
      await shared.stepShared(shared.shared, 0, 500);
      await shared.stepShared(shared.shared, 500, 1000);
    } else {
      shared.step(new Map([[0n, batchOf(rows)]]));
      shared.settle();
    }
    assert.deepEqual(rowsOf(shared), rowsOf(alone));
  }
});

test('a worker loads nothing that opens files, connections or keys', () => {
  const met = new Set<string>();
  const outside = new Set<string>();
  const look = (path: string) => {
    if (met.has(path)) return;
    met.add(path);
    // Types are gone when it runs.
    for (const [, named = ''] of readFileSync(path, 'utf8').matchAll(/^(?:import|export)(?! type)[^;]*? from '([^']+)';/gm)) {
      if (/^[.#]/.test(named)) look(createRequire(path).resolve(named));
      else outside.add(named);
    }
  };
  look(modulePath('services/analytics/engine/worker/worker.main'));
  const folders = new Set([...met].map((path) => relative(installation, path).split('/').slice(0, 2).join('/')));
  assert.deepEqual([...folders].sort(), [
    'engine/pgwire',
    'kernel/contract',
    'services/analytics',
    'wire/avro',
    'wire/pgwire',
    'wire/protobuf',
    'wire/schema',
  ]);
  assert.deepEqual([...outside].sort(), ['node:assert/strict', 'node:buffer', 'node:crypto', 'node:v8', 'node:worker_threads']);
});
