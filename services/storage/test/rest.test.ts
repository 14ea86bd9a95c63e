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
  assert.deepEqual(
    map.drives.map(({ region, zone, rack, node }: Record<string, string>) => [region, zone, rack, node].join('/')),
    Array.from({ length: 16 }, (_, at) => `local/local/rack-${at >> 2}/local`),
  );
  assert.ok(map.drives.every((drive: { state: string; sameDisk: boolean }) => drive.state === 'in' && drive.sameDisk));
  assert.deepEqual([map.failureDomains, map.repairsWaiting, map.unreadable], [1, 0, 0]);
  const query = 'dataShards=17&parityShards=3&annualFailureRate=0.00405&repairDays=6.5';
  const model = JSON.parse((await call('GET', `/buckets/-/estimate-durability?${query}`)).text);
  assert.equal(Math.floor(model.windowNines), 11);
  assert.equal((await call('GET', '/buckets/-/estimate-durability?dataShards=0')).status, 400);
  assert.ok(map.drives.every(({ sizeBytes, freeBytes }: Record<string, number>) => sizeBytes! > 0 && freeBytes! <= sizeBytes!));
  // Racks that fail whole cost nines, one disk under all of them nearly all; lives that are played out end as the chain says.
  const racks = JSON.parse((await call('GET', '/buckets/-/estimate-durability?domains=4&domainFailureRate=0.01&lives=10000')).text);
  assert.ok(racks.correlated.nines < racks.nines && racks.correlated.nines > 3, JSON.stringify(racks));
  assert.ok(racks.played.raisedBy > 1 && Math.abs(racks.played.meanYears / racks.played.chainYears - 1) < 0.07, JSON.stringify(racks));
  const disk = JSON.parse((await call('GET', '/buckets/-/estimate-durability?domains=1&domainFailureRate=0.0157')).text);
  assert.equal(Math.floor(disk.correlated.nines), 1);
  assert.equal((await call('GET', '/buckets/-/estimate-durability?domains=100&dataShards=100&parityShards=50')).status, 400);
});

