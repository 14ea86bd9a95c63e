import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placesIn } from '../domain/context.ts';
import type { Plan } from '../domain/plan.ts';
import { planRows } from '../domain/planner.ts';
import { parseStatement } from '../domain/statement.ts';
import { type Column, printRow, type Row, rowKey } from '../domain/value.ts';
import { type Batch, BatchBuilder } from '../engine/batch.ts';
import type { CircuitEntry } from '../engine/circuit.ts';
import { View } from '../engine/view.ts';

const columns: readonly Column[] = [
  { name: 'k', type: 'int8' },
  { name: 'v', type: 'text' },
];
const [left, right] = [1n, 2n];

async function viewOf(text: string, appends: boolean): Promise<View> {
  const statement = await parseStatement(text);
  assert.equal(statement?.kind, 'select');
  const relation = (name: string): Plan => ({ kind: 'scan', relation: name === 'l' ? left : right, name, appends, columns });
  return new View(planRows(statement.select, { relation, named: new Map(), params: [], at: placesIn(text) }));
}

function changes(relation: bigint, ...rows: readonly (readonly [Row, number])[]): ReadonlyMap<bigint, Batch> {
  const builder = new BatchBuilder(columns);
  for (const [row, weight] of rows) builder.add(row, weight);
  return new Map([[relation, builder.finish()]]);
}

const shown = (view: View): string[] => [...view.rows()].map((row) => JSON.stringify(printRow(view.columns, row))).sort();

/** What lies written down after some commits, by operator and name. */
class Written {
  readonly entries = new Map<string, CircuitEntry>();

  keep(view: View): void {
    for (const entry of view.settle()) {
      // Pages all lie there.
      const key = entry[2] instanceof Uint8Array ? `page ${this.entries.size}` : `${entry[0]} ${entry[1]}`;
      this.entries.delete(key);
      if (entry[2] !== null) this.entries.set(key, entry);
    }
  }

  names(): string[] {
    return [...this.entries.values()].filter(([at]) => at >= 0).map(([, name]) => name);
  }

  load(view: View): View {
    view.load([...this.entries.values()]);
    return view;
  }
}

const isNumbered = /^[lr]?\d+$/;

/** The same as it was once written down: the name of a row was what is in it. */
function asBefore(written: Written): Written {
  const before = new Written();
  for (const [at, name, entry] of written.entries.values()) {
    if (entry instanceof Uint8Array) {
      before.entries.set(`page ${before.entries.size}`, [at, name, entry]);
      continue;
    }
    const [texts] = entry as [(string | null)[]];
    const row = [texts[0] === null ? null : texts[0] === String(big) ? big : Number(texts[0]), texts[1] ?? null];
    const old = at >= 0 && isNumbered.test(name) ? `${name.replace(/\d+$/, '')}${rowKey(row)}` : name;
    before.entries.set(`${at} ${old}`, [at, old, entry]);
  }
  return before;
}

const text = 'select l.k, l.v, r.v as other from l left join r on l.k = r.k';
const big = 9_007_199_254_740_993n;

test('a join goes on from rows that were written down under their values, and writes them down anew', async () => {
  const first = await viewOf(text, false);
  const written = new Written();
  first.step(changes(left, [[1, 'a'], 1], [[1, 'b'], 2], [[big, 'c'], 1]));
  first.step(changes(right, [[1, 'x'], 1]));
  written.keep(first);
  const before = asBefore(written);
  const again = before.load(await viewOf(text, false));
  assert.deepEqual(shown(again), shown(first));
  again.step(changes(left, [[1, 'a'], -1]));
  again.undo();
  again.step(changes(left, [[1, 'b'], -2], [[2, 'd'], 1]));
  again.step(changes(right, [[big, 'y'], 1], [[1, 'x'], -1]));
  before.keep(again);
  const expected = ['["1","a",null]', '["2","d",null]', `["${big}","c","y"]`];
  assert.deepEqual(shown(again), expected);
  assert.ok(before.names().every((name) => isNumbered.test(name)));
  const last = before.load(await viewOf(text, false));
  assert.deepEqual(shown(last), expected);
  last.step(changes(right, [[2, 'z'], 1], [[big, 'y'], -1]));
  last.settle();
  assert.deepEqual(shown(last), ['["1","a",null]', '["2","d","z"]', `["${big}","c",null]`]);
});

test('numbers of rows that went are given again, and what is written down under them is what is there', async () => {
  const inner = 'select l.k, l.v, r.v as other from l join r on l.k = r.k';
  const view = await viewOf(inner, false);
  const written = new Written();
  view.step(changes(right, [[1, 'x'], 1], [[2, 'y'], 1]));
  written.keep(view);
  for (let round = 0; round < 50; round += 1) {
    const rows = Array.from({ length: 20 }, (_, at): [Row, number] => [[(at % 2) + 1, `row ${round} ${at}`], 1]);
    view.step(changes(left, ...rows));
    written.keep(view);
    const again = written.load(await viewOf(inner, false));
    assert.deepEqual(shown(again), shown(view));
    assert.equal(shown(view).length, 20);
    view.step(changes(left, ...rows.map(([row]): [Row, number] => [row, -1])));
    written.keep(view);
  }
  assert.deepEqual(shown(view), []);
  assert.equal(written.names().length, 2);
});

test('the first rows of partitions go on from what was written down under values, and are taken back with a step', async () => {
  const top = 'select k, v, n from (select k, v, row_number() over (partition by k order by v) as n from l) s where n <= 2';
  const first = await viewOf(top, true);
  const written = new Written();
  first.step(changes(left, [[1, 'm'], 1], [[1, 'n'], 2], [[null, 'x'], 1]));
  written.keep(first);
  assert.deepEqual(shown(first), ['["1","m","1"]', '["1","n","2"]', '[null,"x","1"]']);
  const before = asBefore(written);
  const again = before.load(await viewOf(top, true));
  again.step(changes(left, [[1, 'a'], 1], [[2, 'b'], 1], [[1, 'b'], 1]));
  assert.deepEqual(shown(again), ['["1","a","1"]', '["1","b","2"]', '["2","b","1"]', '[null,"x","1"]']);
  again.undo();
  assert.deepEqual(shown(again), shown(first));
  again.step(changes(left, [[1, 'c'], 1], [[big, 'd'], 1]));
  again.step(changes(left, [[1, 'b'], 1]));
  before.keep(again);
  const expected = ['["1","b","1"]', '["1","c","2"]', `["${big}","d","1"]`, '[null,"x","1"]'];
  assert.deepEqual(shown(again), expected);
  assert.equal(before.names().length, 4);
  assert.ok(before.names().every((name) => isNumbered.test(name)));
  const last = before.load(await viewOf(top, true));
  assert.deepEqual(shown(last), expected);
  last.step(changes(left, [[1, 'a'], 3], [[big, 'a'], 1]));
  last.settle();
  assert.deepEqual(shown(last), ['["1","a","1"]', '["1","a","2"]', `["${big}","a","1"]`, `["${big}","d","2"]`, '[null,"x","1"]']);
});
