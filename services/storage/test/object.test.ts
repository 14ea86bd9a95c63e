import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openObject } from '../store/seal.ts';
import { frameBytes, partNumberMax } from '../contract/limits.ts';
import { findGrown } from '../store/append.ts';
import { createBucket, deleteBucket, listBuckets, ownBucket } from '../store/bucket.ts';
import { copyObject } from '../store/copy.ts';
import { effectSource } from '../store/effect.ts';
import { stripeDataBytes } from '../store/frame.ts';
import { inlineMaxBytes, packedMaxBytes } from '../store/limits.ts';
import { listVersions } from '../store/list.ts';
import { addReceived, placeObject, putObject, readLayout } from '../store/object.ts';
import { deleteObjects } from '../store/removal.ts';
import { readObject } from '../store/version.ts';
import { receive } from '../store/receive.ts';
import { closeStore } from '../store/store.ts';
import {
  blobsOf,
  bytesOf,
  filesOf,
  get,
  grow,
  never,
  openShelf,
  owner,
  pieces,
  put,
  settled,
  shelfOf,
  take,
  whoIs,
  withShelf,
} from './fixtures/shelf.ts';

const photos = { name: 'photos', location: 'local', labels: {} };
const code = (expected: string) => (error: { code?: string }) => error.code === expected;

test('objects of every size around the inline limit and the block size come back as they were', async () => {
  await withShelf(async (store) => {
    await createBucket(store, owner, photos);
    const sizes = [
      0,
      1,
      inlineMaxBytes,
      inlineMaxBytes + 1,
      70_000,
      packedMaxBytes,
      packedMaxBytes + 1,
      stripeDataBytes - 1,
      stripeDataBytes,
      stripeDataBytes + 1,
      2 * stripeDataBytes,
      3 * stripeDataBytes + 17,
    ];
    for (const size of sizes) {
      const bytes = bytesOf(size, size);
      const { object } = await put(store, 'photos', `s${size}`, bytes);
      assert.equal(object.etag, createHash('md5').update(bytes).digest('hex'));
      assert.ok((await get(store, 'photos', `s${size}`))?.equals(bytes), `${size}`);
    }
  });
});

test('a span of any place and length is told as it is, also where what is read ends within a frame', async () => {
  await withShelf(async (store) => {
    await createBucket(store, owner, photos);
    const size = 3 * stripeDataBytes + 17;
    const bytes = bytesOf(size, size);
    await put(store, 'photos', 'spans', bytes);
    const shelf = shelfOf(store, 'photos');
    const { segments } = readLayout(store.catalog, readObject(store.catalog, shelf, 'spans')!);
    // Sealed bytes are more than the plain ones, so the frames that a stripe's end cuts begin before it.
    const edges = [0, 65_536, stripeDataBytes, 2 * stripeDataBytes, 3 * stripeDataBytes, size - 1];
    for (const edge of edges)
      for (const [back, length] of [
        [66_000, 1],
        [33_000, 40_000],
        [900, 1500],
        [740, 1],
        [16, 32],
        [1, 2],
        [0, 200_000],
      ] as const) {
        const first = Math.max(edge - back, 0);
        const last = Math.min(first + length, size) - 1;
        const told = Buffer.concat(await Array.fromAsync(await openObject(store, shelf, segments, { span: { first, last }, done: () => {} })));
        assert.ok(told.equals(bytes.subarray(first, last + 1)), `${first}-${last}`);
      }
  });
});

