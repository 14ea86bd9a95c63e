import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Delivery, type Incoming, type Log, openLog, type ScopedLog } from '#seams/log/log.ts';
import { fetch, listOffsets } from '#wire/kafka/message/record-access.ts';
import { batchOf } from '#wire/kafka/record/record.ts';
import { appendBatch } from '../store/append.ts';
import { openBroker } from '../store/broker.ts';
import { type House, openHouse } from './fixtures/house.ts';
import { openRaw } from './fixtures/raw.ts';
import { sealer } from './fixtures/sealer.ts';

let house: House;
let url: string;
before(async () => {
  house = await openHouse();
  const { username, password } = house.owner.sasl;
  url = `kafka://${username}:${encodeURIComponent(password)}@${house.kafka}`;
});
after(() => house?.stop());

/** Reads until `count` records have come; `done` says whether the group remembers them. */
async function read(log: ScopedLog, topic: string, count: number, more: { group?: string; done?: boolean } = {}): Promise<Incoming[]> {
  const stop = new AbortController();
  const found: Incoming[] = [];
  const { group } = more;
  const deliveries: AsyncIterable<Delivery> = log.consume(topic, { signal: stop.signal, ...(group === undefined ? {} : { group }) });
  for await (const delivery of deliveries) {
    found.push(...delivery.records);
    if (more.done) await delivery.done();
    if (found.length >= count) stop.abort();
  }
  return found;
}
const values = (records: readonly Incoming[]) => records.map(({ value }) => value?.toString());

/** What must hold of every log, ours and others. */
async function holds(log: ScopedLog, name: string): Promise<void> {
  assert.equal(await log.createTopic(name, { partitions: 3, config: { 'retention.ms': '-1' } }), true);
  assert.equal(await log.createTopic(name), false);
  assert.deepEqual([await log.hasTopic(name), await log.hasTopic(`${name}-not`)], [true, false]);
  const records = Array.from({ length: 50 }, (_, at) => ({ key: `k${at % 5}`, value: `v${at}`, headers: { at: `${at}` } }));
  const places = await log.produce(name, records);
  assert.equal(new Set(places.map(({ partition, offset }) => `${partition} ${offset}`)).size, 50);
  const found = await read(log, name, 50, { group: 'readers', done: true });
  assert.deepEqual(values(found).sort(), records.map(({ value }) => value).sort());
  assert.equal(found[0]?.topic, name);
  const ofKey = found.filter(({ key }) => key?.toString() === 'k2').map(({ headers }) => Number(headers[0]?.value?.toString()));
  assert.deepEqual(ofKey, [2, 7, 12, 17, 22, 27, 32, 37, 42, 47]);
  await log.produce(name, [{ value: 'later', partition: 1 }]);
  assert.deepEqual(values(await read(log, name, 1, { group: 'readers', done: true })), ['later']);
}

async function transacts(log: ScopedLog, name: string): Promise<void> {
  await log.createTopic(name);
  await log.createTopic(`${name}-in`);
  await log.produce(`${name}-in`, [{ value: 'a' }, { value: 'b' }]);
  const producer = await log.transactions('mover');
  await assert.rejects(
    producer.transact(async (within) => {
      await within.produce(name, [{ value: 'never' }]);
      throw new Error('changed my mind');
    }),
    /changed my mind/,
  );
  await producer.transact(async (within) => {
    await within.produce(name, [{ value: 'A' }, { value: 'B' }]);
    await within.sendOffsets('movers', [{ topic: `${name}-in`, partition: 0, offset: 2 }]);
  });
  assert.deepEqual(values(await read(log, name, 2)), ['A', 'B']);
  await log.produce(`${name}-in`, [{ value: 'c' }]);
  assert.deepEqual(values(await read(log, `${name}-in`, 1, { group: 'movers' })), ['c']);
  // A second producer of the id fences the first.
  const heir = await log.transactions('mover');
  await assert.rejects(
    producer.transact((within) => within.produce(name, [{ value: 'zombie' }])),
    /FENCED|EPOCH/,
  );
  await heir.transact((within) => within.produce(name, [{ value: 'heir' }]));
  assert.deepEqual(values(await read(log, name, 3)), ['A', 'B', 'heir']);
}

const opened = (options: Partial<Parameters<typeof openLog>[1]> = {}): Log => openLog(url, { clientId: 'test', ...options });

