import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { errorCode } from '#wire/kafka/error.ts';
import { alterClientQuotas, createAcls, describeClientQuotas } from '#wire/kafka/message/access.ts';
import { metadata } from '#wire/kafka/message/cluster.ts';
import { fetch, produce } from '#wire/kafka/message/record-access.ts';
import { createPartitions, createTopics, deleteTopics } from '#wire/kafka/message/topic.ts';
import { batchOf } from '#wire/kafka/record/record.ts';
import { openBroker } from '../store/broker.ts';
import { type Faces, type House, openHouse } from './fixtures/house.ts';
import { openRaw, type Raw } from './fixtures/raw.ts';
import { sealer } from './fixtures/sealer.ts';

let house: House;
let raw: Raw;
let owner: Faces;
before(async () => {
  house = await openHouse();
  owner = await house.credential({ role: 'owner' });
  raw = await openRaw(house.kafka, owner.sasl);
  await raw.call(createTopics, 5, { topics: [{ name: 'counted', numPartitions: 1, replicationFactor: 1 }], timeoutMs: 1000 });
});
after(async () => {
  raw?.end();
  await house?.stop();
});

type Name = string | null;
type Entity = { user?: Name; 'client-id'?: Name; ip?: Name };
const parts = (entity: Entity) => Object.entries(entity).map(([entityType, entityName]) => ({ entityType, entityName }));
async function set(entity: Entity, values: Record<string, number | null>, { at = raw, validateOnly = false } = {}): Promise<number> {
  const ops = Object.entries(values).map(([key, value]) => ({ key, value: value ?? 0, remove: value === null }));
  const { entries } = await at.call(alterClientQuotas, 1, { entries: [{ entity: parts(entity), ops }], validateOnly });
  return entries[0]?.errorCode ?? assert.fail('no answer');
}
const exact = 0;
const any = 2;
async function told(components: { entityType: string; matchType: number; match: Name }[], strict = false, at = raw) {
  const { errorCode: code, entries } = await at.call(describeClientQuotas, 1, { components, strict });
  if (code !== 0) return code;
  return (entries ?? [])
    .map(
      ({ entity, values }) =>
        `${entity.map(({ entityType, entityName }) => `${entityType}=${entityName}`).join()} ${values
          .map(({ key, value }) => `${key}=${value}`)
          .sort()
          .join()}`,
    )
    .sort();
}
const batch = (bytes: number) => batchOf([{ key: null, value: Buffer.alloc(bytes), timestamp: Date.now() }]);
const send = async (at: Raw, bytes: number, topic = 'counted') =>
  at.call(produce, 9, {
    acks: 1,
    timeoutMs: 1000,
    topicData: [{ name: topic, partitionData: [{ index: 0, records: batch(bytes) }] }],
  });
const read = (at: Raw, fetchOffset: number, topic = 'counted') =>
  at.call(fetch, 11, {
    ...{ replicaId: -1, maxWaitMs: 0, minBytes: 0, maxBytes: 2 ** 30, sessionEpoch: -1 },
    topics: [{ topic, partitions: [{ partition: 0, currentLeaderEpoch: -1, fetchOffset, partitionMaxBytes: 2 ** 30 }] }],
  });
const ask = (at: Raw) => at.call(metadata, 9, { topics: [] });

