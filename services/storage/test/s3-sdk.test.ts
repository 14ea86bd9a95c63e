import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import * as s3 from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { type House, openHouse } from './fixtures/house.ts';
import { bytesOf } from './fixtures/shelf.ts';

let house: House;
let client: s3.S3Client;
const Bucket = 'sdk-bucket';

before(async () => {
  house = await openHouse();
  client = house.client();
  await client.send(new s3.CreateBucketCommand({ Bucket }));
});
after(() => house.stop());

async function put(Key: string, Body: string | Uint8Array = Key, more: Partial<s3.PutObjectCommandInput> = {}) {
  return client.send(new s3.PutObjectCommand({ Bucket, Key, Body, ...more }));
}
async function text(Key: string, more: Partial<s3.GetObjectCommandInput> = {}): Promise<string> {
  return (await client.send(new s3.GetObjectCommand({ Bucket, Key, ...more }))).Body!.transformToString();
}
/** The name and status of the error that a command is answered with. */
async function refused(sent: Promise<unknown>): Promise<[string, number | undefined]> {
  try {
    await sent;
  } catch (error) {
    const { name, $metadata } = error as { name: string; $metadata?: { httpStatusCode?: number } };
    return [name, $metadata?.httpStatusCode];
  }
  return ['accepted', 200];
}
const md5 = (bytes: Uint8Array | string) => createHash('md5').update(bytes).digest('hex');

test('objects of many sizes come back byte for byte, with their MD5 as entity tag', async () => {
  for (const size of [0, 1, 4096, 4097, 1_048_576, 3_000_001]) {
    const bytes = bytesOf(size, size);
    const { ETag } = await put(`size/${size}`, bytes);
    assert.equal(ETag, `"${md5(bytes)}"`);
    const { Body, ContentLength } = await client.send(new s3.GetObjectCommand({ Bucket, Key: `size/${size}` }));
    assert.equal(ContentLength, size);
    assert.ok(Buffer.from(await Body!.transformToByteArray()).equals(bytes));
  }
});

test('a stream of known length arrives in chunks with a trailing checksum, which is kept', async () => {
  const bytes = bytesOf(1, 700_000);
  const stream = Readable.from(
    (function* () {
      for (let at = 0; at < bytes.length; at += 50_000) yield bytes.subarray(at, at + 50_000);
    })(),
  );
  const done = await client.send(
    new s3.PutObjectCommand({ Bucket, Key: 'stream', Body: stream, ContentLength: bytes.length, ChecksumAlgorithm: 'CRC32C' }),
  );
  assert.ok(done.ChecksumCRC32C);
  const head = await client.send(new s3.HeadObjectCommand({ Bucket, Key: 'stream', ChecksumMode: 'ENABLED' }));
  assert.equal(head.ChecksumCRC32C, done.ChecksumCRC32C);
  assert.equal(head.ContentEncoding, undefined);
});

test('every checksum algorithm is verified, kept and told on demand', async () => {
  for (const ChecksumAlgorithm of ['CRC32', 'CRC32C', 'SHA1', 'SHA256'] as const) {
    const done = await put(`sum/${ChecksumAlgorithm}`, 'hello', { ChecksumAlgorithm });
    const name = `Checksum${ChecksumAlgorithm}` as const;
    const got = await client.send(new s3.GetObjectCommand({ Bucket, Key: `sum/${ChecksumAlgorithm}`, ChecksumMode: 'ENABLED' }));
    assert.equal(await got.Body!.transformToString(), 'hello');
    assert.ok(done[name]);
    assert.equal(got[name], done[name]);
    assert.equal(got.ChecksumType, 'FULL_OBJECT');
  }
  const crc64 = await put('sum/crc64', '123456789', { ChecksumCRC64NVME: 'rosUhgp5mIg=' });
  assert.equal(crc64.ChecksumCRC64NVME, 'rosUhgp5mIg=');
  assert.deepEqual(await refused(put('sum/wrong', 'hello', { ChecksumCRC32: 'AAAAAA==' })), ['BadDigest', 400]);
  assert.deepEqual(await refused(put('sum/wrong', 'hello', { ContentMD5: createHash('md5').update('x').digest('base64') })), [
    'BadDigest',
    400,
  ]);
  assert.deepEqual(await refused(put('sum/wrong', 'hello', { ContentMD5: 'x' })), ['InvalidDigest', 400]);
  assert.deepEqual(await refused(text('sum/wrong')), ['NoSuchKey', 404]);
});

