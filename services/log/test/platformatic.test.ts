import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Admin, Consumer, MessagesStreamModes, Producer, stringDeserializers, stringSerializers } from '@platformatic/kafka';
import kafkajs from 'kafkajs';
import { fetch } from '#wire/kafka/message/record-access.ts';
import { isIntact, readHead } from '#wire/kafka/record/batch.ts';
import { type House, openHouse } from './fixtures/house.ts';
import { openRaw } from './fixtures/raw.ts';

let house: House;
let base: { clientId: string; bootstrapBrokers: string[]; sasl: { mechanism: 'PLAIN'; username: string; password: string } };
before(async () => {
  process.env.GAMUT_LOG_PARTITIONS = '3';
  process.env.GAMUT_LOG_REBALANCE_DELAY_MS = '50';
  house = await openHouse();
  base = { clientId: 'platformatic', bootstrapBrokers: [house.kafka], sasl: { mechanism: 'PLAIN', ...house.owner.sasl } };
});
after(async () => {
  delete process.env.GAMUT_LOG_PARTITIONS;
  delete process.env.GAMUT_LOG_REBALANCE_DELAY_MS;
  await house?.stop();
});

async function createTopic(topic: string, partitions = 1): Promise<void> {
  const admin = new Admin(base);
  await admin.createTopics({ topics: [topic], partitions, replicas: 1 });
  await admin.close();
}

async function send(topic: string, count: number, from = 0): Promise<void> {
  const producer = new Producer({ ...base, serializers: stringSerializers, idempotent: true });
  await producer.send({ messages: Array.from({ length: count }, (_, at) => ({ topic, key: `k${at}`, value: `v${at + from}` })) });
  await producer.close();
}

/** Reads as a member of a group until `count` messages have come, and commits them. */
async function consume(topic: string, groupId: string, count: number, more: Record<string, unknown> = {}): Promise<string[]> {
  const consumer = new Consumer({ ...base, groupId, deserializers: stringDeserializers, maxWaitTime: 100, ...more });
  const stream = await consumer.consume({
    topics: [topic],
    mode: MessagesStreamModes.COMMITTED,
    fallbackMode: 'earliest',
    autocommit: false,
  });
  const values: string[] = [];
  for await (const message of stream) {
    values.push(message.value);
    await message.commit();
    if (values.length === count) break;
  }
  await consumer.close(true);
  return values.sort();
}

const expected = (count: number, from = 0) => Array.from({ length: count }, (_, at) => `v${at + from}`).sort();

test('@platformatic/kafka writes idempotently, and a classic group reads and goes on where it was', async () => {
  await createTopic('modern', 2);
  await send('modern', 20);
  assert.deepEqual(await consume('modern', 'classic', 20, { sessionTimeout: 10_000, heartbeatInterval: 500 }), expected(20));
  await send('modern', 5, 100);
  assert.deepEqual(await consume('modern', 'classic', 5, { sessionTimeout: 10_000, heartbeatInterval: 500 }), expected(5, 100));
});

test('@platformatic/kafka reads by the consumer group protocol, whose partitions the broker divides', async () => {
  await createTopic('next', 3);
  await send('next', 12);
  assert.deepEqual(await consume('next', 'kip848', 12, { groupProtocol: 'consumer' }), expected(12));
  await send('next', 3, 50);
  assert.deepEqual(await consume('next', 'kip848', 3, { groupProtocol: 'consumer' }), expected(3, 50));
});

test('a topic that says how batches are packed packs them so whatever was sent, and its clients read them', async () => {
  const messages = Array.from({ length: 40 }, (_, at) => ({ key: `k${at}`, value: `again and again ${at} `.repeat(20) }));
  const admin = new Admin(base);
  const reader = await openRaw(house.kafka, house.owner.sasl);
  for (const [kind, type] of ['uncompressed', 'gzip', 'snappy', 'lz4', 'zstd'].entries()) {
    const topic = `as-${type}`;
    await admin.createTopics({ topics: [topic], partitions: 1, replicas: 1, configs: [{ name: 'compression.type', value: type }] });
    for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
      const producer = new Producer({ ...base, serializers: stringSerializers, idempotent: true, compression });
      await producer.send({ messages: messages.map((message) => ({ topic, ...message })) });
      await producer.close();
    }
    const read = await consume(topic, `readers-of-${topic}`, 200);
    assert.deepEqual([...new Set(read)], messages.map(({ value }) => value).sort());
    const told = await reader.call(fetch, 11, {
      ...{ maxWaitMs: 0, minBytes: 1, maxBytes: 10_000_000 },
      topics: [{ topic, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 10_000_000 }] }],
    });
    const records = told.responses[0]?.partitions[0]?.records ?? assert.fail('no records');
    let batches = 0;
    for (let at = 0; at < records.length; at += readHead(records, at).sizeBytes) {
      batches += 1;
      assert.equal(readHead(records, at).attributes & 7, kind, type);
      assert.ok(isIntact(records.subarray(at, at + readHead(records, at).sizeBytes)));
    }
    assert.equal(batches, 5);
  }
  reader.end();
  await admin.close();
});

test('a topic whose maker does not say has as many partitions as the operator said', async () => {
  const admin = house.client().admin();
  await admin.createTopics({ topics: [{ topic: 'unsaid' }] });
  await house.call('POST', '/v1/log/topics', { name: 'rest' }, { door: 'log.rest', bearer: house.owner.bearer });
  const producer = house.client().producer();
  await producer.connect();
  await producer.send({ topic: 'made-by-asking', messages: [{ value: 'a' }] });
  await producer.disconnect();
  const { topics } = await admin.fetchTopicMetadata({ topics: ['unsaid', 'rest', 'made-by-asking'] });
  assert.deepEqual(
    topics.map(({ partitions }) => partitions.length),
    [3, 3, 3],
  );
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: kafkajs.ConfigResourceTypes.BROKER, name: '1', configNames: ['num.partitions', 'group.initial.rebalance.delay.ms'] }],
  });
  assert.deepEqual(resources[0]?.configEntries.map(({ configValue }) => configValue).sort(), ['3', '50']);
  await admin.disconnect();
});
