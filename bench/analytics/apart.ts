import { strict as assert } from 'node:assert';
import { Kafka, logLevel } from 'kafkajs';
import pg from 'pg';
import type { Row } from '#services/analytics/domain/value.ts';
import { type Batch, rowAt } from '#services/analytics/engine/batch.ts';
import { Circuit } from '#services/analytics/engine/circuit.ts';
import { batchOf } from '#services/analytics/engine/duck/column.ts';
import { typesOf } from '#services/analytics/engine/duck/form.ts';
import { DuckPool } from '#services/analytics/engine/duck/pool.ts';
import { type Seat, Stored } from '#services/analytics/engine/duck/seat.ts';
import { SelectWriter } from '#services/analytics/engine/duck/select.ts';
import { openHouse } from '#services/analytics/test/fixtures/house.ts';
import { type BenchRow, compared, least, median } from '../result.ts';
import { Duck } from './duck.ts';
import { columnsOf, numberOf, planOf } from './plan.ts';

const tables = { t: { k: 'int8', city: 'text', v: 'int8' }, u: { k: 'int8', land: 'text' } };
const questions = {
  'a group by a number of a thousand': 'select k, count(*) as n, sum(v) as total from t where v >= 100 group by k',
  'a group by a text of a hundred': 'select city, count(*) as n, min(v) as least, max(v) as most from t group by city',
  'a join and a group': 'select land, count(*) as n, sum(v) as total from t join u on t.k = u.k group by land',
};
/** Rows that go to the process at once, as a question to a topic sends them. */
const portion = 4096;

async function msOf(work: () => unknown): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

async function resident(duck: Duck, rows: number): Promise<Map<bigint, Batch>> {
  await duck.run(`create or replace table t as select (hash(i) % 1000)::bigint as k, 'city ' || (hash(i + 1) % 100) as city,
    (hash(i + 2) % 1000)::bigint as v from range(${rows}) r(i)`);
  await duck.run(`create or replace table u as select i::bigint as k, 'land ' || (i % 20) as land from range(1000) r(i)`);
  const found = new Map<bigint, Batch>();
  for (const name of ['t', 'u'] as const) {
    const types = Object.values(tables[name]);
    const list = Object.keys(tables[name]).map((column, at) => (types[at] === 'int8' ? `${column}::double` : column));
    const columns = await duck.columns(`select ${list.join(', ')} from ${name}`);
    const vectors = columns.map((values, at) => ({
      values: types[at] === 'int8' ? Float64Array.from(values as number[]) : (values as string[]),
      nulls: undefined,
    }));
    found.set(numberOf(tables, name), { size: columns[0]?.length ?? 0, columns: vectors, weights: undefined });
  }
  return found;
}

const part = ({ columns }: Batch, from: number, to: number): Batch => ({
  size: to - from,
  columns: columns.map(({ values }) => ({ values: values.slice(from, to), nulls: undefined })),
  weights: undefined,
});

/** Puts rows of both relations there, and answers how many went in a second. */
async function sent(seat: Seat, batches: ReadonlyMap<bigint, Batch>, names: Map<bigint, string>): Promise<number> {
  let count = 0;
  const ms = await msOf(async () => {
    for (const name of ['t', 'u'] as const) {
      const columns = columnsOf(tables, name);
      const made = await seat.make(name, columns, [...columns.keys()], Stored);
      names.set(numberOf(tables, name), made.table);
      const batch = batches.get(numberOf(tables, name)) as Batch;
      for (let from = 0; from < batch.size; from += portion) await seat.add(made, part(batch, from, Math.min(batch.size, from + portion)));
      count += batch.size;
    }
  });
  return count / ms / 1000;
}

const summed = (rows: readonly Row[]): number => rows.reduce((sum, row) => sum + Number(row[1]), 0);
const rowsIn = (batch: Batch): Row[] => Array.from({ length: batch.size }, (_, at) => rowAt(batch, at));

