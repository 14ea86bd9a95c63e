import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { errorCode } from '#wire/kafka/error.ts';
import { apiVersions, metadata } from '#wire/kafka/message/cluster.ts';
import { describeConfigs, incrementalAlterConfigs } from '#wire/kafka/message/config.ts';
import { consumerGroupHeartbeat, heartbeat, joinGroup } from '#wire/kafka/message/group.ts';
import { consumerGroupDescribe } from '#wire/kafka/message/group-admin.ts';
import { offsetCommit, offsetFetch } from '#wire/kafka/message/offset.ts';
import { fetch, listOffsets, produce } from '#wire/kafka/message/record-access.ts';
import { createPartitions, createTopics, deleteRecords } from '#wire/kafka/message/topic.ts';
import { readHead } from '#wire/kafka/record/batch.ts';
import { batchOf } from '#wire/kafka/record/record.ts';
import { type House, openHouse } from './fixtures/house.ts';
import { openRaw, type Raw } from './fixtures/raw.ts';

let house: House;
let raw: Raw;
before(async () => {
  house = await openHouse();
  raw = await openRaw(house.kafka, house.owner.sasl);
});
after(async () => {
  raw?.end();
  await house?.stop();
});

const record = (value: string, timestamp = 1, key: string | null = null) => ({
  key: key === null ? null : Buffer.from(key),
  value: Buffer.from(value),
  timestamp,
});

async function createTopic(name: string, configs: { name: string; value: string }[] = [], numPartitions = 1) {
  const { topics } = await raw.call(createTopics, 5, { topics: [{ name, numPartitions, replicationFactor: 1, configs }], timeoutMs: 1000 });
  assert.equal(topics[0]?.errorCode, 0, topics[0]?.errorMessage ?? '');
}

async function send(topic: string, records: Buffer, version = 9) {
  const { responses } = await raw.call(produce, version, {
    acks: -1,
    timeoutMs: 1000,
    topicData: [{ name: topic, partitionData: [{ index: 0, records }] }],
  });
  return responses[0]?.partitionResponses[0] ?? assert.fail('no answer');
}

async function read(topic: string, fetchOffset: number, partitionMaxBytes = 1_000_000) {
  const { responses } = await raw.call(fetch, 11, {
    ...{ maxWaitMs: 0, minBytes: 1, maxBytes: 10_000_000 },
    topics: [{ topic, partitions: [{ partition: 0, fetchOffset, partitionMaxBytes }] }],
  });
  const told = responses[0]?.partitions[0] ?? assert.fail('no answer');
  return { ...told, records: told.records ?? Buffer.alloc(0) };
}

test('a fetch at an offset inside a batch answers the whole batch', async () => {
  await createTopic('inside');
  await send('inside', batchOf([record('a'), record('b'), record('c')]));
  await send('inside', batchOf([record('d')]));
  const { records } = await read('inside', 1);
  assert.deepEqual([readHead(records).baseOffset, readHead(records).count], [0, 3]);
  assert.equal((await read('inside', 5)).errorCode, errorCode.OFFSET_OUT_OF_RANGE);
  assert.equal((await read('inside', 4)).errorCode, 0);
});

