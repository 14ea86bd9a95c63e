import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { batchOf } from '#wire/kafka/record/record.ts';
import { appendBatch } from '../store/append.ts';
import { type Broker, openBroker } from '../store/broker.ts';
import { recordsFrom } from '../store/offset.ts';
import { sealer } from './fixtures/sealer.ts';

const main = fileURLToPath(new URL('./fixtures/broker.main.ts', import.meta.url));
const scope = 2n;
const directory = () => mkdtempSync(join(tmpdir(), 'gamut-log-crash-'));
const open = (data: string, now = Date.now): Broker =>
  openBroker({ directory: join(data, 'log'), log: () => undefined, now, mayWrite: () => true, sealer });

/** Values of committed records of a partition. */
async function committed(broker: Broker, index: number): Promise<string[]> {
  const partition = broker.topics.find(scope, 't')?.partitions[index];
  if (!partition) return [];
  const aborted = partition.producers.abortedWithin(0, partition.stable);
  const values: string[] = [];
  for await (const { head, record } of recordsFrom(partition, partition.logStart, partition.stable)) {
    const isAborted = aborted.some(
      ({ producerId, first, last }) => producerId === head.producerId && record.offset >= first && record.offset <= last,
    );
    if (!isAborted) values.push(String(record.value));
  }
  return values;
}

test('killed again and again amid transactions: what was acknowledged is there, whole, once, and nothing that was aborted', {
  timeout: 80_000,
}, async () => {
  const data = directory();
  const acknowledged: string[] = [];
  for (let kill = 0; kill < 6; kill++) {
    const child = spawn(process.execPath, [main, data], { stdio: ['ignore', 'pipe', 'inherit'] });
    let told = '';
    child.stdout.on('data', (chunk: Buffer) => {
      told += chunk;
      if (told.length > 3000 * (kill + 1)) child.kill('SIGKILL');
    });
    await once(child, 'close');
    assert.equal(child.signalCode, 'SIGKILL');
    acknowledged.push(...told.slice(0, told.lastIndexOf('\n')).split('\n'));
  }
  const broker = open(data);
  // A transaction that was open at the last kill is ended by whoever takes its name.
  await broker.transactions.init(scope, 'writer', 60_000, { producerId: -1, epoch: -1 });
  const [first, second] = [await committed(broker, 0), await committed(broker, 1)];
  const names = (values: string[], mark: string) =>
    values.filter((value) => value.includes(` ${mark} `)).map((value) => value.split(' ')[0]);
  assert.deepEqual(names(first, 'a'), names(second, 'b'), 'a transaction is torn between its partitions');
  assert.deepEqual(names(first, 'a'), names(first, 'c'), 'a transaction is torn within a partition');
  assert.equal(new Set(first).size, first.length, 'a record is there twice');
  assert.ok(
    [...first, ...second].every((value) => value.endsWith(' true')),
    'an aborted record is read',
  );
  const there = new Set(names(first, 'a'));
  const lost = acknowledged.filter((line) => line.endsWith(' true') && !there.has(line.split(' ')[0]));
  assert.deepEqual(lost, [], 'an acknowledged transaction is lost');
  assert.ok(there.size > 100);
  await broker.close();
  rmSync(data, { recursive: true });
});

const record = (value: string) => batchOf([{ key: Buffer.from('k'), value: Buffer.from(value), timestamp: 1 }]);

async function write(broker: Broker, value: string, index = 0): Promise<void> {
  const topic =
    broker.topics.find(scope, 't') ?? broker.topics.create({ tenant: 1n, scope }, 't', { partitions: 1, config: { 'retention.ms': '-1' } });
  const partition = topic.partitions[index] ?? assert.fail('no partition');
  const appended = await appendBatch(broker, topic, partition, record(value), { scope, transactionalId: null, adds: false });
  assert.ok(!('error' in appended));
}

