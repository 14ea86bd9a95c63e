import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import pg from 'pg';
import postgres from 'postgres';
import { openSql } from '#seams/sql/sql.ts';
import { formatted, textOf } from '#engine/pgwire/format.ts';
import { oids } from '#wire/pgwire/oid.ts';
import { startTestServer } from '#seams/sql/test/server.ts';
import type { Faces } from '#kernel/session/test/fixture/house.ts';
import { type House, openHouse } from './fixtures/house.ts';

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

/** Writes JSON texts with an unmodified kafkajs. */
async function produce(topic: string, values: readonly string[], faces: Faces = house.faces): Promise<void> {
  const producer = house.kafka(faces).producer();
  await producer.connect();
  await producer.send({ topic, messages: values.map((value) => ({ value })) });
  await producer.disconnect();
}

const refusedWith = (code: string) => (error: unknown) => {
  assert.equal((error as pg.DatabaseError).code, code, String(error));
  return true;
};
const rowsOf = async (text: string, params: unknown[] = []): Promise<unknown[][]> =>
  (await client.query({ text, values: params, rowMode: 'array' })).rows as unknown[][];

/** Orders of every kind of number, some of them beyond what JavaScript's numbers hold. */
const orders = [
  ...Array.from({ length: 40 }, (_, at) => ({
    city: ['Oslo', 'Bergen', 'ålesund'][at % 3],
    id: at,
    amount: `${at}.${at % 100}5`,
    f: at / 7,
  })),
  { city: 'Oslo', id: '9223372036854775807', amount: '79228162514264337593543950335.000000000000000001', f: 1e20 },
  { city: 'Oslo', id: '9223372036854775806', amount: '-0.000000000000000001', f: -2.5e-9 },
  { city: null, id: 7, amount: '10', f: null },
  { city: 'Bergen', id: null, amount: null, f: 0 },
];
const jsonOf = ({ city, id, amount, f }: (typeof orders)[number]) =>
  `{"city":${JSON.stringify(city)},"id":${id},"amount":${amount},"f":${f},"unused":{"deep":[1]}}`;

test('a view has what PostgreSQL computes over the same rows, to the last digit', async () => {
  await client.query(
    `create source orders (city text, id int8, amount numeric, f double precision) with (topic = 'orders', format = 'json')`,
  );
  const select = `select city, count(*) as n, count(id) as ids, sum(id) as total, min(amount) as least, max(amount) as most,
    sum(amount) as paid, avg(amount) as mean, avg(id) as middle, sum(f) as f, max(f) as top from orders
    where id is null or id >= 0 and id <> 3 group by city`;
  await client.query(`create materialized view sales as ${select}`);
  await produce('orders', orders.map(jsonOf));
  await house.until(
    () => rowsOf('select sum(n) from sales'),
    ([row]) => row?.[0] === '43',
  );
  const values = orders
    .map(({ city, id, amount, f }) => `(${city === null ? 'null' : `'${city}'`},${id}::int8,${amount}::numeric,${f}::float8)`)
    .join(',');
  await using server = await startTestServer({ fsync: 'off' });
  await using sql = openSql(new URL(server.url), { max: 1 });
  const names = ['city', 'n', 'ids', 'total', 'least', 'most', 'paid', 'mean', 'middle', 'f', 'top'];
  const text = `with orders(city, id, amount, f) as (values ${values}), batch as (${select})
    select ${names.map((name) => `${name}::text, pg_typeof(${name})::oid::text as t_${name}`).join(', ')}
    from batch order by batch.city collate "C"`;
  const batch = (await sql.platform().query<Record<string, string | null>>(text)).rows;
  const asText = { getTypeParser: () => (value: string) => value };
  const kept = await client.query({ text: 'select * from sales order by city', types: asText as never });
  assert.deepEqual(
    kept.rows.map((row: object) => ({ ...row })),
    batch.map((row) => Object.fromEntries(names.map((name) => [name, row[name]]))),
  );
  // The binary formats are PostgreSQL's own, and read back.
  for (const value of ['0', '0.000', '-1', '10000', '99990001.00012', '-0.00000001', '79228162514264337593543950335.10', '1e40']) {
    const asked = 'select $1::numeric::text as text, numeric_send($1::numeric) as sent';
    const [made] = (await sql.platform().query<{ text: string; sent: Buffer }>(asked, [value])).rows;
    assert.deepEqual(formatted(made?.text ?? '', oids.numeric, 1), made?.sent, value);
    assert.equal(textOf(made?.sent ?? null, oids.numeric, 1), made?.text);
  }
  assert.deepEqual(
    kept.fields.map(({ name, dataTypeID }) => [name, String(dataTypeID)]),
    names.map((name) => [name, batch[0]?.[`t_${name}`]]),
  );
});