/** Questions over rows in memory: in the process of an environment, hop and answer included, by our own engine, and by DuckDB here. */
async function engines(rows: number, rounds: number): Promise<BenchRow[]> {
  using duck = await Duck.open();
  const batches = await resident(duck, rows);
  const pool = new DuckPool();
  try {
    return await pool.inTurn({ tenant: 1n, scope: 1n } as never, async (seat) => {
      const names = new Map<bigint, string>();
      const speed = await sent(seat, batches, names);
      const found: BenchRow[] = [least(`rows of three columns into DuckDB's process`, 'M rows/s', speed, null)];
      for (const [what, text] of Object.entries(questions)) {
        const plan = await planOf(text, tables);
        const writer = new SelectWriter({ plan, params: [], tableOf: (id) => names.get(id) ?? '', isThere: () => true });
        const select = writer.write(plan);
        assert.ok(select);
        const types = select.forms.flatMap((form, place) => typesOf(form, plan.columns[place]?.type ?? 'text'));
        const taken: { apart: number[]; own: number[]; here: number[] } = { apart: [], own: [], here: [] };
        for (let round = 0; round <= rounds; round += 1) {
          let answers: Row[][] = [];
          const apart = await msOf(async () => {
            answers[0] = rowsIn(
              batchOf(await seat.process.ask({ ...select, types }, new AbortController().signal), plan.columns, select.forms),
            );
          });
          const own = await msOf(() => (answers[1] = rowsIn(new Circuit(plan).step(batches))));
          let columns: unknown[][] = [];
          const here = await msOf(async () => (columns = await duck.columns(text)));
          const counted = (columns[1] as bigint[]).reduce((sum, n) => sum + Number(n), 0);
          assert.deepEqual(answers.map(summed), [counted, counted], 'all answer the same');
          answers = [];
          // The first round warms them up.
          if (round === 0) continue;
          taken.apart.push(apart);
          taken.own.push(own);
          taken.here.push(here);
        }
        const of = `${what} over ${rows / 1e6} M rows in memory, DuckDB in its process`;
        found.push(compared(`${of}, beside our own engine`, 'ms', 'less', median(taken.apart), median(taken.own), null));
        found.push(compared(`${of}, beside DuckDB here`, 'ms', 'less', median(taken.apart), median(taken.here), null));
      }
      return found;
    });
  } finally {
    pool.stop();
  }
}

/** A topic that is short enough for our own engine to read it anew with each question. */
const few = 19_000;

/** Questions to topics as a client asks them. */
async function topics(records: number, rounds: number): Promise<BenchRow[]> {
  const house = await openHouse({ mode: 'processes', quiet: true });
  const brokers = [(house.platform.doors['log.kafka']?.url ?? '').replace('kafka://', '')];
  const producer = new Kafka({ brokers, sasl: { mechanism: 'plain', ...house.faces.sasl }, logLevel: logLevel.NOTHING }).producer();
  const client = new pg.Client(house.login());
  try {
    await producer.connect();
    await client.connect();
    for (const [topic, count] of [
      ['few', few],
      ['many', records],
    ] as const) {
      await client.query(`create source ${topic} (k int8, city text, v int8) with (topic = '${topic}', format = 'json')`);
      for (let from = 0; from < count; from += portion)
        await producer.send({
          topic,
          messages: Array.from({ length: Math.min(portion, count - from) }, (_, at) => ({
            value: JSON.stringify({ k: (from + at) % 1000, city: `city ${(from + at) % 100}`, v: (from + at) % 997 }),
          })),
        });
    }
    const ask = (topic: string) =>
      msOf(() => client.query(`select city, count(*) as n, sum(v) as total from ${topic} where k < 900 group by city`));
    const first = await ask('many');
    const taken: { few: number[]; many: number[] } = { few: [], many: [] };
    for (let round = 0; round < rounds; round += 1) {
      taken.few.push(await ask('few'));
      taken.many.push(await ask('many'));
    }
    const [own, again] = [few / median(taken.few) / 1000, records / median(taken.many) / 1000];
    return [
      compared(
        `a first question to a topic of ${records / 1e6} M, beside our own engine on one of ${few}`,
        'M records/s',
        'more',
        records / first / 1000,
        own,
        null,
      ),
      compared(`the same asked again, beside the same`, 'M records/s', 'more', again, own, null),
    ];
  } finally {
    await Promise.all([producer.disconnect().catch(() => undefined), client.end().catch(() => undefined)]);
    await house.stop();
  }
}

/** What DuckDB answers for our own engine. */
export async function apart(rows: number, records: number, rounds: number): Promise<BenchRow[]> {
  return [...(await engines(rows, rounds)), ...(await topics(records, rounds))];
}
