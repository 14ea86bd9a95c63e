import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Worker } from 'node:worker_threads';
import { openSql, type Sql } from '#seams/sql/sql.ts';
import { startStranger, type TestServer } from '#seams/sql/test/server.ts';
import pg from 'pg';
import { onStep } from '../store/step.ts';
import { type House, openHouse } from './fixtures/house.ts';

let house: House;
let client: pg.Client;
let server: TestServer;
/** Another PostgreSQL, into whose tables sinks write, and its address as its owner writes it. */
let target: Sql;
let address: URL;

/** Ends a worker when it is begun. */
const fell = (worker: Worker) => void worker.terminate();
/** Workers, as they are begun. */
const workers: Worker[] = [];
process.on('worker', (worker) => {
  if (worker.threadName?.startsWith('analytics')) workers.push(worker);
});

before(async () => {
  // Views of which many records come at once are shared by two.
  process.env.GAMUT_ANALYTICS_WORKERS = '2';
  const stranger = await startStranger({ fsync: 'off' });
  server = stranger;
  address = new URL(stranger.strangerUrl.replaceAll("'", '%27'));
  {
    await using first = openSql(address, { max: 1 });
    await first.platform().script('create database target');
  }
  address.pathname = '/target';
  target = openSql(address, { max: 2 });
  house = await openHouse({ settings: { outbound: [`127.0.0.1:${address.port}`] } });
  client = new pg.Client(house.login());
  await client.connect();
});
after(async () => {
  delete process.env.GAMUT_ANALYTICS_WORKERS;
  onStep(undefined);
  await client?.end().catch(() => undefined);
  await house?.stop();
  await target?.close();
  await server?.[Symbol.asyncDispose]();
});

const targetRows = async (text: string): Promise<string> =>
  (await target.platform().query(text)).rows.map((row) => Object.values(row).join(',')).join(';');
const arrived = (text: string, wanted: string) =>
  house.until(
    () => targetRows(text).catch((error: unknown) => String(error)),
    (found) => found === wanted,
  );

const ends = ['epoch-computed', 'epoch-committed', 'carrier-opened', 'epoch-carrying', 'epoch-carried', 'epoch-forgotten'] as const;
/** GAMUT_EPOCH_SEEDS runs more of them. */
const seeds = Number(process.env.GAMUT_EPOCH_SEEDS ?? 12);
const seedMs = 3_000;

