import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { after, before, test } from 'node:test';
import * as s3 from '@aws-sdk/client-s3';
import { createBucket } from '../store/bucket.ts';
import { tokenKeptMs } from '../store/limits.ts';
import { forgetTokens, renameObject } from '../store/rename.ts';
import { type House, openHouse } from './fixtures/house.ts';
import { bytesOf, get as getIn, linesOf, never, owner, put as putIn, shelfOf, whoIs, withShelf } from './fixtures/shelf.ts';

let house: House;
let client: s3.S3Client;

before(async () => {
  house = await openHouse();
  client = house.client();
});
after(() => house.stop());

const put = (Bucket: string, Key: string, Body: string | Uint8Array, more: Partial<s3.PutObjectCommandInput> = {}) =>
  client.send(new s3.PutObjectCommand({ Bucket, Key, Body, ...more }));
const append = (Bucket: string, Key: string, WriteOffsetBytes: number, Body: string | Uint8Array, more: Partial<s3.PutObjectCommandInput> = {}) =>
  put(Bucket, Key, Body, { WriteOffsetBytes, ...more });
const get = async (Bucket: string, Key: string, more: Partial<s3.GetObjectCommandInput> = {}) => {
  const { Body } = await client.send(new s3.GetObjectCommand({ Bucket, Key, ...more }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
};
const head = (Bucket: string, Key: string, more: Partial<s3.HeadObjectCommandInput> = {}) =>
  client.send(new s3.HeadObjectCommand({ Bucket, Key, ...more }));
const make = (Bucket: string, more: Partial<s3.CreateBucketCommandInput> = {}) => client.send(new s3.CreateBucketCommand({ Bucket, ...more }));
const codeOf = async (sent: Promise<unknown>): Promise<[string, number | undefined] | 'accepted'> => {
  try {
    await sent;
    return 'accepted';
  } catch (error) {
    const { name, $metadata } = error as s3.S3ServiceException;
    return [name, $metadata.httpStatusCode];
  }
};
const digestOf = (bytes: string | Uint8Array, algorithm = 'md5') => createHash(algorithm).update(bytes).digest();
const crcOf = (bytes: Uint8Array) => {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(bytes));
  return sum.toString('base64');
};

test('bytes of every size are put behind those that are there, and an object keeps what it is besides', async () => {
  const Bucket = 'longer';
  await make(Bucket);
  const sizes = [300, 0, 900, 70_000, 1_300_000, 5, 4096];
  const pieces = sizes.map((size, at) => (at % 2 === 0 ? bytesOf(at, size) : linesOf(at, size)));
  const beside = { Metadata: { of: 'me' }, CacheControl: 'no-cache', ContentType: 'text/plain', Tagging: 'a=b' };
  let size = 0;
  for (const [at, piece] of pieces.entries()) {
    const made = await append(Bucket, 'k', size, piece, at === 0 ? beside : {});
    size += piece.length;
    assert.equal(made.Size, size);
  }
  const whole = Buffer.concat(pieces);
  assert.ok((await get(Bucket, 'k')).equals(whole));
  const { ETag, Metadata, CacheControl, ContentType, TagCount, ChecksumCRC32, ChecksumType } = {
    ...(await head(Bucket, 'k', { ChecksumMode: 'ENABLED' })),
    ...(await client.send(new s3.GetObjectCommand({ Bucket, Key: 'k', Range: 'bytes=0-0' }))),
    ...(await head(Bucket, 'k', { ChecksumMode: 'ENABLED' })),
  };
  // What is empty is no part.
  assert.match(ETag ?? '', /^"[0-9a-f]{32}-6"$/);
  assert.deepEqual([Metadata, CacheControl, ContentType, TagCount], [{ of: 'me' }, 'no-cache', 'text/plain', 1]);
  assert.deepEqual([ChecksumCRC32, ChecksumType], [crcOf(whole), 'FULL_OBJECT']);
  for (const [from, to] of [
    [0, 0],
    [250, 1250],
    [1190, 71_300],
    [71_199, size - 1],
  ] as const)
    assert.ok((await get(Bucket, 'k', { Range: `bytes=${from}-${to}` })).equals(whole.subarray(from, to + 1)), `${from}-${to}`);
  assert.ok((await get(Bucket, 'k', { PartNumber: 4 })).equals(pieces[4]!));
  assert.equal((await head(Bucket, 'k', { PartNumber: 1 })).PartsCount, 6);
  const { ObjectParts } = await client.send(
    new s3.GetObjectAttributesCommand({ Bucket, Key: 'k', ObjectAttributes: ['ObjectParts', 'ObjectSize'] }),
  );
  assert.equal(ObjectParts?.TotalPartsCount, 6);
  // A copy is of one part, under the MD5 of its bytes, and can be appended to like any other.
  await client.send(new s3.CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/k` }));
  assert.equal((await head(Bucket, 'copy')).ETag, `"${digestOf(whole).toString('hex')}"`);
  assert.equal((await append(Bucket, 'copy', size, 'x')).Size, size + 1);
  assert.ok((await get(Bucket, 'k')).equals(whole));
  // Of two parts the entity tag is that of a multipart upload of both; what was empty becomes what came.
  const two = createHash('md5').update(digestOf('one')).update(digestOf('two')).digest('hex');
  await put(Bucket, 'two', 'one');
  assert.equal((await append(Bucket, 'two', 3, 'two')).ETag, `"${two}-2"`);
  await put(Bucket, 'empty', '', { Metadata: { was: 'empty' } });
  assert.equal((await append(Bucket, 'empty', 0, 'x')).ETag, `"${digestOf('x').toString('hex')}"`);
  assert.deepEqual((await head(Bucket, 'empty')).Metadata, { was: 'empty' });
});

test('an append is refused for another offset, for what the object does not have, for versions, and changes nothing then', async () => {
  const Bucket = 'refused';
  await make(Bucket);
  await put(Bucket, 'k', 'abc', { Metadata: { of: 'me' } });
  assert.deepEqual(await codeOf(append(Bucket, 'k', 2, 'x')), ['InvalidWriteOffset', 400]);
  assert.deepEqual(await codeOf(append(Bucket, 'k', 0, 'x')), ['InvalidWriteOffset', 400]);
  assert.deepEqual(await codeOf(append(Bucket, 'none', 1, 'x')), ['InvalidWriteOffset', 400]);
  assert.deepEqual(await codeOf(append(Bucket, 'k', 3, 'x', { IfMatch: '"no"' })), ['PreconditionFailed', 412]);
  assert.deepEqual(await codeOf(append(Bucket, 'k', 3, 'x', { Metadata: { of: 'you' } })), ['InvalidRequest', 400]);
  assert.deepEqual(await codeOf(append(Bucket, 'k', 3, 'x', { StorageClass: 'STANDARD_IA' })), ['InvalidRequest', 400]);
  assert.deepEqual(await codeOf(append(Bucket, 'k', 3, 'x', { Tagging: 'a=b' })), ['InvalidRequest', 400]);
  assert.deepEqual(await codeOf(append(Bucket, 'k', 3, 'x', { ChecksumAlgorithm: 'SHA256' })), ['InvalidRequest', 400]);
  assert.deepEqual(await codeOf(append(Bucket, 'k', 3, 'x', { ContentMD5: digestOf('y').toString('base64') })), ['BadDigest', 400]);
  assert.equal(String(await get(Bucket, 'k')), 'abc');
  assert.equal((await append(Bucket, 'k', 3, 'd', { Metadata: { of: 'me' }, StorageClass: 'STANDARD', IfMatch: '*' })).Size, 4);
  await put(Bucket, 'cold', 'x', { StorageClass: 'GLACIER' });
  assert.deepEqual(await codeOf(append(Bucket, 'cold', 1, 'x')), ['InvalidObjectState', 403]);
  // The header says nothing to other operations, and is not passed over by them.
  const { UploadId } = await client.send(new s3.CreateMultipartUploadCommand({ Bucket, Key: 'm' }));
  const part = new s3.UploadPartCommand({ Bucket, Key: 'm', UploadId, PartNumber: 1, Body: 'x' });
  part.middlewareStack.add(
    (next) => (args) => {
      (args.request as { headers: Record<string, string> }).headers['x-amz-write-offset-bytes'] = '0';
      return next(args);
    },
    { step: 'build' },
  );
  assert.deepEqual(await codeOf(client.send(part)), ['NotImplemented', 501]);
  for (const Status of ['Enabled', 'Suspended'] as const) {
    await client.send(new s3.PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));
    assert.deepEqual(await codeOf(append(Bucket, 'k', 4, 'x')), ['InvalidBucketState', 409]);
  }
  assert.equal(String(await get(Bucket, 'k')), 'abcd');
});

test('of many who append at one offset one is let, and an object that grows in little pieces stays whole', async () => {
  const Bucket = 'racing';
  await make(Bucket);
  const told = await Promise.all(Array.from({ length: 12 }, (_, at) => codeOf(append(Bucket, 'race', 0, `writer ${at}`))));
  assert.equal(told.filter((code) => code === 'accepted').length, 1, JSON.stringify(told));
  for (const code of told) assert.ok(code === 'accepted' || code[0] === 'InvalidWriteOffset', JSON.stringify(code));

  // Every sixteen runs become one, and those of sixteen again.
  const lines: Buffer[] = [];
  let size = 0;
  const parts = 300;
  for (let at = 0; at < parts; at++) {
    const line = linesOf(at, 40 + at * 7);
    await append(Bucket, 'lines', size, line);
    lines.push(line);
    size += line.length;
    if (at % 50 === 49) assert.ok((await get(Bucket, 'lines')).equals(Buffer.concat(lines)), `after ${at}`);
  }
  const whole = Buffer.concat(lines);
  assert.ok((await get(Bucket, 'lines')).equals(whole));
  assert.ok((await get(Bucket, 'lines', { PartNumber: 200 })).equals(lines[199]!));
  assert.ok((await get(Bucket, 'lines', { Range: 'bytes=-1000' })).equals(whole.subarray(-1000)));
  const { ETag, ChecksumCRC32 } = await head(Bucket, 'lines', { ChecksumMode: 'ENABLED' });
  assert.ok(ETag?.endsWith(`-${parts}"`));
  assert.equal(ChecksumCRC32, crcOf(whole));
});

test('what is appended lies under the key of the object, which the request must mean', async () => {
  const Bucket = 'under-keys';
  await make(Bucket);
  const key = bytesOf(5, 32);
  const customer = { SSECustomerAlgorithm: 'AES256', SSECustomerKey: key.toString('base64'), SSECustomerKeyMD5: digestOf(key).toString('base64') };
  const other = bytesOf(6, 32);
  const wrong = { ...customer, SSECustomerKey: other.toString('base64'), SSECustomerKeyMD5: digestOf(other).toString('base64') };
  const [one, two] = [linesOf(1, 80_000), bytesOf(2, 1_200_000)];
  await put(Bucket, 'c', one, customer);
  assert.deepEqual(await codeOf(append(Bucket, 'c', one.length, two)), ['EncryptionTypeMismatch', 400]);
  assert.deepEqual(await codeOf(append(Bucket, 'c', one.length, two, wrong)), ['InvalidRequest', 400]);
  await append(Bucket, 'c', one.length, two, customer);
  assert.ok((await get(Bucket, 'c', customer)).equals(Buffer.concat([one, two])));
  assert.deepEqual(await codeOf(get(Bucket, 'c')), ['InvalidRequest', 400]);

  const kms = { ServerSideEncryption: 'aws:kms' } as const;
  const sealed = { ServerSideEncryption: 'AES256' } as const;
  await put(Bucket, 'kms', 'one', kms);
  assert.deepEqual(await codeOf(append(Bucket, 'kms', 3, 'two')), ['EncryptionTypeMismatch', 400]);
  assert.equal((await append(Bucket, 'kms', 3, 'two', kms)).ServerSideEncryption, 'aws:kms');
  assert.equal(String(await get(Bucket, 'kms')), 'onetwo');
  await put(Bucket, 'plain', 'one');
  assert.deepEqual(await codeOf(append(Bucket, 'plain', 3, 'two', kms)), ['EncryptionTypeMismatch', 400]);
  await append(Bucket, 'plain', 3, 'two', sealed);
  await put(Bucket, 'sealed', 'one', sealed);
  await append(Bucket, 'sealed', 3, 'two');
  assert.equal(String(await get(Bucket, 'plain')) + String(await get(Bucket, 'sealed')), 'onetwoonetwo');
});

test('checksums of the SHA family are of the parts from the second on, and parts of an upload are parts as well', async () => {
  const Bucket = 'summed';
  await make(Bucket);
  const ChecksumAlgorithm = 'SHA256' as const;
  await put(Bucket, 'sha', 'one', { ChecksumAlgorithm });
  const quiet = house.client(undefined, { requestChecksumCalculation: 'WHEN_REQUIRED' });
  await quiet.send(new s3.PutObjectCommand({ Bucket, Key: 'sha', Body: 'two', WriteOffsetBytes: 3 }));
  await append(Bucket, 'sha', 6, 'three', { ChecksumAlgorithm });
  const of = Buffer.concat(['one', 'two', 'three'].map((text) => digestOf(text, 'sha256')));
  const { ChecksumSHA256, ChecksumType } = await head(Bucket, 'sha', { ChecksumMode: 'ENABLED' });
  assert.deepEqual([ChecksumSHA256, ChecksumType], [`${digestOf(of, 'sha256').toString('base64')}-3`, 'COMPOSITE']);
  const part = await head(Bucket, 'sha', { ChecksumMode: 'ENABLED', PartNumber: 2 });
  assert.equal(part.ChecksumSHA256, digestOf('two', 'sha256').toString('base64'));

  const { UploadId } = await client.send(new s3.CreateMultipartUploadCommand({ Bucket, Key: 'm', ChecksumAlgorithm: 'CRC32' }));
  const large = bytesOf(3, 5 * 1024 * 1024);
  const Parts: s3.CompletedPart[] = [];
  for (const [at, Body] of [large, bytesOf(4, 10)].entries()) {
    const { ETag, ChecksumCRC32 } = await client.send(
      new s3.UploadPartCommand({ Bucket, Key: 'm', UploadId, PartNumber: at + 1, Body, ChecksumAlgorithm: 'CRC32' }),
    );
    Parts.push({ ETag, ChecksumCRC32, PartNumber: at + 1 });
  }
  await client.send(new s3.CompleteMultipartUploadCommand({ Bucket, Key: 'm', UploadId, MultipartUpload: { Parts } }));
  await append(Bucket, 'm', large.length + 10, 'end');
  assert.equal((await head(Bucket, 'm', { PartNumber: 3 })).PartsCount, 3);
  assert.ok((await get(Bucket, 'm')).equals(Buffer.concat([large, bytesOf(4, 10), Buffer.from('end')])));
});

const rename = (Bucket: string, RenameSource: string, Key: string, more: Partial<s3.RenameObjectCommandInput> = {}) =>
  client.send(new s3.RenameObjectCommand({ Bucket, Key, RenameSource, ...more }));
const keysOf = async (Bucket: string) => ((await client.send(new s3.ListObjectsV2Command({ Bucket }))).Contents ?? []).map(({ Key }) => Key);

test('an object is given another key with all that it is, over what lies there, and conditions on both hold it back', async () => {
  const Bucket = 'renamed';
  await make(Bucket);
  const bytes = bytesOf(9, 1_200_000);
  await put(Bucket, 'from/a b', bytes, { Metadata: { of: 'me' }, Tagging: 'a=b', StorageClass: 'STANDARD_IA' });
  await put(Bucket, 'to', 'lies there');
  const { $metadata: _, ...was } = await head(Bucket, 'from/a b', { ChecksumMode: 'ENABLED' });
  const failed = ['PreconditionFailed', 412];
  assert.deepEqual(await codeOf(rename(Bucket, 'from/a%20b', 'to', { DestinationIfNoneMatch: '*' })), failed);
  assert.deepEqual(await codeOf(rename(Bucket, 'from/a%20b', 'to', { DestinationIfMatch: '"no"' })), failed);
  assert.deepEqual(await codeOf(rename(Bucket, 'from/a%20b', 'to', { SourceIfMatch: '"no"' })), failed);
  assert.deepEqual(await codeOf(rename(Bucket, 'from/a%20b', 'to', { SourceIfNoneMatch: '*' })), failed);
  assert.deepEqual(await codeOf(rename(Bucket, 'from/a%20b', 'to', { SourceIfUnmodifiedSince: new Date(0) })), failed);
  assert.deepEqual(await codeOf(rename(Bucket, 'from/a%20b', 'to', { DestinationIfUnmodifiedSince: new Date(0) })), failed);
  assert.deepEqual(await codeOf(rename(Bucket, 'from/a%20b', 'new', { DestinationIfModifiedSince: new Date(0) })), failed);
  assert.deepEqual(await codeOf(rename(Bucket, 'none', 'new')), ['NoSuchKey', 404]);
  assert.deepEqual(await codeOf(rename(Bucket, 'to', 'folder/')), ['InvalidRequest', 400]);
  assert.deepEqual(await codeOf(rename(Bucket, '%zz', 'new')), ['InvalidArgument', 400]);
  assert.deepEqual(await keysOf(Bucket), ['from/a b', 'to']);
  const there = (await head(Bucket, 'to')).ETag;
  await rename(Bucket, '/from/a%20b', 'to', { SourceIfMatch: was.ETag, DestinationIfMatch: there, DestinationIfModifiedSince: new Date(0) });
  assert.deepEqual(await keysOf(Bucket), ['to']);
  const { $metadata: __, ...is } = await head(Bucket, 'to', { ChecksumMode: 'ENABLED' });
  assert.deepEqual(is, was);
  assert.ok((await get(Bucket, 'to')).equals(bytes));
  await rename(Bucket, 'to', 'to');
  await append(Bucket, 'to', bytes.length, 'x');
  await rename(Bucket, 'to', 'last', { DestinationIfNoneMatch: '*' });
  assert.ok((await get(Bucket, 'last')).equals(Buffer.concat([bytes, Buffer.from('x')])));
  // Of many who rename one object one is let.
  const told = await Promise.all(Array.from({ length: 8 }, (_, at) => codeOf(rename(Bucket, 'last', `won/${at}`))));
  assert.equal(told.filter((code) => code === 'accepted').length, 1, JSON.stringify(told));
  assert.equal((await keysOf(Bucket)).length, 1);
  await client.send(new s3.PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
  assert.deepEqual(await codeOf(rename(Bucket, 'won/0', 'no')), ['InvalidBucketState', 409]);
});

test('a rename told twice with its token is done once, and is refused when it asks for something else', async () => {
  const Bucket = 'told-twice';
  await make(Bucket);
  await put(Bucket, 'a', 'one');
  await rename(Bucket, 'a', 'b', { ClientToken: 'token-1' });
  await put(Bucket, 'a', 'two');
  await rename(Bucket, 'a', 'b', { ClientToken: 'token-1' });
  assert.deepEqual([String(await get(Bucket, 'a')), String(await get(Bucket, 'b'))], ['two', 'one']);
  const mismatch = ['IdempotencyParameterMismatch', 400];
  assert.deepEqual(await codeOf(rename(Bucket, 'a', 'c', { ClientToken: 'token-1' })), mismatch);
  assert.deepEqual(await codeOf(rename(Bucket, 'a', 'b', { ClientToken: 'token-1', SourceIfMatch: '*' })), mismatch);
  await rename(Bucket, 'a', 'b', { ClientToken: 'token-2' });
  assert.deepEqual([await keysOf(Bucket), String(await get(Bucket, 'b'))], [['b'], 'two']);
  assert.deepEqual(await codeOf(rename(Bucket, 'b', 'c', { ClientToken: 'a b' })), ['InvalidArgument', 400]);
});

test('who renames must be let write at the one key, and read and delete at the other, and both keys are told', async () => {
  const Bucket = 'let';
  await make(Bucket);
  await put(Bucket, 'in/k', 'x');
  const deny = (Action: string, key: string) =>
    client.send(
      new s3.PutBucketPolicyCommand({
        Bucket,
        Policy: JSON.stringify({
          Version: '2012-10-17',
          Statement: [{ Effect: 'Deny', Principal: '*', Action, Resource: `arn:aws:s3:::${Bucket}/${key}` }],
        }),
      }),
    );
  for (const [action, key] of [
    ['s3:DeleteObject', 'in/*'],
    ['s3:GetObject', 'in/*'],
    ['s3:PutObject', 'out/*'],
  ] as const) {
    await deny(action, key);
    assert.deepEqual(await codeOf(rename(Bucket, 'in/k', 'out/k')), ['AccessDenied', 403], action);
  }
  await deny('s3:PutObject', 'in/*');
  await rename(Bucket, 'in/k', 'out/k');
  const reader = house.client((await house.credential({ role: 'reader' })).s3);
  const send = new s3.RenameObjectCommand({ Bucket, Key: 'out/l', RenameSource: 'out/k' });
  assert.deepEqual(await codeOf(reader.send(send)), ['AccessDenied', 403]);
  let told: string[] = [];
  for (let tries = 0; tries < 300 && told.length < 2; tries++) {
    const { body } = await house.call('GET', '/v1/platform/events?limit=200');
    const events = (body.items ?? []) as unknown as { type: string; data: { operation: string; bucket: string; key: string } }[];
    told = events.flatMap(({ type, data }) => (data.bucket === Bucket && data.operation === 'RenameObject' ? [`${type} ${data.key}`] : []));
    if (told.length < 2) await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.deepEqual(told.toSorted(), ['storage.ObjectCreated out/k', 'storage.ObjectRemoved in/k']);
  const renamed = async () => {
    const { body } = await house.call('GET', '/v1/platform/audit?service=storage&limit=1000');
    return (body.items ?? []).filter(({ operation, name, outcome }) => operation === 'RenameObject' && name === Bucket && outcome === 'ok');
  };
  for (let tries = 0; tries < 300 && (await renamed()).length < 1; tries++) await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal((await renamed()).length, 1);
});

test('tokens of renames are forgotten when they are older than they are kept', async () => {
  let now = 1_700_000_000_000;
  await withShelf(
    async (store) => {
      await createBucket(store, owner, { name: 'photos', location: 'local', labels: {} });
      const shelf = shelfOf(store, 'photos');
      const rename = (token: string, sourceKey: string, key: string) =>
        renameObject(store, shelf, { key, sourceKey, token, conditions: {}, sourceConditions: {}, who: whoIs('RenameObject') });
      await putIn(store, 'photos', 'a', bytesOf(1, 5000));
      await rename('old', 'a', 'b');
      now += tokenKeptMs - 1;
      await rename('new', 'b', 'c');
      assert.equal((await rename('old', 'a', 'b')).repeated, true);
      await assert.rejects(rename('old', 'a', 'd'), { code: 'IdempotencyParameterMismatch' });
      now += 1;
      await assert.rejects(rename('old', 'a', 'b'), { code: 'NoSuchKey' });
      await forgetTokens(store, never);
      assert.equal([...store.catalog.table.token.getKeys()].length, 1);
      assert.equal((await rename('new', 'b', 'c')).repeated, true);
      assert.ok((await getIn(store, 'photos', 'c'))?.equals(bytesOf(1, 5000)));
    },
    { now: () => now },
  );
});
