// Before the store, which keeps some of the system's calls.
import { breakFiles } from './fixtures/failing.ts';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { test } from 'node:test';
import { createBucket, ownBucket } from '../store/bucket.ts';
import { stripeDataBytes } from '../store/frame.ts';
import { blockBytes } from '../store/limits.ts';
import { readLayout } from '../store/object.ts';
import { deleteObjects } from '../store/removal.ts';
import { readObject } from '../store/version.ts';
import { pack } from '../store/record.ts';
import { closeStore, type Store } from '../store/store.ts';
import { bytesOf, filesOf, get, openShelf, owner, put, settled, shelfOf, whoIs, withShelf } from './fixtures/shelf.ts';

const sizes = [100, 5000, 70_000, 900_000, 1_100_000, stripeDataBytes, stripeDataBytes + 1, 2 * stripeDataBytes + 12_345];
const code = (expected: string) => (error: { code?: string }) => error.code === expected;
const driveOf = (directory: string, number: number) => join(directory, 'drive', String(number).padStart(2, '0'));

/** Objects of every kind: in the index, packed and sealed, packed and not sealed, in shards of their own. */
async function fill(store: Store): Promise<Map<string, Buffer>> {
  await createBucket(store, owner, { name: 'shelf', location: 'local', labels: {} });
  const model = new Map<string, Buffer>();
  const store1 = async (key: string, size: number) => {
    const bytes = bytesOf(model.size + 1, size);
    await put(store, 'shelf', key, bytes);
    model.set(key, bytes);
  };
  for (const size of sizes) await store1(`a${size}`, size);
  await store.blobs.packs.appender.rotate();
  await settled(store);
  for (const size of sizes.slice(0, 4)) await store1(`b${size}`, size);
  return model;
}

async function assertAll(store: Store, model: ReadonlyMap<string, Buffer>): Promise<void> {
  for (const [key, bytes] of model) assert.ok((await get(store, 'shelf', key))?.equals(bytes), key);
}

test('with any four drives removed while the store runs, every object reads as it was, and writes go on with three', async () => {
  await withShelf(async (store, directory) => {
    const model = await fill(store);
    for (const gone of [
      [0, 1, 2, 3],
      [4, 7, 10, 13],
      [12, 13, 14, 15],
    ]) {
      for (const number of gone) renameSync(driveOf(directory, number), join(directory, `away-${number}`));
      await assertAll(store, model);
      for (const number of gone) {
        renameSync(join(directory, `away-${number}`), driveOf(directory, number));
        const drive = store.blobs.drives.drive(number)!;
        drive.putIn(drive.id);
      }
      await settled(store);
    }
    for (const number of [3, 6, 9]) rmSync(driveOf(directory, number), { recursive: true });
    await assertAll(store, model);
    for (const size of [5000, 2_000_000]) {
      const bytes = bytesOf(77, size);
      await put(store, 'shelf', `late${size}`, bytes);
      model.set(`late${size}`, bytes);
    }
    await assertAll(store, model);
    await settled(store);
    await closeStore(store);
    const again = await openShelf(directory);
    await assertAll(again, model);
    await closeStore(again);
  });
});

test('with five drives removed objects in 12+4 are refused and never served wrong, and are back with one of the drives', async () => {
  await withShelf(async (store, directory) => {
    const model = await fill(store);
    const gone = [1, 4, 8, 11, 14];
    for (const number of gone) renameSync(driveOf(directory, number), join(directory, `away-${number}`));
    for (const [key, bytes] of model) {
      const found = await get(store, 'shelf', key).catch((error: unknown) => error);
      if (Buffer.isBuffer(found)) assert.ok(found.equals(bytes), key);
      else assert.equal((found as { code?: string }).code, 'TooFewShards');
    }
    await assert.rejects(get(store, 'shelf', `a${2 * stripeDataBytes + 12_345}`), code('TooFewShards'));
    assert.ok(store.upkeep.waiting.repairs.some(({ lost }) => lost));
    await assert.rejects(put(store, 'shelf', 'new', bytesOf(1, 2_000_000)), code('Unavailable'));
    await closeStore(store);
    for (const number of gone.slice(1)) renameSync(join(directory, `away-${number}`), driveOf(directory, number));
    const again = await openShelf(directory);
    await assertAll(again, model);
    await closeStore(again);
  });
});

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('drive.json'))
    .map((entry) => join(entry.parentPath, entry.name));
}

