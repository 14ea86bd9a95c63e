import { fault } from '#kernel/contract/fault.ts';
import { unmet, writeVerdict } from '../domain/precondition.ts';
import { sameBucket, writeBucket } from './bucket.ts';
import type { Batch, Catalog } from './catalog.ts';
import { newIdentity } from './identity.ts';
import { bucketPlace, placedKey } from './key.ts';
import type { Received } from './receive.ts';
import {
  type BucketRecord,
  type LayoutRecord,
  type ObjectRecord,
  pack,
  type PartLayout,
  type Segment,
  type StoredChecksum,
  type StoredHeaders,
  type Traits,
  unpack,
} from './record.ts';
import type { Store } from './store.ts';
import { packTold } from './veil.ts';
import { dropVersion, nextVersion, otherVersions, readObject, shelveVersion } from './version.ts';
import { effectOf, toldOf, type Who } from './who.ts';

export type WriteConditions = {
  readonly ifMatch?: readonly string[];
  readonly ifNoneMatch?: readonly string[];
  /** The write begins an object to append to: there must be none. */
  readonly begins?: boolean;
};

/** What a write left: the object, the bytes the bucket's scope now keeps, and the files to unlink. */
export type Stored = { readonly object: ObjectRecord; readonly bytes: number; readonly freed: readonly string[] };

/** The key of an object's layout. */
export const idKey = (id: string): Buffer => Buffer.from(id, 'hex');

export function newId(): string {
  return newIdentity().toString('hex');
}

/** Where the bytes of an object lie, and of which parts it was made. */
export function readLayout(catalog: Catalog, object: ObjectRecord): LayoutRecord {
  if (object.segment) return { segments: [object.segment], parts: [] };
  const found = catalog.table.layout.get(idKey(object.id));
  if (!found) throw fault('ObjectDamaged', 'The layout of the object is not in the index.');
  return unpack<LayoutRecord>(found);
}

/** Within a change: refuses when what lies at the key does not satisfy the conditions. */
export function demand(conditions: WriteConditions, object: ObjectRecord | undefined): void {
  if (conditions.begins && object) throw fault(object.size > 0 ? 'InvalidWriteOffset' : 'ConditionalConflict');
  const verdict = writeVerdict(conditions, object);
  if (verdict === 'absent') throw fault('NoSuchKey');
  if (verdict === 'failed') throw fault('PreconditionFailed', { path: `/${unmet(conditions, object?.etag)}` });
}

export type NewObject = {
  readonly etag: string;
  readonly size: number;
  readonly headers: StoredHeaders;
  readonly traits: Traits;
  readonly checksum?: StoredChecksum;
  readonly segments: readonly Segment[];
  readonly parts: readonly PartLayout[];
  readonly uploadId?: string;
};

/** Within a change: makes an object the live version of its key. Its segments' references must be held already. */
export function placeObject(store: Store, batch: Batch, bucket: BucketRecord, key: string, made: NewObject): Stored {
  const { catalog, now } = store;
  const freed = makeWay(store, batch, bucket, key);
  const id = newId();
  const single = made.parts.length === 0 && made.segments.length === 1;
  const object: ObjectRecord = {
    id,
    etag: made.etag,
    size: made.size,
    modifiedAt: now(),
    headers: made.headers,
    ...made.traits,
    ...nextVersion(batch, bucket),
    ...(made.checksum ? { checksum: made.checksum } : {}),
    ...(single ? { segment: made.segments[0]! } : {}),
    ...(made.parts.length > 0 ? { partsCount: made.parts.length } : {}),
    ...(made.uploadId === undefined ? {} : { uploadId: made.uploadId }),
  };
  if (!single) catalog.table.layout.put(idKey(id), pack({ segments: made.segments, parts: made.parts } satisfies LayoutRecord));
  catalog.table.object.put(placedKey(bucket.id, key), packTold(object, catalog.veil));
  countVersion(batch, bucket, object, 1);
  if (object.owner !== undefined && !bucket.shared) writeBucket(catalog, { ...bucket, shared: true });
  return { object, bytes: batch.tally(bucket.scope).bytes, freed };
}

