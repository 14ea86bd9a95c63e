import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { createBucket, changeBucket } from '../../store/bucket.ts';
import { copyObject } from '../../store/copy.ts';
import { bucketPlace } from '../../store/key.ts';
import { listObjects, listVersions } from '../../store/list.ts';
import { readLayout } from '../../store/object.ts';
import { deleteObjects } from '../../store/removal.ts';
import { openObject } from '../../store/seal.ts';
import { closeStore, type Store } from '../../store/store.ts';
import { readVersion, versionIdOf } from '../../store/version.ts';
import { blobsOf, bytesOf, filesOf, never, openShelf, owner, put, settled, shelfOf, temporary, whoIs } from '../fixtures/shelf.ts';

/** A version as S3 has it; without bytes it is a delete marker. */
type Version = { readonly id: string; readonly bytes: Buffer | undefined };
/** The versions of each key, the newest first. */
type Model = { keys: Map<string, Version[]>; status: 'Enabled' | 'Suspended' | undefined };
type Real = { store: Store; directory: string };
type Command = fc.AsyncCommand<Model, Real>;

const keys = fc.constantFrom('a', 'a/', 'a/b', 'b', 'b\u0001', 'ä', '..');
const sizes = fc.constantFrom(0, 50, 1500, 70_000);
const byUtf8 = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
let seed = 0;

const shelf = (store: Store) => shelfOf(store, 'shelf');
const command = (text: string, run: (model: Model, real: Real) => Promise<void>): Command => ({
  check: () => true,
  run,
  toString: () => text,
});
const versionsOf = (model: Model, key: string) => model.keys.get(key) ?? [];

/** A new version in front; in a bucket that keeps none (any more) it takes the place of the null version. */
function place(model: Model, key: string, id: string, bytes: Buffer | undefined): void {
  const others = versionsOf(model, key).filter((one) => id !== 'null' || one.id !== 'null');
  model.keys.set(key, [{ id, bytes }, ...others]);
}

const putting = fc.tuple(keys, sizes).map(([key, size]) =>
  command(`put ${key} ${size}`, async (model, { store }) => {
    const bytes = bytesOf(++seed, size);
    const { object } = await put(store, 'shelf', key, bytes);
    assert.equal(versionIdOf(object) === 'null', model.status !== 'Enabled');
    place(model, key, versionIdOf(object), bytes);
  }),
);

const deleting = keys.map((key) =>
  command(`delete ${key}`, async (model, { store }) => {
    const { removed } = await deleteObjects(store, shelf(store), [{ key }], whoIs('DeleteObject'));
    if (model.status === undefined) return void model.keys.delete(key);
    const marker = removed[0]?.deleteMarkerVersionId;
    assert.ok(marker && (marker === 'null') === (model.status === 'Suspended'));
    place(model, key, marker, undefined);
  }),
);

const dropping = fc.tuple(keys, fc.nat(5)).map(([key, which]) =>
  command(`drop ${key} ${which}`, async (model, { store }) => {
    const versions = versionsOf(model, key);
    const chosen = versions[which];
    const versionId = chosen?.id ?? 'f'.repeat(32);
    const { removed } = await deleteObjects(store, shelf(store), [{ key, versionId }], whoIs('DeleteObject'));
    assert.equal(removed[0]?.existed, chosen !== undefined);
    if (chosen) assert.equal(removed[0]?.deleteMarker === true, chosen.bytes === undefined);
    model.keys.set(
      key,
      versions.filter((one) => one !== chosen),
    );
  }),
);

const restoring = fc.tuple(keys, fc.nat(4), keys).map(([from, which, to]) =>
  command(`restore ${from} ${which} ${to}`, async (model, { store }) => {
    const chosen = versionsOf(model, from)[which];
    if (!chosen) return;
    const copy = copyObject(store, shelf(store), {
      key: to,
      source: { store, bucket: shelf(store), key: from, versionId: chosen.id, conditions: {} },
      signal: never,
      traits: {},
      seal: undefined,
      conditions: {},
      who: whoIs('CopyObject'),
      maxBytes: 1e9,
    });
    if (!chosen.bytes) return void (await assert.rejects(copy));
    place(model, to, versionIdOf((await copy).object), chosen.bytes);
  }),
);

