import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs, { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { crc32c } from '#wire/checksum/crc32c.ts';
import { batchOf, readRecords } from '#wire/kafka/record/record.ts';
import { readHead } from '#wire/kafka/record/batch.ts';
import { configFault } from '../domain/config.ts';
import { appendBatch } from '../store/append.ts';
import { type Broker, openBroker } from '../store/broker.ts';
import { recordsFrom } from '../store/offset.ts';
import type { Topic } from '../store/topic.ts';
import { sealer } from './fixtures/sealer.ts';

const owner = { tenant: 1n, scope: 2n };
const data = mkdtempSync(join(tmpdir(), 'gamut-log-config-'));
let now = 1_700_000_000_000;
const open = () => openBroker({ directory: join(data, 'log'), log: () => undefined, now: () => now, mayWrite: () => true, sealer });
let broker: Broker;
before(() => {
  broker = open();
});
after(async () => {
  await broker.close();
  rmSync(data, { recursive: true });
});

const make = (name: string, config: Record<string, string>) => broker.topics.create(owner, name, { partitions: 1, config });
const partitionOf = (topic: Topic) => topic.partitions[0] ?? assert.fail('no partition');

async function put(topic: Topic, key: string, value: string, more: Parameters<typeof batchOf>[1] = {}) {
  const batch = batchOf([{ key: Buffer.from(key), value: Buffer.from(value), timestamp: now }], more);
  return appendBatch(broker, topic, partitionOf(topic), batch, { scope: owner.scope, transactionalId: null, adds: false });
}

async function valuesOf(topic: Topic): Promise<string[]> {
  const values: string[] = [];
  const partition = partitionOf(topic);
  for await (const { record } of recordsFrom(partition, partition.logStart, partition.next)) values.push(String(record.value));
  return values;
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.fail(`it never came that ${what}`);
}

/** Syncs that the system was asked for, of any file of the topic. */
async function countingSyncs(work: (synced: (topic: Topic) => number) => Promise<void>): Promise<void> {
  const real = fs.fdatasync;
  const paths: string[] = [];
  const counted = (fd: number, done: (error: Error | null) => void) => {
    const path = fs.readlinkSync(`/proc/self/fd/${fd}`);
    real(fd, (error) => {
      paths.push(path);
      done(error);
    });
  };
  fs.fdatasync = counted as typeof fs.fdatasync;
  syncBuiltinESMExports();
  try {
    await work((topic) => paths.filter((path) => path.includes(topic.id)).length);
  } finally {
    fs.fdatasync = real;
    syncBuiltinESMExports();
  }
}

test('flush.ms syncs a topic after so long, flush.messages after so many records, and a sealed segment as well', () =>
  countingSyncs(async (synced) => {
    const [never, soon, some] = [make('never', {}), make('soon', { 'flush.ms': '50' }), make('some', { 'flush.messages': '3' })];
    for (const topic of [never, soon, some]) {
      await put(topic, 'k', 'v');
      await partitionOf(topic).flushed();
    }
    await until('the time made a sync', () => synced(soon) === 1);
    assert.deepEqual([synced(never), synced(some)], [0, 0]);
    await put(some, 'k', 'v');
    await partitionOf(some).flushed();
    assert.equal(synced(some), 0);
    await put(some, 'k', 'v');
    await partitionOf(some).flushed();
    assert.equal(synced(some), 1);
    // The next three are counted anew; what is sealed in between is synced with them.
    await put(some, 'k', 'v');
    partitionOf(some).roll();
    await put(some, 'k', 'v');
    await put(some, 'k', 'v');
    await partitionOf(some).flushed();
    assert.equal(synced(some), 3);
    // What waits when the configuration comes is synced in its time.
    broker.topics.alter(never, { config: { 'flush.ms': '0' } });
    await until('what waited was synced', () => synced(never) === 1);
    assert.equal(partitionOf(make('strict', { 'flush.messages': '1' })).flushes, true);
  }));

test('files of what was removed stay for file.delete.delay.ms under another name, and no longer than to the next start', async () => {
  const config = { 'segment.bytes': '200', 'retention.bytes': '300', 'file.delete.delay.ms': '300' };
  const [topic, other, long] = [
    make('aside', config),
    make('gone', config),
    make('long', { ...config, 'file.delete.delay.ms': '9223372036854775807' }),
  ];
  const root = join(data, 'log', 'topic');
  const removed = (id: string) => readdirSync(join(root, id, '0')).filter((name) => name.endsWith('.log.deleted')).length;
  for (const each of [topic, other, long]) for (let at = 0; at < 10; at += 1) await put(each, 'k', `value ${at} ${'.'.repeat(60)}`);
  await broker.sweep();
  assert.ok(partitionOf(topic).logStart > 0);
  assert.ok(removed(topic.id) > 0);
  assert.ok(removed(long.id) > 0);
  assert.equal((await valuesOf(topic)).length, 10 - partitionOf(topic).logStart);
  await until('the files went', () => removed(topic.id) === 0);
  broker.topics.delete(other);
  assert.deepEqual(
    readdirSync(root).filter((name) => name.startsWith(other.id)),
    [`${other.id}.deleted`],
  );
  await until('the folder went', () => !readdirSync(root).some((name) => name.startsWith(other.id)));
  assert.ok(removed(long.id) > 0);
  await broker.close();
  broker = open();
  assert.equal(removed(long.id), 0);
  const again = broker.topics.find(owner.scope, 'long') ?? assert.fail('no topic');
  assert.equal((await valuesOf(again)).length, 10 - partitionOf(again).logStart);
});

test('max.compaction.lag.ms seals a segment that nothing fills, so that it is compacted; min.compaction.lag.ms leaves records alone', async () => {
  const compacted = { 'cleanup.policy': 'compact' };
  const [lazy, eager, young] = [
    make('lazy', compacted),
    make('eager', { ...compacted, 'max.compaction.lag.ms': '60000' }),
    make('young', { ...compacted, 'max.compaction.lag.ms': '60000', 'min.compaction.lag.ms': '60000' }),
  ];
  for (const topic of [lazy, eager, young]) for (const value of ['1', '2', '3']) await put(topic, 'k', value);
  await broker.sweep();
  assert.deepEqual(await Promise.all([lazy, eager, young].map(valuesOf)), [['1', '2', '3'], ['1', '2', '3'], ['1', '2', '3']]);
  now += 60_001;
  await put(young, 'k', '4');
  await broker.sweep();
  assert.deepEqual(await Promise.all([lazy, eager].map(valuesOf)), [['1', '2', '3'], ['3']]);
  assert.deepEqual(await valuesOf(young), ['4']);
  await put(young, 'k', '5');
  partitionOf(young).roll();
  await broker.sweep();
  assert.deepEqual(await valuesOf(young), ['4', '5']);
  now += 60_001;
  await broker.sweep();
  assert.deepEqual(await valuesOf(young), ['5']);
  assert.match(
    configFault({ ...compacted, 'max.compaction.lag.ms': '1', 'min.compaction.lag.ms': '2' }) ?? '',
    /min.compaction.lag.ms \(2\) must not be more/,
  );
});

test('what is packed anew keeps its records, its producer and its size within bounds, and comes compacted in the same packing', async () => {
  const topic = make('packed', { 'compression.type': 'lz4', 'cleanup.policy': 'compact', 'max.message.bytes': '2000' });
  const producer = { producerId: 7, producerEpoch: 0, baseSequence: 0, compression: 'gzip' } as const;
  assert.deepEqual(await put(topic, 'k', 'x'.repeat(5000), producer), { baseOffset: 0, duplicate: false, appendTimeMs: -1 });
  assert.deepEqual(await put(topic, 'k', 'x'.repeat(5000), producer), { baseOffset: 0, duplicate: true, appendTimeMs: -1 });
  // Half of what hexadecimal takes can be saved, though nothing in it repeats.
  const noise = Array.from({ length: 40 }, (_, at) => createHash('sha256').update(`${at}`).digest('hex')).join('');
  const told = await put(topic, 'k', noise, { compression: 'gzip' });
  assert.equal('error' in told && told.error, 'MESSAGE_TOO_LARGE');
  const broken = batchOf([{ key: Buffer.from('k'), value: Buffer.from('x'), timestamp: now }]);
  const records = broken.subarray(61);
  records[0] = 2;
  const cut = await appendBatch(broker, make('torn', { 'compression.type': 'zstd' }), partitionOf(topic), rehashed(broken), {
    ...{ scope: owner.scope, transactionalId: null, adds: false },
  });
  assert.equal('error' in cut && cut.error, 'INVALID_RECORD');
  const two = [1, 2].map((at) => ({ key: Buffer.from(`k${at}`), value: Buffer.from('v'.repeat(500)), timestamp: now }));
  const producing = { scope: owner.scope, transactionalId: null, adds: false };
  await appendBatch(broker, topic, partitionOf(topic), batchOf(two), producing);
  await put(topic, 'k', 'last');
  await put(topic, 'k1', 'last');
  partitionOf(topic).roll();
  await broker.sweep();
  const { records: left } = await partitionOf(topic).read(0, 10_000, partitionOf(topic).next);
  const batches: [number, string[]][] = [];
  for (let at = 0; at < left.length; at += readHead(left, at).sizeBytes) {
    const batch = left.subarray(at, at + readHead(left, at).sizeBytes);
    batches.push([readHead(batch).attributes & 7, readRecords(batch).map(({ key }) => String(key))]);
  }
  assert.deepEqual(batches, [
    [3, ['k2']],
    [3, ['k']],
    [3, ['k1']],
  ]);
});

/** The batch with a checksum that fits. */
function rehashed(batch: Buffer): Buffer {
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17);
  return batch;
}