test('an object of one frame is told in spans as it is, in the index or packed, noise or text, and not under another key', async () => {
  await withShelf(async (store) => {
    await createBucket(store, owner, photos);
    const shelf = shelfOf(store, 'photos');
    for (const size of [1, 700, 4096, frameBytes - 1, frameBytes, frameBytes + 1])
      for (const bytes of [bytesOf(size, size), Buffer.alloc(size, 'every line of it is like the others\n')]) {
        await put(store, 'photos', 'one', bytes);
        const { segments } = readLayout(store.catalog, readObject(store.catalog, shelf, 'one')!);
        const ends = [0, 1, 699, 4095, size - 2, size - 1].filter((at) => at >= 0 && at < size);
        for (const first of ends)
          for (const last of ends.filter((at) => at >= first)) {
            let closed = 0;
            const told = await openObject(store, shelf, segments, { span: { first, last }, done: () => void closed++ });
            assert.ok(Buffer.concat(await Array.fromAsync(told)).equals(bytes.subarray(first, last + 1)), `${size}: ${first}-${last}`);
            assert.equal(closed, 1);
          }
        const [segment] = segments;
        const seal = segment?.seal && { ...segment.seal, key: Buffer.alloc(32, 9) };
        await assert.rejects(
          openObject(store, shelf, [{ ...segment!, seal: seal! }], { done: () => {} }),
          code('ObjectDamaged'),
          `${size} under another key`,
        );
      }
  });
});

test('a byte flipped in a shard is met where a frame does not open: what is read is right all the same, and is mended', async () => {
  await withShelf(async (store, directory) => {
    await createBucket(store, owner, photos);
    const size = 2 * stripeDataBytes + 100_017;
    const bytes = bytesOf(5, size);
    await put(store, 'photos', 'noise', bytes);
    const shelf = shelfOf(store, 'photos');
    const { segments } = readLayout(store.catalog, readObject(store.catalog, shelf, 'noise')!);
    const paths = readdirSync(join(directory, 'drive'), { recursive: true, encoding: 'utf8' }).filter((path) => /\.[0-4]$/.test(path));
    assert.equal(paths.length, 5);
    const whole = new Map(paths.map((path) => [path, readFileSync(join(directory, 'drive', path))]));
    const spans = [
      { first: 0, last: size - 1 },
      { first: 70_000, last: size - 70_000 },
      { first: stripeDataBytes - 10, last: stripeDataBytes + 400_000 },
    ];
    for (const [at, span] of spans.entries()) {
      for (const [path, right] of whole) {
        const flipped = Buffer.from(right);
        // In the first, the second or the last stripe.
        flipped[Math.min(at * 262_300 + 900, right.length - 20)]! ^= 1 << at;
        writeFileSync(join(directory, 'drive', path), flipped);
        const told = await openObject(store, shelf, segments, { span, done: () => {} });
        assert.ok(Buffer.concat(await Array.fromAsync(told)).equals(bytes.subarray(span.first, span.last + 1)), `${path} ${at}`);
        await settled(store);
        if (at === 0) assert.ok(readFileSync(join(directory, 'drive', path)).equals(right), path);
        else writeFileSync(join(directory, 'drive', path), right);
      }
    }
  });
});

test('small objects are packed, large ones have shards, and what is overwritten or deleted leaves none', async () => {
  await withShelf(async (store, directory) => {
    await createBucket(store, owner, photos);
    await put(store, 'photos', 'tiny', bytesOf(1, inlineMaxBytes));
    assert.deepEqual(filesOf(directory), []);
    await put(store, 'photos', 'large', bytesOf(2, 2_000_000));
    await put(store, 'photos', 'large', bytesOf(3, 2_000_000));
    await settled(store);
    assert.equal(filesOf(directory).length, 1);
    await put(store, 'photos', 'small', bytesOf(1, 100_000));
    assert.deepEqual(filesOf(directory), blobsOf(store));
    await deleteObjects(store, shelfOf(store, 'photos'), [{ key: 'large' }, { key: 'tiny' }, { key: 'small' }], whoIs('DeleteObjects'));
    await store.blobs.packs.appender.rotate();
    await settled(store);
    assert.deepEqual(filesOf(directory), []);
    assert.equal(await get(store, 'photos', 'large'), undefined);
  });
});

