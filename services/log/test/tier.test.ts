import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { type Blobs, openBlobs } from '#seams/blobs/blobs.ts';
import { listOffsets } from '#wire/kafka/message/record-access.ts';
import { batchOf } from '#wire/kafka/record/record.ts';
import { appendBatch } from '../store/append.ts';
import { type Broker, openBroker } from '../store/broker.ts';
import { dropRecords } from '../store/compact.ts';
import { recordsFrom } from '../store/offset.ts';
import type { Topic } from '../store/topic.ts';
import { type House, openHouse } from './fixtures/house.ts';
import { openRaw } from './fixtures/raw.ts';
import { sealer } from './fixtures/sealer.ts';

let house: House;
let s3: S3Client;
let url: string;
before(async () => {
  house = await openHouse(['log', 'storage']);
  const { accessKeyId, secretAccessKey, region } = house.owner.s3;
  const endpoint = house.platform.doors['storage.s3']?.url ?? '';
  s3 = new S3Client({ endpoint, region, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } });
  url = `${endpoint.replace('://', `://${accessKeyId}:${encodeURIComponent(secretAccessKey)}@`)}/elsewhere/some/folder?region=${region}`;
});
after(async () => {
  s3?.destroy();
  await house?.stop();
});

const word = 'nobody should read this';
const config = {
  'segment.bytes': '4000',
  'retention.ms': '-1',
  'remote.storage.enable': 'true',
  'local.retention.bytes': '4000',
};

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail(`it never came that ${what}`);
}

async function keysOf(bucket: string): Promise<string[]> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
  return Contents.map(({ Key = '' }) => Key);
}

const values = (count: number, from = 0) => Array.from({ length: count }, (_, at) => `${word} ${from + at} ${'.'.repeat(200)}`);

test("an environment's own bucket takes sealed segments, which are read through, deleted with records, and with the topic", async () => {
  const rest = { door: 'log.rest' };
  const made = await house.call('POST', '/v1/log/topics', { name: 'tiered', config }, rest);
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const producer = house.client().producer();
  await producer.connect();
  for (let at = 0; at < 100; at += 10)
    await producer.send({ topic: 'tiered', messages: values(10, at).map((value) => ({ key: 'k', value })) });
  await producer.disconnect();
  const raw = await openRaw(house.kafka, house.owner.sasl);
  const at = async (timestamp: number) => {
    const topics = [{ name: 'tiered', partitions: [{ partitionIndex: 0, timestamp }] }];
    const told = await raw.call(listOffsets, 9, { replicaId: -1, isolationLevel: 0, topics });
    return told.topics[0]?.partitions[0]?.offset ?? -1;
  };
  await until('most lies in the store alone', async () => (await at(-4)) > 50);
  assert.equal(await at(-2), 0);
  assert.ok((await at(-5)) >= 50 && (await at(-5)) < 100);
  const bucket = `gamut-log-${String((await house.call('GET', '/v1/storage/buckets', undefined, { door: 'storage.rest' })).body.items?.map(({ name }) => name)).replace('gamut-log-', '')}`;
  const keys = await keysOf(bucket);
  assert.ok(keys.length >= 10, keys.join());
  for (const Key of keys) {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
    assert.ok(!Buffer.from((await Body?.transformToByteArray()) ?? []).includes(word), `${Key} can be read by who has the bucket`);
  }
  const consumer = house.client().consumer({ groupId: 'reader', maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic: 'tiered', fromBeginning: true });
  const read: string[] = [];
  await consumer.run({ eachMessage: async ({ message }) => void read.push(String(message.value)) });
  await until('everything is read', async () => read.length >= 100);
  await consumer.disconnect();
  assert.deepEqual(read, values(100));
  const { sizeBytes, localBytes } = (await house.call('GET', '/v1/log/topics/tiered', undefined, rest)).body.status as Record<string, number>;
  assert.ok((localBytes ?? 0) < (sizeBytes ?? 0) / 2, `${localBytes} of ${sizeBytes} bytes`);
  const shortened = await house.call('POST', '/v1/log/topics/tiered/delete-records', { partition: 0, before: 50 }, rest);
  assert.equal(shortened.status, 200, JSON.stringify(shortened.body));
  await until('their objects are gone', async () => (await keysOf(bucket)).length < keys.length / 2 + 2);
  await house.call('DELETE', '/v1/log/topics/tiered', undefined, rest);
  await until('all objects are gone', async () => (await keysOf(bucket)).length === 0);
  raw.end();
});

