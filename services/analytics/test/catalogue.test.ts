import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import postgres from 'postgres';
import { type House, openHouse } from './fixtures/house.ts';

let house: House;
let client: pg.Client;
before(async () => {
  house = await openHouse();
  client = new pg.Client({ connectionString: house.faces.postgres?.url ?? '' });
  await client.connect();
  await client.query(`create source orders (city text, id int8, "Paid €" numeric, at timestamptz) with (topic = 'orders', format = 'json');
    create materialized view sales as select city, count(*) as n from orders group by city`);
});
after(async () => {
  await client?.end().catch(() => undefined);
  await house?.stop();
});

const rowsOf = async (text: string, values: unknown[] = []): Promise<unknown[][]> =>
  (await client.query({ text, values, rowMode: 'array' })).rows as unknown[][];
const refusedWith =
  (...codes: string[]) =>
  (error: unknown) => {
    assert.ok(codes.includes((error as pg.DatabaseError).code ?? ''), String((error as pg.DatabaseError).code) + String(error));
    return true;
  };

test('psql finds relations, their columns and the statement of a view (\\d), as PostgreSQL itself answers', async () => {
  const list = `SELECT n.nspname as "Schema", c.relname as "Name",
    CASE c.relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' END as "Type",
    pg_catalog.pg_get_userbyid(c.relowner) as "Owner"
    FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r','p','v','m','S','f','') AND n.nspname <> 'pg_catalog' AND n.nspname !~ '^pg_toast'
      AND n.nspname <> 'information_schema' AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY 1,2`;
  assert.deepEqual(await rowsOf(list), [
    ['public', 'orders', 'table', 'gamut'],
    ['public', 'sales', 'materialized view', 'gamut'],
  ]);
  const columns = `SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod) FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`;
  assert.deepEqual(await rowsOf(columns, ['orders']), [
    ['city', 'text'],
    ['id', 'bigint'],
    ['Paid €', 'numeric'],
    ['at', 'timestamp with time zone'],
  ]);
  assert.deepEqual(await rowsOf(`select pg_catalog.pg_get_viewdef('sales'::regclass::oid, true)`), [
    ['select city, count(*) as n from orders group by city;'],
  ]);
  const [environment] = (await rowsOf('select datname from pg_catalog.pg_database d where d.datname = current_database()'))[0] ?? [];
  assert.match(String(environment), /^[0-9a-z]{13}$/);
  assert.deepEqual(await rowsOf('select current_user, user::text'), [[house.faces.id, house.faces.id]]);
  // What is made and dropped is there and gone with the next question; what stays keeps its number.
  const oid = `select oid from pg_class where relname = 'orders'`;
  const before = await rowsOf(oid);
  await client.query('create materialized view gone as select id from orders');
  assert.deepEqual(await rowsOf(`select relname from pg_class where relnamespace = 'public'::regnamespace order by 1`), [
    ['gone'],
    ['orders'],
    ['sales'],
  ]);
  await client.query('drop materialized view gone');
  assert.deepEqual(await rowsOf(`select matviewname, definition from pg_matviews`), [
    ['sales', 'select city, count(*) as n from orders group by city;'],
  ]);
  assert.deepEqual(await rowsOf(oid), before);
});

test('keys of tables and columns that take no NULL are told, whatever other relations are called', async () => {
  await client.query(`create table held (id int8, item text not null, note text, primary key (item, id))`);
  const keys = `select c.conname, a.attname from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = any(c.conkey)
    where c.contype = 'p' and c.conrelid = 'held'::regclass order by array_position(c.conkey, a.attnum)`;
  assert.deepEqual(await rowsOf(keys), [
    ['held_pkey', 'item'],
    ['held_pkey', 'id'],
  ]);
  const open = `select column_name from information_schema.columns where table_name = 'held' and is_nullable = 'YES'`;
  assert.deepEqual(await rowsOf(open), [['note']]);
  await client.query('create materialized view held_pkey as select item from held');
  assert.deepEqual(await rowsOf(keys), [
    ['held_pkey1', 'item'],
    ['held_pkey1', 'id'],
  ]);
  await client.query('drop materialized view held_pkey; drop table held');
});