for (const damage of ['a flipped byte', 'a cut', 'a missing file'] as const) {
  test(`${damage} in any file of any drive changes no byte that is read, and is mended by the reading`, async () => {
    await withShelf(async (store, directory) => {
      const model = await fill(store);
      const whole = new Map(
        filesBelow(join(directory, 'drive'))
          .filter((path) => path.includes('/shard/'))
          .map((path) => [path, readFileSync(path)]),
      );
      // Every fourth run of shards loses four, each in another way or place.
      for (const [path, bytes] of whole) {
        if (!/\.[37bf]$/.test(path)) continue;
        if (damage === 'a missing file') rmSync(path);
        else if (damage === 'a cut') truncateSync(path, bytes.length >> 1);
        else {
          const flipped = Buffer.from(bytes);
          flipped[((flipped.length * 2) / 3) >> 0]! ^= 1;
          writeFileSync(path, flipped);
        }
      }
      await assertAll(store, model);
      await settled(store);
      // What was read was mended: all data shards, and parity with the first stripe that missed a data shard.
      const sizeOf = (path: string) => (existsSync(path) ? statSync(path).size : Number.POSITIVE_INFINITY);
      const left = () =>
        [...whole].filter(
          ([path, bytes]) => /\.[37b]$/.test(path) && sizeOf(path) >= 16_000 && !(existsSync(path) && readFileSync(path).equals(bytes)),
        );
      // A drive that was slow is asked last for a while, and what lies on it is not touched: later readers come to it.
      for (let tries = 0; tries < 40 && left().length > 0; tries++) {
        await new Promise((resolve) => setTimeout(resolve, 250));
        await assertAll(store, model);
        await settled(store);
      }
      assert.deepEqual(
        left().map(([path]) => path),
        [],
      );
      await assertAll(store, model);
    });
  });
}

test('a byte flipped in a copy of an extent is read over, and the extent is sealed from the whole copies', async () => {
  await withShelf(async (store, directory) => {
    const model = await fill(store);
    const copies = filesBelow(join(directory, 'drive')).filter((path) => path.includes('/extent/'));
    assert.equal(copies.length, 3);
    const extent = [...store.blobs.packs.extents.values()].find(({ state }) => state === 'open');
    // Each copy is damaged in another record: the first two in the one that is read from them first.
    for (const [at, where] of [100, 200_000, 6000].entries()) {
      const path = copies.find((copy) => copy.startsWith(driveOf(directory, extent!.drives[at]!)))!;
      const bytes = readFileSync(path);
      bytes[where]! ^= 4;
      writeFileSync(path, bytes);
    }
    await assertAll(store, model);
    await settled(store);
    assert.ok(filesOf(directory).every((name) => !name.startsWith('extent/')));
    await assertAll(store, model);
  });
});

test('a drive that answers EIO goes out, and its bytes are made from the others', async () => {
  await withShelf(async (store, directory) => {
    const model = await fill(store);
    const layout = readLayout(store.catalog, readObject(store.catalog, ownBucket(store.catalog, owner, 'shelf'), `a${stripeDataBytes}`)!);
    const [segment] = layout.segments;
    assert.ok(segment && 'blob' in segment);
    const record = store.blobs.record(segment.blob);
    assert.ok('spread' in record);
    const path = join(driveOf(directory, record.spread[2]!), 'shard', segment.blob.slice(0, 2), `${segment.blob}.2`);
    rmSync(path);
    // The first bytes of a process' memory cannot be read: the system answers EIO.
    symlinkSync('/proc/self/mem', path);
    await assertAll(store, model);
    const state = store.blobs.drives.drive(record.spread[2]!)!.state;
    assert.equal(state.state === 'out' && state.reason, 'EIO');
  });
});

