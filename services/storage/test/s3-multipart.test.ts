import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import * as s3 from '@aws-sdk/client-s3';
import { type House, openHouse } from './fixtures/house.ts';
import { bytesOf } from './fixtures/shelf.ts';

let house: House;
let client: s3.S3Client;
const Bucket = 'parts-bucket';

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

test('copies keep or replace metadata, take conditions on their source, and cross buckets', async () => {
  const other = 'copies';
  await client.send(new s3.CreateBucketCommand({ Bucket: other }));
  const { ETag } = await put('from key+%', 'body', { ContentType: 'text/x', Metadata: { a: '1' } });
  const CopySource = `${Bucket}/${encodeURIComponent('from key+%')}`;
  const copy = (more: Partial<s3.CopyObjectCommandInput>) =>
    client.send(new s3.CopyObjectCommand({ Bucket: other, Key: 'to', CopySource, ...more }));
  assert.equal((await copy({})).CopyObjectResult?.ETag, ETag);
  const kept = await client.send(new s3.HeadObjectCommand({ Bucket: other, Key: 'to' }));
  assert.deepEqual([kept.ContentType, kept.Metadata], ['text/x', { a: '1' }]);
  await copy({ MetadataDirective: 'REPLACE', ContentType: 'text/y', Metadata: { b: '2' } });
  const replaced = await client.send(new s3.HeadObjectCommand({ Bucket: other, Key: 'to' }));
  assert.deepEqual([replaced.ContentType, replaced.Metadata], ['text/y', { b: '2' }]);
  assert.deepEqual(await refused(copy({ CopySourceIfMatch: '"other"' })), ['PreconditionFailed', 412]);
  assert.deepEqual(await refused(copy({ CopySourceIfNoneMatch: ETag })), ['PreconditionFailed', 412]);
  assert.deepEqual(await refused(copy({ CopySource: `${Bucket}/none` })), ['NoSuchKey', 404]);
  assert.deepEqual(await refused(copy({ CopySource: 'no-such-bucket/none' })), ['NoSuchBucket', 404]);
  const self = new s3.CopyObjectCommand({ Bucket, Key: 'from key+%', CopySource });
  assert.deepEqual(await refused(client.send(self)), ['InvalidRequest', 400]);
  await client.send(
    new s3.CopyObjectCommand({ Bucket, Key: 'from key+%', CopySource, MetadataDirective: 'REPLACE', Metadata: { c: '3' } }),
  );
  assert.equal(await text('from key+%'), 'body');
});

test('an object sent in parts has the bytes, the entity tag and the checksums of S3', async () => {
  const parts = [bytesOf(1, 5 * 1024 * 1024), bytesOf(2, 5 * 1024 * 1024), bytesOf(3, 1000)];
  const Key = 'multi';
  const { UploadId } = await client.send(
    new s3.CreateMultipartUploadCommand({ Bucket, Key, ContentType: 'x/y', Metadata: { m: '1' }, ChecksumAlgorithm: 'CRC32' }),
  );
  const done = await Promise.all(
    parts.map(async (Body, at) => {
      const { ETag, ChecksumCRC32 } = await client.send(
        new s3.UploadPartCommand({ Bucket, Key, UploadId, PartNumber: at + 1, Body, ChecksumAlgorithm: 'CRC32' }),
      );
      assert.equal(ETag, `"${md5(Body)}"`);
      return { ETag, ChecksumCRC32, PartNumber: at + 1 };
    }),
  );
  const listed = await client.send(new s3.ListPartsCommand({ Bucket, Key, UploadId, MaxParts: 2 }));
  assert.deepEqual(
    listed.Parts!.map(({ PartNumber, Size, ChecksumCRC32 }) => [PartNumber, Size, ChecksumCRC32]),
    [
      [1, 5_242_880, done[0]!.ChecksumCRC32],
      [2, 5_242_880, done[1]!.ChecksumCRC32],
    ],
  );
  assert.deepEqual([listed.IsTruncated, listed.NextPartNumberMarker], [true, '2']);
  const uploads = await client.send(new s3.ListMultipartUploadsCommand({ Bucket }));
  assert.deepEqual(
    uploads.Uploads!.map((upload) => [upload.Key, upload.UploadId]),
    [[Key, UploadId]],
  );
  const complete = (Parts: s3.CompletedPart[]) =>
    client.send(new s3.CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }));
  assert.deepEqual(await refused(complete([done[1]!, done[0]!])), ['InvalidPartOrder', 400]);
  assert.deepEqual(await refused(complete([{ ...done[0]!, ETag: '"00"' }])), ['InvalidPart', 400]);
  assert.deepEqual(await refused(complete([done[0]!, { PartNumber: 9, ETag: '"00"' }])), ['InvalidPart', 400]);
  assert.deepEqual(await refused(complete([])), ['MalformedXML', 400]);
  const result = await complete(done);
  const tag = `"${createHash('md5')
    .update(Buffer.concat(parts.map((part) => createHash('md5').update(part).digest())))
    .digest('hex')}-3"`;
  assert.equal(result.ETag, tag);
  assert.match(result.ChecksumCRC32 ?? '', /-3$/);
  assert.equal((await complete(done)).ETag, tag, 'a completion told twice is answered twice');
  const got = await client.send(new s3.GetObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }));
  assert.ok(Buffer.from(await got.Body!.transformToByteArray()).equals(Buffer.concat(parts)));
  assert.deepEqual([got.ContentType, got.Metadata, got.ETag, got.ChecksumType], ['x/y', { m: '1' }, tag, 'COMPOSITE']);
  const second = await client.send(new s3.GetObjectCommand({ Bucket, Key, PartNumber: 3 }));
  assert.ok(Buffer.from(await second.Body!.transformToByteArray()).equals(parts[2]!));
  assert.deepEqual([second.PartsCount, second.ContentRange], [3, 'bytes 10485760-10486759/10486760']);
  assert.equal((await refused(client.send(new s3.HeadObjectCommand({ Bucket, Key, PartNumber: 4 }))))[1], 400);
});

