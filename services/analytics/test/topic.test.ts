import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { after, before, test } from 'node:test';
import { SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import type { Kafka } from 'kafkajs';
import pg from 'pg';
import { consumed as consumedBy } from './fixtures/consumed.ts';
import { type House, openHouse } from './fixtures/house.ts';

let house: House;
let client: pg.Client;
let kafka: Kafka;
before(async () => {
  house = await openHouse();
  client = new pg.Client(house.login());
  await client.connect();
  kafka = house.kafka();
});
after(async () => {
  await client?.end().catch(() => undefined);
  await house?.stop();
});

async function produce(topic: string, values: readonly (string | Buffer | null)[]): Promise<void> {
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic, messages: values.map((value) => ({ key: 'k', value })) });
  await producer.disconnect();
}

const consumed = (topic: string, count: number) => consumedBy(kafka, topic, count);

const refusedWith = (code: string) => (error: unknown) => {
  assert.equal((error as pg.DatabaseError).code, code, String(error));
  return true;
};
const rowsOf = async (text: string): Promise<unknown[][]> => (await client.query({ text, rowMode: 'array' })).rows as unknown[][];
const settled = (text: string, isDone: (rows: unknown[][]) => boolean) => house.until(() => rowsOf(text), isDone);
const registry = () => {
  const { username, password } = house.faces.basic;
  const host = house.platform.doors['log.registry']?.url ?? '';
  return new SchemaRegistry({ host, auth: { username, password } });
};

test('values are lines of CSV and texts as well as JSON', async () => {
  await client.query(`create source lines (id int8, what text, price numeric, at timestamp) with (topic = 'lines', format = 'csv');
    create source words (word text) with (topic = 'words', format = 'raw');
    create source bars (a int4, b text) with (topic = 'bars', format = csv, delimiter = '|', null = 'none');
    create materialized view prices as select what, count(*) n, sum(price) paid, max(at) at from lines group by what`);
  const csv = [
    '1,tea,2.50,2024-05-06 07:08:09\r\n',
    '9223372036854775807,"say ""x"", y",1e2,',
    '3,,,',
    '4,tea,0.25',
    'x,tea,1,',
    '5,"tea',
    '',
  ];
  await produce('lines', csv);
  await produce('words', ['one', 'zwei, drei', Buffer.from([0xff])]);
  await produce('bars', ['1|none', '2|', 'none|"none"']);
  const prices = await settled('select what, n, paid, at::text from prices order by what nulls first', (rows) => rows.length === 3);
  assert.deepEqual(prices, [
    [null, '1', null, null],
    ['say "x", y', '1', '100', null],
    ['tea', '1', '2.50', '2024-05-06 07:08:09'],
  ]);
  const shown = await settled('show materialized views', ([row]) => row?.[4] === '4');
  assert.match(String(shown[0]?.[5]), /offset 6: the CSV has 1 fields, and not 4/);
  assert.deepEqual(await rowsOf('select word from words order by word'), [['one'], ['zwei, drei']]);
  assert.deepEqual(await rowsOf('select a, b from bars order by a'), [
    [1, null],
    [2, ''],
    [null, 'none'],
  ]);
  for (const [text, code] of [
    [`create source w (a text, b text) with (topic = 'w', format = 'raw')`, '42P16'],
    [`create source w (a text) with (topic = 'w', format = 'xml')`, '0A000'],
    [`create source w (a text) with (topic = 'w', format = 'raw', envelope = 'debezium')`, '0A000'],
    [`create source w (a text) with (topic = 'w', format = 'json', delimiter = ';')`, '22023'],
    [`create source w (a text) with (topic = 'w', format = 'csv', delimiter = 'ab')`, '22023'],
    [`create source w (a text) with (topic = 'w', topic = 'v', format = 'csv')`, '42601'],
    [`create source w (a text) with (topic = 'w', format = 'csv', retention = '1')`, '0A000'],
  ] as const)
    await assert.rejects(client.query(text), refusedWith(code), text);
});