for (const call of ['write', 'sync'] as const) {
  test(`a drive that answers EIO to a ${call} goes out, whatever is written, and no object that was acknowledged is worse for it`, async () => {
    for (const size of call === 'write' ? [100, 5000, 2_000_000] : [5000, 2_000_000]) {
      await withShelf(async (store, directory) => {
        const model = await fill(store);
        const logged = readdirSync(join(directory, 'drive')).filter((name) => existsSync(join(directory, 'drive', name, 'index')));
        // One that the next write of this size meets: it has a copy of the index's log, of the open extent, or gets a shard of everything.
        const number = size === 100 ? Number(logged[0]) : size === 5000 ? store.blobs.packs.appender.current!.drives[0]! : 6;
        const drive = store.blobs.drives.drive(number)!;
        breakFiles(drive.spec.path, call);
        try {
          for (let at = 0; drive.isIn; at++) {
            assert.ok(at < 3, `${size}: the drive stays in use`);
            const bytes = bytesOf(at, size);
            const key = `eio${size}-${at}`;
            // A write that meets the drive as it goes may be refused, and is then not there.
            const done = await put(store, 'shelf', key, bytes).then(
              () => true,
              (error: unknown) => assert.equal((error as { code?: string }).code, 'Unavailable'),
            );
            if (done === true) model.set(key, bytes);
            else assert.equal(await get(store, 'shelf', key), undefined);
          }
          assert.equal(drive.state.state === 'out' && drive.state.reason, 'EIO');
          for (const more of sizes.slice(0, 5)) {
            model.set(`after${more}`, bytesOf(more, more));
            await put(store, 'shelf', `after${more}`, bytesOf(more, more));
          }
          await assertAll(store, model);
          assert.deepEqual(
            store.blobs.drives.drives.filter(({ isIn }) => !isIn).map((one) => one.number),
            [number],
          );
        } finally {
          breakFiles(undefined);
        }
        // The drive works again: what it missed is made good.
        drive.putIn(drive.id);
        await assertAll(store, model);
        await settled(store);
        await closeStore(store);
        const again = await openShelf(directory);
        await assertAll(again, model);
        await closeStore(again);
      });
    }
  });
}

test('objects of the first format are still read and deleted', async () => {
  await withShelf(async (store, directory) => {
    await createBucket(store, owner, { name: 'shelf', location: 'local', labels: {} });
    const bytes = bytesOf(5, 2 * blockBytes + 99);
    await put(store, 'shelf', 'k', bytes);
    // As the first format kept it: one file, and the CRC-32 of each of its blocks.
    const old = randomBytes(16).toString('hex');
    const sums = [0, 1, 2].map((block) => crc32(bytes.subarray(block * blockBytes, (block + 1) * blockBytes)));
    mkdirSync(join(directory, 'object', old.slice(0, 2)), { recursive: true });
    writeFileSync(join(directory, 'object', old.slice(0, 2), old), bytes);
    const bucket = ownBucket(store.catalog, owner, 'shelf');
    const object = readObject(store.catalog, bucket, 'k')!;
    await store.catalog.commit(() => {
      const { table } = store.catalog;
      table.blob.put(
        Buffer.from(old, 'hex'),
        pack({ size: bytes.length, references: 1, sums: Buffer.from(Uint32Array.from(sums).buffer) }),
      );
      const key = [...table.object.getKeys()][0]!;
      table.object.put(key, pack({ ...object, segment: { blob: old, start: 0, size: bytes.length } }));
    });
    assert.ok((await get(store, 'shelf', 'k'))?.equals(bytes));
    await deleteObjects(store, shelfOf(store, 'shelf'), [{ key: 'k' }], whoIs('DeleteObject'));
    await settled(store);
    assert.equal(existsSync(join(directory, 'object', old.slice(0, 2), old)), false);
  });
});

test('a drive that does not answer is not waited for: its shard is made from twelve others, and others are asked first from then on', async () => {
  await withShelf(async (store, directory) => {
    await createBucket(store, owner, { name: 'shelf', location: 'local', labels: {} });
    const bytes = bytesOf(1, 2 * stripeDataBytes + 12_345);
    await put(store, 'shelf', 'k', bytes);
    await settled(store);
    // The file of the first shard is a pipe that nobody writes into: to open it takes for ever, as with a disk that hangs.
    const id = filesOf(directory).find((file) => !file.startsWith('extent/'))!;
    const files = readdirSync(join(directory, 'drive'), { recursive: true, encoding: 'utf8' });
    const path = join(directory, 'drive', files.find((file) => file.endsWith(`${id}.0`))!);
    renameSync(path, `${path}.away`);
    execFileSync('mkfifo', [path]);
    const slow = store.blobs.drives.drives.find(({ spec }) => path.startsWith(`${spec.path}/`))!;
    try {
      assert.ok((await get(store, 'shelf', 'k'))?.equals(bytes));
      assert.ok(slow.isIn && slow.isLate);
      for (let times = 0; times < 5; times++) assert.ok((await get(store, 'shelf', 'k'))?.equals(bytes));
      // It is late, and not damaged.
      assert.deepEqual(store.upkeep.waiting.repairs, []);
    } finally {
      // Whoever opened it is let go.
      closeSync(openSync(path, 'w'));
      renameSync(`${path}.away`, path);
    }
    assert.ok((await get(store, 'shelf', 'k'))?.equals(bytes));
  });
});
