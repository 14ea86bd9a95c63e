import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { startTestServer } from '#seams/sql/test/server.ts';
import { type House, openHouse } from './fixtures/house.ts';
import { refusedWith, sortedTold, told } from './fixtures/told.ts';

let house: House;
let client: pg.Client;
before(async () => {
  house = await openHouse();
  client = new pg.Client(house.login());
  await client.connect();
});
after(async () => {
  await client?.end().catch(() => undefined);
  await house?.stop();
});

const names = `select relname, relkind from pg_class where relkind in ('r', 'v') and relnamespace = 'public'::regnamespace`;

/** Each is asked of both. */
const statements: readonly string[] = [
  'create table t (id int8 primary key, name text, n int4)',
  'create table u (id int8 primary key, t int8, n numeric)',
  `insert into t values (1, 'a', 10), (2, 'b', 20), (3, 'a', 30)`,
  'insert into u values (1, 1, 1.50), (2, 1, 2), (3, 3, 7)',
  'create view v as select id, name, n * 2 as twice from t where n > 10',
  'create view v as select 1',
  'create table v (a int4)',
  'table v',
  'select twice from v where id = 3',
  'select v.id, u.n from v join u on u.t = v.id',
  'select name, sum(twice) from v group by name having sum(twice) > 50',
  'with t as (select 7 as id) select v.id, t.id from v, t',
  'with v as (select 1 as one) select * from v',
  'with v as (select 1 as one) select * from public.v',
  'create view named (a, "B") as select id, n, name from t',
  'select "B", a, name from named',
  'create view named2 (a, b, c, d) as select id, n, name from t',
  'create view twice_named as select id, id from t',
  'create view w as select v.id, x.name from v join named x on x.a = v.id',
  'select * from w order by id desc limit 1',
  'create view ranked as select id, n from t order by n desc limit 2',
  'select id from ranked',
  'create view one as select 1 as a, null as b, now() is not null as c, $$x$$ as d',
  'select * from one',
  'select a + 1, d from one where c',
  'create view series as select s, s * 2 as d from generate_series(1, 4) s union all select 9, 9',
  'select count(*), sum(d) from series',
  'create view steps as with recursive s(n) as (values (1) union all select n + 1 from s where n < 5) select n from s',
  'select sum(a.n * b.n) from steps a join steps b on b.n = a.n + 1',
  'select id, (select max(n) from steps where n < t.n) from t',
  'drop view steps',
  'create view grouped as select name, count(*) as c, sum(n) as s from t group by name',
  'select t.id, g.c from t join grouped g using (name) where t.id = 2',
  'select * from t where id in (select id from v) and exists (select 1 from w where w.id = t.id)',
  'select (select max(twice) from v where v.id <= t.id) from t',
  'select v from v',
  'select v.* from v as v(x, y) where x = 2',
  'create view nothing as select missing from t',
  'create view nothing as select * from nowhere',
  'create view nothing as select $1::int4 as a',
  'insert into v values (1)',
  'insert into one values (1)',
  'update grouped set c = 1',
  'delete from grouped',
  'truncate v',
  'create index on v (id)',
  'alter table v add column z int4 default 1',
  'insert into u select id + 10, id, twice from v returning id, n',
  `update t set name = name || '!' from v where v.id = t.id and t.id = 2 returning t.id, t.name`,
  'delete from u using v where v.id = u.t and u.id > 10 returning u.id',
  'create table made as select * from v',
  'table made',
  // A key of the table is no key of the view.
  'create view moved as select id + 1 as id, name from t',
  'select name from moved where id = 2',
  `update t set n = t.n + 1 from moved where t.id = 1 and moved.id = 3 returning t.n`,
  'alter table t rename to renamed',
  'table v',
  'select * from w',
  'create table t (id int4)',
  'table v',
  'drop table t',
  'alter table renamed rename to t',
  'create view whole as select * from t',
  'alter table t add column more text',
  'select * from whole where id = 1',
  'create or replace view v as select id, name from t',
  'create or replace view v as select id, name as other, n as twice from t',
  'create or replace view v as select id, name, n::text as twice from t',
  'create or replace view v as select id, name, n * 3 as twice, more from t',
  'table v',
  'table w',
  'create or replace view w as select v.*, 1 as one from v',
  'create or replace view w as select v.id, v.name, v.more from v',
  'table w',
  'create or replace view t as select 1',
  'create or replace view fresh as select 1 as a',
  'drop view v',
  'drop table t',
  'drop view t',
  'drop table w',
  'drop view if exists t',
  'drop view nowhere',
  'drop view if exists nowhere, fresh',
  'alter view w rename to renamed',
  'select count(*) from renamed',
  'alter view renamed rename to u',
  'alter view nowhere rename to x',
  'drop view v, renamed',
  names,
  'create view a as select 1 as x',
  'create view b as select x from a',
  'create view c as select b.x from a join b using (x)',
  'drop view a',
  'drop view b, a',
  'drop view b restrict',
  'drop view a cascade',
  names,
  'create view on_view as select id from whole',
  'drop table t cascade',
  names,
  'begin',
  'create view v as select id from u',
  'table v',
  'create view w as select id + 1 as x from v',
  'savepoint s',
  'create or replace view w as select id + 2 as x, id from v',
  'table w',
  'drop view v',
  'rollback to s',
  'table w',
  names,
  'commit',
  'table w',
  'begin',
  'drop view v cascade',
  'table w',
  'rollback',
  'table w',
  'begin',
  'create or replace view w as select id as x, 5 as five from v',
  'insert into u values (50, 1, 1)',
  'select * from w where x = 50',
  'commit',
  'select * from w where x = 50',
  // What takes the place of a relation within a transaction is what others stand on.
  'create view above as select x + 1 as y, * from w',
  'begin',
  'alter view w rename to w_before',
  'create view w as select 0 as x',
  'select count(*) from above where y > 1',
  'savepoint s',
  'drop view w_before',
  'rollback to s',
  'alter view w rename to above',
  'rollback to s',
  'create or replace view w_before as select id + 100 as x, 5 as five, 6 as six from v',
  'select * from above where y < 130',
  'alter table u rename to u_before',
  'alter table u_before add column made int4 default 7',
  'insert into u_before (id, t, n) values (20, 1, 3)',
  'create view later as select * from u_before where id = 20',
  'alter table u_before add column more text',
  'table later',
  'select * from above where y < 130',
  'savepoint s',
  'drop table u_before',
  'rollback to s',
  'alter table u_before drop column made',
  'rollback to s',
  names,
  'commit',
  names,
  'table later',
  'select * from above where y < 130',
  'select definition is null from pg_views where viewname = $$above$$',
  'alter table u_before drop column id',
  'alter table u_before alter column n set default 5, add check (n > 0)',
  'insert into u_before (id) values (21)',
  'select count(*) from above',
  'begin; alter table u_before add column last int4 default 1',
  'alter view above rename to other',
  'rollback',
  'select count(*) from above',
  'begin; alter table u_before rename to u; alter view w_before rename to w_then; drop view w; alter table w_then rename to w; commit',
  'select * from above where y < 125',
  'drop view above, later',
  'begin; drop view w; create table w (a int4); commit',
  'table w',
  'drop table w, u, made cascade',
  'drop view one, series',
  names,
];

