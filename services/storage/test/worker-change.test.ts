import assert from 'node:assert/strict';
import { existsSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { createBucket } from '../store/bucket.ts';
import { BucketHistory, type Entry } from '../store/history.ts';
import { ChangeLock } from '../store/worker/change-lock.ts';
import { eventually } from './fixtures/eventually.ts';
import { checkFates, type Fate, startWriter } from './fixtures/fate.ts';
import { openShelf, owner, temporary, withShelf } from './fixtures/shelf.ts';
import type { Step } from '../store/step.ts';
import { closeStore } from '../store/store.ts';

test('one process changes buckets at a time, and what one left that was killed only its next start takes away', async () => {
  const directory = temporary();
  try {
    const [one, two] = await Promise.all([0, 1].map((index) => ChangeLock.open(directory, { index, count: 2 })));
    const order: string[] = [];
    const change = (lock: ChangeLock | undefined, name: string) =>
      lock!.hold(async () => {
        order.push(`${name} begins`);
        await setTimeout(5);
        order.push(`${name} ends`);
      });
    await Promise.all([change(one, 'one'), change(two, 'two')]);
    for (const at of [0, 2]) assert.equal(order[at]!.split(' ')[0], order[at + 1]!.split(' ')[0]);
    const path = join(directory, 'bucket-change');
    symlinkSync('1', path);
    await ChangeLock.open(directory, { index: 0, count: 2 });
    assert.equal(readlinkSync(path), '1');
    const waiting = change(one, 'three');
    await setTimeout(20);
    assert.equal(order.length, 4);
    await ChangeLock.open(directory, { index: 1, count: 2 });
    await waiting;
    // A process that there is no more cannot take its own away.
    symlinkSync('5', path);
    await ChangeLock.open(directory, { index: 0, count: 2 });
    assert.throws(() => readlinkSync(path), { code: 'ENOENT' });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test('changes of several processes are watched in the order of their numbers; what stays missing makes who watches list again', async () => {
  await withShelf(async (store) => {
    const told: Entry[] = [];
    const history = new BucketHistory(store.partitions, (entry) => void told.push(entry));
    history.forget();
    const bucket = await createBucket(store, owner, { name: 'shelf', location: 'local', labels: {} });
    history.put(bucket);
    const from = bucket.version;
    const entry = (after: bigint): Entry => ({
      ...told[0]!,
      version: from + after,
      change: { ...told[0]!.change, version: `${from + after}` },
    });
    const over = new AbortController();
    const seen: string[] = [];
    const watching = (async () => {
      for await (const { version } of history.watch(owner, String(from), over.signal)) seen.push(version);
    })();
    history.take(entry(2n));
    history.take(entry(3n));
    await setTimeout(20);
    assert.deepEqual(seen, []);
    history.take(entry(1n));
    await setTimeout(20);
    assert.deepEqual(
      seen,
      [1n, 2n, 3n].map((after) => String(from + after)),
    );
    await createBucket(store, owner, { name: 'rack', location: 'local', labels: {} });
    for (let at = 0; at < 9; at++) await createBucket(store, owner, { name: `rack-${at}`, location: 'local', labels: {} });
    history.take(entry(9n));
    await assert.rejects(watching, { code: 'Gone' });
  });
});

test('a store with no second process has the lock and the partitions that it had', async () => {
  const directory = temporary();
  try {
    const path = () => join(directory, 'nobody');
    const shared = await openShelf(directory, { worker: { index: 0, count: 2, path } });
    assert.deepEqual([shared.partitions.all.length, shared.partitions.holders.length], [1, 2]);
    await closeStore(shared);
    const alone = await openShelf(directory);
    assert.equal(alone.partitions.all.length, 2);
    await createBucket(alone, owner, { name: 'shelf', location: 'local', labels: {} });
    await closeStore(alone);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test('of two processes that write, one is killed at steps of its own: the other goes on, and both hold what was acknowledged', async () => {
  const directory = temporary();
  const fates = new Map<string, Fate>();
  try {
    const start = (worker: number, from: number, step?: Step) =>
      startWriter(directory, fates, from, step && { step, times: 3 }, { partitions: 2, worker });
    const first = start(0, 0);
    // The second begins when the first has found drives and partitions, and both when they have met.
    await eventually(() => existsSync(join(directory, 'partitions.json')) || undefined);
    const other = start(1, 0);
    await Promise.all([first.begun, other.begun]);
    first.child.kill('SIGKILL');
    await first.ended;
    let last = first.at.last;
    for (const step of ['index-committed', 'move-committed', 'shards-intended'] as const) {
      const one = start(0, last, step);
      assert.equal(await one.ended, 'SIGKILL');
      last = one.at.last;
      const { done } = other.at;
      await eventually(() => (other.at.done > done + 20 ? true : undefined));
    }
    other.child.kill('SIGKILL');
    await other.ended;
    const store = await openShelf(directory, { partitions: 2, extentBytes: 500_000 });
    await checkFates(store, directory, fates).finally(() => closeStore(store));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