test('stored headers and user metadata come back, and the query may put others in their place', async () => {
  await put('headers', 'x', {
    ContentType: 'text/plain',
    ContentEncoding: 'identity',
    ContentDisposition: 'inline',
    ContentLanguage: 'en',
    CacheControl: 'no-cache',
    Metadata: { one: '1', 'two-words': 'a b', uni: 'grün' },
  });
  const head = await client.send(new s3.HeadObjectCommand({ Bucket, Key: 'headers' }));
  assert.deepEqual(
    [head.ContentType, head.ContentEncoding, head.ContentDisposition, head.ContentLanguage, head.CacheControl, head.AcceptRanges],
    ['text/plain', 'identity', 'inline', 'en', 'no-cache', 'bytes'],
  );
  assert.equal(head.Metadata?.['two-words'], 'a b');
  assert.equal(Buffer.from(head.Metadata?.uni ?? '', 'latin1').toString(), 'grün');
  const got = await client.send(
    new s3.GetObjectCommand({
      Bucket,
      Key: 'headers',
      ResponseContentType: 'image/png',
      ResponseContentDisposition: 'attachment; filename="a b"',
    }),
  );
  await got.Body!.transformToString();
  assert.deepEqual([got.ContentType, got.ContentDisposition], ['image/png', 'attachment; filename="a b"']);
  assert.deepEqual(await refused(put('toomuch', 'x', { Metadata: { big: 'x'.repeat(2100) } })), ['MetadataTooLarge', 400]);
});

test('ranges of every form give their bytes, and those outside are refused', async () => {
  await put('range', '0123456789');
  const ranged = async (Range: string) => {
    const got = await client.send(new s3.GetObjectCommand({ Bucket, Key: 'range', Range }));
    return [await got.Body!.transformToString(), got.ContentRange, got.$metadata.httpStatusCode];
  };
  assert.deepEqual(await ranged('bytes=2-4'), ['234', 'bytes 2-4/10', 206]);
  assert.deepEqual(await ranged('bytes=7-'), ['789', 'bytes 7-9/10', 206]);
  assert.deepEqual(await ranged('bytes=-3'), ['789', 'bytes 7-9/10', 206]);
  assert.deepEqual(await ranged('bytes=8-100'), ['89', 'bytes 8-9/10', 206]);
  assert.deepEqual(await ranged('bytes=4-2'), ['0123456789', undefined, 200]);
  assert.deepEqual(await ranged('lines=1-2'), ['0123456789', undefined, 200]);
  assert.deepEqual(await refused(text('range', { Range: 'bytes=10-' })), ['InvalidRange', 416]);
  const bytes = bytesOf(5, 3_000_000);
  await put('range/large', bytes);
  const got = await client.send(new s3.GetObjectCommand({ Bucket, Key: 'range/large', Range: 'bytes=1048570-2097160' }));
  assert.ok(Buffer.from(await got.Body!.transformToByteArray()).equals(bytes.subarray(1_048_570, 2_097_161)));
});

test('conditions of reads are decided in the order of RFC 9110', async () => {
  const { ETag } = await put('condition', 'x');
  const get = (more: Partial<s3.GetObjectCommandInput>) =>
    refused(client.send(new s3.GetObjectCommand({ Bucket, Key: 'condition', ...more })));
  const [past, future] = [new Date(Date.now() - 86_400_000), new Date(Date.now() + 86_400_000)];
  assert.equal((await get({ IfMatch: ETag }))[1], 200);
  assert.deepEqual(await get({ IfMatch: '"other"' }), ['PreconditionFailed', 412]);
  assert.equal((await get({ IfNoneMatch: ETag }))[1], 304);
  assert.equal((await get({ IfNoneMatch: '"other"' }))[1], 200);
  assert.equal((await get({ IfModifiedSince: future }))[1], 304);
  assert.equal((await get({ IfModifiedSince: past }))[1], 200);
  assert.equal((await get({ IfUnmodifiedSince: past }))[1], 412);
  assert.equal((await get({ IfMatch: ETag, IfUnmodifiedSince: past }))[1], 200);
  assert.equal((await get({ IfNoneMatch: '"other"', IfModifiedSince: future }))[1], 200);
  assert.equal((await refused(client.send(new s3.HeadObjectCommand({ Bucket, Key: 'condition', IfNoneMatch: ETag }))))[1], 304);
  assert.equal((await refused(client.send(new s3.HeadObjectCommand({ Bucket, Key: 'condition', IfMatch: '"other"' }))))[1], 412);
});

