import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { deployDatabase } from '#kernel/migrate/database.ts';
import { openSql, type PlatformHandle, type Sql } from '#seams/sql/sql.ts';
import { startTestServer, type TestServer } from '#seams/sql/test/server.ts';
import { checkRole, checkTenancy, type TableLevels } from '../check.ts';

let server: TestServer;
let sql: Sql;
let platform: PlatformHandle;

before(async () => {
  server = await startTestServer();
  sql = openSql(await deployDatabase(server.url, 'check1'), { max: 2 });
  platform = sql.platform();
});
after(async () => {
  await sql?.close();
  await server?.[Symbol.asyncDispose]();
});

const columns = 'tenant bigint not null, scope bigint not null, id bigint not null';
const table = `create table thing (${columns}, primary key (tenant, scope, id));`;
const isolated = `${table} select gamut.isolate('thing');`;

/** Runs the check over a schema that holds what `text` makes, and answers the refusal's sentence. */
async function verdict(text: string, levels: TableLevels = {}): Promise<string> {
  await platform.script(
    `drop schema if exists probe cascade; create schema probe; set search_path = probe; ${text}; set search_path = public`,
  );
  return checkTenancy(platform, 'probe', levels).then(
    () => 'accepted',
    (error: { code?: string; detail?: string }) => {
      assert.equal(error.code, 'SchemaUnsafe');
      return error.detail ?? '';
    },
  );
}

test('a schema is accepted when every table is isolated, shared by a tenant or listed', async () => {
  const tenantTable =
    "create table wide (tenant bigint not null, name text, primary key (tenant, name)); select gamut.isolate_tenant('wide');";
  assert.equal(await verdict(isolated), 'accepted');
  assert.equal(
    await verdict(`${isolated} create index on thing (id); create unique index on thing (tenant, scope, (id + 1));`),
    'accepted',
  );
  assert.equal(await verdict(`${isolated} ${tenantTable}`, { tenantLevel: ['wide'] }), 'accepted');
  assert.equal(await verdict(`${isolated} create table code (name text primary key)`, { platformLevel: ['code'] }), 'accepted');
  assert.equal(await verdict('create table anything (id int primary key)', { platformLevel: 'all' }), 'accepted');
  assert.equal(
    await verdict(
      `${isolated} create table part (${columns}, foreign key (tenant, scope, id) references thing); select gamut.isolate('part');`,
    ),
    'accepted',
  );
});

test("row-level security that is not enabled, not forced or without its policy is refused by the table's name", async () => {
  const cases: [string, RegExp][] = [
    [table, /^The table probe\.thing has row-level security not enabled\.$/],
    [`${isolated} alter table thing disable row level security`, /probe\.thing has row-level security not enabled/],
    [`${isolated} alter table thing no force row level security`, /probe\.thing has row-level security not forced/],
    [`${isolated} drop policy gamut_scope on thing`, /probe\.thing has no policy/],
    [
      `${isolated} create policy more on thing using (true)`,
      /more than one permissive policy: gamut_scope, more|more than one permissive policy: more, gamut_scope/,
    ],
    [`${isolated} alter policy gamut_scope on thing using (true)`, /policy gamut_scope that is not/],
    [`${isolated} alter policy gamut_scope on thing with check (true)`, /policy gamut_scope that is not/],
    [`${isolated} alter policy gamut_scope on thing using (tenant = gamut.tenant())`, /policy gamut_scope that is not/],
    [`${isolated} alter policy gamut_scope on thing to pg_monitor`, /not for all commands and roles/],
    [
      `${table} alter table thing enable row level security, force row level security;
       create policy p on thing for select using (tenant = gamut.tenant() and scope = gamut.scope())`,
      /not for all commands and roles/,
    ],
  ];
  for (const [text, sentence] of cases) assert.match(await verdict(text), sentence, text);
});

