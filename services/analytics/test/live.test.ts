import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import type { Producer } from 'kafkajs';
import pg from 'pg';
import { onStep } from '../store/step.ts';
import { type House, openHouse } from './fixtures/house.ts';

let house: House;
let client: pg.Client;
let producer: Producer;
const told: { path: string; body: unknown }[] = [];
const receiver = createServer((request, response) => {
  let text = '';
  request.on('data', (chunk) => (text += chunk));
  request.on('end', () => {
    told.push({ path: request.url ?? '', body: JSON.parse(text) });
    response.end();
  });
});
let address = '';
before(async () => {
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  address = `127.0.0.1:${(receiver.address() as { port: number }).port}`;
  house = await openHouse({ settings: { outbound: [address] } });
  client = new pg.Client(house.login());
  await client.connect();
  producer = house.kafka().producer();
  await producer.connect();
  await client.query(`create source orders (city text, n int8) with (topic = 'orders', format = 'json');
    create materialized view sales as select city, sum(n) as n from orders group by city`);
});
after(async () => {
  onStep(undefined);
  await producer?.disconnect().catch(() => undefined);
  await client?.end().catch(() => undefined);
  await house?.stop();
  receiver.close();
  receiver.closeAllConnections();
});

const order = (city: string, n: number) =>
  producer.send({ topic: 'orders', messages: [{ value: JSON.stringify({ city, n }) }] }).then(() => undefined);

type Line = readonly (string | null)[];

/** What a subscriber is told, line by line. */
async function subscribed(text: string): Promise<{ lines: Line[]; end: () => Promise<void> }> {
  const own = new pg.Client(house.login());
  await own.connect();
  own.on('error', () => undefined);
  const lines: Line[] = [];
  const query = new pg.Query({ text, rowMode: 'array', types: { getTypeParser: () => String } } as never);
  query.on('row', (row: unknown) => lines.push(row as Line));
  query.on('error', () => undefined);
  own.query(query);
  return { lines, end: () => own.end() };
}

const enough = (lines: readonly Line[], count: number) =>
  house.until(
    async () => [...lines],
    ({ length }) => length >= count,
  );
const withoutEpoch = (lines: readonly Line[]) => lines.map((line) => line.slice(1));

test('a subscriber is told at once what changes, and then that it stays; what is undone is taken back; WITH (COMMITTED) waits', async () => {
  await order('Oslo', 1);
  await house.until(
    async () => (await client.query('select n from sales')).rows,
    ({ length }) => length === 1,
  );
  const [open, closed] = [await subscribed('subscribe to sales'), await subscribed('subscribe to sales with (committed)')];
  assert.deepEqual(withoutEpoch(await enough(open.lines, 2)), [
    ['1', 'Oslo', '1'],
    ['0', null, null],
  ]);
  await enough(closed.lines, 1);
  let falls = 1;
  onStep((step) => {
    if (step !== 'epoch-computed' || falls === 0) return;
    falls -= 1;
    throw new Error('it falls before its commit');
  });
  await order('Oslo', 2);
  const told = await enough(open.lines, 9);
  onStep(undefined);
  const change = [
    ['-1', 'Oslo', '1'],
    ['1', 'Oslo', '3'],
  ];
  const back = [
    ['-1', 'Oslo', '3'],
    ['1', 'Oslo', '1'],
  ];
  assert.deepEqual(withoutEpoch(told.slice(2)), [...change, ...back, ...change, ['0', null, null]]);
  const [first, last] = [told[1]?.[0] ?? '', told[8]?.[0] ?? ''];
  assert.equal(BigInt(last), BigInt(first) + 1n);
  assert.deepEqual(new Set(told.slice(2).map(([epoch]) => epoch)), new Set([last]));
  assert.deepEqual(withoutEpoch(await enough(closed.lines, 3)), [['1', 'Oslo', '1'], ...change]);
  assert.deepEqual((await client.query('select n from sales')).rows, [{ n: '3' }]);
  await Promise.all([open.end(), closed.end()]);
  const copied = new pg.Client(house.login());
  await copied.connect();
  await assert.rejects(copied.query('subscribe to sales with (other)'), ({ code }: pg.DatabaseError) => code === '42601');
  await copied.end();
});

