import { type Keys, type ListPage, listPage, type ListQuery } from '../domain/listing.ts';
import type { Catalog } from './catalog.ts';
import { afterPrefix, numberKey, placedKey, placedName, readUploadKey, readVersionKey } from './key.ts';
import { startMaxBytes } from './limits.ts';
import type { BucketRecord, ObjectRecord, UploadRecord } from './record.ts';
import { unpackTold } from './veil.ts';
import { otherVersions, readObject, versionIdOf } from './version.ts';

export type ListedObject = { readonly key: string; readonly object: ObjectRecord };
export type ListedUpload = { readonly key: string; readonly uploadId: string; readonly upload: UploadRecord };

/** A page of the objects of a bucket. */
export function listObjects({ table, veil }: Catalog, bucket: BucketRecord, query: ListQuery): ListPage<ListedObject> {
  const keys: Keys<ListedObject> = {
    *seek(from) {
      for (const { key: bytes, value } of table.object.getRange(rangeFrom(bucket, from))) {
        const key = placedName(bytes);
        yield { key, item: () => ({ key, object: unpackTold<ObjectRecord>(value, veil) }) };
      }
    },
  };
  return listPage(keys, query);
}

/** A page of the unfinished uploads of a bucket, in order of key and then of age. `afterUpload` stands behind the key `after`. */
export function listUploads(
  { table, veil }: Catalog,
  bucket: BucketRecord,
  query: ListQuery,
  afterUpload: string | undefined,
): ListPage<ListedUpload> {
  const keys: Keys<ListedUpload> = {
    *seek(from) {
      const range = rangeFrom(bucket, from);
      // Uploads of a key stand as `key NUL id`: behind the key means behind every id, or behind the one named.
      if ('after' in from)
        range.start =
          afterUpload === undefined ? startKey(bucket, `${from.after}\x01`) : startKey(bucket, `${from.after}\0${afterUpload}\0`);
      for (const { key: bytes, value } of table.upload.getRange(range)) {
        const { key, uploadId } = readUploadKey(bytes);
        yield { key, item: () => ({ key, uploadId, upload: unpackTold<UploadRecord>(value, veil) }) };
      }
    },
  };
  return listPage(keys, query);
}

export type ListedVersion = { readonly key: string; readonly object: ObjectRecord; readonly latest: boolean };

/**
 * A page of the versions of a bucket, in order of key and the newest first. `afterVersion` stands behind the key `after`;
 * a version that is gone counts as the place where it was.
 */
export function listVersions(
  catalog: Catalog,
  bucket: BucketRecord,
  query: ListQuery,
  afterVersion: string | undefined,
): ListPage<ListedVersion> {
  const keys: Keys<ListedVersion> = {
    *seek(from) {
      // The versions left of the key at which the last page ended come first.
      if ('after' in from && afterVersion !== undefined) yield* versionsBehind(catalog, bucket, from.after, afterVersion);
      for (const { key, versions } of keysWithVersions(catalog, bucket, from)) yield* listedOf(key, versions);
    },
  };
  return listPage(keys, query);
}

function* listedOf(key: string, versions: Iterable<ObjectRecord>) {
  let latest = true;
  for (const object of versions) {
    const isLatest = latest;
    latest = false;
    yield { key, item: () => ({ key, object, latest: isLatest }) };
  }
}

function* versionsBehind(catalog: Catalog, bucket: BucketRecord, key: string, afterVersion: string) {
  const all = [...versionsOf(catalog, bucket, key)];
  const at = all.findIndex((object) => versionIdOf(object) === afterVersion);
  const sequence = afterVersion.slice(0, 16);
  for (const [index, object] of all.entries()) {
    const isBehind = at >= 0 ? index > at : (object.sequence ?? '') < sequence;
    if (isBehind) yield { key, item: () => ({ key, object, latest: index === 0 }) };
  }
}

/** All versions of a key, the newest first. */
function* versionsOf(catalog: Catalog, bucket: BucketRecord, key: string): Generator<ObjectRecord> {
  const live = readObject(catalog, bucket, key);
  if (live) yield live;
  yield* otherVersions(catalog, bucket, key);
}

/** The keys that have a version, in order, out of the two tables. */
function* keysWithVersions(catalog: Catalog, bucket: BucketRecord, from: From): Generator<{ key: string; versions: ObjectRecord[] }> {
  const live = catalog.table.object.getKeys(rangeFrom(bucket, from))[Symbol.iterator]();
  const range = rangeFrom(bucket, from);
  // Versions of a key stand as `key NUL place`.
  if ('after' in from) range.start = startKey(bucket, `${from.after}\x01`);
  const other = catalog.table.version.getKeys(range)[Symbol.iterator]();
  const nextLive = () => {
    const { value, done } = live.next();
    return done ? undefined : placedName(value);
  };
  const nextOther = () => {
    const { value, done } = other.next();
    return done ? undefined : readVersionKey(value);
  };
  try {
    for (let a = nextLive(), b = nextOther(); a !== undefined || b !== undefined; ) {
      const key = a !== undefined && (b === undefined || Buffer.compare(Buffer.from(a), Buffer.from(b)) <= 0) ? a : b!;
      yield { key, versions: [...versionsOf(catalog, bucket, key)] };
      if (a === key) a = nextLive();
      while (b === key) b = nextOther();
    }
  } finally {
    live.return?.();
    other.return?.();
  }
}

type From = Parameters<Keys<unknown>['seek']>[0];

function rangeFrom(bucket: BucketRecord, from: From): { start: Buffer; end: Buffer } {
  const end = numberKey(bucket.id + 1n);
  if ('at' in from) return { start: startKey(bucket, from.at), end };
  if ('after' in from) return { start: startKey(bucket, Buffer.concat([Buffer.from(from.after), Buffer.alloc(1)])), end };
  return { start: afterPrefix(startKey(bucket, from.behind)) ?? end, end };
}

/** Where a list begins. A marker may be longer than any key; what is cut off of it lies behind the end of every key and orders nothing. */
function startKey(bucket: BucketRecord, name: string | Uint8Array): Buffer {
  return placedKey(bucket.id, name).subarray(0, startMaxBytes);
}
