import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBucket } from '../store/bucket.ts';
import { unpackExtent } from '../store/extent.ts';
import { putObject } from '../store/object.ts';
import { deleteObjects } from '../store/removal.ts';
import type { Store } from '../store/store.ts';
import { blobsOf, bytesOf, filesOf, get, owner, put, settled, shelfOf, take, whoIs, withShelf } from './fixtures/shelf.ts';

const shelf = { name: 'shelf', location: 'local', labels: {} };
const size = 20_000;

const remove = (store: Store, keys: readonly string[]) =>
  deleteObjects(
    store,
    shelfOf(store, 'shelf'),
    keys.map((key) => ({ key })),
    whoIs('DeleteObjects'),
  );

async function fill(store: Store, count: number): Promise<string[]> {
  await createBucket(store, owner, shelf);
  const keys = Array.from({ length: count }, (_, at) => `k${at}`);
  await Promise.all(keys.map((key, at) => put(store, 'shelf', key, bytesOf(at, size))));
  return keys;
}

test('an object that is deleted in the commit that seals its extent does not unwrite the seal', async () => {
  await withShelf(async (store, directory) => {
    const keys = await fill(store, 20);
    const { catalog } = store;
    const commit = catalog.commit.bind(catalog);
    // With each change of upkeep goes a deletion: with the end of the extent, with its shards' intention, and with the seal.
    let left = 3;
    let isOurs = false;
    catalog.commit = (change) => {
      const done = commit(change);
      if (isOurs || left === 0) return done;
      left -= 1;
      isOurs = true;
      void remove(store, keys.splice(0, 1));
      isOurs = false;
      return done;
    };
    await store.blobs.packs.appender.rotate();
    await settled(store);
    const rows = [...catalog.table.extent.getRange()].map(({ value }) => unpackExtent(value));
    assert.equal(rows.length, 1);
    assert.equal(rows[0]?.state, 'sealed');
    assert.deepEqual(rows[0]?.coded?.id, store.blobs.packs.extents.get(rows[0]?.id ?? 0)?.coded?.id);
    assert.deepEqual(filesOf(directory), blobsOf(store));
    assert.ok(keys.length === 17);
    for (const key of keys) assert.equal((await get(store, 'shelf', key))?.length, size);
  });
});

test('bytes that wait for their commit are kept, though their extent is mostly dead by then', async () => {
  await withShelf(async (store, directory) => {
    const keys = await fill(store, 10);
    const bytes = bytesOf(99, size);
    const received = await take(store, bytes);
    await remove(store, keys.slice(1));
    await store.blobs.packs.appender.rotate();
    await settled(store);
    await putObject(store, shelfOf(store, 'shelf'), received, {
      key: 'late',
      headers: {},
      traits: {},
      conditions: {},
      who: whoIs('PutObject'),
    });
    await settled(store);
    assert.ok((await get(store, 'shelf', 'late'))?.equals(bytes));
    assert.equal((await get(store, 'shelf', 'k0'))?.length, size);
    // Once it was known what is alive in it, the extent was emptied.
    assert.ok(![...store.blobs.packs.extents.values()].some(({ dead }) => dead > 0));
    assert.deepEqual(filesOf(directory), blobsOf(store));
  });
});