test('a fetch session is told what is new in it, forgets what it is told to, and is known on its own connection alone', async () => {
  await createTopic('kept', [], 3);
  const wanted = (partition: number, fetchOffset: number) => ({ partition, fetchOffset, partitionMaxBytes: 1_000_000 });
  const ask = async (sessionId: number, sessionEpoch: number, more: object = {}, over = raw, version = 11) => {
    const sizes = { maxWaitMs: 0, minBytes: 1, maxBytes: 10_000_000 };
    const told = await over.call(fetch, version, { ...sizes, sessionId, sessionEpoch, topics: [], ...more });
    const parts = told.responses.flatMap(({ partitions }) => partitions);
    return { id: told.sessionId, error: told.errorCode, parts: parts.map((each) => [each.partitionIndex, each.records?.length ?? 0]) };
  };
  const topics = [{ topic: 'kept', partitions: [0, 1, 2].map((at) => wanted(at, 0)) }];
  const begun = await ask(0, 0, { topics });
  assert.ok(begun.id > 0);
  assert.deepEqual(begun.parts.length, 3);
  assert.deepEqual(await ask(begun.id, 1), { id: begun.id, error: 0, parts: [] });
  const batch = batchOf([record('new')]);
  await send('kept', batch);
  // Until the client moves on it is told the same again, and what others have comes first.
  for (const epoch of [2, 3]) assert.deepEqual((await ask(begun.id, epoch)).parts, [[0, batch.length]]);
  const moved = [{ topic: 'kept', partitions: [wanted(0, 1)] }];
  assert.deepEqual((await ask(begun.id, 4, { topics: moved })).parts, []);
  const forgottenTopicsData = [{ topic: 'kept', partitions: [0] }];
  await send('kept', batchOf([record('unseen')]));
  assert.deepEqual(await ask(begun.id, 5, { forgottenTopicsData }), { id: begun.id, error: 0, parts: [] });
  assert.equal((await ask(begun.id, 5)).error, errorCode.INVALID_FETCH_SESSION_EPOCH);
  assert.equal((await ask(begun.id, 6, {}, raw, 13)).error, errorCode.FETCH_SESSION_TOPIC_ID_ERROR);
  assert.equal((await ask(begun.id + 1, 6)).error, errorCode.FETCH_SESSION_ID_NOT_FOUND);
  const other = await openRaw(house.kafka, house.owner.sasl);
  assert.equal((await ask(begun.id, 6, {}, other)).error, errorCode.FETCH_SESSION_ID_NOT_FOUND);
  other.end();
  assert.equal((await ask(begun.id, -1, { topics })).id, 0);
  assert.equal((await ask(begun.id, 6)).error, errorCode.FETCH_SESSION_ID_NOT_FOUND);
});

test('the first batch is answered whole even when it is larger than the client asked for', async () => {
  await createTopic('large');
  await send('large', batchOf([record('x'.repeat(5000))]));
  assert.ok((await read('large', 0, 10)).records.length > 5000);
});

test('ListOffsets by time answers the first record that is not older, inside a batch too', async () => {
  await createTopic('times');
  await send('times', batchOf([record('a', 1000), record('b', 2000)]));
  await send('times', batchOf([record('c', 3000), record('d', 4000)]));
  const at = async (timestamp: number) => {
    const { topics } = await raw.call(listOffsets, 7, { topics: [{ name: 'times', partitions: [{ partitionIndex: 0, timestamp }] }] });
    return [topics[0]?.partitions[0]?.offset, topics[0]?.partitions[0]?.timestamp];
  };
  assert.deepEqual(await at(0), [0, 1000]);
  assert.deepEqual(await at(1500), [1, 2000]);
  assert.deepEqual(await at(3000), [2, 3000]);
  assert.deepEqual(await at(4001), [-1, -1]);
  assert.deepEqual(await at(-1), [4, -1]);
  assert.deepEqual(await at(-2), [0, -1]);
  assert.deepEqual(await at(-3), [3, 4000]);
});

test('CreatePartitions answers each topic it was asked about', async () => {
  await createTopic('growing');
  const { results } = await raw.call(createPartitions, 3, {
    topics: [
      { name: 'growing', count: 3, assignments: null },
      { name: 'absent', count: 3, assignments: null },
    ],
    timeoutMs: 1000,
  });
  assert.deepEqual(
    results.map(({ name, errorCode: code }) => [name, code]),
    [
      ['growing', 0],
      ['absent', errorCode.UNKNOWN_TOPIC_OR_PARTITION],
    ],
  );
  const { topics } = await raw.call(metadata, 9, { topics: [{ name: 'growing' }] });
  assert.equal(topics[0]?.partitions.length, 3);
  const shrunk = await raw.call(createPartitions, 3, { topics: [{ name: 'growing', count: 2, assignments: null }], timeoutMs: 1000 });
  assert.equal(shrunk.results[0]?.errorCode, errorCode.INVALID_PARTITIONS);
});

