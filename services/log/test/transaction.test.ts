import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Kafka } from 'kafkajs';
import { errorCode } from '#wire/kafka/error.ts';
import { apiVersions } from '#wire/kafka/message/cluster.ts';
import { offsetFetch } from '#wire/kafka/message/offset.ts';
import { fetch, listOffsets, produce } from '#wire/kafka/message/record-access.ts';
import { createTopics } from '#wire/kafka/message/topic.ts';
import { addPartitionsToTxn, endTxn, initProducerId, txnOffsetCommit } from '#wire/kafka/message/transaction.ts';
import { readHead } from '#wire/kafka/record/batch.ts';
import { batchOf, readRecords } from '#wire/kafka/record/record.ts';
import { type House, openHouse } from './fixtures/house.ts';
import { openRaw, type Raw } from './fixtures/raw.ts';

let house: House;
let kafka: Kafka;
let raw: Raw;
before(async () => {
  house = await openHouse();
  kafka = house.client();
  raw = await openRaw(house.kafka, house.owner.sasl);
});
after(async () => {
  raw?.end();
  await house?.stop();
});

type Producer = { readonly producerId: number; readonly producerEpoch: number };

async function createTopic(name: string, numPartitions = 1): Promise<void> {
  const { topics } = await raw.call(createTopics, 5, { topics: [{ name, numPartitions, replicationFactor: 1 }], timeoutMs: 1000 });
  assert.equal(topics[0]?.errorCode, 0);
}

async function write(
  version: number,
  topic: string,
  transactionalId: string | null,
  producer: Producer,
  baseSequence: number,
  value: string,
) {
  const batch = batchOf([{ key: null, value: Buffer.from(value), timestamp: 1 }], {
    ...producer,
    baseSequence,
    transactional: transactionalId !== null,
  });
  const { responses } = await raw.call(produce, version, {
    transactionalId,
    acks: -1,
    timeoutMs: 1000,
    topicData: [{ name: topic, partitionData: [{ index: 0, records: batch }] }],
  });
  return responses[0]?.partitionResponses[0] ?? assert.fail('no answer');
}

/** What a consumer sees that reads committed records: it drops what the broker names as aborted. */
async function committed(topic: string): Promise<string[]> {
  const { responses } = await raw.call(fetch, 11, {
    maxWaitMs: 0,
    minBytes: 0,
    maxBytes: 1_000_000,
    isolationLevel: 1,
    topics: [{ topic, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1_000_000 }] }],
  });
  const told = responses[0]?.partitions[0] ?? assert.fail('no answer');
  const records = told.records ?? Buffer.alloc(0);
  const values: string[] = [];
  const aborted = [...(told.abortedTransactions ?? [])];
  for (let at = 0; at < records.length; ) {
    const head = readHead(records, at);
    const mine = aborted.findIndex(({ producerId, firstOffset }) => producerId === head.producerId && firstOffset <= head.baseOffset);
    const isMarker = (head.attributes & 32) !== 0;
    if (isMarker && mine >= 0) aborted.splice(mine, 1);
    if (!isMarker && mine < 0) values.push(...readRecords(records.subarray(at, at + head.sizeBytes), head).map(({ value }) => `${value}`));
    at += head.sizeBytes;
  }
  return values;
}

test('kafkajs commits a transaction over two topics with the offsets of a group, and aborts another', async () => {
  await createTopic('left');
  await createTopic('right');
  const producer = kafka.producer({ transactionalId: 'mover', maxInFlightRequests: 1, idempotent: true });
  await producer.connect();
  const good = await producer.transaction();
  await good.send({ topic: 'left', messages: [{ value: 'l1' }] });
  await good.send({ topic: 'right', messages: [{ value: 'r1' }] });
  await good.sendOffsets({ consumerGroupId: 'moved', topics: [{ topic: 'left', partitions: [{ partition: 0, offset: '7' }] }] });
  assert.deepEqual(await committed('left'), []);
  await good.commit();
  const bad = await producer.transaction();
  await bad.send({ topic: 'left', messages: [{ value: 'l2' }] });
  await bad.sendOffsets({ consumerGroupId: 'moved', topics: [{ topic: 'left', partitions: [{ partition: 0, offset: '9' }] }] });
  await bad.abort();
  await producer.send({ topic: 'right', messages: [{ value: 'r2' }] });
  await producer.disconnect();
  assert.deepEqual(await committed('left'), ['l1']);
  assert.deepEqual(await committed('right'), ['r1', 'r2']);
  const { groups } = await raw.call(offsetFetch, 8, { groups: [{ groupId: 'moved', topics: null }] });
  assert.equal(groups[0]?.topics[0]?.partitions[0]?.committedOffset, 7);
});

