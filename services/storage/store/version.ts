import { randomBytes } from 'node:crypto';
import { keyMaxBytes } from '../contract/limits.ts';
import type { Batch, Catalog } from './catalog.ts';
import { placedKey, versionKey } from './key.ts';
import type { BucketRecord, ObjectRecord } from './record.ts';
import { packTold, unpackTold } from './veil.ts';

/**
 * The live version of a key lies in the table `object`; all others, delete markers included, lie in `version`. A bucket
 * that never had versions has nothing there, and pays nothing for them.
 */

/** The name of the null version. */
const nullVersion = 'null';

export function versionIdOf(object: ObjectRecord): string {
  return object.versionId ?? nullVersion;
}

/** The live version of a key; undefined when there is none, or the key was deleted. */
export function readObject(catalog: Catalog, bucket: BucketRecord, key: string): ObjectRecord | undefined {
  if (isTooLong(key)) return undefined;
  const found = catalog.table.object.get(placedKey(bucket.id, key));
  return found ? unpackTold<ObjectRecord>(found, catalog.veil) : undefined;
}

/** Markers of lists may be longer than any key, and than what the index takes for one. */
const isTooLong = (key: string): boolean => Buffer.byteLength(key) > keyMaxBytes;

/** The versions of a key that are not live, the newest first. */
export function* otherVersions(catalog: Catalog, bucket: BucketRecord, key: string): Generator<ObjectRecord> {
  if (!bucket.versioning || isTooLong(key)) return;
  const range = {
    start: versionKey(bucket.id, key, 'ffffffffffffffff'),
    end: Buffer.concat([placedKey(bucket.id, key), Buffer.from([1])]),
  };
  for (const { value } of catalog.table.version.getRange(range)) yield unpackTold<ObjectRecord>(value, catalog.veil);
}

/** A version by its id, live or not, delete markers included. */
export function readVersion(catalog: Catalog, bucket: BucketRecord, key: string, versionId: string): ObjectRecord | undefined {
  const live = readObject(catalog, bucket, key);
  if (live && versionIdOf(live) === versionId) return live;
  if (versionId === nullVersion) {
    for (const version of otherVersions(catalog, bucket, key)) if (version.versionId === undefined) return version;
    return undefined;
  }
  if (!/^[0-9a-f]{32}$/.test(versionId)) return undefined;
  const found = catalog.table.version.get(versionKey(bucket.id, key, versionId.slice(0, 16)));
  const version = found && unpackTold<ObjectRecord>(found, catalog.veil);
  return version?.versionId === versionId ? version : undefined;
}

/** The newest version of a key, be it a delete marker; `live` says whether it is none. */
export function newestVersion(catalog: Catalog, bucket: BucketRecord, key: string): ObjectRecord | undefined {
  const live = readObject(catalog, bucket, key);
  return live ?? otherVersions(catalog, bucket, key).next().value ?? undefined;
}

/** Within a change: the place of a new version in its key's order, and its id when the bucket keeps versions. */
export function nextVersion(batch: Batch, bucket: BucketRecord): { sequence?: string; versionId?: string } {
  if (!bucket.versioning) return {};
  const sequence = batch.next('object').toString(16).padStart(16, '0');
  return bucket.versioning === 'Enabled' ? { sequence, versionId: sequence + randomBytes(8).toString('hex') } : { sequence };
}

const sequenceOf = (object: ObjectRecord) => object.sequence ?? '0'.repeat(16);

/** Within a change: keeps a version that is live no longer. */
export function shelveVersion({ table, veil }: Catalog, bucket: BucketRecord, key: string, object: ObjectRecord): void {
  table.version.put(versionKey(bucket.id, key, sequenceOf(object)), packTold(object, veil));
}

/** Within a change: forgets a version that is not live. */
export function dropVersion({ table }: Catalog, bucket: BucketRecord, key: string, object: ObjectRecord): void {
  table.version.remove(versionKey(bucket.id, key, sequenceOf(object)));
}

/** Within a change: after the live version went away, the newest other one is live, unless it is a delete marker. */
export function promoteVersion(catalog: Catalog, bucket: BucketRecord, key: string): void {
  const next = otherVersions(catalog, bucket, key).next().value;
  if (!next || next.deleteMarker) return;
  dropVersion(catalog, bucket, key, next);
  catalog.table.object.put(placedKey(bucket.id, key), packTold(next, catalog.veil));
}

/** Within a change: writes a version anew where it lies. */
export function rewriteVersion(catalog: Catalog, bucket: BucketRecord, key: string, object: ObjectRecord): void {
  const live = readObject(catalog, bucket, key);
  if (live?.id === object.id) catalog.table.object.put(placedKey(bucket.id, key), packTold(object, catalog.veil));
  else shelveVersion(catalog, bucket, key, object);
}