test('a full-object checksum is made of those of the parts', async () => {
  for (const [ChecksumAlgorithm, name] of [
    ['CRC32', 'ChecksumCRC32'],
    ['CRC32C', 'ChecksumCRC32C'],
  ] as const) {
    const Key = `full/${name}`;
    const parts = [bytesOf(7, 5 * 1024 * 1024), bytesOf(8, 777)];
    const { UploadId } = await client.send(
      new s3.CreateMultipartUploadCommand({ Bucket, Key, ChecksumAlgorithm, ChecksumType: 'FULL_OBJECT' }),
    );
    const Parts: s3.CompletedPart[] = [];
    for (const [at, Body] of parts.entries()) {
      const done = await client.send(new s3.UploadPartCommand({ Bucket, Key, UploadId, PartNumber: at + 1, Body, ChecksumAlgorithm }));
      Parts.push({ PartNumber: at + 1, ETag: done.ETag, [name]: done[name] });
    }
    const whole = await put(`${Key}/whole`, Buffer.concat(parts), { ChecksumAlgorithm });
    const wrong = { Bucket, Key, UploadId, MultipartUpload: { Parts }, ChecksumType: 'FULL_OBJECT' as const, [name]: 'AAAAAA==' };
    assert.deepEqual(await refused(client.send(new s3.CompleteMultipartUploadCommand(wrong))), ['BadDigest', 400]);
    const done = await client.send(new s3.CompleteMultipartUploadCommand({ ...wrong, [name]: whole[name] }));
    assert.equal(done[name], whole[name]);
    assert.equal(done.ChecksumType, 'FULL_OBJECT');
  }
});