test('a plain view is what it is in PostgreSQL', { timeout: 55_000 }, async () => {
  await using server = await startTestServer({ fsync: 'off' });
  const real = new pg.Client(server.url);
  await real.connect();
  try {
    for (const text of statements.flatMap((each) => each.split('; '))) {
      // Views that PostgreSQL finds out how to change are refused here as those that it does not.
      const theirs = /^insert into (v|one) /.test(text) ? '55000' : await sortedTold(real, text);
      assert.deepEqual(await sortedTold(client, text), theirs, text);
    }
  } finally {
    await real.end();
  }
});

const rowsOf = async (text: string, values: unknown[] = [], by = client): Promise<unknown[][]> =>
  (await by.query({ text, values, rowMode: 'array' })).rows as unknown[][];
const settled = (text: string, wanted: unknown) =>
  house
    .until(
      () => rowsOf(text),
      (rows) => JSON.stringify(rows) === JSON.stringify(wanted),
    )
    .then((rows) => assert.deepEqual(rows, wanted, text));

test('views that are kept up and sinks read plain views, and what a view is anew they are too', { timeout: 50_000 }, async () => {
  await client.query(`create table sale (id int8 primary key, city text, paid int8, note text);
    create view paid as select id, city, paid from sale where paid > 0;
    create view cities as select city, sum(paid) as total from paid group by city;
    create materialized view kept as select city, total * 2 as twice from cities;
    create materialized view counted as select count(*) as n from paid;
    insert into sale values (1, 'a', 10), (2, 'b', 20), (3, 'a', 5), (4, 'c', -1)`);
  const ordered = 'select city, twice from kept order by city';
  await settled(ordered, [
    ['a', '30'],
    ['b', '40'],
  ]);
  assert.match((await rowsOf('explain select * from cities where city = \'a\'')).join('\n'), /sale/);
  assert.match((await rowsOf('explain create materialized view x as select * from cities')).join('\n'), /sale/);
  await client.query('alter table sale rename to sold');
  await client.query('create or replace view paid as select id, city, paid * 10 as paid, note from sold');
  await settled(ordered, [
    ['a', '300'],
    ['b', '400'],
    ['c', '-20'],
  ]);
  await settled('select n from counted', [['4']]);
  await client.query(`insert into sold values (5, 'c', 2)`);
  await settled(`select twice from kept where city = 'c'`, [['20']]);
  await client.query(`create sink told as select city, paid from paid with (topic = 'told-query', format = 'json', envelope = 'debezium')`);
  assert.equal(await told(client, 'create or replace view paid as select id, city, paid, note from sold'), '2BP01');
  assert.equal(await told(client, 'drop view paid'), '2BP01');
  for (const text of ['drop materialized view paid', 'drop view kept', 'drop table paid', 'subscribe to paid'])
    assert.equal(await told(client, text), '42809', text);
  await client.query('begin');
  assert.equal(await told(client, 'create or replace view paid as select id, city, paid, note from sold'), '25001');
  await client.query('rollback; begin');
  assert.equal(await told(client, 'alter view paid rename to unpaid'), '25001');
  await client.query('rollback; begin');
  assert.equal(await told(client, 'alter table sold add column tax int8 default 1'), '2BP01');
  await client.query('rollback');
  // What cannot be kept up cannot be by way of a view either.
  await client.query('create view chance as select id, random() as r from sold; create view today as select id, now() as at from sold');
  assert.equal(await told(client, 'create materialized view x as select r from chance'), '0A000');
  const [first, second] = [await rowsOf('select distinct at::text from today'), await rowsOf('select distinct at::text from today')];
  assert.deepEqual([first.length, second.length, String(first) < String(second) || `${first} ${second}`], [1, 1, true]);
  await client.query('create view looked as select id as other, city from sold');
  const lookup = 'join looked for system_time as of proctime() as l on l.other = s.id';
  assert.equal(await told(client, `create materialized view x as select s.id from sold s ${lookup}`), '0A000');
  // Functions that a view calls keep it, and are expanded as they are.
  await client.query('create function plus(a int8) returns int8 return a + 1; create view more as select plus(id) as n from sold');
  assert.equal(await told(client, 'drop function plus'), '2BP01');
  await client.query('create or replace function plus(a int8) returns int8 return a + 2');
  assert.deepEqual(await rowsOf('select min(n), max(n) from more'), [['3', '7']]);
  for (const text of [
    'create temp view x as select 1',
    'create view x as select relname from pg_class',
    'create view x as select id from sold with check option',
    'create view x with (security_barrier) as select 1',
    'create recursive view x (n) as select 1',
  ])
    assert.equal(await told(client, text), '0A000', text);
  await client.query('create view invoked with (security_invoker = true) as select $$as$$ as "as"');
  assert.deepEqual(await rowsOf('table invoked'), [['as']]);
  await assert.rejects(client.query('  create view x as select wrong from sold'), { code: '42703', position: '27' });
  assert.equal(await told(client, 'create view paid2 as select * from paid, paid2'), '42P01');
  await client.query('create view turn as select 1 as a');
  assert.equal(await told(client, 'create or replace view turn as select a from turn'), '42P17');
  await client.query('drop table sold cascade; drop view invoked, turn; drop function plus');
  assert.deepEqual(await rowsOf('show views'), []);
});