test('quotas are set, described by filter, taken back and refused as Apache Kafka does, each environment for itself', async () => {
  assert.equal(await set({ user: 'ann', 'client-id': 'app' }, { producer_byte_rate: 1000, request_percentage: 12.5 }), 0);
  assert.equal(await set({ user: 'ann' }, { consumer_byte_rate: 2000 }), 0);
  assert.equal(await set({ user: null }, { controller_mutation_rate: 0.5 }), 0);
  assert.equal(await set({ ip: '2001:DB8:0::1' }, { connection_creation_rate: 7 }), 0);
  assert.equal(await set({ 'client-id': 'tried' }, { producer_byte_rate: 1 }, { validateOnly: true }), 0);
  const both = 'user=ann,client-id=app producer_byte_rate=1000,request_percentage=12.5';
  const ann = { entityType: 'user', matchType: exact, match: 'ann' };
  assert.deepEqual(await told([ann]), ['user=ann consumer_byte_rate=2000', both]);
  assert.deepEqual(await told([ann], true), ['user=ann consumer_byte_rate=2000']);
  assert.deepEqual(await told([{ entityType: 'client-id', matchType: any, match: null }]), [both]);
  assert.deepEqual(await told([{ entityType: 'user', matchType: 1, match: null }]), ['user=null controller_mutation_rate=0.5']);
  const address = ['ip=2001:db8::1 connection_creation_rate=7'];
  assert.deepEqual(await told([{ entityType: 'ip', matchType: exact, match: '2001:db8::1' }]), address);
  assert.deepEqual(((await told([])) as string[]).length, 4);
  const theirs = await openRaw(house.kafka, (await house.credential({ role: 'owner' }, await house.tenant('beside'))).sasl);
  assert.deepEqual(await told([], false, theirs), []);
  theirs.end();

  const wrong: [Entity, Record<string, number>][] = [
    [{}, { producer_byte_rate: 1 }],
    [{ user: '' }, { producer_byte_rate: 1 }],
    [{ group: 'g' } as Entity, { producer_byte_rate: 1 }],
    [{ user: 'u', ip: '10.0.0.1' }, { connection_creation_rate: 1 }],
    [{ ip: 'example.org' }, { connection_creation_rate: 1 }],
    [{ ip: '10.0.0.1' }, { producer_byte_rate: 1 }],
    [{ user: 'u' }, { connection_creation_rate: 1 }],
    [{ user: 'u' }, { leader_replication_throttled_rate: 1 }],
    ...[0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY].map((value): [Entity, Record<string, number>] => [
      { user: 'u' },
      { producer_byte_rate: value },
    ]),
  ];
  for (const [entity, values] of wrong) assert.equal(await set(entity, values), errorCode.INVALID_REQUEST, JSON.stringify([entity, values]));
  assert.equal(await told([ann, ann]), errorCode.INVALID_REQUEST);
  assert.equal(await told([{ entityType: 'user', matchType: exact, match: null }]), errorCode.INVALID_REQUEST);
  assert.equal(await told([{ entityType: 'user', matchType: 9, match: null }]), errorCode.INVALID_REQUEST);
  assert.equal(await told([{ entityType: 'group', matchType: any, match: null }]), errorCode.UNSUPPORTED_VERSION);
  assert.equal(await told([ann, { entityType: 'ip', matchType: any, match: null }]), errorCode.INVALID_REQUEST);

  assert.equal(await set({ user: 'ann', 'client-id': 'app' }, { producer_byte_rate: null, request_percentage: null, consumer_byte_rate: null }), 0);
  assert.deepEqual(await told([ann]), ['user=ann consumer_byte_rate=2000']);
  for (const [entity, key] of [
    [{ user: 'ann' }, 'consumer_byte_rate'],
    [{ user: null }, 'controller_mutation_rate'],
    [{ ip: '2001:db8::1' }, 'connection_creation_rate'],
  ] as const)
    assert.equal(await set(entity, { [key]: null }), 0);
  assert.deepEqual(await told([]), []);
});

