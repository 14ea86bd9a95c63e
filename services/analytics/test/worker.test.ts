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
import { noClocks } from '../engine/clock.ts';
import { View } from '../engine/view.ts';
import { Crew } from '../engine/worker/crew.ts';
import { Random } from '#engine/random/random.ts';

const columns: Column[] = [
  { name: 'k', type: 'int8' },
  { name: 'v', type: 'int8' },
  { name: 'name', type: 'text' },
];
const crews: Crew[] = [];
after(() => crews.forEach((crew) => crew.end(new Error('the test is over'))));

async function viewOf(text: string, appends = true): Promise<View> {
  const statement = await parseStatement(text);
  assert.equal(statement?.kind, 'select');
  const relation = (name: string): Plan => ({ kind: 'scan', relation: name === 't' ? 0n : 1n, name, appends, columns });
  return new View(planRows(statement.select, { relation, named: new Map(), params: [], at: placesIn(text) }));
}

const rowsOf = (view: View) => [...view.rows()].map((row) => rowKey(row)).sort();
const batchOf = (rows: readonly Row[], weightOf = (_at: number) => 1) => {
  const builder = new BatchBuilder(columns);
  for (const [at, row] of rows.entries()) builder.add(row, weightOf(at));
  return builder.finish();
};

/** Values as they come from the log, in one piece with what lies between them. */
function inOnePiece(texts: readonly string[]): Buffer[] {
  const piece = Buffer.from(texts.join(' - '));
  let at = 0;
  return texts.map((text) => {
    at += text.length + 3;
    return piece.subarray(at - text.length - 3, at - 3);
  });
}

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
    if (step === 3) await shared.share(crew, { sources, tag: '3' });
    if (shared.shared) {
      const texts = rows.map(([k, v, name]) => JSON.stringify({ k, v, name }));
      const values = step % 2 === 0 ? texts.map((text) => Buffer.from(text)) : inOnePiece(texts);
      const { portion, read } = await shared.shared.read(0n, values, undefined);
      assert.equal(read.batch.size, rows.length);
      shared.told(await shared.shared.step(portion, 0, 500, noClocks));
      shared.told(await shared.shared.step(portion, 500, 1000, noClocks));
    } else {
      shared.step(new Map([[0n, batchOf(rows)]]));
      shared.settle();
    }
    assert.deepEqual(rowsOf(shared), rowsOf(alone));
  }
});

test('parts of groups that workers put together are what the rows make', async () => {
  const random = new Random(5);
  const whole = `count(*) as n, count(v) filter (where v > 0) as some, sum(v) as total, avg(v) as mean, sum(v::numeric / 4) as exact,
    min(v) as least, max(name) as last, min(v * 0.5) as half, bool_and(v > -100) as every, bool_or(v is null) as any_null`;
  const texts = [
    `select k, ${whole} from t group by k`,
    `select name, k, ${whole} from t where k <> 3 group by name, k`,
    `select ${whole} from t where v <> 7`,
    `select k % 2 as odd, count(distinct v) as n, sum(v::float8) as f from t group by k % 2`,
  ];
  const crew = new Crew(3);
  crews.push(crew);
  const sources = [{ id: 0n, format: { kind: 'json' } as const, columns, used: new Set([0, 1, 2]) }];
  const big = 2n ** 61n;
  const row = (): Row => {
    // Few keys, many keys, and a few of many that come often.
    const k = random.of([random.below(5), random.below(100_000), random.is(0.5) ? null : 2 ** 40]);
    const v = random.is(0.1) ? null : random.is(0.1) ? big + BigInt(random.below(9)) : random.below(400) - 200;
    return [k, random.is(0.05) && typeof v === 'bigint' ? -v : v, random.is(0.1) ? null : `name ${random.below(3)}`];
  };
  for (const text of texts)
    for (const appends of [true, false]) {
      const [alone, shared] = [await viewOf(text, appends), await viewOf(text, appends)];
      for (const view of [alone, shared]) {
        view.step(new Map());
        view.settle();
      }
      await shared.share(crew, { sources, tag: '0' });
      const workers = shared.shared;
      assert.ok(workers);
      let held: Row[] = [];
      for (let step = 0; step < 4; step += 1) {
        const gone = appends ? [] : held.splice(0, 300);
        const came = Array.from({ length: 1500 }, row);
        held = [...held, ...came];
        const batch = batchOf([...came, ...gone], (at) => (at < came.length ? 1 : -1));
        alone.step(new Map([[0n, batch]]));
        alone.settle();
        const portion = await workers.give(0n, batch);
        shared.told(await workers.step(portion, 0, batch.size, noClocks));
        assert.deepEqual(rowsOf(shared), rowsOf(alone), `${text} ${appends ? 'rows only come' : 'rows come and go'}`);
      }
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
  // Patterns are a library that imports nothing.
  const builtIn = ['node:assert/strict', 'node:buffer', 'node:crypto', 'node:v8', 'node:worker_threads'];
  assert.deepEqual([...outside].sort(), [...builtIn, 're2js']);
});
