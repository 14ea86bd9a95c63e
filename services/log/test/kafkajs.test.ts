import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CompressionTypes, type EachMessagePayload, type Kafka, type SASLOptions } from 'kafkajs';
import { type House, openHouse } from './fixtures/house.ts';

let house: House;
let kafka: Kafka;
before(async () => {
  house = await openHouse();
  kafka = house.client();
});
after(() => house?.stop());

async function createTopic(topic: string, numPartitions = 1, client = kafka): Promise<void> {
  const admin = client.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions, replicationFactor: 1 }] });
  await admin.disconnect();
}

/** Consumes until `count` messages have come. */
async function consume(topic: string, groupId: string, count: number, client = kafka): Promise<EachMessagePayload[]> {
  const consumer = client.consumer({ groupId, sessionTimeout: 10_000, heartbeatInterval: 300, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const got: EachMessagePayload[] = [];
  await new Promise<void>((resolve, reject) => {
    consumer
      .run({
        eachMessage: async (payload) => {
          got.push(payload);
          if (got.length === count) resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return got;
}

test('kafkajs writes to a topic, and a group reads what was written, in order of each partition', async () => {
  await createTopic('orders', 3);
  const producer = kafka.producer();
  await producer.connect();
  const messages = Array.from({ length: 30 }, (_, at) => ({ key: `k${at % 7}`, value: `v${at}`, headers: { at: `${at}` } }));
  const sent = await producer.send({ topic: 'orders', messages });
  assert.equal(
    sent.every(({ errorCode }) => errorCode === 0),
    true,
  );
  await producer.disconnect();
  const got = await consume('orders', 'readers', 30);
  assert.deepEqual(got.map(({ message }) => message.value?.toString()).sort(), messages.map(({ value }) => value).sort());
  for (const key of ['k0', 'k3']) {
    const ofKey = got
      .filter(({ message }) => message.key?.toString() === key)
      .map(({ message }) => Number(message.headers?.at?.toString()));
    assert.deepEqual(
      ofKey,
      [...ofKey].sort((left, right) => left - right),
    );
  }
});

test('a group that comes again goes on behind what it committed', async () => {
  await createTopic('again');
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic: 'again', messages: [{ value: 'one' }, { value: 'two' }] });
  await consume('again', 'again-group', 2);
  await producer.send({ topic: 'again', messages: [{ value: 'three' }] });
  await producer.disconnect();
  const got = await consume('again', 'again-group', 1);
  assert.equal(got[0]?.message.value?.toString(), 'three');
  const admin = kafka.admin();
  await admin.connect();
  assert.deepEqual(await admin.fetchOffsets({ groupId: 'again-group', topics: ['again'] }), [
    { topic: 'again', partitions: [{ partition: 0, offset: '3', metadata: null }] },
  ]);
  await admin.disconnect();
});

test('two members share the partitions of a topic; when one leaves, the other reads all', async () => {
  await createTopic('shared', 4);
  const got: number[] = [];
  const assigned = new Map<string, number>();
  const start = async (name: string) => {
    const consumer = kafka.consumer({ groupId: 'sharers', sessionTimeout: 10_000, heartbeatInterval: 200, maxWaitTimeInMs: 100 });
    await consumer.connect();
    await consumer.subscribe({ topic: 'shared', fromBeginning: true });
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      assigned.set(name, payload.memberAssignment.shared?.length ?? 0);
    });
    await consumer.run({ eachMessage: async ({ partition }) => void got.push(partition) });
    return consumer;
  };
  const until = async (holds: () => boolean) => {
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  const first = await start('first');
  await until(() => assigned.get('first') === 4);
  const second = await start('second');
  await until(() => assigned.get('first') === 2 && assigned.get('second') === 2);
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic: 'shared', messages: [0, 1, 2, 3].map((partition) => ({ partition, value: 'x' })) });
  await until(() => got.length === 4);
  assert.deepEqual([...got].sort(), [0, 1, 2, 3]);
  await second.disconnect();
  await until(() => assigned.get('first') === 4);
  await first.disconnect();
  await producer.disconnect();
});

test('gzip passes through untouched', async () => {
  await createTopic('packed');
  const producer = kafka.producer();
  await producer.connect();
  const value = 'again and '.repeat(1000);
  await producer.send({ topic: 'packed', compression: CompressionTypes.GZIP, messages: [{ value }] });
  await producer.disconnect();
  const got = await consume('packed', 'unpackers', 1);
  assert.equal(got[0]?.message.value?.toString(), value);
  const { body } = await house.call('GET', '/v1/log/topics/packed');
  assert.ok((body.status as { sizeBytes: number }).sizeBytes < 500);
});

test('two scopes have a topic and a group of the same name, and never see each other', async () => {
  const other = await house.tenant('neighbours');
  const theirs = house.client(await house.credential({}, other));
  await createTopic('same');
  await createTopic('same', 1, theirs);
  for (const [client, value] of [
    [kafka, 'ours'],
    [theirs, 'theirs'],
  ] as const) {
    const producer = client.producer();
    await producer.connect();
    await producer.send({ topic: 'same', messages: [{ value }] });
    await producer.disconnect();
  }
  assert.equal((await consume('same', 'group', 1))[0]?.message.value?.toString(), 'ours');
  assert.equal((await consume('same', 'group', 1, theirs))[0]?.message.value?.toString(), 'theirs');
  const admin = theirs.admin();
  await admin.connect();
  assert.deepEqual(await admin.listTopics(), ['same']);
  await admin.disconnect();
});

test('a reader may read and not write; a wrong password lets nobody in', async () => {
  await createTopic('guarded');
  const reader = house.client(await house.credential({ role: 'reader' }));
  const producer = reader.producer();
  await producer.connect();
  await assert.rejects(producer.send({ topic: 'guarded', messages: [{ value: 'x' }] }), /authoriz/i);
  await producer.disconnect();
  const stranger = house.client({ ...house.owner, sasl: { username: house.owner.sasl.username, password: house.owner.bearer } });
  await assert.rejects(stranger.admin().connect(), /Invalid username or password/);
});

for (const mechanism of ['scram-sha-256', 'scram-sha-512'] as const)
  test(`${mechanism} lets in who knows the password, and nobody else`, async () => {
    const { username, password } = house.owner.sasl;
    const admin = house.client(house.owner, { sasl: { mechanism, username, password } as SASLOptions }).admin();
    await admin.connect();
    assert.ok((await admin.listTopics()).includes('orders'));
    await admin.disconnect();
    const wrong = house.client(house.owner, { sasl: { mechanism, username, password: `${password}x` } as SASLOptions }).admin();
    await assert.rejects(wrong.connect(), /Authentication failed|Invalid/i);
  });

test('OAUTHBEARER carries the bearer of the platform', async () => {
  const sasl = { mechanism: 'oauthbearer', oauthBearerProvider: async () => ({ value: house.owner.bearer }) } as const;
  const admin = house.client(house.owner, { sasl }).admin();
  await admin.connect();
  assert.ok((await admin.listTopics()).includes('orders'));
  await admin.disconnect();
});
