import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { apiVersions } from '#wire/kafka/message/cluster.ts';
import { fetch } from '#wire/kafka/message/record-access.ts';
import { createTopics } from '#wire/kafka/message/topic.ts';
import { batchOf } from '#wire/kafka/record/record.ts';
import { appendBatch } from '../store/append.ts';
import { openBroker } from '../store/broker.ts';
import { recordsFrom } from '../store/offset.ts';
import { type House, openHouse } from './fixtures/house.ts';
import { openRaw } from './fixtures/raw.ts';
import { sealer } from './fixtures/sealer.ts';

const hourMs = 3_600_000;
const sessions = 240;
const idleMs = 3000;
const memoryMax = 400 * 1024 * 1024;

let house: House;
before(async () => {
  process.env.GAMUT_LOG_IDLE_MS = String(idleMs);
  house = await openHouse();
});
after(async () => {
  await house?.stop();
  delete process.env.GAMUT_LOG_IDLE_MS;
});

/** What a client says on each of its connections while it makes a topic, writes, joins a group, reads, and commits. */
async function recorded(): Promise<Buffer[]> {
  const said: Buffer[][] = [];
  const kafka = house.client(house.owner, {
    socketFactory: ({ host, port, onConnect }) => {
      const socket = connect(port, host, onConnect);
      const bytes: Buffer[] = [];
      said.push(bytes);
      const write = socket.write.bind(socket) as (chunk: Uint8Array, ...more: unknown[]) => boolean;
      socket.write = ((chunk: Uint8Array, ...more: unknown[]) => {
        bytes.push(Buffer.from(chunk));
        return write(chunk, ...more);
      }) as typeof socket.write;
      return socket;
    },
  });
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: 'flipped', numPartitions: 2 }] });
  await admin.describeConfigs({ includeSynonyms: true, resources: [{ type: 2, name: 'flipped' }] });
  const producer = kafka.producer({ idempotent: true });
  await producer.connect();
  await producer.send({
    topic: 'flipped',
    messages: [
      { key: 'a', value: 'one' },
      { value: 'two', headers: { of: 'two' } },
    ],
  });
  const consumer = kafka.consumer({ groupId: 'flippers', maxWaitTimeInMs: 50 });
  await consumer.connect();
  await consumer.subscribe({ topic: 'flipped', fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    let count = 0;
    consumer
      .run({
        eachMessage: async () => {
          if ((count += 1) === 2) resolve();
        },
      })
      .catch(reject);
  });
  await admin.fetchOffsets({ groupId: 'flippers', topics: ['flipped'] });
  await Promise.all([consumer.disconnect(), producer.disconnect(), admin.disconnect()]);
  return said.map((chunks) => Buffer.concat(chunks)).filter(({ length }) => length > 0);
}

/** Says bytes and hangs up once the broker has, or nothing comes any more; answers who ended it and how much was answered. */
function replay(bytes: Buffer): Promise<{ closed: boolean; answered: number }> {
  const [host = '', port = ''] = house.kafka.split(':');
  return new Promise((resolve) => {
    let answered = 0;
    const socket = connect(Number(port), host, () => socket.write(bytes));
    socket.setTimeout(250, () => {
      resolve({ closed: false, answered });
      socket.destroy();
    });
    socket.on('data', (chunk: Buffer) => {
      answered += chunk.length;
    });
    socket.on('error', () => undefined);
    socket.once('close', () => resolve({ closed: true, answered }));
  });
}

// Who says nothing at all is heard out for ten seconds, in which the others have their say.
suite('of clients that say what they should not, or nothing', { concurrency: 2 }, () => {
  test('sessions of a client with bits turned are answered or closed; the broker lives on, in no more memory, and serves the next', async () => {
    const whole = await recorded();
    assert.ok(whole.length >= 3, `${whole.length} connections`);
    let seed = 7;
    const below = (count: number) => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) % count;
    const flipped = Array.from({ length: sessions }, (_, at) => {
      const bytes = Buffer.from(whole[at % whole.length] as Buffer);
      for (let flips = 1 + below(4); flips > 0; flips -= 1) {
        const place = below(bytes.length);
        bytes[place] = (bytes[place] as number) ^ (1 << below(8));
      }
      return bytes;
    });
    for (const bytes of whole) assert.ok((await replay(bytes)).answered > 100, 'a session as it was recorded is answered');
    const memory = process.memoryUsage().rss;
    const ended = { closed: 0, open: 0, answered: 0 };
    for (let at = 0; at < flipped.length; at += 12)
      for (const { closed, answered } of await Promise.all(flipped.slice(at, at + 12).map(replay))) {
        ended[closed ? 'closed' : 'open'] += 1;
        if (answered > 0) ended.answered += 1;
      }
    assert.ok(ended.closed > 0 && ended.open > 0 && ended.answered > 0, JSON.stringify(ended));
    const grown = process.memoryUsage().rss - memory;
    assert.ok(grown < memoryMax, `${grown} bytes more`);
    const producer = house.client().producer();
    await producer.connect();
    const [sent] = await producer.send({ topic: 'sound', messages: [{ value: 'still here' }] });
    assert.equal(sent?.errorCode, 0);
    await producer.disconnect();
  });

  test('sockets whose client is silent, does not say who it is, or is half gone are closed; one that waits for its answer is not', async () => {
    const silent = await openRaw(house.kafka);
    const dripping = await openRaw(house.kafka);
    const asking = await openRaw(house.kafka);
    const known = await openRaw(house.kafka, house.owner.sasl);
    const [parked, gone] = [await openRaw(house.kafka, house.owner.sasl), await openRaw(house.kafka, house.owner.sasl)];
    dripping.send(Buffer.from([0, 0, 3, 232]));
    const drip = setInterval(() => dripping.send(Buffer.from([0])), 100);
    const ask = setInterval(() => void asking.call(apiVersions, 0, {}).catch(() => undefined), 100);
    const begun = performance.now();
    await parked.call(createTopics, 5, { topics: [{ name: 'awaited', numPartitions: 1, replicationFactor: 1 }], timeoutMs: 1000 });
    const park = (at: typeof parked, maxWaitMs: number) =>
      at.call(fetch, 11, {
        ...{ replicaId: -1, maxWaitMs, minBytes: 1, maxBytes: 1000, sessionEpoch: -1 },
        topics: [{ topic: 'awaited', partitions: [{ partition: 0, currentLeaderEpoch: -1, fetchOffset: 0, partitionMaxBytes: 1000 }] }],
      });
    const answered = park(parked, 2 * idleMs);
    const unanswered = assert.rejects(park(gone, 300_000), /closed/);
    gone.socket.end();
    await Promise.all([gone.closed, unanswered]);
    await Promise.all([silent.closed, dripping.closed, asking.closed, known.closed]);
    clearInterval(drip);
    clearInterval(ask);
    assert.ok(performance.now() - begun > idleMs / 2, 'they are not closed before their time');
    assert.equal((await answered).responses[0]?.partitions[0]?.errorCode, 0);
    parked.end();
  });
});

