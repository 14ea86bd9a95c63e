import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Nexmark, type NexmarkEvent, nexmarkTables } from '../../../bench/nexmark/event.ts';
import { batch, nexmarkQueries, streaming } from '../../../bench/nexmark/query.ts';
import { Random } from '#engine/random/random.ts';
import { placesIn } from '../domain/context.ts';
import { type Plan, scansIn } from '../domain/plan.ts';
import { planRows } from '../domain/planner.ts';
import { parseStatement } from '../domain/statement.ts';
import { castValue } from '../domain/cast.ts';
import type { Column, Row, Type } from '../domain/value.ts';
import { type Batch, BatchBuilder } from '../engine/batch.ts';
import { noClocks } from '../engine/clock.ts';
import { View } from '../engine/view.ts';
import { Crew } from '../engine/worker/crew.ts';
import type { SharedCircuit } from '../engine/worker/shared-circuit.ts';
import { openOracle } from './fixtures/oracle.ts';

const tables: Readonly<Record<string, Readonly<Record<string, string>>>> = { ...nexmarkTables, side: { key: 'int8', value: 'text' } };
const names = Object.keys(tables);
const columnsOf = (name: string): Column[] =>
  Object.entries(tables[name] ?? {}).map(([column, type]) => ({ name: column, type: type as Type }));

async function planOf(text: string): Promise<Plan> {
  const statement = await parseStatement(text);
  assert.equal(statement?.kind, 'select');
  const relation = (name: string): Plan | undefined =>
    names.includes(name)
      ? { kind: 'scan', relation: BigInt(names.indexOf(name)), name, appends: true, columns: columnsOf(name) }
      : undefined;
  return planRows(statement.select, { relation, named: new Map(), params: [], at: placesIn(text) });
}

/** Times of events are milliseconds, those of rows microseconds. */
const rowOf = ({ table, row }: { table: string; row: NexmarkEvent['row'] }): Row =>
  columnsOf(table).map(({ type }, at) => (type === 'timestamp' ? (row[at] as number) * 1000 : (row[at] as string)));

const printed = (row: Row, columns: readonly Column[]) =>
  JSON.stringify(columns.map(({ type }, at) => (row[at] === null ? null : castValue(row[at] as string, type, 'text'))));

/** Events in portions: relations beside each other, each in its own order and pace, as partitions of topics come. */
function* portions(events: readonly { table: string; row: NexmarkEvent['row'] }[], random: Random): Generator<ReadonlyMap<bigint, Batch>> {
  const waiting = new Map(names.map((name) => [name, events.filter(({ table }) => table === name)]));
  while ([...waiting.values()].some(({ length }) => length > 0)) {
    const name = random.of(names.filter((each) => (waiting.get(each)?.length ?? 0) > 0));
    const builder = new BatchBuilder(columnsOf(name));
    for (const event of waiting.get(name)?.splice(0, 1 + random.below(name === 'bid' ? 700 : 60)) ?? []) builder.add(rowOf(event), 1);
    yield new Map([[BigInt(names.indexOf(name)), builder.finish()]]);
  }
}

test('each query of Nexmark, kept up as events come, is what PostgreSQL computes over all of them', { timeout: 150_000 }, async () => {
  const side = Array.from({ length: 500 }, (_, at) => ({ table: 'side', row: [1000 + at * 3, `value ${at}`] }));
  const events = [...side, ...new Nexmark(7, 100).take(6_000)];
  await using oracle = await openOracle();
  for (const name of names) {
    const columns = columnsOf(name);
    await oracle.sql.platform().script(`create table ${name} (${columns.map((each) => `${each.name} ${each.type}`).join(', ')})`);
    const rows = events
      .filter(({ table }) => table === name)
      .map((event) => columns.map(({ type }, at) => castValue(rowOf(event)[at] as string, type, 'text')));
    const arrays = columns.map((_, at) => rows.map((row) => row[at]));
    const from = columns.map(({ type }, at) => `$${at + 1}::text[]::${type}[]`).join(', ');
    await oracle.sql.platform().query(`insert into ${name} select * from unnest(${from})`, arrays);
  }
  const random = new Random(11);
  const expected = nexmarkQueries(batch);
  const crew = new Crew(2);
  after(() => crew.end(new Error('the test is over')));
  for (const [name, text] of Object.entries(nexmarkQueries(streaming))) {
    const plan = await planOf(text);
    const [view, shared] = [new View(plan), new View(plan)];
    for (const each of [view, shared]) {
      each.step(new Map());
      each.settle();
    }
    const sources = [...scansIn(plan).values()].map(({ relation: id, columns }) => {
      return { id, format: { kind: 'json' } as const, columns, used: new Set(columns.keys()) };
    });
    assert.ok(shared.isShareable, `workers share ${name}`);
    await shared.share(crew, { sources, tag: name });
    const workers = shared.shared as SharedCircuit;
    for (const changes of portions(events, random)) {
      view.step(changes);
      view.settle();
      for (const [source, rows] of changes) {
        if (!scansIn(plan).has(source)) continue;
        const portion = await workers.give(source, rows);
        shared.told(await workers.step(portion, 0, rows.size, noClocks));
      }
    }
    workers.close();
    const found = [...view.rows()].map((row) => printed(row, view.columns)).sort();
    const shown = view.columns.map((_, at) => `c${at}::text`).join(', ');
    const aliases = view.columns.map((_, at) => `c${at}`).join(', ');
    const asked = `select ${shown} from (${expected[name]}) as q(${aliases})`;
    const { rows } = await oracle.sql.platform().query<Record<string, string | null>>(asked);
    const theirs = rows.map((row) => JSON.stringify(view.columns.map((_, at) => row[`c${at}`] ?? null))).sort();
    assert.ok(found.length > 0, `${name} has rows`);
    assert.deepEqual(found, theirs, name);
    const both = [...shared.rows()].map((row) => printed(row, view.columns)).sort();
    assert.deepEqual(both, theirs, `${name}, shared by two workers`);
  }
});