test('values of Avro and Protobuf are read by their schemas in the registry, each by the one that wrote it', async () => {
  const own = registry();
  const fields = [
    { name: 'id', type: 'long' },
    { name: 'who', type: ['null', 'string'], default: null },
    { name: 'amount', type: { type: 'bytes', logicalType: 'decimal', precision: 12, scale: 2 } },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'tags', type: { type: 'array', items: 'string' } },
  ];
  const schemaOf = (more: object[]) => ({
    type: SchemaType.AVRO as const,
    schema: JSON.stringify({ type: 'record', name: 'Order', fields: [...fields, ...more] }),
  });
  const first = await own.register(schemaOf([]) as never, { subject: 'avro-value' });
  const second = await own.register(schemaOf([{ name: 'city', type: 'string', default: '' }]) as never, { subject: 'avro-value' });
  await client.query(`create source orders (id int8, who text, amount numeric, at timestamptz, tags text, city text)
      with (topic = 'avro', format = 'avro');
    create materialized view known as select id, who, amount, at::text at, tags, city from orders`);
  const value = { id: 7, who: null, amount: Buffer.from([0xff, 0x85]), at: 1_700_000_000_120, tags: ['a', 'b'] };
  const unknown = Buffer.concat([Buffer.from([0, 0, 0, 0x7f, 0xff]), Buffer.from('abc')]);
  await produce('avro', [
    await own.encode(first.id, value),
    await own.encode(second.id, { ...value, id: 8, who: 'Åse', city: 'Oslo' }),
    Buffer.concat([await own.encode(first.id, value), Buffer.from([1])]),
    unknown,
    '{"id": 9}',
  ]);
  const rows = await settled('select * from known order by id', ({ length }) => length === 2);
  assert.deepEqual(rows, [
    ['7', null, '-1.23', '2023-11-14 22:13:20.12+00', '["a","b"]', null],
    ['8', 'Åse', '-1.23', '2023-11-14 22:13:20.12+00', '["a","b"]', 'Oslo'],
  ]);
  assert.ok(
    (await settled('show materialized views', (all) => all.some(([name, , , , bad]) => name === 'known' && bad === '3'))).length > 0,
  );
  const proto = `syntax = "proto3"; package shop; message Other { int32 x = 1; }
    message Order { int64 id = 1; string who = 2; repeated int32 counts = 3; State state = 4; enum State { NEW = 0; SENT = 1; } }`;
  const third = await own.register({ type: SchemaType.PROTOBUF, schema: proto }, { subject: 'proto-value', separator: '.' });
  await client.query(`create source messages (id int8, who text, counts text, state text) with (topic = 'proto', format = 'protobuf');
    create source counted (id int8, counts int4[]) with (topic = 'proto', format = 'protobuf')`);
  // This client leaves out the place of the message, which stands between the schema's number and the message.
  const message = Buffer.from([...[0x08, 0x2a], ...[0x12, 0x03, ...Buffer.from('Bob')], ...[0x1a, 0x02, 1, 2], ...[0x20, 1]]);
  const head = Buffer.alloc(5);
  head.writeInt32BE(third.id, 1);
  await produce('proto', [
    Buffer.concat([head, Buffer.from([2, 2]), message]),
    Buffer.concat([head, Buffer.from([2, 9]), message]),
    Buffer.concat([head, Buffer.from([0, 0x08, 3])]),
  ]);
  assert.deepEqual(await rowsOf('select * from messages where id is not null'), [['42', 'Bob', '[1,2]', 'SENT']]);
  assert.deepEqual(await rowsOf('select * from counted where id is not null'), [['42', [1, 2]]]);
  assert.deepEqual(await rowsOf('select count(*) from messages'), [['2']]);
});

