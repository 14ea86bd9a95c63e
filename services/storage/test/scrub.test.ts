import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Place, place, rank } from '../domain/placement.ts';
import { DriveKeeper } from '../jobs/drive-keeper.ts';
import { createBucket } from '../store/bucket.ts';
import { readLayout } from '../store/object.ts';
import { scrub } from '../store/scrub.ts';
import type { Store } from '../store/store.ts';
import { readObject } from '../store/version.ts';
import { bytesOf, get, linesOf, owner, put, settled, shelfOf, withShelf } from './fixtures/shelf.ts';

const unpaced = async () => {};

async function fill(store: Store): Promise<Map<string, Buffer>> {
  await createBucket(store, owner, { name: 'shelf', location: 'local', labels: {} });
  const model = new Map<string, Buffer>();
  for (const [at, size] of [3000, 400_000, 2_000_000, 4_000_000, 5000].entries()) {
    model.set(`k${at}`, bytesOf(at, size));
    await put(store, 'shelf', `k${at}`, model.get(`k${at}`)!);
    if (at === 3) await store.blobs.packs.appender.rotate();
  }
  // These lie compressed: one packed, one in shards of its own.
  for (const size of [300_000, 8_000_000]) {
    model.set(`lines${size}`, linesOf(size, size));
    await put(store, 'shelf', `lines${size}`, model.get(`lines${size}`)!);
  }
  await settled(store);
  return model;
}

function files(directory: string): Map<string, Buffer> {
  const found = readdirSync(join(directory, 'drive'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'drive.json' && !entry.parentPath.endsWith('/index'))
    .map((entry) => join(entry.parentPath, entry.name));
  return new Map(found.map((path) => [path, readFileSync(path)]));
}

test('one byte flipped in any file is found by a scrub, and mended', async () => {
  await withShelf(async (store, directory) => {
    const model = await fill(store);
    assert.deepEqual((({ damagedShards, damagedCopies }) => [damagedShards, damagedCopies])(await scrub(store.blobs, unpaced)), [0, 0]);
    const whole = [...files(directory)];
    assert.ok(whole.length > 48);
    for (const [at, [path, bytes]] of whole.entries()) {
      // Somewhere else in every file; with the padding of the last record of an extent left out.
      const flipped = Buffer.from(bytes);
      const where = path.includes('/extent/') ? 40 : (at * 7919) % bytes.length;
      flipped[where]! ^= 1 << (at % 8);
      if (at % 3 !== 0) continue;
      writeFileSync(path, flipped);
      const report = await scrub(store.blobs, unpaced);
      assert.equal(report.damagedShards + report.damagedCopies, 1, path);
      await settled(store);
      if (!path.includes('/extent/')) assert.ok(readFileSync(path).equals(bytes), path);
    }
    for (const [key, bytes] of model) assert.ok((await get(store, 'shelf', key))?.equals(bytes), key);
  });
});

test('a byte flipped in what lies compressed is met by a read, which answers the right bytes, and is mended behind it', async () => {
  await withShelf(async (store, directory) => {
    await createBucket(store, owner, { name: 'shelf', location: 'local', labels: {} });
    const model = new Map([300_000, 8_000_000].map((size) => [`lines${size}`, linesOf(size, size)]));
    for (const [key, bytes] of model) {
      await put(store, 'shelf', key, bytes);
      const { segments } = readLayout(store.catalog, readObject(store.catalog, shelfOf(store, 'shelf'), key)!);
      assert.ok(segments.every(({ seal }) => seal?.compressed), key);
    }
    await store.blobs.packs.appender.rotate();
    await settled(store);
    // All lies in shards now; the first five of each run are of its data.
    const whole = [...files(directory)].filter(([path]) => /\.[0-4]$/.test(path));
    assert.equal(whole.length, 10);
    for (const at of [0, 1, 2, 3, 4]) {
      for (const [path, bytes] of whole.filter(([path]) => path.endsWith(`.${at}`))) {
        const flipped = Buffer.from(bytes);
        flipped[Math.floor((flipped.length * (at + 1)) / 7)]! ^= 1 << at;
        writeFileSync(path, flipped);
      }
      for (const [key, bytes] of model) assert.ok((await get(store, 'shelf', key))?.equals(bytes), key);
      await settled(store);
      for (const [path, bytes] of whole) assert.ok(readFileSync(path).equals(bytes), path);
    }
  });
});

test('a drive directory that is gone is made again by itself, with every shard that was on it', async () => {
  await withShelf(async (store, directory) => {
    const model = await fill(store);
    await store.blobs.packs.appender.rotate();
    await settled(store);
    const keeper = new DriveKeeper(store, directory, { graceMs: 0, checkMs: 20 });
    try {
      const lost = [2, 5, 9, 15].map((number) => join(directory, 'drive', String(number).padStart(2, '0')));
      const before = [...files(directory)].filter(([path]) => lost.some((drive) => path.startsWith(`${drive}/`)));
      assert.ok(before.length >= 12);
      for (const drive of lost) rmSync(drive, { recursive: true });
      while (before.some(([path]) => !existsSync(path)) || store.blobs.drives.lost.size > 0 || store.blobs.drives.allIn.length < 16)
        await new Promise((resolve) => setTimeout(resolve, 20));
      for (const [path, bytes] of before) assert.ok(readFileSync(path).equals(bytes), path);
      for (const [key, bytes] of model) assert.ok((await get(store, 'shelf', key))?.equals(bytes), key);
    } finally {
      await keeper.stop();
    }
  });
});

function drivesOf(count: number, racks: number): Place[] {
  return Array.from({ length: count }, (_, number) => ({
    number,
    region: 'r',
    zone: 'z',
    rack: `${number % racks}`,
    node: `${number}`,
    weight: 1,
  }));
}

test('no rack holds more than four shards of a stripe, and no drive two', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      fc.integer({ min: 16, max: 200 }),
      fc.integer({ min: 4, max: 12 }),
      (id, count, racks) => {
        const chosen = place(id, drivesOf(count, racks), 16);
        assert.equal(new Set(chosen.map(({ number }) => number)).size, 16);
        for (let rack = 0; rack < racks; rack++) assert.ok(chosen.filter((drive) => drive.rack === `${rack}`).length <= 4);
      },
    ),
  );
});

test('a drive more takes its share and moves nothing else, and a weight is a share', () => {
  const some = drivesOf(20, 20);
  const more = [...drivesOf(21, 21)];
  let moved = 0;
  const first = new Map<number, number>();
  for (let at = 0; at < 20_000; at++) {
    const id = bytesOf(at, 16);
    const [before] = rank(id, some);
    const [after] = rank(id, more);
    if (before?.number !== after?.number) {
      moved++;
      assert.equal(after?.number, 20);
    }
    const [heavy] = rank(
      id,
      some.map((drive) => (drive.number === 0 ? { ...drive, weight: 3 } : drive)),
    );
    first.set(heavy!.number, (first.get(heavy!.number) ?? 0) + 1);
  }
  assert.ok(Math.abs(moved / 20_000 - 1 / 21) < 0.01, `${moved}`);
  assert.ok(Math.abs(first.get(0)! / 20_000 - 3 / 22) < 0.02, `${first.get(0)}`);
});
