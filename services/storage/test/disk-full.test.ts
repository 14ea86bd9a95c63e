import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CreateBucketCommand, DeleteObjectCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { createBucket, ownBucket } from '../store/bucket.ts';
import { listObjects } from '../store/list.ts';
import { deleteObjects } from '../store/removal.ts';
import { closeStore } from '../store/store.ts';
import { openHouse } from './fixtures/house.ts';
import { blobsOf, bytesOf, filesOf, get, openShelf, owner, put, settled, temporary, shelfOf, whoIs } from './fixtures/shelf.ts';

const root = process.getuid?.() === 0;

for (const size of [2000, 300_000]) {
  test(`on a full disk objects of ${size} bytes are refused whole, reads and deletes go on, and room is used again`, {
    skip: root ? false : 'mounting a small disk needs root',
  }, async () => {
    const directory = temporary();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'none', directory]);
    try {
      // Extents are small, so that the first deletions leave whole ones empty.
      const store = await openShelf(directory, { extentBytes: Math.max(32_000, size) });
      writeFileSync(join(directory, 'ballast'), Buffer.alloc(512 * 1024));
      await createBucket(store, owner, { name: 'shelf', location: 'local', labels: {} });
      const kept: number[] = [];
      let refusals = 0;
      for (let at = 0; at < 8000 && refusals < 5; at++) {
        try {
          await put(store, 'shelf', `k${at}`, bytesOf(at, size));
          kept.push(at);
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'DiskFull');
          refusals++;
        }
      }
      assert.ok(refusals > 0 && kept.length > 0);
      // As the platform does it, so that the index has room to write deletions down.
      rmSync(join(directory, 'ballast'));
      const bucket = ownBucket(store.catalog, owner, 'shelf');
      let count = 0;
      for (let after = ''; ; ) {
        const page = listObjects(store.catalog, bucket, { prefix: '', delimiter: '', after, afterPrefix: '', limit: 1000 });
        count += page.items.length;
        if (!page.next || !('key' in page.next)) break;
        after = page.next.key;
      }
      assert.equal(count, kept.length);
      for (const at of kept.slice(0, 50)) assert.ok((await get(store, 'shelf', `k${at}`))?.equals(bytesOf(at, size)));
      for (const at of kept.slice(0, 20)) await deleteObjects(store, shelfOf(store, 'shelf'), [{ key: `k${at}` }], whoIs('DeleteObject'));
      await settled(store);
      assert.deepEqual(filesOf(directory), blobsOf(store));
      await put(store, 'shelf', 'again', bytesOf(1, size));
      assert.ok((await get(store, 'shelf', 'again'))?.equals(bytesOf(1, size)));
      await closeStore(store);
    } finally {
      execFileSync('umount', ['--lazy', directory]);
      rmSync(directory, { recursive: true, force: true });
    }
  });
}

test('an S3 client is told 507 when the drives are full, reads on, and writes again once it has deleted something', {
  skip: root ? false : 'mounting a small disk needs root',
}, async () => {
  const house = await openHouse({ reserveBytes: 16 * 1024 * 1024 }, (data) => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=320m', 'none', data]);
    return () => void execFileSync('umount', ['--lazy', data]);
  });
  try {
    const client = house.client();
    const Bucket = 'full';
    const size = 5_000_000;
    await client.send(new CreateBucketCommand({ Bucket }));
    const put = (Key: string, at: number) => client.send(new PutObjectCommand({ Bucket, Key, Body: bytesOf(at, size) }));
    let kept = 0;
    let refused: { name?: string; $metadata?: { httpStatusCode?: number } } | undefined;
    while (!refused && kept < 100)
      await put(`k${kept}`, kept).then(
        () => kept++,
        (error) => void (refused = error),
      );
    assert.deepEqual([refused?.name, refused?.$metadata?.httpStatusCode], ['InsufficientStorage', 507]);
    assert.ok(kept > 2);
    for (let at = 0; at < kept; at++) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: `k${at}` }));
      assert.ok(Buffer.from(await Body!.transformToByteArray()).equals(bytesOf(at, size)));
    }
    for (let at = 0; at < kept / 2; at++) await client.send(new DeleteObjectCommand({ Bucket, Key: `k${at}` }));
    const again = () =>
      put('again', 7).then(
        () => true,
        () => false,
      );
    for (let tries = 0; !(await again()); tries++) {
      assert.ok(tries < 300, 'it writes again');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } finally {
    await house.stop();
  }
});
