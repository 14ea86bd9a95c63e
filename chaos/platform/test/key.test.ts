import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { keyFileName, readAuditKeys } from '#kernel/audit/public-key.ts';
import { verifyLogs } from '#kernel/audit/verify.ts';
import { type House, openHouse } from '../../../kernel/session/test/fixture/house.ts';
import { filesWith } from '../fixture/search.ts';
import { inMemory, keysOf } from '../fixture/memory.ts';
import { outcomeOf, s3Client } from '../fixture/s3.ts';
import { until } from '../fixture/until.ts';

const isRoot = process.getuid?.() === 0;
let house: House;
before(async () => {
  house = await openHouse({ mode: 'processes', quiet: true, services: ['storage', 'log'] });
});
after(() => house.stop());

const pidOf = (name: string) => house.platform.status().processes.find((process) => process.name === name)?.pid ?? 0;

/** An organization of its own with a client of S3, a bucket, a topic and a key. */
async function tenancy(name: string) {
  const { uid: environment } = (await house.call('POST', '/v1/platform/organizations', { name })).body as { uid: string };
  const { s3, bearer } = await house.credential({ role: 'owner' }, environment);
  const client = s3Client(house.platform.doors['storage.s3']?.url ?? '', s3);
  const platform = (method: string, path: string, body?: unknown) => house.call(method, `/v1/platform${path}`, body, { environment });
  const log = (method: string, path: string, body?: unknown) =>
    house.call(method, `/v1/log/topics${path}`, body, { door: 'log.rest', bearer });
  const key = async (of: string, verb: string, input = {}) => platform('POST', `/keys/${of}/${verb}`, input);
  const { arn } = (await platform('POST', '/keys', { name: 'named' })).body.spec as { arn: string };
  await client.send(new CreateBucketCommand({ Bucket: name }));
  const topics = { plain: 'scope', named: arn };
  for (const [topic, encryption] of Object.entries(topics)) {
    const made = await log('POST', '', { name: topic, config: { 'gamut.encryption': encryption } });
    assert.ok(made.status < 300, JSON.stringify(made.body));
  }
  return { name, client, platform, log, key, arn, topics: Object.keys(topics) };
}
type Tenancy = Awaited<ReturnType<typeof tenancy>>;

const put = ({ client, name, arn }: Tenancy, Key: string, Body: string, isNamed: boolean) =>
  client.send(new PutObjectCommand({ Bucket: name, Key, Body, ...(isNamed ? { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: arn } : {}) }));
