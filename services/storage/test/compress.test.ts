import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { looksRandom } from '../domain/probe.ts';
import { trainDictionary } from '../domain/train.ts';
import { createBucket, deleteBucket, ownBucket } from '../store/bucket.ts';
import { copyObject } from '../store/copy.ts';
import { stripeDataBytes } from '../store/frame.ts';
import { packedMaxBytes } from '../store/limits.ts';
import { putObject, readLayout } from '../store/object.ts';
import { type BlobRecord, unpack } from '../store/record.ts';
import { deleteObjects } from '../store/removal.ts';
import { makeSeal, openObject, takeIn } from '../store/seal.ts';
import { closeStore, type Store } from '../store/store.ts';
import { readObject } from '../store/version.ts';
import { bytesOf, get, linesOf, never, openShelf, owner, pieces, put, sealer, settled, shelfOf, temporary, whoIs, withShelf } from './fixtures/shelf.ts';

const logs = { name: 'logs', location: 'local', labels: {} };

/** Bytes that lie on drives, before they are spread. */
function storedBytes(store: Store): number {
  return [...store.catalog.table.blob.getRange()].reduce((sum, { value }) => sum + unpack<BlobRecord>(value).size, 0);
}

function compressedOf(store: Store, bucket: string, key: string) {
  const object = readObject(store.catalog, ownBucket(store.catalog, owner, bucket), key);
  return readLayout(store.catalog, object!).segments[0]!.seal?.compressed;
}

async function range(store: Store, key: string, first: number, last: number): Promise<Buffer> {
  const { segments } = readLayout(store.catalog, readObject(store.catalog, ownBucket(store.catalog, owner, 'logs'), key)!);
  const found: Uint8Array[] = [];
  const done = store.blobs.pin(segments);
  for await (const bytes of await openObject(store, owner, segments, { span: { first, last }, done })) found.push(bytes);
  return Buffer.concat(found);
}

test('what compression makes smaller lies smaller on the drives, and comes back byte by byte, whole and in ranges', async () => {
  await withShelf(async (store) => {
    await createBucket(store, owner, logs);
    const sizes = [1024, 1025, 4096, 16_384, 16_385, 65_536, 65_537, 300_000, packedMaxBytes + 1, stripeDataBytes + 17, 5_000_000];
    for (const size of sizes) {
      const bytes = linesOf(size, size);
      const { object } = await put(store, 'logs', `s${size}`, bytes);
      assert.equal(object.etag, createHash('md5').update(bytes).digest('hex'));
      assert.equal(object.size, size);
      assert.ok((await get(store, 'logs', `s${size}`))?.equals(bytes), `${size}`);
      assert.equal(compressedOf(store, 'logs', `s${size}`) !== undefined, size > 1024, `${size}`);
      for (const [first, last] of [
        [0, 0],
        [size - 1, size - 1],
        [Math.floor(size / 2), Math.min(Math.floor(size / 2) + 70_000, size - 1)],
        [Math.min(65_535, size - 1), Math.min(131_072, size - 1)],
      ] as const)
        assert.ok((await range(store, `s${size}`, first, last)).equals(bytes.subarray(first, last + 1)), `${size} ${first}-${last}`);
    }
    const all = sizes.reduce((sum, size) => sum + size, 0);
    assert.ok(storedBytes(store) < all / 3, `${storedBytes(store)} of ${all}`);
    // The list of the longest run lies behind its bytes.
    assert.ok(compressedOf(store, 'logs', 's5000000')?.listAt);
    assert.ok(compressedOf(store, 'logs', 's300000')?.lengths);
  });
});

test('what nothing can be taken out of is stored as it is: frames that grow, and runs that begin so', async () => {
  await withShelf(async (store) => {
    await createBucket(store, owner, logs);
    const noise = randomBytes(3_000_000);
    await put(store, 'logs', 'noise', noise);
    await put(store, 'logs', 'small', noise.subarray(0, 4096));
    assert.equal(compressedOf(store, 'logs', 'noise'), undefined);
    assert.equal(compressedOf(store, 'logs', 'small'), undefined);
    assert.ok(storedBytes(store) < 3_004_096 * 1.001, `${storedBytes(store)}`);
    // A run that begins with text and goes on with noise, and the other way round.
    const mixed = Buffer.concat([linesOf(1, 65_536), noise.subarray(0, 200_000), linesOf(2, 100_000)]);
    const reversed = Buffer.concat([noise.subarray(0, 65_536), linesOf(2, 100_000)]);
    for (const [key, bytes] of [['mixed', mixed] as const, ['reversed', reversed] as const]) {
      await put(store, 'logs', key, bytes);
      assert.ok((await get(store, 'logs', key))?.equals(bytes), key);
    }
    assert.ok(compressedOf(store, 'logs', 'mixed'));
    assert.equal(compressedOf(store, 'logs', 'reversed'), undefined);
  });
});

