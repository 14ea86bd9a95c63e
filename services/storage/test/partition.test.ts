import assert from 'node:assert/strict';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import * as s3 from '@aws-sdk/client-s3';
import { DriveKeeper } from '../jobs/drive-keeper.ts';
import { changeBucket, createBucket, deleteBucket, listBuckets } from '../store/bucket.ts';
import { copyObject, copyPart } from '../store/copy.ts';
import { BucketHistory } from '../store/history.ts';
import { deleteObjects } from '../store/removal.ts';
import { scrub } from '../store/scrub.ts';
import { closeStore, type Store } from '../store/store.ts';
import { completeUpload, createUpload } from '../store/upload.ts';
import { readVersion } from '../store/version.ts';
import { eventually } from './fixtures/eventually.ts';
import { checkFates, type Fate, runAndKill } from './fixtures/fate.ts';
import { type House, openHouse } from './fixtures/house.ts';
import { blobsOf, bytesOf, filesOf, get, never, openShelf, owner, put, settled, shelfOf, temporary, whoIs } from './fixtures/shelf.ts';

const partitions = 3;
const names = ['attic', 'bench', 'box', 'cellar', 'crate', 'depot', 'logs', 'rack', 'shelf'];
const sizes = [0, 700, 1500, 60_000, 1_100_000];
const large = 7_000_000;
/** Two in each partition. */
const filled = ['bench', 'rack', 'box', 'crate', 'attic', 'shelf'];

const make = (store: Store, name: string) => createBucket(store, owner, { name, location: 'local', labels: {} });
const placeOf = (store: Store, name: string) => store.partitions.of(name).partition;