test('conditions of writes answer 412 for another state and 404 for none', async () => {
  const first = await put('write-condition', '1', { IfNoneMatch: '*' });
  assert.deepEqual(await refused(put('write-condition', '2', { IfNoneMatch: '*' })), ['PreconditionFailed', 412]);
  assert.deepEqual(await refused(put('write-condition', '2', { IfMatch: '"other"' })), ['PreconditionFailed', 412]);
  assert.deepEqual(await refused(put('write-absent', '2', { IfMatch: '"other"' })), ['NoSuchKey', 404]);
  const named = await put('write-condition', '2', { IfNoneMatch: '*' }).catch((error: { Condition?: string }) => error.Condition);
  assert.equal(named, 'If-None-Match');
  await put('write-condition', '3', { IfMatch: first.ETag });
  assert.equal(await text('write-condition'), '3');
  assert.deepEqual(await refused(client.send(new s3.DeleteObjectCommand({ Bucket, Key: 'write-condition', IfMatch: '"other"' }))), [
    'PreconditionFailed',
    412,
  ]);
  assert.equal(await text('write-condition'), '3');
});

const hostile = [
  '..',
  '../..',
  './a',
  'a//b',
  '//',
  'a/',
  'a',
  'a/../b',
  '/leading',
  ' space ',
  'a+b',
  'a%2Fb',
  'a%b',
  '%',
  'a?b=c&d',
  'a#b',
  'x&y<z>"\'',
  'ä/ö\u{1f600}',
  'tab\there',
  'line\nbreak',
  '__proto__',
  'constructor',
  '(paren)!*',
  '~tilde',
  'é'.repeat(512),
  'k'.repeat(1024),
  'nul-not-\u0001here',
  '\ufeffbom',
  '\uffff',
];

test('keys of every kind are kept apart, read, listed and deleted', async () => {
  const name = 'hostile-keys';
  await client.send(new s3.CreateBucketCommand({ Bucket: name }));
  for (const Key of hostile) await client.send(new s3.PutObjectCommand({ Bucket: name, Key, Body: Key }));
  for (const Key of hostile) {
    const got = await client.send(new s3.GetObjectCommand({ Bucket: name, Key }));
    assert.equal(await got.Body!.transformToString(), Key);
  }
  const listed = await client.send(new s3.ListObjectsV2Command({ Bucket: name, EncodingType: 'url' }));
  const keys = listed.Contents!.map(({ Key }) => decodeURIComponent(Key!));
  assert.deepEqual(
    keys,
    hostile.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
  );
  for (const Key of hostile) await client.send(new s3.DeleteObjectCommand({ Bucket: name, Key }));
  await client.send(new s3.DeleteBucketCommand({ Bucket: name }));
  assert.deepEqual(await refused(put('k'.repeat(1025))), ['KeyTooLongError', 400]);
  assert.deepEqual(await refused(put('é'.repeat(513))), ['KeyTooLongError', 400]);
  assert.equal((await refused(put('a\0b')))[1], 400);
});

