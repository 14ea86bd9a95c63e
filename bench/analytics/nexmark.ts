import { strict as assert } from 'node:assert';
import type { Row } from '#services/analytics/domain/value.ts';
import { type Batch, BatchBuilder, weightAt } from '#services/analytics/engine/batch.ts';
import { Circuit } from '#services/analytics/engine/circuit.ts';
import { Nexmark } from '../nexmark/event.ts';
import { nexmarkQueries, streaming, type Windows } from '../nexmark/query.ts';
import { type BenchRow, compared, median } from '../result.ts';
import { Duck } from './duck.ts';
import { columnsOf, numberOf, planOf } from './plan.ts';
import { cpuOf } from './measure.ts';
import { streamTables as tables } from './stream.ts';

const [seed, perSecond, sideRows] = [7, 1000, 500];

/** Windows in DuckDB's SQL. */
const duckWindows: Windows = {
  hop: (table, time, step, size) =>
    `(select *, window_start + interval '${size}' as window_end from (select *, unnest(generate_series(
      time_bucket(interval '${step}', ${time}) - interval '${size}' + interval '${step}',
      time_bucket(interval '${step}', ${time}), interval '${step}')) as window_start from ${table}))`,
  tumble: (table, time, size) =>
    `(select *, time_bucket(interval '${size}', ${time}) as window_start,
      time_bucket(interval '${size}', ${time}) + interval '${size}' as window_end from ${table})`,
  session: (table, key, time, gap) =>
    `(select *, min(${time}) over (partition by ${key}, place) as window_start,
        max(${time}) over (partition by ${key}, place) + interval '${gap}' as window_end from (
      select *, sum(fresh) over (partition by ${key} order by ${time}) as place from (
        select *, case when ${time} - lag(${time}) over (partition by ${key} order by ${time}) < interval '${gap}'
          then 0 else 1 end as fresh
        from ${table}) f) p)`,
};

/** A query of Nexmark in DuckDB's words for what PostgreSQL calls otherwise. */
const inDuck = (text: string): string =>
  text
    .replaceAll("'YYYY-MM-DD')", "'%Y-%m-%d')")
    .replaceAll("'HH24:MI')", "'%H:%M')")
    .replaceAll('to_char(', 'strftime(')
    .replaceAll("url like '%channel\\_id=%'", "contains(url, 'channel_id=')")
    .replaceAll(' as at\n', ' as "at"\n')
    .replaceAll('m.at', 'm."at"');

type Loaded = { readonly relations: ReadonlyMap<bigint, Batch>; readonly events: number };

async function loaded(duck: Duck, count: number): Promise<Loaded> {
  const side = Array.from({ length: sideRows }, (_, at) => ({ table: 'side', row: [1000 + at * 3, `value ${at}`] as const }));
  const events = [...side, ...new Nexmark(seed, perSecond).take(count)];
  const relations = new Map<bigint, Batch>();
  for (const name of Object.keys(tables)) {
    const columns = columnsOf(tables, name);
    const rows = events.filter(({ table }) => table === name).map(({ row }) => row);
    await duck.table(name, tables[name] ?? {}, rows);
    const builder = new BatchBuilder(columns);
    // Times of events are milliseconds, those of rows microseconds.
    const rowOf = (row: readonly (string | number)[]): Row =>
      columns.map(({ type }, at) => (type === 'timestamp' ? (row[at] as number) * 1000 : (row[at] as string)));
    for (const row of rows) builder.add(rowOf(row), 1);
    relations.set(numberOf(tables, name), builder.finish());
  }
  return { relations, events: count };
}

function rowsIn(batch: Batch | undefined): number {
  let sum = 0;
  for (let at = 0; batch && at < batch.size; at += 1) sum += weightAt(batch, at);
  return sum;
}

type Beside = { readonly name: string; readonly ours: number; readonly theirs: number };

async function beside(duck: Duck, { relations, events }: Loaded, name: string, rounds: number): Promise<Beside> {
  const plan = await planOf(nexmarkQueries(streaming)[name] ?? '', tables);
  const asked = inDuck(nexmarkQueries(duckWindows)[name] ?? '');
  const names = plan.columns.map((_, at) => `c${at}`).join(', ');
  const taken: { ours: number[]; theirs: number[] } = { ours: [], theirs: [] };
  let found: Batch | undefined;
  for (let round = 0; round <= rounds; round += 1) {
    const own = await cpuOf(() => {
      found = new Circuit(plan).step(relations);
    });
    const other = await cpuOf(() => duck.run(`create or replace temp table answer as select * from (${asked}) as q(${names})`));
    if (round > 0) taken.ours.push(events / own / 1000);
    if (round > 0) taken.theirs.push(events / other / 1000);
  }
  const [[rows]] = (await duck.columns('select count(*) from answer')) as [[bigint]];
  assert.equal(rowsIn(found), Number(rows), `${name}: both sides answer the same`);
  return { name, ours: median(taken.ours), theirs: median(taken.theirs) };
}

const meanOf = (values: readonly number[]): number => Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

/** Each query of Nexmark over events in memory beside DuckDB, which is asked for all of them at once as we are. */
export async function nexmark(count: number, rounds: number): Promise<BenchRow[]> {
  using duck = await Duck.open();
  const events = await loaded(duck, count);
  const all: Beside[] = [];
  for (const name of Object.keys(nexmarkQueries(streaming))) all.push(await beside(duck, events, name, rounds));
  const unit = '1000 events/CPU-s';
  const mean = (side: 'ours' | 'theirs') => meanOf(all.map((each) => each[side]));
  return [
    ...all.map((each) => compared(`Nexmark ${each.name}, resident, beside DuckDB's batch`, unit, 'more', each.ours, each.theirs, null)),
    compared('Nexmark, resident, geometric mean', unit, 'more', mean('ours'), mean('theirs'), null),
  ];
}