test('views are asked with conditions, parameters, order and limits', async () => {
  const few = 'select city, n from sales where n > $1 and city is not null order by n desc, 1 limit $2';
  assert.deepEqual(await rowsOf(few, [13, 1]), [['Oslo', '15']]);
  const sums = await rowsOf(`select n + 1, -n, n * 2.50, n / 2 from sales where city in ('Bergen') or 1 = 0`);
  assert.deepEqual(sums, [['15', '-14', '35.00', '7']]);
  assert.deepEqual(await rowsOf('select count(*), sum(n), min(city) from sales'), [['4', '43', 'Bergen']]);
  assert.deepEqual(await rowsOf('select 1 + 1, $1::numeric', ['1.500']), [[2, '1.500']]);
  const shares = `select n, sum(n) over w, count(*) over (), rank() over w, sum(n) over (w rows 1 preceding)
    from sales window w as (order by n) order by n`;
  assert.deepEqual(await rowsOf(shares), [
    ['1', '1', '4', '1', '1'],
    ['13', '14', '4', '2', '14'],
    ['14', '28', '4', '3', '27'],
    ['15', '43', '4', '4', '29'],
  ]);
  assert.deepEqual((await rowsOf('show sources')).map((row) => row.slice(0, 4)), [['orders', 'orders', null, null]]);
});

test('a source is asked, views are joined, and a view may stand on another', async () => {
  assert.deepEqual(await rowsOf('select count(*), count(distinct city), min(id) from orders where id < 5'), [['5', '3', '0']]);
  const joined = `select a.city, b.n - a.n as none, o.amount from sales a join sales b using (city) left join orders o on o.city = a.city and o.id = 1
    order by a.city nulls first`;
  assert.deepEqual(await rowsOf(joined), [
    ['Bergen', '0', '1.15'],
    ['Oslo', '0', null],
    ['ålesund', '0', null],
  ]);
  await client.query(`create materialized view cities as select count(*) as cities, max(n) as most from sales where city is not null`);
  await client.query(`create materialized view top as
    select city, id, rank from (select city, id, row_number() over (partition by city order by id desc) as rank from orders where id is not null) o
    where rank <= 2`);
  await house.until(
    () => rowsOf('select cities from cities'),
    ([row]) => row?.[0] === '3',
  );
  const best = await house.until(
    () => rowsOf(`select id from top where city = 'Oslo' order by rank`),
    ([row]) => row?.[0] === '9223372036854775807',
  );
  assert.deepEqual(best, [['9223372036854775807'], ['9223372036854775806']]);
  await assert.rejects(client.query('drop materialized view sales'), refusedWith('2BP01'));
  // What is expected of each operator is told behind it.
  const told = (line: unknown) => String(line).replace(/ \(rows=\d+ cost=\d+\)$/, ' (expected)');
  const plan = (await rowsOf('explain (code) select city, n from sales where n > 7')).map(([line]) => told(line));
  assert.deepEqual(plan.slice(0, 4), [
    'Pipeline (expected)',
    "  Filter: (n > '7'::int8)",
    '  Output: city, n',
    '  ->  Scan sales (expected)',
  ]);
  assert.ok(plan.some((line) => line.startsWith('return function pipeline(b, p) {')));
  const made = await rowsOf('explain create materialized view w as select city, count(*) from orders group by city');
  assert.deepEqual(
    // How many workers there are is the machine's to say.
    made.map(([line]) => told(line)).filter((line) => !line.startsWith('Workers: ')),
    [
      'Pipeline (expected)',
      '  Output: city, count',
      '  ->  Aggregate (expected)',
      '        Group Key: city',
      '        Output: count(*)',
      '        ->  Scan orders (expected)',
    ],
  );
  await client.query('drop materialized view top, cities');
});

