import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CompressionTypes } from 'kafkajs';
import { type House, openHouse } from './fixtures/house.ts';

const mark = 'PLAINLY-TO-BE-SEEN';
let house: House;
before(async () => {
  house = await openHouse();
});
after(() => house?.stop());

const key = async (name: string, verb?: string, input = {}) =>
  (await house.call('POST', `/v1/platform/keys${verb ? `/${name}/${verb}` : ''}`, verb ? input : { name })).body as {
    spec: { arn: string };
  };
const log = (method: string, path: string, body?: unknown) => house.call(method, `/v1/log/topics${path}`, body, { door: 'log.rest' });
const read = (topic: string) => log('GET', `/${topic}/fetch?limit=1000`);
const valuesOf = async (topic: string) => ((await read(topic)).body.records as { value: string }[]).map(({ value }) => value);

function assertHidden(): void {
  for (const entry of readdirSync(join(house.data, 'service', 'log'), { recursive: true, withFileTypes: true }))
    if (entry.isFile()) assert.ok(!readFileSync(join(entry.parentPath, entry.name)).includes(mark), `${entry.name} has it in the clear`);
}

const create = (name: string, config: Record<string, string>) => log('POST', '', { name, config });
const send = (topic: string, values: readonly string[]) =>
  log('POST', `/${topic}/produce`, { records: values.map((value, at) => ({ key: `k${at % 3}`, value, timestamp: 1000 + at })) });

test('a topic under a named key lies sealed, and is read and found by time as any other', async () => {
  const { arn } = (await key('records')).spec;
  await create('sealed', { 'gamut.encryption': arn, 'segment.bytes': '2000' });
  const values = Array.from({ length: 40 }, (_, at) => `${mark} ${at}`);
  for (let at = 0; at < values.length; at += 4) await send('sealed', values.slice(at, at + 4));
  const producer = house.client().producer();
  await producer.connect();
  const packed = { compression: CompressionTypes.GZIP, messages: [{ value: `${mark} packed` }] };
  await producer.send({ topic: 'sealed', ...packed });
  await producer.disconnect();
  assert.deepEqual(await valuesOf('sealed'), [...values, `${mark} packed`]);
  const admin = house.client().admin();
  await admin.connect();
  assert.equal((await admin.fetchTopicOffsetsByTimestamp('sealed', 1003))[0]?.offset, '3');
  const configEntries = [{ name: 'gamut.encryption', value: 'scope' }];
  await key('records', 'rotate-key');
  await send('sealed', [`${mark} later`]);
  await admin.alterConfigs({ validateOnly: false, resources: [{ type: 2 /* a topic */, name: 'sealed', configEntries }] });
  await admin.disconnect();
  await send('sealed', [`${mark} last`]);
  assert.deepEqual(await valuesOf('sealed'), [...values, `${mark} packed`, `${mark} later`, `${mark} last`]);
  assertHidden();
});

test('who names a key must be allowed to use it, over REST and over Kafka', async () => {
  const { arn } = (await key('guarded')).spec;
  const someone = await house.credential({ role: 'admin' });
  const written = await house.call('POST', '/v1/platform/policies', {
    name: 'not-guarded',
    text: `forbid (principal == Gamut::Principal::"service-${someone.id}", action, resource == platform::Key::"guarded");`,
  });
  assert.equal(written.status, 201, JSON.stringify(written.body));
  const rest = await house.call(
    'POST',
    '/v1/log/topics',
    { name: 'guarded', config: { 'gamut.encryption': arn } },
    { door: 'log.rest', bearer: someone.bearer },
  );
  assert.deepEqual([rest.status, rest.body.code], [403, 'Denied']);
  const use = (bearer?: string) => house.call('GET', '/v1/platform/keys/guarded/use-key', undefined, bearer ? { bearer } : {});
  assert.deepEqual([(await use()).status, (await use(someone.bearer)).status], [200, 403]);
  const admin = house.client(someone).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: 'open-one', numPartitions: 1, replicationFactor: 1 }] });
  const configEntries = [{ name: 'gamut.encryption', value: arn }];
  const altered = admin.alterConfigs({ validateOnly: false, resources: [{ type: 2, name: 'open-one', configEntries }] });
  await assert.rejects(altered, { type: 'TOPIC_AUTHORIZATION_FAILED' });
  const created = admin.createTopics({ topics: [{ topic: 'guarded', numPartitions: 1, replicationFactor: 1, configEntries }] });
  await assert.rejects(created, (error: Error & { type?: string; errors?: { type?: string }[] }) =>
    [error, ...(error.errors ?? [])].some(({ type }) => type === 'TOPIC_AUTHORIZATION_FAILED'),
  );
  await admin.disconnect();
  assert.equal((await create('guarded', { 'gamut.encryption': arn })).status, 201);
});

test('a key that is disabled or destroyed refuses writes and reads; one that is not there is no configuration', async () => {
  const { arn } = (await key('passing')).spec;
  await create('passing', { 'gamut.encryption': arn });
  await send('passing', [mark]);
  await key('passing', 'disable-key');
  assert.equal((await send('passing', [mark])).body.code, 'KeyRefused');
  assert.equal((await read('passing')).body.code, 'KeyRefused');
  await key('passing', 'enable-key');
  assert.deepEqual(await valuesOf('passing'), [mark]);
  await key('passing', 'schedule-key-destruction', { afterMs: 0 });
  const consumer = house.client().consumer({ groupId: 'late', retry: { retries: 0 }, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic: 'passing', fromBeginning: true });
  const crashed = new Promise<Error>((resolve) => consumer.on(consumer.events.CRASH, ({ payload }) => resolve(payload.error)));
  await consumer.run({ eachMessage: async () => assert.fail('it was read') });
  const error = (await crashed) as Error & { type?: string; cause?: { type?: string } };
  assert.equal(error.type ?? error.cause?.type, 'TOPIC_AUTHORIZATION_FAILED', error.message);
  await consumer.disconnect();
  assert.equal((await create('unknown', { 'gamut.encryption': '0000000000abc' })).body.code, 'ConfigInvalid');
  assertHidden();
});
