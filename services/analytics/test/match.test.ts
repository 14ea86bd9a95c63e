import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { type House, openHouse } from './fixtures/house.ts';

let house: House;
let client: pg.Client;
before(async () => {
  house = await openHouse();
  client = new pg.Client({ ...house.login(), options: '-c datestyle=iso' });
  await client.connect();
});
after(async () => {
  await client?.end().catch(() => undefined);
  await house?.stop();
});

async function produce(topic: string, values: readonly object[]): Promise<void> {
  const producer = house.kafka().producer();
  await producer.connect();
  await producer.send({ topic, messages: values.map((value) => ({ partition: 0, value: JSON.stringify(value) })) });
  await producer.disconnect();
}

const asTexts = { getTypeParser: () => (value: string) => value };
const rowsOf = async (text: string, values: unknown[] = []): Promise<(string | null)[][]> =>
  (await client.query({ text, values, rowMode: 'array', types: asTexts as never })).rows as (string | null)[][];
const linesOf = async (text: string, values: unknown[] = []) =>
  (await rowsOf(text, values)).map((row) => row.map((each) => each ?? '-').join(' '));
const settled = (text: string, isDone: (lines: string[]) => boolean) => house.until(() => linesOf(text), isDone);

/** An error of a SQLSTATE, where the text has the mark. */
const refused = (text: string, code: string) => {
  const at = text.indexOf('~');
  const plain = text.replace('~', '');
  return assert.rejects(client.query(plain), (error: unknown) => {
    const { code: found, position, message } = error as pg.DatabaseError;
    assert.deepEqual([found, position], [code, at < 0 ? undefined : String(at + 1)], `${plain}: ${message}`);
    return true;
  });
};

const series = (prices: readonly number[]) =>
  `(select * from (values ${prices.map((price, at) => `(${at + 1}, ${price})`).join(', ')}) v(day, price))`;

