import assert from 'node:assert/strict';
import { createServer, connect, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { openLog } from '#seams/log/log.ts';
import { openSql, type Sql } from '#seams/sql/sql.ts';
import { startStranger, type TestServer } from '#seams/sql/test/server.ts';
import pg from 'pg';
import { onStep } from '../store/step.ts';
import { type House, openHouse } from './fixtures/house.ts';

let house: House;
let client: pg.Client;
let server: TestServer;
/** Another PostgreSQL, whose tables are looked up. */
let other: Sql;
let address: URL;
/** What stands before it, which can be closed. */
let gate: Server;
const passing = new Set<Socket>();

before(async () => {
  const stranger = await startStranger({ fsync: 'off' });
  server = stranger;
  address = new URL(stranger.strangerUrl.replaceAll("'", '%27'));
  {
    await using first = openSql(address, { max: 1 });
    await first.platform().script('create database other');
  }
  address.pathname = '/other';
  other = openSql(address, { max: 2 });
  const to = Number(address.port);
  gate = createServer((socket) => {
    const onward = connect(to, '127.0.0.1');
    for (const each of [socket, onward]) {
      passing.add(each);
      each.on('error', () => undefined);
      each.on('close', () => {
        passing.delete(each);
        socket.destroy();
        onward.destroy();
      });
    }
    socket.pipe(onward).pipe(socket);
  });
  await opened(0);
  const gated = new URL(address);
  gated.port = String((gate.address() as AddressInfo).port);
  house = await openHouse({ settings: { outbound: [`127.0.0.1:${address.port}`, gated.host] } });
  client = new pg.Client(house.login());
  await client.connect();
  await client.query(`create connection crm with (type = 'postgres', url = '${gated.href}')`);
});
after(async () => {
  onStep(undefined);
  await client?.end().catch(() => undefined);
  await house?.stop();
  await closed();
  await other?.close();
  await server?.[Symbol.asyncDispose]();
});

const opened = (port: number) => new Promise<void>((resolve) => gate.listen(port, '127.0.0.1', () => resolve()));
async function closed(): Promise<void> {
  const ended = new Promise((resolve) => gate.close(resolve));
  for (const socket of passing) socket.destroy();
  await ended;
}

const logOf = () =>
  openLog(
    (house.platform.doors['log.kafka']?.url ?? '').replace(
      '//',
      `//${house.faces.sasl.username}:${encodeURIComponent(house.faces.sasl.password)}@`,
    ),
    { clientId: 'test', loginOf: async () => house.faces.sasl },
  );
const produce = async (topic: string, values: readonly string[]): Promise<void> => {
  await using log = logOf();
  await log.at('own').produce(
    topic,
    values.map((value) => ({ key: null, value })),
  );
};
const rowsOf = async (text: string): Promise<unknown[][]> => (await client.query({ text, rowMode: 'array' })).rows as unknown[][];
const become = async (text: string, wanted: unknown[][]) =>
  assert.deepEqual(
    await house.until(
      // What is being loaded anew answers a little later.
      () => rowsOf(text).catch((error: unknown) => [[String(error)]]),
      (rows) => JSON.stringify(rows) === JSON.stringify(wanted),
    ),
    wanted,
    text,
  );
const told = (text: string): Promise<string> =>
  client.query(text).then(
    () => 'done',
    (error: pg.DatabaseError) => error.code ?? String(error),
  );
const failureOf = async (kind: string, name: string, place: number) =>
  (await rowsOf(`show ${kind}`)).find(([own]) => own === name)?.at(place) ?? null;

test('rows stand beside what a table or a view had when they came, whatever becomes of it', { timeout: 100_000 }, async () => {
  await client.query(`create table people (id int8 primary key, name text, city text);
    insert into people values (1, 'ann', 'bern'), (2, 'bob', 'rome'), (3, 'cid', 'rome');
    create materialized view cities as select city, count(*) as n from people group by city;
    create source orders (id int4, proctime as proctime(), person int4, city text) with (topic = 'orders', format = 'json')`);
  await become('select city, n from cities order by city', [
    ['bern', '1'],
    ['rome', '2'],
  ]);
  await client.query(`create materialized view by_key as select o.id, p.name from orders o
      left join people for system_time as of proctime() as p on o.person = p.id;
    create materialized view by_city as select o.id, p.name from orders o join people for system_time as of o.proctime as p on o.city = p.city;
    create materialized view by_both as select o.id, p.name, c.n from orders as o join people for system_time as of o.proctime as p
      on o.person = p.id left join cities for system_time as of o.proctime as c on p.city = c.city where o.id < 5;
    create materialized view by_view as select o.id, c.n from orders o left join cities for system_time as of proctime() as c on o.city = c.city;
    create materialized view per_name as select p.name, count(*) as n from orders o
      join people for system_time as of proctime() as p on p.id = o.person group by p.name`);
  await produce('orders', ['{"id":1,"person":1,"city":"rome"}', '{"id":2,"person":9,"city":"oslo"}']);
  await become('select id, name from by_key order by id', [
    [1, 'ann'],
    [2, null],
  ]);
  await become('select id, name from by_city order by id, name', [
    [1, 'bob'],
    [1, 'cid'],
  ]);
  await become('select id, n from by_view order by id', [
    [1, '2'],
    [2, null],
  ]);
  await client.query(`update people set name = 'anna', city = 'rome' where id = 1; delete from people where id = 2;
    insert into people values (9, 'ivo', 'oslo'); create index on people (city)`);
  await become('select city, n from cities order by city', [
    ['oslo', '1'],
    ['rome', '2'],
  ]);
  await produce('orders', ['{"id":3,"person":1,"city":"rome"}', '{"id":4,"person":9,"city":"oslo"}', '{"id":5,"person":null}']);
  await become('select id, name from by_key order by id', [
    [1, 'ann'],
    [2, null],
    [3, 'anna'],
    [4, 'ivo'],
    [5, null],
  ]);
  await become('select id, name from by_city order by id, name', [
    [1, 'bob'],
    [1, 'cid'],
    [3, 'anna'],
    [3, 'cid'],
    [4, 'ivo'],
  ]);
  await become('select id, n from by_view order by id', [
    [1, '2'],
    [2, null],
    [3, '2'],
    [4, '1'],
    [5, null],
  ]);
  await become('select id, name, n from by_both order by id', [
    [1, 'ann', '1'],
    [3, 'anna', '2'],
    [4, 'ivo', '1'],
  ]);
  assert.match(String(await rowsOf('show create source orders')), /"city" text, "proctime" as proctime\(\)\)/);
  await become('select name, n from per_name order by name', [
    ['ann', '1'],
    ['anna', '1'],
    ['ivo', '1'],
  ]);
  // To a question all rows come now.
  await become('select o.id, p.name from orders o join people for system_time as of proctime() as p on o.person = p.id order by o.id', [
    [1, 'anna'],
    [2, 'ivo'],
    [3, 'anna'],
    [4, 'ivo'],
  ]);
  for (const [text, code] of [
    ['create materialized view v as select * from by_key', '0A000'],
    [`create sink s from by_key with (topic = 's', format = 'json')`, '0A000'],
    ['create materialized view v as select o.id from orders o join orders for system_time as of proctime() p on o.id = p.id', '0A000'],
    ['create materialized view v as select o.id from orders o join nobody for system_time as of proctime() p on o.id = p.id', '42P01'],
    ['select proctime from orders', '42703'],
    ['create source p (a int4, a as proctime()) with (topic = $$p$$, format = $$json$$)', '42701'],
    ['drop materialized view cities', '2BP01'],
    ['drop table people', '2BP01'],
  ] as const)
    assert.equal(await told(text), code, text);
  const [head] = await rowsOf(
    'explain create materialized view v as select o.id from orders o join people for system_time as of proctime() p on o.person = p.id',
  );
  assert.match(String(head), /Pipeline/);
});

