import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import * as s3 from '@aws-sdk/client-s3';
import { type House, openHouse } from './fixtures/house.ts';
import { codeOf, raw, rawRequest } from './fixtures/raw.ts';

let house: House;
before(async () => {
  house = await openHouse({ open: true });
});
after(() => house.stop());

async function codeFrom(sent: Promise<unknown>): Promise<string> {
  try {
    await sent;
  } catch (error) {
    return (error as Error).name;
  }
  return 'accepted';
}

test('with --open, callers without a key or with an unknown one are the dev principal, a revoked key and a wrong secret are not', async () => {
  const stranger = house.client({ accessKeyId: 'test', secretAccessKey: 'test', region: house.owner.s3.region });
  await stranger.send(new s3.CreateBucketCommand({ Bucket: 'open-bucket' }));
  await stranger.send(new s3.PutObjectCommand({ Bucket: 'open-bucket', Key: 'k', Body: 'open' }));
  const anonymous = await raw(house.s3, { method: 'GET', path: '/open-bucket/k' });
  assert.deepEqual([anonymous.status, anonymous.body], [200, 'open']);
  const wrong = house.client({ ...house.owner.s3, secretAccessKey: 'wrong' });
  assert.equal(await codeFrom(wrong.send(new s3.ListBucketsCommand({}))), 'SignatureDoesNotMatch');
  const doomed = await house.credential();
  await house.call('POST', `/v1/platform/credentials/${doomed.id}/revoke-credential`, {});
  assert.equal(await codeFrom(house.client(doomed.s3).send(new s3.ListBucketsCommand({}))), 'InvalidAccessKeyId');
});

test('a key revoked while a body streams out loses the connection', async () => {
  const client = house.client();
  await client.send(new s3.CreateBucketCommand({ Bucket: 'revoked' }));
  await client.send(new s3.PutObjectCommand({ Bucket: 'revoked', Key: 'large', Body: Buffer.alloc(40 * 1024 * 1024) }));
  const doomed = await house.credential();
  const { hostname, port } = new URL(house.s3);
  const socket = connect(Number(port), hostname);
  socket.write(rawRequest(house.s3, { method: 'GET', path: '/revoked/large', pair: doomed.s3 }));
  await once(socket, 'readable');
  assert.match(socket.read(12).toString(), /HTTP\/1\.1 200/);
  socket.on('error', () => {});
  await house.call('POST', `/v1/platform/credentials/${doomed.id}/revoke-credential`, {});
  let received = 0;
  socket.on('data', (data) => {
    received += data.length;
  });
  await once(socket, 'close');
  assert.ok(received < 40 * 1024 * 1024);
});

test('a tenant that does not allow this region leaves no byte here', async () => {
  const { body } = await house.call('POST', '/v1/platform/organizations', { name: 'abroad', regions: ['eu-north-9'] });
  const own = house.client((await house.credential({}, String(body.uid))).s3);
  const marker = 'residency-marker-7c1e';
  assert.equal(await codeFrom(own.send(new s3.CreateBucketCommand({ Bucket: `${marker}-bucket` }))), 'AccessDenied');
  assert.equal(
    await codeFrom(own.send(new s3.PutObjectCommand({ Bucket: 'revoked', Key: `${marker}-key`, Body: `${marker}-bytes` }))),
    'AccessDenied',
  );
  const folder = join(house.data, 'service', 'storage');
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) assert.equal(readFileSync(join(entry.parentPath, entry.name)).includes(marker), false, entry.name);
  }
});

test('sixty-four clients at once write, overwrite and read without a wrong byte', async () => {
  const client = house.client(house.owner.s3, { maxAttempts: 3 });
  await client.send(new s3.CreateBucketCommand({ Bucket: 'busy' }));
  await Promise.all(
    Array.from({ length: 64 }, async (_, worker) => {
      for (let round = 0; round < 5; round++) {
        const Body = `${worker}:${round}`.repeat(200 * (round + 1));
        await client.send(new s3.PutObjectCommand({ Bucket: 'busy', Key: `k${worker}`, Body }));
        const got = await client.send(new s3.GetObjectCommand({ Bucket: 'busy', Key: `k${worker}` }));
        assert.equal(await got.Body!.transformToString(), Body);
      }
    }),
  );
  assert.equal((await client.send(new s3.ListObjectsV2Command({ Bucket: 'busy' }))).KeyCount, 64);
});