test('whatever step of an epoch is its last, nothing is lost and nothing is twice in the log and in PostgreSQL', {
  timeout: 45_000 + seeds * seedMs,
}, async () => {
  await using log = house.log();
  const own = log.at('own');
  await client.query(`create connection ended with (type = 'postgres', url = '${address.href}');
    create source ended (id int4, part int4) with (topic = 'ended', format = 'json');
    create sink ended_rows from ended with (connection = 'ended', table = 'ended_rows');
    create sink ended_sums as select part, count(*) as n, sum(id) as ids from ended group by part
      with (connection = 'ended', table = 'ended_sums', key = 'part');
    create sink ended_log from ended with (topic = 'ended.log', format = 'json')`);
  let due: { readonly step: string; left: number }[] = [];
  const met = new Map<string, number>();
  onStep((step) => {
    const [next] = due;
    if (next?.step !== step) return;
    next.left -= 1;
    if (next.left >= 0) return;
    due.shift();
    met.set(step, (met.get(step) ?? 0) + 1);
    throw new Error(`ended at ${step}`);
  });
  let written = 0;
  const write = async (count: number) => {
    await own.produce(
      'ended',
      Array.from({ length: count }, (_, at) => ({ key: null, value: `{"id":${written + at},"part":${(written + at) % 7}}` })),
    );
    written += count;
  };
  try {
    for (let seed = 1; seed <= seeds; seed += 1) {
      due = endsOf(seed);
      // Epochs come until the last end has come.
      for (let tries = 0; due.length > 0 && tries < 400; tries += 1) {
        if (tries % 20 === 0) await write(1 + ((seed * 7 + tries) % 23));
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      assert.deepEqual(due, [], `seed ${seed}`);
    }
  } finally {
    onStep(undefined);
  }
  const all = `${written},${written},${(written * (written - 1)) / 2}`;
  const rows = 'select count(*) as n, count(distinct id) as ids, sum(id) as sum from ended_rows';
  assert.equal(await arrived(rows, all), all);
  const idsOf = (part: number) => Array.from({ length: written }, (_, id) => id).filter((id) => id % 7 === part);
  const sums = Array.from({ length: 7 }, (_, part) => `${part},${idsOf(part).length},${idsOf(part).reduce((sum, id) => sum + id, 0)}`).join(
    ';',
  );
  assert.equal(await arrived('select * from ended_sums order by part', sums), sums);
  const seen = async () =>
    (await Array.fromAsync(own.read('ended.log', AbortSignal.timeout(seedMs * 10)))).flat().map(({ value }) => String(value));
  const logged = await house.until(seen, ({ length }) => length >= written);
  assert.deepEqual(logged.sort(), Array.from({ length: written }, (_, id) => `{"id":${id},"part":${id % 7}}`).sort());
  if (seeds >= ends.length) assert.deepEqual([...met.keys()].sort(), [...ends].sort());
});

test('views that two workers share count each record once, whatever becomes of a worker', { timeout: 100_000 }, async () => {
  await using log = house.log();
  const own = log.at('own');
  await client.query(`create source dealt (id int4, part int4, name text) with (topic = 'dealt', format = 'json');
    create source named (part int4, title text) with (topic = 'named', format = 'json');
    create materialized view dealt_sums as select part, count(*) as n, sum(id) as ids, max(name) as last from dealt group by part;
    create materialized view dealt_titles as
      select title, count(*) as n from dealt join named on dealt.part = named.part group by title;
    create sink dealt_log from dealt with (topic = 'dealt.log', format = 'json')`);
  const lines = async (text: string) =>
    (await client.query({ text: `explain ${text}`, rowMode: 'array' })).rows.map(([line]) => line as string);
  assert.equal((await lines('create materialized view w as select count(*) from dealt')).at(-1), 'Workers: 2 from 2048 records at once on');
  const matched = 'select * from dealt match_recognize (partition by part order by id pattern (a b) define b as b.id > a.id)';
  assert.equal((await lines(`create materialized view w as ${matched}`)).at(-1), 'Workers: none, for MATCH_RECOGNIZE');
  const parts = 501;
  const named = Array.from({ length: parts }, (_, part) => ({ key: null, value: `{"part":${part},"title":"title ${part % 10}"}` }));
  await own.produce('named', named);
  let written = 0;
  const [rounds, count] = [8, 5_000];
  for (let round = 0; round < rounds; round += 1) {
    const value = (id: number) => `{"id":${id},"part":${id % parts},"name":"name ${id}"}`;
    await own.produce(
      'dealt',
      Array.from({ length: count }, (_, at) => ({ key: null, value: at === 7 ? '{"id":"none"}' : value(written + at) })),
    );
    written += count;
    if (round % 2 === 0) continue;
    // One of them falls while the others wait for it.
    const before = workers.length;
    await house.until(
      async () => workers.length,
      (found) => found > before || found > 0,
    );
    await new Promise((resolve) => setTimeout(resolve, round * 17));
    await workers.at(round % 2 === 0 ? -1 : -2)?.terminate();
  }
  const ids = Array.from({ length: written }, (_, id) => id).filter((id) => id % count !== 7);
  const sums = async () =>
    (await client.query('select count(*) as parts, sum(n) as n, sum(ids) as ids, min(last) as last from dealt_sums')).rows[0] as object;
  const names = Map.groupBy(ids, (id) => id % parts);
  const least = [...names.values()]
    .map(
      (own_) =>
        own_
          .map((id) => `name ${id}`)
          .sort()
          .at(-1) ?? '',
    )
    .sort()[0];
  const expected = [parts, ids.length, ids.reduce((sum, id) => sum + id, 0), least].map(String);
  const isSame = (found: object) => String(Object.values(found)) === String(expected);
  assert.deepEqual(Object.values(await house.until(sums, isSame)).map(String), expected);
  const titles = async () =>
    (await client.query('select title, n from dealt_titles order by title')).rows as { title: string; n: string }[];
  const perTitle = Array.from({ length: 10 }, (_, at) => ids.filter((id) => (id % parts) % 10 === at).length);
  assert.deepEqual(
    (await house.until(titles, (rows) => rows.reduce((sum, { n }) => sum + Number(n), 0) === ids.length)).map(({ n }) => Number(n)),
    perTitle,
  );
  const seen = async () => (await Array.fromAsync(own.read('dealt.log', AbortSignal.timeout(30_000)))).flat().map(({ value }) => String(value));
  const logged = await house.until(seen, ({ length }) => length >= ids.length);
  assert.deepEqual([logged.length, new Set(logged).size], [ids.length, ids.length]);
  assert.ok(workers.length >= 4, `${workers.length} workers were begun`);
  // One with which workers fall each time goes on without them.
  await workers.at(-1)?.terminate();
  const begun = workers.length;
  process.on('worker', fell);
  await client.query('create materialized view dealt_alone as select count(*) as n, sum(id) as ids from dealt');
  const alone = async () => Object.values((await client.query('select n, ids from dealt_alone')).rows[0] as object).map(String);
  const all = [ids.length, ids.reduce((sum, id) => sum + id, 0)].map(String);
  assert.deepEqual(await house.until(alone, (found) => String(found) === String(all)), all);
  process.off('worker', fell);
  assert.ok(workers.length - begun >= 6, `${workers.length - begun} workers were begun and fell`);
});

/** The steps at which a seed ends what runs, and how often each is passed before. */
function endsOf(seed: number): { readonly step: string; left: number }[] {
  let state = Math.imul(seed, 2_654_435_761) >>> 0;
  const next = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 16) % below;
  };
  const step = ends[seed % ends.length] as (typeof ends)[number];
  // A way is opened again behind another end alone.
  const first = step === 'carrier-opened' ? [{ step: 'epoch-carried', left: next(3) }] : [];
  const then = next(3) === 0 ? [{ step: ends[next(ends.length)] as string, left: 0 }] : [];
  return [...first, { step, left: step === 'carrier-opened' ? 0 : next(3) }, ...then.filter((end) => end.step !== 'carrier-opened')];
}