test('metadata of a committed offset comes back as it was committed', async () => {
  await createTopic('noted');
  const commit = (committedMetadata: string | null) =>
    raw.call(offsetCommit, 8, {
      groupId: 'notes',
      generationIdOrMemberEpoch: -1,
      topics: [{ name: 'noted', partitions: [{ partitionIndex: 0, committedOffset: 42, committedLeaderEpoch: 0, committedMetadata }] }],
    });
  await commit('half way ☂');
  const fetched = async () => {
    const { topics } = await raw.call(offsetFetch, 7, { groupId: 'notes', topics: [{ name: 'noted', partitionIndexes: [0] }] });
    return topics[0]?.partitions[0];
  };
  const told = await fetched();
  assert.deepEqual([told?.committedOffset, told?.committedLeaderEpoch, told?.metadata], [42, 0, 'half way ☂']);
  const refused = await commit('x'.repeat(5000));
  assert.equal(refused.topics[0]?.partitions[0]?.errorCode, errorCode.OFFSET_METADATA_TOO_LARGE);
});

test('DescribeConfigs lists defaults, and says what a topic has of its own', async () => {
  await createTopic('configured', [{ name: 'retention.ms', value: '1000' }]);
  const { results } = await raw.call(describeConfigs, 4, {
    resources: [{ resourceType: 2, resourceName: 'configured', configurationKeys: null }],
  });
  const configs = new Map(results[0]?.configs.map((config) => [config.name, config]));
  assert.deepEqual([configs.get('retention.ms')?.value, configs.get('retention.ms')?.configSource], ['1000', 1]);
  assert.deepEqual([configs.get('cleanup.policy')?.value, configs.get('cleanup.policy')?.configSource], ['delete', 5]);
  const alter = (name: string, value: string | null, configOperation = 0) =>
    raw.call(incrementalAlterConfigs, 1, {
      resources: [{ resourceType: 2, resourceName: 'configured', configs: [{ name, configOperation, value }] }],
      validateOnly: false,
    });
  assert.equal((await alter('cleanup.policy', 'compact', 2)).responses[0]?.errorCode, 0);
  assert.equal((await alter('retention.ms', 'soon')).responses[0]?.errorCode, errorCode.INVALID_CONFIG);
  assert.equal((await alter('no.such.thing', '1')).responses[0]?.errorCode, errorCode.INVALID_CONFIG);
  const { body } = await house.call('GET', '/v1/log/topics/configured');
  assert.deepEqual((body.spec as { config: object }).config, { 'retention.ms': '1000', 'cleanup.policy': 'delete,compact' });
});

test('records without key are refused by a compacted topic, and each is named', async () => {
  await createTopic('compacted', [{ name: 'cleanup.policy', value: 'compact' }]);
  const told = await send('compacted', batchOf([record('a', 1, 'k'), record('b'), record('c', 1, 'k'), record('d')]));
  assert.equal(told.errorCode, errorCode.INVALID_RECORD);
  assert.deepEqual(
    told.recordErrors.map(({ batchIndex }) => batchIndex),
    [1, 3],
  );
  assert.equal((await send('compacted', batchOf([record('a', 1, 'k')]))).errorCode, 0);
});

test('a batch larger than max.message.bytes is refused', async () => {
  await createTopic('small', [{ name: 'max.message.bytes', value: '200' }]);
  assert.equal((await send('small', batchOf([record('x'.repeat(300))]))).errorCode, errorCode.MESSAGE_TOO_LARGE);
  assert.equal((await send('small', batchOf([record('x')]))).errorCode, 0);
});

