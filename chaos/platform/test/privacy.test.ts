import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Consumer, Kafka, logLevel } from 'kafkajs';
import { createClient } from 'tigerbeetle-node';
import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { keyFileName, readAuditKeys } from '#kernel/audit/public-key.ts';
import { verifyLogs } from '#kernel/audit/verify.ts';
import { type Faces, type House, openHouse } from '../../../kernel/session/test/fixture/house.ts';
import { s3Client } from '../fixture/s3.ts';
import { filesWith } from '../fixture/search.ts';
import { until } from '../fixture/until.ts';

const subject = 'maria.musterfrau@example.com';
/** What only this subject's data says. */
const mark = 'MUSTERFRAU-4711';
/** The name under which they act: no address, since names of principals lie in the directory in the clear. */
const principal = 'p-4711';
/** The number that stands for them in the ledger. */
const number = '47110815471108154711';
const other = 'somebody.else@example.com';
let house: House;
before(async () => {
  house = await openHouse({ mode: 'processes', quiet: true, services: ['storage', 'log', 'telemetry', 'ledger'] });
});
after(() => house.stop());

type Line = { service: string; kind: string; name: string; data?: Record<string, unknown>; base64?: string };

async function exported(of: string, bearer: string): Promise<Line[]> {
  const reply = await fetch(`${house.url}/v1/platform/data-subjects/-/export-data-subject`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
    body: JSON.stringify({ subject: of }),
  });
  const text = await reply.text();
  assert.equal(reply.status, 200, text);
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Line]));
}

/** A consumer whose program calls itself by her address. */
async function member({ sasl }: Faces): Promise<Consumer> {
  const brokers = [(house.platform.doors['log.kafka']?.url ?? '').replace('kafka://', '')];
  const kafka = new Kafka({ brokers, clientId: subject, sasl: { mechanism: 'plain', ...sasl }, logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: 'watchers', maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic: 'clear', fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    consumer.on(consumer.events.GROUP_JOIN, () => resolve());
    consumer.run({ eachMessage: async () => undefined }).catch(reject);
  });
  return consumer;
}

/** The files of services that hold a text. */
const inService = (text: string) => filesWith(join(house.data, 'service'), text);

/** What she does herself: a session of the ledger with what it posts, an object, a record. */
async function work({ bearer, s3, ledger }: Faces): Promise<{ transfer: unknown }> {
  const tigerbeetle = (house.platform.doors['ledger.tigerbeetle']?.url ?? '').replace('tigerbeetle://', '');
  const client = createClient({ cluster_id: BigInt(ledger.cluster), replica_addresses: [tigerbeetle] });
  const none = { debits_pending: 0n, debits_posted: 0n, credits_pending: 0n, credits_posted: 0n, reserved: 0, flags: 0, timestamp: 0n };
  const about = { user_data_128: BigInt(number), user_data_64: 0n, user_data_32: 0, ledger: 1, code: 1 };
  await client.createAccounts([
    { ...none, ...about, id: 5001n },
    { ...none, ...about, id: 5002n },
  ]);
  const side = { debit_account_id: 5001n, credit_account_id: 5002n, amount: 100n, pending_id: 0n, timeout: 0 };
  await client.createTransfers([{ ...about, ...side, id: 7001n, flags: 0, timestamp: 0n }]);
  client.destroy();
  const own = s3Client(house.platform.doors['storage.s3']?.url ?? '', s3);
  await own.send(new CreateBucketCommand({ Bucket: 'hers' }));
  await own.send(new PutObjectCommand({ Bucket: 'hers', Key: 'note', Body: 'kept' }));
  await own.send(new CreateMultipartUploadCommand({ Bucket: 'hers', Key: 'begun' }));
  own.destroy();
  const records = [{ key: 'k', value: 'kept' }];
  assert.equal((await house.call('POST', '/v1/log/topics/clear/produce', { records }, { door: 'log.rest', bearer })).status, 200);
  return { transfer: (await house.call('GET', '/v1/ledger/transfers/7001', undefined, { door: 'ledger.rest', bearer })).body };
}

