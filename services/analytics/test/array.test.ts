import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import type { Kafka } from 'kafkajs';
import pg from 'pg';
import postgres from 'postgres';
import { formatted, formattedAs, textOf } from '#engine/pgwire/format.ts';
import type { PostgresError } from '#seams/sql/error.ts';
import { oidOf, plainTypes, readValue } from '../domain/value.ts';
import { consumed as consumedBy } from './fixtures/consumed.ts';
import { type House, openHouse } from './fixtures/house.ts';
import { openOracle } from './fixtures/oracle.ts';

let house: House;
let client: pg.Client;
let kafka: Kafka;
let oracle: Awaited<ReturnType<typeof openOracle>>;
before(async () => {
  [house, oracle] = await Promise.all([openHouse(), openOracle()]);
  client = new pg.Client(house.login());
  await client.connect();
  kafka = house.kafka();
});
after(async () => {
  await client?.end().catch(() => undefined);
  await house?.stop();
  await oracle?.[Symbol.asyncDispose]();
});

async function produce(topic: string, values: readonly (string | Buffer)[]): Promise<void> {
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic, messages: values.map((value) => ({ value })) });
  await producer.disconnect();
}

const consumed = async (topic: string, count: number): Promise<Buffer[]> =>
  (await consumedBy(kafka, topic, count)).flatMap(({ value }) => value ?? []);

const asTexts = { getTypeParser: () => (value: string) => value } as unknown as pg.CustomTypesConfig;
const rowsOf = async (text: string, values: unknown[] = []) => (await client.query({ text, values, rowMode: 'array' })).rows as unknown[][];
const ours = async (text: string) => (await client.query({ text, rowMode: 'array', types: asTexts })).rows as (string | null)[][];
const settled = (text: string, isDone: (rows: unknown[][]) => boolean) => house.until(() => rowsOf(text), isDone);
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

/** Each output as a text, as PostgreSQL has it. */
async function isSame(outputs: readonly string[], rest = ''): Promise<void> {
  const text = `select ${outputs.map((output, at) => `(${output})::text as c${at}`).join(', ')} ${rest}`;
  const { rows } = await oracle.sql.platform().query<Record<string, string | null>>(text);
  assert.deepEqual(
    await ours(text),
    rows.map((row) => Object.values(row)),
    text,
  );
}