test('a batch that comes twice is there once; a gap in the sequence and an old epoch are refused', async () => {
  await createTopic('once');
  const producer = await raw.call(initProducerId, 4, { transactionalId: null, transactionTimeoutMs: 1000 });
  const first = await write(7, 'once', null, producer, 0, 'a');
  const again = await write(7, 'once', null, producer, 0, 'a');
  assert.deepEqual([first.errorCode, again.errorCode, first.baseOffset, again.baseOffset], [0, 0, 0, 0]);
  assert.equal((await write(7, 'once', null, producer, 5, 'gap')).errorCode, errorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
  assert.equal((await write(7, 'once', null, { ...producer, producerEpoch: 1 }, 0, 'b')).errorCode, 0);
  assert.equal((await write(7, 'once', null, producer, 1, 'late')).errorCode, errorCode.INVALID_PRODUCER_EPOCH);
  assert.deepEqual(await committed('once'), ['a', 'b']);
});

test('the first protocol: a partition must be added before it is written to, and a new producer of the name fences the old', async () => {
  await createTopic('fenced');
  const init = () => raw.call(initProducerId, 4, { transactionalId: 'v1', transactionTimeoutMs: 60_000 });
  const old = await init();
  assert.equal((await write(9, 'fenced', 'v1', old, 0, 'x')).errorCode, errorCode.INVALID_TXN_STATE);
  const add = (producer: Producer) =>
    raw.call(addPartitionsToTxn, 3, {
      v3AndBelowTransactionalId: 'v1',
      v3AndBelowProducerId: producer.producerId,
      v3AndBelowProducerEpoch: producer.producerEpoch,
      v3AndBelowTopics: [{ name: 'fenced', partitions: [0] }],
    });
  assert.equal((await add(old)).resultsByTopicV3AndBelow[0]?.resultsByPartition[0]?.partitionErrorCode, 0);
  assert.equal((await write(9, 'fenced', 'v1', old, 0, 'torn')).errorCode, 0);
  const fresh = await init();
  assert.ok(fresh.producerEpoch > old.producerEpoch);
  assert.equal((await write(9, 'fenced', 'v1', old, 1, 'zombie')).errorCode, errorCode.INVALID_PRODUCER_EPOCH);
  assert.equal((await add(old)).resultsByTopicV3AndBelow[0]?.resultsByPartition[0]?.partitionErrorCode, errorCode.PRODUCER_FENCED);
  const end = (producer: Producer, yes: boolean) => raw.call(endTxn, 3, { transactionalId: 'v1', ...producer, committed: yes });
  assert.equal((await end(old, true)).errorCode, errorCode.PRODUCER_FENCED);
  await add(fresh);
  assert.equal((await write(9, 'fenced', 'v1', fresh, 0, 'whole')).errorCode, 0);
  assert.equal((await end(fresh, true)).errorCode, 0);
  assert.equal((await end(fresh, true)).errorCode, 0);
  assert.equal((await end(fresh, false)).errorCode, errorCode.INVALID_TXN_STATE);
  assert.deepEqual(await committed('fenced'), ['whole']);
});

test('the second protocol: writing adds the partition, every end takes an epoch, and a repeated end is recognised', async () => {
  await createTopic('second');
  const features = await raw.call(apiVersions, 4, { clientSoftwareName: 'raw', clientSoftwareVersion: '1' });
  assert.deepEqual(
    features.finalizedFeatures.map(({ name, maxVersionLevel }) => [name, maxVersionLevel]),
    [
      ['group.version', 1],
      ['transaction.version', 2],
    ],
  );
  const first = await raw.call(initProducerId, 5, { transactionalId: 'v2', transactionTimeoutMs: 60_000 });
  assert.equal((await write(12, 'second', 'v2', first, 0, 'one')).errorCode, 0);
  const end = (producer: Producer, yes: boolean) =>
    raw.call(endTxn, 5, { transactionalId: 'v2', producerId: producer.producerId, producerEpoch: producer.producerEpoch, committed: yes });
  const second = await end(first, true);
  assert.deepEqual([second.errorCode, second.producerEpoch], [0, first.producerEpoch + 1]);
  const again = await end(first, true);
  assert.deepEqual([again.errorCode, again.producerId, again.producerEpoch], [0, second.producerId, second.producerEpoch]);
  assert.equal((await end(first, false)).errorCode, errorCode.INVALID_TXN_STATE);
  // What comes late from the transaction that ended meets the epoch of its marker.
  assert.equal((await write(12, 'second', 'v2', first, 1, 'late')).errorCode, errorCode.INVALID_PRODUCER_EPOCH);
  assert.equal((await write(12, 'second', 'v2', second, 0, 'two')).errorCode, 0);
  const offsets = await raw.call(txnOffsetCommit, 5, {
    transactionalId: 'v2',
    groupId: 'second-group',
    producerId: second.producerId,
    producerEpoch: second.producerEpoch,
    topics: [{ name: 'second', partitions: [{ partitionIndex: 0, committedOffset: 3, committedMetadata: 'm' }] }],
  });
  assert.equal(offsets.topics[0]?.partitions[0]?.errorCode, 0);
  const unstable = await raw.call(offsetFetch, 8, {
    requireStable: true,
    groups: [{ groupId: 'second-group', topics: [{ name: 'second', partitionIndexes: [0] }] }],
  });
  assert.equal(unstable.groups[0]?.topics[0]?.partitions[0]?.errorCode, errorCode.UNSTABLE_OFFSET_COMMIT);
  const third = await end(second, false);
  assert.equal(third.errorCode, 0);
  assert.deepEqual(await committed('second'), ['one']);
  const stable = await raw.call(offsetFetch, 8, {
    requireStable: true,
    groups: [{ groupId: 'second-group', topics: [{ name: 'second', partitionIndexes: [0] }] }],
  });
  assert.equal(stable.groups[0]?.topics[0]?.partitions[0]?.committedOffset, -1);
});

test('records behind an open transaction are not read as committed until it ends', async () => {
  await createTopic('open');
  const producer = await raw.call(initProducerId, 5, { transactionalId: 'opener', transactionTimeoutMs: 60_000 });
  await write(12, 'open', 'opener', producer, 0, 'held');
  const plain = await raw.call(initProducerId, 5, { transactionalId: null, transactionTimeoutMs: 1000 });
  await write(12, 'open', null, plain, 0, 'behind');
  assert.deepEqual(await committed('open'), []);
  const stable = await raw.call(listOffsets, 7, {
    isolationLevel: 1,
    topics: [{ name: 'open', partitions: [{ partitionIndex: 0, timestamp: -1 }] }],
  });
  assert.equal(stable.topics[0]?.partitions[0]?.offset, 0);
  await raw.call(endTxn, 5, {
    transactionalId: 'opener',
    producerId: producer.producerId,
    producerEpoch: producer.producerEpoch,
    committed: true,
  });
  assert.deepEqual(await committed('open'), ['held', 'behind']);
});

test('a timeout that is none, or longer than allowed, is refused', async () => {
  for (const transactionTimeoutMs of [0, -1, 900_001]) {
    const told = await raw.call(initProducerId, 4, { transactionalId: 'impatient', transactionTimeoutMs });
    assert.equal(told.errorCode, errorCode.INVALID_TRANSACTION_TIMEOUT);
  }
});

test('an operator sees who has a transaction open, aborts it, and ends one in its partition that nobody else ends', async () => {
  await createTopic('held');
  const rest = { door: 'log.rest' };
  const partition = async () => {
    const { status, body } = await house.call('GET', '/v1/log/topics/held/describe-partitions', undefined, rest);
    assert.equal(status, 200, JSON.stringify(body));
    return (body.partitions as { open: object[]; end: number; stable: number }[])[0] ?? assert.fail('no partition');
  };
  const begun = async (id: string) => {
    const { producerId, producerEpoch } = await raw.call(initProducerId, 4, { transactionalId: id, transactionTimeoutMs: 60_000 });
    assert.equal((await write(12, 'held', id, { producerId, producerEpoch }, 0, id)).errorCode, 0);
    return { producerId, producerEpoch };
  };
  const stuck = await begun('stuck');
  assert.deepEqual((await partition()).open, [{ ...stuck, from: 0, lastWriteAt: 1, transaction: 'stuck' }]);
  const topic = await house.call('GET', '/v1/log/topics/held', undefined, rest);
  assert.equal((topic.body.status as { hanging: number }).hanging, 0);
  const aborted = await house.call('POST', '/v1/log/transactions/stuck/abort-transaction', {}, rest);
  assert.deepEqual([aborted.status, (aborted.body.status as { state: string }).state], [200, 'CompleteAbort']);
  const after = await partition();
  assert.deepEqual([after.open, after.end - after.stable], [[], 0]);
  assert.equal((await write(12, 'held', 'stuck', stuck, 1, 'late')).errorCode, errorCode.INVALID_PRODUCER_EPOCH);

  const hanging = await begun('hanging');
  const end = (more: object) => house.call('POST', '/v1/log/topics/held/end-transaction', { partition: 0, ...hanging, ...more }, rest);
  assert.equal((await end({ producerId: 1_000_000 })).body.code, 'NoSuchTransaction');
  assert.equal((await end({})).status, 200);
  assert.deepEqual((await partition()).open, []);
  assert.deepEqual(await committed('held'), []);
});
