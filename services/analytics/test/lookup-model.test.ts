import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { bounded } from '../domain/closing.ts';
import { placesIn } from '../domain/context.ts';
import { explain } from '../domain/explain.ts';
import { Estimates } from '../domain/estimate.ts';
import { type Askable, Unreachable } from '../domain/lookup.ts';
import type { Plan } from '../domain/plan.ts';
import { planRows } from '../domain/planner.ts';
import { pushedDown } from '../domain/push-down.ts';
import { parseStatement } from '../domain/statement.ts';
import { type Column, keyOf, printRow, type Row, rowKey } from '../domain/value.ts';
import { BatchBuilder } from '../engine/batch.ts';
import type { CircuitEntry } from '../engine/circuit.ts';
import type { LookUp } from '../engine/looked.ts';
import type { Answering } from '../engine/routine/calls.ts';
import { View } from '../engine/view.ts';
import { unshared } from '../engine/worker/split.ts';
import { stepped } from '../jobs/portion.ts';

const directory = mkdtempSync(join(tmpdir(), 'gamut-lookup-'));
after(() => rmSync(directory, { recursive: true }));

const leftColumns: readonly Column[] = [
  { name: 'k', type: 'int4' },
  { name: 'v', type: 'text' },
  { name: 'at', type: 'timestamp' },
];
const rightColumns: readonly Column[] = [
  { name: 'id', type: 'int8' },
  { name: 'name', type: 'text' },
];
const left = 1n;
const customers: Askable = { relation: 2n, name: 'c', kind: 'table', columns: rightColumns };

async function planOf(text: string, appends: boolean, isTimed = false): Promise<Plan> {
  const statement = await parseStatement(text);
  assert.equal(statement?.kind, 'select');
  const watermark = isTimed ? { watermark: { place: 2, lateness: 0 } } : {};
  const scan: Plan = { kind: 'scan', relation: left, name: 'l', appends, columns: leftColumns, ...watermark };
  const of = { relation: (name: string) => (name === 'l' ? scan : undefined), asked: (name: string) => (name === 'c' ? customers : undefined) };
  const rows = planRows(statement.select, { ...of, named: new Map(), params: [], at: placesIn(text) });
  return bounded(pushedDown(rows), { onClose: false, retention: undefined });
}

const paced = [{ id: left, place: 2, delay: 0, lateness: 0, idleMs: undefined as never }];
const shown = (columns: readonly Column[], rows: Iterable<Row>) => [...rows].map((row) => JSON.stringify(printRow(columns, row))).sort();

/** Numbers that come again with the seed. */
function chance(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 16) % below;
  };
}

/** What the table elsewhere has, by its key. */
type Right = Map<number, Row[]>;
const lookUpIn =
  (right: Right, asked: Row[] = []): LookUp =>
  async (_, keys) => {
    asked.push(...keys);
    return keys.map((key) => right.get(Number(key[0])) ?? []);
  };
const noCall: Answering = {
  call: async () => [],
  models: undefined as never,
};

/** What rows were joined with, as the statement says it: each copy of a row with what there was when it came, the first goes first. */
class Model {
  readonly rows = new Map<string, { row: Row; turns: Row[][]; owed: number }>();

  change(row: Row, weight: number, found: Row[]): void {
    const name = rowKey(row);
    const known = this.rows.get(name) ?? { row, turns: [], owed: 0 };
    this.rows.set(name, known);
    for (let count = 0; count < weight; count += 1) {
      if (known.owed > 0) known.owed -= 1;
      else known.turns.push(found);
    }
    for (let count = 0; count > weight; count -= 1) if (known.turns.shift() === undefined) known.owed += 1;
  }

  *joined(how: 'inner' | 'left'): Generator<Row> {
    for (const { row, turns } of this.rows.values())
      for (const found of turns) {
        for (const each of found) yield [...row, ...each];
        if (found.length === 0 && how === 'left') yield [...row, null, null];
      }
  }
}

test('rows that come and go take with them what they came with, whatever became of the other side: random walks', async () => {
  let onDisk = 0;
  for (const how of ['inner', 'left'] as const)
    for (let seed = 1; seed <= 15; seed += 1) {
      const next = chance(seed * 7_919);
      const plan = await planOf(`select * from l ${how} join c for system_time as of proctime() on l.k = c.id and c.name <> 'none'`, false);
      // Every second walk has no memory for what can be on disk.
      const spill = { directory: join(directory, `${how}${seed}`), memoryBytes: 0, diskBytes: 2 ** 30 };
      const open = () => new View(plan, true, [], seed % 2 === 0 ? spill : undefined);
      let [view, pages] = [open(), 0];
      const [model, right, written] = [new Model(), new Map() as Right, new Map<string, CircuitEntry>()];
      for (let count = 0; count < 60; count += 1) {
        // Between two steps the other side changes.
        for (let change = next(3); change > 0; change -= 1) {
          const id = next(5);
          right.set(
            id,
            Array.from({ length: next(3) }, () => [id, next(4) === 0 ? 'none' : `c${next(6)}`]),
          );
        }
        const builder = new BatchBuilder(leftColumns);
        const changed = new Map<string, { row: Row; weight: number }>();
        for (let rows = next(8); rows > 0; rows -= 1) {
          const row = [next(7) === 0 ? null : next(5), `v${next(3)}`, next(2) === 0 ? null : 1_000_000 * next(2)];
          const weight = next(5) < 3 ? 1 + next(2) : -1;
          builder.add(row, weight);
          const known = changed.get(rowKey(row)) ?? { row, weight: 0 };
          changed.set(rowKey(row), { row, weight: known.weight + weight });
        }
        const batch = builder.finish();
        const isDown = next(6) === 0;
        const lookUp: LookUp = isDown
          ? async () => {
              throw new Unreachable('08006', 'it is down');
            }
          : lookUpIn(right);
        const asks = [...changed.values()].some(({ row, weight }) => weight > 0 && row[0] !== null);
        const done = stepped({ call: noCall, lookUp }, view, new Map([[left, batch]]));
        if (isDown && asks) {
          await assert.rejects(done, Unreachable);
          continue;
        }
        for (const entry of (await done).entries) {
          // Pages all lie there.
          const key = entry[2] instanceof Uint8Array ? `page ${(pages += 1)}` : `${entry[0]} ${entry[1]}`;
          written.delete(key);
          if (entry[2] !== null) written.set(key, entry);
        }
        for (const { row, weight } of changed.values())
          model.change(
            row,
            weight,
            row[0] === null ? [] : (right.get(Number(row[0])) ?? []).filter(([, name]) => name !== 'none'),
          );
        assert.deepEqual(shown(view.columns, view.rows()), shown(view.columns, model.joined(how)), `seed ${seed}, ${how}, step ${count}`);
        onDisk = Math.max(onDisk, view.kept?.diskRows ?? 0);
        if (next(10) !== 0) continue;
        // It goes on from what was written down.
        await view.close();
        view = open();
        view.load([...written.values()]);
      }
      await view.close();
    }
  assert.ok(onDisk > 20, `${onDisk} rows were on disk`);
});

