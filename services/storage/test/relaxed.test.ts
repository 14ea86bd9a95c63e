import { syncsSoFar } from './fixtures/sync-watch.ts';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { OperationError } from '#kernel/contract/fault.ts';
import { changeBucket, createBucket } from '../store/bucket.ts';
import { copyObject } from '../store/copy.ts';
import { readLayout } from '../store/object.ts';
import { closeStore, type Store } from '../store/store.ts';
import { readObject } from '../store/version.ts';
import {
  bytesOf,
  filesOf,
  get,
  never,
  openShelf,
  owner,
  put,
  settled,
  shelfOf,
  temporary,
  whoIs,
  withShelf,
  writtenBy,
} from './fixtures/shelf.ts';

/** A bucket that is synced, and one that is relaxed. */
async function makeBuckets(store: Store): Promise<void> {
  for (const name of ['shelf', 'quick']) await createBucket(store, owner, { name, location: 'local', labels: {} });
  await changeBucket(store, shelfOf(store, 'quick'), () => ({ relaxed: true }));
}

const sizes = [100, 4096, 60_000];

/** The syncs that so many writes one after the other bring, and those that could be the clock's, which syncs once in a second. */
async function syncsOf(store: Store, bucket: string): Promise<{ asked: number; byClock: number }> {
  const [began, before] = [performance.now(), syncsSoFar()];
  for (let at = 0; at < 60; at++) await put(store, bucket, `k${at}`, bytesOf(at, sizes[at % sizes.length]!));
  const rounds = Math.floor((performance.now() - began) / 1000) + 1;
  // Three copies of the extent, three of the log of the index.
  return { asked: syncsSoFar() - before, byClock: rounds * 6 };
}

test('writes of a relaxed bucket wait for no sync, those of others for theirs, and all are on disk before long', async () => {
  await withShelf(async (store) => {
    await makeBuckets(store);
    // What the first writes bring along: an extent, and the mark of what is not synced.
    for (const bucket of ['shelf', 'quick']) await put(store, bucket, 'first', bytesOf(1, 4096));
    await store.unsynced.sync();
    const relaxed = await syncsOf(store, 'quick');
    assert.ok(relaxed.asked <= relaxed.byClock, JSON.stringify(relaxed));
    await store.catalog.lag.whenSynced();
    assert.equal(store.catalog.lag.since, undefined);
    const synced = await syncsOf(store, 'shelf');
    assert.ok(synced.asked >= 60 * 3 + 40 * 3, JSON.stringify(synced));
    // What is not on disk is in no audit record yet, and afterwards all is.
    await put(store, 'quick', 'told', bytesOf(2, 100));
    await store.unsynced.sync();
    assert.equal(store.catalog.logged, BigInt([...store.catalog.table.effect.getKeys()].length));
    assert.equal(store.catalog.logged, 123n);
  });
});

test('bytes that a crash may bring back are kept until it cannot', async () => {
  await withShelf(async (store, directory) => {
    await makeBuckets(store);
    let seen = false;
    for (let tries = 0; tries < 50 && !seen; tries++) {
      const old = (await put(store, 'quick', 'k', bytesOf(tries, 1_100_000))).object.segment!;
      await store.unsynced.sync();
      await put(store, 'quick', 'k', bytesOf(tries + 1, 1_100_000));
      const since = store.catalog.lag.since;
      const files = filesOf(directory);
      // The clock may have synced in between.
      seen = since !== undefined && store.catalog.lag.since === since;
      if (seen) assert.ok('blob' in old && files.includes(old.blob));
      await settled(store);
      assert.ok('blob' in old && !filesOf(directory).includes(old.blob));
    }
    assert.ok(seen);
  });
});

test('a bucket that is synced shares no bytes that are not', async () => {
  await withShelf(async (store) => {
    await makeBuckets(store);
    for (const size of [60_000, 1_100_000]) {
      const bytes = bytesOf(size, size);
      await put(store, 'quick', 'source', bytes);
      const before = syncsSoFar();
      const source = { store, bucket: shelfOf(store, 'quick'), key: 'source', conditions: {} };
      const made = { key: `copy-${size}`, source, conditions: {}, who: whoIs('CopyObject'), maxBytes: size, signal: never };
      const { object } = await copyObject(store, shelfOf(store, 'shelf'), { ...made, seal: undefined, traits: {} });
      assert.ok(syncsSoFar() > before);
      assert.equal(store.catalog.lag.since, undefined);
      assert.deepEqual(readLayout(store.catalog, object), readLayout(store.catalog, readObject(store.catalog, source.bucket, 'source')!));
      assert.ok((await get(store, 'shelf', made.key))!.equals(bytes));
    }
  });
});

const writer = fileURLToPath(new URL('./fixtures/relaxed.main.ts', import.meta.url));