test('what is wrong or not built is told by its SQLSTATE, and the connection goes on', async () => {
  for (const [text, code] of [
    ['selec 1', '42601'],
    ['select nothing from sales', '42703'],
    ['select * from nowhere', '42P01'],
    ['select * from sales s, orders s', '42712'],
    ['select * from sales a, sales b where city is null', '42702'],
    ['select city, n from sales group by city', '42803'],
    ['select 1 / 0', '22012'],
    [`select 'x'::int8`, '22P02'],
    ['select 1e131071 * 1e131071', '22003'],
    [`select ${'not '.repeat(700)}true`, '54001'],
    ['select 9223372036854775807 + 1', '22003'],
    ['select city + n from sales', '42883'],
    ['create temp table t (a int8)', '0A000'],
    ['create materialized view w as select 1 as one', '0A000'],
    ['explain (analyze) select 1', '0A000'],
    ['select city, sum(n) over (order by n groups between n preceding and current row) from sales', '42P10'],
    ['select city, sum(n) over w from sales window w as (order by n), w as (order by city)', '42P20'],
    ['select city, sum(distinct n) over () from sales', '0A000'],
    ['create materialized view sales as select count(*) from orders', '42P07'],
    ['drop source orders', '2BP01'],
    ['drop materialized view nowhere', '42P01'],
    ['begin isolation level serializable', '0A000'],
    ['set work_mem = 1', '42704'],
    [`set timezone = 'Asia/Tokyo'`, '0A000'],
    ['copy sales from stdin', '42809'],
    [`copy sales to '/tmp/x'`, '42501'],
    [`copy sales to stdout with (format binary, delimiter ',')`, '42601'],
    ['declare c cursor for select 1', '25P01'],
    ['fetch 1 from c', '34000'],
    ['savepoint s', '25P01'],
    [`select ${'('.repeat(40_000)}1`, '42601'],
    [`select ${'1 + '.repeat(8_000)}1`, '54001'],
  ] as const)
    await assert.rejects(client.query(text), refusedWith(code), text);
  const placed = await client.query('select city, wrong from sales').catch((error: pg.DatabaseError) => error);
  assert.equal((placed as pg.DatabaseError).position, '14');
  await client.query('drop materialized view if exists nowhere');
  assert.deepEqual(await rowsOf('select 2'), [[2]]);
});