test('changes that Debezium writes come and go, with and without their schema', async () => {
  await client.query(`create source rows (id int8, city text, n int4) with (topic = 'rows', format = 'json', envelope = 'debezium');
    create materialized view cities as select city, count(*) c, sum(n) n, max(n) most from rows group by city`);
  const change = (op: string, before: object | null, after: object | null) => ({ op, before, after, source: { table: 'rows' }, ts_ms: 1 });
  const row = (id: number, city: string, n: number) => ({ id, city, n });
  const told = [
    change('r', null, row(1, 'Oslo', 5)),
    { schema: { type: 'struct' }, payload: change('c', null, row(2, 'Oslo', 7)) },
    change('u', row(2, 'Oslo', 7), row(2, 'Bergen', 8)),
    change('c', null, row(3, 'Bergen', 1)),
    change('d', row(1, 'Oslo', 5), null),
    change('u', null, row(3, 'Oslo', 1)),
    change('t', null, null),
    row(4, 'Oslo', 1),
  ];
  await produce('rows', [...told.map((one) => JSON.stringify(one)), null]);
  const cities = await settled('select * from cities order by city', ([first]) => first?.[1] === '2');
  assert.deepEqual(cities, [['Bergen', '2', '9', 8]]);
  assert.deepEqual(await rowsOf('select id, city from rows order by id'), [
    ['2', 'Bergen'],
    ['3', 'Bergen'],
  ]);
  const shown = await settled('show materialized views', (all) => all.some(([name, , , , bad]) => name === 'cities' && bad === '3'));
  assert.match(String(shown.find(([name]) => name === 'cities')?.[5]), /it has no op/);
});

test('a sink writes the changes of a SELECT into a topic: rows that come, the last row of a key, insertions and deletions', async () => {
  await client.query(`create source sold (city text, n int8, price numeric) with (topic = 'sold', format = 'json');
    create materialized view towns as select city, count(*) as c, sum(n) as n, max(price) as most from sold group by city;
    create sink big as select city, n, price from sold where n > 5 with (topic = 'big', format = 'json', key = 'city', envelope = 'append');
    create sink if not exists big as select city from sold with (topic = 'big', format = 'json');
    create sink last from towns with (topic = 'last', format = 'json', key = 'city');
    create sink moves from towns with (topic = 'both', format = 'json', envelope = 'debezium');
    create source back (city text, c int8, n int8, most numeric) with (topic = 'both', format = 'json', envelope = 'debezium');
    create materialized view again as select * from back`);
  await produce('sold', ['{"city":"Oslo","n":9007199254740993,"price":1.50}', '{"city":"Bergen","n":2,"price":null}']);
  await settled('select count(*) from again', ([row]) => row?.[0] === '2');
  await produce('sold', ['{"city":"Oslo","n":7,"price":0.125}']);
  await settled('select n from again where c = 2', ({ length }) => length === 1);
  assert.deepEqual(await rowsOf('select * from again order by city'), await rowsOf('select * from towns order by city'));
  assert.deepEqual(
    (await consumed('big', 2)).map(({ key, value }) => [key, String(value)]),
    [
      ['{"city":"Oslo"}', '{"city":"Oslo","n":9007199254740993,"price":1.50}'],
      ['{"city":"Oslo"}', '{"city":"Oslo","n":7,"price":0.125}'],
    ],
  );
  const last = new Map((await consumed('last', 3)).map(({ key, value }) => [key, String(value)]));
  assert.deepEqual(Object.fromEntries(last), {
    '{"city":"Oslo"}': '{"city":"Oslo","c":2,"n":9007199254741000,"most":1.50}',
    '{"city":"Bergen"}': '{"city":"Bergen","c":1,"n":2,"most":null}',
  });
  const shown = (await rowsOf('show sinks')).map((row) => row.slice(0, 6));
  assert.deepEqual(shown, [
    ['big', 'sold', 'big', 'json', 'append', 'city'],
    ['last', 'towns', 'last', 'json', 'upsert', 'city'],
    ['moves', 'towns', 'both', 'json', 'debezium', ''],
  ]);
  for (const [text, code] of [
    [`create sink w from towns with (topic = 'w', format = 'json')`, '0A000'],
    [`create sink w from towns with (topic = 'w', format = 'json', key = 'c')`, '0A000'],
    [`create sink w from towns with (topic = 'w', format = 'json', key = 'none')`, '42703'],
    [`create sink w from sold with (topic = 'w', format = 'json', envelope = 'upsert')`, '22023'],
    [`create sink w from towns with (topic = 'w', format = 'csv')`, '0A000'],
    [`create sink w from nowhere with (topic = 'w', format = 'json')`, '42P01'],
    [`create sink w from towns`, '42601'],
    [`create sink last from sold with (topic = 'w', format = 'json')`, '42P07'],
    ['select * from big', '42P01'],
    ['drop materialized view towns', '2BP01'],
    ['drop sink nowhere', '42P01'],
  ] as const)
    await assert.rejects(client.query(text), refusedWith(code), text);
  await client.query('drop sink big; drop sink if exists big, last');
  assert.equal((await rowsOf('show sinks')).length, 1);
});

