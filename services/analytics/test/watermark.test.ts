import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Kafka } from 'kafkajs';
import pg from 'pg';
import { consumed as consumedBy } from './fixtures/consumed.ts';
import { type House, openHouse } from './fixtures/house.ts';

let house: House;
let client: pg.Client;
let kafka: Kafka;
before(async () => {
  house = await openHouse();
  client = new pg.Client({ ...house.login(), options: '-c datestyle=iso' });
  await client.connect();
  kafka = house.kafka();
});
after(async () => {
  await client?.end().catch(() => undefined);
  await house?.stop();
});

async function produce(topic: string, values: readonly object[], partition = 0): Promise<void> {
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic, messages: values.map((value) => ({ partition, value: JSON.stringify(value) })) });
  await producer.disconnect();
}

const consumed = (topic: string, count: number) => consumedBy(kafka, topic, count);

/** An error of a SQLSTATE, where the text has the mark. */
const refused = (text: string, code: string) => {
  const at = text.indexOf('^');
  const plain = text.replace('^', '');
  return assert.rejects(client.query(plain), (error: unknown) => {
    const { code: found, position, message } = error as pg.DatabaseError;
    assert.deepEqual([found, position], [code, at < 0 ? undefined : String(at + 1)], `${plain}: ${message}`);
    return true;
  });
};
const asTexts = { getTypeParser: () => (value: string) => value };
const rowsOf = async (text: string): Promise<(string | null)[][]> =>
  (await client.query({ text, rowMode: 'array', types: asTexts as never })).rows as (string | null)[][];
const settled = (text: string, isDone: (rows: (string | null)[][]) => boolean) => house.until(() => rowsOf(text), isDone);
const plan = async (text: string) => (await rowsOf(`explain ${text}`)).map(([line]) => line?.trim().replace(/ \(rows=\d+ cost=\d+\)$/, ''));

const at = (time: string) => `2024-05-06T${time}Z`;

test('a window is given out once, when the watermark has passed it; what comes later goes to the topic of late records', async () => {
  await client.query(`create source clicks (who text, n int8, watermark for at as at - interval '10 seconds', at timestamptz)
      with (topic = 'clicks', format = 'json', late = 'clicks.late');
    create materialized view minutes as select window_end, who, count(*) as c, sum(n) as n
      from tumble(clicks, at, interval '1 minute') group by who, window_start, window_end emit on window close;
    create materialized view now as select window_end, count(*) as c from tumble(clicks, at, interval '1 minute') group by window_end;
    create materialized view all_of_them as select who, n from clicks;
    create sink closed as select who, window_end, count(*) as c from tumble(clicks, at, interval '1 minute') group by who, window_end
      emit on window close with (topic = 'closed', format = 'json')`);
  const click = (who: string, n: number, time: string) => ({ who, n, at: at(time) });
  await produce('clicks', [click('a', 1, '10:00:01'), click('b', 2, '10:00:59'), click('a', 4, '10:01:05'), click('a', 8, '10:00:56')]);
  assert.deepEqual(await settled('select c from now order by window_end', (rows) => rows.length === 2), [['3'], ['1']]);
  assert.deepEqual(await rowsOf('select * from minutes'), []);
  // The watermark is at 10:01:00, and then at 10:02:00.
  await produce('clicks', [
    click('c', 16, '10:01:10'),
    click('a', 32, '10:00:59'),
    click('b', 64, '10:02:10'),
    { who: 'd', n: 1, at: null },
  ]);
  const minutes = await settled('select window_end::text, who, c, n from minutes order by 1, 2', (rows) => rows.length === 4);
  assert.deepEqual(minutes, [
    ['2024-05-06 10:01:00+00', 'a', '2', '9'],
    ['2024-05-06 10:01:00+00', 'b', '1', '2'],
    ['2024-05-06 10:02:00+00', 'a', '1', '4'],
    ['2024-05-06 10:02:00+00', 'c', '1', '16'],
  ]);
  const late = (await consumed('clicks.late', 6)).map(({ value, headers }) => [(JSON.parse(String(value)) as { n: number }).n, headers]);
  const own = late.filter(([, headers]) => (headers as Record<string, string>).view === 'minutes');
  assert.deepEqual(
    own.map(([n]) => n),
    [32, 1],
  );
  assert.match(String((own[0]?.[1] as Record<string, string>).reason), /it is late: 2024-05-06 10:00:59 is before 2024-05-06 10:01:00/);
  const closed = (await consumed('closed', 4)).map(({ value }) => Object.values(JSON.parse(String(value)) as object).join(' ')).sort();
  assert.deepEqual(closed, [
    ...['a 2024-05-06 10:01:00+00 2', 'a 2024-05-06 10:02:00+00 1'],
    ...['b 2024-05-06 10:01:00+00 1', 'c 2024-05-06 10:02:00+00 1'],
  ]);
  // A view that closes nothing has no use for a watermark.
  assert.deepEqual(await rowsOf('select count(*), sum(n) from all_of_them'), [['8', '128']]);
  const shown = (await rowsOf('show materialized views')).find(([name]) => name === 'minutes');
  assert.equal(shown?.[4], '2');
  assert.deepEqual(
    await plan(
      "create materialized view x as select window_end from tumble(clicks, at, interval '1 minute') group by window_end emit on window close",
    ),
    [
      ...['Pipeline', 'Output: window_end', '->  Emit On Close', 'Rows: until the watermark has passed window_end'],
      ...['->  Distinct', 'Group Key: window_end', 'State: until the watermark has passed window_end'],
      ...['->  Window tumble', 'Time: at', '->  Scan clicks', 'Watermark: at'],
    ],
  );
});

