import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ownBucket } from '../store/bucket.ts';
import { bucketPlace } from '../store/key.ts';
import { listObjects } from '../store/list.ts';
import type { Step } from '../store/step.ts';
import { closeStore, type Store } from '../store/store.ts';
import { blobsOf, bytesOf, filesOf, get, openShelf, owner, settled, temporary } from './fixtures/shelf.ts';

const writer = fileURLToPath(new URL('./fixtures/writer.main.ts', import.meta.url));

/** What a key may hold: the last change that was acknowledged, or one that was begun after it. */
type Fate = { done: Change | undefined; open: Change[] };
type Change = { sequence: number; size: number };

type Kill = { readonly afterMs: number } | { readonly step: Step; readonly times: number };

async function runAndKill(directory: string, fates: Map<string, Fate>, from: number, kill: Kill): Promise<number> {
  const self = 'step' in kill ? [kill.step, String(kill.times)] : [];
  const child: ChildProcess = spawn(process.execPath, [writer, directory, String(from), ...self], { stdio: ['ignore', 'pipe', 'inherit'] });
  let last = from;
  const lines = createInterface({ input: child.stdout! });
  lines.on('line', (line) => {
    const [verb, key = '', number, bytes] = line.split(' ');
    const change = { sequence: Number(number), size: Number(bytes) };
    last = Math.max(last, change.sequence);
    const fate = fates.get(key) ?? { done: undefined, open: [] };
    fates.set(key, fate);
    if (verb === 'try') fate.open.push(change);
    else {
      fate.done = change;
      fate.open = fate.open.filter(({ sequence }) => sequence > change.sequence);
    }
  });
  const ended = Promise.all([once(child, 'exit'), once(lines, 'close')]);
  if ('afterMs' in kill) {
    await once(lines, 'line');
    await new Promise((resolve) => setTimeout(resolve, kill.afterMs));
    child.kill('SIGKILL');
  }
  const [[, signal]] = await ended;
  assert.equal(signal, 'SIGKILL');
  return last;
}

async function check(store: Store, directory: string, fates: Map<string, Fate>): Promise<void> {
  for (const [key, fate] of fates) {
    const found = await get(store, 'shelf', key);
    const possible = [fate.done ?? { sequence: 0, size: -1 }, ...fate.open];
    const fits = possible.find(({ sequence, size }) =>
      found === undefined ? size < 0 : size === found.length && found.equals(bytesOf(sequence, size)),
    );
    assert.ok(fits, `${key} holds ${found?.length} bytes; possible: ${JSON.stringify(possible)}`);
    // What was found is what the key holds from now on.
    fates.set(key, { done: fits, open: [] });
  }
  await settled(store);
  assert.deepEqual(filesOf(directory), blobsOf(store));
  // The index and its log were found to agree at the start.
  assert.ok(!existsSync(join(directory, 'index-damaged')));
  const bucket = ownBucket(store.catalog, owner, 'shelf');
  const { items } = listObjects(store.catalog, bucket, { prefix: '', delimiter: '', after: '', afterPrefix: '', limit: 1000 });
  const bytes = items.reduce((sum, { object }) => sum + object.size, 0);
  assert.deepEqual(store.catalog.tally(bucketPlace(bucket.id)), { objects: items.length, bytes });
}

test('killed at any moment, the store keeps every acknowledged change, shows no half one and leaves no file behind', async () => {
  const directory = temporary();
  const fates = new Map<string, Fate>();
  try {
    let sequence = 0;
    for (let round = 0; round < 8; round++) {
      sequence = await runAndKill(directory, fates, sequence, { afterMs: 20 + Math.random() * 400 });
      const store = await openShelf(directory);
      await check(store, directory, fates);
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
      await check(store, directory, fates);
      await closeStore(store);
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