test('lists go page by page in order of UTF-8, with delimiters, prefixes and start-after', async () => {
  const name = 'lists';
  await client.send(new s3.CreateBucketCommand({ Bucket: name }));
  const keys = ['a', 'a/1', 'a/2', 'a/b/3', 'b', 'c/1', 'c/2', 'd', 'é', '\u{1f600}', '\uff01'];
  await Promise.all(keys.map((Key) => client.send(new s3.PutObjectCommand({ Bucket: name, Key, Body: '' }))));
  const sorted = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const all: string[] = [];
  for await (const page of s3.paginateListObjectsV2({ client, pageSize: 3 }, { Bucket: name }))
    all.push(...page.Contents!.map(({ Key }) => Key!));
  assert.deepEqual(all, sorted);
  const split = await client.send(new s3.ListObjectsV2Command({ Bucket: name, Delimiter: '/' }));
  assert.deepEqual(
    split.CommonPrefixes!.map(({ Prefix }) => Prefix),
    ['a/', 'c/'],
  );
  assert.deepEqual(
    split.Contents!.map(({ Key }) => Key),
    sorted.filter((key) => !key.includes('/')),
  );
  assert.equal(split.KeyCount, 8);
  const paged: string[] = [];
  for await (const page of s3.paginateListObjectsV2({ client, pageSize: 1 }, { Bucket: name, Delimiter: '/' }))
    paged.push(...(page.Contents ?? []).map(({ Key }) => Key!), ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix!));
  assert.deepEqual(paged, ['a', 'a/', 'b', 'c/', 'd', 'é', '\uff01', '\u{1f600}']);
  const under = await client.send(new s3.ListObjectsV2Command({ Bucket: name, Prefix: 'a/', Delimiter: '/' }));
  assert.deepEqual([under.Contents!.map(({ Key }) => Key), under.CommonPrefixes!.map(({ Prefix }) => Prefix)], [['a/1', 'a/2'], ['a/b/']]);
  const later = await client.send(new s3.ListObjectsV2Command({ Bucket: name, StartAfter: 'c/1', FetchOwner: true, MaxKeys: 2 }));
  assert.deepEqual(
    later.Contents!.map(({ Key }) => Key),
    ['c/2', 'd'],
  );
  assert.ok(later.Contents![0]!.Owner?.ID);
  assert.equal(later.IsTruncated, true);
  assert.equal((await client.send(new s3.ListObjectsV2Command({ Bucket: name, MaxKeys: 0 }))).KeyCount, 0);
  assert.deepEqual(await refused(client.send(new s3.ListObjectsV2Command({ Bucket: name, ContinuationToken: '!!' }))), [
    'InvalidArgument',
    400,
  ]);
  const first = await client.send(new s3.ListObjectsCommand({ Bucket: name, Delimiter: '/', MaxKeys: 2 }));
  assert.deepEqual([first.NextMarker, first.IsTruncated], ['a/', true]);
  const second = await client.send(new s3.ListObjectsCommand({ Bucket: name, Delimiter: '/', Marker: first.NextMarker }));
  assert.deepEqual(
    second.Contents!.map(({ Key }) => Key),
    ['b', 'd', 'é', '\uff01', '\u{1f600}'],
  );
  assert.deepEqual(
    second.CommonPrefixes!.map(({ Prefix }) => Prefix),
    ['c/'],
  );
});

test('presigned addresses put, head, get and delete without a key, and none works past its time or changed', async () => {
  const sign = (command: Parameters<typeof getSignedUrl>[1], expiresIn = 60) => getSignedUrl(client as never, command, { expiresIn });
  const putUrl = await sign(new s3.PutObjectCommand({ Bucket, Key: 'shared key' }) as never);
  assert.equal((await fetch(putUrl, { method: 'PUT', body: 'shared' })).status, 200);
  const getUrl = await sign(new s3.GetObjectCommand({ Bucket, Key: 'shared key', ResponseContentType: 'text/z' }) as never);
  const got = await fetch(getUrl);
  assert.deepEqual([got.status, got.headers.get('content-type'), await got.text()], [200, 'text/z', 'shared']);
  assert.equal((await fetch(await sign(new s3.HeadObjectCommand({ Bucket, Key: 'shared key' }) as never), { method: 'HEAD' })).status, 200);
  assert.equal((await fetch(getUrl, { method: 'DELETE' })).status, 403);
  assert.equal((await fetch(getUrl.replace('shared', 'sharex'))).status, 403);
  const short = await sign(new s3.GetObjectCommand({ Bucket, Key: 'shared key' }) as never, 1);
  await new Promise((resolve) => setTimeout(resolve, 2100));
  const late = await fetch(short);
  assert.equal(late.status, 403);
  assert.match(await late.text(), /<Code>AccessDenied<\/Code><Message>Request has expired<\/Message>/);
  assert.equal(
    (await fetch(await sign(new s3.DeleteObjectCommand({ Bucket, Key: 'shared key' }) as never), { method: 'DELETE' })).status,
    204,
  );
});