/** The newest segment of the only topic. */
function segment(data: string): string {
  const topics = join(data, 'log', 'topic');
  const folder = join(topics, readdirSync(topics)[0] ?? '', '0');
  return join(
    folder,
    readdirSync(folder)
      .filter((name) => name.endsWith('.log'))
      .sort()
      .at(-1) ?? '',
  );
}

test('a batch that is torn at any byte is cut off at the next start, and the log goes on behind the last whole one', async () => {
  const size = record('x').length;
  for (const kept of [1, 11, 60, 61, size - 1]) {
    const data = directory();
    const broker = open(data);
    await write(broker, 'a');
    await write(broker, 'b');
    await broker.close();
    const path = segment(data);
    truncateSync(path, statSync(path).size - size + kept);
    const again = open(data);
    assert.deepEqual(await committed(again, 0), ['a']);
    await write(again, 'c');
    assert.deepEqual(await committed(again, 0), ['a', 'c']);
    await again.close();
    rmSync(data, { recursive: true });
  }
});

test('bytes that are no batch behind the last one are cut off too', async () => {
  const data = directory();
  const broker = open(data);
  await write(broker, 'a');
  await broker.close();
  appendFileSync(segment(data), Buffer.alloc(100, 0x55));
  const again = open(data);
  await write(again, 'b');
  assert.deepEqual(await committed(again, 0), ['a', 'b']);
  await again.close();
  rmSync(data, { recursive: true });
});

test('of a segment that goes on, the start after a kill reads what came after the last note of it, after a loss of power all', async () => {
  const data = directory();
  const broker = open(data);
  const topic = broker.topics.create({ tenant: 1n, scope }, 't', { partitions: 1, config: { 'retention.ms': '-1' } });
  const partition = topic.partitions[0] ?? assert.fail('no partition');
  const put = (baseSequence: number, bytes: number, to = broker) => {
    const batch = batchOf([{ key: null, value: Buffer.alloc(bytes, 1), timestamp: 1 }], { producerId: 9, producerEpoch: 0, baseSequence });
    const into = to === broker ? partition : (to.topics.find(scope, 't')?.partitions[0] ?? assert.fail('no partition'));
    return appendBatch(to, topic, into, batch, { scope, transactionalId: null, adds: false });
  };
  for (let at = 0; at < 10; at++) await put(at, 500_000);
  await broker.checkpoint();
  for (let at = 10; at < 13; at++) await put(at, 1000);
  // What a kill leaves is what lies there now.
  const killed = directory();
  const opened = (change: (index: Record<string, unknown>) => Record<string, unknown>) => {
    rmSync(killed, { recursive: true });
    cpSync(data, killed, { recursive: true });
    const index = segment(killed).replace('.log', '.index');
    writeFileSync(index, JSON.stringify(change(JSON.parse(readFileSync(index, 'utf8')))));
    // Only who reads the first batch sees that it is damaged.
    const damaged = readFileSync(segment(killed));
    damaged[100] = 2;
    writeFileSync(segment(killed), damaged);
    return open(killed);
  };
  const next = ({ topics }: Broker) => topics.find(scope, 't')?.partitions[0]?.next;
  const again = opened((index) => index);
  assert.equal(next(again), 13);
  assert.deepEqual(await put(12, 1000, again), { baseOffset: 12, duplicate: true, appendTimeMs: -1 });
  assert.deepEqual(await put(13, 1000, again), { baseOffset: 13, duplicate: false, appendTimeMs: -1 });
  await again.close();
  const rebooted = opened((index) => ({ ...index, boot: 'another' }));
  assert.equal(next(rebooted), 0);
  assert.ok(!readdirSync(dirname(segment(killed))).some((name) => name.endsWith('.index')));
  await rebooted.close();
  await broker.close();
  for (const each of [data, killed]) rmSync(each, { recursive: true });
});