test('the examples that are known of patterns have the answers that are known', async () => {
  // Falls and rises of a price, each beginning where the last one ended.
  const acme = series([12, 17, 19, 21, 25, 12, 15, 20, 24, 25, 19, 15, 25, 25, 14, 12, 14, 24, 23, 22]);
  const falls = `order by day measures strt.day as start_day, last(down.day) as bottom_day, last(up.day) as end_day`;
  const vee = `after match skip to last up pattern (strt down+ up+) define down as down.price < prev(down.price), up as up.price > prev(up.price)`;
  assert.deepEqual(await linesOf(`select mr.* from ${acme} MATCH_RECOGNIZE (${falls} one row per match ${vee}) as mr order by 1`), [
    ...['5 6 10', '10 12 13', '14 16 18'],
  ]);
  const orders = `(select * from (values ('cust_1', date '2020-05-11', 100), ('cust_1', date '2020-05-12', 200), ('cust_2', date '2020-05-13', 8),
    ('cust_1', date '2020-05-14', 100), ('cust_2', date '2020-05-15', 4), ('cust_1', date '2020-05-16', 50),
    ('cust_1', date '2020-05-17', 100), ('cust_2', date '2020-05-18', 6)) v(customer, day, price))`;
  const bottoms = `select customer, start_price, bottom_price, final_price, start_day, final_day from ${orders} match_recognize (
    partition by customer order by day
    measures start.price as start_price, last(down.price) as bottom_price, last(up.price) as final_price,
      start.day as start_day, last(up.day) as final_day
    one row per match after match skip past last row
    pattern (start down+ up+) define down as price < prev(price), up as price > prev(price)) order by customer`;
  assert.deepEqual(await linesOf(bottoms), ['cust_1 200 50 100 2020-05-12 2020-05-17', 'cust_2 8 4 6 2020-05-13 2020-05-18']);
  // The longest stretches whose mean stays below 15.
  const mean = `order by day measures first(a.day) as start_day, last(a.day) as end_day, round(avg(a.price), 2) as mean
    one row per match after match skip past last row pattern (a+ b) define a as avg(a.price) < 15`;
  assert.deepEqual(
    await linesOf(`select * from ${series([12, 17, 13, 16, 25, 2, 4, 10, 15, 25, 25, 30])} match_recognize (${mean}) order by 1`),
    [...['1 4 14.50', '6 11 13.50']],
  );
  const short = series([90, 80, 70, 80]);
  const all = (clause: string) => linesOf(`select * from ${short} match_recognize (order by day ${clause}) order by day`);
  const fall = 'define b as b.price < prev(b.price)';
  assert.deepEqual(
    await all(`measures match_number() as n, classifier() as label, running last(b.price) as so_far, final last(b.price) as lowest, count(*) as c,
      sum(b.price) as total all rows per match pattern (a b+ c?) ${fall}, c as c.price > prev(c.price)`),
    ['1 1 A - 70 1 - 90', '2 1 B 80 70 2 80 80', '3 1 B 70 70 3 150 70', '4 1 C 70 70 4 150 80'],
  );
  const labels = 'measures classifier() as label, match_number() as n';
  assert.deepEqual(await all(`${labels} all rows per match pattern (b*) ${fall}`), ['1 - 1 90', '2 B 2 80', '3 B 2 70', '4 - 3 80']);
  assert.deepEqual(await all(`${labels} all rows per match omit empty matches pattern (b*) ${fall}`), ['2 B 2 80', '3 B 2 70']);
  assert.deepEqual(await all(`${labels} all rows per match with unmatched rows pattern (a b+?) ${fall}`), [
    ...['1 A 1 90', '2 B 1 80', '3 - - 70', '4 - - 80'],
  ]);
  assert.deepEqual(await all(`${labels} all rows per match pattern (^ a {- b+ -} c $) ${fall}`), ['1 A 1 90', '4 C 1 80']);
  assert.deepEqual(await all(`${labels} all rows per match pattern (()) `), ['1 - 1 90', '2 - 2 80', '3 - 3 70', '4 - 4 80']);
  assert.deepEqual(
    await linesOf(
      `select * from ${short} match_recognize (order by day
        measures classifier(u) as label, first(u.day) as f, avg(u.price) as mean, next(last(u.price)) as after, prev(first(u.price, 1)) as before
        after match skip to next row pattern (permute(a, b) "c") subset u = (a, b) define a as price > $1, b as price = 80)`,
      [75],
    ),
    ['B 1 85.0000000000000000 70 90'],
  );
});

test('what is wrong with a pattern is told with its place, and what goes on in too many ways ends', async () => {
  const select = `select * from ${series([1, 2])} match_recognize (order by day measures`;
  await refused(`${select} a.day as d pattern (a b{2 ~c))`, '42601');
  await refused(`${select} a.day as d pattern (a) define ~c as true)`, '42703');
  await refused(`${select} ~x.day as d pattern (a))`, '42P01');
  await refused(`${select} a.~none as d pattern (a))`.replace('a.~none', '~a.none'), '42703');
  await refused(`${select} a.day as d pattern (a) define a as ~final last(day) > 1)`, '42601');
  await refused(`${select} first(a.day + ~b.day) as d pattern (a b))`, '42601');
  await refused(`select 1 ~match_recognize (pattern (a))`, '42601');
  await refused(`select * from ${series([1])} ~match_recognize (order by day)`, '42601');
  await refused(`select * from ${series([1])} ~match_recognize (order by day pattern (a) within interval '1 day')`, '42804');
  await refused(`select * from ${series([1])} ~match_recognize (order by day pattern (permute(a, b, c, d, e, f, g, h)))`, '54001');
  await refused(`${select} a.day as d after match skip to first a pattern (a b))`, '22023');
  const powers = series(Array.from({ length: 24 }, (_, at) => 2 ** at));
  await refused(`select * from ${powers} match_recognize (order by day pattern ((a | b)* c) define c as sum(a.price) < 0)`, '54001');
  const nothing = `select * from ${series([1])} match_recognize (order by day measures 1 as one pattern (((((){5000}){5000}){5000}){5000}))`;
  assert.deepEqual(await linesOf(nothing), ['1']);
  // Runs that know the same are one: what would be tried in 2^200 ways is tried in a few.
  const ones = series(Array.from({ length: 200 }, () => 1));
  const count = `select * from ${ones} match_recognize (order by day measures count(*) as c pattern ((a | b)* (a | b)* c?) define c as price > 1)`;
  assert.deepEqual(await linesOf(count), ['200']);
});