test('bytes that differ from what was said of them are refused and leave nothing', async () => {
  await withShelf(async (store, directory) => {
    const bytes = bytesOf(4, 4_000_000);
    const md5 = createHash('md5').update('other').digest('base64');
    await assert.rejects(take(store, bytes, { md5 }), code('BadDigest'));
    await assert.rejects(take(store, bytes, { md5: 'nonsense' }), code('InvalidDigest'));
    await assert.rejects(take(store, bytes, { sha256: '0'.repeat(64) }), code('XAmzContentSHA256Mismatch'));
    await assert.rejects(take(store, bytes, { checksumAlgorithm: 'CRC32', checksum: 'AAAAAA==' }), code('BadDigest'));
    await assert.rejects(take(store, bytes, { checksumAlgorithm: 'CRC32', checksum: 'AAAA' }), code('InvalidRequest'));
    await assert.rejects(take(store, bytes, { size: 4_000_001 }), code('IncompleteBody'));
    await assert.rejects(take(store, bytes, { size: 3_999_999 }), code('IncompleteBody'));
    await assert.rejects(
      receive(store.blobs, pieces(bytes), {}, { maxBytes: 3_500_000, mayWrite: () => true, signal: never, scope: 7n }),
      code('EntityTooLarge'),
    );
    assert.deepEqual(filesOf(directory), []);
  });
});

test('a sender that breaks off leaves nothing', async () => {
  await withShelf(async (store, directory) => {
    async function* broken() {
      yield bytesOf(1, 2 * stripeDataBytes);
      throw new Error('reset');
    }
    await assert.rejects(receive(store.blobs, broken(), {}, { maxBytes: 1e9, mayWrite: () => true, signal: never, scope: 7n }), /reset/);
    assert.deepEqual(filesOf(directory), []);
  });
});

test('when changes must stop, a body that is under way is refused and leaves nothing', async () => {
  await withShelf(async (store, directory) => {
    let blocks = 0;
    const body = receive(
      store.blobs,
      pieces(bytesOf(1, 4 * stripeDataBytes)),
      {},
      { maxBytes: 1e9, mayWrite: () => ++blocks < 3, signal: never, scope: 7n },
    );
    await assert.rejects(body, code('DiskFull'));
    assert.deepEqual(filesOf(directory), []);
  });
});

test('a condition that fails keeps the old object and throws the new bytes away', async () => {
  await withShelf(async (store, directory) => {
    await createBucket(store, owner, photos);
    const old = await put(store, 'photos', 'k', bytesOf(1, 2_000_000));
    await assert.rejects(put(store, 'photos', 'k', bytesOf(2, 2_000_000), { ifNoneMatch: ['*'] }), code('PreconditionFailed'));
    await assert.rejects(put(store, 'photos', 'k', bytesOf(2, 2_000_000), { ifMatch: ['no'] }), code('PreconditionFailed'));
    await assert.rejects(put(store, 'photos', 'new', bytesOf(2, 2_000_000), { ifMatch: ['*'] }), code('NoSuchKey'));
    await settled(store);
    assert.equal(filesOf(directory).length, 1);
    await put(store, 'photos', 'k', bytesOf(3, 2_000_000), { ifMatch: [old.object.etag] });
    assert.ok((await get(store, 'photos', 'k'))?.equals(bytesOf(3, 2_000_000)));
  });
});

test('of many writers who demand that the key be new, exactly one wins', async () => {
  await withShelf(async (store) => {
    await createBucket(store, owner, photos);
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, at) => put(store, 'photos', 'lock', Buffer.from(`${at}`), { ifNoneMatch: ['*'] })),
    );
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
  });
});

test('a damaged inline object is told as an error', async () => {
  await withShelf(async (store) => {
    await createBucket(store, owner, photos);
    const received = await take(store, Buffer.from('hello'));
    const segment = { bytes: Buffer.from('hellx'), sum: (received.segment as { sum: number }).sum };
    await putObject(
      store,
      shelfOf(store, 'photos'),
      { ...received, segment },
      { key: 'k', headers: {}, traits: {}, conditions: {}, who: whoIs('PutObject') },
    );
    await assert.rejects(get(store, 'photos', 'k'), code('ObjectDamaged'));
  });
});

test('a reader keeps its bytes though the object is overwritten and deleted meanwhile', async () => {
  await withShelf(async (store, directory) => {
    await createBucket(store, owner, photos);
    const bytes = bytesOf(1, 4 * stripeDataBytes);
    await put(store, 'photos', 'k', bytes);
    const { segments } = readLayout(store.catalog, readObject(store.catalog, ownBucket(store.catalog, owner, 'photos'), 'k')!);
    const stream = await openObject(store, owner, segments, { done: store.blobs.pin(segments) });
    const found: Uint8Array[] = [];
    for await (const piece of stream) {
      if (found.length === 1) {
        await put(store, 'photos', 'k', bytesOf(2, 10));
        await deleteObjects(store, shelfOf(store, 'photos'), [{ key: 'k' }], whoIs('DeleteObject'));
        await settled(store);
      }
      found.push(piece);
    }
    assert.ok(Buffer.concat(found).equals(bytes));
    await settled(store);
    assert.deepEqual(filesOf(directory), []);
  });
});