test('what cannot be tiered, and what would lose what is, is refused', async () => {
  const rest = { door: 'log.rest' };
  const make = (name: string, more: Record<string, string>) =>
    house.call('POST', '/v1/log/topics', { name, config: { 'remote.storage.enable': 'true', ...more } }, rest);
  assert.equal((await make('compacted', { 'cleanup.policy': 'compact' })).body.code, 'ConfigInvalid');
  assert.equal((await make('more', { 'retention.ms': '1000', 'local.retention.ms': '2000' })).body.code, 'ConfigInvalid');
  assert.equal((await make('ending', {})).status, 201);
  const end = (set: Record<string, string>) => house.call('POST', '/v1/log/topics/ending/alter-topic-config', { set }, rest);
  assert.equal((await end({ 'remote.storage.enable': 'false' })).body.code, 'ConfigInvalid');
  assert.equal((await end({ 'remote.storage.enable': 'false', 'remote.log.delete.on.disable': 'true' })).status, 200);
});

const owner = { tenant: 1n, scope: 2n };
const open = (directory: string, blobs: Blobs | undefined): Broker =>
  openBroker({
    ...{ directory, log: () => undefined, now: Date.now, mayWrite: () => true, sealer },
    ...(blobs ? { blobs: { isThere: true, at: async () => blobs } } : {}),
  });

async function fill(broker: Broker, topic: Topic, from: number, count: number): Promise<void> {
  const partition = topic.partitions[0] ?? assert.fail('no partition');
  for (const value of values(count, from)) {
    const batch = batchOf([{ key: Buffer.from(`k${from}`), value: Buffer.from(value), timestamp: Date.now() }]);
    assert.ok(!('error' in (await appendBatch(broker, topic, partition, batch, { scope: 2n, transactionalId: null, adds: false }))));
  }
}

async function allOf(topic: Topic): Promise<string[]> {
  const partition = topic.partitions[0] ?? assert.fail('no partition');
  const found: string[] = [];
  for await (const { record } of recordsFrom(partition, partition.logStart, partition.next)) found.push(String(record.value));
  return found;
}

async function listed(blobs: Blobs): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of blobs.list('')) found.push(key);
  return found;
}

/** A store whose user dies before the step of the given number has an effect, or right after it. */
function mortal(blobs: Blobs, step: number, isAfter: boolean, die: () => void): Blobs {
  let steps = 0;
  let isDead = false;
  const stepped = <A extends unknown[], T>(work: (...args: A) => Promise<T>) => {
    return async (...args: A): Promise<T> => {
      if (isDead) throw new Error('dead');
      steps += 1;
      const isLast = steps === step;
      isDead = isLast && !isAfter;
      if (isDead) die();
      if (isDead) throw new Error('dies before');
      const answer = await work(...args);
      isDead ||= isLast;
      if (isLast) die();
      if (isLast) throw new Error('dies after');
      return answer;
    };
  };
  return { ...blobs, put: stepped(blobs.put), remove: stepped(blobs.remove), read: stepped(blobs.read) };
}

