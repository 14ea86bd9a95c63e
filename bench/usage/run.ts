import { setTimeout as sleep } from 'node:timers/promises';
import { openSql, type Sql } from '#seams/sql/sql.ts';
import type { IngestEvent } from '#kernel/audit/record.ts';
import { storeBatch } from '#kernel/record/store.ts';
import { type House, openHouse } from '#kernel/session/test/fixture/house.ts';
import { type BenchResult, compared, median } from '../result.ts';
import { noSeal } from '../no-seal.ts';
import { databaseOf } from './database.ts';
import { openPeer } from './peer.ts';

const rounds = 3;
const perBatch = 100;
const batches = 400;
const connections = 8;
const peerEvents = 20_000;
const value = 3;
const goal = 10;

/** The requests of a round, made before the clock starts: what is measured is not their making. */
function requests(round: string, meter: string): string[] {
  const time = new Date().toISOString();
  return Array.from({ length: batches }, (_, batch) => {
    const events = Array.from({ length: perBatch }, (_, at) => {
      return { specversion: '1.0', id: `${round}-${batch}-${at}`, source: 'bench', type: 'usage', time, data: { meter, value } };
    });
    return JSON.stringify({ events });
  });
}

/** Sends batches over so many connections and resolves when PostgreSQL has the sum of them; answers events a second. */
async function ingest(house: House, system: Sql, round: string): Promise<number> {
  const meter = `steps${round}`;
  const bodies = requests(round, meter);
  const url = `${house.url}/v1/platform/usage/-/ingest-usage`;
  const headers = { authorization: `Bearer ${house.admin}`, 'content-type': 'application/json' };
  const started = performance.now();
  const sender = async () => {
    for (let body = bodies.pop(); body !== undefined; body = bodies.pop()) {
      const reply = await fetch(url, { method: 'POST', headers, body });
      await reply.arrayBuffer();
      if (reply.status !== 200) throw new Error(`a batch was answered ${reply.status}`);
    }
  };
  await Promise.all(Array.from({ length: connections }, sender));
  for (const sum = batches * perBatch * value; (await stored(system, meter)) !== sum; ) {
    if (performance.now() - started > 60_000) throw new Error(`only ${await stored(system, meter)} of ${sum} were stored`);
    await sleep(5);
  }
  return (batches * perBatch) / ((performance.now() - started) / 1000);
}

async function stored(system: Sql, meter: string): Promise<number> {
  const { rows } = await system
    .platform()
    .query('select coalesce(sum(value), 0)::float8 as sum from platform.usage_window where meter = $1', [meter]);
  return Number((rows[0] as { sum: unknown }).sum);
}

/** Recorder's store alone: transactions of so many events, one after the other. */
async function store(system: Sql, scope: string, round: string, size: number): Promise<number> {
  const transactions = Math.ceil(20_000 / size);
  const empty = { audit: [], usage: [], event: [], life: [] };
  const started = performance.now();
  for (let at = 0; at < transactions; at += 1) {
    const events = Array.from(
      { length: size },
      (_, index): IngestEvent => ['bench', `${round}-${size}-${at}-${index}`, 'stored', Date.now(), value],
    );
    await storeBatch(
      system,
      `bench${size}`,
      { ...empty, ingest: [{ tenant: scope, scope, events }] },
      { segment: 1, offset: at, sequence: at },
      noSeal,
    );
  }
  return (transactions * size) / ((performance.now() - started) / 1000);
}

const sizes = [perBatch, 1000, 10_000];

/** Usage events, deduplicated and durable: our door to our tables, against one-row inserts into the same PostgreSQL. */
export async function run(): Promise<BenchResult> {
  const house = await openHouse({ mode: 'processes', quiet: true });
  const database = databaseOf(house.data);
  const system = openSql(database.system, { max: 2, applicationName: 'bench' });
  const peer = await openPeer(database);
  try {
    const { body } = await house.call('GET', '/v1/platform/credentials');
    const scope = String(body.items?.[0]?.scope ?? '0000000000001');
    await ingest(house, system, 'w');
    await peer.take(peerEvents);
    const ours: number[] = [];
    const theirs: number[] = [];
    const alone = new Map<number, number[]>(sizes.map((size) => [size, []]));
    for (let round = 0; round < rounds; round += 1) {
      ours.push(await ingest(house, system, `${round}`));
      theirs.push(await peer.take(peerEvents));
      for (const size of sizes) alone.get(size)?.push(await store(system, scope, `${round}`, size));
    }
    const beside = median(theirs);
    return {
      name: 'usage',
      rows: [
        compared('HTTP to PostgreSQL, batches of 100', 'events/s', 'more', median(ours), beside, goal),
        ...sizes.map((size) =>
          compared(`store alone, ${size} a transaction`, 'events/s', 'more', median(alone.get(size) ?? []), beside, null),
        ),
      ],
    };
  } finally {
    await Promise.all([system.close(), peer.end()]);
    await house.stop();
  }
}
