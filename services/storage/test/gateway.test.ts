import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  RenameObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { OperationError } from '#kernel/contract/fault.ts';
import { type Blobs, openBlobs } from '#seams/blobs/blobs.ts';
import { BlobsError } from '#seams/blobs/error.ts';
import { wordError } from '../doors/s3/errors.ts';
import { createBucket } from '../store/bucket.ts';
import { deleteObjects } from '../store/removal.ts';
import { type BlobRecord, unpack } from '../store/record.ts';
import { closeStore, type Store } from '../store/store.ts';
import { checkFates, type Fate, runAndKill } from './fixtures/fate.ts';
import { type House, openHouse } from './fixtures/house.ts';
import { bytesOf, filesOf, get, linesOf, openShelf, owner, put, settled, shelfOf, temporary, whoIs } from './fixtures/shelf.ts';

let foreign: House;
let gateway: House;
let s3: S3Client;
let opened: Blobs;

/** A bucket of the foreign platform, as `gamut up --blobs` takes it. */
function addressOf(folder: string): string {
  const { accessKeyId, secretAccessKey, region } = foreign.owner.s3;
  const login = `${accessKeyId}:${encodeURIComponent(secretAccessKey)}`;
  return `s3://${login}@elsewhere/${folder}?region=${region}&endpoint=${encodeURIComponent(foreign.s3)}`;
}

before(async () => {
  foreign = await openHouse();
  gateway = await openHouse({ blobs: addressOf('of/gateway') });
  s3 = gateway.client();
  opened = openBlobs(addressOf('shelf'));
  await opened.ensureBucket();
});
after(async () => {
  opened?.close();
  await gateway?.stop();
  await foreign?.stop();
});

async function keysOf(blobs: Blobs): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of blobs.list('')) found.push(key);
  return found;
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail(`it never came that ${what}`);
}

/** The names of pieces that the index tells of, below the deployment's prefix. */
function piecesOf(store: Store): string[] {
  return [...store.catalog.table.blob.getRange()]
    .flatMap(({ key, value }) => {
      const record = unpack<BlobRecord>(value);
      assert.ok('remote' in record, 'a blob lies on our drives');
      const pieces = Math.ceil(record.size / record.pieceBytes);
      return Array.from({ length: pieces }, (_, piece) => `${Buffer.from(key).toString('hex')}.${piece}`);
    })
    .toSorted();
}

const namesIn = async (blobs: Blobs) => (await keysOf(blobs)).flatMap((key) => key.split('/')[2] ?? []).toSorted();