test('a copy shares the bytes, and outlives its source', async () => {
  await withShelf(async (store, directory) => {
    await createBucket(store, owner, photos);
    const bytes = bytesOf(9, 3 * stripeDataBytes);
    await put(store, 'photos', 'from', bytes);
    const source = { store, bucket: shelfOf(store, 'photos'), key: 'from', conditions: {} };
    const { object } = await copyObject(store, shelfOf(store, 'photos'), {
      key: 'to',
      source,
      signal: never,
      seal: undefined,
      traits: {},
      conditions: {},
      who: whoIs('CopyObject'),
      maxBytes: 1e9,
      checksumAlgorithm: 'SHA256',
    });
    assert.equal(object.checksum?.value, createHash('sha256').update(bytes).digest('base64'));
    await settled(store);
    assert.equal(filesOf(directory).length, 1);
    await deleteObjects(store, shelfOf(store, 'photos'), [{ key: 'from' }], whoIs('DeleteObject'));
    await settled(store);
    assert.ok((await get(store, 'photos', 'to'))?.equals(bytes));
    await deleteObjects(store, shelfOf(store, 'photos'), [{ key: 'to' }], whoIs('DeleteObject'));
    await settled(store);
    assert.deepEqual(filesOf(directory), []);
  });
});

test('shards that no commit adopted are swept at the next start', async () => {
  await withShelf(async (_, directory) => {
    const inner = join(directory, 'inner');
    const first = await openShelf(inner);
    await createBucket(first, owner, photos);
    await take(first, bytesOf(1, 2_000_000));
    const bytes = bytesOf(2, 2_000_000);
    await put(first, 'photos', 'k', bytes);
    assert.equal(filesOf(inner).length, 2);
    await closeStore(first);
    const second = await openShelf(inner);
    assert.deepEqual(filesOf(inner), blobsOf(second));
    assert.ok((await get(second, 'photos', 'k'))?.equals(bytes));
    await closeStore(second);
  });
});

test('buckets are unique for everybody, listed for their owner in order, and kept while they hold objects', async () => {
  await withShelf(async (store) => {
    for (const name of ['zebra', 'alpha', 'middle']) await createBucket(store, owner, { ...photos, name });
    await createBucket(store, { tenant: 5n, scope: 8n }, { ...photos, name: 'beta' });
    assert.deepEqual(
      listBuckets(store, owner, { limit: 2 }).items.map(({ name }) => name),
      ['alpha', 'middle'],
    );
    assert.deepEqual(
      listBuckets(store, owner, { limit: 2, after: 'middle' }).items.map(({ name }) => name),
      ['zebra'],
    );
    assert.deepEqual(
      listBuckets(store, owner, { limit: 9, prefix: 'm' }).items.map(({ name }) => name),
      ['middle'],
    );
    await assert.rejects(createBucket(store, owner, { ...photos, name: 'beta' }), code('BucketAlreadyExists'));
    await assert.rejects(createBucket(store, owner, { ...photos, name: 'alpha' }), code('BucketAlreadyOwnedByYou'));
    await assert.rejects(createBucket(store, owner, { ...photos, name: '192.168.0.1' }), code('InvalidBucketName'));
    assert.throws(() => ownBucket(store.catalog, owner, 'beta'), code('Denied'));
    assert.throws(() => ownBucket(store.catalog, owner, 'nothing'), code('NoSuchBucket'));
    await put(store, 'alpha', 'k', Buffer.from('x'));
    await assert.rejects(deleteBucket(store, owner, 'alpha'), code('BucketNotEmpty'));
    await deleteObjects(store, shelfOf(store, 'alpha'), [{ key: 'k' }], whoIs('DeleteObject'));
    await deleteBucket(store, owner, 'alpha');
    const again = await createBucket(store, owner, { ...photos, name: 'alpha' });
    assert.ok(again.id > 4n);
  });
});