test('a sink in Avro registers its schemas, and its records are read by the unmodified client of the registry', async () => {
  await client.query(`create source measured (at timestamptz, day date, ok bool, f double precision, n numeric, who text)
      with (topic = 'measured', format = 'json');
    create sink latest as select who, max(at) as at, max(day) as day, bool_and(ok) as ok, max(f) as f, max(n) as n from measured group by who
      with (topic = 'latest', format = 'avro', key = 'who')`);
  await produce('measured', [
    '{"at":"2024-05-06T07:08:09.000001Z","day":"1969-12-31","ok":true,"f":0.1,"n":12345678901234567890.10,"who":"Åse"}',
  ]);
  const [record] = await consumed('latest', 1);
  const own = registry();
  const read = (await own.decode(record?.value as Buffer)) as Record<string, unknown>;
  const expected = { who: 'Åse', at: 1_714_979_289_000_001, day: -1, ok: true, f: 0.1, n: '12345678901234567890.10' };
  assert.deepEqual({ ...read }, expected);
  assert.equal(await own.getLatestSchemaId('latest-key'), Buffer.from(record?.key ?? '').readInt32BE(1));
  // What the sink writes is a source again.
  await client.query(`create source latest_again (who text, at timestamptz, n numeric) with (topic = 'latest', format = 'avro')`);
  assert.deepEqual(await rowsOf('select who, at::text, n from latest_again'), [
    ['Åse', '2024-05-06 07:08:09.000001+00', '12345678901234567890.10'],
  ]);
});

test('a sink in Protobuf registers its schemas, and its records are read by the unmodified client of the registry', async () => {
  await client.query(`create type stop as (place text, at int4);
    create source told (who text, n int8, small int4, f double precision, ok bool, price numeric, at timestamptz, tags text[], hits int4[], b bytea)
      with (topic = 'told', format = 'json');
    create sink plain from (select who, n, small, f, ok, price, tags, hits, row(who, small)::stop as last, small as "Row9" from told) with (topic = 'plain.proto', format = 'protobuf');
    create sink kept as select who, max(at) as at, count(*) as n from told group by who with (topic = 'kept.proto', format = 'protobuf', key = 'who')`);
  await produce('told', [
    '{"who":"Åse","n":-9223372036854775808,"small":-7,"f":0.1,"ok":false,"price":1.50,"at":"1969-12-31T23:59:59.999999Z","tags":["a",""],"hits":[1,-1,300]}',
    '{"who":null,"tags":null,"hits":[]}',
  ]);
  const records = await consumed('plain.proto', 2);
  const own = registry();
  const [first, second] = await Promise.all(records.map(({ value }) => own.decode(value as Buffer) as Promise<Record<string, unknown>>));
  const { n, last, ...more } = JSON.parse(JSON.stringify(first)) as Record<string, unknown>;
  assert.equal(String(n), '-9223372036854775808');
  assert.deepEqual(last, { place: 'Åse', at: -7 });
  assert.deepEqual(more, { who: 'Åse', small: -7, f: 0.1, ok: false, price: '1.50', tags: ['a', ''], hits: [1, -1, 300], Row9: -7 });
  assert.deepEqual({ ...JSON.parse(JSON.stringify(second)) }, { last: {} });
  // What the sink writes is a source again, times and absent values included.
  await client.query(`create source told_again (who text, n int8, f float8, tags text[], hits int4[], last stop) with (topic = 'plain.proto', format = 'protobuf');
    create source kept_again (who text, at timestamptz, n int8) with (topic = 'kept.proto', format = 'protobuf')`);
  assert.deepEqual(await rowsOf('select who, n, f, tags, hits, last::text from told_again order by who'), [
    ['Åse', '-9223372036854775808', 0.1, ['a', ''], [1, -1, 300], '(Åse,-7)'],
    [null, null, null, [], [], '(,)'],
  ]);
  await house.until(
    () => rowsOf('select who, at::text, n from kept_again order by who'),
    ({ length }) => length === 2,
  );
  assert.deepEqual(await rowsOf('select who, at::text, n from kept_again order by who'), [
    ['Åse', '1969-12-31 23:59:59.999999+00', '1'],
    [null, null, '1'],
  ]);
  const wrongName = 'select who as "a b" from told';
  await assert.rejects(rowsOf(`create sink s as ${wrongName} with (topic = 'no', format = 'protobuf')`), refusedWith('22023'));
});