test('a partition without records holds the watermark back until it is idle; rows within the lateness correct what was given out', async () => {
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: 'parts', numPartitions: 3 }] });
  await admin.disconnect();
  await client.query(`create source parts (at timestamp, n int8, watermark for at as at)
      with (topic = 'parts', format = 'json', idle = '1 second', lateness = '1 hour');
    create materialized view hours as select window_end, sum(n) as n from tumble(parts, at, interval '1 hour') group by window_end
      emit on window close`);
  await refused(
    `create sink hourly as select window_end, sum(n) as n from tumble(parts, at, interval '1 hour') group by window_end
      emit on window close with (topic = 'hourly', format = 'json')`,
    '0A000',
  );
  const rows = {
    0: [
      ['10:40', 1],
      ['10:59', 2],
    ],
    2: [
      ['10:45', 4],
      ['11:30', 8],
    ],
  } as const;
  for (const partition of [0, 2] as const)
    await produce(
      'parts',
      rows[partition].map(([time, n]) => ({ at: `2024-05-06 ${time}`, n })),
      partition,
    );
  const hours = 'select window_end::text, n from hours order by 1';
  assert.deepEqual(await settled(hours, ([row]) => row?.[1] === '7'), [['2024-05-06 11:00:00', '7']]);
  // 11:30 less an hour: 10:50 is taken, 10:29 is not.
  const more = [
    ['10:50', 16],
    ['10:29', 32],
  ] as const;
  await produce(
    'parts',
    more.map(([time, n]) => ({ at: `2024-05-06 ${time}`, n })),
    1,
  );
  assert.deepEqual(await settled(hours, ([row]) => row?.[1] === '23'), [['2024-05-06 11:00:00', '23']]);
  const shown = await settled('show materialized views', (all) => all.some(([name, , , , bad]) => name === 'hours' && bad === '1'));
  assert.match(String(shown.find(([name]) => name === 'hours')?.[5]), /it is late: 2024-05-06 10:29:00 is before 2024-05-06 10:30:00/);
});

test('what would have to be remembered for ever is refused, with its place, unless it is said how long rows count', async () => {
  await client.query(`create source events (who text, n int8, at timestamp, other timestamp, watermark for at as at - interval '1' second)
      with (topic = 'events', format = 'json');
    create source towns (who text, town text) with (topic = 'towns', format = 'json')`);
  const view = 'create materialized view w as';
  for (const text of [
    `${view} select who, count(*) from events group by ^who`,
    `${view} select distinct ^who from events`,
    `${view} select l.n from ^events l join events m on l.who = m.who`,
    `${view} select l.n from ^events l join events m on l.who = m.who and l.at > m.at`,
    `${view} select town, n from ^events left join towns using (who)`,
    `${view} select n, sum(n) over ^(partition by who) from events`,
    `${view} select count(distinct who) from events`.replace('count', '^count'),
    `${view} select * from ^session(events, who, other, interval '1 minute')`,
    `${view} select who, window_end, count(*) from tumble(events, other, interval '1 minute') group by ^who, window_end`,
    `${view} select who from towns emit on window close`,
    `${view} select count(*) from events emit on window close`,
    `create materialized view w with (retention = '1 hour') as select who from towns`,
    `create materialized view w with (retention = '1 hour') as select n from events emit on window close`,
    `create source w (a text, ^watermark for a as lower(a)) with (topic = 'w', format = 'json')`,
    `create source w (a timestamp, watermark for a as a) with (topic = 'w', format = 'json', envelope = 'debezium')`,
  ])
    await refused(text, '0A000');
  await refused(`create source w (a text, watermark for a as a) with (topic = 'w', format = 'json')`, '42804');
  await refused(`create source w (a text, watermark for b as b) with (topic = 'w', format = 'json')`, '42703');
  await refused(`create source w (a timestamp, watermark ^for a) with (topic = 'w', format = 'json')`, '42601');
  await refused(`create source w (a timestamp) with (topic = 'w', format = 'json', late = 'x')`, '0A000');
  await refused(`create source w (a timestamp, watermark for a as a) with (topic = 'w', format = 'json', idle = 'x')`, '22007');
  await refused(`${view} select n from events emit ^on window`, '42601');
  await refused('explain select who from towns emit ^on window close', '42601');
  // Bounded: an aggregate of all, the first rows, rows that are joined within an interval, a view of the last hour.
  await client.query(`create materialized view total as select count(*) as c, sum(n) as n from events;
    create materialized view near as select l.who, l.n, m.n as other from events l join events m
      on l.who = m.who and m.at between l.at and l.at + interval '10 minutes' and m.n > l.n;
    create materialized view last_hour with (retention = '1 hour') as select who, count(*) as c, sum(n) as n from events group by who`);
  const event = (who: string, n: number, time: string) => ({ who, n, at: `2024-05-06 ${time}`, other: null });
  await produce('events', [event('a', 1, '10:00:00'), event('a', 2, '10:05:00'), event('b', 4, '10:06:00')]);
  assert.deepEqual(await settled('select who, c, n from last_hour order by who', (rows) => rows.length === 2), [
    ['a', '2', '3'],
    ['b', '1', '4'],
  ]);
  await produce('events', [event('a', 8, '11:05:30'), event('b', 16, '10:05:31')]);
  assert.deepEqual(await settled('select who, c, n from last_hour order by who', (rows) => rows.some(([, , n]) => n === '20')), [
    ['a', '1', '8'],
    ['b', '2', '20'],
  ]);
  assert.deepEqual(await settled('select who, n, other from near', (rows) => rows.length > 0), [['a', '1', '2']]);
  assert.deepEqual((await plan(`create materialized view w with (retention = '1 hour') as select who from events`)).slice(2), [
    ...['->  Retain', 'Rows: until the watermark has passed at by 01:00:00', '->  Scan events', 'Watermark: at'],
  ]);
});

