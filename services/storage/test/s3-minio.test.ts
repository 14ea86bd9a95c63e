import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import { Client, CopyDestinationOptions, CopySourceOptions } from 'minio';
import { type House, openHouse } from './fixtures/house.ts';
import { bytesOf } from './fixtures/shelf.ts';

let house: House;
let minio: Client;
const bucket = 'minio-bucket';

before(async () => {
  house = await openHouse();
  const { hostname, port } = new URL(house.s3);
  const { accessKeyId: accessKey, secretAccessKey: secretKey } = house.owner.s3;
  minio = new Client({ endPoint: hostname, port: Number(port), useSSL: false, accessKey, secretKey, pathStyle: true });
  await minio.makeBucket(bucket);
});
after(() => house.stop());

async function whole(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of stream) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function listed(prefix: string, recursive: boolean): Promise<string[]> {
  const names: string[] = [];
  for await (const item of minio.listObjectsV2(bucket, prefix, recursive) as AsyncIterable<{ name?: string; prefix?: string }>)
    names.push(item.name ?? item.prefix ?? '');
  return names;
}

test('buckets are made, seen, listed and removed', async () => {
  assert.equal(await minio.bucketExists(bucket), true);
  assert.equal(await minio.bucketExists('no-such-bucket'), false);
  await minio.makeBucket('to-remove', house.owner.s3.region);
  assert.ok((await minio.listBuckets()).some(({ name }) => name === 'to-remove'));
  await minio.removeBucket('to-remove');
  assert.equal(await minio.bucketExists('to-remove'), false);
});

test('an object is put, headed with its metadata, read whole and in part, and removed', async () => {
  const bytes = bytesOf(1, 300_000);
  const { etag } = await minio.putObject(bucket, 'dir/one ü+%.bin', bytes, bytes.length, {
    'Content-Type': 'x/y',
    'X-Amz-Meta-Colour': 'red',
  });
  assert.equal(etag, createHash('md5').update(bytes).digest('hex'));
  const stat = await minio.statObject(bucket, 'dir/one ü+%.bin');
  assert.deepEqual([stat.size, stat.etag, stat.metaData['content-type'], stat.metaData.colour], [bytes.length, etag, 'x/y', 'red']);
  assert.ok((await whole(await minio.getObject(bucket, 'dir/one ü+%.bin'))).equals(bytes));
  assert.ok((await whole(await minio.getPartialObject(bucket, 'dir/one ü+%.bin', 100, 50))).equals(bytes.subarray(100, 150)));
  await minio.removeObject(bucket, 'dir/one ü+%.bin');
  await assert.rejects(minio.statObject(bucket, 'dir/one ü+%.bin'), { code: 'NotFound' });
});

test('a stream of unknown length goes up in parts', async () => {
  const bytes = bytesOf(2, 12 * 1024 * 1024);
  const uploader = new Client({
    endPoint: new URL(house.s3).hostname,
    port: Number(new URL(house.s3).port),
    useSSL: false,
    accessKey: house.owner.s3.accessKeyId,
    secretKey: house.owner.s3.secretAccessKey,
    partSize: 5 * 1024 * 1024,
  });
  const { etag } = await uploader.putObject(
    bucket,
    'streamed',
    Readable.from(
      (function* () {
        for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000);
      })(),
    ),
  );
  assert.match(etag, /-3$/);
  assert.ok((await whole(await minio.getObject(bucket, 'streamed'))).equals(bytes));
});

test('lists are flat or by folder, in every order of names the client reads', async () => {
  const keys = ['list/a', 'list/b/1', 'list/b/2', 'list/c+d e', 'list/é'];
  for (const key of keys) await minio.putObject(bucket, key, key);
  assert.deepEqual(await listed('list/', true), keys);
  assert.deepEqual((await listed('list/', false)).toSorted(), ['list/a', 'list/b/', 'list/c+d e', 'list/é'].toSorted());
  await minio.removeObjects(bucket, keys);
  assert.deepEqual(await listed('list/', true), []);
});

test('an object is copied with new metadata, and composed of others', async () => {
  await minio.putObject(bucket, 'source', bytesOf(3, 6 * 1024 * 1024), 6 * 1024 * 1024, { 'X-Amz-Meta-A': '1' });
  await minio.copyObject(
    new CopySourceOptions({ Bucket: bucket, Object: 'source' }),
    new CopyDestinationOptions({ Bucket: bucket, Object: 'copied', UserMetadata: { b: '2' }, MetadataDirective: 'REPLACE' }),
  );
  assert.equal((await minio.statObject(bucket, 'copied')).metaData.b, '2');
  await minio.composeObject(new CopyDestinationOptions({ Bucket: bucket, Object: 'composed' }), [
    new CopySourceOptions({ Bucket: bucket, Object: 'source' }),
    new CopySourceOptions({ Bucket: bucket, Object: 'copied' }),
  ]);
  const bytes = bytesOf(3, 6 * 1024 * 1024);
  assert.ok((await whole(await minio.getObject(bucket, 'composed'))).equals(Buffer.concat([bytes, bytes])));
});

test('presigned addresses work, and unfinished uploads are listed and removed', async () => {
  const putUrl = await minio.presignedPutObject(bucket, 'presigned', 60);
  assert.equal((await fetch(putUrl, { method: 'PUT', body: 'x' })).status, 200);
  assert.equal(await (await fetch(await minio.presignedGetObject(bucket, 'presigned', 60))).text(), 'x');
  await minio.initiateNewMultipartUpload(bucket, 'unfinished', {});
  const keys: string[] = [];
  for await (const upload of minio.listIncompleteUploads(bucket, 'unf', true) as AsyncIterable<{ key: string }>) keys.push(upload.key);
  assert.deepEqual(keys, ['unfinished']);
  await minio.removeIncompleteUpload(bucket, 'unfinished');
});
