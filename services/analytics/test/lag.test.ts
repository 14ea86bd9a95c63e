import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { openLog, type ScopedLog } from '#seams/log/log.ts';
import pg from 'pg';
import { outboxEpochsMax } from '../store/limits.ts';
import { type House, openHouse } from './fixtures/house.ts';

/** What a slow receiver was sent and did not answer yet. */
const waiting: ServerResponse[] = [];
let isSlow = true;
const receiver = createServer((request, response) => {
  request.resume();
  request.on('end', () => (isSlow ? void waiting.push(response) : response.end()));
});
let house: House;
let client: pg.Client;
let own: ScopedLog;
let closeLog: () => Promise<void>;

before(async () => {
  process.env.GAMUT_ANALYTICS_WORKERS = '2';
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  house = await openHouse({ settings: { outbound: [`127.0.0.1:${port()}`] } });
  client = new pg.Client(house.login());
  await client.connect();
  const { username, password } = house.faces.sasl;
  const broker = (house.platform.doors['log.kafka']?.url ?? '').replace('//', `//${username}:${encodeURIComponent(password)}@`);
  const log = openLog(broker, { clientId: 'test', loginOf: async () => house.faces.sasl });
  own = log.at('own');
  closeLog = () => log.close();
});
after(async () => {
  delete process.env.GAMUT_ANALYTICS_WORKERS;
  await client?.end().catch(() => undefined);
  await closeLog?.();
  await house?.stop();
  receiver.closeAllConnections();
  receiver.close();
});

const port = () => (receiver.address() as AddressInfo).port;

type Behind = { records: number; ageMs: number; workers: number | null; ringMax: number };
/** What SHOW LAG says of a view or sink. */
async function lagOf(name: string): Promise<Behind | undefined> {
  const { rows } = await client.query<Record<string, string | null>>('show lag');
  const row = rows.find((each) => each.name === name);
  if (!row) return undefined;
  const workers = row.workers === null ? null : Number(row.workers);
  return { records: Number(row.records), ageMs: Number(row.age_ms), workers, ringMax: Number(row.ring_max_bytes) };
}
const until = (name: string, isDone: (found: Behind) => boolean) =>
  house.until(
    () => lagOf(name),
    (found) => found !== undefined && isDone(found),
  ) as Promise<Behind>;