test('rows are found by values of their columns, by key and otherwise, over SQL and HTTP, as views go on', async () => {
  for (let at = 0; at < 40; at += 1) await order(`city ${at % 20}`, at);
  const point = { name: 'point', text: 'select n from sales where city = $1', rowMode: 'array' } as const;
  const found = async (city: string | null) => (await client.query({ ...point, values: [city] })).rows as unknown[][];
  await house.until(
    () => found('city 19'),
    (rows) => rows[0]?.[0] === '58',
  );
  for (let at = 0; at < 20; at += 1) assert.deepEqual(await found(`city ${at}`), [[String(2 * at + 20)]]);
  assert.deepEqual([await found('nowhere'), await found(null)], [[], []]);
  const byNumber = `select city from sales where n = 58.0 and city <> 'x'`;
  for (let round = 0; round < 2; round += 1) assert.deepEqual((await client.query(byNumber)).rows, [{ city: 'city 19' }]);
  await order('city 19', 1);
  await house.until(
    () => found('city 19'),
    (rows) => rows[0]?.[0] === '59',
  );
  assert.deepEqual((await client.query(byNumber)).rows, []);
  const { bearer } = house.faces;
  const ask = async (query: string) => {
    const options = { door: 'analytics.rest', bearer };
    const { status, body } = await house.call('GET', `/v1/analytics/views/sales/find-rows?${query}`, undefined, options);
    return { status, rows: (body as { rows?: unknown }).rows };
  };
  assert.deepEqual((await ask('where=city%3Dcity%2019')).rows, [['city 19', '59']]);
  assert.deepEqual((await ask('where=city%3Dcity%2019&where=n%3D58')).rows, []);
  assert.equal((await ask('where=town%3DOslo')).status, 400);
  // Another view of the name is another answer to the same text.
  await client.query(
    `drop materialized view sales; create materialized view sales as select city, count(*) as n from orders group by city`,
  );
  await house.until(
    () => found('city 19'),
    (rows) => rows[0]?.[0] === '3',
  );
});

test('commits of a view are server-sent events, which can be taken up again where nothing was missed', async () => {
  const stop = new AbortController();
  type Event = { type: string; version: string; changes: Line[]; columns?: { name: string; type: string }[] };
  const events: Event[] = [];
  const open = async (last?: string) => {
    const reply = await fetch(`${house.platform.doors['analytics.rest']?.url}/v1/analytics/views/sales/watch`, {
      headers: { authorization: `Bearer ${house.faces.bearer}`, ...(last === undefined ? {} : { 'last-event-id': last }) },
      signal: stop.signal,
    });
    assert.equal(reply.headers.get('content-type'), 'text/event-stream; charset=utf-8');
    let rest = '';
    const read = async () => {
      for await (const piece of reply.body ?? []) {
        const blocks = (rest + Buffer.from(piece).toString()).split('\n\n');
        rest = blocks.pop() ?? '';
        for (const block of blocks) {
          const text = /^data: (.*)$/m.exec(block)?.[1];
          if (text !== undefined) events.push(JSON.parse(text) as Event);
        }
      }
    };
    read().catch(() => undefined);
  };
  const wait = (count: number) =>
    house.until(
      async () => [...events],
      ({ length }) => length >= count,
    );
  await open();
  const [begun] = await wait(1);
  assert.deepEqual([begun?.type, begun?.columns?.map(({ name }) => name), begun?.changes.length], ['begin', ['city', 'n'], 21]);
  await order('Oslo', 1);
  const [, told] = await wait(2);
  assert.deepEqual(told?.changes, [
    ['-1', 'Oslo', '2'],
    ['1', 'Oslo', '3'],
  ]);
  events.length = 0;
  await open(told?.version);
  await order('Bergen', 1);
  // Both streams tell it: the one that was taken up begins with nothing.
  const both = await wait(2);
  assert.deepEqual(
    both.map(({ type, changes }) => [type, changes]),
    [
      ['changes', [['1', 'Bergen', '1']]],
      ['changes', [['1', 'Bergen', '1']]],
    ],
  );
  events.length = 0;
  await open('1');
  assert.equal((await wait(1))[0]?.type, 'begin');
  stop.abort();
});

