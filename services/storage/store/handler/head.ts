import { fault } from '#kernel/contract/fault.ts';
import { listKeysMax } from '../../contract/limits.ts';
import { expirationOf } from '../../domain/lifecycle.ts';
import { type Conditions, readVerdict, unmet } from '../../domain/precondition.ts';
import { type ByteRange, resolveRange, type Span } from '../../domain/range.ts';
import { isReadable, type StorageClass } from '../../domain/storage-class.ts';
import { readConfiguration } from '../configuration.ts';
import { readLayout } from '../object.ts';
import type { BucketRecord, LayoutRecord, ObjectRecord, Seal } from '../record.ts';
import type { Store } from '../store.ts';
import { newestVersion, readObject, readVersion, versionIdOf } from '../version.ts';
import { checkKey } from './call.ts';

/** A delete marker was met: a door tells so besides the error. */
export type MarkerMet = { readonly deleteMarker: true; readonly versionId: string };

/** The version that a read names; what is deleted, or was never there, is refused. */
export function findVersion({ catalog }: Store, bucket: BucketRecord, key: string, versionId: string | undefined): ObjectRecord {
  checkKey(key);
  if (versionId === undefined) {
    const live = readObject(catalog, bucket, key);
    if (live) return live;
    const newest = newestVersion(catalog, bucket, key);
    if (newest?.deleteMarker) throw fault('NoSuchKey', { path: `/deleteMarker/${versionIdOf(newest)}` });
    throw fault('NoSuchKey');
  }
  const version = readVersion(catalog, bucket, key, versionId);
  if (!version) throw fault('NoSuchVersion');
  if (version.deleteMarker) throw fault('MethodNotAllowed', { path: `/deleteMarker/${versionId}` });
  return version;
}

type ReadInput = Conditions & {
  readonly key: string;
  readonly versionId?: string;
  readonly range?: ByteRange;
  readonly partNumber?: number;
};

export type Found = { readonly object: ObjectRecord; readonly layout: LayoutRecord; readonly span?: Span; readonly notModified?: true };

/** The version that a read names, its conditions decided, and the bytes it asks for; all in one turn. */
export function findRead(store: Store, bucket: BucketRecord, { input }: { readonly input: ReadInput }): Found {
  const { key, versionId, range, partNumber } = input;
  const object = findVersion(store, bucket, key, versionId);
  const layout = readLayout(store.catalog, object);
  const verdict = readVerdict(input, object);
  if (verdict === 'failed') throw fault('PreconditionFailed', { path: `/${unmet(input, object.etag)}` });
  if (verdict === 'not-modified') return { object, layout, notModified: true };
  if (range && partNumber !== undefined) throw fault('InvalidRequest', 'A range and a part number cannot be asked for together.');
  if (partNumber !== undefined) return { object, layout, span: partSpan(object, layout, partNumber) };
  if (!range) return { object, layout };
  const span = resolveRange(range, object.size);
  if (!span) throw fault('InvalidRange', { detail: `The object has ${object.size} bytes.` });
  return { object, layout, span };
}

/** Refuses to read what is archived and was not restored. */
export function checkReadable({ now }: Store, object: ObjectRecord): void {
  if (!isReadable(object, now())) throw fault('InvalidObjectState', "The operation is not valid for the object's storage class");
}

function partSpan(object: ObjectRecord, { parts }: LayoutRecord, partNumber: number): Span | undefined {
  if (partNumber > Math.max(parts.length, 1)) throw fault('InvalidPart', 'The requested part number is not one of the object.');
  const first = parts.slice(0, partNumber - 1).reduce((sum, part) => sum + part.size, 0);
  const size = parts[partNumber - 1]?.size ?? object.size;
  return size === 0 ? undefined : { first, last: first + size - 1 };
}

/** How an object is sealed, as it is told. */
export function sealOf(seal: Seal | undefined) {
  if (!seal) return {};
  if (seal.kind === 'customer') return { customerKeyMd5: seal.keyMd5 };
  const { algorithm, keyId } = seal;
  return { encryption: { algorithm, ...(keyId === undefined ? {} : { keyId }) } };
}

function expirationIn({ catalog, dayMs }: Store, bucket: BucketRecord, key: string, object: ObjectRecord) {
  const rules = readConfiguration(catalog, bucket, 'lifecycle')?.rules;
  const expiration = rules && expirationOf(rules, { key, ...object }, dayMs);
  return expiration ? { expiration } : {};
}

/** All that is told of an object. */
export function headOf(store: Store, bucket: BucketRecord, key: string, object: ObjectRecord, span: Span | undefined) {
  const { etag, size, modifiedAt, headers, checksum, partsCount, tags, lock, storageClass, restore } = object;
  return {
    key,
    etag,
    size,
    lastModified: modifiedAt,
    ...headers,
    ...(bucket.versioning ? { versionId: versionIdOf(object) } : {}),
    ...(checksum ? { checksum } : {}),
    ...(partsCount === undefined ? {} : { partsCount }),
    ...(tags ? { tagCount: Object.keys(tags).length } : {}),
    ...(storageClass === undefined ? {} : { storageClass: storageClass as StorageClass }),
    ...(lock?.mode ? { lockMode: lock.mode, lockUntil: lock.until ?? 0 } : {}),
    ...(lock?.legalHold === undefined ? {} : { legalHold: lock.legalHold }),
    ...(restore ? { restore: restore.readyAt > store.now() ? { ongoing: true } : { ongoing: false, until: restore.until } } : {}),
    ...sealOf(object.seal),
    ...expirationIn(store, bucket, key, object),
    ...(span ? { range: span } : {}),
  };
}

/** The checksum of the part that a read asks for, when it was kept. */
export function partChecksumOf({ parts }: LayoutRecord, partNumber: number | undefined) {
  const partChecksum = partNumber === undefined ? undefined : parts[partNumber - 1]?.checksum;
  return partChecksum === undefined ? {} : { partChecksum };
}

/** What a write is told. Where versions are suspended it made the null version, and is told so. */
export function writtenOf(store: Store, bucket: BucketRecord, key: string, object: ObjectRecord) {
  const { etag, size, modifiedAt, checksum, seal } = object;
  return {
    key,
    etag,
    size,
    lastModified: modifiedAt,
    ...(bucket.versioning ? { versionId: versionIdOf(object) } : {}),
    ...(checksum ? { checksum } : {}),
    ...sealOf(seal),
    ...expirationIn(store, bucket, key, object),
  };
}

/** The parts of an object that was made of parts, page by page. */
export function attributesOf(
  object: ObjectRecord,
  { parts }: LayoutRecord,
  { maxParts = listKeysMax, partNumberMarker: marker = 0 }: { readonly maxParts?: number; readonly partNumberMarker?: number },
) {
  if (object.partsCount === undefined) return {};
  const items = parts.slice(marker, marker + maxParts).map(({ size, checksum }, at) => ({
    partNumber: marker + at + 1,
    size,
    ...(checksum === undefined ? {} : { checksum }),
  }));
  const next = marker + items.length;
  return { parts: { total: parts.length, marker, truncated: next < parts.length, ...(next > marker ? { next } : {}), items } };
}