async function withDirectory(run: (directory: string) => Promise<void>): Promise<void> {
  const directory = temporary();
  try {
    await run(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Opens a store, runs, and closes it whatever happens. */
async function opened(directory: string, count: number, run: (store: Store) => Promise<void>): Promise<void> {
  const store = await openShelf(directory, { partitions: count, extentBytes: 500_000 });
  try {
    await run(store);
  } finally {
    await closeStore(store);
  }
}

async function fill(store: Store): Promise<void> {
  for (const name of filled) await make(store, name);
  for (const name of filled) await Promise.all(sizes.map((size, at) => put(store, name, `k${at}`, bytesOf(name.length + at, size))));
}

async function assertFilled(store: Store): Promise<void> {
  for (const name of filled)
    for (const [at, size] of sizes.entries())
      assert.ok((await get(store, name, `k${at}`))?.equals(bytesOf(name.length + at, size)), `${name}/k${at}`);
}

test('a data directory of one partition goes on with several: buckets stay where they are, and new ones are spread', async () => {
  await withDirectory(async (directory) => {
    await opened(directory, 1, async (store) => {
      for (const name of ['attic', 'shelf']) await put(store, (await make(store, name)).name, 'old', bytesOf(1, 60_000));
    });
    await opened(directory, partitions, async (store) => {
      assert.deepEqual([placeOf(store, 'attic'), placeOf(store, 'shelf'), store.partitions.home('shelf').partition], [0, 0, 2]);
      await assert.rejects(make(store, 'shelf'), { code: 'BucketAlreadyOwnedByYou' });
      const made = await Promise.all(names.filter((name) => !store.partitions.find(name)).map((name) => make(store, name)));
      assert.deepEqual(new Set(made.map(({ name }) => placeOf(store, name))), new Set([0, 1]));
      assert.equal(new Set(made.map(({ id }) => id)).size, made.length);
      // A bucket that is deleted and made anew is in the partition of its name.
      await deleteObjects(store, shelfOf(store, 'shelf'), [{ key: 'old' }], whoIs('DeleteObject'));
      await deleteBucket(store.partitions.of('shelf'), owner, 'shelf');
      assert.equal(store.partitions.find('shelf'), undefined);
      await make(store, 'shelf');
      await put(store, 'shelf', 'new', bytesOf(2, 60_000));
      assert.equal(placeOf(store, 'shelf'), 2);
    });
    // There are never fewer than there were.
    await opened(directory, 1, async (store) => {
      assert.equal(store.partitions.all.length, partitions);
      assert.ok((await get(store, 'attic', 'old'))?.equals(bytesOf(1, 60_000)));
      assert.ok((await get(store, 'shelf', 'new'))?.equals(bytesOf(2, 60_000)));
      await settled(store);
      assert.deepEqual(filesOf(directory), blobsOf(store));
    });
  });
});

test('the buckets of all partitions are listed in order, and a watch from the version of a list is told every change behind it', async () => {
  await withDirectory((directory) =>
    opened(directory, partitions, async (store) => {
      const history = new BucketHistory(store.partitions);
      const made = await Promise.all(names.map((name) => make(store, name)));
      assert.equal(new Set(made.map(({ version }) => version)).size, names.length);
      const paged: string[] = [];
      for (let after: string | undefined, more = true; more; ) {
        const { items, next } = listBuckets(store, owner, { limit: 2, ...(after === undefined ? {} : { after }) });
        paged.push(...items.map(({ name }) => name));
        after = next;
        more = next !== undefined;
      }
      assert.deepEqual(paged, names);
      const { version } = listBuckets(store, owner, { limit: 1 });
      const stop = new AbortController();
      const watched: string[] = [];
      const watching = (async () => {
        for await (const change of history.watch(owner, version, stop.signal))
          if (change.type === 'put') watched.push(`${change.resource.name} ${change.version}`);
      })();
      await Promise.all(
        names.map(async (name) => {
          const change = changeBucket(store.partitions.of(name), shelfOf(store, name), () => ({ versioning: 'Enabled' }));
          history.put(await change);
        }),
      );
      for (let tries = 0; tries < 100 && watched.length < names.length; tries++) await setTimeout(10);
      stop.abort();
      await watching;
      assert.deepEqual(watched, names.map((name) => `${name} ${shelfOf(store, name).version}`).toSorted(byNumber));
      assert.equal(BigInt(listBuckets(store, owner, { limit: 1 }).version), BigInt(version) + BigInt(names.length));
    }),
  );
});

const byNumber = (a: string, b: string) => Number(a.split(' ')[1]) - Number(b.split(' ')[1]);

test('a copy into a bucket of another partition has bytes of its own; the source may go', async () => {
  await withDirectory((directory) =>
    opened(directory, partitions, async (store) => {
      for (const name of ['crate', 'shelf']) await make(store, name);
      const [to, from] = [store.partitions.of('crate'), store.partitions.of('shelf')];
      assert.notEqual(to, from);
      const uploadId = await createUpload(to, shelfOf(store, 'crate'), {
        key: 'joined',
        headers: {},
        traits: {},
        who: whoIs('CreateMultipartUpload'),
      });
      const parts: { partNumber: number; etag: string }[] = [];
      const all = [...sizes, large];
      for (const [at, size] of all.entries()) {
        const { object: was } = await put(store, 'shelf', `k${at}`, bytesOf(at, size));
        const source = { store: from, bucket: shelfOf(store, 'shelf'), key: `k${at}`, conditions: {} };
        const plain = { source, maxBytes: 1e9, signal: never };
        const made = { ...plain, key: `k${at}`, seal: undefined, traits: {}, conditions: {}, who: whoIs('CopyObject') };
        const { object } = await copyObject(to, shelfOf(store, 'crate'), made);
        assert.deepEqual([object.etag, object.size], [was.etag, size]);
        if (size !== large) continue;
        for (const partNumber of [1, 2]) {
          const who = whoIs('UploadPartCopy');
          const { part } = await copyPart(to, shelfOf(store, 'crate'), { ...plain, key: 'joined', uploadId, partNumber, who });
          parts.push({ partNumber, etag: part.etag });
        }
      }
      await completeUpload(to, shelfOf(store, 'crate'), { key: 'joined', uploadId, parts, conditions: {}, who: whoIs('Complete') });
      const removals = all.map((_, at) => ({ key: `k${at}` }));
      await deleteObjects(from, shelfOf(store, 'shelf'), removals, whoIs('DeleteObjects'));
      await settled(store);
      await deleteBucket(from, owner, 'shelf');
      for (const [at, size] of all.entries()) assert.ok((await get(store, 'crate', `k${at}`))?.equals(bytesOf(at, size)), `${size}`);
      const whole = bytesOf(5, large);
      assert.ok((await get(store, 'crate', 'joined'))?.equals(Buffer.concat([whole, whole])));
      assert.deepEqual(filesOf(directory), blobsOf(store));
    }),
  );
});

test('each partition is made again from its own log, and a lost drive is made again for all of them', async () => {
  await withDirectory(async (directory) => {
    await opened(directory, partitions, async (store) => {
      await fill(store);
      for (const { blobs } of store.partitions.all) await blobs.packs.appender.rotate();
      await settled(store);
    });
    for (const lost of ['index-1', 'index']) {
      rmSync(join(directory, lost), { recursive: true });
      await opened(directory, 1, async (store) => {
        await assertFilled(store);
        await settled(store);
        assert.deepEqual(filesOf(directory), blobsOf(store));
      });
      assert.ok(existsSync(join(directory, lost, 'data.mdb')));
    }
    await opened(directory, 1, async (store) => {
      const before = readdirSync(join(directory, 'drive', '03', 'shard'), { recursive: true }).length;
      rmSync(join(directory, 'drive', '03'), { recursive: true });
      const keeper = new DriveKeeper(store, directory, { graceMs: 0, checkMs: 20 });
      const { drives } = store.blobs;
      // Gone, made again, and whole.
      for (let tries = 0; tries < 500 && drives.drives[3]!.isIn; tries++) await setTimeout(20);
      for (let tries = 0; tries < 1500 && !(drives.inUse(3) && drives.lost.size === 0); tries++) await setTimeout(20);
      await keeper.stop();
      assert.deepEqual([...drives.lost], []);
      await settled(store);
      assert.equal(readdirSync(join(directory, 'drive', '03', 'shard'), { recursive: true }).length, before);
      for (const { blobs } of store.partitions.all) {
        const { damagedShards, damagedCopies, runs } = await scrub(blobs, async () => {});
        assert.deepEqual([damagedShards, damagedCopies, runs > 0], [0, 0, true]);
      }
      await assertFilled(store);
    });
  });
});

test('killed at steps of which each partition has its own, both hold what was acknowledged, and nothing else', async () => {
  await withDirectory(async (directory) => {
    const fates = new Map<string, Fate>();
    let sequence = 0;
    for (const step of ['extent-begun', 'move-committed', 'index-committed'] as const) {
      sequence = await runAndKill(directory, fates, sequence, { step, times: 3 }, { partitions: 2 });
      await opened(directory, 2, async (store) => {
        assert.deepEqual([placeOf(store, 'shelf'), placeOf(store, 'rack')], [1, 0]);
        await checkFates(store, directory, fates);
      });
    }
  });
});

test('versions of a bucket are kept apart from those of a bucket in another partition', async () => {
  await withDirectory((directory) =>
    opened(directory, 2, async (store) => {
      for (const name of ['rack', 'shelf']) {
        await make(store, name);
        await changeBucket(store.partitions.of(name), shelfOf(store, name), () => ({ versioning: 'Enabled' }));
      }
      const kept = async (name: string) => (await put(store, name, 'same', Buffer.from(name))).object.versionId!;
      const [rack, shelf] = [await kept('rack'), await kept('shelf')];
      const found = (name: string, id: string) => readVersion(store.partitions.of(name).catalog, shelfOf(store, name), 'same', id)?.versionId;
      assert.deepEqual([found('rack', rack), found('shelf', shelf)], [rack, shelf]);
      assert.deepEqual([found('rack', shelf), found('shelf', rack)], [undefined, undefined]);
    }),
  );
});

let house: House;
before(async () => {
  process.env.GAMUT_STORAGE_PARTITIONS = String(partitions);
  try {
    house = await openHouse();
  } finally {
    delete process.env.GAMUT_STORAGE_PARTITIONS;
  }
});
after(() => house?.stop());

test('through the door nobody sees partitions: buckets, objects, copies, what is told, what is recorded, what is kept', async () => {
  const client = house.client();
  const TopicArn = 'arn:aws:sns:us-east-1::gamut.events';
  for (const Bucket of names) {
    await client.send(new s3.CreateBucketCommand({ Bucket }));
    const NotificationConfiguration = { TopicConfigurations: [{ TopicArn, Events: ['s3:ObjectCreated:*' as s3.Event] }] };
    await client.send(new s3.PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }));
  }
  assert.deepEqual(
    (await client.send(new s3.ListBucketsCommand())).Buckets?.map(({ Name }) => Name),
    names,
  );
  for (const Bucket of names) {
    for (const Key of ['a', 'b']) await client.send(new s3.PutObjectCommand({ Bucket, Key, Body: `${Bucket} ${Key}` }));
    await client.send(new s3.CopyObjectCommand({ Bucket, Key: 'copy', CopySource: 'attic/a' }));
  }
  for (const Bucket of names) {
    const { Contents } = await client.send(new s3.ListObjectsV2Command({ Bucket }));
    assert.deepEqual(
      Contents?.map(({ Key }) => Key),
      ['a', 'b', 'copy'],
    );
    const { Body } = await client.send(new s3.GetObjectCommand({ Bucket, Key: 'copy' }));
    assert.equal(await Body!.transformToString(), 'attic a');
  }
  // Each of the three logs of effects counts from one: all of their records are there, and each message once.
  const writes = await eventually(async () => {
    const { items = [] } = (await house.call('GET', '/v1/platform/audit?service=storage&limit=1000')).body;
    const found = items.filter(({ operation }) => operation === 'PutObject' || operation === 'CopyObject');
    return found.length >= 3 * names.length ? found : undefined;
  });
  assert.equal(writes.length, 3 * names.length);
  type Told = { id: string; type: string; data: { Records: { s3: { bucket: { name: string }; object: { key: string } } }[] } };
  const told = await eventually(async () => {
    const items = ((await house.call('GET', '/v1/platform/events?limit=500')).body.items ?? []) as unknown as Told[];
    const found = items.filter(({ type }) => type === 'storage.ObjectNotification');
    return found.length >= 3 * names.length ? found : undefined;
  });
  assert.deepEqual(
    told.map(({ data }) => `${data.Records[0]!.s3.bucket.name}/${data.Records[0]!.s3.object.key}`).toSorted(),
    names.flatMap((name) => [`${name}/a`, `${name}/b`, `${name}/copy`]).toSorted(),
  );
  const { body } = await house.call('GET', '/v1/storage/buckets/-/describe-drives');
  assert.equal((body.index as { partitions: number } | undefined)?.partitions, partitions);
  await client.send(new s3.DeleteObjectsCommand({ Bucket: 'box', Delete: { Objects: ['a', 'b', 'copy'].map((Key) => ({ Key })) } }));
  await client.send(new s3.DeleteBucketCommand({ Bucket: 'box' }));
  await assert.rejects(client.send(new s3.HeadBucketCommand({ Bucket: 'box' })), { name: 'NotFound' });
  // What the environment keeps is the sum over all partitions.
  const kept = (names.length - 1) * 'attic a'.length + names.filter((name) => name !== 'box').reduce((sum, name) => sum + 2 * name.length + 4, 0);
  const stored = await eventually(async () => {
    const { items = [] } = (await house.call('GET', '/v1/platform/usage?service=storage')).body;
    const last = items.filter(({ meter }) => meter === 'stored').at(-1);
    return Number(last?.value) === kept ? last : undefined;
  });
  assert.equal(Number(stored.value), kept);
});