test('killed at any step of copying and removing, nothing is lost and nothing is left in the store for ever', { timeout: 60_000 }, async () => {
  const blobs = openBlobs(url);
  const data = mkdtempSync(join(tmpdir(), 'gamut-tier-'));
  let isOver = false;
  let runs = 0;
  for (let step = 1; !isOver; step++) {
    for (const isAfter of [false, true]) {
      const [alive, dead] = [join(data, `alive ${step} ${isAfter}`), join(data, `dead ${step} ${isAfter}`)];
      let hasDied = false;
      const broker = open(
        alive,
        mortal(blobs.within(`${step} ${isAfter}/`), step, isAfter, () => {
          hasDied = true;
          cpSync(alive, dead, { recursive: true });
        }),
      );
      const topic = broker.topics.create(owner, 't', { partitions: 1, config });
      await fill(broker, topic, 0, 32);
      await broker.tier.pass(broker.topics);
      // A read in which it dies fails; the next start reads again.
      await allOf(topic).catch((error: unknown) => assert.ok(hasDied, String(error)));
      const partition = topic.partitions[0] ?? assert.fail('no partition');
      if (!hasDied) broker.topics.deleteBefore(topic, partition, 20);
      await broker.tier.settled();
      await broker.close();
      if (!hasDied) {
        isOver = true;
        break;
      }
      runs += 1;
      const place = blobs.within(`${step} ${isAfter}/`);
      const again = open(dead, place);
      const kept = again.topics.find(2n, 't') ?? assert.fail('the topic is gone');
      const first = kept.partitions[0]?.logStart ?? -1;
      assert.ok(first === 0 || first === 20, `it starts at ${first}`);
      assert.deepEqual(await allOf(kept), values(32 - first, first), `killed ${isAfter ? 'after' : 'before'} step ${step}`);
      await again.tier.pass(again.topics);
      assert.deepEqual(await allOf(kept), values(32 - first, first));
      await again.tier.settled();
      const marks = kept.partitions[0]?.segments.flatMap(({ mark }) => (mark ? [mark.key, mark.key.replace('.log', '.index')] : [])) ?? [];
      assert.ok(marks.length > 0);
      assert.deepEqual((await listed(place)).sort(), marks.sort(), `killed ${isAfter ? 'after' : 'before'} step ${step}`);
      again.topics.delete(kept);
      await again.tier.settled();
      assert.deepEqual(await listed(place), []);
      await again.close();
    }
  }
  assert.ok(runs >= 12, `it was killed ${runs} times`);
  blobs.close();
  rmSync(data, { recursive: true });
});

test('records are erased from tiered segments too; a store that is away or has lost a segment is no offset out of range', async () => {
  const blobs = openBlobs(url).within('erased/');
  const data = mkdtempSync(join(tmpdir(), 'gamut-tier-'));
  const broker = open(data, blobs);
  const topic = broker.topics.create(owner, 't', { partitions: 1, config });
  await fill(broker, topic, 0, 30);
  await fill(broker, topic, 30, 30);
  await broker.tier.pass(broker.topics);
  const partition = topic.partitions[0] ?? assert.fail('no partition');
  assert.ok(partition.localStart > 20);
  const before = await listed(blobs);
  assert.equal(await dropRecords(partition, ({ key }) => String(key) === 'k0'), 30);
  assert.deepEqual(await allOf(topic), values(30, 30));
  await broker.tier.settled();
  const left = await listed(blobs);
  assert.ok(!before.some((key) => left.includes(key)), 'what was erased is still in the store');
  await fill(broker, topic, 60, 30);
  await broker.tier.pass(broker.topics);
  assert.deepEqual(await allOf(topic), values(60, 30));
  await broker.close();
  const away = open(data, undefined);
  const same = away.topics.find(2n, 't') ?? assert.fail('the topic is gone');
  assert.deepEqual([same.partitions[0]?.logStart, same.partitions[0]?.next], [partition.logStart, 90]);
  await assert.rejects(allOf(same), { code: 'Unavailable' });
  await away.close();
  for await (const { key } of blobs.list('')) await blobs.remove(key);
  const lost = open(data, blobs);
  await assert.rejects(allOf(lost.topics.find(2n, 't') ?? assert.fail('the topic is gone')), { code: 'LogFailed' });
  await lost.close();
  blobs.close();
  assert.ok(readdirSync(data).length > 0);
  rmSync(data, { recursive: true });
});
