import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { smallDisk } from '#kernel/volume/test/place.ts';
import { Random } from '#engine/random/random.ts';
import { placesIn } from '../domain/context.ts';
import type { Plan } from '../domain/plan.ts';
import { planRows } from '../domain/planner.ts';
import { parseStatement } from '../domain/statement.ts';
import { type Column, printRow, type Row } from '../domain/value.ts';
import { type Batch, BatchBuilder } from '../engine/batch.ts';
import { Memory } from '../engine/spill/room.ts';
import { View } from '../engine/view.ts';
import { Lying } from './fixtures/lying.ts';

const directory = mkdtempSync(join(tmpdir(), 'gamut-spill-'));
const opened: View[] = [];
after(async () => {
  for (const view of opened) await view.close();
  rmSync(directory, { recursive: true });
});

const columns: readonly Column[] = [
  { name: 'k', type: 'int8' },
  { name: 'name', type: 'text' },
  { name: 'v', type: 'int4' },
];

async function planOf(text: string, appends: boolean): Promise<Plan> {
  const statement = await parseStatement(text);
  assert.equal(statement?.kind, 'select');
  const relation = (): Plan => ({ kind: 'scan', relation: 0n, name: 't', appends, columns });
  return planRows(statement.select, { relation, named: new Map(), params: [], at: placesIn(text) });
}

function viewOf(plan: Plan, memoryBytes?: number, diskBytes = 2 ** 30, place = directory): View {
  const view = new View(plan, true, [], memoryBytes === undefined ? undefined : { directory: place, memoryBytes, diskBytes });
  opened.push(view);
  return view;
}

function changes(rows: readonly (readonly [Row, number])[]): ReadonlyMap<bigint, Batch> {
  const builder = new BatchBuilder(columns);
  for (const [row, weight] of rows) builder.add(row, weight);
  return new Map([[0n, builder.finish()]]);
}

const printed = (view: View, rows: Iterable<Row>) => Array.from(rows, (row) => JSON.stringify(printRow(view.columns, row))).sort();
const shown = (view: View) => printed(view, view.rows());

/** Rows that come, and some of them that go, in steps; few keys are in most of them. */
function* history(random: Random, keys: number, steps: number) {
  const held: Row[] = [];
  for (let step = 0; step < steps; step += 1)
    yield Array.from({ length: 400 }, (): [Row, number] => {
      if (held.length > 0 && random.is(0.35)) return [held.splice(random.below(held.length), 1)[0] as Row, -1];
      const key = random.is(0.3) ? random.below(20) : random.below(keys);
      const row = [key, `the name of ${key}`, random.below(1000)];
      held.push(row);
      return [row, 1];
    });
}

/** Queries, with the bytes of memory that a view of them has. */
const queries = [
  ['select k, count(*) as n, sum(v) as s, min(v) as least, max(v) as most from t group by k', 60_000],
  [
    'select name, k % 7 as r, count(distinct v) as n, avg(v) as mean, string_agg(name, $$, $$) as names from t group by name, k % 7',
    60_000,
  ],
  ['select k, name, v from t where v > 10', 20_000],
  ['select k, v, rank() over (partition by k order by v) as n, sum(v) over (partition by k) as s from t where k > 19', 40_000],
  [
    `select a.k, a.v, b.name, b.v as other from (select k, v from t where v % 3 = 0) a
     left join (select k, name, v from t where v > 700) b on a.k = b.k and a.v < b.v`,
    40_000,
  ],
  [
    `select a.name, a.v, b.k, b.v as other from (select k, name, v from t where k > 30) a
     full join (select k + 1 as k, name, v from t where k > 40) b on a.name = b.name and a.k = b.k - 1`,
    40_000,
  ],
] as const;

test('a view whose state is many times its memory is what it is with all of it in memory, step by step', async () => {
  for (const [text, memoryBytes] of queries) {
    const plan = await planOf(text, false);
    const [whole, small] = [viewOf(plan), viewOf(plan, memoryBytes)];
    const random = new Random(7);
    let written = new Lying();
    let again = small;
    for (const rows of history(random, 3000, 12)) {
      const taken = changes(rows);
      const sorted = (found: readonly { row: Row; weight: number }[]) =>
        found.map(({ row, weight }) => `${weight} ${JSON.stringify(printRow(whole.columns, row))}`).sort();
      if (random.is(0.4)) {
        again.step(taken);
        again.undo();
      }
      assert.deepEqual(sorted(again.step(taken)), sorted(whole.step(taken)));
      whole.settle();
      written.keep(again.settle());
      const sample = [...whole.rows()].filter(() => random.is(0.01)).slice(0, 5);
      for (const row of sample) {
        const found = await again.matching([0], row.slice(0, 1), []);
        assert.ok(
          printed(
            again,
            found.map(({ row }) => row),
          ).includes(JSON.stringify(printRow(again.columns, row))),
        );
      }
      if (random.is(0.2)) {
        if (random.is(0.5)) {
          written = new Lying();
          written.keep(again.dump());
        }
        again = viewOf(plan, memoryBytes);
        await written.load(again, { directory, memoryBytes: random.of([0, 10_000, memoryBytes]), diskBytes: 2 ** 30 });
      }
    }
    assert.deepEqual(shown(again), shown(whole));
    assert.deepEqual(again.step(changes([])), []);
    const { kept } = again;
    assert.ok(kept && kept.diskRows > 4 * kept.memoryRows && kept.memoryBytes <= memoryBytes, JSON.stringify(kept));
    assert.equal(again.size, whole.size);
  }
});