const get = async (client: S3Client, Bucket: string, Key: string) =>
  (await client.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString();

test('keeper and control are killed amid rotations: what was acknowledged is there, whatever key it lies under', async () => {
  const rotated = await tenancy('rotated');
  const written = new Map<string, string>();
  const produced: Record<string, string[]> = { plain: [], named: [] };
  let running = true;
  const load = (async () => {
    for (let number = 0; running; number += 1) {
      const text = `value ${number} `.repeat(number % 2 ? 10 : 1000);
      const isNamed = number % 3 === 0;
      if ((await outcomeOf(put(rotated, `k${number}`, text, isNamed))).code === 'accepted') written.set(`k${number}`, text);
      const topic = isNamed ? 'named' : 'plain';
      const sent = await rotated.log('POST', `/${topic}/produce`, { records: [{ value: text }] }).catch(() => undefined);
      if (sent?.status === 200) produced[topic]?.push(text);
      await sleep(10);
    }
  })();
  for (const victim of ['keeper', 'control', 'keeper', 'storage', 'keeper', 'log']) {
    const enough = written.size + 10;
    await until(() => written.size >= enough, 'more objects');
    const pid = pidOf(victim);
    const rotating = ['named', 'default'].map((key) => rotated.key(key, 'rotate-key').catch(() => undefined));
    process.kill(pid, 'SIGKILL');
    await Promise.all(rotating);
    await until(() => pidOf(victim) !== pid && pidOf(victim) !== 0, `${victim} again`);
  }
  running = false;
  await load;
  await until(async () => (await rotated.key('named', 'rotate-key').catch(() => undefined))?.status === 200, 'a rotation that ends');
  for (const [key, text] of written)
    await until(async () => (await get(rotated.client, rotated.name, key).catch(() => undefined)) === text, `the object ${key}`);
  for (const topic of rotated.topics) {
    const lost = async () => {
      const { records } = (await rotated.log('GET', `/${topic}/fetch?limit=1000`)).body as unknown as { records: { value: string }[] };
      const found = new Set(records.map(({ value }) => value));
      return produced[topic]?.filter((value) => !found.has(value)).length;
    };
    await until(async () => (await lost()) === 0, `every record of ${topic}`);
  }
});

test('no process but keeper has the root key, a tenant key or a named key in its memory', {
  skip: !isRoot && 'only root can read the memory of others',
}, async () => {
  await house.credential({ role: 'reader' });
  await house.call('GET', '/v1/platform/audit');
  const wanted = keysOf(join(house.data, 'keeper'));
  assert.ok(wanted.size >= 5, `only ${wanted.size} keys to look for`);
  const processes = house.platform.status().processes.filter(({ pid, name }) => pid !== null && name !== 'postgres');
  for (const { name, pid } of processes) {
    const found = [...inMemory(Number(pid), wanted)];
    if (name === 'keeper') assert.ok(found.includes('the root key'), 'the scan does not even find the root key where it is');
    else assert.deepEqual(found, [], `${name} holds ${found.join(', ')}`);
  }
});

test('nothing a tenant wrote lies in the clear, and with its keys all of it is unreadable, and the audit log still verifies', async () => {
  const mark = 'MARKED-AND-PLAIN';
  const gone = await tenancy('destroyed');
  const sizes = { inline: 5, packed: 1000, shards: 80_000 };
  for (const [key, times] of Object.entries(sizes)) {
    await put(gone, key, mark.repeat(times), false);
    await put(gone, `named-${key}`, mark.repeat(times), true);
  }
  for (const topic of gone.topics)
    await gone.log('POST', `/${topic}/produce`, { records: [{ key: mark, value: mark, headers: { mark } }] });
  const address = `${mark}@example.com`;
  assert.ok((await gone.platform('POST', '/members', { email: address, role: 'reader' })).status < 300);
  // What was asked for and is not there stands in the body of an audit record, and nowhere else.
  await gone.platform('GET', `/keys/${mark}`);
  type Shown = { name: string; unreadable?: true };
  const audit = async () => ((await gone.platform('GET', '/audit?limit=1000')).body.items ?? []) as unknown as Shown[];
  await until(async () => (await audit()).some(({ name }) => name === mark), 'the record');
  assert.ok(filesWith(house.data, gone.name).length > 0, 'the search does not even find the name of the bucket');
  assert.deepEqual(filesWith(house.data, mark), []);

  await gone.key('named', 'schedule-key-destruction', { afterMs: 0 });
  const outcome = async (key: string) => (await outcomeOf(get(gone.client, gone.name, key))).code;
  for (const key of Object.keys(sizes)) {
    assert.equal(await outcome(`named-${key}`), 'KMS.KMSInvalidStateException');
    assert.equal(await outcome(key), 'accepted');
  }
  assert.equal((await gone.log('GET', '/named/fetch')).body.code, 'KeyRefused');
  assert.equal((await gone.log('GET', '/plain/fetch')).status, 200);

  await gone.key('default', 'schedule-key-destruction', { afterMs: 0 });
  for (const key of Object.keys(sizes)) assert.equal(await outcome(key), 'KMS.KMSInvalidStateException');
  assert.equal((await gone.log('GET', '/plain/fetch')).body.code, 'KeyRefused');
  const members = await gone.platform('GET', '/members');
  assert.ok(!JSON.stringify(members.body).includes(mark), 'a sealed field is still read');
  await until(async () => !(await audit()).some(({ name }) => name === mark), 'the end of the record');
  assert.ok((await audit()).some(({ unreadable }) => unreadable === true));
  const directory = join(house.data, 'audit');
  const keys = readAuditKeys(readFileSync(join(directory, keyFileName), 'utf8'));
  await until(() => verifyLogs(directory, keys).faults === 0, 'an audit log that verifies');
});