test("a policy of the platform's own login may stand beside, for that login alone", async () => {
  await platform.script('create role system login; create role stray login');
  const beside = (roles: string, name = 'gamut_system') => `${isolated} create policy ${name} on thing to ${roles} using (true)`;
  assert.equal(await verdict(beside('system'), { systemLogin: 'system' }), 'accepted');
  for (const text of [beside('stray'), beside('system, stray'), beside('public'), beside('system', 'other')]) {
    assert.match(await verdict(text, { systemLogin: 'system' }), /more than one permissive policy/);
  }
  assert.match(await verdict(beside('system')), /more than one permissive policy/);
});

test('a restrictive policy may stand beside', async () => {
  assert.equal(await verdict(`${isolated} create policy less on thing as restrictive using (id > 0)`), 'accepted');
});

test('a unique index or key that is not led by tenant and scope is refused by name', async () => {
  const cases: [string, RegExp][] = [
    [
      `create table thing (${columns}, primary key (id)); select gamut.isolate('thing')`,
      /unique index thing_pkey that is not led by \(tenant, scope\)/,
    ],
    [`create table thing (${columns}, primary key (tenant, id, scope)); select gamut.isolate('thing')`, /thing_pkey/],
    [`create table thing (${columns}, primary key (scope, tenant, id)); select gamut.isolate('thing')`, /thing_pkey/],
    [`${isolated} create unique index by_id on thing (id)`, /by_id/],
    [`${isolated} create unique index included on thing (tenant) include (scope)`, /included/],
    [`${isolated} create unique index by_sum on thing ((tenant + 1), scope, id)`, /by_sum/],
    [`${isolated} create unique index partial on thing (id) where id > 5`, /partial/],
    [`${isolated} create unique index inc on thing (id) include (tenant, scope)`, /inc/],
  ];
  for (const [text, sentence] of cases) assert.match(await verdict(text), sentence, text);
});

test('columns that are missing, null or of another type, and tables nobody listed, are refused', async () => {
  const cases: [string, RegExp][] = [
    ['create table thing (id int primary key)', /no column tenant, and is not listed/],
    ['create table thing (tenant bigint not null, id int, primary key (tenant, id))', /no column scope/],
    ['create table thing (tenant text not null, scope bigint not null)', /column tenant that is not bigint not null/],
    ['create table thing (tenant bigint not null, scope bigint)', /column scope that is not bigint not null/],
    [`${isolated} create materialized view copy as select * from thing where false with no data`, /probe\.copy is a materialized view/],
  ];
  for (const [text, sentence] of cases) assert.match(await verdict(text), sentence, text);
  assert.match(await verdict(isolated, { platformLevel: ['ghost'] }), /probe\.ghost is listed with a level, and does not exist/);
});

test("a foreign key that could tell of another tenant's row is refused", async () => {
  const loose = `${isolated} alter table thing add column parent bigint, add unique (tenant, scope, id, parent);
    create table single (${columns}, primary key (tenant, scope, id)); select gamut.isolate('single');
    create table part (${columns}, t2 bigint, primary key (tenant, scope, id),
      constraint loose foreign key (t2, scope, id) references single);
    select gamut.isolate('part');`;
  assert.match(await verdict(loose), /probe\.part has a foreign key loose that does not pair tenant and scope/);
});

test('a partition needs its own security', async () => {
  const parted = `create table thing (${columns}, primary key (tenant, scope, id)) partition by hash (tenant);
    select gamut.isolate('thing');
    create table thing_0 partition of thing for values with (modulus 1, remainder 0);`;
  assert.match(await verdict(parted), /probe\.thing_0 has row-level security not enabled/);
  assert.equal(await verdict(`${parted} select gamut.isolate('thing_0')`), 'accepted');
});

test('a login that could pass security by is refused', async () => {
  await platform.script(
    'create role good login; create role over login bypassrls; create role grouped login; create role grp nologin; grant grp to grouped',
  );
  await platform.script(
    `create role preset login; alter role preset set gamut.tenant = '1';
     create role owning login; create table owned (id int); alter table owned owner to owning`,
  );
  await checkRole(platform, 'good', 'x');
  for (const role of ['over', 'grouped', 'preset', 'owning', 'absent']) {
    await assert.rejects(
      checkRole(platform, role, 'x'),
      (error: { code?: string; detail?: string }) => error.code === 'SchemaUnsafe' && (error.detail ?? '').includes(role),
    );
  }
});