test('transactions, savepoints, cursors and settings are as in PostgreSQL', async () => {
  const own = new pg.Client(house.login());
  own.on('error', () => undefined);
  await own.connect();
  const asked = async (text: string) => (await own.query({ text, rowMode: 'array' })).rows as unknown[][];
  const refuse = (text: string, code: string) => assert.rejects(own.query(text), refusedWith(code), text);
  await own.query('begin');
  await refuse('select 1 / 0', '22012');
  await refuse('select 1', '25P02');
  await refuse('select * from nowhere', '25P02');
  assert.equal((await own.query('commit')).command, 'ROLLBACK');
  await own.query(`begin; savepoint a; set application_name = 'within'`);
  await refuse('drop function nothing', '25001');
  await own.query('rollback to a');
  await own.query('release a');
  await refuse('release a', '3B001');
  await own.query('rollback');
  assert.deepEqual(await asked('show application_name'), [['']]);
  await own.query('begin; declare c cursor for select n from sales order by n; declare h cursor with hold for values (1), (2), (3)');
  assert.deepEqual(await asked('fetch 1 from c'), [['1']]);
  assert.equal((await own.query('move 2 in c')).command, 'MOVE');
  assert.deepEqual(await asked('fetch all from c'), [['15']]);
  assert.deepEqual(await asked('fetch next from h'), [[1]]);
  await own.query('commit');
  await refuse('fetch 1 from c', '34000');
  assert.deepEqual(await asked('fetch all from h'), [[2], [3]]);
  await own.query('close h');
  await own.query(`set statement_timeout = '50ms'`);
  await refuse('subscribe to sales', '57014');
  assert.deepEqual(await asked('show statement_timeout'), [['50ms']]);
  await own.query('discard all');
  await own.end();
  const sql = postgres(house.faces.postgres?.url ?? '', { fetch_types: false, max: 1 });
  const copied = async (text: string) => (await Array.fromAsync(await sql.unsafe(text).readable())).map(String).join('');
  assert.equal(await copied('copy (select city, n from sales order by n) to stdout'), '\\N\t1\nålesund\t13\nBergen\t14\nOslo\t15\n');
  const csv = `copy (values ('a,b', null, 'say "x"'), ('', 'y', e'two\\nlines')) to stdout (format csv, header, null 'none')`;
  assert.equal(await copied(csv), 'column1,column2,column3\n"a,b",none,"say ""x"""\n,y,"two\nlines"\n');
  assert.equal((await copied(`copy sales (n) to stdout (delimiter ';')`)).split('\n').sort().join(), ',1,13,14,15');
  const seen: unknown[] = [];
  await sql.begin(async (tx) => {
    for await (const rows of tx`select city, n from sales where n > ${1} order by city`.cursor(1))
      seen.push(...rows.map((row) => [row.city, row.n]));
    assert.deepEqual(
      [...(await tx`select ${'2024-05-06 07:08:09.5'}::timestamp + ${'1 day'}::interval as at`)].map(({ at }) =>
        (at as Date).toISOString().slice(8, 10),
      ),
      ['07'],
    );
  });
  assert.deepEqual(seen, [
    ['Bergen', '14'],
    ['Oslo', '15'],
    ['ålesund', '13'],
  ]);
  await sql.end();
});

test('an error comes at once to a client that flushes, and settings are set and told by functions', async () => {
  const flushing = new pg.Client(house.login());
  flushing.on('error', () => undefined);
  await flushing.connect();
  const { connection } = flushing as unknown as { connection: pg.Connection };
  const told = new Promise<pg.DatabaseError>((resolve) => connection.once('errorMessage', resolve as () => void));
  connection.parse({ name: '', text: 'select nothing from nowhere', types: [] }, true);
  connection.flush();
  assert.equal((await told).code, '42P01');
  connection.end();
  const own = new pg.Client(house.login());
  await own.connect();
  const asked = async (text: string, values: unknown[] = []) =>
    (await own.query({ text, values, rowMode: 'array' })).rows as unknown as unknown[][];
  assert.deepEqual(await asked(`select set_config('TimeZone', $1, false), current_setting('nobody.knows', true) as x`, ['utc']), [
    ['UTC', null],
  ]);
  await own.query('begin');
  assert.deepEqual(await asked(`select pg_catalog.set_config('statement_timeout', '3s', true) as was`), [['3000ms']]);
  await own.query('commit');
  assert.deepEqual(await asked('show statement_timeout'), [['0']]);
  await assert.rejects(asked(`select set_config('jit', 'off', false)`), refusedWith('42704'));
  await assert.rejects(asked(`select set_config('search_path', $1, false)`, [null]), refusedWith('22004'));
  // A role is one's own, or none.
  await own.query(`set role '${house.login().user}'`);
  assert.deepEqual(await asked('show role'), [[house.login().user]]);
  await assert.rejects(own.query('set role postgres'), refusedWith('42501'));
  await own.query('reset role');
  assert.deepEqual(await asked('show role'), [['none']]);
  await own.query('set role none');
  await own.end();
});