test('an error in a question to the catalogues has its SQLSTATE and its place in what was written', async () => {
  const text = 'select d.datname, wrong from pg_database d, pg_roles';
  const error = (await client.query(text).catch((found: unknown) => found)) as pg.DatabaseError;
  assert.deepEqual([error.code, error.position], ['42703', String(text.indexOf('wrong') + 1)]);
  const behind = 'select 1 from pg_catalog.pg_database d where d.none = 1';
  assert.equal(
    ((await client.query(behind).catch((found: unknown) => found)) as pg.DatabaseError).position,
    String(behind.indexOf('d.none') + 1),
  );
});

test('postgres.js reads the types of arrays from the catalogues, as it does unless it is told not to', async () => {
  const sql = postgres(house.faces.postgres?.url ?? '', { max: 1 });
  assert.deepEqual([...(await sql`select city, n from sales`)], []);
  const found = await sql`select table_name, table_type from information_schema.tables where table_schema = ${'public'} order by 1`;
  assert.deepEqual(
    found.map((row) => [row.table_name, row.table_type]),
    [
      ['orders', 'BASE TABLE'],
      ['sales', 'MATERIALIZED VIEW'],
    ],
  );
  await sql.begin(async (tx) => {
    const names: unknown[] = [];
    for await (const rows of tx`select attname from pg_attribute where attrelid = 'orders'::regclass and attnum > 0 order by attnum`.cursor(
      3,
    ))
      names.push(...rows.map(({ attname }) => attname));
    assert.deepEqual(names, ['city', 'id', 'Paid €', 'at']);
  });
  const copied = await sql.unsafe(`copy (select relname from pg_class where relname = 'orders') to stdout`).readable();
  assert.equal((await Array.fromAsync(copied)).map(String).join(''), 'orders\n');
  await sql.end();
});

test('SQLAlchemy reflects by columns with their schema, and by patterns with an escape', async () => {
  const named = `SELECT pg_catalog.pg_class.relname, pg_catalog.pg_tablespace.spcname FROM pg_catalog.pg_class LEFT OUTER JOIN
    pg_catalog.pg_tablespace ON pg_catalog.pg_class.reltablespace = pg_catalog.pg_tablespace.oid JOIN pg_catalog.pg_namespace
    ON pg_catalog.pg_namespace.oid = pg_catalog.pg_class.relnamespace
    WHERE pg_catalog.pg_namespace.nspname NOT LIKE 'pg/_' || '%' ESCAPE '/' AND pg_catalog.pg_class.relname = 'orders'`;
  assert.deepEqual(await rowsOf(named), [['orders', null]]);
});

test('Grafana lists tables and columns by the queries that its PostgreSQL data source sends', async () => {
  assert.match(String((await rowsOf(`SELECT current_setting('server_version_num')::int/100`))[0]?.[0]), /^18/);
  assert.deepEqual(await rowsOf(`SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'`), []);
  const tables = `SELECT CASE WHEN quote_ident(table_schema) IN (
      SELECT CASE WHEN trim(s[i]) = '"$user"' THEN user ELSE trim(s[i]) END
      FROM generate_series(array_lower(string_to_array(current_setting('search_path'),','),1),
        array_upper(string_to_array(current_setting('search_path'),','),1)) as i,
        string_to_array(current_setting('search_path'),',') s)
    THEN quote_ident(table_name) ELSE quote_ident(table_schema) || '.' || quote_ident(table_name) END AS "table"
    FROM information_schema.tables
    WHERE quote_ident(table_schema) NOT IN ('information_schema', 'pg_catalog', '_timescaledb_cache', '_timescaledb_catalog')
    ORDER BY CASE WHEN quote_ident(table_schema) IN ('public') THEN 0 ELSE 1 END, 1`;
  assert.deepEqual(await rowsOf(tables), [['orders'], ['sales']]);
  const columns = (name: string) => `SELECT quote_ident(column_name) AS "column", data_type AS "type"
    FROM information_schema.columns WHERE CASE WHEN array_length(parse_ident('public.${name}'),1) = 2
    THEN quote_ident(table_schema) = (parse_ident('public.${name}'))[1] AND quote_ident(table_name) = (parse_ident('public.${name}'))[2]
    ELSE quote_ident(table_name) = '${name}' END`;
  assert.deepEqual((await rowsOf(columns('sales'))).sort(), [
    ['city', 'text'],
    ['n', 'bigint'],
  ]);
  assert.equal((await rowsOf(columns('orders'))).length, 4);
});