test('records that a view cannot take go to the dead-letter topic of their source, each once, with place, reason and bytes', async () => {
  await client.query(`create source strict (n int4) with (topic = 'strict', format = 'json', dead_letters = 'strict.dead');
    create materialized view shares as select 100 / n as share, count(*) from strict group by 100 / n`);
  await produce('strict', ['{"n":1}', Buffer.from([0x7b, 0xff]), '{"n":0}', '{"n":4}', null]);
  const dead = await consumed('strict.dead', 3);
  assert.deepEqual(
    dead.map(({ key, value, headers }) => [key, value?.toString('hex') ?? null, headers.offset, headers.topic, headers.view]),
    [
      ['k', '7bff', '1', 'strict', 'shares'],
      ['k', null, '4', 'strict', 'shares'],
      ['k', Buffer.from('{"n":0}').toString('hex'), '2', 'strict', 'shares'],
    ],
  );
  assert.match(dead[2]?.headers.reason ?? '', /division by zero/);
  assert.deepEqual(await rowsOf('select share from shares order by 1'), [[25], [100]]);
});

test('a source begins at its oldest record, or where it is told to', async () => {
  const producer = kafka.producer();
  await producer.connect();
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: 'starts', numPartitions: 2 }] });
  await admin.disconnect();
  const put = (partition: number, n: number, at: number) =>
    producer.send({ topic: 'starts', messages: [{ partition, value: `{"n":${n}}`, timestamp: String(at) }] });
  // Younger than what the log keeps.
  const first = Date.now() - 24 * 3_600_000;
  const later = new Date(first + 1_800_000).toISOString();
  for (const [at, n] of [1, 2, 3].entries()) await put(0, n, first + at * 3_600_000);
  await put(1, 10, first);
  const made: readonly (readonly [name: string, start: string, wanted: string])[] = [
    ['whole', '', '1 2 3 4 10 11'],
    ['oldest', `, start = 'earliest'`, '1 2 3 4 10 11'],
    ['newest', `, start = 'latest'`, '4 11'],
    ['later', `, start = '${later}'`, '2 3 4 11'],
    ['never', `, start = '2100-01-01'`, '4 11'],
    ['placed', `, start = '0:1, 1:0'`, '2 3 4 10 11'],
    ['half', `, start = '1:1'`, '1 2 3 4 11'],
  ];
  for (const [name, start] of made) {
    await client.query(`create source ${name} (n int4) with (topic = 'starts', format = 'json'${start})`);
    await client.query(`create materialized view of_${name} as select n from ${name}`);
  }
  await put(0, 4, first + 9 * 3_600_000);
  await put(1, 11, first + 9 * 3_600_000);
  await producer.disconnect();
  for (const [name, , wanted] of made) {
    const asText = (rows: unknown[][]) => rows.flat().join(' ');
    assert.equal(asText(await settled(`select n from of_${name} order by n`, (rows) => asText(rows) === wanted)), wanted, name);
    assert.equal(asText(await rowsOf(`select n from ${name} order by n`)), wanted, `${name} asked`);
  }
  for (const [start, code] of [
    ['2:0', '22023'],
    ['soon', '22023'],
    ['0:x', '22023'],
  ] as const)
    await assert.rejects(
      client.query(`create source wrong (n int4) with (topic = 'starts', format = 'json', start = '${start}')`),
      refusedWith(code),
      start,
    );
});