test('buckets are headed, located, listed, refused when taken and kept when not empty', async () => {
  await client.send(new s3.HeadBucketCommand({ Bucket }));
  assert.equal((await client.send(new s3.GetBucketLocationCommand({ Bucket }))).LocationConstraint ?? 'us-east-1', house.owner.s3.region);
  assert.ok((await client.send(new s3.ListBucketsCommand({}))).Buckets!.some(({ Name }) => Name === Bucket));
  assert.deepEqual(
    (await client.send(new s3.ListBucketsCommand({ Prefix: 'sdk', MaxBuckets: 1 }))).Buckets!.map(({ Name }) => Name),
    [Bucket],
  );
  // S3's oldest region lets an owner make a bucket again, but not with other grants.
  await client.send(new s3.CreateBucketCommand({ Bucket }));
  assert.deepEqual(await refused(client.send(new s3.CreateBucketCommand({ Bucket, ACL: 'public-read' }))), ['BucketAlreadyExists', 409]);
  assert.deepEqual(await refused(client.send(new s3.CreateBucketCommand({ Bucket: 'Bad_Name' }))), ['InvalidBucketName', 400]);
  assert.deepEqual(
    await refused(
      client.send(new s3.CreateBucketCommand({ Bucket: 'elsewhere', CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' } })),
    ),
    ['IllegalLocationConstraintException', 400],
  );
  await put('keeps', 'x');
  assert.deepEqual(await refused(client.send(new s3.DeleteBucketCommand({ Bucket }))), ['BucketNotEmpty', 409]);
  assert.deepEqual(await refused(client.send(new s3.DeleteBucketCommand({ Bucket: 'no-such-bucket' }))), ['NoSuchBucket', 404]);
  assert.equal((await refused(client.send(new s3.HeadBucketCommand({ Bucket: 'no-such-bucket' }))))[1], 404);
  assert.deepEqual(await refused(client.send(new s3.ListObjectsV2Command({ Bucket: 'no-such-bucket' }))), ['NoSuchBucket', 404]);
});

test("what is not there says so in S3's words, and nothing is accepted and ignored", async () => {
  const Id = 'metrics';
  assert.deepEqual(await refused(client.send(new s3.GetBucketMetricsConfigurationCommand({ Bucket, Id }))), ['NotImplemented', 501]);
  assert.deepEqual(await refused(client.send(new s3.GetBucketAccelerateConfigurationCommand({ Bucket }))), ['NotImplemented', 501]);
  assert.deepEqual(await refused(client.send(new s3.GetObjectTorrentCommand({ Bucket, Key: 'a' }))), ['NotImplemented', 501]);
  assert.equal((await client.send(new s3.GetBucketVersioningCommand({ Bucket }))).Status, undefined);
  assert.deepEqual(await refused(client.send(new s3.GetBucketPolicyCommand({ Bucket }))), ['NoSuchBucketPolicy', 404]);
  await put('standard', 'x', { ACL: 'private', StorageClass: 'STANDARD' });
  assert.deepEqual(await refused(text('never-there')), ['NoSuchKey', 404]);
});

test('another tenant sees nothing, is refused what is there, and cannot take the name', async () => {
  const environment = await house.tenant('stranger');
  const stranger = house.client((await house.credential({}, environment)).s3);
  await put('private', 'secret');
  assert.deepEqual((await stranger.send(new s3.ListBucketsCommand({}))).Buckets ?? [], []);
  assert.deepEqual(await refused(stranger.send(new s3.GetObjectCommand({ Bucket, Key: 'private' }))), ['AccessDenied', 403]);
  assert.deepEqual(await refused(stranger.send(new s3.PutObjectCommand({ Bucket, Key: 'private', Body: 'x' }))), ['AccessDenied', 403]);
  const { Errors = [] } = await stranger.send(new s3.DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'private' }] } }));
  assert.deepEqual(
    Errors.map(({ Code }) => Code),
    ['AccessDenied'],
  );
  assert.equal(await text('private'), 'secret');
  assert.deepEqual(await refused(stranger.send(new s3.ListObjectsV2Command({ Bucket }))), ['AccessDenied', 403]);
  assert.equal((await refused(stranger.send(new s3.HeadBucketCommand({ Bucket }))))[1], 403);
  assert.deepEqual(await refused(stranger.send(new s3.CreateBucketCommand({ Bucket }))), ['BucketAlreadyExists', 409]);
  await stranger.send(new s3.CreateBucketCommand({ Bucket: 'strangers-own' }));
  assert.deepEqual(
    await refused(stranger.send(new s3.CopyObjectCommand({ Bucket: 'strangers-own', Key: 'k', CopySource: `${Bucket}/private` }))),
    ['AccessDenied', 403],
  );
  const { UploadId } = await stranger.send(new s3.CreateMultipartUploadCommand({ Bucket: 'strangers-own', Key: 'k' }));
  assert.deepEqual(
    await refused(
      stranger.send(
        new s3.UploadPartCopyCommand({ Bucket: 'strangers-own', Key: 'k', UploadId, PartNumber: 1, CopySource: `${Bucket}/private` }),
      ),
    ),
    ['AccessDenied', 403],
  );
  assert.equal(await text('private'), 'secret');
});

