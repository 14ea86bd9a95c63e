import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { CreateBucketCommand, DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { type House as Platform, openHouse as openPlatform } from '#kernel/session/test/fixture/house.ts';
import { openSql, type Sql } from '#seams/sql/sql.ts';
import { startStranger, type TestServer } from '#seams/sql/test/server.ts';
import pg from 'pg';
import postgres from 'postgres';
import { onStep, type Step } from '../store/step.ts';
import { type House, openHouse } from './fixtures/house.ts';
import { moduleBytes } from './fixtures/module.ts';

let house: House;
let client: pg.Client;
let server: TestServer;
/** Somebody else's PostgreSQL, and its address as its owner writes it. */
let elsewhere: Sql;
let address: URL;
/** A storage of its own, as somebody else's S3. */
let store: Platform;
let bucket: S3Client;

before(async () => {
  const settings = { fsync: 'off', wal_level: 'logical', max_replication_slots: '4', max_wal_senders: '6' };
  const [stranger] = await Promise.all([
    startStranger(settings).then((started) => (server = started)),
    openPlatform({ services: ['storage'], samples: false }).then((opened) => (store = opened)),
  ]);
  const s3 = new URL(store.platform.doors['storage.s3']?.url ?? '');
  const keys = (await store.credential()).s3;
  bucket = new S3Client({ endpoint: s3.href, region: keys.region, credentials: keys, forcePathStyle: true });
  await bucket.send(new CreateBucketCommand({ Bucket: 'lake' }));
  address = new URL(stranger.strangerUrl.replaceAll("'", '%27'));
  {
    await using own = openSql(stranger.url, { max: 1 });
    await own.platform().script('alter role stranger replication');
    await using first = openSql(address, { max: 1 });
    await first.platform().script('create database shop');
  }
  address.pathname = '/shop';
  elsewhere = openSql(address, { max: 2 });
  house = await openHouse({ settings: { outbound: [`127.0.0.1:${address.port}`, s3.host] } });
  client = new pg.Client(house.login());
  await client.connect();
  await client.query(`create connection shop with (type = 'postgres', url = '${address.href}');
    create connection lake with (type = 's3', url = '${s3.href}', bucket = 'lake', access_key_id = '${keys.accessKeyId}',
      secret_access_key = '${keys.secretAccessKey}', region = '${keys.region}');
    create connection hook with (type = 'http', url = 'https://hook.example/')`);
});
after(async () => {
  onStep(undefined);
  await client?.end().catch(() => undefined);
  await house?.stop();
  bucket?.destroy();
  await store?.stop();
  await elsewhere?.close();
  await server?.[Symbol.asyncDispose]();
});

/** The SQLSTATE with which a statement is refused. */
const told = (text: string): Promise<string> =>
  client.query(text).then(
    () => 'done',
    (error: pg.DatabaseError) => error.code ?? String(error),
  );
const there = (text: string) => elsewhere.platform().script(text);
const lines = (rows: readonly Record<string, unknown>[]) => rows.map((row) => JSON.stringify(Object.values(row).map(String)));
/** What is here; while a view begins again it cannot be asked. */
const rowsHere = (text: string) =>
  client.query<Record<string, unknown>>(text).then(
    ({ rows }) => lines(rows),
    (error: pg.DatabaseError) => [`${error.code}`],
  );
const rowsThere = async (text: string) => lines((await elsewhere.platform().query<Record<string, unknown>>(text)).rows);
const failure = async (name: string) =>
  (await client.query<{ name: string; failure: string | null }>('show sources')).rows.find((row) => row.name === name)?.failure;

const put = (key: string, body: string | Buffer) => bucket.send(new PutObjectCommand({ Bucket: 'lake', Key: key, Body: body }));

/** Lets what runs fall at steps, each so many times, at moments that a seed says. */
function falling(steps: readonly Step[], times: number, seed: number): Map<string, number> {
  const fallen = new Map<string, number>();
  const due = new Map<string, number>();
  let state = seed;
  onStep((step) => {
    const left = due.get(step) ?? 0;
    due.set(step, left - 1);
    const before = fallen.get(step) ?? 0;
    if (!steps.includes(step) || left > 0 || before >= times) return;
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    due.set(step, (state >> 16) % 3);
    fallen.set(step, before + 1);
    throw new Error(`fell at ${step}`);
  });
  return fallen;
}

const shownAll = `select id, what, n::text as n, price::text as price, at::text as at, day::text as day, ok::text as ok, big from orders_all order by id`;
const all = shownAll
  .replace('orders_all', 'public.orders')
  .replace('at::text', `to_char(at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US"+00"')`);

test('rows of a table elsewhere and its changes are in views each once, whatever falls', { timeout: 55_000 }, async () => {
  await there(`create table orders (id int primary key, what text, n bigint, price numeric, at timestamptz, day date, ok boolean, big text);
    alter table orders alter column big set storage external;
    create table bare (id int primary key); create table other (id int primary key); alter table other replica identity full;
    create view seen as select id from other; create publication half for table other with (publish = 'insert')`);
  for (const [options, code] of [
    [`connection = 'shop', table = 'bare'`, '55000'],
    [`connection = 'shop', table = 'seen'`, '55000'],
    [`connection = 'shop', table = 'none'`, '42P01'],
    [`connection = 'shop', table = 'pg_catalog.a.b'`, '22023'],
    [`connection = 'shop', table = 'other', publication = 'none'`, '42704'],
    [`connection = 'shop', table = 'other', publication = 'half'`, '42704'],
    [`connection = 'shop', table = 'other', topic = 't'`, '22023'],
    [`connection = 'shop', table = 'other', format = 'json'`, '22023'],
    [`connection = 'hook', table = 'other'`, '22023'],
    [`connection = 'none', table = 'other'`, '42704'],
    [`connection = 'shop'`, '22023'],
    [`table = 'other', topic = 't', format = 'json'`, '22023'],
  ] as const)
    assert.equal(await told(`create source wrong (id int4) with (${options})`), code, options);
  assert.equal(await told(`create source wrong (id int4, nothing text) with (connection = 'shop', table = 'other')`), '42703');

  await there(`alter table orders replica identity full;
    insert into orders select g, case when g % 7 = 0 then null else 'w' || g % 5 end, 9007199254740993 + g, g / 4.0,
      '2024-02-29 01:02:03.123456+00'::timestamptz + g * interval '1 second', '2024-02-29', g % 2 = 0,
      case when g % 50 = 0 then repeat(md5(g::text), 200) end from generate_series(1, 2300) g`);
  const seed = Date.now() % 2 ** 31;
  const fallen = falling(['intake-read', 'intake-taken', 'epoch-computed', 'epoch-committed'], 3, seed);
  const columns = 'id int4, what text, n int8, price numeric, at timestamptz, day date, ok bool, big text';
  await client.query(`create source orders (${columns}) with (connection = 'shop', table = 'orders')`);
  assert.equal(await told(`create source orders (${columns}) with (connection = 'shop', table = 'orders')`), '42P07');
  await client.query(`create materialized view orders_all as select * from orders;
    create materialized view sums as select what, count(*) as c, sum(n) as n, max(price) as price from orders group by what`);
  // While it runs: rows that come, change and go, transactions that are given up, large values that are left as they are.
  for (let round = 0; round < 12; round += 1) {
    const first = 3000 + round * 100;
    await there(`begin; insert into orders select g, 'r${round}', g, null, null, null, null, null from generate_series(${first}, ${first} + 60) g;
      update orders set n = n + 1 where id % 13 = ${round}; delete from orders where id % 97 = ${round};
      update orders set id = id + 100000 where id = ${first + 1}; commit`);
    await there(`begin; delete from orders; rollback; insert into other values (${round})`);
    if (round === 5) await there('alter table orders add column extra int default 4');
    if (round === 8) await there(`select pg_terminate_backend(active_pid) from pg_replication_slots where active`);
  }
  const expected = await rowsThere(all);
  assert.deepEqual(
    await house.until(
      () => rowsHere(shownAll),
      (rows) => rows.join() === expected.join(),
    ),
    expected,
    `seed ${seed}`,
  );
  const sums = `select what, count(*)::text as c, sum(n)::text as n, max(price)::text as price from public.orders group by what order by what`;
  const summed = await rowsThere(sums);
  const own = () => rowsHere('select what, c::text as c, n::text as n, price::text as price from sums order by what');
  assert.deepEqual(await house.until(own, (rows) => rows.join() === summed.join()), summed, `seed ${seed}`);
  assert.deepEqual([...fallen.keys()].sort(), ['epoch-committed', 'epoch-computed', 'intake-read', 'intake-taken']);
  onStep(undefined);

  // All rows go at once, and others come in the same transaction.
  await there(`begin; insert into orders (id) values (7000001); truncate orders; insert into orders (id, what) values (1, 'new'); commit`);
  assert.deepEqual(
    await house.until(
      () => rowsHere('select id, what from orders_all'),
      (rows) => rows.length === 1,
    ),
    ['["1","new"]'],
  );
  // What is taken is not kept there.
  await there('insert into other select g from generate_series(100, 200) g');
  const [here = ''] = await rowsThere('select pg_current_wal_lsn()::text');
  const behind = () => rowsThere(`select confirmed_flush_lsn >= '${JSON.parse(here)[0]}'::pg_lsn as done from pg_replication_slots`);
  assert.deepEqual(await house.until(behind, ([done]) => done === '["true"]'), ['["true"]']);
  assert.equal(
    await house.until(
      () => failure('orders'),
      (reason) => reason === null,
    ),
    null,
  );
  // What was taken in with a column could not be taken back without it.
  await there('alter table orders drop column price; insert into orders (id) values (2)');
  assert.match(
    String(
      await house.until(
        () => failure('orders'),
        (reason) => /column "price"/.test(reason ?? ''),
      ),
    ),
    /made anew/,
  );
  assert.equal(await told('drop connection shop'), '2BP01');
  assert.equal(await told('drop source orders'), '2BP01');
  await client.query('drop materialized view orders_all; drop materialized view sums; drop source orders');
  assert.deepEqual(await rowsThere('select slot_name from pg_replication_slots union all select pubname from pg_publication'), [
    '["half"]',
  ]);
});

test('arrays come from a table elsewhere, with its changes, and go into one', { timeout: 55_000 }, async () => {
  await there(`create table listed (id int primary key, tags text[], grid int8[], days date[]);
    insert into listed values (1, '{a,NULL,"b c","NULL",""}', '{{1,2},{3,NULL}}', '{2026-01-02}'), (2, '{}', null, null)`);
  await there('alter table listed replica identity full');
  await client.query(`create source listed (id int4, tags text[], grid int8[], days date[]) with (connection = 'shop', table = 'listed');
    create sink listed_back as select id, tags, grid, days, count(*) as n from listed group by id, tags, grid, days
      with (connection = 'shop', table = 'listed_back', key = 'id, tags, grid, days')`);
  const shown = (name: string) => rowsThere(`select id, tags::text as t, grid::text as g, days::text as d from ${name} order by id`);
  const isBack = async () => (await shown('listed')).join() === (await shown('listed_back').catch(() => [])).join();
  assert.ok(await house.until(isBack, (done) => done));
  await there(`begin; update listed set tags = tags || '{{x}}'::text where id = 1; insert into listed values (3, '{"\\\\","{"}', '{}', null);
    delete from listed where id = 2; commit`);
  assert.ok(await house.until(isBack, (done) => done), String(await shown('listed_back')));
  const [{ is } = { is: '' }] = (
    await elsewhere.platform().query<{ is: string }>(`select string_agg(format_type(atttypid, -1), ' ' order by attnum) as is
    from pg_attribute where attrelid = 'listed_back'::regclass and attnum > 0`)
  ).rows;
  assert.equal(is, 'integer text[] bigint[] date[] bigint');
});

test('a model is a file in a bucket: what it predicts in questions and views is what Python predicted, and another takes its place', async () => {
  const fixture = (name: string) => readFileSync(new URL(`../../../engine/tree/test/fixture/${name}`, import.meta.url));
  const vector = JSON.parse(fixture('vector.json').toString()) as {
    readonly rows: (number | null)[][];
    readonly cases: Readonly<Record<string, { readonly file: string; readonly predict: number[][] }>>;
  };
  await client.query('create table measured (id int4 primary key, a float8, b float8, c float8, d float8, e float8, f int8)');
  const texts = vector.rows.map((row, id) => `(${[id, ...row].map((cell) => cell ?? 'null').join()})`);
  await client.query(`insert into measured values ${texts.join()}`);
  const params = 'a float8, b float8, c float8, d float8, e float8, f int8';
  const close = (got: unknown[], wanted: number[]) => {
    assert.equal(got.length, wanted.length);
    for (const [at, value] of wanted.entries())
      assert.ok(Math.abs(Number(got[at]) - value) <= 1e-5 * Math.max(1, Math.abs(value)), `row ${at}: ${got[at]}, and not ${value}`);
  };
  const column = async (text: string) => (await client.query({ text, rowMode: 'array' })).rows.map(([value]) => value as unknown);
  for (const name of [
    'xgboost logistic',
    'xgboost category',
    'xgboost poisson',
    'lightgbm binary',
    'lightgbm forest',
    'lightgbm multiclass',
  ]) {
    const { file, predict } = vector.cases[name] as { file: string; predict: number[][] };
    const [language = ''] = name.split(' ');
    const [called, classes] = [name.replace(' ', '_'), predict[0]?.length ?? 0];
    await put(`model/${file}`, fixture(file));
    const returns = classes > 1 ? 'int4' : 'float8';
    await client.query(`create function ${called}(${params}) returns ${returns} language ${language} as 'lake', 'model/${file}'`);
    const wanted = predict.map((row) => (classes > 1 ? row.indexOf(Math.max(...row)) : (row[0] ?? 0)));
    close(await column(`select predict(${called}, a, b, c, d, e, f) from measured order by id`), wanted);
  }
  const onnx = JSON.parse(fixture('onnx-vector.json').toString()) as {
    readonly rows: number[][];
    readonly cases: Readonly<Record<string, { readonly predict: number[][]; readonly labels: number[] | null }>>;
  };
  const cells = onnx.rows.map((row, at) => `(${[at, ...row].join()})`).join();
  for (const name of ['linear', 'logistic', 'logistic-kinds', 'forest-kinds', 'boosted-regression']) {
    const { predict, labels } = onnx.cases[name] as { predict: number[][]; labels: number[] | null };
    const isOfMany = (predict[0]?.length ?? 0) > 2;
    await put(`model/${name}`, fixture(`onnx-${name}.onnx`));
    const [called, returns] = [`onnx_${name.replace('-', '_')}`, isOfMany ? 'int4' : 'float8'];
    await client.query(
      `create function ${called}(a float8, b float8, c float8, d float8, e float8) returns ${returns} language onnx as 'lake', 'model/${name}'`,
    );
    const wanted = predict.map((row, at) => (isOfMany ? (labels?.[at] ?? 0) : (row.at(-1) ?? 0)));
    await client.query(
      `create table of_${called} (id int4 primary key, a float8, b float8, c float8, d float8, e float8); insert into of_${called} values ${cells}`,
    );
    close(await column(`select predict(${called}, a, b, c, d, e) from of_${called} order by id`), wanted);
  }
  const wrong = {
    '42P13': [
      `returns float8 language xgboost as 'lake', 'model/lightgbm-binary.txt'`,
      `returns float8 language lightgbm as 'lake', 'model/lightgbm-multiclass.txt'`,
      `returns text language lightgbm as 'lake', 'model/lightgbm-binary.txt'`,
      `returns float8 language lightgbm as 'lake'`,
    ],
    '58P01': [`returns float8 language xgboost as 'lake', 'model/nothing.json'`],
    '22023': [`returns float8 language xgboost as 'shop', 'model/xgboost-logistic.json'`],
    '42704': [`returns float8 language xgboost as 'nowhere', 'x'`],
  };
  for (const [code, ways] of Object.entries(wrong))
    for (const way of ways) assert.equal(await told(`create function wrong(${params}) ${way}`), code, way);
  assert.equal(
    await told('create function few(a float8) returns float8 language xgboost as $$lake$$, $$model/xgboost-logistic.json$$'),
    '42P13',
  );
  assert.equal(await told('select predict(nothing, a) from measured'), '42883');
  await client.query(`create materialized view risky as
    select id, predict(xgboost_logistic, a, b, c, d, e, f) as p from measured where predict(xgboost_logistic, a, b, c, d, e, f) > 0.5`);
  const above = (name: string) => (vector.cases[name]?.predict ?? []).flatMap(([p = 0]) => (p > 0.5 ? [p] : []));
  const shown = (count: number) =>
    house.until(
      // While it begins again it cannot be asked.
      () => column('select p from risky order by id').catch(() => []),
      (rows) => rows.length === count,
    );
  close(await shown(above('xgboost logistic').length), above('xgboost logistic'));
  assert.equal(await told('drop function xgboost_logistic'), '2BP01');
  await put('model/new', fixture('xgboost-dart.json'));
  await client.query(`create or replace function xgboost_logistic(${params}) returns float8 language xgboost as 'lake', 'model/new'`);
  await client.query(`delete from measured where id = 63`);
  const now = (vector.cases['xgboost dart']?.predict ?? []).slice(0, 63).flatMap(([p = 0]) => (p > 0.5 ? [p] : []));
  close(await shown(now.length), now);
});

test('a network in ONNX is asked in questions and views, which take back what they answered', async () => {
  const network = (name: string) => readFileSync(new URL(`fixtures/network/${name}.onnx`, import.meta.url));
  const cases = JSON.parse(readFileSync(new URL('fixtures/network/vector.json', import.meta.url), 'utf8')) as Record<
    'perceptron' | 'mlp-kinds' | 'embedding',
    { readonly inputs: Record<string, number[][]>; readonly outputs: Record<string, number[][]> }
  >;
  for (const name of [...Object.keys(cases), 'hostile/chance']) await put(`network/${name}`, network(name));
  const six = 'a float8, b float8, c float8, d float8, e float8, f float8';
  const made = (name: string, params: string, returns: string, file: string) =>
    client.query(`create function ${name}(${params}) returns ${returns} language onnx as 'lake', 'network/${file}'`);
  await made('risk', six, 'float8', 'perceptron');
  await made('kind', six, 'text', 'mlp-kinds');
  await made('meant', 'tokens int8[], more float8[]', 'jsonb', 'embedding');
  assert.equal(await told(`create function luck(x float8) returns float8 language onnx as 'lake', 'network/hostile/chance'`), '42P13');
  assert.equal(await told(`create function few(x float8) returns float8 language onnx as 'lake', 'network/perceptron'`), '42P13');
  assert.equal(await told(`create function many(${six}) returns bool language onnx as 'lake', 'network/perceptron'`), '42P13');
  await client.query(`create table fed (id int4 primary key, ${six})`);
  const rows = cases.perceptron.inputs['x'] ?? [];
  await client.query(`insert into fed values ${rows.map((row, id) => `(${[id, ...row].join()})`).join()}`);
  const column = async (text: string) => (await client.query({ text, rowMode: 'array' })).rows.map(([value]) => value as unknown);
  const wanted = (cases.perceptron.outputs['p'] ?? []).map(([p = 0]) => p);
  const isClose = (got: unknown[], of: number[]) =>
    got.length === of.length && of.every((value, at) => Math.abs(Number(got[at]) - value) <= 1e-5);
  assert.ok(isClose(await column('select predict(risk, a, b, c, d, e, f) from fed order by id'), wanted));
  const view = `select id, predict(risk, a, b, c, d, e, f) as p, kind(a, b, c, d, e, f) as kind from fed
    where a is not null and predict(risk, a, b, c, d, e, f) > 0.5`;
  await client.query(`create materialized view likely as ${view}`);
  await client.query(
    'create materialized view likely_kinds as select kind(a, b, c, d, e, f) as kind, count(*) as n, sum(risk(a, b, c, d, e, f)) as p from fed group by 1',
  );
  const until = (text: string, of: number[]) =>
    house.until(
      () => column(text).catch(() => []),
      (got) => isClose(got, of),
    );
  await until(
    'select p from likely order by id',
    wanted.filter((p) => p > 0.5),
  );
  await until('select sum(n)::int4 from likely_kinds', [rows.length]);
  // Rows go one by one that came together.
  for (const id of [3, 5, 8, 40]) await client.query(`delete from fed where id = ${id}`);
  await client.query('insert into fed values (100, null, 1, 1, 1, 1, 1)');
  const left = wanted.filter((p, id) => p > 0.5 && ![3, 5, 8, 40].includes(id));
  await until('select p from likely order by id', left);
  await until('select sum(n)::int4 from likely_kinds', [rows.length - 3]);
  await client.query('delete from fed where id <> 1');
  await until('select sum(n)::int4 from likely_kinds', [1]);
  await until('select p from likely_kinds', [wanted[1] ?? 0]);
  const { inputs, outputs } = cases.embedding;
  const [tokens, more] = [inputs['tokens']?.[0] ?? [], inputs['more']?.[0] ?? []];
  const [both] = (await column(`select meant(array[${tokens.join()}]::int8[], array[${more.join()}]::float8[])`)) as [
    { label: number; p: number[] },
  ];
  assert.equal(both.label, (outputs['label'] as unknown as number[])[0]);
  assert.ok(isClose(both.p, outputs['p']?.[0] ?? []));
  assert.equal(await told('select meant(array[1, 99]::int8[], array[1, 2]::float8[])'), '38000');
  assert.ok(isClose(await column('select risk(a, b, c, d, e, f) from fed'), wanted.slice(1, 2)));
});

test('a module of WebAssembly is a file in a bucket: its function is called in questions and views, and another takes its place', async () => {
  const module = (operation: number) =>
    moduleBytes([{ name: 'joined', params: ['i64', 'i64'], returns: 'i64', code: [0x20, 0, 0x20, 1, operation] }]);
  await put('module/sum', module(0x7c));
  await put('module/product', module(0x7e));
  await put(
    'module/loose',
    moduleBytes([{ name: 'joined', params: ['i64'], returns: 'i64', code: [0x20, 0] }], false, [1, 1, 0x65, 1, 0x6d, 2, 0, 1]),
  );
  await put('module/text', Buffer.from('no module of any kind'));
  const made = (path: string) => `create or replace function joined(a int8, b int8) returns int8 language wasm as 'lake', 'module/${path}'`;
  assert.equal(await told(made('nothing')), '58P01');
  assert.equal(await told(made('loose')), '42601');
  assert.equal(await told(made('text')), '42P13');
  await client.query(made('sum'));
  const column = async (text: string) => (await client.query({ text, rowMode: 'array' })).rows.map(([value]) => String(value));
  assert.deepEqual(await column('select joined(9007199254740993, 1)'), ['9007199254740994']);
  await client.query('create table pairs (a int8, b int8); insert into pairs values (3, 4), (5, 6)');
  await client.query('create materialized view together as select joined(a, b) as j from pairs');
  const shown = (wanted: string[]) =>
    house.until(
      () => column('select j from together order by j').catch(() => []),
      (rows) => rows.join() === wanted.join(),
    );
  await shown(['7', '11']);
  await client.query(made('product'));
  await shown(['12', '30']);
  await client.query('drop materialized view together; drop table pairs; drop function joined');
});

test('each file of a bucket is read once, line by line, whatever falls; new ones are found', { timeout: 55_000 }, async () => {
  for (const [options, code] of [
    [`connection = 'lake', path = 'in/', format = 'avro'`, '22023'],
    [`connection = 'lake', path = 'in/', format = 'json', envelope = 'debezium'`, '22023'],
    [`connection = 'lake', path = 'in/', format = 'json', header = 'true'`, '22023'],
    [`connection = 'lake', path = 'in/', format = 'csv', header = 'maybe'`, '22023'],
    [`connection = 'lake', path = 'in/', format = 'csv', every = '1 ms'`, '22023'],
    [`connection = 'lake', path = 'in/', format = 'csv', publication = 'p'`, '22023'],
    [`connection = 'lake', table = 'other'`, '22023'],
    [`connection = 'shop', path = 'in/', format = 'json'`, '22023'],
    [`path = 'in/', topic = 't', format = 'json'`, '22023'],
  ] as const)
    assert.equal(await told(`create source wrong (id int4) with (${options})`), code, options);
  const seed = Date.now() % 2 ** 31;
  const fallen = falling(['intake-read', 'intake-taken'], 4, seed);
  const json = (from: number, count: number) =>
    Array.from({ length: count }, (_, at) => `{"id":${from + at},"what":"w${at % 3}"}\n`).join('');
  await put('in/a+b c%20.json', json(0, 2500));
  await put('in/folder/', '');
  await put('in/zwölf.json', `\ufeff${json(2500, 10).trimEnd()}`);
  await put('in/empty.json', '');
  await put('in/packed.json.gz', gzipSync(json(2510, 90_000)));
  await put('other/x.json', json(1_000_000, 1));
  await client.query(`create source files (id int8, what text) with (connection = 'lake', path = 'in/', format = 'json', every = '200 ms',
      dead_letters = 'files.dead');
    create source tables (id int4, what text, more text) with (connection = 'lake', path = 'csv/', format = 'csv', header = 'true',
      every = '200 ms', delimiter = ';');
    create materialized view seen as select count(*) as n, count(distinct id) as ids, sum(id) as sum from files;
    create materialized view rows_seen as select * from tables`);
  const all = async (count: number) => {
    const wanted = [JSON.stringify([count, count, (count * (count - 1)) / 2].map(String))];
    const seen = () => rowsHere('select n::text as n, ids::text as ids, sum::text as sum from seen');
    assert.deepEqual(await house.until(seen, (rows) => rows.join() === wanted.join()), wanted, `seed ${seed}`);
  };
  await all(92_510);
  // What is found later comes before what was found by its name, and is read all the same; what does not fit is told.
  await put('in/A.json', json(92_510, 20));
  await put('in/B.json', `${json(92_530, 1)}{"id":"none"}\r\n\n${json(92_531, 1)}`);
  await put('csv/one.csv', 'id;what;more\r\n1;"two\nlines; ""and"" more";\r\n2;;x\n');
  await all(92_532);
  const rows = ['["1","two\\nlines; \\"and\\" more","null"]', '["2","null","x"]'];
  const csv = () => rowsHere('select * from rows_seen order by id');
  assert.deepEqual(await house.until(csv, (found) => found.length === 2), rows);
  const views = await client.query<{ name: string; rejected: string; rejection: string }>('show materialized views');
  assert.deepEqual(
    views.rows.filter(({ name }) => name === 'seen').map(({ rejected }) => rejected),
    ['1'],
  );
  assert.deepEqual([...fallen.keys()].sort(), ['intake-read', 'intake-taken']);
  onStep(undefined);
  // A file that is written anew, or goes, changes nothing; one that is no gzip is told.
  await put('in/A.json', json(0, 20));
  await bucket.send(new DeleteObjectCommand({ Bucket: 'lake', Key: 'in/zwölf.json' }));
  await put('in/torn.json.gz', gzipSync(json(92_532, 100)).subarray(0, 40));
  assert.match(
    String(
      await house.until(
        () => failure('files'),
        (reason) => /gzip/.test(reason ?? ''),
      ),
    ),
    /torn\.json\.gz is no gzip/,
  );
  await put('in/torn.json.gz', gzipSync(json(92_532, 100)));
  await all(92_632);
  assert.equal(
    await house.until(
      () => failure('files'),
      (reason) => reason === null,
    ),
    null,
  );
  await client.query(
    'drop materialized view seen; drop materialized view rows_seen; drop source files; drop source tables; drop connection lake',
  );
});

test('COPY in the binary format writes what PostgreSQL writes, and reads it', { timeout: 30_000 }, async () => {
  const [ours, theirs] = [house.login(), address];
  const options = { max: 1, onnotice: () => undefined, fetch_types: false };
  const { host = '', port = 0, user = '', password } = ours;
  const here = postgres({ host, port, user, password: String(password), database: user, ...options });
  const other = postgres(theirs.href.replaceAll('%27', "'"), options);
  const copied = async (sql: postgres.Sql, text: string) =>
    Buffer.concat((await Array.fromAsync(await sql.unsafe(text).readable())) as Uint8Array[]);
  try {
    await there(`create table kinds (id int4 primary key, b bool, i int8, n numeric, f float8, t text, d date, m timestamp, z timestamptz, v interval);
      insert into kinds values (1, true, 9007199254740993, -12345678901234567890.0123450, 0.1, e'\\n"å\\t', '1815-12-10', '2024-02-29 01:02:03.123456',
        '1999-12-31 23:59:59.5+02', '1 mon -2 days 03:04:05.6'), (2, null, null, null, null, null, null, null, null, null),
        (3, false, -1, 0.00, -1e300, '', '2024-01-01', '1969-12-31 00:00:00', '2254-01-01 00:00:00+00', '-00:00:01')`);
    const columns = 'id int4 primary key, b bool, i int8, n numeric, f float8, t text, d date, m timestamp, z timestamptz, v interval';
    await client.query(`create table kinds (${columns})`);
    const bytes = await copied(other, 'copy (select * from kinds order by id) to stdout (format binary)');
    assert.equal(await refusedBy('copy kinds from stdin (format binary)', bytes, 7), 'done');
    assert.equal(
      (await copied(here, 'copy (select * from kinds order by id) to stdout (format binary)')).toString('hex'),
      bytes.toString('hex'),
    );
    const head = bytes.subarray(0, 19);
    const row = Buffer.from([0, 1, 0, 0, 0, 4, 0, 0, 0, 9]);
    const tail = Buffer.from([0xff, 0xff]);
    const single = 'copy kinds (id) from stdin (format binary)';
    for (const [wrong, code] of [
      [Buffer.concat([Buffer.from('PGCOPX'), bytes.subarray(6)]), '22P04'],
      [Buffer.concat([head.subarray(0, 11), Buffer.from([0, 1, 0, 0]), head.subarray(15), row, tail]), '22P04'],
      [Buffer.concat([head, Buffer.from([0, 2]), tail]), '22P04'],
      [Buffer.concat([head, Buffer.from([0, 1, 0, 0, 0, 3, 1, 2, 3]), tail]), '22P03'],
      [Buffer.concat([head, Buffer.from([0, 1, 0xff, 0xff, 0xff, 0xfe]), tail]), '22P04'],
      [Buffer.concat([head, row, tail, row]), '22P04'],
      [Buffer.concat([head, row, row, tail]), '23505'],
      [Buffer.concat([head, row.subarray(0, 7)]), '22P04'],
      [Buffer.alloc(0), '22P04'],
    ] as const)
      assert.equal(await refusedBy(single, wrong), code, wrong.toString('hex'));
    // PostgreSQL takes rows without the mark of their end, too.
    assert.equal(await refusedBy(single, Buffer.concat([head, row])), 'done');
    assert.deepEqual((await client.query('select count(*)::int4 as n from kinds')).rows, [{ n: 4 }]);
  } finally {
    await Promise.all([here.end(), other.end()]);
  }
});

/** With which SQLSTATE bytes of a COPY are refused, which come in pieces of a size. */
async function refusedBy(text: string, bytes: Buffer, size = bytes.length): Promise<string> {
  const own = new pg.Client(house.login());
  await own.connect();
  try {
    const connection = (own as unknown as { connection: { sendCopyFromChunk(chunk: Buffer): void; endCopyFrom(): void } }).connection;
    const submitted = {
      text,
      callback: (_: unknown) => undefined,
      submit(to: { query(of: string): void }) {
        to.query(text);
      },
    };
    const { promise, resolve } = Promise.withResolvers<string>();
    own.query(
      Object.assign(submitted, {
        handleCopyInResponse() {
          for (let at = 0; at < bytes.length; at += size) connection.sendCopyFromChunk(bytes.subarray(at, at + size));
          connection.endCopyFrom();
        },
        handleError: (error: pg.DatabaseError) => resolve(`${error.code}`),
        handleCommandComplete: () => undefined,
        handleReadyForQuery: () => resolve('done'),
        handleRowDescription: () => undefined,
        handleDataRow: () => undefined,
      }) as unknown as pg.Submittable,
    );
    return await promise;
  } finally {
    await own.end();
  }
}