const turning = fc.constantFrom('Enabled' as const, 'Suspended' as const).map((versioning) =>
  command(versioning, async (model, { store }) => {
    await changeBucket(store, shelf(store), () => ({ versioning }));
    model.status = versioning;
  }),
);

const listing = fc
  .integer({ min: 1, max: 4 })
  .map((limit) => command(`list ${limit}`, async (model, { store }) => agree(model, store, limit)));

const restarting = fc.constant(
  command('restart', async (_, real) => {
    await closeStore(real.store);
    real.store = await openShelf(real.directory, { extentBytes: 100_000 });
  }),
);

/** All versions, page by page, are the model's in S3's order; the live ones are what a list of objects shows. */
function agree(model: Model, store: Store, limit: number): void {
  const found: [string, string, boolean, boolean][] = [];
  let from: { after: string; marker: string | undefined } | undefined = { after: '', marker: undefined };
  while (from) {
    const query = { prefix: '', delimiter: '', after: from.after, afterPrefix: '', limit };
    const page = listVersions(store.catalog, shelf(store), query, from.marker);
    assert.ok(page.items.length <= limit);
    for (const { key, object, latest } of page.items) found.push([key, versionIdOf(object), latest, object.deleteMarker === true]);
    const last = page.items.at(-1);
    from = page.next && last ? { after: last.key, marker: versionIdOf(last.object) } : undefined;
  }
  const named = [...model.keys].filter(([, versions]) => versions.length > 0).toSorted(([a], [b]) => byUtf8(a, b));
  const expected = named.flatMap(([key, versions]) => versions.map(({ id, bytes }, at) => [key, id, at === 0, bytes === undefined]));
  assert.deepEqual(found, expected);
  const { items } = listObjects(store.catalog, shelf(store), { prefix: '', delimiter: '', after: '', afterPrefix: '', limit: 1000 });
  assert.deepEqual(
    items.map(({ key }) => key),
    named.filter(([, versions]) => versions[0]?.bytes).map(([key]) => key),
  );
}

async function invariants(model: Model, { store, directory }: Real): Promise<void> {
  await settled(store);
  agree(model, store, 1000);
  let bytes = 0;
  for (const [key, versions] of model.keys)
    for (const { id, bytes: expected } of versions) {
      if (!expected) continue;
      bytes += expected.length;
      const object = readVersion(store.catalog, shelf(store), key, id);
      assert.ok(object, `${key} ${id}`);
      const { segments } = readLayout(store.catalog, object);
      const read: Uint8Array[] = [];
      for await (const some of await openObject(store, owner, segments, { done: store.blobs.pin(segments) })) read.push(some);
      assert.ok(Buffer.concat(read).equals(expected), `${key} ${id}`);
    }
  assert.equal(store.catalog.tally(bucketPlace(shelf(store).id)).bytes, bytes);
  assert.deepEqual(filesOf(directory), blobsOf(store));
  assert.equal([...store.catalog.table.garbage.getKeys()].length, 0);
}

test('versions, delete markers and the null version agree with S3 in memory over random histories', async () => {
  const all = [putting, putting, putting, deleting, dropping, dropping, restoring, turning, listing, restarting];
  await fc.assert(
    fc.asyncProperty(fc.commands(all, { maxCommands: 80, size: 'max' }), async (history) => {
      const real: Real = { directory: temporary(), store: undefined as unknown as Store };
      real.store = await openShelf(real.directory, { extentBytes: 100_000 });
      try {
        await createBucket(real.store, owner, { name: 'shelf', location: 'local', labels: {} });
        const model: Model = { keys: new Map(), status: undefined };
        await fc.asyncModelRun(() => ({ model, real }), history);
        await invariants(model, real);
      } finally {
        await closeStore(real.store);
        rmSync(real.directory, { recursive: true, force: true });
      }
    }),
    { numRuns: 10, endOnFailure: true },
  );
});
