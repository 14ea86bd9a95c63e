import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { type House, openHouse } from './fixtures/house.ts';

let house: House;
before(async () => {
  house = await openHouse();
});
after(() => house.stop());

async function call(
  method: string,
  path: string,
  body?: Uint8Array | string | object,
): Promise<{ status: number; headers: Headers; text: string }> {
  const raw = typeof body === 'string' || body instanceof Uint8Array;
  const reply = await fetch(`${house.platform.doors['storage.rest']?.url}/v1/storage${path}`, {
    method,
    headers: {
      authorization: `Bearer ${house.owner.bearer}`,
      ...(body === undefined ? {} : { 'content-type': raw ? 'application/octet-stream' : 'application/json' }),
    },
    ...(body === undefined ? {} : { body: raw ? (body as string) : JSON.stringify(body) }),
  });
  return { status: reply.status, headers: reply.headers, text: await reply.text() };
}

test('the drives and the durability of their code are told', async () => {
  const map = JSON.parse((await call('GET', '/buckets/-/describe-drives')).text);
  assert.equal(map.drives.length, 16);
  assert.ok(map.drives.every((drive: { state: string; sameDisk: boolean }) => drive.state === 'in' && drive.sameDisk));
  assert.deepEqual([map.failureDomains, map.repairsWaiting, map.unreadable], [1, 0, 0]);
  const query = 'dataShards=17&parityShards=3&annualFailureRate=0.00405&repairDays=6.5';
  const model = JSON.parse((await call('GET', `/buckets/-/estimate-durability?${query}`)).text);
  assert.equal(Math.floor(model.windowNines), 11);
  assert.equal((await call('GET', '/buckets/-/estimate-durability?dataShards=0')).status, 400);
});

test('the derived surface makes a bucket, stores, reads, lists and deletes what S3 clients see too', async () => {
  const made = await call('POST', '/buckets', { name: 'by-rest', labels: { team: 'a' } });
  assert.equal(made.status, 201, made.text);
  assert.deepEqual(JSON.parse(made.text).labels, { team: 'a' });
  const stored = await call('POST', '/buckets/by-rest/put-object?key=a%2Fb&contentType=text%2Fplain', 'hello');
  assert.equal(stored.status, 200, stored.text);
  assert.equal(JSON.parse(stored.text).etag, '5d41402abc4b2a76b9719d911017c592');
  const read = await call('GET', '/buckets/by-rest/get-object?key=a%2Fb');
  assert.deepEqual([read.status, read.text], [200, 'hello']);
  const seen = await house.client().send(new GetObjectCommand({ Bucket: 'by-rest', Key: 'a/b' }));
  assert.deepEqual([await seen.Body!.transformToString(), seen.ContentType], ['hello', 'text/plain']);
  const list = JSON.parse((await call('GET', '/buckets/by-rest/list-objects-v2?delimiter=%2F')).text);
  assert.deepEqual(list.prefixes, ['a/']);
  const bucket = JSON.parse((await call('GET', '/buckets/by-rest')).text);
  assert.deepEqual(bucket.status, { objects: 1, sizeBytes: 5 });
  assert.equal((await call('DELETE', '/buckets/by-rest')).status, 409);
  assert.equal((await call('POST', '/buckets/by-rest/delete-object', { key: 'a/b' })).status, 200);
  assert.equal((await call('DELETE', '/buckets/by-rest')).status, 200);
  assert.equal((await call('GET', '/buckets/by-rest')).status, 404);
});

test('what is wrong is answered with a problem that names the code, never 500', async () => {
  await call('POST', '/buckets', { name: 'problems' });
  for (const [method, path, body, status, code] of [
    ['GET', '/buckets/problems/get-object?key=none', undefined, 404, 'NoSuchKey'],
    ['GET', '/buckets/problems/get-object', undefined, 400, 'BadInput'],
    ['POST', `/buckets/problems/put-object?key=${'k'.repeat(1025)}`, 'x', 400, 'KeyTooLong'],
    ['POST', '/buckets/problems/put-object?key=a%00b', 'x', 400, 'BadInput'],
    ['POST', '/buckets/problems/put-object?key=a&md5=nonsense', 'x', 400, 'InvalidDigest'],
    ['POST', '/buckets/problems/put-object?key=a&size=2', 'x', 400, 'IncompleteBody'],
    [
      'POST',
      '/buckets/problems/complete-multipart-upload',
      { key: 'a', uploadId: 'x', parts: [{ partNumber: 1, etag: 'y' }] },
      404,
      'NoSuchUpload',
    ],
    ['POST', '/buckets', { name: 'problems' }, 409, 'BucketAlreadyOwnedByYou'],
    ['POST', '/buckets', { name: '10.0.0.1' }, 400, 'InvalidBucketName'],
    ['GET', '/buckets/nothing-here', undefined, 404, 'NoSuchBucket'],
  ] as const) {
    const reply = await call(method, path, body);
    assert.deepEqual([reply.status, JSON.parse(reply.text).code], [status, code], `${method} ${path}: ${reply.text}`);
  }
});