// A silent store is left alone for ten seconds, in which the others have their turn.
suite('of a store elsewhere', { concurrency: 2 }, () => {
  suite('that answers', () => {
    test('every byte goes to the foreign store, sealed; objects, versions, copies and parts are served through it, and removed there', async () => {
      const store = openBlobs(addressOf('of/gateway'));
      const Bucket = 'through';
      await s3.send(new CreateBucketCommand({ Bucket }));
      await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
      const read = async (Key: string, more: { Range?: string; VersionId?: string | undefined } = {}) => {
        const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key, ...more }));
        return Buffer.from((await Body?.transformToByteArray()) ?? []);
      };
      const [tiny, lines, large] = [linesOf(1, 700), linesOf(2, 50_000), bytesOf(3, 8_000_001)];
      for (const [Key, Body] of Object.entries({ tiny, lines, large })) await s3.send(new PutObjectCommand({ Bucket, Key, Body }));
      for (const [key, bytes] of Object.entries({ tiny, lines, large })) assert.ok((await read(key)).equals(bytes), key);
      for (const [from, to] of [
        [0, 0],
        [3_145_000, 3_146_500],
        [6_000_000, 8_000_000],
      ] as const)
        assert.ok((await read('large', { Range: `bytes=${from}-${to}` })).equals(large.subarray(from, to + 1)), `${from}-${to}`);

      const parts = [bytesOf(4, 5 * 1024 * 1024), bytesOf(5, 70_000)];
      const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'parts' }));
      const Parts = [];
      for (const [at, Body] of parts.entries()) {
        const { ETag } = await s3.send(new UploadPartCommand({ Bucket, Key: 'parts', UploadId, PartNumber: at + 1, Body }));
        Parts.push({ ETag, PartNumber: at + 1 });
      }
      await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key: 'parts', UploadId, MultipartUpload: { Parts } }));
      await s3.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/parts` }));
      const { VersionId } = await s3.send(new PutObjectCommand({ Bucket, Key: 'lines', Body: bytesOf(6, 9000) }));
      await s3.send(new DeleteObjectCommand({ Bucket, Key: 'parts' }));
      assert.ok((await read('copy')).equals(Buffer.concat(parts)));
      assert.ok((await read('lines', { VersionId })).equals(bytesOf(6, 9000)));

      // 50,000 and 9,000 bytes in one piece each, 8 MB and 5 MiB in three and two, the part of 70,000 in one; and the marker.
      const keys = await keysOf(store);
      assert.equal(keys.length, 9, keys.join());
      const [prefix = ''] = keys[0]?.split('/') ?? [];
      assert.match(prefix, /^storage-[0-9a-f]{32}$/);
      assert.ok(keys.every((key) => key === `${prefix}/deployment` || /^\w{13}\/[0-9a-f]{32}\.\d$/.test(key.slice(prefix.length + 1))));
      for (const key of keys) assert.ok(!(await store.read(key, 0, 4_000_000)).includes('a request was served'), `${key} can be read`);
      assert.deepEqual(filesOf(join(gateway.data, 'service', 'storage')), []);
      await assert.rejects(s3.send(new PutObjectCommand({ Bucket, Key: `x/${prefix}/y`, Body: 'loop' })), { name: 'InvalidRequest' });

      const { body } = await gateway.call('GET', '/v1/storage/buckets/-/describe-drives');
      const { away, removalsWaiting } = body.remote as Record<string, unknown>;
      assert.deepEqual([away, removalsWaiting], [false, 0]);

      const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
      assert.deepEqual([Versions.length, DeleteMarkers.length], [6, 1]);
      for (const { Key, VersionId: version } of [...Versions, ...DeleteMarkers])
        await s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId: version }));
      await until('nothing is left there', async () => (await keysOf(store)).length === 1);

      const grown = { Bucket: 'grown', Key: 'k' };
      await s3.send(new CreateBucketCommand({ Bucket: grown.Bucket }));
      const pieces = [linesOf(7, 50_000), bytesOf(8, 4_000_000), linesOf(9, 900)];
      for (let at = 0, WriteOffsetBytes = 0; at < pieces.length; WriteOffsetBytes += pieces[at++]!.length)
        await s3.send(new PutObjectCommand({ ...grown, Body: pieces[at], WriteOffsetBytes }));
      await s3.send(new RenameObjectCommand({ ...grown, Key: 'l', RenameSource: 'k' }));
      const { Body } = await s3.send(new GetObjectCommand({ ...grown, Key: 'l' }));
      assert.ok(Buffer.concat(pieces).equals((await Body?.transformToByteArray()) ?? Buffer.alloc(0)));
      assert.equal((await keysOf(store)).length, 1 + 1 + 2);
      await s3.send(new DeleteObjectCommand({ ...grown, Key: 'l' }));
      await until('nothing is left there', async () => (await keysOf(store)).length === 1);
      store.close();
    });

    /** A store that can be away, and whose answers can be lost. */
    function fickle(blobs: Blobs): Blobs & { mood: 'well' | 'away' | 'mute' } {
      const gone = () => new BlobsError('Unavailable', 'away', { passes: true });
      const state = { mood: 'well' as 'well' | 'away' | 'mute' };
      const moody = <A extends unknown[], T>(work: (...args: A) => Promise<T>) => {
        return async (...args: A): Promise<T> => {
          if (state.mood === 'away') throw gone();
          const done = await work(...args);
          if (state.mood === 'mute') throw gone();
          return done;
        };
      };
      const over = ({ put: puts, read, remove, ensureBucket, ...more }: Blobs): Blobs => ({
        ...{ put: moody(puts), read: moody(read), remove: moody(remove), ensureBucket: moody(ensureBucket) },
        list: more.list,
        within: (prefix) => over(blobs.within(prefix)),
        close: () => {},
      });
      return Object.assign(state, over(blobs));
    }

    test('a store that is away refuses bytes and nothing else; what it owes is done when it is back, also after a restart', async () => {
      const directory = temporary();
      const place = openBlobs(addressOf('fickle'));
      const remote = fickle(place);
      let store = await openShelf(directory, { remote });
      remote.mood = 'away';
      await createBucket(store, owner, { name: 'shelf', location: 'local', labels: {} });
      await assert.rejects(put(store, 'shelf', 'early', bytesOf(1, 5000)), { code: 'Unavailable' });
      remote.mood = 'well';
      await put(store, 'shelf', 'small', bytesOf(2, 5000));
      await put(store, 'shelf', 'large', bytesOf(3, 7_000_000));
      const held = piecesOf(store);
      assert.equal(held.length, 4);
      await settled(store);

      remote.mood = 'away';
      await put(store, 'shelf', 'tiny', bytesOf(4, 500));
      assert.equal((await get(store, 'shelf', 'tiny'))?.length, 500);
      for (const size of [5000, 4_000_000]) await assert.rejects(put(store, 'shelf', 'late', bytesOf(5, size)), { code: 'Unavailable' });
      await assert.rejects(get(store, 'shelf', 'large'), { code: 'Unavailable' });
      await deleteObjects(store, shelfOf(store, 'shelf'), [{ key: 'small' }], whoIs('DeleteObject'));
      await settled(store);
      assert.equal(await get(store, 'shelf', 'small'), undefined);
      assert.deepEqual(await namesIn(place), held);
      await closeStore(store);

      remote.mood = 'well';
      store = await openShelf(directory, { remote });
      await settled(store);
      assert.deepEqual(await namesIn(place), piecesOf(store));
      assert.ok((await get(store, 'shelf', 'large'))?.equals(bytesOf(3, 7_000_000)));

      // Its acknowledgement is lost, and then so is that of the removal: what comes of it later is found by a search.
      remote.mood = 'mute';
      await assert.rejects(put(store, 'shelf', 'mute', bytesOf(6, 5000)), { code: 'Unavailable' });
      await settled(store);
      remote.mood = 'well';
      store.blobs.remote?.removal.retry();
      await settled(store);
      const before = new Set(await keysOf(place));
      await put(store, 'shelf', 'brief', bytesOf(7, 5000));
      const late = (await keysOf(place)).find((key) => !before.has(key)) ?? '';
      await deleteObjects(store, shelfOf(store, 'shelf'), [{ key: 'brief' }], whoIs('DeleteObject'));
      await settled(store);
      for (const key of [late, late.replace(/[0-9a-f]{32}\.0$/, `${'ab'.repeat(16)}.0`)]) {
        await place.put(key, {
          ...{ sizeBytes: 1, sha256: 'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb' },
          async *pieces() {
            yield Buffer.from('a');
          },
        });
      }
      assert.equal((await namesIn(place)).length, piecesOf(store).length + 2);
      const swept = await store.blobs.remote?.removal.sweep();
      // What this index never gave out is somebody else's.
      assert.deepEqual([swept?.objects, swept?.orphans, swept?.foreign], [5, 1, 1]);
      assert.deepEqual(await namesIn(place), [...piecesOf(store), `${'ab'.repeat(16)}.0`].toSorted());
      await closeStore(store);
      place.close();
      rmSync(directory, { recursive: true, force: true });
    });

    test('an older copy of the data directory removes nothing that was written after it was made', async () => {
      const [directory, copied] = [temporary(), temporary()];
      const place = openBlobs(addressOf('copied'));
      let store = await openShelf(directory, { remote: place });
      await createBucket(store, owner, { name: 'shelf', location: 'local', labels: {} });
      await put(store, 'shelf', 'before', bytesOf(1, 5000));
      const taken = store;
      // While it runs, as a snapshot of the disk does, and once it was closed.
      cpSync(directory, join(copied, 'running'), { recursive: true });
      await put(taken, 'shelf', 'after', bytesOf(2, 4_000_000));
      await closeStore(taken);
      cpSync(directory, join(copied, 'closed'), { recursive: true });
      store = await openShelf(directory, { remote: place });
      await put(store, 'shelf', 'later', bytesOf(3, 5000));
      const all = await namesIn(place);
      for (const [name, foreignPieces] of [
        ['running', 3],
        ['closed', 1],
      ] as const) {
        const copy = await openShelf(join(copied, name), { remote: place });
        await settled(copy);
        assert.equal((await copy.blobs.remote?.removal.sweep())?.foreign, foreignPieces, name);
        assert.ok((await get(copy, 'shelf', 'before'))?.equals(bytesOf(1, 5000)));
        await closeStore(copy);
        // The next start of the copy knows no more of it.
        const again = await openShelf(join(copied, name), { remote: place });
        await put(again, 'shelf', 'own', bytesOf(4, 5000));
        await deleteObjects(again, shelfOf(again, 'shelf'), [{ key: 'own' }], whoIs('DeleteObject'));
        await settled(again);
        await again.blobs.remote?.removal.sweep();
        await closeStore(again);
        assert.deepEqual(await namesIn(place), all, name);
      }
      for (const [key, bytes] of Object.entries({ before: bytesOf(1, 5000), after: bytesOf(2, 4_000_000), later: bytesOf(3, 5000) }))
        assert.ok((await get(store, 'shelf', key))?.equals(bytes), key);
      await closeStore(store);
      place.close();
      for (const path of [directory, copied]) rmSync(path, { recursive: true, force: true });
    });

    test('bytes that the store changed or lost are told and never served, and another store is not taken for ours', async () => {
      const directory = temporary();
      const place = openBlobs(addressOf('faithless'));
      let store = await openShelf(directory, { remote: place });
      await createBucket(store, owner, { name: 'shelf', location: 'local', labels: {} });
      await put(store, 'shelf', 'changed', bytesOf(1, 5000));
      const changed = (await keysOf(place)).find((key) => key.endsWith('.0')) ?? '';
      await put(store, 'shelf', 'lost', bytesOf(2, 5000));
      const lost = (await keysOf(place)).find((key) => key.endsWith('.0') && key !== changed) ?? '';
      const foreigner = foreign.client();
      const { Body } = await foreigner.send(new GetObjectCommand({ Bucket: 'elsewhere', Key: `faithless/${changed}` }));
      const bytes = Buffer.from((await Body?.transformToByteArray()) ?? []);
      bytes[2000]! ^= 1;
      await foreigner.send(new PutObjectCommand({ Bucket: 'elsewhere', Key: `faithless/${changed}`, Body: bytes }));
      await place.remove(lost);
      for (const key of ['changed', 'lost']) await assert.rejects(get(store, 'shelf', key), { code: 'ObjectDamaged' }, key);
      await closeStore(store);
      const other = openBlobs(addressOf('another'));
      store = await openShelf(directory, { remote: other });
      await assert.rejects(put(store, 'shelf', 'new', bytesOf(3, 5000)), { code: 'Unavailable' });
      assert.deepEqual(await keysOf(other), []);
      await closeStore(store);
      store = await openShelf(directory);
      await assert.rejects(get(store, 'shelf', 'changed'), { code: 'Unavailable' });
      await put(store, 'shelf', 'new', bytesOf(3, 5000));
      await closeStore(store);
      for (const blobs of [place, other]) blobs.close();
      rmSync(directory, { recursive: true, force: true });
    });

    test('killed at any step, every acknowledged object is in the store and nothing else is', async () => {
      const directory = temporary();
      const place = openBlobs(addressOf('killed'));
      const fates = new Map<string, Fate>();
      let sequence = 0;
      for (const step of ['pieces-stored', 'index-committed'] as const) {
        sequence = await runAndKill(directory, fates, sequence, { step, times: 9 }, { remote: addressOf('killed') });
        const store = await openShelf(directory, { remote: place });
        await checkFates(store, directory, fates);
        await store.blobs.remote?.removal.sweep();
        assert.deepEqual(await namesIn(place), piecesOf(store));
        await closeStore(store);
      }
      place.close();
      rmSync(directory, { recursive: true, force: true });
    });
  });

  test('a store that takes connections and says nothing is given up in time, at once for the next, and tried again later', async () => {
    const held: Socket[] = [];
    let speaks = false;
    // Asked for anything, it is silent; later it says that it has done it.
    const server = createServer((socket) => {
      if (speaks) socket.on('data', () => void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'));
      else held.push(socket.resume());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const remote = openBlobs(`s3://a:b@bucket?endpoint=${encodeURIComponent(`http://127.0.0.1:${port}`)}`, { silenceMs: 300 });
    const directory = temporary();
    const store = await openShelf(directory, { remote });
    await createBucket(store, owner, { name: 'shelf', location: 'local', labels: {} });
    const write = (key: string) => put(store, 'shelf', key, bytesOf(1, 5000));
    // More than are asked at once: those that wait are not held one after the other.
    const many = await Promise.allSettled(Array.from({ length: 40 }, (_, at) => write(`k${at}`)));
    for (const one of many) {
      const reason = one.status === 'rejected' ? (one.reason as OperationError) : undefined;
      assert.deepEqual([reason?.code, reason?.status, reason?.retryAfterMs], ['StoreSilent', 503, 10_000]);
      assert.deepEqual([wordError(reason, 'local')?.status, wordError(reason, 'local')?.code], [503, 'SlowDown']);
    }
    const connections = held.length;
    assert.ok(connections <= 16, `${connections}`);
    await assert.rejects(write('next'), { code: 'StoreSilent' });
    await put(store, 'shelf', 'tiny', bytesOf(2, 500));
    assert.equal((await get(store, 'shelf', 'tiny'))?.length, 500);
    speaks = true;
    await until('it is asked again', () =>
      write('late').then(
        () => true,
        () => false,
      ),
    );
    await closeStore(store);
    remote.close();
    for (const socket of held) socket.destroy();
    server.close();
    rmSync(directory, { recursive: true, force: true });
  });
});
