import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ScopedLog } from '#seams/log/log.ts';
import { openSql, type Sql } from '#seams/sql/sql.ts';
import { startStranger } from '#seams/sql/test/server.ts';
import pg from 'pg';
import { type House, openHouse } from './fixtures/house.ts';

let house: House;
let server: Awaited<ReturnType<typeof startStranger>>;
/** Another PostgreSQL, into whose tables sinks write. */
let target: Sql;
before(async () => {
  // Views have no memory for what can be on disk, so all of that is there when the service dies.
  process.env.GAMUT_ANALYTICS_MEMORY_MB = '0';
  process.env.GAMUT_ANALYTICS_DISK_MB = '1';
  server = await startStranger({ fsync: 'off' });
  const address = new URL(server.strangerUrl.replaceAll("'", '%27'));
  {
    await using first = openSql(address, { max: 1 });
    await first.platform().script('create database target');
  }
  address.pathname = '/target';
  target = openSql(address, { max: 1 });
  house = await openHouse({ mode: 'processes', settings: { outbound: [`127.0.0.1:${address.port}`] } });
  await asked(`create connection if not exists other with (type = 'postgres', url = '${address.href}')`);
});
after(async () => {
  await house?.stop();
  await target?.close();
  await server?.[Symbol.asyncDispose]();
});

function kill(name: string): void {
  const found = house.platform.status().processes.find((process) => process.name === name);
  if (typeof found?.pid === 'number') process.kill(found.pid, 'SIGKILL');
}

