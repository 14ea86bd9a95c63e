import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CompressionTypes, ConfigResourceTypes } from 'kafkajs';
import { type House, openHouse } from './fixtures/house.ts';

const mark = 'PLAINLY-TO-BE-SEEN';
let house: House;
before(async () => {
  house = await openHouse();
});
after(() => house?.stop());

const key = async (name: string, verb?: string, input = {}) =>
  (await house.call('POST', `/v1/platform/keys${verb ? `/${name}/${verb}` : ''}`, verb ? input : { name })).body as { spec: { arn: string } };
const read = (topic: string) => house.call('POST', `/v1/log/topics/${topic}/fetch`, { limit: 1000 }, { door: 'log.rest' });
const valuesOf = async (topic: string) => ((await read(topic)).body.records as { value: string }[]).map(({ value }) => value);

function assertHidden(): void {
  for (const entry of readdirSync(join(house.data, 'service', 'log'), { recursive: true, withFileTypes: true }))
    if (entry.isFile()) assert.ok(!readFileSync(join(entry.parentPath, entry.name)).includes(mark), `${entry.name} has it in the clear`);
}

async function withAdmin<T>(work: (admin: ReturnType<ReturnType<House['client']>['admin']>) => Promise<T>): Promise<T> {
  const admin = house.client().admin();
  await admin.connect();
  return work(admin).finally(() => admin.disconnect());
}

const create = (topic: string, config: Record<string, string>) =>
  withAdmin((admin) =>
    admin.createTopics({ topics: [{ topic, configEntries: Object.entries(config).map(([name, value]) => ({ name, value })) }] }),
  );

async function send(topic: string, values: readonly string[], compression = CompressionTypes.None): Promise<void> {
  const producer = house.client().producer({ idempotent: true, retry: { retries: 0 } });
  await producer.connect();
  const messages = values.map((value, at) => ({ key: `k${at % 3}`, value, timestamp: String(1000 + at) }));
  await producer.send({ topic, compression, messages }).finally(() => producer.disconnect());
}

test('a topic under a named key lies sealed, and is read, found by time and compacted as any other', async () => {
  const { arn } = (await key('records')).spec;
  await create('sealed', { 'gamut.encryption': arn, 'cleanup.policy': 'compact', 'segment.bytes': '2000' });
  const values = Array.from({ length: 40 }, (_, at) => `${mark} ${at}`);
  for (let at = 0; at < values.length; at += 4) await send('sealed', values.slice(at, at + 4));
  await send('sealed', [`${mark} packed`], CompressionTypes.GZIP);
  assert.deepEqual(await valuesOf('sealed'), [...values, `${mark} packed`]);
  const found = await withAdmin((admin) => admin.fetchTopicOffsetsByTimestamp('sealed', 1003));
  assert.equal(found[0]?.offset, '3');
  await key('records', 'rotate-key');
  await send('sealed', [`${mark} later`]);
  const configEntries = [{ name: 'gamut.encryption', value: 'scope' }];
  await withAdmin((admin) =>
    admin.alterConfigs({ validateOnly: false, resources: [{ type: ConfigResourceTypes.TOPIC, name: 'sealed', configEntries }] }),
  );
  await send('sealed', [`${mark} last`]);
  assert.deepEqual(await valuesOf('sealed'), [...values, `${mark} packed`, `${mark} later`, `${mark} last`]);
  assertHidden();
});

test('a key that is disabled or destroyed refuses writes and reads; one that is not there is no configuration', async () => {
  const { arn } = (await key('passing')).spec;
  await create('passing', { 'gamut.encryption': arn });
  await send('passing', [mark]);
  await key('passing', 'disable-key');
  await assert.rejects(send('passing', [mark]), { type: 'POLICY_VIOLATION' });
  assert.equal((await read('passing')).status, 503);
  await key('passing', 'enable-key');
  assert.deepEqual(await valuesOf('passing'), [mark]);
  await key('passing', 'schedule-key-destruction', { afterMs: 0 });
  const consumer = house.client().consumer({ groupId: 'late', retry: { retries: 0 } });
  await consumer.connect();
  await consumer.subscribe({ topic: 'passing', fromBeginning: true });
  const crashed = new Promise<Error>((resolve) => consumer.on(consumer.events.CRASH, ({ payload }) => resolve(payload.error)));
  await consumer.run({ eachMessage: async () => assert.fail('it was read') });
  assert.equal(((await crashed) as Error & { type?: string }).type, 'TOPIC_AUTHORIZATION_FAILED');
  await consumer.disconnect();
  await assert.rejects(create('unknown', { 'gamut.encryption': '0000000000abc' }), /key|configuration/i);
  assertHidden();
});