test('a scope may have a hundred buckets and no more', async () => {
  const { body } = await house.call('POST', '/v1/platform/organizations', { name: 'collector' });
  const own = house.client((await house.credential({}, String(body.uid))).s3);
  for (let at = 0; at < 100; at++) await own.send(new s3.CreateBucketCommand({ Bucket: `collected-${at}` }));
  assert.equal(await codeFrom(own.send(new s3.CreateBucketCommand({ Bucket: 'collected-100' }))), 'TooManyBuckets');
  assert.equal((await own.send(new s3.ListBucketsCommand({}))).Buckets?.length, 100);
});

test('a bearer token that is not one is refused, with --open too', async () => {
  const reply = await raw(house.s3, { method: 'GET', path: '/', headers: { authorization: 'Bearer gmt_nobody' } });
  assert.deepEqual([reply.status, codeOf(reply)], [403, 'InvalidAccessKeyId']);
});

test('each read of an object is recorded by itself, with its key, where its bucket wants that', async () => {
  const { id, s3: pair } = await house.credential();
  const [client, own] = [house.client(), house.client(pair)];
  const watched = 'watched-bucket';
  await client.send(new s3.CreateBucketCommand({ Bucket: watched }));
  for (const Key of ['watched/a', 'watched/b']) await client.send(new s3.PutObjectCommand({ Bucket: watched, Key, Body: 'x,y' }));
  const readAudit = (method: string, body?: object) =>
    house.call(method, `/v1/storage/buckets/${watched}/${method === 'GET' ? 'get' : 'put'}-bucket-read-audit`, body);
  const read = async (Key: string) => (await own.send(new s3.GetObjectCommand({ Bucket: watched, Key }))).Body!.transformToString();
  assert.deepEqual((await readAudit('GET')).body, { status: 'Disabled' });
  assert.equal((await readAudit('POST', { status: 'Perhaps' })).status, 400);
  await read('watched/a');
  assert.equal((await readAudit('POST', { status: 'Enabled' })).status, 200);
  assert.deepEqual((await readAudit('GET')).body, { status: 'Enabled' });
  await Promise.all(['watched/a', 'watched/b', 'watched/a'].map(read));
  await own.send(new s3.HeadObjectCommand({ Bucket: watched, Key: 'watched/b' }));
  assert.equal(await codeFrom(read('watched/none')), 'NoSuchKey');
  // What a copy takes is read too; one that comes to nothing took nothing.
  const copy = (Key: string, from: string) =>
    own.send(new s3.CopyObjectCommand({ Bucket: watched, Key, CopySource: `${watched}/${from}` }));
  await copy('watched/copy', 'watched/b');
  assert.equal(await codeFrom(copy('watched/copy', 'watched/none')), 'NoSuchKey');
  assert.equal((await readAudit('POST', { status: 'Disabled' })).status, 200);
  await read('watched/b');
  const wanted = [
    'GetObject NoSuchKey watched/none',
    'GetObject ok watched/a',
    'GetObject ok watched/a',
    'GetObject ok watched/b',
    'GetObject ok watched/b',
    'HeadObject ok watched/b',
  ];
  type Item = { event: { api: { operation: string }; status_code: string; unmapped?: { detail?: { key?: string } } } | null };
  let found: string[] = [];
  for (let tries = 0; tries < 100 && found.length < wanted.length; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const events: Item['event'][] = [];
    for (let after: unknown = 0; after !== undefined; ) {
      const { body } = await house.call('GET', `/v1/platform/audit/-/export-audit?after=${String(after)}&limit=1000`);
      events.push(...(body.items as unknown as Item[]).map(({ event }) => event));
      after = body.next;
    }
    const told = events.filter((event) => JSON.stringify(event).includes(id) && /^(Get|Head)Object$/.test(event?.api.operation ?? ''));
    found = told.flatMap((event) => {
      const key = event?.unmapped?.detail?.key;
      return key === undefined ? [] : [`${event?.api.operation} ${event?.status_code} ${key}`];
    });
  }
  assert.deepEqual(found.toSorted(), wanted);
});