test('a view matches rows as the watermark passes them, tells what did not come in time, and forgets both', async () => {
  await client.query(
    `create source ticker (symbol text, price int8, at timestamp, watermark for at as at - interval '2 seconds')
      with (topic = 'ticker', format = 'json', late = 'ticker.late');
    create materialized view dips as select * from ticker match_recognize (partition by symbol order by at
      measures start_row.at as since, last(price_down.at) as bottom, last(price_up.at) as until
      one row per match after match skip to last price_up
      pattern (start_row price_down+ price_up) within interval '1 hour'
      define price_down as (last(price_down.price, 1) is null and price_down.price < start_row.price) or price_down.price < last(price_down.price, 1),
        price_up as price_up.price > last(price_down.price, 1)) mr;
    create materialized view ratios as select * from ticker match_recognize (order by at measures a.price as one, b.price as other
      pattern (a b) within interval '1 minute' define b as 100 / b.price > 5);
    create source steps (who text, what text, at timestamp, watermark for at as at) with (topic = 'steps', format = 'json');
    create materialized view logins as select * from steps match_recognize (partition by who order by at
      measures a.at as since, b.at as done, match_timed_out() as missed
      one row per match with timeout rows pattern (a x*? b) within interval '10 minutes'
      define a as what = 'login', x as what <> 'login', b as what = 'confirm')`,
  );
  const tick = (price: number, second: number) => ({ symbol: 'ACME', price, at: `2011-04-01 10:00:${String(second).padStart(2, '0')}` });
  const prices = [12, 17, 19, 21, 25, 18, 15, 14, 24, 25, 19];
  const ticks = prices.map(tick);
  // Out of order within the delay.
  await produce('ticker', [...ticks.slice(0, 6), ...ticks.slice(6, 8).reverse(), ...ticks.slice(8)]);
  const dips = 'select symbol, since, bottom, until from dips';
  assert.deepEqual(await linesOf(dips), []);
  await produce('ticker', [tick(0, 11), tick(20, 30), { symbol: 'X', price: 1, at: '2011-04-01 09:00:00' }]);
  assert.deepEqual(await settled(dips, (lines) => lines.length > 0), ['ACME 2011-04-01 10:00:04 2011-04-01 10:00:07 2011-04-01 10:00:08']);
  const rejected = async (name: string) => (await rowsOf('show materialized views')).find(([own]) => own === name)?.slice(4, 6) ?? [];
  // The late row, and the one that cannot be divided by.
  const [counted, why] = await house.until(
    () => rejected('ratios'),
    ([found]) => found === '2',
  );
  assert.equal(counted, '2');
  assert.match(String(why), /a row of 2011-04-01 10:00:11 was left out of a match: division by zero|it is late/);
  const step = (who: string, what: string, time: string) => ({ who, what, at: `2024-05-06 ${time}` });
  await produce('steps', [
    step('a', 'login', '10:00:00'),
    step('b', 'login', '10:00:01'),
    step('a', 'look', '10:00:02'),
    step('a', 'confirm', '10:05:00'),
    step('b', 'confirm', '10:10:01'),
    step('c', 'login', '10:15:00'),
  ]);
  const logins = 'select who, since, done, missed from logins order by who';
  assert.deepEqual(await settled(logins, (lines) => lines.length === 2), [
    ...['a 2024-05-06 10:00:00 2024-05-06 10:05:00 f', 'b 2024-05-06 10:00:01 - t'],
  ]);
  // Nothing of a partition need come for its time to be up.
  await produce('steps', [step('d', 'login', '10:30:00')]);
  assert.deepEqual((await settled(logins, (lines) => lines.length === 3)).at(-1), 'c 2024-05-06 10:15:00 - t');
  // The same asked once: the last one has begun, and with all rows there are it cannot be completed.
  const [, asked] = /as (select[^]*)$/.exec(
    `as select who, since, done, missed from steps match_recognize (partition by who order by at
      measures a.at as since, b.at as done, match_timed_out() as missed
      one row per match with timeout rows pattern (a x*? b) within interval '10 minutes'
      define a as what = 'login', x as what <> 'login', b as what = 'confirm') order by who`,
  ) as unknown as [string, string];
  assert.deepEqual(await linesOf(asked), [...(await linesOf(logins)), 'd 2024-05-06 10:30:00 - t']);
  const plan = (
    await linesOf(
      `explain select * from steps match_recognize (partition by who order by at pattern (a+ "b c"?) within interval '1 minute')`,
    )
  ).map((line) => line.trim().replace(/ \(rows=\d+ cost=\d+\)$/, ''));
  assert.deepEqual(plan.slice(2, 7), [
    ...['->  Match one row', 'Partition: who', 'Order: at', 'Pattern: A{1,} "b c"{0,1}', 'Within: 00:01:00'],
  ]);
});

