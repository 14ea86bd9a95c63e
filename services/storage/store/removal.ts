import { mayDelete } from '../domain/lock.ts';
import type { Told } from '../domain/notification.ts';
import { writeVerdict } from '../domain/precondition.ts';
import { sameBucket } from './bucket.ts';
import type { Batch } from './catalog.ts';
import { placedKey } from './key.ts';
import { effectDetailMaxBytes } from './limits.ts';
import { countVersion, placeMarker, releaseObject } from './object.ts';
import type { BucketRecord, ObjectRecord } from './record.ts';
import type { Store } from './store.ts';
import { dropVersion, promoteVersion, readObject, readVersion, versionIdOf } from './version.ts';
import { accountOf, effectOf, type Who } from './who.ts';

/** What to delete: the key, so that it counts as deleted, or one version of it. Times are milliseconds since 1970. */
export type Removal = {
  readonly key: string;
  readonly versionId?: string;
  readonly etag?: string;
  readonly size?: number;
  readonly lastModified?: number;
};

export type Removed = {
  readonly key: string;
  readonly versionId?: string;
  /** Whether an object, or a version of it, is there no longer. */
  readonly existed: boolean;
  /** Whether a delete marker was made, or was what was deleted. */
  readonly deleteMarker?: true;
  readonly deleteMarkerVersionId?: string;
  readonly code?: 'NoSuchKey' | 'PreconditionFailed' | 'ObjectLocked';
};

export type RemovalOptions = { readonly bypassGovernance?: boolean };

/** Deletes objects or versions; those that are not there are no error, those whose condition fails are left and told. */
export async function deleteObjects(
  store: Store,
  place: BucketRecord,
  removals: readonly Removal[],
  who: Who,
  options: RemovalOptions = {},
): Promise<{ removed: Removed[]; bytes: number }> {
  const { catalog, blobs, now } = store;
  const done = await catalog.commit((batch) => {
    const bucket = sameBucket(catalog, place);
    const freed: string[] = [];
    const before = batch.tally(bucket.scope).bytes;
    const owner = accountOf(bucket, who.caller);
    const removed = removals.map((removal) => removeOne({ store, batch, bucket, freed, owner, options }, removal));
    const bytes = before - batch.tally(bucket.scope).bytes;
    if (who.operation === 'DeleteObjects' || !removed[0]?.code) batch.log(logged(who, now(), bucket, bytes, removed));
    return { removed, freed, bytes: batch.tally(bucket.scope).bytes };
  }, place.relaxed);
  blobs.free(done.freed);
  return done;
}

type Removing = {
  readonly store: Store;
  readonly batch: Batch;
  readonly bucket: BucketRecord;
  readonly freed: string[];
  readonly owner: string | undefined;
  readonly options: RemovalOptions;
};

/** Within a change: deletes one. */
function removeOne(removing: Removing, removal: Removal): Removed {
  const { store, bucket } = removing;
  const { key, versionId, etag, size, lastModified } = removal;
  const object = versionId === undefined ? readObject(store.catalog, bucket, key) : readVersion(store.catalog, bucket, key, versionId);
  const told = { key, ...(versionId === undefined ? {} : { versionId }) };
  const verdict = writeVerdict(etag === undefined ? {} : { ifMatch: [etag] }, object);
  if (verdict === 'absent') return { ...told, existed: false, code: 'NoSuchKey' };
  const differs =
    object &&
    ((size !== undefined && object.size !== size) ||
      (lastModified !== undefined && Math.floor(object.modifiedAt / 1000) !== Math.floor(lastModified / 1000)));
  if (verdict === 'failed' || differs) return { ...told, existed: object !== undefined, code: 'PreconditionFailed' };
  if (!object && (size !== undefined || lastModified !== undefined)) return { ...told, existed: false, code: 'NoSuchKey' };
  if (versionId !== undefined) return object ? removeVersion(removing, key, object) : { ...told, existed: false };
  if (bucket.versioning) return markDeleted(removing, key, object);
  if (!object) return { ...told, existed: false };
  removeLive(removing, key, object);
  return { ...told, existed: true };
}

function markDeleted({ store, batch, bucket, freed, owner }: Removing, key: string, live: ObjectRecord | undefined): Removed {
  const placed = placeMarker(store, batch, bucket, key, owner);
  freed.push(...placed.freed);
  return { key, existed: live !== undefined, deleteMarker: true, deleteMarkerVersionId: versionIdOf(placed.marker) };
}

function removeLive({ store, batch, bucket, freed }: Removing, key: string, object: ObjectRecord): void {
  store.catalog.table.object.remove(placedKey(bucket.id, key));
  countVersion(batch, bucket, object, -1);
  freed.push(...releaseObject(store, object));
}

function removeVersion(removing: Removing, key: string, object: ObjectRecord): Removed {
  const { store, batch, bucket, freed, options } = removing;
  const { catalog, now } = store;
  const versionId = versionIdOf(object);
  if (!mayDelete(object.lock, now(), options.bypassGovernance === true)) return { key, versionId, existed: true, code: 'ObjectLocked' };
  const live = readObject(catalog, bucket, key);
  if (live?.id === object.id) removeLive(removing, key, object);
  else {
    dropVersion(catalog, bucket, key, object);
    countVersion(batch, bucket, object, -1);
    freed.push(...releaseObject(store, object));
  }
  if (!live || live.id === object.id) promoteVersion(catalog, bucket, key);
  return {
    key,
    versionId,
    existed: true,
    ...(object.deleteMarker ? { deleteMarker: true, deleteMarkerVersionId: versionId } : {}),
  };
}

/** One record for the request: the key of a single deletion, or as many keys of a batch as fit. */
function removalDetail(operation: string, removed: readonly Removed[]): Record<string, unknown> {
  if (operation !== 'DeleteObjects') return { key: removed[0]?.key, ...(removed[0]?.versionId ? { versionId: removed[0].versionId } : {}) };
  const keys: string[] = [];
  let room = effectDetailMaxBytes;
  for (const { key, code } of removed) {
    room -= Buffer.byteLength(key);
    if (room < 0) break;
    if (code === undefined) keys.push(key);
  }
  return { keys, asked: removed.length };
}

const logged = (who: Who, at: number, bucket: BucketRecord, bytes: number, removed: readonly Removed[]) =>
  effectOf(who, at, bucket, bytes, removalDetail(who.operation, removed), () => removed.map((one) => toldRemoval(who, one)));

/** What is told of a deletion: of a key, by a marker or for good, or of a version; of what was not there, nothing. */
function toldRemoval({ caller }: Who, { key, versionId, existed, deleteMarkerVersionId, code }: Removed): Told | undefined {
  const isMarker = versionId === undefined && deleteMarkerVersionId !== undefined;
  if (code !== undefined || (!existed && !isMarker)) return undefined;
  const family = caller.face === 'service' && caller.principal === 'lifecycle' ? 'LifecycleExpiration' : 'ObjectRemoved';
  const shown = versionId ?? deleteMarkerVersionId;
  return { name: `${family}:${isMarker ? 'DeleteMarkerCreated' : 'Delete'}`, key, ...(shown === undefined ? {} : { versionId: shown }) };
}