test('catalogues, SHOW and REST tell of plain views, and they make the same again', async () => {
  await client.query(`create table base (id int8 primary key, "Name" text);
    create view "odd ""v" (a, "b c") as (select id, "Name" from base);
    create or replace view plain as table base;`);
  const listed = [
    ['odd "v', 'VIEW', 'NO'],
    ['plain', 'VIEW', 'NO'],
  ];
  const tables = `select table_name, table_type, is_insertable_into from information_schema.tables
    where table_schema = 'public' and table_type = 'VIEW' order by 1`;
  assert.deepEqual(await rowsOf(tables), listed);
  const definitions = [
    ['odd "v', 'SELECT * FROM ((select id, "Name" from base)) AS v("a", "b c");'],
    ['plain', 'table base;'],
  ];
  assert.deepEqual(await rowsOf(`select viewname, definition from pg_views where schemaname = 'public' order by 1`), definitions);
  const views = `select table_name, view_definition from information_schema.views where table_schema = 'public' order by 1`;
  assert.deepEqual(await rowsOf(views), definitions);
  assert.deepEqual(await rowsOf(`select pg_get_viewdef('plain'::regclass, true)`), [['table base;']]);
  const columns = `select column_name, data_type from information_schema.columns where table_name = 'odd "v' order by ordinal_position`;
  const typed = [
    ['a', 'bigint'],
    ['b c', 'text'],
  ];
  assert.deepEqual(await rowsOf(columns), typed);
  assert.deepEqual((await rowsOf('show columns from "odd ""v"')).map((row) => row.slice(0, 2)), typed);
  const created = String((await rowsOf('show create view "odd ""v"'))[0]?.[1]);
  await client.query('drop view "odd ""v"');
  await client.query(created);
  assert.deepEqual(await rowsOf(views), definitions);
  assert.deepEqual(await rowsOf('show views'), [
    ['odd "v', 'base', created],
    ['plain', 'base', 'create or replace view plain as table base'],
  ]);
  await client.query('begin; create view fresh as select 5 as five; drop view plain');
  assert.deepEqual((await rowsOf(tables)).map(([name]) => name), ['fresh', 'odd "v']);
  await client.query('rollback');
  assert.deepEqual(await rowsOf(tables), listed);
  await client.query('alter view plain rename to "other one"');
  assert.match(String(await rowsOf('show create view "other one"')), /create or replace view "other one" as table base/);
  // The same operations over REST.
  const ask = async (method: string, path: string, body?: unknown) =>
    house.call(method, `/v1/analytics/${path}`, body, { door: 'analytics.rest', bearer: house.faces.bearer });
  const understand = async (text: string) => (await ask('POST', 'views/-/understand-statement', { text })).body;
  const made = await understand('create view rest as select a from "odd ""v"');
  assert.deepEqual([made.operation, made.name], ['CreateQuery', '']);
  const reply = await ask('POST', 'queries', made.input);
  assert.deepEqual([reply.status, reply.body.columns], [201, [{ name: 'a', type: 'int8' }]], JSON.stringify(reply.body));
  await client.query(`insert into base values (7, 'x')`);
  const asked = await understand('select a + 1 as b from rest');
  assert.deepEqual([asked.operation, asked.name], ['ReadTable', 'base']);
  assert.deepEqual((await ask('POST', 'tables/base/read-table', asked.input)).body.rows, [['8']]);
  assert.deepEqual((await ask('GET', 'queries')).body.items?.map(({ name }) => name), ['odd "v', 'other one', 'rest']);
  assert.equal((await ask('DELETE', `queries/${encodeURIComponent('odd "v')}`)).status, 400);
  assert.equal((await ask('PATCH', 'queries/rest', { name: 'renamed' })).status, 200);
  assert.equal((await ask('DELETE', 'queries/renamed')).status, 200);
  await client.query('drop table base cascade');
});