test('segments beyond retention go, by size and by time, and offsets stay', async () => {
  const data = directory();
  let now = 1_000_000_000_000;
  const broker = open(data, () => now);
  const topic = broker.topics.create({ tenant: 1n, scope }, 't', {
    partitions: 1,
    config: { 'segment.bytes': '500', 'retention.ms': '3600000', 'retention.bytes': '2000' },
  });
  const partition = topic.partitions[0] ?? assert.fail('no partition');
  const put = async (value: string) => {
    const batch = batchOf([{ key: null, value: Buffer.from(value), timestamp: now }]);
    await appendBatch(broker, topic, partition, batch, { scope, transactionalId: null, adds: false });
  };
  for (let at = 0; at < 100; at++) await put(`v${at}`);
  await broker.sweep();
  assert.ok(partition.sizeBytes < 3000 && partition.logStart > 0, `${partition.sizeBytes} bytes from ${partition.logStart}`);
  assert.equal((await committed(broker, 0)).at(-1), 'v99');
  now += 7_200_000;
  await broker.sweep();
  assert.equal(partition.logStart, 100);
  await put('later');
  assert.deepEqual(await committed(broker, 0), ['later']);
  await broker.close();
  rmSync(data, { recursive: true });
});

for (const [encryption, how] of [
  ['none', ''],
  ['scope', ', in a sealed topic too'],
] as const)
  test(`compaction keeps the last record of every key at its offset, and survives a restart${how}`, async () => {
    const data = directory();
    const broker = open(data);
    const topic = broker.topics.create({ tenant: 1n, scope }, 't', {
      partitions: 1,
      config: { 'segment.bytes': '600', 'cleanup.policy': 'compact', 'gamut.encryption': encryption },
    });
    const partition = topic.partitions[0] ?? assert.fail('no partition');
    const last = new Map<string, string>();
    for (let at = 0; at < 200; at++) {
      const key = `k${at % 7}`;
      last.set(key, `v${at}`);
      const records = [key, 'other'].map((name) => ({ key: Buffer.from(name), value: Buffer.from(`v${at}`), timestamp: Date.now() }));
      await appendBatch(broker, topic, partition, batchOf(records), { scope, transactionalId: null, adds: false });
    }
    last.set('other', 'v199');
    const before = partition.sizeBytes;
    await broker.sweep();
    assert.ok(partition.sizeBytes < before / 5, `${partition.sizeBytes} of ${before} bytes`);
    await broker.close();
    const again = open(data);
    const kept = again.topics.find(scope, 't')?.partitions[0] ?? assert.fail('no partition');
    const found = new Map<string, string>();
    for await (const { record: one } of recordsFrom(kept, 0, kept.next)) found.set(String(one.key), String(one.value));
    assert.deepEqual(found, new Map([...last].filter(([key]) => found.has(key))));
    assert.equal(found.size, last.size);
    assert.equal(kept.next, 400);
    await again.close();
    rmSync(data, { recursive: true });
  });

test('a batch of an idempotent producer that comes again after a restart is known, however old its records are', async () => {
  const data = directory();
  const batch = () => batchOf([{ key: null, value: Buffer.from('x'), timestamp: 1 }], { producerId: 9, producerEpoch: 0, baseSequence: 0 });
  const append = (broker: Broker) => {
    const topic =
      broker.topics.find(scope, 't') ??
      broker.topics.create({ tenant: 1n, scope }, 't', { partitions: 1, config: { flush: 'commit', 'segment.bytes': '100' } });
    const partition = topic.partitions[0] ?? assert.fail('no partition');
    return appendBatch(broker, topic, partition, batch(), { scope, transactionalId: null, adds: false });
  };
  const broker = open(data);
  const first = await append(broker);
  for (let at = 0; at < 10; at++) await write(broker, `more ${at}`);
  await broker.topics.find(scope, 't')?.partitions[0]?.flushed();
  await broker.close();
  const again = open(data);
  const second = await append(again);
  assert.deepEqual(
    [first, second],
    [
      { baseOffset: 0, duplicate: false, appendTimeMs: -1 },
      { baseOffset: 0, duplicate: true, appendTimeMs: -1 },
    ],
  );
  await again.close();
  rmSync(data, { recursive: true });
});
