import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { startTestServer } from '#seams/sql/test/server.ts';
import { type House, openHouse } from './fixtures/house.ts';
import { refusedWith, sortedTold, told } from './fixtures/told.ts';

let house: House;
let client: pg.Client;
let other: pg.Client;
before(async () => {
  house = await openHouse();
  client = new pg.Client(house.login());
  other = new pg.Client(house.login());
  await Promise.all([client.connect(), other.connect()]);
});
after(async () => {
  await Promise.all([client?.end(), other?.end()]).catch(() => undefined);
  await house?.stop();
});

const names = `select relname, relkind from pg_class where relkind in ('r', 'm') and relnamespace = 'public'::regnamespace`;

/** Each is asked of both by one connection, and afterwards of another one what there is. */
const statements: readonly string[] = [
  'begin',
  'create table a (id int8 primary key, name text)',
  'create table a (id int8)',
  'rollback',
  'begin',
  'create table a (id int8 primary key, name text)',
  'create table if not exists a (z int4)',
  `insert into a values (1, 'x'), (2, 'y') returning id`,
  'select * from a where id = 2',
  names,
  'savepoint s',
  'create table b as select id + 1 as next, name from a',
  'table b',
  `update a set name = 'z' from b where b.next = a.id`,
  'select a.name, b.next from a join b on b.next = a.id',
  'rollback to s',
  'table b',
  'rollback to s',
  'table a',
  names,
  'commit',
  'begin',
  'drop table a',
  'table a',
  'rollback',
  'begin',
  'drop table a',
  'create table a (n int4)',
  'insert into a values (7)',
  'create table c (m, k) as select n, n * 2, n::text from a where n > 0 with data',
  'create table d as select n from a with no data',
  names,
  'commit',
  'table c',
  'select count(*) from d',
  'create table if not exists c as select 1 as one',
  'create table c as select 1 as one',
  'create table e (a, b, c, d) as select 1, 2',
  `create table "odd ""as"" name" as select 'as' as "as" union all select 'with data'`,
  `table "odd ""as"" name"`,
  'begin; create table f (a int4); drop table f; commit',
  'begin; create table f (a int4 primary key); insert into f values (1), (1); commit',
  'rollback',
  'begin',
  'create materialized view v as select count(*) as n from c',
  'drop table c',
  'rollback',
  'begin; create materialized view v as select count(*) as n from c; drop materialized view v; drop table c, d; commit',
  'begin; drop table if exists c, d; drop table if exists f; commit',
  'begin; drop table nowhere',
  'commit',
];

test('a transaction makes and drops relations as that of PostgreSQL does', { timeout: 55_000 }, async () => {
  await using server = await startTestServer({ fsync: 'off' });
  const [real, second] = [new pg.Client(server.url), new pg.Client(server.url)];
  await Promise.all([real.connect(), second.connect()]);
  try {
    await second.query(`set lock_timeout = '50ms'`);
    for (const text of statements.flatMap((each) => (each.includes('"') ? [each] : each.split('; ')))) {
      const [ours, theirs] = [await sortedTold(client, text), await sortedTold(real, text)];
      // A view is filled as its sources are read, so nobody says here how many rows it has.
      if (text.startsWith('create materialized view')) assert.equal(typeof ours, typeof theirs, text);
      else assert.deepEqual(ours, theirs, text);
      if (text === 'commit' || text === 'rollback')
        assert.deepEqual(await sortedTold(other, names), await sortedTold(second, names), `names after: ${text}`);
      for (const table of ['a', 'c']) {
        const theirs = await sortedTold(second, `table ${table}`);
        // In PostgreSQL who reads a table that another drops waits for the outcome; here nobody waits.
        if (theirs !== '55P03') assert.deepEqual(await sortedTold(other, `table ${table}`), theirs, `${table} after: ${text}`);
      }
    }
  } finally {
    await Promise.all([real.end(), second.end()]);
  }
});

test('what a transaction made is refused where another made it first, and what cannot be undone is refused in one', async () => {
  await client.query('begin; create table t (a int4 primary key); insert into t values (1)');
  await other.query(`create table t (b text); insert into t values ('theirs')`);
  assert.equal(await told(client, 'commit'), '42P07');
  assert.deepEqual(await sortedTold(client, 'table t'), { command: 'SELECT', count: 1, rows: ['theirs'] });
  await client.query('begin; drop table t; create table u (a int4)');
  await other.query('drop table t');
  assert.equal(await told(client, 'commit'), '40001');
  assert.equal(await told(client, 'table u'), '42P01');
  await client.query('begin; create table u (a int4); insert into u values (1), (2)');
  await client.query(`create source s (a int4) with (topic = 'made', format = 'json')`);
  await client.query('create materialized view v as select u.a from u join s on s.a = u.a');
  await client.query(`create sink k as select a from u with (topic = 'given', format = 'json', envelope = 'debezium')`);
  assert.equal(await told(client, 'table v'), '0A000');
  await client.query('rollback');
  assert.deepEqual([await told(client, 'drop source s'), await told(client, 'drop sink k')], ['42P01', '42P01']);
  await client.query('begin; create table u (a int4); insert into u values (1), (2)');
  await client.query('create materialized view v as select max(a) as top from u');
  await client.query('create materialized view w as select top + 1 as b from v');
  await client.query('commit');
  const rows = await house.until(
    () => told(other, 'table w'),
    (answer) => typeof answer === 'object' && String(answer.rows) === '3',
  );
  assert.deepEqual(rows, { command: 'SELECT', count: 1, rows: [['3']] });
  for (const text of ['create function f(a int4) returns int4 return a', 'alter table u rename to z', 'drop function f']) {
    await client.query('begin');
    await assert.rejects(client.query(text), refusedWith('25001'), text);
    await client.query('rollback');
  }
  await client.query('drop materialized view w, v; drop table u');
});