test('arrays go in the binary format, and the first message of a COPY has its head and a row', async () => {
  for (const [oid, literal, same] of [
    [1007, '{1,NULL,-3}'],
    [1009, '{"a b","","say \\"x\\"",NULL,"NULL"}'],
    [1231, '{{1.50,2},{3,4}}'],
    [1016, '{}'],
    [1000, '[5:6]={t,f}', '{t,f}'],
  ] as const)
    assert.equal(textOf(formatted(literal, oid, 1) as Buffer, oid, 1), same ?? literal);
  const lying = Buffer.from(formatted('{1,2}', 1007, 1) as Buffer);
  lying.writeInt32BE(2 ** 30, 12);
  assert.throws(() => textOf(lying, 1007, 1), /elements in/);
  const sql = postgres(house.faces.postgres?.url ?? '', { fetch_types: false, max: 1 });
  const messages = async (text: string) => Array.fromAsync((await sql.unsafe(text).readable()) as AsyncIterable<Buffer>);
  const [first] = await messages('copy (values (1), (2)) to stdout (format binary)');
  assert.deepEqual([first?.subarray(0, 6).toString(), first?.length], ['PGCOPY', 19 + 10]);
  assert.equal(Buffer.concat(await messages('copy (select 1 where false) to stdout (format binary)')).length, 19 + 2);
  await sql.end();
});

test('a record that does not fit is counted with its place and reason, and the others count', async () => {
  await client.query(`create source mixed (n int4) with (topic = 'mixed', format = 'json');
    create materialized view totals as select sum(n) s from mixed`);
  assert.deepEqual(await rowsOf('select s from totals'), [[null]]);
  await produce('mixed', ['{"n":1}', 'no json', '{"n":2147483648}', '{"n":"2"}', '[1]', '{"n":1.5}', `${'['.repeat(50_000)}`, '{}']);
  const views = () => rowsOf('show materialized views');
  const shown = await house.until(views, (rows) => rows.some(([name, , , , rejected]) => name === 'totals' && rejected === '5'));
  const some = shown.find(([name]) => name === 'totals');
  assert.match(String(some?.[5]), /^partition 0 offset 6: the value is no JSON/);
  assert.deepEqual(await rowsOf('select s from totals'), [['3']]);
});

test('a subscriber sees the view as it is, and each change of it', async () => {
  const subscriber = new pg.Client(house.login());
  await subscriber.connect();
  const seen: string[][] = [];
  const query = new pg.Query({ text: 'subscribe to totals with (committed)' } as never);
  query.on('row', (row: Record<string, string>) => void seen.push([String(row.diff), String(row.s)]));
  const ended = new Promise<pg.DatabaseError>((resolve) => query.on('error', resolve as (error: Error) => void));
  subscriber.query(query as never);
  await house.until(
    async () => seen.length,
    (count) => count === 1,
  );
  await produce('mixed', ['{"n":10}']);
  await house.until(
    async () => seen.length,
    (count) => count === 3,
  );
  assert.deepEqual(seen, [
    ['1', '3'],
    ['-1', '3'],
    ['1', '13'],
  ]);
  const { processID, secretKey } = subscriber as unknown as { processID: number; secretKey: number };
  const cancel = connect({ host: subscriber.host, port: subscriber.port });
  const packet = Buffer.alloc(16);
  [16, 80877102, processID, secretKey].forEach((word, at) => packet.writeInt32BE(word, at * 4));
  cancel.end(packet);
  assert.equal((await ended).code, '57014');
  assert.deepEqual((await subscriber.query({ text: 'select 3', rowMode: 'array' })).rows, [[3]]);
  await subscriber.end();
});

