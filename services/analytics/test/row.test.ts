import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import { Kafka, logLevel } from 'kafkajs';
import pg from 'pg';
import { Random } from '#engine/random/random.ts';
import type { PostgresError } from '#seams/sql/error.ts';
import { spansIn } from '../domain/json-span.ts';
import { readRowType, writeRowType } from '../domain/row-type.ts';
import { fieldNamesOf, isKnownType, printValue, readValue, type Type } from '../domain/value.ts';
import { consumed as consumedBy } from './fixtures/consumed.ts';
import { type House, openHouse } from './fixtures/house.ts';
import { openOracle } from './fixtures/oracle.ts';

let house: House;
let client: pg.Client;
let kafka: Kafka;
let oracle: Awaited<ReturnType<typeof openOracle>>;
const types = [
  'create type address as (street text, "Zip" int4)',
  'create type person as (name text, home address, tags text[], old address[], born date, worth numeric)',
];
before(async () => {
  [house, oracle] = await Promise.all([openHouse(), openOracle()]);
  client = new pg.Client(house.login());
  await client.connect();
  const brokers = [(house.platform.doors['log.kafka']?.url ?? '').replace('kafka://', '')];
  kafka = new Kafka({ brokers, sasl: { mechanism: 'plain', ...house.faces.sasl }, logLevel: logLevel.NOTHING });
  await both(...types, "create table people (id int4 primary key, who person, home address, homes address[] not null default '{}')");
});
after(async () => {
  await client?.end().catch(() => undefined);
  await house?.stop();
  await oracle?.[Symbol.asyncDispose]();
});

const asTexts = { getTypeParser: () => (value: string) => value } as unknown as pg.CustomTypesConfig;
const ours = async (text: string, values: unknown[] = []) =>
  (await client.query({ text, values, rowMode: 'array', types: asTexts })).rows as (string | null)[][];
const theirs = async (text: string) =>
  (await oracle.sql.platform().query<Record<string, string | null>>(text)).rows.map((row) => Object.values(row));
const stateOf = (text: string) =>
  client.query(text).then(
    () => 'done',
    (error: pg.DatabaseError) => error.code,
  );
const theirStateOf = (text: string) =>
  oracle.sql
    .platform()
    .script(text)
    .then(
      () => 'done',
      (error: PostgresError) => error.sqlstate,
    );

/** Statements that both carry out. */
async function both(...texts: readonly string[]): Promise<void> {
  for (const text of texts) {
    await client.query(text);
    await oracle.sql.platform().script(text);
  }
}

/** Each output as a text, as PostgreSQL has it. */
async function isSame(outputs: readonly string[], rest = ''): Promise<void> {
  const text = `select ${outputs.map((output, at) => `(${output})::text as c${at}`).join(', ')} ${rest}`;
  assert.deepEqual(await ours(text), await theirs(text), text);
}

async function produce(topic: string, values: readonly (string | Buffer)[]): Promise<void> {
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic, messages: values.map((value) => ({ value })) });
  await producer.disconnect();
}

const consumed = async (topic: string, count: number): Promise<Buffer[]> =>
  (await consumedBy(kafka, topic, count)).flatMap(({ value }) => value ?? []);

test('texts in JSON end where they end, however long they are', () => {
  const long = JSON.stringify({ a: '\\"'.repeat(1_000_000), b: ['x'.repeat(5_000_000), '\\'], '\\"]}': 1 });
  assert.deepEqual(
    spansIn(long).map(({ name, from, to }) => [name, to - from]),
    [
      ['a', 4_000_002],
      ['b', 5_000_009],
      ['\\"]}', 1],
    ],
  );
});

