import { setImmediate as immediate, setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel, type Producer } from 'kafkajs';
import pg from 'pg';
import { type House, openHouse } from '#services/analytics/test/fixtures/house.ts';
import { type BenchRow, bounded } from '../result.ts';
import { quantile } from './measure.ts';

const [queriesPerSecond, eventsPerSecond] = [5000, 20_000];
const [clients, cities] = [16, 1000];
/** What is asked and sent at first is not counted: neither side has machine code for it yet. */
const warmMs = 5000;
/** A pause shorter than timers know, in which the thread sleeps. */
const napMs = 0.15;
const napping = new Int32Array(new SharedArrayBuffer(4));
/** Of so many events one is looked at; the view takes all of them in. */
const marked = 100;

async function nap(): Promise<void> {
  Atomics.wait(napping, 0, 0, napMs);
  await immediate();
}

type Due = { readonly count: number; readonly sinceMs: number; readonly isCounted: boolean };

/** Calls `work` with how many are due, and since when, at an even pace; answers when the warm-up and the time are over. */
async function paced(perSecond: number, seconds: number, pause: () => Promise<void>, work: (due: Due) => void): Promise<void> {
  const began = performance.now();
  let done = 0;
  for (;;) {
    const lastedMs = performance.now() - began;
    if (lastedMs >= warmMs + seconds * 1000) return;
    const count = Math.floor((lastedMs * perSecond) / 1000) - done;
    if (count > 0) work({ count, sinceMs: began + (done * 1000) / perSecond, isCounted: lastedMs >= warmMs });
    done += count;
    await pause();
  }
}

/** Rows of a view of a thousand by their key, at an even pace whatever comes back; each counts from when it was due. */
async function pointQueries(house: House, producer: Producer, seconds: number): Promise<number[]> {
  const own = Array.from({ length: clients }, () => new pg.Client(house.login()));
  await Promise.all(own.map((client) => client.connect()));
  const [first] = own as [pg.Client];
  await first.query(`create source orders (city text, amount numeric) with (topic = 'orders', format = 'json');
    create materialized view sales as select city, count(*) as n, sum(amount) as paid from orders group by city`);
  const messages = Array.from({ length: cities }, (_, at) => ({ value: JSON.stringify({ city: `city ${at}`, amount: 2.5 }) }));
  await producer.send({ topic: 'orders', messages });
  await house.until(
    async () => (await first.query<{ n: string }>('select count(*) as n from sales')).rows[0]?.n,
    (n) => n === String(cities),
  );
  const found: number[] = [];
  const asked: Promise<unknown>[] = [];
  let next = 0;
  await paced(queriesPerSecond, seconds, nap, ({ count, sinceMs, isCounted }) => {
    for (let at = 0; at < count; at += 1, next += 1) {
      const dueMs = sinceMs + (at * 1000) / queriesPerSecond;
      const query = { name: 'point', text: 'select n, paid from sales where city = $1', values: [`city ${next % cities}`] };
      const client = own[next % clients] as pg.Client;
      asked.push(client.query(query).then(() => isCounted && found.push(performance.now() - dueMs)));
    }
  });
  await Promise.all(asked);
  await Promise.all(own.map((client) => client.end()));
  return found;
}

/** A subscriber, which notes how long each row took since its event was sent. */
async function subscriber(house: House, text: string): Promise<{ found: number[]; end: () => Promise<void> }> {
  const client = new pg.Client(house.login());
  await client.connect();
  const found: number[] = [];
  const query = new pg.Query({ text } as never);
  query.on('row', (row: Record<string, string>) => {
    if (row.sent !== null && Number(row.sent) > 0) found.push(performance.now() - Number(row.sent));
  });
  query.on('error', () => undefined);
  client.query(query as never);
  return { found, end: () => client.end() };
}

type Latencies = { readonly provisional: number[]; readonly committed: number[] };

/** Times from the sending of an event until its row is at a subscriber: as it is told first, and committed. */
async function changes(house: House, producer: Producer, seconds: number): Promise<Latencies> {
  const client = new pg.Client(house.login());
  await client.connect();
  await client.query(`create source events (id int8, sent float8) with (topic = 'events', format = 'json');
    create materialized view looked as select id, sent from events where id % ${marked} = 0`);
  const [early, late] = [await subscriber(house, 'subscribe to looked'), await subscriber(house, 'subscribe to looked with (committed)')];
  let [next, counted] = [0, 0];
  const sent: Promise<unknown>[] = [];
  await paced(
    eventsPerSecond,
    seconds,
    () => sleep(1),
    ({ count, isCounted }) => {
      const now = isCounted ? performance.now() : 0;
      const messages = Array.from({ length: count }, () => {
        if (isCounted && next % marked === 0) counted += 1;
        return { value: `{"id":${next++},"sent":${now}}` };
      });
      sent.push(producer.send({ topic: 'events', messages }));
    },
  );
  await Promise.all(sent);
  await house.until(
    async () => Math.min(early.found.length, late.found.length),
    (count) => count >= counted,
  );
  await Promise.all([client.end(), early.end(), late.end()]);
  return { provisional: early.found, committed: late.found };
}

/** Figures of the service in its own process, as its clients see it. */
export async function door(seconds: number): Promise<BenchRow[]> {
  const house = await openHouse({ mode: 'processes', quiet: true });
  const brokers = [(house.platform.doors['log.kafka']?.url ?? '').replace('kafka://', '')];
  const producer = new Kafka({ brokers, sasl: { mechanism: 'plain', ...house.faces.sasl }, logLevel: logLevel.NOTHING }).producer();
  try {
    await producer.connect();
    const queries = await pointQueries(house, producer, seconds);
    const { provisional, committed } = await changes(house, producer, seconds);
    return [
      bounded(`point query of a view of ${cities} rows at ${queriesPerSecond}/s, p99`, 'ms', quantile(queries, 0.99), 2),
      bounded(`produce to row at a subscriber, ${eventsPerSecond} events/s, p50`, 'ms', quantile(provisional, 0.5), 1),
      bounded(`produce to row at a subscriber, ${eventsPerSecond} events/s, p99`, 'ms', quantile(provisional, 0.99), 5),
      bounded(`the same row committed, p50`, 'ms', quantile(committed, 0.5), null),
      bounded(`the same row committed, p99`, 'ms', quantile(committed, 0.99), null),
    ];
  } finally {
    await producer.disconnect().catch(() => undefined);
    await house.stop();
  }
}