test('who may not write to a topic makes no sink into it and sends no refused records there', async () => {
  const someone = await house.credential();
  const text = `forbid (principal == Gamut::Principal::"service-${someone.id}", action == log::Action::"Produce", resource == log::Topic::"guarded");`;
  assert.equal((await house.call('POST', '/v1/platform/policies', { name: 'guard', text })).status, 201);
  await client.query(`create source free (n int4) with (topic = 'free', format = 'json');
    create source safe (n int4) with (topic = 'safe', format = 'json', dead_letters = 'guarded')`);
  const own = new pg.Client(house.login(someone));
  await own.connect();
  await assert.rejects(own.query(`create sink leak from free with (topic = 'guarded', format = 'json')`), refusedWith('42501'));
  const source = `create source unsafe (n int4) with (topic = 'free', format = 'json', dead_letters = 'guarded')`;
  await assert.rejects(own.query(source), refusedWith('42501'));
  await own.query(`create sink fine from free with (topic = 'open', format = 'json')`);
  await own.end();
  const reader = new pg.Client(house.login(await house.credential({ role: 'reader' })));
  await reader.connect();
  await assert.rejects(reader.query(`create sink other from free with (topic = 'open', format = 'json')`), refusedWith('42501'));
  await assert.rejects(reader.query('drop sink fine'), refusedWith('42501'));
  await reader.end();
});

/** The process in which DuckDB answers. */
function duckProcess(): number {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
    try {
      const isOurs = readFileSync(`/proc/${pid}/status`, 'latin1').includes(`PPid:\t${process.pid}\n`);
      if (isOurs && readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('duck/duck.main')) return Number(pid);
    } catch {
      // It ended meanwhile.
    }
  throw new Error('there is no such process');
}

/** Kills it, and waits until it is gone: who asks while it ends is told to ask again. */
async function endDuck(): Promise<void> {
  const pid = duckProcess();
  process.kill(pid, 'SIGKILL');
  await house.until(
    async () => existsSync(`/proc/${pid}`),
    (isThere) => !isThere,
  );
}

