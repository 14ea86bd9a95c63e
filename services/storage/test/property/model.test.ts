import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { partMinBytes } from '../../contract/limits.ts';
import { createBucket, ownBucket } from '../../store/bucket.ts';
import { copyObject, copyPart } from '../../store/copy.ts';
import { bucketPlace } from '../../store/key.ts';
import { inlineMaxBytes, packedMaxBytes } from '../../store/limits.ts';
import { listObjects } from '../../store/list.ts';
import { deleteObjects } from '../../store/removal.ts';
import { renameObject } from '../../store/rename.ts';
import { closeStore, type Store } from '../../store/store.ts';
import { abortUpload, completeUpload, createUpload, putPart } from '../../store/upload.ts';
import {
  blobsOf,
  bytesOf,
  filesOf,
  get,
  grow,
  never,
  openShelf,
  owner,
  put,
  settled,
  take,
  temporary,
  shelfOf,
  whoIs,
} from '../fixtures/shelf.ts';

/** S3 in memory: what every store must agree with. */
type Model = { objects: Map<string, Buffer>; uploads: Map<string, { key: string; parts: Map<number, Buffer> }> };
type Real = { store: Store; directory: string };
type Command = fc.AsyncCommand<Model, Real>;

const keys = fc.constantFrom(
  'a',
  'a/',
  'a/b',
  'a/b/c',
  'a//b',
  '..',
  '../x',
  'ä',
  'a b',
  '\u{1f600}',
  'z'.repeat(1024),
  'b/1',
  'b/2',
  'b\u0001',
);
const sizes = fc.constantFrom(0, 1, 100, inlineMaxBytes, inlineMaxBytes + 1, 70_000, packedMaxBytes, packedMaxBytes + 1);
const conditions = fc.constantFrom(undefined, { ifNoneMatch: ['*'] }, { ifMatch: ['*'] });
const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex');
const byUtf8 = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
let seed = 0;

function command(text: string, run: (model: Model, real: Real) => Promise<void>): Command {
  return { check: () => true, run, toString: () => text };
}

const putting = fc.tuple(keys, sizes, conditions).map(([key, size, condition]) =>
  command(`put ${key.slice(0, 9)} ${size} ${JSON.stringify(condition)}`, async (model, { store }) => {
    const bytes = bytesOf(++seed, size);
    const exists = model.objects.has(key);
    const refused = condition && (condition.ifNoneMatch ? exists : !exists);
    if (refused) return void (await assert.rejects(put(store, 'shelf', key, bytes, condition)));
    const { object } = await put(store, 'shelf', key, bytes, condition ?? {});
    assert.equal(object.etag, md5(bytes));
    model.objects.set(key, bytes);
  }),
);

const appending = fc.tuple(keys, sizes, fc.integer({ min: 1, max: 20 }), fc.boolean()).map(([key, size, times, wrong]) =>
  command(`append ${key.slice(0, 9)} ${size} ${wrong}`, async (model, { store }) => {
    const there = model.objects.get(key);
    if (!there) return;
    if (wrong) return void (await assert.rejects(grow(store, 'shelf', key, there.length + 1, bytesOf(++seed, size))));
    let whole = there;
    for (let at = 0; at < (size > 1025 ? 1 : times); at++) {
      const bytes = bytesOf(++seed, size);
      await grow(store, 'shelf', key, whole.length, bytes);
      whole = Buffer.concat([whole, bytes]);
    }
    model.objects.set(key, whole);
  }),
);

const renaming = fc.tuple(keys, keys, fc.boolean()).map(([sourceKey, key, isNew]) =>
  command(`rename ${sourceKey.slice(0, 9)} ${key.slice(0, 9)} ${isNew}`, async (model, { store }) => {
    const bytes = model.objects.get(sourceKey);
    const conditions = isNew ? { ifNoneMatch: ['*'] } : {};
    const rename = { key, sourceKey, conditions, sourceConditions: {}, who: whoIs('RenameObject') };
    const renamed = renameObject(store, shelfOf(store, 'shelf'), rename);
    if (!bytes || (isNew && model.objects.has(key))) return void (await assert.rejects(renamed));
    await renamed;
    model.objects.delete(sourceKey);
    model.objects.set(key, bytes);
  }),
);