test('a broken checksum, two batches, and a control batch are refused; old versions are told why', async () => {
  await createTopic('strict');
  const broken = batchOf([record('x')]);
  broken[65] = (broken[65] as number) ^ 1;
  assert.equal((await send('strict', broken)).errorCode, errorCode.CORRUPT_MESSAGE);
  const one = batchOf([record('x')]);
  assert.equal((await send('strict', Buffer.concat([one, one]))).errorCode, errorCode.INVALID_RECORD);
  assert.equal((await send('strict', batchOf([record('x')], { control: true }))).errorCode, errorCode.INVALID_RECORD);
  assert.equal((await send('strict', one, 2)).errorCode, errorCode.UNSUPPORTED_FOR_MESSAGE_FORMAT);
  assert.equal((await read('strict', 0)).records.length, 0);
});

test('a member that nobody knows is told so, also while others rebalance', async () => {
  const told = await raw.call(heartbeat, 4, { groupId: 'strangers', generationId: 1, memberId: 'ghost' });
  assert.equal(told.errorCode, errorCode.UNKNOWN_MEMBER_ID);
  const joined = await raw.call(joinGroup, 5, {
    groupId: 'strangers',
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: Buffer.alloc(0) }],
  });
  assert.equal(joined.errorCode, errorCode.MEMBER_ID_REQUIRED);
  assert.notEqual(joined.memberId, '');
  assert.equal(
    (await raw.call(heartbeat, 4, { groupId: 'strangers', generationId: 1, memberId: 'ghost' })).errorCode,
    errorCode.UNKNOWN_MEMBER_ID,
  );
});

test('records before an offset are deleted, and the start of the log is told', async () => {
  await createTopic('shortened');
  for (const value of ['a', 'b', 'c']) await send('shortened', batchOf([record(value)]));
  const told = await raw.call(deleteRecords, 2, {
    topics: [{ name: 'shortened', partitions: [{ partitionIndex: 0, offset: 2 }] }],
    timeoutMs: 1000,
  });
  assert.equal(told.topics[0]?.partitions[0]?.lowWatermark, 2);
  assert.equal((await read('shortened', 0)).errorCode, errorCode.OFFSET_OUT_OF_RANGE);
  assert.equal((await read('shortened', 2)).logStartOffset, 2);
});

test('an unknown version of ApiVersions is answered in version 0 with what there is', async () => {
  const stranger = await openRaw(house.kafka);
  const frame = Buffer.from([0, 18, 0, 99, 0, 0, 0, 5, 0xff, 0xff]);
  const length = Buffer.alloc(4);
  length.writeInt32BE(frame.length);
  stranger.send(Buffer.concat([length, frame]));
  const [answer] = (await once(stranger.socket, 'data')) as [Buffer];
  assert.deepEqual([answer.readInt32BE(4), answer.readInt16BE(8)], [5, errorCode.UNSUPPORTED_VERSION]);
  assert.ok(answer.readInt32BE(10) > 20);
  const told = await stranger.call(apiVersions, 3, { clientSoftwareName: 'raw', clientSoftwareVersion: '1' });
  assert.equal(told.apiKeys.find(({ apiKey }) => apiKey === 0)?.minVersion, 0);
  stranger.end();
});

test('nothing but versions and authentication is answered before the client says who it is; broken frames close', async () => {
  const stranger = await openRaw(house.kafka);
  await assert.rejects(stranger.call(metadata, 9, { topics: null }));
  await stranger.closed;
  for (const bytes of [Buffer.alloc(64, 0xff), Buffer.from([0, 0, 0, 2, 1, 1]), Buffer.from([0, 0, 0, 4, 0, 99, 0, 0])]) {
    const broken = await openRaw(house.kafka, house.owner.sasl);
    broken.send(bytes);
    await broken.closed;
  }
  assert.equal((await raw.call(metadata, 9, { topics: [] })).topics.length, 0);
});