test('another environment sees nothing of it, may have the same names, and who may only read makes nothing', async () => {
  const other = new pg.Client(house.login(await house.credential({ environment: 'test' })));
  await other.connect();
  await assert.rejects(other.query('select * from sales'), refusedWith('42P01'));
  assert.deepEqual((await other.query('show materialized views')).rows, []);
  await other.query(`create source orders (n int8) with (topic = 'orders', format = 'json')`);
  await other.query('create materialized view sales as select count(*) from orders');
  assert.deepEqual((await other.query({ text: 'select * from sales', rowMode: 'array' })).rows, [['0']]);
  await other.end();
  const { postgres: face } = await house.credential({ role: 'reader' });
  const reader = new pg.Client({ connectionString: face?.url ?? '' });
  await reader.connect();
  assert.equal((await reader.query('select * from sales')).rows.length, 4);
  await assert.rejects(reader.query('drop materialized view sales'), refusedWith('42501'));
  await reader.end();
});

test('TLS is spoken when it is asked for; a wrong password and a revoked credential are out', async () => {
  const faces = await house.credential();
  const secure = new pg.Client({ ...house.login(faces), ssl: { rejectUnauthorized: false } });
  const gone = new Promise<Error>((resolve) => secure.on('error', resolve));
  await secure.connect();
  assert.deepEqual((await secure.query({ text: 'select 4', rowMode: 'array' })).rows, [[4]]);
  await assert.rejects(new pg.Client({ ...house.login(faces), password: 'wrong' }).connect(), refusedWith('28P01'));
  await assert.rejects(new pg.Client({ ...house.login(faces), database: 'elsewhere' }).connect(), refusedWith('28P01'));
  assert.equal((await house.call('POST', `/v1/platform/credentials/${faces.id}/revoke-credential`, {})).status, 200);
  await gone;
  await assert.rejects(new pg.Client(house.login(faces)).connect(), refusedWith('28P01'));
});

test('functions in SQL stand for what they say, in questions, views, changes and each other', async () => {
  await client.query(`create function gross(net numeric, rate int4) returns numeric immutable language sql
      as $$ select net + net * rate * 0.01 $$;
    create function twice(text) returns text return $1 || $1;
    create function label(what text, net numeric) returns text language sql as 'select twice(what) || '':'' || gross(label.net, 20)::text';
    create table goods (id int4 primary key, what text, net numeric);
    create materialized view labels as select id, label(what, net) as l from goods where gross(net, 100) > 2`);
  await client.query(`insert into goods values (1, twice('a'), gross(10, 10)), (2, null, 5), (3, 'c', 1)`);
  assert.equal(String(await rowsOf(`select twice(what), gross(net, 50) from goods order by id`)), 'aaaa,16.5000,,7.50,cc,1.50');
  const labels = () => rowsOf('select id, l from labels order by id');
  const both = '1,aaaa:13.2000,2,';
  assert.equal(String(await house.until(labels, (rows) => String(rows) === both)), both);
  assert.equal(String(await rowsOf(`select gross(2, 50), twice('b')`)), '3.00,bb');
  assert.deepEqual(
    (await rowsOf('show functions')).map(([name]) => name),
    ['gross', 'label', 'twice'],
  );
  const deep = Array.from({ length: 40 }).reduce((of: string) => `twice(${of})`, `'x'`);
  for (const [text, code] of [
    ['create function twice(a int4) returns int4 return a', '42723'],
    ['create function abs(a int4) returns int4 return a', '42723'],
    ['create function f(a int4) returns int4 return b', '42703'],
    ['create function f(a int4) returns int4 return $2', '42P02'],
    ['create function f(a int4) returns date return a', '42846'],
    ['create function f(a int4) returns int4 return g(a)', '42883'],
    ['create function f(a int4) returns int8 return (select count(*) from goods)', '0A000'],
    ['create function f(a int4) returns int8 return count(a)', '0A000'],
    ['create function f(a int4) returns int4 language plpgsql as $$ begin return a; end $$', '0A000'],
    ['create function f(a int4) returns int4 strict return a', '0A000'],
    [`select gross(1)`, '42883'],
    [`select nothing(1)`, '42883'],
    [`select ${deep}`, '54001'],
    ['drop function gross', '2BP01'],
    ['drop function nothing', '42883'],
  ] as const)
    await assert.rejects(client.query(text), refusedWith(code), text);
  await client.query('drop materialized view labels; drop function label; drop function gross; drop function if exists gross');
});