test('a bucket of small objects alike gets a dictionary, which outlives the index and goes with its bucket', async () => {
  const directory = temporary();
  let store = await openShelf(directory);
  try {
    await createBucket(store, owner, logs);
    await createBucket(store, owner, { ...logs, name: 'other' });
    const sizeOf = (key: string) => {
      const segment = readLayout(store.catalog, readObject(store.catalog, shelfOf(store, 'logs'), key)!).segments[0]!;
      return 'blob' in segment ? segment.size : 0;
    };
    await put(store, 'logs', 'first', linesOf(10_000, 2000));
    for (let at = 0; at < 320; at += 32)
      await Promise.all(Array.from({ length: 32 }, (_, next) => put(store, 'logs', `k${at + next}`, linesOf(at + next, 2000))));
    await store.dictionaries.idle();
    assert.equal([...store.catalog.table.dictionary.getKeys()].length, 1);
    const bytes = linesOf(20_000, 2000);
    await put(store, 'logs', 'last', bytes);
    assert.ok(compressedOf(store, 'logs', 'last')?.dictionary);
    assert.ok(sizeOf('last') < sizeOf('first') * 0.95, `${sizeOf('last')} of ${sizeOf('first')}`);
    // No string of what a single object alone holds is in it, and what lies in the index is not in the clear.
    const { bytes: kept } = (await store.dictionaries.newest(shelfOf(store, 'logs')))!;
    assert.ok(Buffer.from(kept).includes('a request was served'));
    assert.ok(!Buffer.from(kept).includes(/"requestId":"([0-9a-f]{24})/.exec(String(bytes))![1]!));
    // Under a customer's key there is neither sample nor dictionary.
    const seal = await makeSeal(sealer, owner.tenant, { customerKey: randomBytes(32).toString('base64') });
    const rules = { maxBytes: 1e9, mayWrite: () => true, signal: never };
    const received = await takeIn(store, shelfOf(store, 'logs'), pieces(bytes), {}, rules, seal);
    assert.deepEqual(received.segment.seal?.compressed, {});
    await putObject(store, shelfOf(store, 'logs'), received, {
      key: 'customer',
      headers: {},
      traits: { seal: seal!.seal },
      conditions: {},
      who: whoIs('PutObject'),
    });
    // A copy into another bucket stands without the dictionary.
    await copyObject(store, shelfOf(store, 'other'), {
      key: 'copy',
      source: { store, bucket: shelfOf(store, 'logs'), key: 'last', conditions: {} },
      signal: never,
      seal: undefined,
      traits: {},
      conditions: {},
      who: whoIs('CopyObject'),
      maxBytes: 1e9,
    });
    assert.equal(compressedOf(store, 'other', 'copy')?.dictionary, undefined);

    await closeStore(store);
    rmSync(join(directory, 'index'), { recursive: true });
    store = await openShelf(directory);
    assert.ok(!existsSync(join(directory, 'index-damaged')));
    assert.ok((await get(store, 'logs', 'last'))?.equals(bytes));
    await put(store, 'logs', 'again', bytes);
    assert.ok(compressedOf(store, 'logs', 'again')?.dictionary, 'the newest dictionary is used after a start');

    const keys = ['first', 'last', 'again', 'customer', ...Array.from({ length: 320 }, (_, at) => `k${at}`)];
    await deleteObjects(store, shelfOf(store, 'logs'), keys.map((key) => ({ key })), whoIs('DeleteObjects'));
    await deleteBucket(store, owner, 'logs');
    assert.equal([...store.catalog.table.dictionary.getKeys()].length, 0);
    assert.ok((await get(store, 'other', 'copy'))?.equals(bytes));
    await settled(store);
  } finally {
    await closeStore(store);
    rmSync(directory, { recursive: true, force: true });
  }
});

test('a dictionary holds what objects share and nothing that one alone has; bytes that chance made are known at a look', () => {
  const secrets = Array.from({ length: 40 }, (_, at) => randomBytes(40 + at).toString('base64'));
  const made = trainDictionary(secrets.map((secret) => Buffer.from(`{"kind":"payment","currency":"EUR","token":"${secret}"}`)));
  const text = Buffer.from(made!).toString('latin1');
  assert.ok(text.includes('"kind":"payment","currency":"EUR","token":"'));
  for (const secret of secrets) assert.ok(!text.includes(secret.slice(0, 10)));
  assert.equal(trainDictionary(secrets.map((secret) => Buffer.from(secret))), undefined);
  assert.ok(looksRandom(randomBytes(4096)));
  assert.ok(!looksRandom(linesOf(1, 4096)));
  assert.ok(!looksRandom(Buffer.from(randomBytes(3000).toString('base64'))));
  assert.ok(!looksRandom(bytesOf(1, 100)));
});
