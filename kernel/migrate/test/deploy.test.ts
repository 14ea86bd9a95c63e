import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type PostgresError, SqlRefused } from '#seams/sql/error.ts';
import { openSql, type Sql } from '#seams/sql/sql.ts';
import { startTestServer, type TestServer } from '#seams/sql/test/server.ts';
import { deployDatabase, serviceUrl } from '../database.ts';
import { deploySchema } from '../deploy.ts';
import { serviceNames } from '../name.ts';

const deployment = 'dep1';
let server: TestServer;
let admin: Sql;
let room: string;

before(async () => {
  server = await startTestServer();
  admin = openSql(await deployDatabase(server.url, deployment), { max: 4 });
  room = await mkdtemp(join(tmpdir(), 'gamut-migrate-'));
});
after(async () => {
  await admin?.close();
  await server?.[Symbol.asyncDispose]();
  await rm(room, { recursive: true, force: true });
});

const first = `create table item (tenant bigint not null, scope bigint not null, id bigint not null, primary key (tenant, scope, id));
  select gamut.isolate('item');`;
const second = "alter table item add column name text not null default '';";

async function folder(files: Readonly<Record<string, string>>): Promise<string> {
  const path = await mkdtemp(join(room, 'service-'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text);
  return path;
}

function deploy(service: string, path: string, password = 'pw'): Promise<number[]> {
  return deploySchema({ admin, deployment, service, folder: path, password });
}

test('migrations run once, in order, and the ones that come later run then', async () => {
  assert.deepEqual(await deploy('order', await folder({ '0001-item.sql': first })), [1]);
  const both = await folder({ '0001-item.sql': first, '0002-name.sql': second });
  assert.deepEqual(await deploy('order', both), [2]);
  assert.deepEqual(await deploy('order', both), []);
  const { rows } = await admin
    .platform()
    .query("select number, name, checksum ~ '^[0-9a-f]{64}$' as sealed from gamut.migration where service = 'order' order by number");
  assert.deepEqual(rows, [
    { number: 1, name: 'item', sealed: true },
    { number: 2, name: 'name', sealed: true },
  ]);
});

test('a database of a newer release is refused, and a changed migration too, by name', async () => {
  const both = await folder({ '0001-item.sql': first, '0002-name.sql': second });
  await deploy('newer', both);
  await assert.rejects(
    deploy('newer', await folder({ '0001-item.sql': first })),
    (error: { code?: string; detail?: string }) =>
      error.code === 'MigrationNewer' && /newer 0002-name is in the database, and this release knows 1/.test(error.detail ?? ''),
  );
  await assert.rejects(
    deploy('newer', await folder({ '0001-item.sql': `${first} `, '0002-name.sql': second })),
    (error: { code?: string; detail?: string }) =>
      error.code === 'MigrationChanged' && /newer 0001-item was applied with other content/.test(error.detail ?? ''),
  );
});

test('files that are misnamed or leave a gap are refused before anything runs', async () => {
  const wrong: Record<string, string>[] = [
    { '0002-late.sql': first },
    { '1-item.sql': first },
    { '0001-item.sql': first, '0001-other.sql': second },
    { '0001-item.sql': first, 'README.md': '' },
    { '0001-item.sql': first, '0003-gap.sql': second },
    { '0001-Item.sql': first },
  ];
  for (const files of wrong) {
    await assert.rejects(deploy('named', await folder(files)), { code: 'MigrationInvalid' });
  }
});

test('a migration that fails leaves nothing behind, and the next try starts where it stood', async () => {
  const broken = await folder({
    '0001-item.sql': first,
    '0002-name.sql': `${second} create table stray (id int); select 1 / 0;`,
  });
  await assert.rejects(deploy('broken', broken), (error: PostgresError) => error.sqlstate === '22012');
  const { rows } = await admin.platform().query("select table_name::text from information_schema.tables where table_schema = 'broken'");
  assert.deepEqual(rows, [{ table_name: 'item' }]);
  assert.deepEqual(await deploy('broken', await folder({ '0001-item.sql': first, '0002-name.sql': second })), [2]);
});

test("a schema that does not keep tenants apart is refused after its migrations, by the table's name", async () => {
  const open = 'create table item (tenant bigint not null, scope bigint not null, id bigint not null, primary key (tenant, scope, id));';
  await assert.rejects(
    deploy('unsafe', await folder({ '0001-item.sql': open })),
    (error: { code?: string; detail?: string }) => error.code === 'SchemaUnsafe' && (error.detail ?? '').includes('unsafe.item'),
  );
});

test('a migration that ends its transaction is refused', async () => {
  await assert.rejects(deploy('ending', await folder({ '0001-item.sql': `${first} commit;` })), { name: 'SqlMisuse' });
});

test('many processes that deploy the same and other services at once all succeed, and each migration runs once', async () => {
  const both = await folder({ '0001-item.sql': first, '0002-name.sql': second });
  const pools = Array.from({ length: 4 }, () => openSql(serviceAdmin(), { max: 2 }));
  const deploys = pools.flatMap((pool) =>
    ['race-a', 'race-b', 'race-c'].map((service) => deploySchema({ admin: pool, deployment, service, folder: both, password: 'pw' })),
  );
  const applied = (await Promise.all(deploys)).flat().sort();
  assert.deepEqual(applied, [1, 1, 1, 2, 2, 2]);
  await Promise.all(pools.map((pool) => pool.close()));
});

function serviceAdmin(): URL {
  const url = new URL(server.url);
  url.pathname = '/gamut_dep1';
  return url;
}

test('the database is made once by many at once', async () => {
  const made = await Promise.all(Array.from({ length: 5 }, () => deployDatabase(server.url, 'dep2')));
  assert.equal(new Set(made.map(String)).size, 1);
});

test('the service logs in with its password, and with the new one after it changed; it reads its own schema by short names', async () => {
  const path = await folder({ '0001-item.sql': first });
  await deploy('login', path, 'before');
  await deploy('login', path, "aft'er %");
  await using old = openSql(serviceUrl(server.url, deployment, 'login', 'before'), { max: 1 });
  await assert.rejects(old.as({ tenant: 1n, scope: 1n }).query('select 1'), SqlRefused);
  await using sql = openSql(serviceUrl(server.url, deployment, 'login', "aft'er %"), { max: 1 });
  await sql.as({ tenant: 1n, scope: 1n }).query('insert into item (id) values (1)');
  assert.equal((await sql.as({ tenant: 1n, scope: 1n }).query('select * from item')).count, 1);
  const { rows } = await admin
    .platform()
    .query('select rolsuper, rolbypassrls, rolcreaterole from pg_roles where rolname = $1', [serviceNames(deployment, 'login').login]);
  assert.deepEqual(rows, [{ rolsuper: false, rolbypassrls: false, rolcreaterole: false }]);
});

test('a service may call the functions of its own schema, and use its sequences', async () => {
  const text = `${first} create sequence counter; create function twice(n int) returns int language sql as 'select n * 2';`;
  await deploy('functions', await folder({ '0001-item.sql': text }));
  await using sql = openSql(serviceUrl(server.url, deployment, 'functions', 'pw'), { max: 1 });
  assert.deepEqual((await sql.as({ tenant: 1n, scope: 1n }).query("select twice(4), nextval('counter') as n")).rows, [{ twice: 8, n: 1n }]);
});

test("another service's login cannot connect to another deployment's database", async () => {
  await deployDatabase(server.url, 'dep3');
  await deploy('stay', await folder({ '0001-item.sql': first }));
  const url = serviceUrl(server.url, deployment, 'stay', 'pw');
  url.pathname = '/gamut_dep3';
  await using sql = openSql(url, { max: 1 });
  await assert.rejects(
    sql.as({ tenant: 1n, scope: 1n }).query('select 1'),
    (error: Error) => error instanceof SqlRefused && error.message.includes('permission denied'),
  );
});

test('names that could not stand in SQL are refused', () => {
  for (const service of ['', 'A', '1a', 'a b', 'a"b', 'gamut', 'public', 'pg-x', 'x'.repeat(25)])
    assert.throws(() => serviceNames('dep1', service), { code: 'BadInput' }, service);
  for (const id of ['', 'A', 'a-b', "a'b", 'x'.repeat(25)]) assert.throws(() => serviceNames(id, 'notes'), { code: 'BadInput' }, id);
  const { owner } = serviceNames('x'.repeat(24), 'y'.repeat(24));
  assert.ok(owner.length <= 63, owner);
});