test('revoking a credential ends its open connections, a parked fetch included, in a tenth of a second', async () => {
  await createTopic('parked');
  const least = { ms: Number.POSITIVE_INFINITY };
  // A machine that is busy may be late once, and not always.
  for (let tries = 0; tries < 6 && least.ms >= 100; tries += 1) {
    const doomed = await house.credential();
    const parked = await openRaw(house.kafka, doomed.sasl);
    const waiting = parked.call(fetch, 11, {
      ...{ maxWaitMs: 60_000, minBytes: 1, maxBytes: 1000 },
      topics: [{ topic: 'parked', partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }] }],
    });
    const refused = assert.rejects(waiting);
    const closed = parked.closed.then(() => performance.now());
    const revoked = await house.call('POST', `/v1/platform/credentials/${doomed.id}/revoke-credential`, {});
    const revokedAt = performance.now();
    assert.equal(revoked.status, 200, JSON.stringify(revoked.body));
    least.ms = Math.min(least.ms, Math.max(0, (await closed) - revokedAt));
    await refused;
    await assert.rejects(openRaw(house.kafka, doomed.sasl), /not let in/);
  }
  assert.ok(least.ms < 100, `the fetch ended after ${least.ms} ms`);
});

test('a member subscribes by a regular expression that the broker tries: whole names, topics made later, and none that is hostile', async () => {
  for (const name of ['tried-a', 'tried-b', 'untried-a']) await createTopic(name);
  const member = { groupId: 'triers', memberId: 'trier', rebalanceTimeoutMs: 10_000 };
  const beat = (more: object) => raw.call(consumerGroupHeartbeat, 1, { ...member, memberEpoch: 0, ...more });
  const join = (subscribedTopicRegex: string, subscribedTopicNames: string[] = []) =>
    beat({ subscribedTopicNames, subscribedTopicRegex, topicPartitions: [] });
  const byId = async (topicId: string | undefined) =>
    (await raw.call(metadata, 12, { topics: [{ name: '', topicId: topicId ?? '' }] })).topics.map(({ name, errorCode: code }) => [name, code]);
  const topics = async () => {
    const { topics: all } = await raw.call(metadata, 12, { topics: null });
    return new Map(all.map(({ topicId, name }) => [topicId, name]));
  };
  const assigned = async ({ assignment }: Awaited<ReturnType<typeof beat>>) => {
    const names = await topics();
    return (assignment ?? assert.fail('no assignment')).topicPartitions.map(({ topicId }) => names.get(topicId)).sort();
  };
  for (const hostile of ['(', '(?=tried)', '(a{1000}){1000}', 'a?'.repeat(400) + 'a'.repeat(400), '[a-z].{0,900}', 'x'.repeat(1001)]) {
    const told = await join(hostile);
    assert.deepEqual([told.errorCode, typeof told.errorMessage], [errorCode.INVALID_REGULAR_EXPRESSION, 'string'], hostile);
  }
  const first = await join('tried-.*');
  assert.deepEqual(await assigned(first), ['tried-a', 'tried-b']);
  assert.deepEqual(await byId(first.assignment?.topicPartitions[0]?.topicId), [['tried-a', 0]]);
  await createTopic('tried-c');
  const later = await beat({ memberEpoch: first.memberEpoch });
  assert.equal(later.memberEpoch, first.memberEpoch + 1);
  assert.deepEqual(await assigned(later), ['tried-a', 'tried-b', 'tried-c']);
  const { groups } = await raw.call(consumerGroupDescribe, 1, { groupIds: ['triers'] });
  assert.deepEqual(
    groups[0]?.members.map(({ subscribedTopicRegex, subscribedTopicNames }) => [subscribedTopicRegex, subscribedTopicNames]),
    [['tried-.*', []]],
  );
  assert.deepEqual(await assigned(await join('tried-[a]', ['untried-a'])), ['tried-a', 'untried-a']);
  assert.deepEqual(await assigned(await join('')), []);
});