/** One question over a connection of its own, until there is an answer: a service that starts again has none. */
async function asked(text: string): Promise<unknown[][]> {
  for (let tries = 0; ; tries += 1) {
    const client = new pg.Client(house.login());
    client.on('error', () => undefined);
    try {
      await client.connect();
      return (await client.query({ text, rowMode: 'array' })).rows as unknown[][];
    } catch (error) {
      if (tries > 300) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

test('a service that is killed again and again counts each record once', { timeout: 100_000 }, async () => {
  await using log = house.log();
  const own = log.at('own');
  const climbs = await openClimbs(own);
  const dropped = await openDropped();
  await own.createTopic('clicks', { partitions: 2 });
  await asked(`create source if not exists clicks (page int4, ms int8) with (topic = 'clicks', format = 'json')`);
  await asked('create materialized view if not exists pages as select page, count(*) as n, sum(ms) as ms from clicks group by page');
  // Two that have a part of it: its groups, and all of it.
  const groups = 'select page, count(*) as n, sum(ms) as ms from clicks group by page';
  await asked(`create materialized view if not exists pages_twice as select page, n * 2 as twice, ms from (${groups}) as p where n > 0`);
  await asked('create materialized view if not exists pages_all as select sum(n) as n, max(ms) as most from pages');
  await asked(`create sink if not exists changed from pages with (topic = 'changed', format = 'json', envelope = 'debezium')`);
  await asked(`create sink if not exists seen as select page, ms from clicks with (topic = 'seen', format = 'json')`);
  await asked(`create sink if not exists kept from pages with (connection = 'other', table = 'pages', key = 'page')`);
  await asked(`create sink if not exists every as select page, ms from clicks with (connection = 'other', table = 'clicks')`);
  // A table elsewhere that answers otherwise each time it is asked.
  await target.platform().script(`create sequence answers; create table named (page int4 primary key);
    insert into named select generate_series(0, 16); create view answering as select page, nextval('answers') as answer from named`);
  await asked(`create source if not exists answering (page int4, answer int8) with (connection = 'other', table = 'answering', lookup = 'true')`);
  await asked(`create sink if not exists looked as select c.ms, a.answer from clicks c
    join answering for system_time as of proctime() as a on c.page = a.page with (connection = 'other', table = 'looked')`);
  await asked('create table if not exists marks (id int8 primary key, round int4 not null)');
  await asked('create materialized view if not exists marked as select round, count(*) as n, sum(id) as ids from marks group by round');
  let marks = 0;
  /** A row that was written although nobody was told so is not written once more. */
  const mark = async (round: number, count: number) => {
    for (const first = marks; marks < first + count; marks += 1)
      await asked(`insert into marks values (${marks}, ${round}) on conflict do nothing`);
  };
  const expected = new Map<number, [bigint, bigint]>();
  let written = 0;
  const write = async (count: number) => {
    const records = Array.from({ length: count }, (_, at) => ({ page: (written + at) % 17, ms: BigInt(written + at) * 1_000_003n }));
    written += count;
    for (const { page, ms } of records) {
      const [n, sum] = expected.get(page) ?? [0n, 0n];
      expected.set(page, [n + 1n, sum + ms]);
    }
    await own.produce(
      'clicks',
      records.map(({ page, ms }) => ({ key: String(page), value: `{"page":${page},"ms":${ms}}` })),
    );
  };
  const count = async () => Number((await asked('select sum(n) from pages'))[0]?.[0] ?? 0);
  for (let round = 0; round < 4; round += 1) {
    const before = written;
    await climbs.write(150);
    for (let part = 0; part < 10; part += 1) await write(700);
    // Killed with some of it counted and, unless it was quick, some not.
    await house.until(count, (known) => known > before);
    const marking = mark(round, 5);
    if (round === 3) await dropped.killed();
    else kill('analytics');
    await marking;
  }
  await dropped.check();
  assert.equal(await house.until(count, (known) => known >= written), written);
  assert.deepEqual(
    await asked('select page, n, ms from pages order by page'),
    [...expected].sort(([a], [b]) => a - b).map(([page, [n, ms]]) => [page, String(n), String(ms)]),
  );
  assert.deepEqual(
    (await asked('show materialized views')).flatMap(([name, , , groups, rejected]) =>
      name === 'pages' ? [[name, groups, rejected]] : [],
    ),
    [['pages', '17', '0']],
  );
  assert.deepEqual(
    await asked('select page, twice, ms from pages_twice order by page'),
    [...expected].sort(([a], [b]) => a - b).map(([page, [n, ms]]) => [page, String(2n * n), String(ms)]),
  );
  const most = [...expected.values()].reduce((max, [, ms]) => (ms > max ? ms : max), 0n);
  assert.deepEqual(await asked('select n, most from pages_all'), [[String(written), String(most)]]);
  assert.deepEqual(
    (await asked('show materialized views')).flatMap((row) => (/^pages_/.test(String(row[0])) ? [[row[0], row.at(-2)]] : [])),
    [
      ['pages_all', 'pages'],
      ['pages_twice', 'pages'],
    ],
  );
  // Nothing lost and nothing twice in what the table, its view and its topic have.
  const rounds = Array.from({ length: 4 }, (_, at) => [at, '5', String(25 * at + 10)]);
  assert.deepEqual(await asked('select round, count(*), sum(id) from marks group by round order by 1'), rounds);
  const marked = () => asked('select round, n, ids from marked order by round');
  assert.deepEqual(await house.until(marked, (rows) => rows.join() === rounds.join()), rounds);
  const [, topic] = (await asked('show tables')).find(([name]) => name === 'marks') ?? [];
  const changes = Array.from({ length: marks }, (_, at) => `{"before":null,"after":{"id":${at},"round":${Math.floor(at / 5)}},"op":"c"}`);
  assert.deepEqual(await values(own, String(topic)), changes);
  // Nothing lost and nothing twice in what the sinks wrote.
  const seen = await house.until(
    () => values(own, 'seen'),
    (all) => all.length >= written,
  );
  const ids = Array.from({ length: written }, (_, at) => `{"page":${at % 17},"ms":${BigInt(at) * 1_000_003n}}`);
  assert.deepEqual(seen.sort(), ids.sort());
  const there = async (text: string) => (await target.platform().query(text)).rows.map((row) => Object.values(row).map(String).join());
  const counted = () => there('select count(*) from clicks');
  assert.deepEqual(await house.until(counted, ([n]) => Number(n) >= written), [String(written)]);
  // What was looked up for a record is written once, whatever another question would have found.
  const looked = () => there('select count(*) as n, count(distinct ms) as ms, count(distinct answer) > 17 as other from looked');
  const once = `${written},${written},true`;
  assert.deepEqual(await house.until(looked, ([found]) => found === once), [once]);
  assert.deepEqual(await there('select count(distinct ms), sum(ms) from clicks'), [
    `${written},${(1_000_003n * BigInt(written) * BigInt(written - 1)) / 2n}`,
  ]);
  const pages = [...expected].sort(([a], [b]) => a - b).map(([page, [n, ms]]) => `${page},${n},${ms}`);
  const known = () => there('select page, n, ms from pages order by page');
  assert.deepEqual(await house.until(known, (rows) => rows.join() === pages.join()), pages);
  const last = [...expected].map(([page, [n, ms]]) => `{"page":${page},"n":${n},"ms":${ms}}`).sort();
  const left = async () => {
    const rows = new Set<string>();
    for (const value of await values(own, 'changed')) {
      const [, row = '', isGone] = /(\{"page".*?\}).*"op":"(d?)/.exec(value) ?? [];
      assert.equal(rows.has(row), isGone !== '', `a change that does not follow: ${value}`);
      if (isGone) rows.delete(row);
      else rows.add(row);
    }
    return [...rows].sort();
  };
  assert.deepEqual(await house.until(left, (rows) => rows.join() === last.join()), last);
  await climbs.check();
  const [shown] = (await asked('show materialized views')).filter(([name]) => name === 'pages');
  const [inMemory, onDisk, , diskBytes] = shown?.slice(7).map(Number) ?? [];
  assert.ok(inMemory !== undefined && onDisk !== undefined && diskBytes !== undefined && diskBytes > 0, String(shown));
  // One that needs more of the disk than it may have stands still, says why, and the others go on.
  await asked('create materialized view if not exists each as select ms, page, count(*) as n from clicks group by ms, page');
  const failure = async () => (await asked('show materialized views')).find(([name]) => name === 'each')?.[6];
  assert.match(String(await house.until(failure, (told) => typeof told === 'string')), /^what it remembers has no room on disk: /);
  await write(100);
  assert.equal(await house.until(count, (known) => known >= written), written);
  await asked('drop materialized view each');
  // Its groups and its rows.
  assert.equal(inMemory + onDisk, 34);
});

/** A table whose drop is all that the service does before it is killed: its topic is deleted by the one that comes after. */
async function openDropped() {
  await asked('create table if not exists dropped (id int8 primary key)');
  await asked('insert into dropped values (1) on conflict do nothing');
  const topic = String((await asked('show tables')).find(([name]) => name === 'dropped')?.[1]);
  const admin = house.kafka().admin();
  await admin.connect();
  const isThere = async () => (await admin.listTopics()).includes(topic);
  return {
    async killed(): Promise<void> {
      // The log deletes nothing while it is stopped.
      const log = house.platform.status().processes.find(({ name }) => name === 'log')?.pid ?? 0;
      process.kill(log, 'SIGSTOP');
      await asked('drop table if exists dropped');
      kill('analytics');
      process.kill(log, 'SIGCONT');
      assert.equal(await isThere(), true);
    },
    async check(): Promise<void> {
      assert.equal(await house.until(isThere, (is) => !is), false);
      await admin.disconnect();
    },
  };
}

/** A view of patterns over rows that come out of their order: matches begin in one commit and end in another. */
async function openClimbs(own: ScopedLog) {
  await own.createTopic('visits', { partitions: 1 });
  await asked(`create source if not exists visits (who int4, step int4, at timestamp, watermark for at as at - interval '30 seconds')
    with (topic = 'visits', format = 'json')`);
  const clause = `match_recognize (partition by who order by at
    measures a.step as one, last(b.step) as other, count(*) as c, match_timed_out() as missed
    one row per match with timeout rows pattern (a b+ c) within interval '10 minutes'
    define b as step > prev(step), c as step < prev(step)) m`;
  await asked(`create materialized view if not exists climbs as select * from visits ${clause}`);
  let written = 0;
  return {
    async write(count: number): Promise<void> {
      const values = Array.from({ length: count }, (_, place) => {
        const at = written + place;
        // A time goes back by as much as the watermark allows.
        const time = new Date(1_700_000_000_000 + at * 7_000 - (at % 3) * 10_000).toISOString().slice(0, 19);
        return { value: JSON.stringify({ who: (at * 7) % 5, step: (at * at + (at >> 3)) % 11, at: time }) };
      });
      written += count;
      await own.produce('visits', values);
    },
    async check(): Promise<void> {
      // The last row passes all that are before it.
      await own.produce('visits', [{ value: '{"who":99,"step":0,"at":"2024-01-01 00:00:00"}' }]);
      const order = 'order by who, one, other, c, missed';
      const expected = (await asked(`select * from (select * from visits where who <> 99) ${clause} ${order}`)).map(String);
      const climbs = async () => (await asked(`select * from climbs ${order}`)).map(String);
      assert.deepEqual(await house.until(climbs, ({ length }) => length >= expected.length), expected);
      assert.ok(expected.some((row) => row.endsWith('true')) && expected.some((row) => row.endsWith('false')));
    },
  };
}

/** The values of a topic's committed records, in their order. */
async function values(log: ScopedLog, topic: string): Promise<string[]> {
  const all = (await Array.fromAsync(log.read(topic, new AbortController().signal))).flat();
  return all.map(({ value }) => String(value));
}