test('a clock that steps by hours, ahead and back, loses, doubles and reorders nothing, and takes no member for silent', async () => {
  const data = mkdtempSync(join(tmpdir(), 'gamut-log-clock-'));
  let [now, steady] = [1_700_000_000_000, 0];
  const open = () => {
    const clocks = { now: () => now, steady: () => steady };
    return openBroker({ directory: join(data, 'log'), log: () => undefined, ...clocks, mayWrite: () => true, sealer });
  };
  let broker = open();
  const owner = { tenant: 1n, scope: 2n };
  for (const type of ['CreateTime', 'LogAppendTime'])
    broker.topics.create(owner, type, {
      partitions: 1,
      config: { 'message.timestamp.type': type, 'segment.ms': '1800000', 'retention.ms': '604800000' },
    });
  const partitionOf = (name: string) => broker.topics.find(owner.scope, name)?.partitions[0] ?? assert.fail('no partition');
  const expected: string[] = [];
  const put = async (name: string, value: string) => {
    const producer = { producerId: 5, producerEpoch: 0, baseSequence: expected.length };
    const batch = batchOf([{ key: null, value: Buffer.from(value), timestamp: now }], producer);
    const topic = broker.topics.find(owner.scope, name) ?? assert.fail('no topic');
    return appendBatch(broker, topic, partitionOf(name), batch, { scope: owner.scope, transactionalId: null, adds: false });
  };
  const valuesOf = async (name: string) => {
    const values: string[] = [];
    for await (const { record } of recordsFrom(partitionOf(name), 0, partitionOf(name).next)) values.push(String(record.value));
    return values;
  };
  const enter = (clientId: string, memberId = '') => {
    const group = broker.groups.at(owner.scope, 'watched');
    const machine = broker.groups.classic(group) ?? assert.fail('no group of this protocol');
    const times = { sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000 };
    const how = { protocolType: 'consumer', protocols: [{ name: 'range', metadata: Buffer.alloc(0) }], instanceId: null, host: '/' };
    const joined = machine.join({ memberId, clientId, ...times, ...how, knownFirst: false, maySkip: false }, broker.steady());
    broker.groups.watch(group);
    return { machine, joined };
  };
  const { machine, joined } = enter('steadfast');
  const { memberId, generation } = await joined;
  await machine.sync({ memberId, instanceId: null, generation, protocolType: null, protocol: null }, new Map(), broker.steady());

  for (const [round, step] of [0, hourMs, -2 * hourMs, 25 * hourMs, -24 * hourMs, 0].entries()) {
    now += step;
    steady += 100;
    for (const name of ['CreateTime', 'LogAppendTime']) {
      const told = await put(name, `v${round}`);
      assert.deepEqual('error' in told ? told : [told.baseOffset, told.duplicate], [round, false]);
      // What comes again is known again, whatever the clock says.
      const again = await put(name, `v${round}`);
      assert.deepEqual('error' in again ? again : [again.baseOffset, again.duplicate], [round, true]);
    }
    expected.push(`v${round}`);
    broker.groups.watch();
    await broker.sweep();
    machine.tick(broker.steady());
    assert.equal(machine.heartbeat(memberId, null, generation, broker.steady()), 'NONE');
    if (round === 3) {
      await broker.close();
      now -= hourMs;
      broker = open();
    }
    for (const name of ['CreateTime', 'LogAppendTime']) assert.deepEqual(await valuesOf(name), expected);
  }
  assert.ok(partitionOf('CreateTime').segments.length > 1);
  await broker.close();
  rmSync(data, { recursive: true });
});