test('the client of the log writes, reads in groups, and goes on where a group was; names begin with the scope', async () => {
  await using log = opened();
  await holds(log.at('one'), 'orders');
  await holds(log.at('two'), 'orders');
  const { body } = await house.call('GET', '/v1/log/topics', undefined, { door: 'log.rest' });
  assert.deepEqual(
    body.items?.map(({ name }) => name),
    ['one.orders', 'two.orders'],
  );
});

test('a prefix that the address says stands before names in the place of the scope', async () => {
  await using log = openLog(`${url}?prefix=shared.`, { clientId: 'test' });
  await holds(log.at('one'), 'names');
  assert.deepEqual(await log.at('two').partitions('names'), await log.at('one').partitions('names'));
  await using bare = openLog(`${url}?prefix=`, { clientId: 'test' });
  assert.equal(await bare.at('three').hasTopic('shared.names'), true);
});

test('records of more bytes than one batch may have are written as several, in their order', async () => {
  await using log = opened();
  const own = log.at('large');
  await own.createTopic('many');
  const texts = Array.from({ length: 3000 }, (_, at) => `${at} ${'x'.repeat(1000)}`);
  const written = await own.produce('many', texts.map((value) => ({ value })));
  assert.deepEqual(written.map(({ offset }) => offset), [...texts.keys()]);
  assert.deepEqual(values(await read(log.at('large'), 'many', texts.length)), texts);
});

test('where a scope has a credential of its own, names are as they are', async () => {
  const neighbour = await house.credential({}, await house.tenant('seam-neighbours'));
  const logins: Record<string, { bearer: string }> = { ours: house.owner, theirs: neighbour };
  await using log = opened({ loginOf: async (scope) => ({ bearer: logins[scope]?.bearer ?? '' }) });
  await holds(log.at('ours'), 'same');
  await holds(log.at('theirs'), 'same');
});

test('what a transaction writes, and the offsets it sends, count together or not at all', async () => {
  await using log = opened();
  await transacts(log.at('tx'), 'moved');
});

test('partitions that a topic gets while it is read are read too, from their beginning', async () => {
  await using log = openLog(`kafka://${house.kafka}`, { clientId: 'test', loginOf: async () => ({ bearer: house.owner.bearer }) });
  const own = log.at('own');
  await own.createTopic('growing');
  await own.produce('growing', [{ value: 'first' }]);
  const stop = new AbortController();
  const found: string[] = [];
  for await (const { records, next } of own.consume('growing', { signal: stop.signal })) {
    found.push(...records.map(({ value }) => `${next.partition} ${value}`));
    if (found.length > 1) break;
    const grown = await house.call('POST', '/v1/log/topics/growing/create-partitions', { partitions: 3 }, { door: 'log.rest' });
    assert.equal(grown.status, 200, JSON.stringify(grown.body));
    const sent = { records: [{ value: 'later', partition: 2 }] };
    assert.equal((await house.call('POST', '/v1/log/topics/growing/produce', sent, { door: 'log.rest' })).status, 200);
  }
  stop.abort();
  assert.deepEqual(found, ['0 first', '2 later']);
});

test('a wrong password, a place where nobody listens and an address that is none are told apart', async () => {
  const wrong = openLog(`kafka://${house.owner.sasl.username}:wrong@${house.kafka}`, { clientId: 'test' });
  await assert.rejects(wrong.at('x').hasTopic('t'), /SASL/);
  await wrong.close();
  const nobody = openLog('kafka://127.0.0.1:1', { clientId: 'test' });
  await assert.rejects(nobody.at('x').hasTopic('t'), { code: 'Unreachable' });
  await nobody.close();
  assert.throws(() => openLog('http://127.0.0.1:1', { clientId: 'test' }), { code: 'Unsupported' });
  assert.throws(() => openLog('kafka://127.0.0.1:1?prefix=a/b', { clientId: 'test' }), { code: 'Unsupported' });
});