test('questions to long topics are answered by DuckDB as by views, over what was read and what came since', async () => {
  await client.query(`create table lands (city text primary key, land text) with (history = '1 hour');
    create materialized view had with (history = '1 hour') as select land, count(*) as n from lands group by land;
    insert into lands values ('c1', 'north'), ('c2', 'south'), ('c3', null);
    create source lots (id int8, city text, amount numeric, at timestamp) with (topic = 'lots', format = 'json')`);
  const lot = (id: number) =>
    JSON.stringify({
      ...{ id: id % 100 === 0 ? '9007199254740993' : id, city: id % 11 === 0 ? null : `c${id % 7}`, amount: `${id % 13}.${id % 9}0` },
      at: new Date(1_700_000_000_000 + id * 60_000).toISOString().replace('Z', ''),
    });
  const count = 21_000;
  for (let from = 0; from < count; from += 7000)
    await produce(
      'lots',
      Array.from({ length: 7000 }, (_, at) => lot(from + at)),
    );
  await produce('lots', ['{"id":1,"amount":"x","city":"none"}', 'no json', '{"id":"none"}']);
  const asked = [
    'select city, count(*) n, sum(id) ids, sum(amount) paid, avg(amount) mean, min(at) at, max(amount) most from lots group by city',
    `select land, count(*), sum(amount * 2 + 1) from lots l left join lands s on l.city = s.city where amount > 3.5 group by land having count(*) > 5`,
    `select date_trunc('month', at) m, count(distinct city) c from lots where city like 'c%' group by 1`,
    `select window_start, count(*) from tumble(lots, at, interval '1 day') where id % 3 = 0 group by window_start`,
  ];
  for (const [at, text] of asked.entries()) await client.query(`create materialized view lots${at} as ${text}`);
  const same = async () => {
    for (const [at, text] of asked.entries()) {
      const own = (await rowsOf(text)).map((row) => JSON.stringify(row)).sort();
      const isSame = (rows: unknown[][]) => JSON.stringify(rows.map((row) => JSON.stringify(row)).sort()) === JSON.stringify(own);
      const kept = await settled(`select * from lots${at}`, isSame);
      assert.deepEqual(kept.map((row) => JSON.stringify(row)).sort(), own, text);
    }
  };
  await same();
  for (const text of asked) assert.match((await rowsOf(`explain ${text}`)).join('\n'), /Engine: DuckDB, with all below/);
  const process = duckProcess();
  // Whether a record fits is told by the columns that are read.
  assert.deepEqual(await rowsOf('select count(id) from lots'), [[String(count + 1)]]);
  assert.deepEqual(await rowsOf('select count(amount) from lots'), [[String(count)]]);
  await produce(
    'lots',
    Array.from({ length: 50 }, (_, at) => lot(count + at)),
  );
  await same();
  const first = await client.query({
    text: 'select id, at from lots where city = $1 order by at desc, id limit 2 offset 1',
    values: ['c1'],
  });
  assert.deepEqual(
    first.rows.map(({ id }) => id),
    [String(count + 29), String(count + 22)],
  );
  await assert.rejects(rowsOf('select sum(1 / (id - id)) from lots'), refusedWith('22012'));
  await assert.rejects(rowsOf('select sum(id * 4611686018427387904) from lots'), refusedWith('22003'));
  assert.equal(duckProcess(), process);
  // Long work, which is ended from either side.
  const slow = 'select count(*) from lots a join lots b on a.city = b.city join lots c on b.city = c.city';
  const cancelled = assert.rejects(rowsOf(slow), refusedWith('57014'));
  await setTimeout(300);
  const { processID, secretKey } = client as unknown as { processID: number; secretKey: number };
  const cancel = connect({ host: client.host, port: client.port });
  const packet = Buffer.alloc(16);
  [16, 80877102, processID, secretKey].forEach((word, at) => packet.writeInt32BE(word, at * 4));
  cancel.end(packet);
  await cancelled;
  assert.deepEqual(await rowsOf('select count(amount) from lots'), [[String(count + 50)]]);
  const own = duckProcess();
  const killed = assert.rejects(rowsOf(slow), refusedWith('57P03'));
  await setTimeout(300);
  globalThis.process.kill(own, 'SIGKILL');
  await killed;
  assert.deepEqual(await rowsOf('select count(amount) from lots'), [[String(count + 50)]]);
  assert.notEqual(duckProcess(), own);
  // Views beside a topic, and a table that is asked often and changes.
  const beside = 'select count(*), sum(v.n) from lots l join lots0 v on l.city = v.city';
  const [[pairs, weighted] = []] = await rowsOf('select sum(n), sum(n * n) from lots0 where city is not null');
  assert.deepEqual(await rowsOf(beside), [[pairs, weighted]]);
  // As a view and a table were at a moment, beside a topic as it is.
  const landed = (at: string) => `select s.land, count(*), max(h.n) from lots l join lands ${at} s on l.city = s.city
    left join had ${at} h on h.land is not distinct from s.land group by s.land order by s.land`;
  const then = await rowsOf(landed(''));
  const moment = new Date();
  await house.until(
    async () => Date.now(),
    (now) => now > moment.getTime(),
  );
  await client.query(`update lands set land = 'east' where city = 'c1'; insert into lands values ('c4', 'south')`);
  await settled('select land, n from had order by land', (rows) => JSON.stringify(rows[0]) === '["east","1"]');
  await endDuck();
  const past = landed(`for system_time as of '${moment.toISOString()}'`);
  assert.deepEqual(await rowsOf(past), then);
  assert.ok(duckProcess());
  assert.match((await rowsOf(`explain ${past}`)).join('\n'), /Engine: DuckDB, with all below/);
  assert.notDeepEqual(await rowsOf(landed('')), then);
  await client.query(`create table big (id int8 primary key, s text, v int8);
    insert into big select n, 's' || n % 5, n from generate_series(1, 50000) n`);
  await endDuck();
  const groups = 'select s, count(*), sum(v) from big group by s order by s';
  const [sums] = await rowsOf(groups);
  for (let count = 0; count < 18; count += 1) assert.deepEqual((await rowsOf(groups))[0], sums);
  assert.ok(duckProcess());
  await client.query(`update big set v = v + 7 where id = 5`);
  assert.deepEqual((await rowsOf(groups))[0], [sums?.[0], sums?.[1], String(Number(sums?.[2]) + 7)]);
});

test('who may not read a topic is not answered from what lies in memory of it', async () => {
  const someone = await house.credential();
  const text = `forbid (principal == Gamut::Principal::"service-${someone.id}", action == log::Action::"Fetch", resource == log::Topic::"lots");`;
  assert.equal((await house.call('POST', '/v1/platform/policies', { name: 'lots', text })).status, 201);
  const reader = new pg.Client(house.login(someone));
  await reader.connect();
  await assert.rejects(reader.query('select count(amount) from lots'), refusedWith('42501'));
  await reader.end();
});