test('every change of objects is one record of the effects log, dense and in order, until it is forgotten', async () => {
  await withShelf(async (store) => {
    await createBucket(store, owner, photos);
    const source = effectSource(store.catalog, 'us-east-1');
    let woken = 0;
    const stop = source.onMore(() => {
      woken++;
    });
    await put(store, 'photos', 'a', Buffer.from('x'));
    await put(store, 'photos', 'b', bytesOf(1, 10_000));
    await deleteObjects(store, shelfOf(store, 'photos'), [{ key: 'a' }], whoIs('DeleteObject'));
    await assert.rejects(put(store, 'photos', 'b', Buffer.from('y'), { ifNoneMatch: ['*'] }));
    const effects = await source.read(-1n, 100);
    assert.deepEqual(
      effects.map(({ offset, operation, bytes }) => [offset, operation, bytes]),
      [
        [1n, 'PutObject', 1],
        [2n, 'PutObject', 10_000],
        [3n, 'DeleteObject', 1],
      ],
    );
    assert.equal(effects[0]?.scope, 7n);
    assert.equal(effects[0]?.detail?.key, 'a');
    assert.ok(woken >= 1);
    assert.equal((await source.read(1n, 1))[0]?.offset, 2n);
    await source.forget(2n);
    assert.deepEqual(
      (await source.read(-1n, 100)).map(({ offset }) => offset),
      [3n],
    );
    await source.forget(3n);
    await put(store, 'photos', 'c', Buffer.from('x'));
    assert.deepEqual(
      (await source.read(3n, 100)).map(({ offset }) => offset),
      [4n],
    );
    stop();
  });
});

test('a list of versions goes on from a marker that is longer than any key, and finds nothing behind it', async () => {
  await withShelf(async (store) => {
    await createBucket(store, owner, photos);
    await put(store, 'photos', 'a', bytesOf(1, 10));
    const bucket = ownBucket(store.catalog, owner, 'photos');
    const query = { prefix: '', delimiter: '', limit: 10, afterPrefix: '' };
    const marked = (after: string) => listVersions(store.catalog, bucket, { ...query, after }, '0'.repeat(32)).items.length;
    assert.deepEqual([marked(''), marked('b'.repeat(5000))], [1, 0]);
  });
});

test('an object of as many parts as there may be takes no more, one that grew little by little lies in few runs', async () => {
  await withShelf(async (store) => {
    await createBucket(store, owner, photos);
    const shelf = shelfOf(store, 'photos');
    const parts = Array.from({ length: partNumberMax }, () => ({ size: 1 }));
    const full = await take(store, Buffer.alloc(partNumberMax), {}, shelf);
    const made = { etag: full.md5, size: partNumberMax, headers: {}, traits: {}, segments: [full.segment], parts };
    const { object } = await store.catalog.commit((batch) => {
      addReceived(store, full);
      return placeObject(store, batch, shelf, 'full', made);
    });
    assert.equal(object.partsCount, partNumberMax);
    assert.throws(() => findGrown(store, shelf, 'full', partNumberMax), code('TooManyParts'));

    await put(store, 'photos', 'grown', bytesOf(0, 100));
    for (let at = 1; at < 600; at++) await grow(store, 'photos', 'grown', at * 100, bytesOf(at, 100));
    const grown = readObject(store.catalog, shelf, 'grown')!;
    const { segments, parts: kept } = readLayout(store.catalog, grown);
    assert.ok(segments.length < 48, `${segments.length} runs`);
    assert.equal(kept.length, 600);
    const whole = Buffer.concat(Array.from({ length: 600 }, (_, at) => bytesOf(at, 100)));
    assert.ok((await get(store, 'photos', 'grown'))?.equals(whole));
    await deleteObjects(store, shelf, [{ key: 'full' }, { key: 'grown' }], whoIs('DeleteObjects'));
    await settled(store);
    assert.deepEqual([...store.catalog.table.blob.getKeys()], []);
  });
});