test('records in JSON have arrays, which views take apart and make; what is none goes to the dead letters', async () => {
  await client.query(`create source posts (id int4, tags text[], scores int4[], sums int8[], prices numeric[], deep int4[], docs jsonb[])
    with (topic = 'posts', format = 'json', dead_letters = 'posts_dead')`);
  await client.query(`create materialized view tagged as
    select tag, count(*) as n, array_agg(id order by id desc) as ids from posts, unnest(tags) as tag group by tag`);
  await client.query('create materialized view deeper as select id, deep from posts where deep is not null');
  await client.query(`create materialized view alike as
    select scores, array_agg(distinct id) as ids, max(tags) as most from posts group by scores`);
  await produce('posts', [
    '{"id":1,"tags":["a","b"],"scores":[1,2],"sums":[9223372036854775807],"prices":[1.10,-0.0000000000000000000001],"docs":[{"b":1},[2]]}',
    '{"id":2,"tags":["b",null,"NULL",""],"scores":[1, 2],"deep":[[1,2],[3,4]]}',
    '{"scores":"{1,2}","id":3,"tags":[]}',
    '{"id":4,"tags":["x","y"],"scores":[1,"2"]}',
    '{"id":5,"tags":"b","scores":[1]}',
    '{"id":6,"tags":[["a"],["b","c"]],"scores":[2]}',
    '{"id":7,"tags":[{"a":[1]}],"scores":[1.5]}',
    `{"id":8,"deep":${'['.repeat(7)}1${']'.repeat(7)}}`,
    `{"id":9,"deep":${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
    `{"id":10,"scores":[${'1,'.repeat(100_000)}1]}`,
    `{"id":11,"scores":[2147483648]}`,
    '{"id":12,"scores":[true]}',
    `{"id":13,"tags":["b"],"scores":null}`,
  ]);
  assert.deepEqual(await settled(`select tag, n, ids from tagged order by tag nulls last`, (rows) => rows.some(([, n]) => n === '3')), [
    ['', '1', [2]],
    ['NULL', '1', [2]],
    ['a', '1', [1]],
    ['b', '3', [13, 2, 1]],
    ['x', '1', [4]],
    ['y', '1', [4]],
    ['{"a":[1]}', '1', [7]],
    [null, '1', [2]],
  ]);
  assert.deepEqual(
    await settled('select * from alike where scores is null or cardinality(scores) = 2', (rows) =>
      rows.some(([, ids]) => (ids as number[]).includes(13)),
    ),
    [
      [
        [1, 2],
        [1, 2, 3, 4],
        ['x', 'y'],
      ],
      [null, [8, 13], ['b']],
    ],
  );
  assert.deepEqual(await ours(`select sums, prices, docs, tags[2:], deep[2][1] from posts where id < 3 order by id`), [
    ['{9223372036854775807}', '{1.10,-0.0000000000000000000001}', String.raw`{"{\"b\": 1}",[2]}`, '{b}', null],
    [null, null, null, '{NULL,"NULL",""}', '3'],
  ]);
  const dead = (await consumed('posts_dead', 12)).map((value) => /"id":(\d+)/.exec(value.toString())?.[1]);
  const count = (id: number) => dead.filter((each) => each === String(id)).length;
  // A view refuses what it reads: tags of two of them, scores of one, deep of one, and what is nested beyond all measure of all.
  assert.deepEqual([5, 6, 7, 8, 9, 10, 11, 12].map(count), [2, 2, 1, 1, 3, 1, 1, 1]);
});

test('functions, operators and subscripts answer what PostgreSQL answers, errors too', async () => {
  await isSame([
    `'{1,2,NULL}'::int4[]`,
    `'{{1,2},{3,4}}'::int8[][]`,
    `array[1, 2.5, null]`,
    `array[[1,2],[3,4]]`,
    `array[]::text[]`,
    `'{ "a b" , c\\"d , nUll, "null", "" }'::text[]`,
    `'[1:2]={a,b}'::text[]`,
    `array['a','b']::varchar(1)[]::text`,
    `array['2026-01-01','infinity ']::text[]`,
    `array['2026-01-01'::date]`,
    `'{1.50,2e3}'::numeric[]`,
    `'{t,f}'::bool[]`,

    `array[interval '1 day', '2 hours']`,
    String.raw`array['\x00ff'::bytea]`,
    `array['{"b":1}'::jsonb]`,
    `'{0.1,-0}'::float8[]`,
    `array[1,2] || 3`,
    `0 || array[1]`,
    `array[1] || array[[2],[3]]`,
    `array[[1],[2]] || array[3]`,
    `array[1] || '{2,3}'`,
    `array[1,2] || null`,
    `null || array[1]`,
    `array['a'] || 'b'::text`,
    `array[1]::int8[] || 2`,
    `array[1] || 2::int8`,

    `array_append(null::int4[], 1)`,
    `array_prepend(null, array[1])`,
    `array_cat(array[1], null)`,
    `array_position(array[1,null,2], null)`,

    `array_positions(array['a','b','a'], 'a')`,
    `array_remove(array[1,null,1], null)`,
    `array_replace(array[1,2], 1, null)`,
    `trim_array(array[1,2,3], 2)`,

    `array_to_string(array[1,null,3], ',', '*')`,
    `string_to_array('a,b,,', ',', '')`,
    `string_to_array('abc', null)`,
    `string_to_array(null, ',')`,

    `array_dims('{{1},{2}}'::int4[])`,
    `array_ndims('{}'::int4[])`,
    `array_upper(array[1,2], 1)`,
    `cardinality('{{1,2},{3,4}}'::int4[])`,

    `1 = any ('{1,null}')`,
    `2 = any ('{1,null}'::int4[])`,
    `2 <> all ('{1}'::int8[])`,
    `null = any ('{}'::int4[])`,
    `'a' like any ('{b%,a%}')`,

    `array[1,2] @> array[2]`,
    `array[1,null] @> array[null]::int4[]`,
    `array[1] <@ array[[1,2]]`,
    `array[1,2] && '{3}'`,
    `array[1.0] = array[1.00]`,

    `array[1,2] < array[1,2,3]`,
    `array[1,null] > array[1,9]`,
    `'{{1,2}}'::int4[] > '{1,2}'::int4[]`,
    `greatest(array[1], array[2])`,

    `(array[1,2,3])[2:]`,
    `(array[[1,2],[3,4]])[1:2][2]`,
    `(array[1])[5]`,
    `(array[1,2])[null]`,
    `(array[[1,2]])[1]`,
    `(array[1,2])[:0]`,
    `(1, 'a') < (1, 'b')`,
    `(1, null) = (2, 3)`,
    `(1, null) = (1, 3)`,
    `row(1, 2) <> (1, 3)`,
    `(1, 2) in ((1, 2), (3, 4))`,
    `(1, null) is not distinct from (1, null)`,
    `row(null, null) is null`,
    `row(1, null) is not null`,
    `(2, 1) >= (2, 1)`,
  ]);
  await isSame(['x', 'y', 'n'], `from unnest(array[1,2], '{a,b,c}'::text[]) with ordinality u(x, y, n) order by n`);
  await isSame(['x'], `from unnest(array[[1,2],[3,4]]) x order by x`);
  await isSame(
    [`array_agg(x)`, `array_agg(x order by x desc)`, `array_agg(x) filter (where x > 9)`],
    `from (select * from unnest(array[1]) x) q`,
  );
  for (const text of [
    `select '{1,2'::int4[]`,
    `select '{1,,2}'::int4[]`,
    `select '{a}'::int4[]`,
    `select '{{1},{2,3}}'::int4[]`,
    `select '{{1},2}'::int4[]`,
    `select '{1}x'::int4[]`,
    `select '1'::int4[]`,
    `select '{{{{{{{1}}}}}}}'::int4[]`,
    `select array[1, 'a']`,
    `select array[]`,
    `select array[[1],[2,3]]`,
    `select array[1] || array['a']::text[]`,
    `select array[[1,2]] || array[1]`,
    `select array_append(array[[1]], 2)`,
    `select array_position(array[[1]], 1)`,
    `select array_remove(array[[1]], 1)`,
    `select trim_array(array[1], 2)`,
    `select 1 = any (2)`,
    `select (1)[1]`,
    `select array_length(1, 1)`,
    `select unnest(1)`,
    `select * from unnest('{1}')`,
    `select (1, 2) = (1, 2, 3)`,
    `select (1, 'a'::text) < (1, 2)`,
    `select sum('{1}'::int4[])`,
    `select array_agg(distinct '{}'::json)`,
    `select '{2147483648}'::int4[]`,
  ])
    assert.equal(await stateOf(text), await theirStateOf(text), text);
});

test('tables have arrays of every type, by every client and in every format', async () => {
  await client.query(
    `create table lists (id int4 primary key, n int4[], t text[], m numeric(6,2)[], d date[], b bool[], j jsonb[], s timestamptz[])`,
  );
  const day = new Date('2026-05-06T07:08:09.123Z');
  await client.query(`insert into lists values ($1, $2, $3, $4, $5, $6, $7, $8)`, [
    ...[1, [1, null, -3], ['a', 'b "c"', null, 'NULL', '{x}', '\\'], ['1.234', '2'], ['2026-01-02'], [true, false]],
    ...[[JSON.stringify({ a: 1 })], [day]],
  ]);
  await client.query(`insert into lists (id, n, t) values (2, '{{1,2},{3,4}}', '{}'), (3, array[7], array['q'])`);
  assert.equal(await stateOf(`insert into lists (id, n) values (4, array['a'])`), '42804');
  assert.equal(await stateOf(`insert into lists (id, m) values (4, '{12345.6}')`), '22003');
  assert.deepEqual(await rowsOf('select n, t, m, b, s from lists where id = 1'), [
    [[1, null, -3], ['a', 'b "c"', null, 'NULL', '{x}', '\\'], [1.23, 2], [true, false], [day]],
  ]);
  assert.deepEqual(
    await rowsOf('select id from lists where id = any ($1) and n && $2 order by id', [
      [1, 2, 9],
      [1, 5],
    ]),
    [[1], [2]],
  );
  assert.deepEqual(
    await rowsOf(`update lists set n = n || 5, t[1:1] = '{}' where id = 3 returning n`).catch((error: pg.DatabaseError) => error.code),
    '0A000',
  );
  assert.deepEqual(await rowsOf(`update lists set n = n || 5 where id = 3 returning n`), [[[7, 5]]]);
  const { hostname, port } = new URL(house.platform.doors['analytics.postgres']?.url ?? '');
  const { username, password } = house.faces.sasl;
  const sql = postgres({ host: hostname, port: Number(port), username, password, max: 1 });
  try {
    // It learns of the types of arrays with its first connection.
    await sql`select 1`;
    const [row] = await sql`select n, t, m from lists where id = ${3} and t @> ${sql.array(['q'])}`;
    assert.deepEqual({ ...row }, { n: [7, 5], t: ['q'], m: null });
    assert.deepEqual((await sql`select n from lists where id = 2`)[0]?.n, [
      [1, 2],
      [3, 4],
    ]);
    assert.deepEqual([...(await sql`select unnest(n) as x, id from lists where id = 2 order by x desc limit 2`)], [
      { x: 4, id: 2 },
      { x: 3, id: 2 },
    ] as never);
  } finally {
    await sql.end();
  }
  const { rows } = await client.query<{ column: string; is: string }>(
    `select attname as column, format_type(atttypid, atttypmod) as is from pg_attribute where attrelid = 'lists'::regclass and attnum > 0 order by attnum`,
  );
  assert.deepEqual(rows.map(({ is }) => is).slice(0, 4), ['integer', 'integer[]', 'text[]', 'numeric(6,2)[]']);
});

test('rows are values, keys and answers in both formats, and no columns of relations', async () => {
  await isSame([
    ...[`row(1, 'a b', null, array[1,2])`, `('"\\'::text, '', row(1.50, true))`, `row()`, `row(null)`, `(1, (2, (3, 'x(y)')))`],
    ...[
      `row(1, 2) = row(1, 2)`,
      `case when true then (1, 'a'::text) else (2, 'b'::text) end < (1, 'b'::text)`,
      `coalesce(null, (1, 2)) is null`,
    ],
  ]);
  const q = `from (values (1, 'a', 1.0), (1, 'a', 2.0), (2, null, 1.00), (2, null, 5)) v(a, b, c)`;
  await isSame(['(a, b)', 'count(*)', 'count(distinct (a, c))'], `${q} group by (a, b) order by (a, b) desc`);
  await isSame(['r', 'n'], `from (select distinct (b, a) as r, a as n ${q}) d order by r`);
  await isSame(['l.r', 'm.a'], `from (select (a, b) as r ${q}) l join (select (a, b) as s, a ${q}) m on l.r = m.s order by 1, 2`);
  for (const text of [
    'select row(1, 2) = row(1, 2, 3)',
    `select coalesce(null, (1, 2)) = (1, 'a'::text)`,
    `select (1, 2)::int4`,
    'select (row(1, 2)).f3',
  ])
    assert.notEqual(await stateOf(text), 'done', text);
  assert.equal(await stateOf('create materialized view no_row as select (id, tags) as r from posts'), '42P16');
  assert.equal(await stateOf('insert into lists (id, n) values (9, (1, 2))'), '42804');
  const kinds = [
    { oid: oidOf('int4') },
    { oid: oidOf('text[]') },
    { oid: 2249, fields: [{ oid: oidOf('numeric') }, { oid: oidOf('bool') }] },
  ];
  const asked = `select row(7, array['a', null], row(1.50, null::bool))`;
  const [made] = (
    await oracle.sql
      .platform()
      .query<{ text: string; sent: Buffer }>(`select q::text as text, record_send(q) as sent from (${asked}) as p(q)`)
  ).rows;
  assert.deepEqual(formattedAs(made?.text ?? '', { oid: 2249, fields: kinds }, 1), made?.sent);
});

test('the binary format of arrays is that of PostgreSQL, for every type', async () => {
  const samples: Record<string, string> = {
    ...{
      bool: '{t,NULL,f}',
      int2: '{-1,2}',
      int4: '{{1,2},{3,NULL}}',
      int8: '{9223372036854775807}',
      numeric: '{1.10,-2e3}',
      float4: '{1.5}',
    },
    ...{
      float8: '{0.1,-0}',
      text: '{a,"",NULL,"NULL","{\\"x,"}',
      bytea: String.raw`{"\\x00ff"}`,
      uuid: '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}',
    },
    ...{
      json: '{"{\\"b\\" : 1}"}',
      jsonb: '{"{\\"b\\": 1}"}',
      date: '{2026-01-02,1844-03-15}',
      time: '{12:34:56.789}',
      interval: '{"1 mon 2 days"}',
    },
    ...{ timestamp: '{"2026-01-02 03:04:05.6"}', timestamptz: '{"2026-01-02 03:04:05+00"}' },
  };
  for (const type of plainTypes) {
    const asked = `select $1::${type}[]::text as text, array_send($1::${type}[]) as sent, '${type}[]'::regtype::oid::text as oid`;
    const [made] = (await oracle.sql.platform().query<{ text: string; sent: Buffer; oid: string }>(asked, [samples[type]])).rows;
    assert.equal(String(oidOf(`${type}[]`)), made?.oid, type);
    assert.deepEqual(formatted(made?.text ?? '', oidOf(`${type}[]`), 1), made?.sent, type);
    assert.deepEqual(
      readValue(`${type}[]`, textOf(made?.sent ?? null, oidOf(`${type}[]`), 1) ?? ''),
      readValue(`${type}[]`, made?.text ?? ''),
      type,
    );
  }
  // asyncpg writes the empty array as one of a dimension of no size.
  assert.equal(textOf(Buffer.from('0000000100000000000000170000000000000001', 'hex'), oidOf('int4[]'), 1), '{}');
});

test('sources in Avro and CSV have arrays, and sinks in JSON and Avro write them', async () => {
  const { username, password } = house.faces.basic;
  const host = house.platform.doors['log.registry']?.url ?? '';
  const own = new SchemaRegistry({ host, auth: { username, password } });
  const schema = {
    ...{ type: 'record', name: 'Reading', namespace: 'test' },
    fields: [
      { name: 'id', type: 'int' },
      { name: 'names', type: { type: 'array', items: ['null', 'string'] } },
      { name: 'far', type: ['null', { type: 'array', items: 'long' }], default: null },
      { name: 'grid', type: { type: 'array', items: { type: 'array', items: 'double' } } },
    ],
  };
  const { id } = await own.register({ type: SchemaType.AVRO, schema: JSON.stringify(schema) }, { subject: 'readings-value' });
  await client.query(`create source readings (id int4, names text[], far int8[], grid float8[]) with (topic = 'readings', format = 'avro');
    create source lines (id int4, n int4[], t text[]) with (topic = 'lines', format = 'csv')`);
  await client.query(`create sink told as select id, names, far from readings with (topic = 'told', format = 'json');
    create sink kept as select id, names, far from readings with (topic = 'kept', format = 'avro');
    create materialized view paired as select r.id, r.names || l.t as t, l.n, r.grid[1][2] as g from readings r join lines l on l.n[1] = r.id`);
  await produce('readings', [
    await own.encode(id, { id: 1, names: ['a', null], far: [5], grid: [[1, 2.5]] }),
    await own.encode(id, { id: 2, names: [], far: null, grid: [] }),
  ]);
  await produce('lines', ['7,"{1,2}","{x,""y z""}"', '8,"{2}",{}', '9,{bad},']);
  assert.deepEqual(await settled('select * from paired order by id', (rows) => rows.length === 2), [
    [1, ['a', null, 'x', 'y z'], [1, 2], 2.5],
    [2, [], [2], null],
  ]);
  assert.deepEqual((await consumed('told', 2)).map(String).sort(), [
    '{"id":1,"names":["a",null],"far":[5]}',
    '{"id":2,"names":[],"far":null}',
  ]);
  const kept = await Promise.all((await consumed('kept', 2)).map((value) => own.decode(value)));
  assert.deepEqual(JSON.parse(JSON.stringify(kept.sort((a, b) => a.id - b.id))), [
    { id: 1, names: ['a', null], far: [5] },
    { id: 2, names: [], far: null },
  ]);
});

test('functions in JavaScript take arrays as arrays of JavaScript, and answer them', async () => {
  await client.query(`create function turned(x int8[], y text[]) returns text[] language javascript as
    'return x === null ? null : [...x.map((each) => each === null ? null : String(each + 1n)), ...y].reverse()';
    create function square(n int4) returns int4[] language javascript as
    'return Array.from({ length: n }, (_, at) => Array.from({ length: n }, (_, by) => at * n + by))';
    create function odd(how text) returns int4[] language javascript as
    'return how === "text" ? "{1}" : how === "deep" ? [[[[[[[1]]]]]]] : how === "ragged" ? [[1], 2] : how === "float" ? [1.5] : { length: 1 }'`);
  assert.deepEqual(await rowsOf(`select turned(array[9223372036854775806, null], '{a,NULL}'), turned(null, '{}'), turned('{}', '{}')`), [
    [[null, 'a', null, '9223372036854775807'], null, []],
  ]);
  assert.deepEqual(await rowsOf('select square(2), square(0)'), [
    [
      [
        [0, 1],
        [2, 3],
      ],
      [],
    ],
  ]);
  for (const how of ['text', 'deep', 'ragged', 'float', 'object'])
    assert.match(String(await stateOf(`select odd('${how}')`)), /^(39000|2202E|54000)$/, how);
});