/** The lag once it does not change any more. */
async function steady(name: string): Promise<Behind> {
  let [last, same] = [await until(name, ({ records }) => records > 0), 0];
  while (same < 5) {
    await setTimeout(400);
    const now = (await lagOf(name)) as Behind;
    same = now.records === last.records ? same + 1 : 0;
    last = now;
  }
  return last;
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
function memoryMb(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 2 ** 20;
}

test('a sink whose receiver is slow falls behind for all to see, takes no more memory for it, and catches up', {
  timeout: 300_000,
}, async () => {
  await client.query(`create connection hook with (type = 'http', url = 'http://127.0.0.1:${port()}/');
    create source told (id int4, pad text) with (topic = 'told', format = 'json');
    create sink hooked as select id, pad from told with (connection = 'hook', format = 'json')`);
  let written = 0;
  const write = async (count: number) => {
    const value = () => `{"id":${written++},"pad":"${'x'.repeat(2000)}"}`;
    for (let left = count; left > 0; left -= 400)
      await own.produce(
        'told',
        Array.from({ length: Math.min(left, 400) }, () => ({ key: null, value: value() })),
      );
  };
  // Commits of few records each, until no more may wait to be delivered; what comes then is gathered for one more, and then waits.
  const epoch = async () => Number((await client.query<{ epoch: string }>('show sinks')).rows[0]?.epoch);
  for (let at = 0; at % 10 !== 0 || (await epoch()) < outboxEpochsMax; at += 1) {
    await write(1);
    await setTimeout(5);
  }
  for (let lag = 0; lag < 2_000; lag = (await lagOf('hooked'))?.records ?? 0) await write(2_000);
  const held = await steady('hooked');
  const memory = memoryMb();
  await write(16_000);
  const more = await steady('hooked');
  // What was under way for one more commit may have been taken.
  assert.ok(more.records >= held.records + 16_000 - 2 * 4_096, `${held.records}, then ${more.records}`);
  assert.ok(more.ageMs > held.ageMs, `${held.ageMs} ms, then ${more.ageMs} ms`);
  // The log, which is in this process too, lets go of what it was given a moment later.
  const grown = await house.until(
    async () => memoryMb() - memory,
    (found) => found < 16,
  );
  assert.ok(grown < 16, `32 MB of records came, and memory grew by ${grown} MB`);
  const { text } = await metrics();
  assert.match(text, new RegExp(`gamut_analytics_lag_records\\{[^}]*relation="hooked",source="told"\\} ${more.records}\n`));
  isSlow = false;
  for (const response of waiting.splice(0)) response.end();
  assert.deepEqual(await until('hooked', ({ records }) => records === 0).then(({ records, ageMs }) => [records, ageMs]), [0, 0]);
});

async function metrics(): Promise<{ text: string }> {
  const reply = await fetch(`${new URL(house.platform.doors['analytics.rest']?.url ?? '').origin}/metrics`);
  return { text: await reply.text() };
}

test('a view whose workers have much to do falls behind, and its API says so', { timeout: 200_000 }, async () => {
  await client.query(`create source tasks (id int4, name text) with (topic = 'tasks', format = 'json');
    create materialized view done as select id % 7 as part, count(*) as n, max(md5(repeat(name, 3000))) as most from tasks group by id % 7`);
  const count = 10_000;
  const value = (id: number) => ({ key: null, value: `{"id":${id},"name":"name ${id}"}` });
  for (let from = 0; from < count; from += 5_000)
    await own.produce(
      'tasks',
      Array.from({ length: 5_000 }, (_, at) => value(from + at)),
    );
  const seen = await until('done', ({ workers, records }) => workers !== null && records > 0);
  assert.deepEqual([seen.workers, seen.ringMax > 0], [2, true]);
  const { bearer } = house.faces as unknown as { bearer: string };
  const reply = await house.call('GET', '/v1/analytics/views/done', undefined, { door: 'analytics.rest', bearer });
  const { lag, sharing } = reply.body as unknown as { lag: { source: string; records: number }[]; sharing: { workers: number } };
  assert.deepEqual([lag[0]?.source, (lag[0]?.records ?? 0) > 0, sharing?.workers], ['tasks', true, 2], JSON.stringify(reply.body));
  await until('done', ({ records }) => records === 0);
  const sum = async () => Number((await client.query<{ n: string }>('select sum(n) as n from done')).rows[0]?.n);
  assert.equal(await house.until(sum, (n) => n === count), count);
});

test('views go to workers while many records come, and back, with a stream that never stops and subscribers who notice nothing', {
  timeout: 300_000,
}, async () => {
  await client.query(`create source ticks (id int4, part int4) with (topic = 'ticks', format = 'json');
    create materialized view moved as select part, count(*) as n, sum(id * 3) as total, max(id) as last from ticks group by part;
    create materialized view pairs as select part, id from (
      select *, row_number() over (partition by part order by id desc) as place from ticks) r where place <= 2`);
  const [parts, burst] = [101, 5_000];
  const subscriber = new pg.Client(house.login());
  await subscriber.connect();
  const told = new Map<string, number>();
  const query = new pg.Query({ text: 'subscribe to moved with (committed)' } as never);
  let isOver = false;
  query.on('row', ({ diff, part, n, total, last }: Record<string, string>) => {
    const row = [part, n, total, last].join();
    const left = (told.get(row) ?? 0) + Number(diff);
    if (left === 0) told.delete(row);
    else told.set(row, left);
  });
  query.on('error', (error) => {
    if (!isOver) told.set(String(error), 1);
  });
  subscriber.query(query as never);
  let written = 0;
  const write = async (count: number) => {
    const from = written;
    written += count;
    await own.produce(
      'ticks',
      Array.from({ length: count }, (_, at) => ({ key: null, value: `{"id":${from + at},"part":${(from + at) % parts}}` })),
    );
  };
  let isRunning = true;
  const trickle = (async () => {
    for (; isRunning; await setTimeout(20)) await write(3);
  })();
  const workersOf = async () => [(await lagOf('moved'))?.workers, (await lagOf('pairs'))?.workers].join();
  try {
    for (const wanted of ['2,2', ',', '2,2']) {
      let found = await workersOf();
      for (let tries = 0; found !== wanted && tries < 400; tries += 1) {
        if (wanted !== ',') await write(burst);
        for (let looks = 0; found !== wanted && looks < 10; looks += 1) {
          await setTimeout(50);
          found = await workersOf();
        }
      }
      assert.equal(found, wanted);
    }
  } finally {
    isRunning = false;
    await trickle;
  }
  const expected = Array.from({ length: parts }, (_, part) => {
    const ids = Array.from({ length: Math.ceil((written - part) / parts) }, (_each, at) => part + at * parts);
    return [part, ids.length, ids.reduce((sum, id) => sum + id * 3, 0), ids.at(-1)].join();
  });
  const rows = async () => {
    const found = await client.query<Record<string, string>>('select part, n, total, last from moved order by part');
    return found.rows.map(({ part, n, total, last }) => [part, n, total, last].join());
  };
  assert.deepEqual(await house.until(rows, (found) => String(found) === String(expected)), expected);
  const pairs = expected.reduce((sum, row) => sum + 2 * Number(row.split(',')[3]) - parts, 0);
  const latest = async () => Number((await client.query<{ sum: string }>('select sum(id) as sum from pairs')).rows[0]?.sum);
  assert.equal(await house.until(latest, (found) => found === pairs), pairs);
  await house.until(
    async () => told.size,
    (size) => size === parts,
  );
  assert.deepEqual([...told.keys()].sort(), [...expected].sort(), 'what was told adds up');
  isOver = true;
  await subscriber.end();
});
