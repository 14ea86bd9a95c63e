import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createBucket } from '../store/bucket.ts';
import { putObject } from '../store/object.ts';
import { deleteObjects } from '../store/removal.ts';
import { closeStore, type Store } from '../store/store.ts';
import { bytesOf, get, openShelf, owner, put, settled, shelfOf, take, temporary, whoIs } from './fixtures/shelf.ts';

const reader = fileURLToPath(new URL('./fixtures/reader.main.ts', import.meta.url));

/** Objects of every kind, with versions, tags and headers; some are deleted, and one extent is sealed. */
async function fill(store: Store): Promise<void> {
  await createBucket(store, owner, { name: 'shelf', location: 'local', labels: { kind: 'trial' } });
  await createBucket(store, owner, { name: 'versions', location: 'local', labels: {}, settings: { versioning: 'Enabled' } });
  for (const [at, size] of [0, 100, 1025, 60_000, 1_100_000].entries()) {
    await put(store, 'shelf', `k${at}`, bytesOf(at, size));
    const puts = Array.from({ length: 40 }, (_, more) => put(store, 'shelf', `many/${at}/${more}`, bytesOf(more, 50 * at)));
    await Promise.all(puts);
  }
  for (let version = 0; version < 3; version++) {
    const headers = { contentType: 'text/x-kind', metadata: { colour: `red ${version}` } };
    const made = { key: 'v', headers, traits: { tags: { kind: `${version}` } }, conditions: {}, who: whoIs('PutObject') };
    await putObject(store, shelfOf(store, 'versions'), await take(store, bytesOf(version, 2000)), made);
  }
  await deleteObjects(store, shelfOf(store, 'versions'), [{ key: 'v' }], whoIs('DeleteObject'));
  await deleteObjects(store, shelfOf(store, 'shelf'), [{ key: 'many/1/3' }, { key: 'many/4/3' }], whoIs('DeleteObject'));
  await store.blobs.packs.appender.rotate();
  await settled(store);
}

