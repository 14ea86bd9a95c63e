import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Place, place, rank } from '../domain/placement.ts';
import { DriveKeeper } from '../jobs/drive-keeper.ts';
import { createBucket } from '../store/bucket.ts';
import { readLayout } from '../store/object.ts';
import { scrub, scrubBytes, scrubPace } from '../store/scrub.ts';
import { closeStore, type Store } from '../store/store.ts';
import { readTwice, writeTwice } from '../store/twin.ts';
import { readObject } from '../store/version.ts';
import { bytesOf, get, linesOf, openShelf, owner, put, settled, shelfOf, temporary, withShelf } from './fixtures/shelf.ts';

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
    .filter((entry) => entry.isFile() && !entry.name.startsWith('drive.json') && !entry.parentPath.endsWith('/index'))
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
      assert.ok(
        segments.every(({ seal }) => seal?.compressed),
        key,
      );
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

test('a byte flipped in what says which drive is which is mended from its twin, by a scrub or at the next start', async () => {
  const directory = temporary();
  let store = await openShelf(directory);
  try {
    const model = await fill(store);
    const drive = (number: number) => join(directory, 'drive', String(number).padStart(2, '0'), 'drive.json');
    const flip = (path: string, at: number) => {
      const bytes = readFileSync(path);
      bytes[at % bytes.length]! ^= 1 << (at % 7);
      writeFileSync(path, bytes);
    };
    const files = [drive(3), `${drive(3)}.twin`, join(directory, 'drives.json'), join(directory, 'drives.json.twin')];
    const whole = files.map((path) => readFileSync(path));
    const assertMended = () => {
      for (const [at, path] of files.entries()) assert.ok(readFileSync(path).equals(whole[at]!), path);
      assert.equal(store.blobs.drives.allIn.length, 16);
    };
    for (let at = 0; at < whole[0]!.length; at += 5) {
      for (const path of at % 2 === 0 ? [files[0]!, files[3]!] : [files[1]!, files[2]!]) flip(path, at);
      await store.blobs.drives.checkIdentities();
      assertMended();
    }
    await closeStore(store);
    for (let number = 0; number < 16; number++) flip(number % 2 === 0 ? drive(number) : `${drive(number)}.twin`, 11 + number);
    flip(files[2]!, 40);
    rmSync(files[1]!);
    store = await openShelf(directory);
    assertMended();
    for (const [key, bytes] of model) assert.ok((await get(store, 'shelf', key))?.equals(bytes), key);
    // What earlier releases wrote has no checksum and no twin.
    await closeStore(store);
    for (const [at, path] of files.entries()) {
      if (path.endsWith('.twin')) rmSync(path);
      else writeFileSync(path, `${whole[at]!.toString().split('\n')[0]}\n`);
    }
    store = await openShelf(directory);
    assertMended();
  } finally {
    await closeStore(store);
    rmSync(directory, { recursive: true, force: true });
  }
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

test('a drive that was away comes back by itself as it was, and gets what was written meanwhile', async () => {
  await withShelf(async (store, directory) => {
    const model = await fill(store);
    const keeper = new DriveKeeper(store, directory, { graceMs: 600_000, checkMs: 20 });
    const { drives } = store.blobs;
    const until = async (done: () => boolean) => {
      while (!done()) await new Promise((resolve) => setTimeout(resolve, 20));
    };
    const pathOf = (number: number) => join(directory, 'drive', String(number).padStart(2, '0'));
    try {
      const { id } = drives.drives[5]!;
      renameSync(pathOf(5), `${pathOf(5)}.away`);
      await until(() => !drives.drives[5]!.isIn);
      model.set('meanwhile', bytesOf(77, 3_000_000));
      await put(store, 'shelf', 'meanwhile', model.get('meanwhile')!);
      renameSync(`${pathOf(5)}.away`, pathOf(5));
      await until(() => drives.allIn.length === 16 && drives.lost.size === 0);
      assert.equal(drives.drives[5]!.id, id);
      await settled(store);
      const report = await scrub(store.blobs, unpaced);
      assert.deepEqual([report.damagedShards, report.damagedCopies], [0, 0]);
      for (const number of [0, 4, 8, 12]) renameSync(pathOf(number), `${pathOf(number)}.away`);
      await until(() => drives.allIn.length === 12);
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

test('no rack, zone or region holds more than four shards of a stripe where there are enough, no drive two, and what moves keeps to it', () => {
  const zoned = (drive: Place): Place => ({ ...drive, region: `${drive.number % 4}`, zone: `${drive.number % 8}` });
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      fc.integer({ min: 16, max: 100 }),
      fc.integer({ min: 4, max: 12 }),
      fc.boolean(),
      (id, count, racks, inZones) => {
        const drives = drivesOf(count, racks).map((drive) => (inZones ? zoned(drive) : drive));
        const chosen = place(id, drives, 16);
        const even = (of: readonly Place[]) => {
          assert.equal(new Set(of.map(({ number }) => number)).size, 16);
          for (const nameOf of [({ rack }: Place) => rack, ...(inZones ? [({ region }: Place) => region] : [])])
            for (const some of Map.groupBy(of, nameOf).values()) assert.ok(some.length <= 4, `${some.length} of ${count} in ${racks}`);
        };
        // Of regions and racks that cross one another no choice may be even in both.
        if (inZones && racks % 4 !== 0) return assert.equal(new Set(chosen).size, 16);
        even(chosen);
        if (count < 48) return;
        // Two drives are lost: their shards go where those that stay leave room.
        const lost = new Set(chosen.slice(3, 5).map(({ number }) => number));
        const kept = chosen.filter(({ number }) => !lost.has(number));
        const more = place(
          id,
          drives.filter(({ number }) => !lost.has(number)),
          16,
          kept,
        );
        even([...kept, ...more]);
      },
    ),
  );
});

test('a file that lies twice is written and mended by several at once, and what was written last is there', async () => {
  const directory = temporary();
  const path = join(directory, 'drives.json');
  try {
    for (let round = 0; round < 10; round++) {
      await writeTwice(path, { round: -1 });
      rmSync(`${path}.twin`);
      await Promise.all([readTwice(path, true), readTwice(path, true), writeTwice(path, { round }), readTwice(path, true)]);
      assert.deepEqual(await readTwice(path, true), { round });
      assert.equal(readFileSync(path, 'utf8'), readFileSync(`${path}.twin`, 'utf8'));
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test('everything is read within the days that the operator names, and drives need not be named for that', async () => {
  const directory = temporary();
  const say = (told: object) => writeFileSync(join(directory, 'topology.json'), JSON.stringify(told));
  try {
    say({ scrubDays: 0 });
    await assert.rejects(openShelf(directory), ({ detail }: { detail?: string }) => /\/scrubDays/.test(detail ?? ''));
    say({ scrubDays: 30 });
    const store = await openShelf(directory);
    const { drives } = store.blobs;
    assert.deepEqual([drives.scrubDays, drives.allIn.length], [30, 16]);
    await fill(store);
    assert.equal(await scrubBytes(store.blobs), (await scrub(store.blobs, unpaced)).bytes);
    await closeStore(store);
    rmSync(join(directory, 'topology.json'));
    const other = await openShelf(directory);
    assert.equal(other.blobs.drives.scrubDays, 14);
    await closeStore(other);
    const petabyte = 1e15;
    assert.ok(Math.abs(petabyte / scrubPace(petabyte, 30) - 30 * 86_400) < 1);
    assert.equal(scrubPace(1e6, 30), 4 * 1024 * 1024);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

/** A topology of so many drives outside the store, four to a zone. */
function topologyOf(outside: string, count: number) {
  return Array.from({ length: count }, (_, at) => ({ path: join(outside, `d${at}`), zone: `zone-${at >> 2}`, rack: 'a', node: `n${at}` }));
}

test('drives lie where the operator says, a zone of them may be lost, and a new one is taken where the operator marks it', async () => {
  const [directory, outside] = [temporary(), temporary()];
  const drives = topologyOf(outside, 20);
  const say = (told: readonly object[]) => writeFileSync(join(directory, 'topology.json'), JSON.stringify({ drives: told }));
  const until = async (done: () => boolean) => {
    while (!done()) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  const refused = (why: RegExp) =>
    assert.rejects(
      openShelf(directory).then(closeStore),
      (error: { code?: string; detail?: string }) => error.code === 'DataDirectory' && why.test(error.detail ?? ''),
    );
  try {
    say(drives.slice(1, 5));
    await refused(/topology.json cannot be used: \/drives/);
    say([...drives.slice(1), drives[1]!]);
    await refused(/two drives are at/);
    say(drives);
    await refused(/drive 0 cannot be read/);
    for (const { path } of drives) mkdirSync(path);
    writeFileSync(join(drives[19]!.path, 'letter.txt'), 'of somebody');
    await refused(/drive 19 is not empty/);
    rmSync(join(drives[19]!.path, 'letter.txt'));
    let store = await openShelf(directory);
    const model = await fill(store);
    await store.blobs.packs.appender.rotate();
    await settled(store);
    for (const extent of store.blobs.packs.extents.values()) {
      const zones = Map.groupBy(extent.coded?.spread ?? [], (number) => number >> 2);
      assert.ok([...zones.values()].every((some) => some.length <= 4) && zones.size > 3);
    }
    const keeper = new DriveKeeper(store, directory, { graceMs: 0, checkMs: 20 });
    const gone = drives.slice(8, 12);
    for (const { path } of gone) renameSync(path, `${path}.gone`);
    await until(() => store.blobs.drives.allIn.length === 16);
    for (const [key, bytes] of model) assert.ok((await get(store, 'shelf', key))?.equals(bytes), key);
    // A directory that is merely there is no new drive; one with the mark is, and is rebuilt.
    for (const { path } of gone) mkdirSync(path);
    keeper.look();
    await keeper.stop();
    assert.equal(store.blobs.drives.allIn.length, 16);
    for (const { path } of gone) writeFileSync(join(path, 'replace'), '');
    const next = new DriveKeeper(store, directory, { graceMs: 0, checkMs: 20 });
    await until(() => store.blobs.drives.allIn.length === 20 && store.blobs.drives.lost.size === 0);
    await next.stop();
    assert.ok(gone.every(({ path }) => !existsSync(join(path, 'replace'))));
    await settled(store);
    const report = await scrub(store.blobs, unpaced);
    assert.deepEqual([report.damagedShards, report.damagedCopies], [0, 0]);
    await closeStore(store);
    say(drives.slice(0, 19));
    await refused(/There was a drive 19/);
    say(drives);
    store = await openShelf(directory);
    for (const [key, bytes] of model) assert.ok((await get(store, 'shelf', key))?.equals(bytes), key);
    await closeStore(store);
  } finally {
    rmSync(directory, { recursive: true, force: true });
    rmSync(outside, { recursive: true, force: true });
  }
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