test('parts are copied from objects and ranges, too small ones are refused, aborted uploads are gone', async () => {
  const source = bytesOf(11, 6 * 1024 * 1024);
  await put('part-source', source);
  const Key = 'from-parts';
  const { UploadId } = await client.send(new s3.CreateMultipartUploadCommand({ Bucket, Key }));
  const CopySource = `${Bucket}/part-source`;
  const first = await client.send(new s3.UploadPartCopyCommand({ Bucket, Key, UploadId, PartNumber: 1, CopySource }));
  const second = await client.send(
    new s3.UploadPartCopyCommand({ Bucket, Key, UploadId, PartNumber: 2, CopySource, CopySourceRange: 'bytes=100-199' }),
  );
  assert.equal(
    (
      await refused(
        client.send(new s3.UploadPartCopyCommand({ Bucket, Key, UploadId, PartNumber: 3, CopySource, CopySourceRange: 'bytes=0-9999999' })),
      )
    )[1],
    416,
  );
  const Parts = [
    { PartNumber: 1, ETag: first.CopyPartResult?.ETag },
    { PartNumber: 2, ETag: second.CopyPartResult?.ETag },
  ];
  assert.equal(second.CopyPartResult?.ETag, `"${md5(source.subarray(100, 200))}"`);
  await client.send(new s3.CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }));
  const got = await client.send(new s3.GetObjectCommand({ Bucket, Key }));
  assert.ok(Buffer.from(await got.Body!.transformToByteArray()).equals(Buffer.concat([source, source.subarray(100, 200)])));
  const plain = await client.send(new s3.CopyObjectCommand({ Bucket, Key: 'plain', CopySource: `${Bucket}/${Key}` }));
  assert.equal(plain.CopyObjectResult?.ETag, `"${md5(Buffer.concat([source, source.subarray(100, 200)]))}"`);

  const small = await client.send(new s3.CreateMultipartUploadCommand({ Bucket, Key: 'small' }));
  const tags = await Promise.all(
    [1, 2].map(async (PartNumber) => ({
      PartNumber,
      ETag: (await client.send(new s3.UploadPartCommand({ Bucket, Key: 'small', UploadId: small.UploadId, PartNumber, Body: 'x' }))).ETag,
    })),
  );
  assert.deepEqual(
    await refused(
      client.send(
        new s3.CompleteMultipartUploadCommand({ Bucket, Key: 'small', UploadId: small.UploadId, MultipartUpload: { Parts: tags } }),
      ),
    ),
    ['EntityTooSmall', 400],
  );
  await client.send(new s3.AbortMultipartUploadCommand({ Bucket, Key: 'small', UploadId: small.UploadId }));
  assert.deepEqual(await refused(client.send(new s3.AbortMultipartUploadCommand({ Bucket, Key: 'small', UploadId: small.UploadId }))), [
    'NoSuchUpload',
    404,
  ]);
  assert.deepEqual(
    await refused(client.send(new s3.UploadPartCommand({ Bucket, Key: 'small', UploadId: 'none', PartNumber: 1, Body: 'x' }))),
    ['NoSuchUpload', 404],
  );
});

test('many objects are deleted in one request, told or quietly', async () => {
  for (const key of ['x/1', 'x/2', 'x/3']) await put(key);
  const done = await client.send(
    new s3.DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'x/1' }, { Key: 'x/none' }, { Key: 'x/2', ETag: '"other"' }] } }),
  );
  assert.deepEqual(
    done.Deleted!.map(({ Key }) => Key),
    ['x/1', 'x/none'],
  );
  assert.deepEqual(
    done.Errors!.map(({ Key, Code }) => [Key, Code]),
    [['x/2', 'PreconditionFailed']],
  );
  const quiet = await client.send(new s3.DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'x/2' }], Quiet: true } }));
  assert.equal(quiet.Deleted, undefined);
  assert.deepEqual(await refused(text('x/2')), ['NoSuchKey', 404]);
  const many = Array.from({ length: 1001 }, (_, at) => ({ Key: `m${at}` }));
  assert.deepEqual(await refused(client.send(new s3.DeleteObjectsCommand({ Bucket, Delete: { Objects: many } }))), ['MalformedXML', 400]);
});

test('of a part told twice the last counts, and the key of the customer comes with the completion of what keeps a checksum', async () => {
  const Key = 'twice';
  const customer = (byte: number) => {
    const key = Buffer.alloc(32, byte);
    return {
      SSECustomerAlgorithm: 'AES256',
      SSECustomerKey: key.toString('base64'),
      SSECustomerKeyMD5: createHash('md5').update(key).digest('base64'),
    };
  };
  const key = customer(1);
  const { UploadId } = await client.send(new s3.CreateMultipartUploadCommand({ Bucket, Key, ChecksumAlgorithm: 'CRC32', ...key }));
  const part = async (Body: string) => {
    const { ETag, ChecksumCRC32 } = await client.send(
      new s3.UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body, ChecksumAlgorithm: 'CRC32', ...key }),
    );
    return { ETag, ChecksumCRC32, PartNumber: 1 };
  };
  const Parts = [await part('first'), await part('second')];
  const complete = (more: Partial<s3.CompleteMultipartUploadCommandInput>, named = Parts) =>
    refused(client.send(new s3.CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts: named }, ...more })));
  assert.deepEqual(await complete({}), ['InvalidRequest', 400]);
  assert.equal((await complete(customer(2)))[1], 400);
  assert.deepEqual(await complete(key, Parts.toReversed()), ['InvalidPart', 400]);
  assert.deepEqual(await complete(key), ['accepted', 200]);
  assert.equal(await text(Key, key), 'second');
});