test('there is no way out of the catalogues: not to files, programs, settings, locks, time, other databases or writes', async () => {
  const other = await house.credential({ environment: 'test' });
  const elsewhere = new pg.Client({ connectionString: other.postgres?.url ?? '' });
  await elsewhere.connect();
  await elsewhere.query(`create source secret (a int4) with (topic = 'secret', format = 'json')`);
  const own = await elsewhere.query({
    text: 'select relname, current_database() from pg_class where relkind = $1 and relnamespace = 2200',
    values: ['r'],
    rowMode: 'array',
  });
  assert.equal(own.rows[0]?.[0], 'secret');
  const scope = String(own.rows[0]?.[1]);
  await elsewhere.end();
  for (const text of [
    `select pg_read_file('/etc/passwd')`,
    `select * from pg_read_file('/etc/passwd')`,
    `select relname, pg_catalog.pg_ls_dir('.') from pg_class`,
    `select lo_import('/etc/passwd')`,
    `select * from dblink('dbname=postgres', 'select 1') as t(a int)`,
    `copy (select 1) to program 'id'`,
    `copy pg_class from program 'id'`,
    `copy (select 1 from pg_class) to '/tmp/out'`,
    'set role gamut_admin',
    'set session authorization gamut_admin',
    'select pg_sleep(100)',
    `select 1 from pg_class where pg_catalog.pg_sleep(100) is null`,
    `select "pg_sleep"(100) from pg_class`,
    `select set_config('statement_timeout', '0', false) from pg_class`,
    `select query_to_xml('select pg_sleep(100)', true, true, '') from pg_class`,
    `select pg_terminate_backend(pid) from pg_stat_activity`,
    `select pg_advisory_lock(1) from pg_class`,
    `select * from pg_authid`,
    `select * from pg_catalog.pg_shadow`,
    `select * from pg_hba_file_rules`,
    `select * from pg_file_settings`,
    `select * from pg_stat_replication`,
    `select * from pg_gamut.relation`,
    `select * from "pg_catalog"."pg_statistic"`,
    `with x as (insert into pg_class select * from pg_class returning 1) select * from x, pg_class`,
    `with x as (delete from pg_class returning 1) select 1 from x`,
    `select 1 into t from pg_class`,
    `select 1 from pg_class for update`,
    `select * from ${scope}.public.secret, pg_class`,
    `select * from pg_class, orders`,
    `do $$ begin perform 1; end $$`,
    `explain analyze select * from pg_class`,
    `select (c).lo_get from pg_class c`,
    `select 'secret'::regclass from pg_class`,
    'create extension dblink',
    `alter system set work_mem = '1GB'`,
  ])
    await assert.rejects(
      client.query(text),
      refusedWith('42501', '42883', '0A000', '42P01', '42704', '42601', '42703', '42809', '25006'),
      text,
    );
  // That of PostgreSQL itself is not reached: who one is stays.
  const whoAmI = async () => (await client.query('select current_user, session_user, count(*) from pg_roles')).rows;
  const before = await whoAmI();
  await client.query('reset role');
  assert.deepEqual(await whoAmI(), before);
  for (const text of [
    'select datname from pg_database',
    'select datname from "pg_catalog" . pg_database',
    'select d.datname from pg_stat_activity d',
    'select datname from pg_stat_database',
    'select catalog_name from information_schema.schemata',
    'select rolname from pg_roles',
    'select usename from pg_user',
    'select relname from pg_class',
    'select nspname from pg_namespace',
    'select table_name from information_schema.tables',
    'select description from pg_shdescription',
    'select setting from pg_settings',
  ]) {
    const told = JSON.stringify(await rowsOf(text));
    for (const word of [scope, 'secret', 'gamut_admin', 'template1', house.data])
      assert.ok(!told.includes(word), `${text}: ${word} in ${told}`);
  }
  await assert.rejects(client.query('select count(*) from pg_class a, pg_class b, pg_class c, pg_class d'), refusedWith('57014'));
  assert.deepEqual(await rowsOf('select count(*)::int from pg_database'), [[1]]);
  const reader = new pg.Client({ connectionString: (await house.credential({ role: 'reader' })).postgres?.url ?? '' });
  await reader.connect();
  assert.equal((await reader.query(`select 1 from pg_class where relname = 'sales'`)).rowCount, 1);
  await reader.end();
});
