import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Step } from '../store/step.ts';
import { closeStore, type Store } from '../store/store.ts';
import { deleteBucket } from '../store/bucket.ts';
import { listObjects, listUploads } from '../store/list.ts';
import { deleteObjects } from '../store/removal.ts';
import { abortUpload } from '../store/upload.ts';
import { bucketPlace } from '../store/key.ts';
import { appendedUpTo } from './fixtures/appended.ts';
import { checkFates, type Fate, runAndKill } from './fixtures/fate.ts';
import { blobsOf, filesOf, get, openShelf, owner, settled, shelfFor, shelfOf, shelves, temporary, whoIs } from './fixtures/shelf.ts';

/** Empties a bucket and deletes it. */
async function removeShelf(store: Store, name: string, fates: Map<string, Fate>): Promise<void> {
  const { catalog } = store;
  const query = { prefix: '', delimiter: '', after: '', afterPrefix: '', limit: 1000 };
  const uploads = listUploads(catalog, shelfOf(store, name), query, undefined).items;
  for (const place of uploads) await abortUpload(store, shelfOf(store, name), place, whoIs('AbortMultipartUpload'));
  const removals = listObjects(catalog, shelfOf(store, name), query).items.map(({ key }) => ({ key }));
  await deleteObjects(store, shelfOf(store, name), removals, whoIs('DeleteObjects'));
  await deleteBucket(store, owner, name);
  for (const key of [...fates.keys()]) if (shelfFor(key) === name) fates.delete(key);
}

test('killed at any moment, the store keeps every acknowledged change, shows no half one and leaves no file behind', async () => {
  const directory = temporary();
  const fates = new Map<string, Fate>();
  try {
    let sequence = 0;
    // A slow disk does less before a kill by the clock: eight kills at least, and as many more as it takes to try enough.
    for (let round = 0; round < 8 || (sequence <= 80 && round < 64); round++) {
      // From the fifth on with two partitions: a bucket that is made anew comes into the second, the other stays in the first.
      const partitions = round < 4 ? 1 : 2;
      sequence = await runAndKill(directory, fates, sequence, { afterMs: 20 + Math.random() * 400 }, { partitions });
      const store = await openShelf(directory, { partitions });
      await checkFates(store, directory, fates);
      if (round === 3) await removeShelf(store, 'shelf', fates);
      assert.deepEqual(shelves.map((name) => store.partitions.of(name).partition), partitions === 1 ? [0, 0] : [1, 0]);
      await closeStore(store);
    }
    assert.ok(sequence > 80, `only ${sequence} changes were tried`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

const steps = [
  'packed-written',
  'packed-synced',
  'extent-begun',
  'shards-intended',
  'shards-written',
  'shards-synced',
  'seal-written',
  'seal-committed',
  'move-appended',
  'move-committed',
  'extent-dropped',
  'repair-written',
  'upload-joined',
  'index-committed',
] as const satisfies Step[];

test('killed at each labelled step, the store keeps every acknowledged change and shows no half one', async () => {
  const directory = temporary();
  const fates = new Map<string, Fate>();
  try {
    let sequence = 0;
    for (const step of steps) {
      sequence = await runAndKill(directory, fates, sequence, { step, times: 2 });
      const store = await openShelf(directory, { extentBytes: 500_000 });
      await checkFates(store, directory, fates);
      await closeStore(store);
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

const appender = fileURLToPath(new URL('./fixtures/appender.main.ts', import.meta.url));

/** Appends in a process of its own until that kills itself at a step; resolves with the sizes acknowledged and begun last. */
async function appendAndKill(directory: string, step: Step, times: number): Promise<{ done: number; tried: number }> {
  const child = spawn(process.execPath, [appender, directory, step, String(times)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const last = { done: 0, tried: 0 };
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    const [verb, size] = line.split(' ');
    last[verb === 'done' ? 'done' : 'tried'] = Number(size);
  });
  const [[, signal]] = await Promise.all([once(child, 'exit'), once(lines, 'close')]);
  assert.equal(signal, 'SIGKILL');
  return last;
}

test('killed at each step of an append, the object is whole as it was or whole as it is to be', async () => {
  const directory = temporary();
  try {
    let size = 0;
    for (const step of ['packed-synced', 'object-appended', 'index-committed', 'runs-gathered', 'shards-synced'] as const) {
      const { done, tried } = await appendAndKill(directory, step, step === 'shards-synced' ? 1 : 2);
      const store = await openShelf(directory, { extentBytes: 500_000 });
      const found = (await get(store, 'shelf', 'grown'))!;
      assert.ok([Math.max(done, size), tried].includes(found.length), `${step}: ${found.length}, done ${done}, tried ${tried}`);
      assert.ok(found.equals(appendedUpTo(found.length)), step);
      size = found.length;
      await settled(store);
      assert.deepEqual(filesOf(directory), blobsOf(store), step);
      assert.deepEqual(store.catalog.tally(bucketPlace(shelfOf(store, 'shelf').id)), { objects: 1, bytes: size });
      await closeStore(store);
    }
    assert.ok(size > 50_000, `only ${size} bytes were appended`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