async function withFilled(run: (directory: string) => Promise<void>): Promise<void> {
  const directory = temporary();
  try {
    const store = await openShelf(directory);
    await fill(store);
    await closeStore(store);
    await run(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

type Contents = { readonly count: number; readonly rows: string; readonly bytes: string };

/** What a process of its own reads; LMDB may end it when pages are damaged, and the next start then knows. */
async function contentsOf(directory: string): Promise<Contents> {
  for (let tries = 0; tries < 3; tries++) {
    const child = spawn(process.execPath, [reader, directory], { stdio: ['ignore', 'pipe', 'pipe'] });
    const [out, err, [code, signal]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
    if (code === 0) return JSON.parse(out) as Contents;
    assert.ok(signal !== null || tries < 2, err);
  }
  throw new Error('the store did not open');
}

/** The files of the log of the index, on all drives. */
function logFiles(directory: string): string[] {
  const drives = join(directory, 'drive');
  return readdirSync(drives).flatMap((drive) => {
    const folder = join(drives, drive, 'index');
    return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
  });
}

function flip(path: string, places: readonly number[]): void {
  const bytes = readFileSync(path);
  for (const [at, place] of places.entries()) bytes[place % bytes.length]! ^= 1 << (at % 8);
  writeFileSync(path, bytes);
}

test('an index that is gone is made again from its log, with every row as it was', async () => {
  await withFilled(async (directory) => {
    const before = await contentsOf(directory);
    assert.ok(before.count > 400, `${before.count}`);
    // Of three copies two are of no use.
    const names = new Set(logFiles(directory).map((path) => path.slice(path.lastIndexOf('/') + 1)));
    for (const name of names) {
      const [first = '', second = ''] = logFiles(directory).filter((path) => path.endsWith(`/${name}`));
      flip(first, [100, 5000, 70_000]);
      rmSync(second);
    }
    rmSync(join(directory, 'index'), { recursive: true });
    assert.deepEqual(await contentsOf(directory), before);
  });
});

test('bytes flipped in the index are found at the next start, and every row is as it was', async () => {
  await withFilled(async (directory) => {
    const before = await contentsOf(directory);
    const file = join(directory, 'index', 'data.mdb');
    for (let round = 0; round < 6; round++) {
      flip(
        file,
        Array.from({ length: 12 }, (_, at) => 8192 + (round * 12 + at) * 7919),
      );
      assert.deepEqual(await contentsOf(directory), before, `round ${round}`);
    }
    assert.ok(existsSync(join(directory, 'index-damaged')), 'no round touched anything');
  });
});

test('a start that did not end is not trusted: the index is made again', async () => {
  await withFilled(async (directory) => {
    const before = await contentsOf(directory);
    writeFileSync(join(directory, 'index-opening'), '');
    writeFileSync(join(directory, 'index', 'data.mdb'), bytesOf(1, 100_000));
    assert.deepEqual(await contentsOf(directory), before);
    assert.ok(!existsSync(join(directory, 'index-opening')));
  });
});

test('damage is found while the store runs, of rows and of copies of the log, and mended', async () => {
  const directory = temporary();
  const store = await openShelf(directory);
  try {
    await fill(store);
    const { index, catalog } = store;
    assert.deepEqual((({ wrong, damagedCopies }) => [wrong, damagedCopies])(await index.check()), [0, 0]);
    // Rows changed past the log, as damage does.
    const [key] = [...catalog.table.object.getKeys({ limit: 1 })].map((one) => Buffer.from(one));
    await catalog.restore([[2, key!, Buffer.from('damaged')]], catalog.sequence);
    assert.equal((await index.check()).wrong, 1);
    assert.equal((await index.check()).wrong, 0);
    assert.ok((await get(store, 'shelf', 'k0'))?.equals(bytesOf(0, 0)));
    // Damage does not get into a new base.
    await catalog.restore([[2, key!, Buffer.from('damaged')]], catalog.sequence);
    while (!index.log.isDue) await index.log.turn();
    await index.tend();
    assert.ok((await get(store, 'shelf', 'k0'))?.equals(bytesOf(0, 0)));
    for (const [at, path] of logFiles(directory).entries()) {
      if (!existsSync(path)) continue;
      flip(path, [at * 977]);
      assert.equal((await index.check()).damagedCopies, 1, path);
      assert.equal((await index.check()).damagedCopies, 0, path);
    }
    // A drive that is gone takes its copies along; another has them at the next look.
    const [path = ''] = logFiles(directory);
    rmSync(path.slice(0, path.lastIndexOf('/index/')), { recursive: true });
    for (const drive of store.blobs.drives.drives) await drive.check();
    await index.tend();
    assert.equal(index.log.copies, 3);
    assert.deepEqual((({ wrong, damagedCopies }) => [wrong, damagedCopies])(await index.check()), [0, 0]);
  } finally {
    await closeStore(store);
    rmSync(directory, { recursive: true, force: true });
  }
});

test('a log that grows long gives way to a new base, while changes go on', async () => {
  const directory = temporary();
  const store = await openShelf(directory);
  try {
    await fill(store);
    let number = 0;
    const change = () => put(store, 'shelf', `during/${(number += 1)}`, bytesOf(number, 900));
    let renewing = true;
    const changes = (async () => {
      while (renewing || number < 50) await Promise.all(Array.from({ length: 8 }, change));
    })();
    for (let times = 0; times < 3; times++) await store.index.renew();
    renewing = false;
    await changes;
    assert.deepEqual((({ wrong, damagedCopies }) => [wrong, damagedCopies])(await store.index.check()), [0, 0]);
    assert.equal(logFiles(directory).length, 6);
    await closeStore(store);
    const before = await contentsOf(directory);
    rmSync(join(directory, 'index'), { recursive: true });
    assert.deepEqual(await contentsOf(directory), before);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