test('whoever asks a plain view needs the rights for what it reads, and no others', async () => {
  await client.query(`create table seen (id int8 primary key); create table hidden (id int8 primary key);
    insert into seen values (1), (2); insert into hidden values (2);
    create view open as select id from seen; create view closed as select id from open join hidden using (id)`);
  const reader = await house.credential({ role: 'reader' });
  const text = `forbid (principal == Gamut::Principal::"service-${reader.id}", action == analytics::Action::"ReadTable", resource == analytics::Table::"hidden");`;
  assert.equal((await house.call('POST', '/v1/platform/policies', { name: 'hide', text })).status, 201);
  const own = new pg.Client(house.login(reader));
  await own.connect();
  try {
    assert.deepEqual(await rowsOf('select id from open order by 1', [], own), [['1'], ['2']]);
    assert.deepEqual(await rowsOf('select id from open where id = $1', [2], own), [['2']]);
    for (const each of ['table closed', 'explain table closed', 'show create view closed', 'show columns from closed'])
      await assert.rejects(own.query(each), refusedWith('42501'), each);
    for (const each of ['create view mine as select 1', 'create or replace view open as select id from seen', 'drop view closed', 'alter view open rename to x'])
      await assert.rejects(own.query(each), refusedWith('42501'), each);
    assert.deepEqual(await rowsOf('table closed'), [['2']]);
  } finally {
    await own.end();
  }
  await client.query('drop view closed, open; drop table seen, hidden');
});

test('another sees a plain view from COMMIT on, and of two that make one name the second is refused', async () => {
  const other = new pg.Client(house.login());
  await other.connect();
  try {
    await client.query('begin; create view twofold as select 1 as a');
    assert.equal(await told(other, 'table twofold'), '42P01');
    await other.query('create view twofold as select 2 as a');
    assert.equal(await told(client, 'commit'), '42P07');
    assert.deepEqual(await rowsOf('table twofold'), [[2]]);
    await client.query('begin; create or replace view twofold as select 3 as a');
    assert.deepEqual([await rowsOf('table twofold'), await rowsOf('table twofold', [], other)], [[[3]], [[2]]]);
    await client.query('commit');
    assert.deepEqual(await rowsOf('table twofold', [], other), [[3]]);
    await client.query('begin; create or replace view twofold as select 4 as a');
    await other.query('drop view twofold');
    assert.equal(await told(client, 'commit'), '40001');
  } finally {
    await other.end();
  }
});