test('a rule over a view tells Alertmanager and a webhook of each row that meets it, once, and that it ended; not while it is silenced', async () => {
  const { bearer } = await house.credential({ role: 'admin' });
  const call = async (method: string, path: string, body?: unknown) => {
    const reply = await house.call(method, `/v1/analytics/${path}`, body, { door: 'analytics.rest', bearer });
    return { status: reply.status, body: reply.body, code: reply.body.code };
  };
  await client.query(`create source gauges (place text, n int8) with (topic = 'gauges', format = 'json');
    create materialized view levels as select place, sum(n) as n from gauges group by place`);
  const gauge = (place: string, n: number) =>
    producer.send({ topic: 'gauges', messages: [{ value: JSON.stringify({ place, n }) }] }).then(() => undefined);
  assert.equal(
    (await call('POST', 'receivers', { name: 'manager', spec: { kind: 'alertmanager', url: `http://${address}` } })).status,
    201,
  );
  assert.equal((await call('POST', 'receivers', { name: 'hook', spec: { kind: 'webhook', url: `http://${address}/hook` } })).status, 201);
  const quiet = { rule: 'high', where: ['place=quiet'], until: Date.now() + 3_600_000 };
  assert.equal((await call('POST', 'silences', { name: 'quiet', spec: quiet })).status, 201);
  const spec = { view: 'levels', when: 'n > 100', by: ['place'], value: 'n', severity: 'critical', receivers: ['manager', 'hook'] };
  for (const wrong of [
    { ...spec, view: 'nowhere' },
    { ...spec, when: 'm > 100' },
    { ...spec, when: 'n > (select max(n) from sales)' },
    { ...spec, when: 'true) union select * from sales where (true' },
    { ...spec, by: ['m'] },
  ])
    assert.equal((await call('POST', 'alert-rules', { name: 'wrong', spec: wrong })).code, 'StatementRefused', JSON.stringify(wrong));
  assert.equal((await call('POST', 'alert-rules', { name: 'high', spec })).status, 201);
  await Promise.all([gauge('north', 150), gauge('south', 50), gauge('quiet', 500)]);
  type Alert = { state: string; labels: { place: string }; value: number; silenced: boolean };
  const alerts = async () => ((await call('GET', 'alerts')).body.items ?? []) as unknown as Alert[];
  const found = await house.until(alerts, (all) => all.length === 2 && told.length >= 2);
  assert.deepEqual(
    found.map(({ state, labels, value, silenced }) => [state, labels.place, value, silenced]).sort((a, b) => Number(a[2]) - Number(b[2])),
    [
      ['firing', 'north', 150, false],
      ['firing', 'quiet', 500, true],
    ],
  );
  const [first] = told.find(({ path }) => path === '/api/v2/alerts')?.body as { labels: Record<string, string>; annotations: object }[];
  const { place, alertname, severity } = first?.labels ?? {};
  assert.deepEqual([place, alertname, severity, first?.annotations], ['north', 'high', 'critical', { value: '150' }]);
  await gauge('north', -100);
  type Hook = { status: string; alerts: { labels: Record<string, string> }[] };
  const hooks = () => told.filter(({ path }) => path === '/hook').map(({ body }) => body as Hook);
  await house.until(
    async () => hooks().at(-1)?.status,
    (status) => status === 'resolved',
  );
  assert.deepEqual(
    hooks().map(({ status, alerts: all }) => [status, all.map(({ labels }) => labels.place).join()]),
    [
      ['firing', 'north'],
      ['resolved', 'north'],
    ],
  );
  assert.equal((await alerts()).find(({ labels }) => labels.place === 'north')?.state, 'resolved');
  // None of a kind is a condition as well.
  const none = { view: 'levels', when: `place = 'west'`, absent: true, forMs: 1 };
  assert.equal((await call('POST', 'alert-rules', { name: 'no-west', spec: none })).status, 201);
  const state = async () => ((await call('GET', 'alerts')).body.items ?? []).find(({ rule }) => rule === 'no-west')?.state;
  assert.equal(await house.until(state, (now) => now === 'firing'), 'firing');
  await gauge('west', 1);
  assert.equal(await house.until(state, (now) => now === 'resolved'), 'resolved');
});