test('a row that goes takes with it what it came with, and a sink tells of both once', { timeout: 100_000 }, async () => {
  await client.query(`create table rates (code text primary key, rate numeric);
    create table lines (id int4 primary key, code text, amount int4);
    insert into rates values ('eur', 1.1), ('chf', 1.05);
    create materialized view valued as select l.id, l.amount * r.rate as value from lines l
      left join rates for system_time as of proctime() as r on l.code = r.code;
    create materialized view total as select sum(l.amount * r.rate) as value from lines l
      join rates for system_time as of proctime() as r on l.code = r.code;
    create sink valued_out as select l.id, r.rate from lines l join rates for system_time as of proctime() as r on l.code = r.code
      with (topic = 'valued', format = 'json', envelope = 'debezium');
    insert into lines values (1, 'eur', 10), (2, 'chf', 100), (3, 'usd', 7)`);
  await become('select id, value from valued order by id', [
    [1, '11.0'],
    [2, '105.00'],
    [3, null],
  ]);
  await become('select value from total', [['116.00']]);
  await client.query("update rates set rate = 2 where code = 'eur'; insert into rates values ('usd', 3)");
  await client.query('update lines set amount = 20 where id = 1; delete from lines where id = 2; delete from lines where id = 3');
  await become('select id, value from valued order by id', [[1, '40']]);
  await become('select value from total', [['40']]);
  await using log = logOf();
  const records = async () =>
    (await Array.fromAsync(log.at('own').read('valued', AbortSignal.timeout(20_000)))).flat().map(({ value }) => String(value));
  const has = (id: number, rate: string) => `{"id":${id},"rate":${rate}}`;
  const wanted = [
    `{"before":null,"after":${has(1, '1.1')},"op":"c"}`,
    `{"before":null,"after":${has(2, '1.05')},"op":"c"}`,
    `{"before":${has(1, '1.1')},"after":null,"op":"d"}`,
    `{"before":null,"after":${has(1, '2')},"op":"c"}`,
    `{"before":${has(2, '1.05')},"after":null,"op":"d"}`,
  ].sort();
  assert.deepEqual((await house.until(records, ({ length }) => length >= wanted.length)).sort(), wanted);
});