test('an environment with a topic gamut.events gets its events there; publishing makes no events and no audit records', async () => {
  await using log = openLog(`kafka://${house.kafka}`, { clientId: 'test', loginOf: async () => ({ bearer: house.owner.bearer }) });
  const own = log.at('own');
  await own.createTopic('gamut.events');
  await own.createTopic('made.now');
  const stop = new AbortController();
  const types: string[] = [];
  for await (const { records } of own.consume('gamut.events', { signal: stop.signal })) {
    for (const { value } of records) {
      const event = JSON.parse(value?.toString() ?? '') as { type: string; data: { topic: string } };
      types.push(`${event.type} ${event.data.topic}`);
    }
    if (types.includes('log.TopicCreated made.now')) stop.abort();
  }
  const before = await house.call('GET', '/v1/log/topics/gamut.events', undefined, { door: 'log.rest' });
  await own.produce('made.now', [{ value: 'by somebody' }]);
  // What somebody wrote after the events is in the audit log, and the events are not.
  const produced = async (name: string) => {
    const { status, body } = await house.call('GET', '/v1/platform/audit/-/export-audit?after=0&limit=500');
    assert.equal(status, 200);
    const told = (body.items ?? []).map((item) => JSON.stringify(item));
    return told.filter((item) => item.includes('Produce') && item.includes(name)).length;
  };
  while ((await produced('made.now')) === 0) await new Promise((resolve) => setTimeout(resolve, 200));
  assert.equal(await produced('gamut.events'), 0);
  const later = await house.call('GET', '/v1/log/topics/gamut.events', undefined, { door: 'log.rest' });
  assert.deepEqual((later.body.status as { records: number }).records, (before.body.status as { records: number }).records);
});

test('an idle platform writes nothing to the log: no file below its directory changes while a fetch is parked, and upkeep leaves them alone', async () => {
  const raw = await openRaw(house.kafka, house.owner.sasl);
  const root = join(house.data, 'service', 'log');
  const files = () =>
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => `${path.slice(root.length)} ${statSync(path).size} ${statSync(path).mtimeMs}`)
      .sort();
  const end = async () => {
    const { topics } = await raw.call(listOffsets, 4, {
      ...{ replicaId: -1, isolationLevel: 0 },
      topics: [{ name: 'gamut.events', partitions: [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp: -1 }] }],
    });
    return topics[0]?.partitions[0]?.offset ?? assert.fail('no end');
  };
  /** Answers whether records came in the time; it has passed when it did not. */
  const comes = async (fetchOffset: number, maxWaitMs: number) => {
    const { responses } = await raw.call(fetch, 11, {
      ...{ replicaId: -1, maxWaitMs, minBytes: 1, maxBytes: 1_000_000, sessionEpoch: -1 },
      topics: [{ topic: 'gamut.events', partitions: [{ partition: 0, currentLeaderEpoch: -1, fetchOffset, partitionMaxBytes: 1_000_000 }] }],
    });
    return (responses[0]?.partitions[0]?.records?.length ?? 0) > 0;
  };
  // What was done before is told within a while.
  for (let settles = false; !settles; ) settles = !(await comes(await end(), 1500));
  const before = files();
  assert.ok(before.length > 3, `${before.length} files`);
  assert.equal(await comes(await end(), 6000), false);
  assert.deepEqual(files(), before);
  raw.end();

  const data = mkdtempSync(join(tmpdir(), 'gamut-log-idle-'));
  let now = 1_700_000_000_000;
  const broker = openBroker({ directory: data, log: () => undefined, now: () => now, mayWrite: () => true, sealer });
  const owner = { tenant: 1n, scope: 2n };
  const config = { 'cleanup.policy': 'compact', 'segment.bytes': '500', 'retention.ms': '-1' };
  const topic = broker.topics.create(owner, 'kept', { partitions: 1, config });
  const partition = topic.partitions[0] ?? assert.fail('no partition');
  for (let at = 0; at < 40; at += 1) {
    const batch = batchOf([{ key: Buffer.from(`k${at % 3}`), value: Buffer.from(`v${at}`), timestamp: now }]);
    await appendBatch(broker, topic, partition, batch, { scope: owner.scope, transactionalId: null, adds: false });
  }
  let written = 0;
  broker.disk.onChange = () => void (written += 1);
  await broker.sweep();
  assert.ok(written > 0, 'there was something to compact');
  written = 0;
  for (let pass = 0; pass < 20; pass += 1) {
    now += 3_600_000;
    await broker.sweep();
    await broker.checkpoint();
    broker.transactions.sweep();
  }
  assert.equal(written, 0);
  await broker.close();
  rmSync(data, { recursive: true });
});