test('types of rows are written and read again, whatever their fields are called', () => {
  const names = ['a', 'a=b;c)', '~', 'Ü "x", y', "it's 100%", '(', ' '];
  const inner = writeRowType({ named: undefined, fields: names.map((name) => ({ name, type: 'int4' })) });
  const type = writeRowType({
    named: { name: 'a~(b)=1', oid: 1_000_000_002 },
    fields: [...names.map((name) => ({ name, type: `${inner}[]` })), { name: 'last', type: inner }],
  }) as Type;
  assert.ok(isKnownType(type));
  assert.doesNotMatch(type, /[,: '"\\]/);
  assert.deepEqual(fieldNamesOf(type), [...names, 'last']);
  assert.equal(readRowType(type)?.named?.name, 'a~(b)=1');
  assert.deepEqual(readRowType('record()'), { named: undefined, fields: [] });
  for (let at = 0; at < type.length; at += 1) assert.ok(!isKnownType(type.slice(0, at)), type.slice(0, at));
  for (const wrong of ['record(int4', 'record(int4))', 'record(a=b)', 'record~x(int4)', 'record~x~1(int4)', 'record(int4)(int4)'])
    assert.ok(!isKnownType(wrong), wrong);
  const nested = 'record(a=int4;b=record(c=text;d=record(int4)[]))' as Type;
  const value = readValue(nested, String.raw`(1,"(""a, b"",""{(2),NULL}"")")`);
  assert.equal(printValue(nested, value), String.raw`(1,"(""a, b"",""{(2),NULL}"")")`);
});

test('rows are columns of tables: INSERT, UPDATE, fields, comparisons, order, groups, joins and NULLs answer what PostgreSQL answers', async () => {
  await both(
    `insert into people (id, who, home, homes) values
      (1, row('Ann', row('Main', 5), array['a', 'b c'], array[row('Old "1"', null)::address, null], '2000-02-29', 1.50), row('Main', 5), '{"(x,1)"}'),
      (2, '(Bob,"(""a, b"",)","{x,NULL}",,,)', ('Side', '7'), array[('x', 1), (null, null)]::address[]),
      (3, null, (null, null), default),
      (4, row(null, null, null, null, null, null), row(null, 0)::address, array[null::address]),
      (5, row('Ann', row('Main', 5), array['a', 'b c'], array[row('Old "1"', null)::address, null], '2000-02-29', 1.50), '("Main",5)', '{}')`,
    `update people set home."Zip" = (home)."Zip" + 1, home.street = upper((home).street) where id in (2, 3)`,
    `update people set who.home.street = 'Deep', who.tags = '{t}' where id in (3, 4)`,
    `insert into people (id, home) values (1, ('no', 1)) on conflict (id) do update set home."Zip" = (excluded.home)."Zip" + (people.home)."Zip"`,
    `insert into people (id, home.street, who.home.street, home."Zip", who.tags) values (6, 'p', 'q', 1 + 1, '{r}'), (7, null, 'q', '3', null)`,
    `insert into people (id, who, home) select id + 10, who, row((home).street, id)::address from people where id < 3`,
  );
  await isSame(
    ['id', 'who', 'home', 'homes', '(who).name', '(home)."Zip"', '((who).home).street', '(homes[1]).street'],
    'from people order by id',
  );
  await isSame(
    [
      ...['home is null', 'home is not null', 'who is null', 'who is not null', '(who).home is null', 'homes[1] is null'],
      ...[
        "home = row('Main'::text, 6)",
        "home <> ('Main'::text, 6)",
        "home < row('Side'::text, 1)",
        "home is distinct from '(Main,6)'::address",
      ],
      ...[
        "home = '(MAIN,)'::address",
        "home in (row('SIDE'::text, 8), row(null::text, 1))",
        'home = (who).home',
        'home > any (homes)',
        "'(x,1)'::address = any (homes)",
      ],
      ...['coalesce(home, (who).home)', 'case when id = 1 then home end', 'nullif(home, (who).home)', 'home::text', 'row(who, home)'],
      ...["'(q,1)'::address", "(row('z', 3)::address).street", 'array_append(homes, home)', 'homes || home', 'cardinality(homes)'],
      ...["array_position(homes, '(x,1)')", "homes @> array[row('x', 1)::address]", 'homes[1:1]', "array_to_string(homes, ';')"],
      ...["(row('n', home, null, homes, null, 2)::person).old", 'row(people.*)', 'people', '(people).id', '(people.home).street'],
    ],
    'from people order by id',
  );
  await isSame(['home', 'count(*)', 'min(id)', 'count(who)', 'count(distinct who)'], 'from people group by home order by home');
  await isSame(['array_agg(home order by home desc, id)', 'array_agg(distinct home)', 'max((home)."Zip")'], 'from people');
  await isSame(['a.id', 'b.id'], 'from people a join people b on a.home = b.home and a.who is not distinct from b.who order by 1, 2');
  await isSame(['who'], 'from (select distinct who from people) t order by who desc nulls last');
  await isSame(['(home).street', 'sum((home)."Zip")'], 'from people group by (home).street order by 1');
  await isSame(['h', 'count(*)'], 'from (select p.id % 2 = 0 as h from people p) p group by h order by h');
  const named = 'select (home).street as p, count(*)::text from people p group by p order by p';
  assert.deepEqual(await ours(named), await theirs(named));
  await isSame(['id', 'row_number() over (partition by home order by who, id)'], 'from people order by id');
  await isSame(['p.id', 'u.street', 'u."Zip"'], 'from people p, unnest(p.homes) u order by 1, 2, 3');
  await isSame(
    ['p.id', 'u.s', 'u.z', 'u.n'],
    `from people p left join unnest(p.homes) with ordinality u(s, z, n) on u.z > 0 order by 1, 4`,
  );
  await isSame(['u.street', 'u."Zip"', 'u.x'], `from unnest(array[row('a', 1)::address, null], array[3, 4, 5]) as u(street, "Zip", x)`);
  await isSame(['h'], 'from (select unnest(homes) as h from people) t order by h');
  await isSame(['home'], 'from (select home from people union select (who).home from people except select null::address) t order by home');
  const star = 'select (who).*, (home).* from people where id = 2';
  assert.deepEqual(
    (await client.query(star)).fields.map(({ name }) => name),
    ['name', 'home', 'tags', 'old', 'born', 'worth', 'street', 'Zip'],
  );
  assert.deepEqual(await ours('select (p).*, (p.home).street from people p where id = 2'), [
    ['2', '(Bob,"(""a, b"",)","{x,NULL}",,,)', '(SIDE,8)', '{"(x,1)","(,)"}', 'SIDE'],
  ]);
});

test('what is wrong with rows has the SQLSTATE that PostgreSQL gives', async () => {
  for (const text of [
    "select '(a)'::address",
    "select '(a,b)'::address",
    "select '(a,1,2)'::address",
    "select 'a'::address",
    "select '(a,1'::address",
    'select row(1)::address',
    'select row(1, 2, 3)::address',
    'select 1::address',
    'select (home).nothing from people',
    'select (id).street from people',
    'select (id).* from people',
    "select home = row('a') from people",
    "select home = row('a', 'b') from people",
    'select home = 1 from people',
    'insert into people (id, home) values (100, 5)',
    'insert into people (id, home) select 100, who from people',
    'update people set home.nothing = 1',
    'update people set id.nothing = 1',
    'insert into people (id, home.nothing) values (100, 1)',
    "insert into people (id, home.street, home) values (100, 'a', null)",
    'insert into people (id, home.street) values (100)',
    'update people set home = row(1, 2), home.street = 1',
    'create type address as (a int4)',
    'create type people as (a int4)',
    'create table address (a int4)',
    'create type twice as (a int4, a int4)',
    'drop type nothing',
    'drop type if exists nothing',
    'drop type address',
    'create table wrong (a nothing)',
    'select null::address + 1',
    'select lower(home) from people',
    'select sum(home) from people',
    'create table rows as select row(1, 2) as r',
  ]) {
    const [own, other] = [await stateOf(text), await theirStateOf(text)];
    // A type that nobody made is one that is not built, because a question to the catalogues may know it.
    if (text.includes('a nothing')) assert.deepEqual([own, other], ['0A000', '42704'], text);
    else assert.equal(own, other, text);
  }
});

const schemas = () => {
  const { username, password } = house.faces.basic;
  return new SchemaRegistry({ host: house.platform.doors['log.registry']?.url ?? '', auth: { username, password } });
};
const settled = (text: string, isDone: (rows: (string | null)[][]) => boolean) => house.until(() => ours(text), isDone);

test('nested objects and records come from JSON, Avro and Protobuf as rows, and go into sinks as they came', async () => {
  await client.query(`create source orders (id int4, place ROW(street text, at STRUCT<x float8, y float8, tag text[]>), home address,
      lines ROW(sku text, count int4, price numeric)[], seen timestamptz)
    with (topic = 'orders', format = 'json', dead_letters = 'orders_dead')`);
  await client.query(`create materialized view places as
    select place, count(*) as n, array_agg(home order by id) as homes, max(((place).at).x) as x from orders group by place`);
  await client.query(`create materialized view lines as
    select o.id, l.*, (o.place).street as street from orders o, unnest(o.lines) l where l.count is not null`);
  await client.query(`create sink told as select id, place, home, lines from orders with (topic = 'told', format = 'json')`);
  await client.query(
    `create sink avro as select id, place, home, lines from orders with (topic = 'avro', format = 'avro', key = 'id', envelope = 'debezium')`,
  );
  await produce('orders', [
    '{"id":1,"place":{"street":"a \\"b\\"","at":{"x":1.5,"y":-2,"tag":["q",null]}},"home":{"street":"s","Zip":7},"lines":[{"sku":"k","count":2,"price":1.10},{"sku":"l","count":null}]}',
    '{"id":2,"place":{"at":{"y":-2.0,"x":1.5,"tag":["q",null]},"street":"a \\"b\\"","other":[1]},"home":"(t,8)","lines":[]}',
    '{"id":3,"place":null,"home":{"Zip":null},"lines":[null,{"count":"3","price":"2.50","sku":7}]}',
    '{"id":4,"place":{"street":["x"]}}',
    '{"id":5,"place":[1,2]}',
    '{"id":6,"home":{"Zip":"many"}}',
    '{"id":7,"lines":{"sku":"k"}}',
  ]);
  assert.deepEqual(await settled('select place, n, homes, x from places order by n desc, place', (rows) => rows.length === 3), [
    ['("a ""b""","(1.5,-2,""{q,NULL}"")")', '2', '{"(s,7)","(t,8)"}', '1.5'],
    [null, '2', '{"(,)",NULL}', null],
    ['("[""x""]",)', '1', '{NULL}', null],
  ]);
  assert.deepEqual(await settled('select * from lines order by id, sku', (rows) => rows.length === 2), [
    ['1', 'k', '2', '1.10', 'a "b"'],
    ['3', '7', '3', '2.50', null],
  ]);
  assert.deepEqual(await ours(`select id, (place).at, ((place).at).tag[1], (lines[2]).sku, home from orders where id < 4 order by id`), [
    ['1', '(1.5,-2,"{q,NULL}")', 'q', 'l', '(s,7)'],
    ['2', '(1.5,-2,"{q,NULL}")', 'q', null, '(t,8)'],
    ['3', null, null, '7', '(,)'],
  ]);
  assert.deepEqual((await consumed('told', 4)).map((value) => value.toString()).slice(0, 2), [
    '{"id":1,"place":{"street":"a \\"b\\"","at":{"x":1.5,"y":-2,"tag":["q",null]}},"home":{"street":"s","Zip":7},"lines":[{"sku":"k","count":2,"price":1.10},{"sku":"l","count":null,"price":null}]}',
    '{"id":2,"place":{"street":"a \\"b\\"","at":{"x":1.5,"y":-2,"tag":["q",null]}},"home":{"street":"t","Zip":8},"lines":[]}',
  ]);
  const [first] = await consumed('avro', 4);
  const read = (await schemas().decode(first as Buffer)) as { after: Record<string, unknown> };
  assert.deepEqual(JSON.parse(JSON.stringify(read.after)), {
    ...{ id: 1, place: { street: 'a "b"', at: { x: 1.5, y: -2, tag: ['q', null] } }, home: { street: 's', Zip: 7 } },
    lines: [
      { sku: 'k', count: 2, price: '1.10' },
      { sku: 'l', count: null, price: null },
    ],
  });
  await client.query(`create source again (after ROW(id int8, place ROW(street text, at ROW(x float8, y float8, tag text[])), lines ROW(sku text, price numeric)[]))
    with (topic = 'avro', format = 'avro')`);
  assert.deepEqual(await ours('select (after).place, (after).lines from again where (after).id = 1'), [
    ['("a ""b""","(1.5,-2,""{q,NULL}"")")', '{"(k,1.10)","(l,)"}'],
  ]);
});

test('messages of Protobuf have messages within, and lists of such', async () => {
  const { id } = await schemas().register(
    {
      type: SchemaType.PROTOBUF,
      schema: `syntax = "proto3"; message Trip { int32 id = 1; Stop from = 2; repeated Stop stops = 3;
        message Stop { string name = 1; Where at = 2; } message Where { double x = 1; double y = 2; } }`,
    },
    { subject: 'trips-value' },
  );
  await client.query(`create source trips (id int4, "from" ROW(name text, at ROW(x float8, y float8)), stops ROW(name text, at ROW(y float8))[])
    with (topic = 'trips', format = 'protobuf')`);
  const stop = (name: string, x: number, y: number) => ({ name, at: { x, y } });
  // The place of the message in its file, which this client leaves out, is that of the first.
  const encode = async (trip: object) => {
    const bytes = await schemas().encode(id, trip);
    return Buffer.concat([bytes.subarray(0, 5), Buffer.from([0]), bytes.subarray(5)]);
  };
  await produce('trips', [
    await encode({ id: 1, from: stop('a', 1, 2.5), stops: [stop('b', 3, 4), { name: 'c' }] }),
    await encode({ id: 2 }),
  ]);
  assert.deepEqual(await settled('select id, "from", stops, (stops[1]).at from trips order by id', (rows) => rows.length === 2), [
    ['1', '(a,"(1,2.5)")', String.raw`{"(b,\"(4)\")","(c,)"}`, '(4)'],
    ['2', null, '{}', null],
  ]);
});

test('types are made and dropped within transactions, are told by the catalogues, and come and go as parameters', async () => {
  const other = new pg.Client(house.login());
  await other.connect();
  const seen = async (on: pg.Client, text: string) => (await on.query({ text, rowMode: 'array', types: asTexts })).rows as unknown[][];
  const named = `select typname from pg_type where typname in ('point2', 'places2') and typtype = 'c' order by 1`;
  await client.query('begin');
  await client.query('create type point2 as (x int4, y int4)');
  await client.query('create table places2 (id int4 primary key, at point2, path point2[])');
  await client.query({ text: 'insert into places2 values (1, $1, $2)', values: ['(1,2)', '{"(1,2)",NULL}'] });
  assert.deepEqual(await seen(client, 'select (at).y, path[1] from places2'), [['2', '(1,2)']]);
  assert.deepEqual(await seen(client, named), [['places2'], ['point2']]);
  assert.deepEqual(await seen(other, named), []);
  await client.query('rollback');
  assert.deepEqual(await seen(client, named), []);
  await client.query(
    'begin; create type point2 as (x int4, y int4); create table places2 (id int4 primary key, at point2, path point2[]); commit',
  );
  assert.equal(await stateOf('drop type point2'), '2BP01');
  assert.equal(await stateOf('alter table places2 add column more point2'), 'done');
  const { fields } = await other.query('select at, path, more from places2');
  const told = await seen(
    other,
    `select a.attname, t.oid, format_type(a.atttypid, a.atttypmod), t.typelem from pg_attribute a join pg_type t on t.oid = a.atttypid
    where attrelid = 'places2'::regclass and attnum > 1 order by attnum`,
  );
  assert.deepEqual(
    told.map(([name, oid]) => [name, Number(oid)]),
    fields.map(({ name, dataTypeID }) => [name, dataTypeID]),
  );
  assert.deepEqual(
    told.map(([, , name]) => name),
    ['point2', 'point2[]', 'point2'],
  );
  assert.deepEqual(
    await seen(
      other,
      `select attname, format_type(atttypid, -1) from pg_attribute a join pg_class c on c.oid = a.attrelid where c.relname = 'point2' order by attnum`,
    ),
    [
      ['x', 'integer'],
      ['y', 'integer'],
    ],
  );
  // psql's \\dT.
  const dT = `select n.nspname, pg_catalog.format_type(t.oid, null), pg_catalog.obj_description(t.oid, 'pg_type') from pg_catalog.pg_type t
    left join pg_catalog.pg_namespace n on n.oid = t.typnamespace
    where (t.typrelid = 0 or (select c.relkind = 'c' from pg_catalog.pg_class c where c.oid = t.typrelid))
    and not exists (select 1 from pg_catalog.pg_type el where el.oid = t.typelem and el.typarray = t.oid)
    and n.nspname <> 'pg_catalog' and n.nspname <> 'information_schema' and pg_catalog.pg_type_is_visible(t.oid) order by 1, 2`;
  const shown = (await seen(other, dT)).map(([, name]) => name);
  for (const name of ['address', 'person', 'point2']) assert.ok(shown.includes(name), name);
  assert.ok(
    shown.some((name) => String(name).startsWith('"ROW(')),
    'rows whose type has no name are told by what they are',
  );
  await client.query({ text: 'insert into places2 (id, at, path) values ($1, $2, $3)', values: [2, '(5,6)', '{"(7,8)"}'] });
  assert.deepEqual(await ours('select count(*) from places2 where at = $1 and path @> $2', ['(5,6)', '{"(7,8)"}']), [['1']]);
  assert.deepEqual(await ours('show columns from places2'), [
    ['id', 'integer', 'NO'],
    ['at', 'point2', 'YES'],
    ['path', 'point2[]', 'YES'],
    ['more', 'point2', 'YES'],
  ]);
  for (const [of, name] of [
    ['source', 'orders'],
    ['table', 'places2'],
  ] as const) {
    const made = String((await ours(`show create ${of} ${name}`))[0]?.[1]);
    await client.query(made.replace(name, `${name}_again`));
    assert.deepEqual(await ours(`show columns from ${name}_again`), await ours(`show columns from ${name}`));
  }
  await client.query('create table copied as select at, path, places2 as whole from places2');
  assert.deepEqual(await ours('select (at).x, (whole).id, ((whole).path[1]).y from copied where (at).x = 5'), [['5', '2', '8']]);
  await client.query('drop table copied; drop table places2_again; drop table places2; drop type point2');
  assert.deepEqual(await seen(other, named), []);
  await other.end();
});

/** Expressions that PostgreSQL may refuse, each by itself: what it says, or its SQLSTATE. */
async function areAlike(outputs: readonly string[]): Promise<void> {
  const batch = outputs.map((output, at) => `(${output})::text as c${at}`).join(', ');
  const [own, other] = await Promise.all([
    ours(`select ${batch}`).catch(() => undefined),
    theirs(`select ${batch}`).catch(() => undefined),
  ]);
  if (own && other) assert.deepEqual(own, other, batch);
  else if (outputs.length === 1) assert.equal(await stateOf(`select ${batch}`), await theirStateOf(`select ${batch}`), batch);
  else {
    await areAlike(outputs.slice(0, outputs.length >> 1));
    await areAlike(outputs.slice(outputs.length >> 1));
  }
}

const documents = [
  String.raw`{"a":  [1,  {"b": "xé\n"}, null], "z": "q" , "":{ }, "long name" : {"a":{"b":[true]}} }`,
  String.raw`[1, "a", null , {"x" :1, "a":[ ]}, [2,"3"], false]`,
  ' "str" ',
  '-12',
  'null',
  '{}',
  '[]',
  '{"b":{"c":{"d":null}},"a":"\\u00e9\\ud83d\\ude00","aa":1}',
];

/** A random expression of json or jsonb, of text, or of a condition. */
function randomJson(random: Random, kind: 'json' | 'jsonb', depth = 3): string {
  const inner = () => `(${randomJson(random, kind, depth - 1)})`;
  const leaf = `'${random.of(documents)}'::${kind}`;
  if (depth <= 0) return leaf;
  const path = `'{${Array.from({ length: random.below(3) }, () => random.of(['a', 'b', '0', '1', '-1', 'x', 'long name', 'zz'])).join(',')}}'`;
  const name = random.of(["'a'", "'b'", "'zz'", "''", '0', '1', '-2', '9']);
  const value = random.of([
    "'x\"y'::text",
    '7',
    'null::int4',
    'true',
    "'{1,NULL}'::int4[]",
    "row('s', 5)::address",
    "date '2024-02-29'",
    inner(),
  ]);
  const both = [
    leaf,
    `${inner()} -> ${name}`,
    `${inner()} #> ${path}`,
    `${kind}_build_object('k', ${value}, ${random.of(["'k'", '5', 'true'])}, ${value})`,
    `${kind}_build_array(${value}, ${inner()})`,
    `to_${kind}(${value})`,
    `${kind}_extract_path(${inner()}, 'a', '1')`,
    `(select ${kind}_agg(x order by n) from ${kind}_array_elements('[3, {"a" : [1,2]}, "t"]'::${kind}) with ordinality u(x, n) where n <> ${random.below(4)})`,
    `(select ${kind}_object_agg(key, value) from ${kind}_each('{"a" : [1, 2]}'))`,
  ];
  if (kind === 'json') return random.of(both);
  return random.of([
    ...both,
    `${inner()} || ${leaf}`,
    `${inner()} - ${random.of(["'a'", '0', '-1', "'{a,x}'::text[]"])}`,
    `${inner()} #- ${path}`,
    `jsonb_set(${inner()}, ${path}, ${leaf}${random.of(['', ', false'])})`,
    `jsonb_insert(${inner()}, ${path}, ${leaf}${random.of(['', ', true'])})`,
    `jsonb_strip_nulls(${inner()})`,
  ]);
}

function randomOfJson(random: Random): string {
  const kind = random.of(['json', 'jsonb'] as const);
  const inner = (of = kind) => `(${randomJson(random, of)})`;
  return random.of([
    () => inner(),
    () => `${inner()} ->> ${random.of(["'a'", '0', '-1'])}`,
    () => `${inner()} #>> '{a,1}'`,
    () => `${kind}_typeof(${inner()})`,
    () => `(${inner('jsonb')} ${random.of(["-> 'b'", '-> 0', "#> '{}'"])})::${random.of(['int4', 'numeric', 'float8', 'bool'])}`,
    () => `${kind}_array_length(${inner()})`,
    () => `jsonb_pretty(${inner('jsonb')})`,
    () => `${inner('jsonb')} ${random.of(['@>', '<@', '=', '<>'])} '${random.of(documents)}'::jsonb`,
    () => `${inner('jsonb')} ? ${random.of(["'a'", "'str'", "'1'"])}`,
    () => `${inner('jsonb')} ${random.of(['?|', '?&'])} array['a', ${random.of(["'zz'", 'null'])}]`,
    () => `(select string_agg(k, ',' order by k) from ${kind}_object_keys('${random.of(documents)}') k)`,
    () =>
      `(select string_agg(coalesce(value, 'none'), ',' order by value, n) from ${kind}_array_elements_text('${random.of(documents)}') with ordinality e(value, n))`,
  ])();
}

test('random expressions of JSON are those of PostgreSQL, to the byte', async () => {
  for (let seed = 1; seed <= 30; seed += 1) {
    const random = new Random(seed);
    await areAlike(Array.from({ length: 25 }, () => randomOfJson(random)));
  }
});

test('values of all types, rows and groups become JSON as PostgreSQL writes it', async () => {
  await both(
    `create table kinds (id int4 primary key, a json, b jsonb, t text, n numeric, f float8, d date, ts timestamp, tz timestamptz,
       i interval, l int4[], r address, rs address[], u uuid, y bytea, bo bool, tm time)`,
    String.raw`insert into kinds values
      (1, '{"a":  [1,  {"b": "x\u00e9\n"}], "a" : null, "z": "q" }', '{"b":1,"a":[1,2,{"c":null}],"long name":"x","":[]}',
        E'a"\\\b\f\n\r\t\x01\x7f\x1f/<é😀', 1.50, 1e20, '2000-01-01', '2000-01-01 12:00:00.5', '2000-01-01 12:00:00.123456+02',
        '1 day 02:03:04.5', '{1,NULL,3}', row('x"y', 5), '{"(a,1)",NULL,"(,)"}', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '\xdeadbeef', true, '12:00:01.5'),
      (2, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null),
      (3, '[1, "a", null , {"x" :1}]', '[1,"a",null,{"x":1},[2]]', '', 0.000001, -1.5e-7, '1944-03-15', '1944-03-15 10:00:00',
        '1999-12-31 23:59:59+00', '-1 mon', '{{1,2},{3,4}}', row(null, null), '{}', null, '', false, '00:00'),
      (4, ' "str" ', '"str"', 'null', -12345678901234567890.5, 0, '2024-02-29', '2024-02-29 00:00', '2024-02-29', '00:00:00', '{}',
        null, null, null, null, null, null)`,
  );
  const columns = 'id a b t n f d ts tz i l r rs u y bo tm'.split(' ');
  await isSame(
    columns.map((name) => `to_json(${name})`),
    'from kinds order by id',
  );
  // Numbers in jsonb have no zeros at their ends here.
  await isSame(
    columns.filter((name) => name !== 'n').map((name) => `to_jsonb(${name})`),
    'from kinds order by id',
  );
  await isSame(
    [
      ...['row_to_json(k)', 'row_to_json(r)', 'row_to_json(r, true)', 'row_to_json(row(id, t, l))', 'row_to_json(row(id, rs, l), true)'],
      ...[
        'array_to_json(l)',
        'array_to_json(l, true)',
        'array_to_json(rs, true)',
        'to_jsonb(r)',
        'to_jsonb(rs)',
        'json_build_object(id, k)',
      ],
      ...["a -> 'a'", "a #> '{a,1}'", 'a ->> 0', 'b -> -1', "b #>> '{a,2,c}'", "b @> '[1]'", "b || '7'", 'jsonb_pretty(b)'],
    ],
    'from kinds k order by id',
  );
  await isSame(
    [
      ...[
        'json_agg(id order by id)',
        'json_agg(r order by id)',
        'json_agg(l order by id)',
        'json_agg(a order by id)',
        'jsonb_agg(b order by id)',
      ],
      ...[
        'json_agg(d order by id) filter (where id > 2)',
        'json_agg(id) filter (where false)',
        'json_agg(distinct bo)',
        'json_agg(k order by k.id)',
      ],
      ...['json_object_agg(id, t)', 'json_object_agg(id, r)', 'jsonb_object_agg(id, l)', "jsonb_object_agg('same', id order by id)"],
      ...["coalesce(json_agg(id) filter (where id > 9), '[]')", "json_agg(json_build_object('id', id) order by id)"],
    ],
    'from (select id, a, b, t, d, l, r, bo from kinds) k',
  );
  await isSame(['id', 'e.key', 'e.value'], 'from kinds, jsonb_each(b) e where id = 1 order by 1, 2');
  await isSame(['id', 'e.k', 'e.v'], 'from kinds left join json_each_text(a) e(k, v) on true where id < 3 order by 1, 2, 3');
  await isSame(
    ["e ->> 'x'", 'e', 'place'],
    'from kinds, jsonb_array_elements(b) with ordinality as e(e, place) where id = 3 order by place',
  );
  await isSame(['value'], "from kinds, jsonb_array_elements(b) e where id = 3 and e ->> 'x' = '1'");
  await isSame(['id', 'k'], 'from kinds, jsonb_object_keys(b) k where id = 1 order by 1, 2');
  await isSame(['x'], 'from (select json_array_elements(a) as x from kinds where id = 3) t where x is not null');
  for (const text of [
    "select to_json('a')",
    "select json_build_object('a')",
    'select json_build_object(null, 1)',
    'select jsonb_build_object(null, 1)',
    'select json_build_object(r, 1) from kinds',
    'select row_to_json(1)',
    'select array_to_json(1)',
    "select jsonb_set('1', '{a}', '1')",
    "select jsonb_set('[1]', '{x}', '1')",
    "select jsonb_set('{}', array[null]::text[], '1')",
    "select '1'::jsonb - 'a'",
    "select '{}'::jsonb - 1",
    "select * from jsonb_each('[]')",
    "select * from json_array_elements('1')",
    "select * from jsonb_object_keys('[]')",
    "select json_array_length('{}')",
    'select json_object_agg(null::text, 1)',
    'select jsonb_object_agg(null::text, 1)',
    'select json_object_agg(r, 1) from kinds',
    'select json_agg()',
    "select '{}'::json @> '{}'",
  ])
    assert.equal(await stateOf(text), await theirStateOf(text), text);
  await client.query(`create materialized view told_kinds as
    select bo, json_agg(json_build_object('id', id, 'r', r) order by id) as of, jsonb_object_agg(id, l) as lists from kinds group by bo`);
  await client.query("update kinds set r.street = 'new' where id = 1; delete from kinds where id = 2");
  assert.deepEqual(
    await settled('select * from told_kinds order by bo', (rows) => String(rows).includes('new') && !String(rows).includes('"id" : 2')),
    [
      ['f', '[{"id" : 3, "r" : {"street":null,"Zip":null}}]', '{"3": [[1, 2], [3, 4]]}'],
      ['t', '[{"id" : 1, "r" : {"street":"new","Zip":5}}]', '{"1": [1, null, 3]}'],
      [null, '[{"id" : 4, "r" : null}]', '{"4": []}'],
    ],
  );
});

/** Paths into JSON, some of which lead nowhere or are none. */
const paths = [
  ...['$', '$.a', '$.b[*]', '$.b[0]', '$.b[last]', '$.b[last - 1]', '$.b[0 to 1]', '$.b[0, 2]', '$.*', '$.**', '$.**{2}', '$.**{1 to 2}'],
  ...[
    '$.**{last}',
    '$.**.b',
    '$[*]',
    '$[*].a[*].b',
    '$[4].a.b',
    'strict $.a',
    'strict $.b[*]',
    'strict $[9]',
    'lax $[9]',
    '$.b[9]',
    '$."a"',
  ],
  ...[
    '$.b[*] ? (@ > 1)',
    '$[*] ? (@ == "2")',
    '$[*] ? (@ == null)',
    '$[*] ? (@ != null)',
    '$.a ? (@ == 1).type()',
    '$.b.size()',
    '$.size()',
  ],
  ...[
    'strict $.a.size()',
    '$[*].type()',
    '$.price.double()',
    '$.n.double()',
    '$.price[*].floor()',
    '$.price.ceiling()',
    'strict $.price.abs()',
  ],
  ...[
    '$.a + 1',
    '-$.price',
    '$.price[1] / 3',
    '$.price[0] % 3',
    '$.a / 0',
    '$.a > 0',
    '$.zz > 0',
    'strict $.b[*] > 2',
    'exists($.a)',
    'exists($.zz)',
  ],
  ...[
    '$.a == 1 && $.zz == 1',
    '$.a == 1 || $.zz == 1',
    '!($.a == 1)',
    '($.b[*] > "x") is unknown',
    '$.d ? (exists(@.e)).e',
    '$missing',
    '1 + 2 * 3',
  ],
  ...[
    '$.d ? (@.e starts with "x").g[*]',
    '$[*] ? (@.a[*].b == 1)',
    '$.b ? (@.size() > 2)',
    '$.b[*] ? (@.c == $v)',
    '$v',
    '$.a == $w',
    '(1 + 2) * 3',
  ],
  ...[
    '$.b[$.a]',
    '$.b["a"]',
    '$.d.*',
    'strict $.**.b',
    '$.b[-1]',
    '$.b[0.7]',
    '$ ? (@.a > 0 ? (@ < 5))',
    'strict $.b ? (@[*] > 1)',
    '$.last',
    '- - 1',
  ],
  ...[
    '@.a',
    '$[last]',
    'last',
    '$.',
    '$.a ==',
    '$[',
    '$.a b',
    '$ &&',
    '!$.a',
    '$.a.foo()',
    '$.d.g ? (@ == true)',
    '"b" > "a"',
    'strict $.b[2 to 0]',
    '1 == 1.0',
  ],
];
const gone = [
  '{"a":1,"b":[1,2,{"c":3}],"d":{"e":"x","f":null,"g":[true,false]}}',
  '[1,"2",null,true,{"a":[{"b":1},{"b":"z"},{"b":[1,2]}]},[3,[4]]]',
  '"str"',
  '12.5',
  '{"price":[10,20.25,-3],"n":"7","last":1}',
  '[]',
];

test('paths into jsonb lead where they lead in PostgreSQL', async () => {
  const random = new Random(7);
  for (let time = 0; time < 20; time += 1)
    await areAlike(
      Array.from({ length: 25 }, () => {
        const [of, path] = [`'${random.of(gone)}'::jsonb`, `'${random.of(paths)}'`];
        const name = random.of(['query_array', 'query_first', 'exists', 'match']);
        if (random.is(0.2)) return `${of} ${random.of(['@?', '@@'])} ${path}`;
        return `jsonb_path_${name}(${of}, ${path}, '{"v":3,"w":1}'${random.of(['', ', true'])})`;
      }),
    );
  await isSame(['id', 'x'], "from kinds, jsonb_path_query(b, '$.a[*] ? (@ > 1)') x where id = 1");
});