const deleting = fc.array(keys, { minLength: 1, maxLength: 4 }).map((names) =>
  command(`delete ${names.length}`, async (model, { store }) => {
    await deleteObjects(
      store,
      shelfOf(store, 'shelf'),
      names.map((key) => ({ key })),
      whoIs('DeleteObjects'),
    );
    for (const key of names) model.objects.delete(key);
  }),
);

const plainCopy = { signal: never } as const;

const copying = fc.tuple(keys, keys).map(([from, to]) =>
  command(`copy ${from.slice(0, 9)} ${to.slice(0, 9)}`, async (model, { store }) => {
    const bytes = model.objects.get(from);
    const copy = copyObject(store, shelfOf(store, 'shelf'), {
      key: to,
      source: { store, bucket: shelfOf(store, 'shelf'), key: from, conditions: {} },
      ...plainCopy,
      traits: {},
      seal: undefined,
      conditions: {},
      who: whoIs('CopyObject'),
      maxBytes: 1e9,
    });
    if (!bytes) return void (await assert.rejects(copy));
    assert.equal((await copy).object.etag, md5(bytes));
    model.objects.set(to, bytes);
  }),
);

const reading = keys.map((key) =>
  command(`get ${key.slice(0, 9)}`, async (model, { store }) => {
    const found = await get(store, 'shelf', key);
    assert.ok(found === undefined ? !model.objects.has(key) : model.objects.get(key)?.equals(found));
  }),
);

const beginning = keys.map((key) =>
  command(`begin ${key.slice(0, 9)}`, async (model, { store }) => {
    model.uploads.set(
      await createUpload(store, shelfOf(store, 'shelf'), { key, headers: {}, traits: {}, who: whoIs('CreateMultipartUpload') }),
      {
        key,
        parts: new Map(),
      },
    );
  }),
);

const parting = fc
  .tuple(fc.nat(), fc.integer({ min: 1, max: 3 }), fc.boolean(), fc.option(keys))
  .map(([which, partNumber, large, source]) =>
    command(`part ${partNumber}`, async (model, { store }) => {
      const [uploadId, upload] = [...model.uploads][which % Math.max(model.uploads.size, 1)] ?? [];
      if (uploadId === undefined || !upload) return;
      const from = source === null ? undefined : model.objects.get(source);
      if (source !== null && from && from.length > 0) {
        const span = { first: Math.floor(from.length / 3), last: from.length - 1 };
        await copyPart(store, shelfOf(store, 'shelf'), {
          key: upload.key,
          uploadId,
          partNumber,
          source: { store, bucket: shelfOf(store, 'shelf'), key: source, conditions: {} },
          ...plainCopy,
          span,
          maxBytes: 1e9,
          who: whoIs('UploadPartCopy'),
        });
        upload.parts.set(partNumber, from.subarray(span.first));
        return;
      }
      const bytes = bytesOf(++seed, large ? partMinBytes : 50);
      await putPart(store, shelfOf(store, 'shelf'), await take(store, bytes), {
        key: upload.key,
        uploadId,
        partNumber,
        who: whoIs('UploadPart'),
      });
      upload.parts.set(partNumber, bytes);
    }),
  );

const ending = fc.tuple(fc.nat(), fc.boolean()).map(([which, abort]) =>
  command(abort ? 'abort' : 'complete', async (model, { store }) => {
    const [uploadId, upload] = [...model.uploads][which % Math.max(model.uploads.size, 1)] ?? [];
    if (uploadId === undefined || !upload) return;
    const place = { key: upload.key, uploadId };
    if (abort) {
      await abortUpload(store, shelfOf(store, 'shelf'), place, whoIs('AbortMultipartUpload'));
      model.uploads.delete(uploadId);
      return;
    }
    const parts = [...upload.parts].toSorted(([a], [b]) => a - b);
    // The contract refuses a completion without parts.
    if (parts.length === 0) return;
    const done = completeUpload(store, shelfOf(store, 'shelf'), {
      ...place,
      parts: parts.map(([partNumber, bytes]) => ({ partNumber, etag: md5(bytes) })),
      conditions: {},
      who: whoIs('CompleteMultipartUpload'),
    });
    const tooSmall = parts.slice(0, -1).some(([, bytes]) => bytes.length < partMinBytes);
    if (tooSmall) return void (await assert.rejects(done));
    assert.match((await done).object.etag, new RegExp(`^[0-9a-f]{32}-${parts.length}$`));
    model.objects.set(upload.key, Buffer.concat(parts.map(([, bytes]) => bytes)));
    model.uploads.delete(uploadId);
  }),
);