test('who may do what on a key is decided by the code that decides requests, and each statement says why', async () => {
  await call('POST', '/buckets', { name: 'explained' });
  await call('POST', '/buckets/explained/put-object?key=open%2Fa', 'x');
  const explain = async (input: object) => {
    const reply = await call('POST', '/buckets/explained/explain-object-access', input);
    assert.equal(reply.status, 200, reply.text);
    return JSON.parse(reply.text);
  };
  const anonymous = { operation: 'GetObject', key: 'open/a', who: 'anonymous' };
  const [mine, theirs, nobody] = [
    { operation: 'GetObject', key: 'open/a' },
    { ...anonymous, who: 'other', account: '0000000000077' },
    anonymous,
  ];
  assert.deepEqual([(await explain(mine)).because, (await explain(nobody)).because], ['identity', 'nothing']);
  assert.equal((await explain({ ...mine, identity: 'forbids' })).because, 'identity-forbids');
  const statement = { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::explained/open/*' };
  const fromHere = { Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } };
  const policy = JSON.stringify({
    Statement: [
      { ...statement, ...fromHere, Sid: 'inside' },
      { ...statement, Action: 's3:PutObject' },
    ],
  });
  const drafted = await explain({ ...anonymous, policy });
  assert.deepEqual(
    [drafted.because, drafted.policy, drafted.statements.map(({ fails }: { fails: string[] }) => fails)],
    ['nothing', 'none', [['condition'], ['action']]],
  );
  assert.deepEqual([drafted.statements[0].sid, drafted.statements[0].conditions], ['inside', ['aws:sourceip']]);
  const inside = await explain({ ...anonymous, policy, context: { 'aws:sourceip': '10.2.3.4' } });
  assert.deepEqual([inside.allowed, inside.because, inside.statements[0].applies], [true, 'policy', true]);
  assert.equal((await explain({ ...theirs, identity: 'silent', policy })).because, 'identity-silent');
  assert.equal((await explain({ ...anonymous, key: 'open/none', policy })).because, 'absent');
  const wrong = await call('POST', '/buckets/explained/explain-object-access', { ...anonymous, policy: '{' });
  assert.deepEqual([wrong.status, JSON.parse(wrong.text).code], [400, 'MalformedPolicy']);
  assert.equal((await call('POST', '/buckets/explained/explain-object-access', { operation: 'Nothing' })).status, 400);
  // What it says of the saved policy is what then happens.
  const saved = JSON.stringify({ Statement: [statement, { ...statement, Effect: 'Deny', Resource: `${statement.Resource}/secret` }] });
  assert.equal((await call('POST', '/buckets/explained/put-bucket-policy', { policy: saved })).status, 200);
  for (const key of ['open/a', 'open/b/secret', 'closed']) {
    const said = await explain({ ...anonymous, key });
    const got = await fetch(`${house.s3}/explained/${key}`);
    assert.equal(said.allowed, got.status === 200, `${key}: ${said.because}, ${got.status}`);
  }
});

test('prefixes that are asked for most are told with their rates, by requests and by bytes', async () => {
  await call('POST', '/buckets', { name: 'heated' });
  for (const key of ['cold/1', 'hot/a/1', 'hot/b/2'])
    await call('POST', `/buckets/heated/put-object?key=${encodeURIComponent(key)}`, 'x'.repeat(9));
  for (let at = 0; at < 12; at++) await call('GET', '/buckets/heated/get-object?key=hot%2Fa%2F1');
  const list = async (query: string) => JSON.parse((await call('GET', `/buckets/heated/list-hot-prefixes?${query}`)).text);
  const { items, perSecond } = await list('');
  assert.deepEqual(
    items.slice(0, 3).map(({ prefix }: { prefix: string }) => prefix),
    ['hot/', 'hot/a/', 'hot/a/1'],
  );
  assert.ok(Math.abs(items[0].share - 14 / 15) < 0.01 && perSecond > 0 && items[0].errorPerSecond === 0, JSON.stringify(items));
  assert.equal((await list('by=bytes')).items[0].prefix, 'hot/');
  assert.deepEqual((await list('prefix=cold%2F&limit=1')).items.length, 1);
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
  assert.deepEqual(bucket.status, { objects: 1, sizeBytes: 5, durability: 'synced' });
  assert.equal((await call('DELETE', '/buckets/by-rest')).status, 409);
  assert.equal((await call('POST', '/buckets/by-rest/delete-object', { key: 'a/b' })).status, 200);
  assert.equal((await call('DELETE', '/buckets/by-rest')).status, 200);
  assert.equal((await call('GET', '/buckets/by-rest')).status, 404);
});

test('a bucket is told to acknowledge before it syncs, by who may configure it, says so, and goes back', async () => {
  await call('POST', '/buckets', { name: 'quick' });
  const told = async () => JSON.parse((await call('GET', '/buckets/quick')).text).status.durability;
  const put = (durability: string) => call('POST', '/buckets/quick/put-bucket-durability', { durability });
  const read = async () => JSON.parse((await call('GET', '/buckets/quick/get-bucket-durability')).text);
  assert.deepEqual([await told(), await read()], ['synced', { durability: 'synced' }]);
  assert.equal((await put('perhaps')).status, 400);
  assert.equal((await put('relaxed')).status, 200);
  assert.deepEqual([await told(), await read()], ['relaxed', { durability: 'relaxed' }]);
  const editor = await house.credential({ role: 'editor' });
  const refused = await fetch(`${house.platform.doors['storage.rest']?.url}/v1/storage/buckets/quick/put-bucket-durability`, {
    method: 'POST',
    headers: { authorization: `Bearer ${editor.bearer}`, 'content-type': 'application/json' },
    body: JSON.stringify({ durability: 'synced' }),
  });
  assert.equal(refused.status, 403);
  // Whoever writes reads it at once; drives tell since when something waits, until it is synced.
  const waiting = async () => JSON.parse((await call('GET', '/buckets/-/describe-drives')).text).index.unsyncedSince as number | undefined;
  let since: number | undefined;
  for (let tries = 0; tries < 100 && since === undefined; tries++) {
    const content = `written ${tries}`;
    assert.equal((await call('POST', '/buckets/quick/put-object?key=k', content)).status, 200);
    assert.equal((await call('GET', '/buckets/quick/get-object?key=k')).text, content);
    since = await waiting();
  }
  assert.ok(since! > 0 && since! <= Date.now());
  assert.equal((await put('synced')).status, 200);
  assert.deepEqual([await told(), await waiting()], ['synced', undefined]);
  await call('POST', '/buckets/quick/delete-object', { key: 'k' });
  assert.equal((await call('DELETE', '/buckets/quick')).status, 200);
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