test('a pattern that would need something for ever is refused, unless partitions end or rows count for a time', async () => {
  await client.query(`create source facts (k text, n int8, at timestamp, watermark for at as at) with (topic = 'facts', format = 'json')`);
  const view = (clause: string) => `create materialized view w as select * from facts ~match_recognize (${clause})`;
  for (const clause of [
    'order by at measures count(*) as c pattern (a b* c)',
    'order by n measures a.n as c pattern (a b)',
    'partition by k order by at measures a.n as c pattern (a b)',
    `partition by k order by at measures match_number() as c pattern (a b) within interval '1 hour'`,
    `partition by k order by at measures a.n as c pattern (a b) within interval '1 hour' define a as n > prev(n)`,
    `partition by k order by at measures a.n as c pattern (a b) within interval '1 hour' define b as n > next(n)`,
    `partition by k order by at measures a.n as c pattern (^ a b) within interval '1 hour'`,
    `order by at measures a.n as c pattern (a b $) within interval '1 hour'`,
  ])
    await refused(view(clause), '0A000');
  await client.query(`create materialized view kept with (retention = '1 hour') as select k, n from facts match_recognize (partition by k order by at
      measures match_number() as number, a.n as n pattern (a b $) define b as n > prev(n));
    create materialized view hourly as select * from tumble(facts, at, interval '1 hour') match_recognize (partition by k, window_end order by at
      measures count(*) as c, match_number() as number pattern (^ a b* $) define b as n > prev(n));
    create materialized view sums as select * from (select k, window_end, sum(n) as n from tumble(facts, at, interval '1 hour') group by k, window_end)
      match_recognize (order by window_end measures match_number() as number, prev(first(n)) as before, last(n) as n
      pattern (a b) define b as n > prev(n))`);
  const fact = (k: string, n: number, time: string) => ({ k, n, at: `2024-05-06 ${time}` });
  await produce('facts', [
    ...[fact('x', 1, '10:00'), fact('x', 2, '10:10'), fact('y', 5, '10:20'), fact('y', 4, '10:30')],
    ...[fact('x', 9, '11:10'), fact('x', 8, '12:10'), fact('x', 10, '12:20')],
  ]);
  assert.deepEqual(await settled('select k, n from kept', ([line]) => line === 'x 8'), ['x 8']);
  assert.deepEqual(await settled('select k, window_end, c, number from hourly order by window_end, k', (lines) => lines.length === 2), [
    ...['x 2024-05-06 11:00:00 2 1', 'x 2024-05-06 12:00:00 1 1'],
  ]);
  // Hours in their order, then all columns: x 3 and y 9 until 11:00, x 9 until 12:00.
  assert.deepEqual(await settled('select number, before, n from sums', (lines) => lines.length === 1), ['1 - 9']);
});
