import assert from 'node:assert/strict';
import { chmodSync, closeSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { openHouse } from '../../../kernel/session/test/fixture/house.ts';
import { smallDisk } from '../../../kernel/volume/test/place.ts';
import { outcomeOf, s3Client } from '../fixture/s3.ts';
import { until } from '../fixture/until.ts';

const mib = 1024 * 1024;
const reserveMib = 96;

/** Takes space with real bytes until only so much of it is left. */
function fill(disk: string, leaveMib: number): string {
  const file = join(disk, `filler-${leaveMib}`);
  const handle = openSync(file, 'w');
  const block = Buffer.alloc(mib, 1);
  try {
    for (;;) {
      const { bavail, bsize } = statfsSync(disk);
      const over = bavail * bsize - leaveMib * mib;
      if (over <= 0) return file;
      writeSync(handle, block, 0, Math.min(block.length, over));
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    return file;
  } finally {
    closeSync(handle);
  }
}

test('a platform whose disk runs full refuses changes in each dialect; reads, revoke, delete and down go on', async (t) => {
  let stop = async () => {};
  const disk = smallDisk(t, 900, () => stop());
  if (disk === undefined) return;
  chmodSync(disk, 0o711);
  const house = await openHouse({
    mode: 'processes',
    data: join(disk, 'data'),
    quiet: true,
    services: ['storage'],
    settings: { reserveBytes: reserveMib * mib },
  });
  stop = () => house.stop();
  const [kept, revoked] = [await house.credential({ role: 'owner' }), await house.credential({ role: 'owner' })];
  const endpoint = house.platform.doors['storage.s3']?.url ?? '';
  const [client, doomed] = [s3Client(endpoint, kept.s3), s3Client(endpoint, revoked.s3)];
  const rest = (method: string, path: string, body?: unknown) => house.call(method, path, body, { bearer: kept.bearer });
  const note = (method: string, path: string, body?: unknown) =>
    house.call(method, path, body, { bearer: kept.bearer, door: 'notes.rest' });
  const at = (Key: string) => ({ Bucket: 'shelf-of-the-disk', Key });
  const body = Buffer.alloc(200_000, 'x');
  await client.send(new CreateBucketCommand({ Bucket: at('').Bucket }));
  for (const key of ['a', 'b', 'c']) await client.send(new PutObjectCommand({ ...at(key), Body: body }));
  assert.equal((await note('POST', '/v1/notes/notes', { name: 'before', spec: { text: '1' } })).status, 201);

  const readsAndDeletesGoOn = async (key: string) => {
    const read = await client.send(new GetObjectCommand(at('a')));
    assert.equal((await read.Body?.transformToByteArray())?.length, body.length);
    await client.send(new DeleteObjectCommand(at(key)));
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: at('').Bucket }));
    assert.ok(!Contents.some(({ Key }) => Key === key));
    assert.equal((await note('GET', '/v1/notes/notes/before')).status, 200);
  };
  const changesAreRefused = async () => {
    const full = { status: 507, code: 'InsufficientStorage' };
    assert.deepEqual(await outcomeOf(client.send(new PutObjectCommand({ ...at('new'), Body: body }))), full);
    assert.deepEqual(await outcomeOf(client.send(new PutObjectCommand({ ...at('small'), Body: 'x' }))), full);
    assert.deepEqual(await outcomeOf(client.send(new CreateMultipartUploadCommand(at('parts')))), full);
    for (const refused of [
      await rest('POST', '/v1/storage/buckets', { name: 'another-bucket' }),
      await note('POST', '/v1/notes/notes', { name: 'after', spec: { text: '2' } }),
      await rest('POST', '/v1/platform/credentials', { role: 'reader' }),
    ]) {
      assert.equal(refused.status, 507, JSON.stringify(refused.body));
      assert.equal(refused.body.code, 'DiskFull');
    }
  };

  const first = fill(disk, reserveMib - 30);
  // Each process looks at the disk by itself.
  const probe = (name: string) => [
    outcomeOf(client.send(new PutObjectCommand({ ...at('probe'), Body: 'x' }))),
    note('POST', '/v1/notes/notes', { name, spec: { text: '' } }),
    rest('POST', '/v1/platform/credentials', { role: 'reader' }),
    rest('POST', '/v1/storage/buckets', { name: `bucket-${name}` }),
  ];
  let probes = 0;
  const refused = async () => (await Promise.all(probe(`probe-${probes++}`))).every(({ status }) => status === 507);
  await until(refused, 'a refusal by every process');
  await changesAreRefused();
  await readsAndDeletesGoOn('b');

  const second = fill(disk, 0);
  await changesAreRefused();
  await readsAndDeletesGoOn('c');
  assert.equal((await rest('POST', `/v1/platform/credentials/${revoked.id}/revoke-credential`, {})).status, 200);
  await until(async () => (await outcomeOf(doomed.send(new GetObjectCommand(at('a'))))).status === 403, 'the end of the revoked');

  rmSync(first);
  rmSync(second);
  await until(
    async () => (await outcomeOf(client.send(new PutObjectCommand({ ...at('again'), Body: body })))).status === 200,
    'room again',
  );
  const noted = async () => (await note('POST', '/v1/notes/notes', { name: 'after', spec: { text: '2' } })).status === 201;
  await until(noted, 'room for notes again');

  fill(disk, 0);
  for (const each of [client, doomed]) each.destroy();
  stop = async () => {};
  await house.stop();
});
