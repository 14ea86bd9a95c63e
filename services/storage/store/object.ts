import { fault } from '#kernel/contract/fault.ts';
import { writeVerdict } from '../domain/precondition.ts';
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
  unpack,
} from './record.ts';
import type { Store } from './store.ts';
import { effectOf, type Who } from './who.ts';
import { ownBucket } from './bucket.ts';
import { effectDetailMaxBytes } from './limits.ts';

export type WriteConditions = { readonly ifMatch?: readonly string[]; readonly ifNoneMatch?: readonly string[] };

/** What a write left: the object, the bytes the scope now keeps, and the files to unlink. */
export type Stored = { readonly object: ObjectRecord; readonly bytes: number; readonly freed: readonly string[] };

const idKey = (id: string) => Buffer.from(id, 'hex');

export function newId(): string {
  return newIdentity().toString('hex');
}

export function readObject(catalog: Catalog, bucket: BucketRecord, key: string): ObjectRecord | undefined {
  const found = catalog.table.object.get(placedKey(bucket.id, key));
  return found ? unpack<ObjectRecord>(found) : undefined;
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
  const verdict = writeVerdict(conditions, object);
  if (verdict === 'absent') throw fault('NoSuchKey');
  if (verdict === 'failed') throw fault('PreconditionFailed');
}

export type NewObject = {
  readonly etag: string;
  readonly size: number;
  readonly headers: StoredHeaders;
  readonly checksum?: StoredChecksum;
  readonly segments: readonly Segment[];
  readonly parts: readonly PartLayout[];
  readonly uploadId?: string;
};

/** Within a change: puts an object in the place of what was there. Its segments' references must be held already. */
export function placeObject({ catalog, blobs, now }: Store, batch: Batch, bucket: BucketRecord, key: string, made: NewObject): Stored {
  const { table } = catalog;
  const old = readObject(catalog, bucket, key);
  const freed = old ? releaseObject({ catalog, blobs }, old) : [];
  const id = newId();
  const single = made.parts.length === 0 && made.segments.length === 1;
  const object: ObjectRecord = {
    id,
    etag: made.etag,
    size: made.size,
    modifiedAt: now(),
    headers: made.headers,
    encryption: 'none',
    ...(made.checksum ? { checksum: made.checksum } : {}),
    ...(single ? { segment: made.segments[0]! } : {}),
    ...(made.parts.length > 0 ? { partsCount: made.parts.length } : {}),
    ...(made.uploadId === undefined ? {} : { uploadId: made.uploadId }),
  };
  if (!single) table.layout.put(idKey(id), pack({ segments: made.segments, parts: made.parts } satisfies LayoutRecord));
  table.object.put(placedKey(bucket.id, key), pack(object));
  const grown = made.size - (old?.size ?? 0);
  batch.count(bucketPlace(bucket.id), old ? 0 : 1, grown);
  batch.count(bucket.scope, old ? 0 : 1, grown);
  return { object, bytes: batch.tally(bucket.scope).bytes, freed };
}

function releaseObject({ catalog, blobs }: Pick<Store, 'catalog' | 'blobs'>, object: ObjectRecord): string[] {
  const { segments } = readLayout(catalog, object);
  if (!object.segment) catalog.table.layout.remove(idKey(object.id));
  return segments.flatMap((segment) => blobs.release(segment));
}

export type PutOptions = {
  readonly key: string;
  readonly headers: StoredHeaders;
  readonly checksum?: StoredChecksum;
  readonly conditions: WriteConditions;
  readonly who: Who;
};

/** Stores bytes that were received under a key. What it replaces is freed; when it is refused, nothing is kept. */
export async function putObject(store: Store, name: string, received: Received, options: PutOptions): Promise<Stored> {
  const { catalog, blobs } = store;
  const { key, headers, checksum, conditions, who } = options;
  const stored = await adopt(store, received, () =>
    catalog.commit((batch) => {
      const bucket = ownBucket(catalog, who.caller, name);
      demand(conditions, readObject(catalog, bucket, key));
      addReceived(store, received);
      const made = placeObject(store, batch, bucket, key, {
        etag: received.md5,
        size: received.size,
        headers,
        checksum,
        segments: [received.segment],
        parts: [],
      });
      batch.log(effectOf(who, made.object.modifiedAt, name, received.size, { key, etag: received.md5 }));
      return made;
    }),
  );
  blobs.free(stored.freed);
  return stored;
}

/** Within a change: makes a received file one of the index. */
export function addReceived({ blobs }: Store, { segment, size, place }: Received): void {
  if ('blob' in segment && place) blobs.add(segment.blob, size, place);
}

/** Runs the commit that adopts received bytes, and throws them away when it fails. */
export async function adopt<T>({ blobs }: Store, { segment, size, place }: Received, commit: () => Promise<T>): Promise<T> {
  try {
    return await commit();
  } catch (error) {
    if ('blob' in segment) await blobs.discard(segment.blob, size, place);
    throw error;
  }
}

export type Removal = { readonly key: string; readonly etag?: string };
export type Removed = { readonly key: string; readonly existed: boolean; readonly code?: 'NoSuchKey' | 'PreconditionFailed' };

/** Deletes objects; those that are not there are no error, those whose condition fails are left and told. */
export async function deleteObjects(
  store: Store,
  name: string,
  removals: readonly Removal[],
  who: Who,
): Promise<{ removed: Removed[]; bytes: number }> {
  const { catalog, blobs, now } = store;
  const done = await catalog.commit((batch) => {
    const bucket = ownBucket(catalog, who.caller, name);
    const freed: string[] = [];
    let bytes = 0;
    const removed = removals.map(({ key, etag }): Removed => {
      const object = readObject(catalog, bucket, key);
      const verdict = writeVerdict(etag === undefined ? {} : { ifMatch: [etag] }, object);
      if (verdict !== 'go') return { key, existed: object !== undefined, code: verdict === 'absent' ? 'NoSuchKey' : 'PreconditionFailed' };
      if (!object) return { key, existed: false };
      freed.push(...releaseObject(store, object));
      catalog.table.object.remove(placedKey(bucket.id, key));
      batch.count(bucketPlace(bucket.id), -1, -object.size);
      batch.count(bucket.scope, -1, -object.size);
      bytes += object.size;
      return { key, existed: true };
    });
    if (who.operation === 'DeleteObjects' || !removed[0]?.code)
      batch.log(effectOf(who, now(), name, bytes, removalDetail(who.operation, removed)));
    return { removed, freed, bytes: batch.tally(bucket.scope).bytes };
  });
  blobs.free(done.freed);
  return done;
}

/** One record for the request: the key of a single deletion, or as many keys of a batch as fit. */
function removalDetail(operation: string, removed: readonly Removed[]): Record<string, unknown> {
  if (operation !== 'DeleteObjects') return { key: removed[0]?.key };
  const keys: string[] = [];
  let room = effectDetailMaxBytes;
  for (const { key, code } of removed) {
    room -= Buffer.byteLength(key);
    if (room < 0) break;
    if (code === undefined) keys.push(key);
  }
  return { keys, asked: removed.length };
}