test('what is on disk tells nothing of what it is', async () => {
  const view = viewOf(await planOf('select name, count(*) as n from t group by name', false), 0);
  view.step(changes(Array.from({ length: 2000 }, (_, at) => [[at, `a secret called ${at}`, at], 1])));
  view.settle();
  view.step(changes([]));
  assert.equal(view.kept?.diskRows, 4000);
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const bytes = files.map((entry) => readFileSync(join(entry.parentPath, entry.name)));
  assert.ok(bytes.reduce((sum, { length }) => sum + length, 0) > 200_000);
  for (const each of bytes) assert.ok(!each.includes('secret') && !each.includes('called 1'));
  assert.deepEqual(shown(view).length, 2000);
  await view.close();
});

/** Has a view take rows with keys of their own until it has no more room; answers how many there are. */
function filled(view: View): number {
  const step = (from: number) => {
    view.step(changes(Array.from({ length: 1000 }, (_, at) => [[from + at, `row ${from + at}`, at], 1])));
    view.settle();
  };
  let from = 0;
  const fill = () => {
    for (; from < 1_000_000; from += 1000) step(from);
  };
  for (let tries = 0; tries < 2; tries += 1) {
    assert.throws(fill, { sqlstate: '53100', message: /has no room on disk/ });
    view.undo();
  }
  const expected = Array.from({ length: from }, (_, at) => JSON.stringify([String(at), `row ${at}`, '1'])).sort();
  assert.deepEqual(shown(view), expected);
  return from;
}

const byRow = 'select k, name, count(*) as n from t group by k, name';

test('a view that may have no more of the disk takes no step, keeps what it has, and says why', async () => {
  const count = filled(viewOf(await planOf(byRow, true), 0, 1_000_000));
  assert.ok(count >= 2000, String(count));
});

test('views have their memory together, and what one does not need another may have', async () => {
  const plan = await planOf(byRow, true);
  const spill = { directory, memoryBytes: 600_000, diskBytes: 2 ** 30, memory: new Memory() };
  const views = [1, 2, 3].map(() => new View(plan, true, [], spill));
  opened.push(...views);
  const sizes = [10, 3000, 3000];
  const rows = (count: number, from: number): [Row, number][] => Array.from({ length: count }, (_, at) => [[from + at, 'a name', 1], 1]);
  for (let round = 0; round < 4; round += 1)
    for (const [at, view] of views.entries()) {
      view.step(changes(rows(sizes[at] as number, round * 10_000)));
      view.settle();
    }
  const kept = () => views.map((view) => view.kept?.memoryBytes ?? 0);
  for (const view of views) view.step(changes([]));
  for (const view of views) view.step(changes([]));
  const [few, ...most] = kept() as [number, number, number];
  assert.equal(views[0]?.kept?.diskRows, 0);
  assert.ok(few < 50_000 && most.every((bytes) => bytes > 200_000 && bytes <= 300_000), String(kept()));
  await views[2]?.close();
  for (let round = 4; round < 8; round += 1) {
    views[1]?.step(changes(rows(3000, round * 10_000)));
    views[1]?.settle();
  }
  views[1]?.step(changes([]));
  assert.ok((kept().at(1) as number) > 400_000, String(kept()));
});

test('a full disk takes nothing from a view, and it goes on when there is room again', async (t) => {
  let close = async () => {};
  const disk = smallDisk(t, 4, () => close());
  if (disk === undefined) return;
  const view = viewOf(await planOf(byRow, true), 0, 2 ** 40, disk);
  close = () => view.close();
  writeFileSync(join(disk, 'filler'), Buffer.alloc(2 ** 21));
  const count = filled(view);
  assert.ok(count >= 1000, String(count));
  rmSync(join(disk, 'filler'));
  view.step(changes([[[-1, 'another', 0], 1]]));
  view.settle();
  assert.equal(shown(view).length, count + 1);
});