/** Within a change: what a new version of a key replaces is kept, if the bucket keeps it, or released. */
function makeWay(store: Store, batch: Batch, bucket: BucketRecord, key: string): string[] {
  const { catalog } = store;
  const live = readObject(catalog, bucket, key);
  if (live && bucket.versioning && (bucket.versioning === 'Enabled' || live.versionId !== undefined)) {
    shelveVersion(catalog, bucket, key, live);
    catalog.table.object.remove(placedKey(bucket.id, key));
  } else if (live) {
    catalog.table.object.remove(placedKey(bucket.id, key));
    countVersion(batch, bucket, live, -1);
    return releaseObject(store, live);
  }
  if (bucket.versioning !== 'Suspended') return [];
  // The new version is the null version, of which there is one.
  for (const version of otherVersions(catalog, bucket, key)) {
    if (version.versionId !== undefined) continue;
    dropVersion(catalog, bucket, key, version);
    countVersion(batch, bucket, version, -1);
    return releaseObject(store, version);
  }
  return [];
}

/** Within a change: a version more or fewer in its bucket and scope; delete markers do not count. */
export function countVersion(batch: Batch, bucket: BucketRecord, object: ObjectRecord, change: 1 | -1): void {
  if (object.deleteMarker) return;
  batch.count(bucketPlace(bucket.id), change, change * object.size);
  batch.count(bucket.scope, change, change * object.size);
}

/** Within a change: gives the bytes of a version up; returns the files to unlink. */
export function releaseObject({ catalog, blobs }: Pick<Store, 'catalog' | 'blobs'>, object: ObjectRecord): string[] {
  if (object.deleteMarker) return [];
  const { segments } = readLayout(catalog, object);
  if (!object.segment) catalog.table.layout.remove(idKey(object.id));
  return segments.flatMap((segment) => blobs.release(segment));
}

/** Within a change: the key counts as deleted from now on, by a marker. */
export function placeMarker(
  store: Store,
  batch: Batch,
  bucket: BucketRecord,
  key: string,
  owner?: string,
): { marker: ObjectRecord; freed: string[] } {
  const freed = makeWay(store, batch, bucket, key);
  const marker: ObjectRecord = {
    id: newId(),
    etag: '',
    size: 0,
    modifiedAt: store.now(),
    headers: {},
    ...nextVersion(batch, bucket),
    deleteMarker: true,
    ...(owner === undefined ? {} : { owner }),
  };
  shelveVersion(store.catalog, bucket, key, marker);
  return { marker, freed };
}

export type PutOptions = {
  readonly key: string;
  readonly headers: StoredHeaders;
  readonly traits: Traits;
  readonly checksum?: StoredChecksum;
  readonly conditions: WriteConditions;
  readonly who: Who;
};

/** Stores bytes that were received under a key. What it replaces is freed; when it is refused, nothing is kept. */
export async function putObject(store: Store, place: BucketRecord, received: Received, options: PutOptions): Promise<Stored> {
  const { catalog, blobs } = store;
  const { key, headers, traits, checksum, conditions, who } = options;
  const stored = await adopt(store, received, () =>
    catalog.commit((batch) => {
      const bucket = sameBucket(catalog, place);
      demand(conditions, readObject(catalog, bucket, key));
      addReceived(store, received);
      const made = placeObject(store, batch, bucket, key, {
        etag: received.md5,
        size: received.size,
        headers,
        traits,
        checksum,
        segments: [received.segment],
        parts: [],
      });
      const told = () => [toldOf(who, key, made.object)];
      batch.log(effectOf(who, made.object.modifiedAt, bucket, received.size, { key, etag: received.md5 }, told));
      return made;
    }, place.relaxed),
  );
  blobs.free(stored.freed);
  return stored;
}

/** Within a change: makes a received file one of the index. */
export function addReceived({ blobs }: Store, { segment, place }: Received): void {
  if ('blob' in segment && place) blobs.add(segment.blob, segment.size, place);
}

/** Runs the commit that adopts received bytes, and throws them away when it fails. */
export async function adopt<T>({ blobs }: Store, { segment, place }: Received, commit: () => Promise<T>): Promise<T> {
  try {
    return await commit();
  } catch (error) {
    if ('blob' in segment) await blobs.discard(segment.blob, segment.size, place);
    throw error;
  }
}