test('who may alter configurations of the cluster sets quotas, who may describe them reads them, by role or by ACL', async () => {
  const refused = errorCode.CLUSTER_AUTHORIZATION_FAILED;
  const editor = await house.credential({ role: 'editor' });
  const publisher = await house.credential({ role: 'publisher' });
  const [theirs, others] = [await openRaw(house.kafka, editor.sasl), await openRaw(house.kafka, publisher.sasl)];
  assert.equal(await set({ user: 'x' }, { producer_byte_rate: 1 }, { at: theirs }), refused);
  assert.deepEqual(await told([], false, theirs), []);
  assert.equal(await told([], false, others), refused);
  const cluster = { resourceType: 4, resourceName: 'kafka-cluster', resourcePatternType: 3, host: '*', permissionType: 3 };
  const { results } = await raw.call(createAcls, 2, { creations: [{ ...cluster, principal: `User:${publisher.id}`, operation: 11 }] });
  assert.equal(results[0]?.errorCode, 0);
  for (let tries = 100; ; tries -= 1) {
    const code = await set({ user: 'x' }, { producer_byte_rate: 1_000_000_000 }, { at: others });
    if (code === 0) break;
    assert.equal(code, refused);
    assert.ok(tries > 0, 'the rule does not come to hold');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.deepEqual(await told([], false, others), ['user=x producer_byte_rate=1000000000']);
  assert.equal(await set({ user: 'x' }, { producer_byte_rate: null }, { at: others }), 0);
  theirs.end();
  others.end();
});

test('a flood of records is answered at once with a throttle time, and the connection is not listened to until then', async () => {
  const faces = await house.credential({ role: 'owner' });
  const [one, two] = [await openRaw(house.kafka, faces.sasl), await openRaw(house.kafka, faces.sasl)];
  const user = faces.id;
  // What any user may is more than what this user with this client may; the narrower counts.
  assert.equal(await set({ user: null }, { producer_byte_rate: 1 }), 0);
  assert.equal(await set({ user, 'client-id': 'raw' }, { producer_byte_rate: 10_000 }), 0);
  // Ten seconds of it at once are free.
  assert.equal((await send(one, 90_000)).throttleTimeMs, 0);
  const { throttleTimeMs, responses } = await send(one, 50_000);
  assert.equal(responses[0]?.partitionResponses[0]?.errorCode, 0);
  assert.ok(throttleTimeMs > 0 && throttleTimeMs <= 5000, `${throttleTimeMs} ms`);
  const answered = performance.now();
  assert.equal((await ask(one)).throttleTimeMs, 0);
  const waited = performance.now() - answered;
  assert.ok(waited >= throttleTimeMs - 20, `${waited} of ${throttleTimeMs} ms`);
  // All connections of the user use up the same, and who comes from elsewhere is not held up by it.
  assert.ok((await send(two, 50_000)).throttleTimeMs > 0);
  const elsewhere = await openRaw(house.kafka, (await house.credential({ role: 'owner' }, await house.tenant('quiet'))).sasl);
  await elsewhere.call(createTopics, 5, { topics: [{ name: 'counted', numPartitions: 1, replicationFactor: 1 }], timeoutMs: 1000 });
  assert.equal((await send(elsewhere, 900_000)).throttleTimeMs, 0);
  assert.equal((await send(elsewhere, 900_000)).throttleTimeMs, 0);
  // A caller whose credential ends while it is held up sees its connection close at once.
  assert.equal(await set({ user, 'client-id': 'raw' }, { producer_byte_rate: 1000 }), 0);
  assert.ok((await send(one, 300_000)).throttleTimeMs > 60_000);
  assert.equal((await house.call('POST', `/v1/platform/credentials/${user}/revoke-credential`, {})).status, 200);
  await Promise.all([one.closed, two.closed]);
  assert.equal(await set({ user, 'client-id': 'raw' }, { producer_byte_rate: null }), 0);
  assert.equal(await set({ user: null }, { producer_byte_rate: null }), 0);
  elsewhere.end();
});

test('reading is throttled by the bytes read, and one fetch brings no more than may be used up at once', async () => {
  const faces = await house.credential({ role: 'owner' });
  const mine = await openRaw(house.kafka, faces.sasl);
  await mine.call(createTopics, 5, { topics: [{ name: 'long', numPartitions: 1, replicationFactor: 1 }], timeoutMs: 1000 });
  for (let at = 0; at < 6; at += 1) await send(mine, 100_000, 'long');
  assert.equal(await set({ 'client-id': null }, { consumer_byte_rate: 25_000 }), 0);
  const first = await read(mine, 0, 'long');
  const bytes = first.responses[0]?.partitions[0]?.records?.length ?? 0;
  assert.ok(bytes > 200_000 && bytes <= 250_000, `${bytes} bytes`);
  assert.equal(first.throttleTimeMs, 0);
  const second = await read(mine, 2, 'long');
  assert.ok(second.throttleTimeMs > 0, `${second.throttleTimeMs} ms`);
  mine.end();
  assert.equal(await set({ 'client-id': null }, { consumer_byte_rate: null }), 0);
});

test('requests are throttled by the time they take, at most for a second each, and waiting for records costs nothing', async () => {
  const faces = await house.credential({ role: 'owner' });
  const mine = await openRaw(house.kafka, faces.sasl);
  assert.equal(await set({ user: faces.id }, { request_percentage: 10 }), 0);
  const parked = await mine.call(fetch, 11, {
    ...{ replicaId: -1, maxWaitMs: 3000, minBytes: 1, maxBytes: 1000, sessionEpoch: -1 },
    topics: [{ topic: 'empty', partitions: [] }],
  });
  assert.equal(parked.throttleTimeMs, 0);
  assert.equal(await set({ user: faces.id }, { request_percentage: 0.0001 }), 0);
  let throttled = 0;
  for (let tries = 0; tries < 20 && throttled === 0; tries += 1) throttled = (await ask(mine)).throttleTimeMs;
  assert.ok(throttled > 0 && throttled <= 1000, `${throttled} ms`);
  assert.equal(await set({ user: faces.id }, { request_percentage: null }), 0);
  mine.end();
});

test('partitions beyond the quota are refused to clients that know the error, and held up for others', async () => {
  const faces = await house.credential({ role: 'owner' });
  const mine = await openRaw(house.kafka, faces.sasl);
  assert.equal(await set({ user: faces.id }, { controller_mutation_rate: 0.1 }), 0);
  const create = async (name: string, numPartitions: number, version: number) => {
    const made = await mine.call(createTopics, version, { topics: [{ name, numPartitions, replicationFactor: 1 }], timeoutMs: 1000 });
    return [made.topics[0]?.errorCode, made.throttleTimeMs > 0];
  };
  // One is free; what begins while something is left is done as a whole.
  assert.deepEqual(await create('mutated', 2, 7), [0, false]);
  const { throttleTimeMs, topics } = await mine.call(createTopics, 7, {
    topics: [{ name: 'refused', numPartitions: 1, replicationFactor: 1 }],
    timeoutMs: 1000,
  });
  assert.equal(topics[0]?.errorCode, errorCode.THROTTLING_QUOTA_EXCEEDED);
  assert.ok(throttleTimeMs > 0, `${throttleTimeMs} ms`);
  mine.end();
  const again = await openRaw(house.kafka, faces.sasl);
  const grown = await again.call(createPartitions, 3, { topics: [{ name: 'mutated', count: 3, assignments: null }], timeoutMs: 1000 });
  assert.equal(grown.results[0]?.errorCode, errorCode.THROTTLING_QUOTA_EXCEEDED);
  again.end();
  const older = await openRaw(house.kafka, faces.sasl);
  const dropped = await older.call(deleteTopics, 4, { topicNames: ['mutated'], timeoutMs: 1000 });
  assert.deepEqual([dropped.responses[0]?.errorCode, dropped.throttleTimeMs > 0], [0, true]);
  older.end();
  assert.equal(await set({ user: faces.id }, { controller_mutation_rate: null }), 0);
});

test('connections beyond the quota of their address are closed unanswered; other environments are let in', async () => {
  const environment = await house.tenant('many');
  const faces = await house.credential({ role: 'owner' }, environment);
  const mine = await openRaw(house.kafka, faces.sasl);
  assert.equal(await set({ ip: null }, { connection_creation_rate: 1 }, { at: mine }), 0);
  const opened: Raw[] = [];
  await assert.rejects(async () => {
    for (let count = 0; count < 60; count += 1) opened.push(await openRaw(house.kafka, faces.sasl));
  }, /closed the connection/);
  assert.ok(opened.length >= 10, `${opened.length} were let in`);
  (await openRaw(house.kafka, owner.sasl)).end();
  // Those that are there stay, and an address with a quota of its own does not ask the others'.
  assert.equal(await set({ ip: '127.0.0.1' }, { connection_creation_rate: 10_000 }, { at: mine }), 0);
  for (const one of [...opened, await openRaw(house.kafka, faces.sasl)]) {
    assert.equal((await ask(one)).errorCode ?? 0, 0);
    one.end();
  }
  mine.end();
});

test('quotas survive a kill, a loss of power and compaction', async () => {
  const data = mkdtempSync(join(tmpdir(), 'gamut-log-quota-'));
  const open = (name: string) => {
    const clocks = { now: Date.now, steady: () => 0 };
    return openBroker({ directory: join(data, name), log: () => undefined, ...clocks, mayWrite: () => true, sealer });
  };
  const client = { scope: 2n, user: 'ann', clientId: 'app' };
  const first = open('a');
  await first.quotas.alter(2n, { user: 'ann' }, [{ key: 'producer_byte_rate', value: 5 }]);
  await first.quotas.alter(2n, { user: 'bob' }, [{ key: 'producer_byte_rate', value: 5 }]);
  await first.quotas.alter(2n, { user: 'bob' }, [{ key: 'producer_byte_rate', value: null }]);
  await first.quotas.alter(3n, { ip: '10.0.0.1' }, [{ key: 'connection_creation_rate', value: 1 }]);
  await first.sweep();
  cpSync(join(data, 'a'), join(data, 'b'), { recursive: true });
  const second = open('b');
  assert.deepEqual(second.quotas.list(2n), [{ entity: { user: 'ann' }, values: { producer_byte_rate: 5 } }]);
  assert.deepEqual([second.quotas.take('producer_byte_rate', client, 50), second.quotas.take('producer_byte_rate', client, 5)], [0, 1000]);
  assert.equal(second.quotas.take('producer_byte_rate', { ...client, user: 'bob' }, 500), 0);
  for (let count = 0; count < 10; count += 1) assert.equal(second.quotas.connect(3n, '::ffff:10.0.0.1'), 0);
  second.quotas.connect(3n, '10.0.0.1');
  assert.equal(second.quotas.connect(3n, '10.0.0.1'), 1000);
  assert.equal(second.quotas.connect(3n, '10.0.0.2'), 0);
  await Promise.all([first.close(), second.close()]);
  rmSync(data, { recursive: true });
});