test('roles are kept: a reader reads and may not write, an auditor may not read objects', async () => {
  const reader = house.client((await house.credential({ role: 'reader' })).s3);
  await put('role', 'x');
  assert.equal(await (await reader.send(new s3.GetObjectCommand({ Bucket, Key: 'role' }))).Body!.transformToString(), 'x');
  assert.deepEqual(await refused(reader.send(new s3.PutObjectCommand({ Bucket, Key: 'role', Body: 'y' }))), ['AccessDenied', 403]);
  assert.deepEqual(await refused(reader.send(new s3.DeleteObjectCommand({ Bucket, Key: 'role' }))), ['AccessDenied', 403]);
  const auditor = house.client((await house.credential({ role: 'auditor' })).s3);
  assert.deepEqual(await refused(auditor.send(new s3.GetObjectCommand({ Bucket, Key: 'role' }))), ['AccessDenied', 403]);
});

test('a wrong secret, an unknown key, another region, a wrong clock and a revoked key each say what they are', async () => {
  const list = (of: s3.S3Client) => refused(of.send(new s3.ListBucketsCommand({})));
  const { s3: pair } = house.owner;
  assert.deepEqual(await list(house.client({ ...pair, secretAccessKey: 'wrong' })), ['SignatureDoesNotMatch', 403]);
  assert.deepEqual(await list(house.client({ ...pair, accessKeyId: 'AKIAIOSFODNN7EXAMPLE' })), ['InvalidAccessKeyId', 403]);
  assert.deepEqual(await list(house.client({ ...pair, region: 'eu-north-7' })), ['AuthorizationHeaderMalformed', 400]);
  assert.deepEqual(await list(house.client(pair, { systemClockOffset: -3_600_000 })), ['RequestTimeTooSkewed', 403]);
  const doomed = await house.credential();
  const holder = house.client(doomed.s3);
  assert.deepEqual(await list(holder), ['accepted', 200]);
  const revoked = await house.call('POST', `/v1/platform/credentials/${doomed.id}/revoke-credential`, {});
  assert.equal(revoked.status, 200, JSON.stringify(revoked.body));
  assert.deepEqual(await list(holder), ['InvalidAccessKeyId', 403]);
});

test('virtual-host style reaches the same bucket', async () => {
  await put('host/style', 'x');
  const port = new URL(house.s3).port;
  const hosted = house.client(house.owner.s3, { endpoint: `http://localhost:${port}`, forcePathStyle: false });
  const got = await hosted.send(new s3.GetObjectCommand({ Bucket, Key: 'host/style' })).catch((error: Error) => error);
  // Names below localhost resolve in browsers and in some resolvers only.
  if (got instanceof Error) assert.match(got.message, /ENOTFOUND|EAI_AGAIN/);
  else assert.equal(await got.Body!.transformToString(), 'x');
});