test('what is written beside objects and told of members of groups is shown as stored to who may read it, masked in browsers', async () => {
  const { bearer, s3 } = await house.credential({ role: 'reader', principal: 'sync' });
  const Bucket = 'masked';
  const admin = s3Client(house.platform.doors['storage.s3']?.url ?? '', (await house.credential({ role: 'admin' })).s3);
  await admin.send(new CreateBucketCommand({ Bucket }));
  const metadata = { author: `by ${other}`, shape: 'round' };
  const tags = `subject=p-1&writer=${encodeURIComponent(other)}&shape=round`;
  await admin.send(new PutObjectCommand({ Bucket, Key: 'x', Body: 'x', Metadata: metadata, Tagging: tags }));
  admin.destroy();
  // What copies objects through S3 must find them as they are.
  const client = s3Client(house.platform.doors['storage.s3']?.url ?? '', s3);
  const told = async () => {
    const { Metadata } = await client.send(new HeadObjectCommand({ Bucket, Key: 'x' }));
    const { TagSet = [] } = await client.send(new GetObjectTaggingCommand({ Bucket, Key: 'x' }));
    return { Metadata, tags: Object.fromEntries(TagSet.map(({ Key, Value }) => [Key, Value])) };
  };
  assert.deepEqual(await told(), { Metadata: metadata, tags: { subject: 'p-1', writer: other, shape: 'round' } });

  const door = 'storage.rest';
  const signed = await fetch(`${house.url}/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ bearer }),
  });
  const { csrf } = (await signed.json()) as { csrf: string };
  const origin = house.platform.doors[door]?.url ?? '';
  const page = { cookie: signed.headers.get('set-cookie')?.split(';')[0] ?? '', 'gamut-csrf': csrf, origin };
  const shown = async (operation: string, headers: Record<string, string>) =>
    (await house.call('GET', `/v1/storage/buckets/${Bucket}/${operation}?key=x`, undefined, { door, bearer: null, headers })).body;
  assert.deepEqual((await shown('head-object', page)).metadata, { author: 'by [email]', shape: 'round' });
  const masked = [
    { key: 'shape', value: 'round' },
    { key: 'subject', value: '***' },
    { key: 'writer', value: '[email]' },
  ];
  const sorted = (body: Record<string, unknown>) =>
    (body.tags as { key: string; value: string }[]).toSorted((one, two) => (one.key < two.key ? -1 : 1));
  assert.deepEqual(sorted(await shown('get-object-tagging', page)), masked);
  const asked = { ...page, 'gamut-reveal': 'true' };
  assert.deepEqual((await shown('head-object', asked)).metadata, metadata);

  const text = 'forbid (principal == Gamut::Principal::"sync", action == storage::Action::"RevealPersonal", resource);';
  assert.equal((await house.call('POST', '/v1/platform/policies', { name: 'unseen', text })).status, 201);
  await until(async () => (await told()).Metadata?.author === 'by [email]', 'the policy');
  assert.deepEqual((await told()).tags, { subject: '***', writer: '[email]', shape: 'round' });
  client.destroy();
});

test('all that is known of a person is exported, erased from every service and every file, and the audit log still verifies', async () => {
  const { bearer, s3 } = await house.credential({ role: 'owner' });
  const client = s3Client(house.platform.doors['storage.s3']?.url ?? '', s3);
  const call = (door: string, method: string, path: string, body?: unknown) => house.call(method, path, body, { door, bearer });

  // Storage: an object of every kind, tagged or with metadata; versions; and one of somebody else's.
  const Bucket = 'people';
  await client.send(new CreateBucketCommand({ Bucket }));
  await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
  const tagged = { Tagging: `subject=${encodeURIComponent(subject)}&note=${mark}` };
  for (const [Key, times] of [
    ['tiny', 1],
    ['small', 1000],
    ['large', 100_000],
  ] as const)
    await client.send(new PutObjectCommand({ Bucket, Key, Body: mark.repeat(times), ...tagged }));
  await client.send(new PutObjectCommand({ Bucket, Key: 'tiny', Body: 'newer', Metadata: { subject, note: mark } }));
  await client.send(new PutObjectCommand({ Bucket, Key: 'other', Body: 'kept', Metadata: { subject: other } }));

  // Log: by key and by header, in the clear and sealed.
  for (const [name, encryption] of [
    ['clear', 'none'],
    ['sealed', 'scope'],
  ] as const) {
    await call('log.rest', 'POST', '/v1/log/topics', { name, config: { 'gamut.encryption': encryption } });
    const records = [
      { key: subject, value: mark },
      { key: 'order', value: mark, headers: { subject } },
      { key: other, value: 'kept' },
    ];
    assert.equal((await call('log.rest', 'POST', `/v1/log/topics/${name}/produce`, { records })).status, 200);
  }

  // Telemetry: a log record and a span that say whose they are.
  const attributes = [{ key: 'user.email', value: { stringValue: subject } }];
  const send = async (signal: string, body: unknown) => {
    const headers = { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' };
    const reply = await fetch(`${house.platform.doors['telemetry.otlp']?.url}/v1/${signal}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    assert.equal(reply.status, 200, await reply.text());
  };
  const at = `${Date.now()}000000`;
  const logRecords = [
    { timeUnixNano: at, body: { stringValue: `said ${mark}` }, attributes },
    { timeUnixNano: at, body: { stringValue: 'kept' } },
  ];
  await send('logs', { resourceLogs: [{ scopeLogs: [{ logRecords }] }] });
  const span = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), name: mark, startTimeUnixNano: at, endTimeUnixNano: at, attributes };
  await send('traces', { resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });

  // The directory: a member, invited by mail. And what they did, in the audit log.
  assert.ok((await call('platform.rest', 'POST', '/v1/platform/members', { email: subject, role: 'reader' })).status < 300);
  const hers = await house.credential({ role: 'admin', principal });
  const rows = await work(hers);
  await house.call('POST', '/v1/platform/projects', { name: 'x' }, { bearer: hers.bearer });
  await until(async () => (await exported(principal, bearer)).some(({ kind }) => kind === 'AuditRecord'), 'her audit record');

  const consumer = await member(hers);
  const groupTo = async (role: string) => {
    const group = await house.call('GET', '/v1/log/groups/watchers', undefined, {
      door: 'log.rest',
      bearer: (await house.credential({ role })).bearer,
    });
    return (group.body as unknown as { status: { members: { clientId: string; host: string }[] } }).status.members;
  };
  assert.deepEqual(
    (await groupTo('reader')).map(({ clientId }) => clientId),
    [subject],
  );
  assert.deepEqual(
    (await groupTo('auditor')).map(({ clientId, host }) => [clientId, host]),
    [['***', '***']],
  );

  const lines = await exported(subject, bearer);
  const count = (service: string, kind: string) =>
    lines.filter((line) => line.service === service && line.kind === kind && line.data).length;
  assert.equal(count('storage', 'Object'), 4);
  assert.equal(count('log', 'Record'), 4);
  assert.equal(count('log', 'GroupMember'), 1);
  assert.equal(count('telemetry', 'Log'), 1);
  assert.equal(count('telemetry', 'Span'), 1);
  assert.equal(count('platform', 'Member'), 1);
  const bytes = lines.filter(({ name, base64 }) => name === `${Bucket}/large` && base64 !== undefined);
  assert.equal(Buffer.concat(bytes.map(({ base64 = '' }) => Buffer.from(base64, 'base64'))).toString(), mark.repeat(100_000));
  assert.ok(!JSON.stringify(lines).includes('kept'));
  assert.equal((await call('platform.rest', 'POST', '/v1/platform/data-subjects/-/erase-data-subject', { subject: 7 })).status, 400);
  const admin = { bearer: hers.bearer };
  assert.equal((await house.call('POST', '/v1/platform/data-subjects/-/erase-data-subject', { subject }, admin)).status, 403);
  const acts = await exported(principal, bearer);
  const kinds = new Set(acts.filter(({ data }) => data).map(({ service, kind }) => `${service} ${kind}`));
  for (const kind of ['ledger Session', 'platform Credential', 'platform AuditRecord']) assert.ok(kinds.has(kind), kind);
  assert.ok(inService(principal).length > 0, 'no file of a service names who acts');

  const erase = async (of: string) =>
    (await call('platform.rest', 'POST', '/v1/platform/data-subjects/-/erase-data-subject', { subject: of })).body;
  const begun = (await erase(subject)) as unknown as { erased: number; kept: { kind: string; name: string }[] };
  assert.equal(begun.erased, 11);
  assert.deepEqual(
    begun.kept.map(({ kind, name }) => `${kind} ${name}`),
    ['GroupMember watchers'],
  );
  await consumer.disconnect();
  assert.ok(inService(subject).length > 0, 'the file of groups does not name the client');
  assert.deepEqual(await erase(subject), { erased: 0, kept: [] });
  // Her session of the ledger, and her credential.
  assert.deepEqual(await erase(principal), { erased: 2, kept: [] });
  assert.equal((await house.call('GET', '/v1/platform/projects', undefined, admin)).status, 401);
  assert.deepEqual(inService(principal), []);
  // What was posted about her stays, under the number that stands for her, and is told.
  const posted = await exported(number, bearer);
  assert.deepEqual(
    posted.filter(({ service }) => service === 'ledger').map(({ kind }) => kind),
    ['Account', 'Account', 'Transfer'],
  );
  const left = (await erase(number)) as unknown as { erased: number; kept: { kind: string }[] };
  assert.deepEqual([left.erased, left.kept.map(({ kind }) => kind)], [0, ['Account', 'Transfer']]);
  assert.deepEqual((await call('ledger.rest', 'GET', '/v1/ledger/transfers/7001')).body, rows.transfer);
  assert.deepEqual(await exported(subject, bearer), []);
  const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket }));
  client.destroy();
  assert.deepEqual(
    Versions.map(({ Key }) => Key),
    ['other'],
  );
  for (const topic of ['clear', 'sealed']) {
    const { records } = (await call('log.rest', 'GET', `/v1/log/topics/${topic}/fetch`)).body as unknown as { records: { key: string }[] };
    assert.deepEqual(
      records.map(({ key }) => key),
      topic === 'clear' ? [other, 'k'] : [other],
    );
  }
  const audit = (await house.call('GET', '/v1/platform/audit?limit=1000')).body.items as unknown as { principal: string; erased?: true }[];
  assert.ok(!audit.some((record) => record.principal === principal));
  assert.ok(audit.some((record) => record.erased === true));

  assert.ok(filesWith(house.data, Bucket).length > 0, 'the search does not even find the name of the bucket');
  for (const text of [mark, subject]) assert.deepEqual(filesWith(house.data, text), [], text);
  const directory = join(house.data, 'audit');
  const keys = readAuditKeys(readFileSync(join(directory, keyFileName), 'utf8'));
  await until(() => verifyLogs(directory, keys).faults === 0, 'an audit log that verifies');
});
