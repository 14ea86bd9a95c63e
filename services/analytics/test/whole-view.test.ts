import assert from 'node:assert/strict';
import type { EventEmitter } from 'node:events';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { type House, openHouse } from './fixtures/house.ts';

const count = Number(process.env.GAMUT_ROWS ?? 60_000);
const perKey = count / 4;
let house: House;
let client: pg.Client;
const memory = process.env.GAMUT_ANALYTICS_MEMORY_MB;

before(async () => {
  process.env.GAMUT_ANALYTICS_MEMORY_MB = '1';
  house = await openHouse();
  client = await connected();
  await client.query('create table t (k int4 primary key)');
  await client.query(
    `create materialized view v as select k, g, 'the row ' || k || ' ' || g as name from t, generate_series(1, ${perKey}) as s(g)`,
  );
  for (const k of [0, 1, 2, 3]) await client.query('insert into t values ($1)', [k]);
  await rowsOf(count);
});
after(async () => {
  if (memory === undefined) delete process.env.GAMUT_ANALYTICS_MEMORY_MB;
  else process.env.GAMUT_ANALYTICS_MEMORY_MB = memory;
  await client?.end().catch(() => undefined);
  await house?.stop();
});

async function connected(): Promise<pg.Client> {
  const own = new pg.Client(house.login());
  await own.connect();
  return own;
}

/** Waits until the view has so many rows. */
const rowsOf = async (wanted: number) => {
  const shown = await house.until(
    async () => (await client.query('show materialized views')).rows[0],
    ({ groups }) => Number(groups) === wanted,
  );
  assert.equal(Number(shown.groups), wanted, JSON.stringify(shown));
  return shown;
};

test('a SELECT of a view answers all of its rows, each once, those on disk too', async () => {
  const shown = await rowsOf(count);
  assert.ok(Number(shown.disk_rows) > count / 4, JSON.stringify(shown));
  const { rows, command, rowCount } = await client.query({ text: 'select * from v', rowMode: 'array' });
  assert.deepEqual([command, rowCount], ['SELECT', count]);
  assert.equal(new Set(rows.map(String)).size, count);
  for (const [k, g, name] of rows.slice(0, 1000)) assert.equal(name, `the row ${k} ${g}`);
  const { rows: some } = await client.query({
    text: 'select g + 1 as next, k from v where g > $1 and k <> 2 limit 50000 offset 7',
    values: [perKey / 2],
    rowMode: 'array',
  });
  assert.equal(some.length, Math.min(50_000, (perKey / 2) * 3 - 7));
  assert.equal(new Set(some.map(String)).size, some.length);
  await assert.rejects(client.query('select 1 / (g - 5) from v'), { code: '22012' });
  assert.equal((await client.query('select g from v limit 3')).rowCount, 3);
});

test('who reads slowly reads the view of one commit, whatever becomes of it', async () => {
  const slow = await connected();
  await slow.query('begin');
  await slow.query('declare c no scroll cursor for select k, g from v');
  const read = async (most: number) => (await slow.query({ text: `fetch ${most} from c`, rowMode: 'array' })).rows.map(String);
  const found = await read(5000);
  await client.query('delete from t where k = 1');
  await rowsOf(count - perKey);
  await client.query('insert into t values (7)');
  await rowsOf(count);
  for (let rows = await read(20_000); rows.length > 0; rows = await read(20_000)) found.push(...rows);
  assert.deepEqual([found.length, new Set(found).size], [count, count]);
  const keys = new Set(found.map((row) => row.split(',')[0]));
  assert.deepEqual([...keys].sort(), ['0', '1', '2', '3']);
  await slow.end();
  const { rows } = await client.query('select k from v');
  assert.deepEqual([...new Set(rows.map(({ k }) => k))].sort(), [0, 2, 3, 7]);
});

test('a cursor goes through a whole view forth and, as far as it keeps rows, back; COPY gives all of it', async () => {
  await client.query('begin');
  await client.query('declare c cursor for select k, g from v');
  const first = await client.query({ text: 'fetch 3 from c', rowMode: 'array' });
  let fetched = first.rows.length;
  for (let rows = 1; rows > 0; fetched += rows) rows = (await client.query('fetch 40000 from c')).rowCount ?? 0;
  assert.equal(fetched, count);
  assert.equal((await client.query('fetch backward 2 from c')).rowCount, 2);
  await client.query('rollback');
  let copied = 0;
  const { connection } = client as unknown as { readonly connection: EventEmitter };
  const counted = () => (copied += 1);
  connection.on('copyData', counted);
  assert.equal((await client.query('copy (select k, name from v) to stdout')).rowCount, count);
  connection.off('copyData', counted);
  assert.equal(copied, count);
});

test('those who begin to read a view and leave keep nothing of it', async () => {
  for (let round = 0; round < 20; round += 1) {
    const own = await connected();
    await own.query('begin');
    await own.query('declare c cursor for select * from v');
    assert.equal((await own.query('fetch 10 from c')).rowCount, 10);
    if (round % 2 === 0) await own.query('close c');
    await own.end();
  }
  await house.until(
    async () => (await client.query('select g from v limit 1')).rowCount,
    (found) => found === 1,
  );
});