test('a table of another PostgreSQL is asked in batches, and kept answers are used for a while', { timeout: 100_000 }, async () => {
  await other.platform().script(`create table customer (id int8 primary key, name varchar(20), joined timestamptz, tags int4[], note jsonb);
    insert into customer select n, 'c' || n, '2024-02-29 12:00+00', array[n, n + 1], '{"a": 1}' from generate_series(1, 3000) n;
    create view seen as select id, name, pg_current_xact_id()::text as asked from customer`);
  await client.query(`create source customer (id int8, name text, joined timestamptz, tags int4[], note jsonb)
      with (connection = 'crm', table = 'customer', lookup = 'true');
    create source seen (id int8, name text, asked text) with (connection = 'crm', table = 'public.seen', lookup = 'true');
    create source kept (id int8, name text) with (connection = 'crm', table = 'customer', lookup = 'true',
      lookup_cache_max_rows = '2', lookup_cache_ttl = '3 seconds', lookup_max_retries = '1');
    create source visits (id int4, who int4, text text) with (topic = 'visits', format = 'json');
    create materialized view known as select v.id, c.name, c.joined, c.tags, c.note from visits v
      left join customer for system_time as of proctime() as c on v.who = c.id;
    create materialized view batches as select s.asked, count(*) as n from visits v
      join seen for system_time as of proctime() as s on v.who = s.id and v.text = s.name group by s.asked;
    create materialized view lately as select v.id, k.name from visits v left join kept for system_time as of proctime() as k on v.who = k.id`);
  const visit = (id: number, who: number) => JSON.stringify({ id, who, text: `c${who}` });
  await produce('visits', [visit(1, 1), visit(2, 5000), `{"id":3,"who":null}`, `{"id":4,"who":1,"text":"c\\u0000"}`]);
  await become('select id, name, joined::text, tags::text, note::text from known order by id', [
    [1, 'c1', '2024-02-29 12:00:00+00', '{1,2}', '{"a": 1}'],
    [2, null, null, null, null],
    [3, null, null, null, null],
    [4, 'c1', '2024-02-29 12:00:00+00', '{1,2}', '{"a": 1}'],
  ]);
  await become('select id, name from lately order by id', [
    [1, 'c1'],
    [2, null],
    [3, null],
    [4, 'c1'],
  ]);
  await other.platform().query("update customer set name = 'later' where id = 1");
  await produce('visits', [visit(5, 1)]);
  // One is asked anew each time, of the other the answer is kept.
  await become('select id, name from known where id = 5', [[5, 'later']]);
  await become('select id, name from lately where id = 5', [[5, 'c1']]);
  await new Promise((resolve) => setTimeout(resolve, 3_100));
  await produce('visits', [visit(6, 1)]);
  await become('select id, name from lately where id = 6', [[6, 'later']]);
  // No more rows are kept than was said: the first of three is asked for again.
  await produce('visits', [visit(7, 2), visit(8, 3), visit(9, 1)]);
  await become('select id, name from lately where id > 6 order by id', [
    [7, 'c2'],
    [8, 'c3'],
    [9, 'later'],
  ]);
  const count = 2_500;
  await produce(
    'visits',
    Array.from({ length: count }, (_, at) => visit(100 + at, 10 + at)),
  );
  await become('select sum(n)::int4 as n from batches', [[count + 3]]);
  const [[asked] = []] = await rowsOf('select count(*)::int4 from batches');
  assert.ok(Number(asked) < 20, `${asked} questions for ${count} keys`);
  // Rows elsewhere can be asked for as well, beside others too.
  await become('select name from customer where id < 4 order by id', [['later'], ['c2'], ['c3']]);
  await become('select v.id, c.name from visits v join customer for system_time as of proctime() as c on v.who = c.id where v.id < 3', [
    [1, 'later'],
  ]);
  assert.match(String(await rowsOf('show create source kept')), /"lookup" = 'true', "lookup_cache_max_rows" = '2', "lookup_cache_ttl" = '3000 milli/);
  for (const [text, code] of [
    [`create source x (id int8) with (connection = 'crm', table = 'nothing', lookup = 'true')`, '42P01'],
    [`create source x (nope int8) with (connection = 'crm', table = 'customer', lookup = 'true')`, '42703'],
    [`create source x (tags int8) with (connection = 'crm', table = 'customer', lookup = 'true')`, '42846'],
    [`create source x (id int8) with (connection = 'crm', table = 'customer', lookup_cache_ttl = '1 s')`, '22023'],
    [`create source x (id int8) with (connection = 'crm', table = 'customer', lookup = 'true', lookup_cache_max_rows = '-1')`, '22023'],
    [`create source x (id int8) with (connection = 'crm', table = 'customer', lookup = 'true', publication = 'p')`, '22023'],
    [`create source x (id int8) with (connection = 'crm', table = 'customer', lookup = 'true', dead_letters = 'p')`, '22023'],
    ['create materialized view v as select * from customer', '0A000'],
    ['create materialized view v as select v.id from visits v join customer c on c.id = v.who', '0A000'],
    ['drop source customer', '2BP01'],
    ['drop connection crm', '2BP01'],
  ] as const)
    assert.equal(await told(text), code, text);
});

test('a view waits for a PostgreSQL that is down, says so, and goes on without a loss; others do not wait', { timeout: 100_000 }, async () => {
  await other.platform().script("create table part (id int4 primary key, name text); insert into part values (1, 'bolt'), (2, 'nut')");
  await client.query(`create source part (id int4, name text) with (connection = 'crm', table = 'part', lookup = 'true');
    create source needs (id int4, part int4) with (topic = 'needs', format = 'json');
    create materialized view needed as select n.id, p.name from needs n join part for system_time as of proctime() as p on n.part = p.id;
    create materialized view counted as select count(*)::int4 as n from needs`);
  await produce('needs', ['{"id":1,"part":1}']);
  await become('select id, name from needed', [[1, 'bolt']]);
  const { port } = gate.address() as AddressInfo;
  await closed();
  await produce('needs', ['{"id":2,"part":2}', '{"id":3,"part":3}']);
  await become('select n from counted', [[3]]);
  const reason = await house.until(
    () => failureOf('materialized views', 'needed', 6),
    (found) => found !== null,
  );
  assert.match(String(reason), /^"part" cannot be looked up: /);
  assert.match(String(await failureOf('sources', 'part', -1)), /^"part" cannot be looked up: /);
  assert.deepEqual(await rowsOf('select id, name from needed'), [[1, 'bolt']]);
  await produce('needs', ['{"id":4,"part":1}']);
  await become('select n from counted', [[4]]);
  // A table that is not there any more is waited for as well.
  await other.platform().query('alter table part rename to parts');
  await opened(port);
  await house.until(
    () => failureOf('materialized views', 'needed', 6),
    (found) => /does not exist/.test(String(found)),
  );
  await other.platform().query('alter table parts rename to part');
  await become('select id, name from needed order by id', [
    [1, 'bolt'],
    [2, 'nut'],
    [4, 'bolt'],
  ]);
  for (const [kind, name, place] of [
    ['materialized views', 'needed', 6],
    ['sources', 'part', -1],
  ] as const)
    assert.equal(
      await house.until(
        () => failureOf(kind, name, place),
        (found) => found === null,
      ),
      null,
    );
});

test('whatever step of an epoch is its last, each row has one answer, though each question has another', { timeout: 100_000 }, async () => {
  await other.platform().script(`create sequence answers; create table thing (id int4 primary key);
    insert into thing select n from generate_series(0, 9) n;
    create function answer() returns int8 volatile language sql as $$ select nextval('answers') $$;
    create view answering as select id, answer() as answer from thing`);
  await client.query(`create source answering (id int4, answer int8) with (connection = 'crm', table = 'answering', lookup = 'true');
    create source asks (id int4, thing int4) with (topic = 'asks', format = 'json');
    create table held (id int4 primary key, thing int4);
    create materialized view replies as select a.id, t.answer from asks a join answering for system_time as of proctime() as t on a.thing = t.id;
    create sink replies_out as select a.id, t.answer from asks a join answering for system_time as of proctime() as t on a.thing = t.id
      with (topic = 'replies', format = 'json');
    create sink held_out as select h.id, h.thing, t.answer from held h join answering for system_time as of proctime() as t on h.thing = t.id
      with (topic = 'held', format = 'json', envelope = 'debezium')`);
  const fallen = new Map<string, number>();
  let steps = 0;
  onStep((step) => {
    steps += 1;
    // So few of each that what falls does not wait for long.
    const times = fallen.get(step) ?? 0;
    if (steps % 4 !== 0 || times >= 4) return;
    fallen.set(step, times + 1);
    throw new Error(`fell at ${step}`);
  });
  const [rounds, size] = [12, 40];
  try {
    for (let round = 0; round < rounds; round += 1) {
      const ids = Array.from({ length: size }, (_, at) => round * size + at);
      await produce(
        'asks',
        ids.map((id) => `{"id":${id},"thing":${id % 10}}`),
      );
      await client.query(`insert into held values ${[0, 1, 2].map((at) => `(${round * 3 + at}, ${(round + at) % 10})`)}
        on conflict (id) do nothing`).catch(() => undefined);
      await client.query(`update held set thing = (thing + 1) % 10 where id % 3 = ${round % 3}`).catch(() => undefined);
      // Each round has a commit of its own.
      const count = (round + 1) * size;
      await become('select count(*)::int4, count(distinct id)::int4 from replies', [[count, count]]);
    }
  } finally {
    onStep(undefined);
  }
  const falls = [...fallen.values()].reduce((sum, times) => sum + times, 0);
  assert.ok(falls > 10 && fallen.has('epoch-computed') && fallen.has('epoch-committed'), JSON.stringify([...fallen]));
  await using log = logOf();
  const records = async (topic: string) =>
    (await Array.fromAsync(log.at('own').read(topic, AbortSignal.timeout(20_000)))).flat().map(({ value }) => String(value));
  const out = await house.until(
    () => records('replies'),
    ({ length }) => length >= rounds * size,
  );
  assert.deepEqual(
    out.map((text) => (JSON.parse(text) as { id: number }).id).sort((one, two) => one - two),
    Array.from({ length: rounds * size }, (_, id) => id),
    JSON.stringify([...fallen]),
  );
  // What goes is what came, and what is left is what the table has.
  const held = await rowsOf('select id, thing from held order by id');
  const left = async () => {
    const rows = new Map<number, string>();
    for (const text of await records('held')) {
      const { before, after } = JSON.parse(text) as { before: { id: number } | null; after: { id: number } | null };
      if (before) {
        assert.equal(rows.get(before.id), JSON.stringify(before), text);
        rows.delete(before.id);
      }
      if (after) rows.set(after.id, JSON.stringify(after));
    }
    return [...rows.values()].map((text) => JSON.parse(text) as { id: number; thing: number }).sort((one, two) => one.id - two.id);
  };
  const isSame = (rows: Awaited<ReturnType<typeof left>>) => JSON.stringify(rows.map(({ id, thing }) => [id, thing])) === JSON.stringify(held);
  const last = await house.until(left, isSame);
  assert.deepEqual(
    last.map(({ id, thing }) => [id, thing]),
    held,
    JSON.stringify([...fallen]),
  );
});