const listing = fc
  .tuple(fc.constantFrom('', 'a', 'a/', 'b/'), fc.constantFrom('', '/', '/b'), fc.integer({ min: 1, max: 4 }))
  .map(([prefix, delimiter, limit]) =>
    command(`list ${prefix} ${delimiter} ${limit}`, async (model, { store }) => {
      const bucket = ownBucket(store.catalog, owner, 'shelf');
      const found: string[] = [];
      let from = { after: '', afterPrefix: '' };
      for (;;) {
        const page = listObjects(store.catalog, bucket, { prefix, delimiter, limit, ...from });
        assert.ok(page.items.length + page.prefixes.length <= limit);
        found.push(...[...page.items.map(({ key }) => key), ...page.prefixes].toSorted(byUtf8));
        if (!page.next) break;
        from = 'prefix' in page.next ? { after: '', afterPrefix: page.next.prefix } : { after: page.next.key, afterPrefix: '' };
      }
      const expected = [...model.objects.keys()]
        .filter((key) => key.startsWith(prefix))
        .map((key) => {
          const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
          return cut < 0 ? key : key.slice(0, cut + delimiter.length);
        });
      assert.deepEqual(found, [...new Set(expected)].toSorted(byUtf8));
    }),
  );

const restarting = fc.constant(
  command('restart', async (_, real) => {
    await closeStore(real.store);
    real.store = await openShelf(real.directory, { extentBytes: 300_000 });
  }),
);

/** What must hold whatever was done: the sums of what is kept, and not one file too many or too few. */
async function invariants(model: Model, { store, directory }: Real): Promise<void> {
  await settled(store);
  const bytes = [...model.objects.values()].reduce((sum, one) => sum + one.length, 0);
  const parts = [...model.uploads.values()].flatMap((upload) => [...upload.parts.values()]).reduce((sum, one) => sum + one.length, 0);
  const bucket = ownBucket(store.catalog, owner, 'shelf');
  assert.deepEqual(store.catalog.tally(bucketPlace(bucket.id)), { objects: model.objects.size, bytes });
  assert.equal(store.catalog.tally(owner.scope).bytes, bytes + parts);
  assert.deepEqual(filesOf(directory), blobsOf(store));
  assert.equal([...store.catalog.table.garbage.getKeys()].length, 0);
  for (const [key, expected] of model.objects) assert.ok((await get(store, 'shelf', key))?.equals(expected), key);
}

test('the store agrees with S3 in memory over random histories of writes, appends, renames, copies, parts, lists and restarts', async () => {
  const all = [putting, putting, appending, renaming, deleting, copying, reading, beginning, parting, parting, ending, listing, restarting];
  const commands = fc.commands(all, { maxCommands: 100, size: 'max' });
  await fc.assert(
    fc.asyncProperty(commands, async (history) => {
      const real: Real = { directory: temporary(), store: undefined as unknown as Store };
      real.store = await openShelf(real.directory, { extentBytes: 300_000 });
      try {
        await createBucket(real.store, owner, { name: 'shelf', location: 'local', labels: {} });
        const model: Model = { objects: new Map(), uploads: new Map() };
        await fc.asyncModelRun(() => ({ model, real }), history);
        await invariants(model, real);
      } finally {
        await closeStore(real.store);
        rmSync(real.directory, { recursive: true, force: true });
      }
    }),
    { numRuns: 30, endOnFailure: true },
  );
});