test('a row is joined with the version that held at its time; subqueries see the row that they are asked for', async () => {
  await client.query(`create source rates (currency text, rate numeric, since timestamp, watermark for since as since)
      with (topic = 'rates', format = 'json');
    create source orders (id int8, currency text, amount numeric, at timestamp, watermark for at as at) with (topic = 'orders', format = 'json');
    create source plain (currency text, name text) with (topic = 'plain', format = 'json');
    create materialized view paid as select o.id, o.amount * r.rate as paid from orders o
      left join rates for system_time as of o.at as r on o.currency = r.currency;
    create sink paid_out as select o.id, r.rate from orders o join rates for system_time as of o.at r on o.currency = r.currency
      with (topic = 'paid', format = 'json')`);
  const time = (hour: string) => `2024-05-06 ${hour}`;
  await produce('rates', [
    { currency: 'EUR', rate: 2, since: time('10:00') },
    { currency: 'EUR', rate: 3, since: time('11:00') },
    { currency: 'NOK', rate: 5, since: time('12:30') },
  ]);
  await produce('orders', [
    { id: 1, currency: 'EUR', amount: 10, at: time('10:59') },
    { id: 2, currency: 'EUR', amount: 10, at: time('11:00') },
    { id: 3, currency: 'NOK', amount: 10, at: time('12:00') },
    { id: 4, currency: 'EUR', amount: 10, at: time('12:10') },
  ]);
  // The orders' watermark stands at 12:10, which is not passed.
  const paid = 'select id, paid from paid order by id';
  assert.deepEqual(await settled(paid, (rows) => rows.length === 3), [
    ['1', '20'],
    ['2', '30'],
    ['3', null],
  ]);
  assert.deepEqual((await consumed('paid', 2)).map(({ value }) => String(value)).sort(), ['{"id":1,"rate":2}', '{"id":2,"rate":3}']);
  // Asked once, all rows are there.
  const asked = `select o.id, r.rate from orders o left join rates for system_time as of o.at as r on o.currency = r.currency order by id`;
  assert.deepEqual(await rowsOf(asked), [
    ['1', '2'],
    ['2', '3'],
    ['3', null],
    ['4', '3'],
  ]);
  assert.deepEqual((await plan(asked)).slice(2, 5), [
    ...['->  Temporal Join left', 'Condition: currency = currency', 'As Of: at, by since'],
  ]);
  const most = `select currency, (select max(amount * 2) from orders o where o.currency = r.currency) as most from rates r
    where exists (select 1 from orders o where o.currency = r.currency and o.id > 1) and rate not in (select 2 from orders) order by rate`;
  assert.deepEqual(await rowsOf(most), [
    ['EUR', '20'],
    ['NOK', '20'],
  ]);
  const last = `select r.currency, l.id from rates r cross join lateral (select id from orders o where o.currency = r.currency order by id desc limit 1) l
    where rate <> 3 order by 1`;
  assert.deepEqual(await rowsOf(last), [
    ['EUR', '4'],
    ['NOK', '3'],
  ]);
  await refused(`select (select id from orders o where o.currency = r.currency) from rates r`, '21000');
  await refused('select id from orders where id ^in (select id, amount from orders)', '42601');
  assert.deepEqual(await rowsOf(`select count(*), (select 1) as one from orders`), [['4', '1']]);
  await refused('select 1 from orders o join ^plain for system_time as of o.at as p on o.currency = p.currency', '0A000');
  await refused(`select 1 from ^orders for system_time as of '2024-05-06'`, '0A000');
  const many = Array.from({ length: 14 }, (_, at) => `cross join lateral (select o.id + ${at} as id) l${at}`).join(' ');
  await refused(`select o.id from orders o ${many}`, '54001');
  await refused('select 1 from orders o right join lateral (select o.id) l on true', '42809');
});