test('rows that only come are looked up once for each key, and nothing is remembered of them', async () => {
  const plan = await planOf('select l.v, c.name from l left join c for system_time as of proctime() as c on c.id = l.k', true);
  assert.equal(unshared(plan), 'rows that are looked up');
  const view = new View(plan);
  const asked: Row[] = [];
  const right: Right = new Map([[1, [[1, 'one']]]]);
  const builder = new BatchBuilder(leftColumns);
  for (let count = 0; count < 100; count += 1) builder.add([count % 4 === 3 ? null : count % 4, `v${count}`, null], 1);
  const { changes } = await stepped({ call: noCall, lookUp: lookUpIn(right, asked) }, view, new Map([[left, builder.finish()]]));
  assert.equal(changes.length, 100);
  assert.deepEqual(changes.slice(0, 4).map(({ row }) => row), [['v0', null], ['v1', 'one'], ['v2', null], ['v3', null]]);
  assert.deepEqual(asked.map((key) => key.map(keyOf).join('')).sort(), ['0;', '1;', '2;']);
  const [entries] = view.operators().flatMap(({ plan: { kind }, entries: kept }) => (kind === 'lookup' ? [kept] : []));
  assert.equal(entries, undefined);
});

const grouped = (shownAlso: string) =>
  `select g.n, c.name from (select k, count(*) as n${shownAlso} from tumble(l, at, interval '10 seconds') group by k, window_start) g
   join c for system_time as of proctime() on g.k = c.id`;

test('what rows that change were joined with is forgotten with their time, and refused where they have none', async () => {
  const view = new View(await planOf(grouped(', window_start'), true, true), true, paced);
  const right: Right = new Map([[1, [[1, 'one']]]]);
  let most = 0;
  for (let at = 0; at < 100; at += 1) {
    const builder = new BatchBuilder(leftColumns);
    builder.add([1, 'v', at * 1_000_000], 1);
    view.watermarks.admit(left, 0, at * 1_000_000, 0);
    right.set(1, [[1, `name ${at}`]]);
    await stepped({ call: noCall, lookUp: lookUpIn(right) }, view, new Map([[left, builder.finish()]]));
    const [kept = 0] = view.operators().flatMap(({ plan, entries }) => (plan.kind === 'lookup' ? [entries ?? 0] : []));
    most = Math.max(most, kept);
  }
  assert.ok(most <= 2, `${most} rows were remembered`);
  // Each count stands beside the name that there was when it came.
  assert.deepEqual(
    shown(view.columns, view.rows()),
    Array.from({ length: 10 }, (_, window) => `["10","name ${window * 10 + 9}"]`).sort(),
  );
  await assert.rejects(planOf(grouped(''), true, true), /what rows that may change were joined with would have to be remembered for ever/);
});

test('EXPLAIN tells what is looked up, by what, and what is remembered', async () => {
  const estimates = new Estimates({ rows: () => 10, distinct: () => 3 });
  const told = async (text: string, appends: boolean) =>
    explain(await planOf(text, appends), estimates).map((line) => line.replace(/ \(rows=.*\)/, '').trim());
  const text = "select l.v, c.name from l join c for system_time as of proctime() on l.k = c.id and c.name <> l.v where l.v <> 'x'";
  assert.deepEqual(await told(text, true), [
    'Pipeline',
    'Output: v, name',
    '->  Lookup Join inner',
    'Of: the table c, as it is when a row comes',
    'Condition: k::int8 = id',
    'Join Filter: (name <> v)',
    'State: none, since rows only come',
    '->  Pipeline',
    "Filter: (v <> 'x'::text)",
    'Output: k, v, at',
    '->  Scan l',
  ]);
  assert.ok((await told(text, false)).includes('State: until rows go'));
  for (const [wrong, message] of [
    ['select * from l join c for system_time as of proctime() on l.v < c.name', /needs a column of "c" that is equal/],
    ['select * from l full join c for system_time as of proctime() on l.k = c.id', /FULL JOIN/],
    ['select * from c for system_time as of proctime()', /anywhere but on the right of a JOIN/],
    ['with d as (select * from l) select * from l join d for system_time as of proctime() on l.k = d.k', /what WITH names/],
  ] as const)
    await assert.rejects(planOf(wrong, true), message, wrong);
});