type Change = { readonly sequence: number; readonly size: number };
type Story = {
  /** Of each key the last change that was acknowledged, and all that were begun. */
  readonly done: Map<string, Change>;
  readonly begun: Map<string, Change[]>;
  /** Of each file how much of it is on disk. */
  readonly synced: Map<string, number>;
  /** What a machine that stopped took along: it stays so until it is written again. */
  readonly lost: Set<string>;
  last: number;
};

/** Runs the writer until so many changes were acknowledged, and kills it. */
async function tellAndKill(directory: string, story: Story, changes: number): Promise<void> {
  const child = spawn(process.execPath, [writer, directory, String(story.last)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  let left = changes;
  lines.on('line', (line) => {
    const [verb = '', name = '', number, bytes] = line.split(' ');
    if (verb === 'synced') {
      story.synced.set(name, Math.max(story.synced.get(name) ?? 0, Number(number)));
      return;
    }
    const change = { sequence: Number(number), size: Number(bytes) };
    story.last = Math.max(story.last, change.sequence);
    if (verb === 'try') story.begun.set(name, [...(story.begun.get(name) ?? []), change]);
    else story.done.set(name, change);
    if (verb === 'done' && --left === 0) child.kill('SIGKILL');
  });
  const [[, signal]] = await Promise.all([once(child, 'exit'), once(lines, 'close')]);
  assert.equal(signal, 'SIGKILL');
}

/** What a machine that stops leaves: of each file of the drives what was synced, and an index of pages of which some are lost. */
function loseUnsynced(directory: string, { synced }: Story): void {
  const drives = join(directory, 'drive');
  for (const entry of readdirSync(drives, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || !/\/(?:index\/\w+\.log|extent\/\w+|shard\/\w+\/.*)$/.test(path)) continue;
    const kept = synced.get(path) ?? 0;
    if (kept < statSync(path).size) truncateSync(path, kept);
  }
  const pages = readFileSync(join(directory, 'index', 'data.mdb'));
  for (let at = 3 * 4096; at < pages.length; at += 2 * 4096) pages.fill(0, at, at + 4096);
  writeFileSync(join(directory, 'index', 'data.mdb'), pages);
  writeFileSync(join(directory, 'index-unsynced'), 'another life');
}

/** The bytes at a key of `bucket/key`; a fault where they cannot be read. */
async function readBack(store: Store, name: string): Promise<Buffer | undefined | OperationError> {
  const [bucket = '', ...key] = name.split('/');
  return get(store, bucket, key.join('/')).catch((error: unknown) => {
    if (!(error instanceof OperationError)) throw error;
    return error;
  });
}

const isOf = (found: Buffer | undefined, { sequence, size }: Change): boolean =>
  found === undefined ? size < 0 : size === found.length && found.equals(writtenBy(sequence, size));

test('a process that is killed loses nothing that was acknowledged; a machine that stops, only what relaxed buckets wrote last', async () => {
  const directory = temporary();
  const story: Story = { done: new Map(), begun: new Map(), synced: new Map(), lost: new Set(), last: 0 };
  try {
    for (const stops of [false, true, false, true]) {
      await tellAndKill(directory, story, 60);
      assert.ok(existsSync(join(directory, 'index-unsynced')));
      if (stops) loseUnsynced(directory, story);
      const store = await openShelf(directory, { extentBytes: 500_000 });
      for (const [name, begun] of story.begun) {
        const found = await readBack(store, name);
        const done = story.done.get(name) ?? { sequence: 0, size: -1 };
        const mayBe = begun.filter(({ sequence }) => sequence >= done.sequence);
        const isLossy = stops && name.startsWith('quick/');
        const isLost = story.lost.has(name) && !story.done.has(name);
        if (found instanceof OperationError) assert.ok(isLossy || isLost, `${name}: ${found.code}`);
        else
          assert.ok(
            [done, ...(isLossy ? [{ sequence: 0, size: -1 }, ...begun] : mayBe)].some((change) => isOf(found, change)),
            `${name} holds ${found?.length} bytes, ${JSON.stringify({ stops, done, begun: begun.slice(-3) })}`,
          );
        // What was found is what the key holds from now on.
        if (found instanceof OperationError) story.lost.add(name);
        else story.lost.delete(name);
        const now = found instanceof OperationError ? undefined : begun.findLast((change) => isOf(found, change));
        story.done.delete(name);
        if (now) story.done.set(name, now);
        story.begun.set(name, now ? [now] : []);
      }
      await closeStore(store);
      assert.ok(!existsSync(join(directory, 'index-unsynced')));
      // Whatever lies there now was synced before the next start.
      story.synced.clear();
      for (const entry of readdirSync(join(directory, 'drive'), { recursive: true, withFileTypes: true }))
        if (entry.isFile()) story.synced.set(join(entry.parentPath, entry.name), statSync(join(entry.parentPath, entry.name)).size);
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
