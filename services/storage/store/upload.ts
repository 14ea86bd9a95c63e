import { createHash, randomBytes } from 'node:crypto';
import { fault } from '#kernel/contract/fault.ts';
import type { ChecksumAlgorithm } from '#wire/checksum/checksum.ts';
import { objectMaxBytes, partMinBytes } from '../contract/limits.ts';
import { type ChecksumType, joinChecksums } from '../domain/checksum.ts';
import { sameBucket } from './bucket.ts';
import type { Batch, Catalog } from './catalog.ts';
import { afterPrefix, partKey, readPartNumber, uploadKey } from './key.ts';
import { adopt, addReceived, demand, placeObject, type Stored, type WriteConditions } from './object.ts';
import type { Received } from './receive.ts';
import {
  type BucketRecord,
  pack,
  type PartRecord,
  type StoredChecksum,
  type StoredHeaders,
  type Traits,
  unpack,
  type UploadRecord,
} from './record.ts';
import { atStep } from './step.ts';
import type { Store } from './store.ts';
import { packTold, unpackTold } from './veil.ts';
import { readObject } from './version.ts';
import { accountOf, effectOf, toldOf, type Who } from './who.ts';

export type UploadPlace = { readonly key: string; readonly uploadId: string };
export type ListedPart = { readonly partNumber: number; readonly part: PartRecord };

/** Ids that sort by age: milliseconds, then chance. */
function newUploadId(at: number): string {
  return at.toString(16).padStart(12, '0') + randomBytes(10).toString('hex');
}

export type NewUpload = {
  readonly key: string;
  readonly headers: StoredHeaders;
  readonly traits: Traits;
  readonly checksumAlgorithm?: ChecksumAlgorithm;
  readonly checksumType?: ChecksumType;
  readonly who: Who;
};

export function createUpload(
  { catalog, now }: Store,
  place: BucketRecord,
  { key, headers, traits, checksumAlgorithm, checksumType, who }: NewUpload,
): Promise<string> {
  return catalog.commit((batch) => {
    const bucket = sameBucket(catalog, place);
    const initiator = accountOf(bucket, who.caller);
    const initiatedAt = now();
    const uploadId = newUploadId(initiatedAt);
    const record: UploadRecord = {
      initiatedAt,
      headers,
      principal: who.caller.principal,
      ...traits,
      ...(initiator === undefined ? {} : { initiator }),
      ...(checksumAlgorithm ? { checksumAlgorithm, checksumType } : {}),
    };
    catalog.table.upload.put(uploadKey(bucket.id, key, uploadId), packTold(record, catalog.veil));
    batch.log(effectOf(who, initiatedAt, bucket, 0, { key, uploadId }));
    return uploadId;
  }, place.relaxed);
}

/** Forgets which principal began an upload; the upload itself goes on. */
export function forgetInitiator({ catalog }: Store, bucket: BucketRecord, place: UploadPlace): Promise<void> {
  return catalog.commit(() => {
    const upload = findUpload(catalog, bucket, place);
    const record: UploadRecord = { ...upload, principal: '' };
    catalog.table.upload.put(uploadKey(bucket.id, place.key, place.uploadId), packTold(record, catalog.veil));
  });
}

/** The upload of an id and key, or NoSuchUpload. */
export function findUpload(catalog: Catalog, bucket: BucketRecord, place: UploadPlace): UploadRecord {
  const found = readUpload(catalog, bucket, place);
  if (!found) throw fault('NoSuchUpload');
  return found;
}

/** The upload of an id, if it is still there. */
export function readUpload(catalog: Catalog, bucket: BucketRecord, { key, uploadId }: UploadPlace): UploadRecord | undefined {
  const found = /^[0-9a-f]{32}$/.test(uploadId) ? catalog.table.upload.get(uploadKey(bucket.id, key, uploadId)) : undefined;
  return found && unpackTold<UploadRecord>(found, catalog.veil);
}

/** The parts of an upload in order of number, from behind a number on. */
export function readParts({ table }: Catalog, uploadId: string, after = 0, limit?: number): ListedPart[] {
  const prefix = Buffer.from(uploadId, 'hex');
  const range = table.part.getRange({
    start: partKey(uploadId, after + 1),
    end: afterPrefix(prefix),
    ...(limit === undefined ? {} : { limit }),
  });
  return [...range].map(({ key, value }) => ({ partNumber: readPartNumber(key), part: unpack<PartRecord>(value) }));
}

export type NewPart = UploadPlace & { readonly partNumber: number; readonly checksum?: StoredChecksum; readonly who: Who };

/** Takes received bytes as a part, in the place of an earlier one of its number. */
export async function putPart(
  store: Store,
  place: BucketRecord,
  received: Received,
  part: NewPart,
): Promise<{ part: PartRecord; bytes: number }> {
  const { catalog, blobs } = store;
  const stored = await adopt(store, received, () =>
    catalog.commit((batch) => {
      const bucket = sameBucket(catalog, place);
      findUpload(catalog, bucket, part);
      addReceived(store, received);
      return placePart(store, batch, bucket, part, { etag: received.md5, size: received.size, segments: [received.segment] });
    }, place.relaxed),
  );
  blobs.free(stored.freed);
  return stored;
}

/** Within a change: writes a part whose segments are held already. */
export function placePart(
  { catalog, blobs, now }: Store,
  batch: Batch,
  bucket: BucketRecord,
  { key, uploadId, partNumber, checksum, who }: NewPart,
  made: Pick<PartRecord, 'etag' | 'size' | 'segments'>,
) {
  const at = partKey(uploadId, partNumber);
  const found = catalog.table.part.get(at);
  const old = found ? unpack<PartRecord>(found) : undefined;
  const record: PartRecord = { ...made, modifiedAt: now(), ...(checksum ? { checksum } : {}) };
  catalog.table.part.put(at, pack(record));
  batch.count(bucket.scope, 0, made.size - (old?.size ?? 0));
  batch.log(effectOf(who, record.modifiedAt, bucket, made.size, { key, uploadId, partNumber }));
  return {
    part: record,
    bytes: batch.tally(bucket.scope).bytes,
    freed: (old?.segments ?? []).flatMap((segment) => blobs.release(segment)),
  };
}

/** Gives an upload up; resolves with the bytes that the scope still keeps. */
export async function abortUpload({ catalog, blobs, now }: Store, at: BucketRecord, place: UploadPlace, who: Who): Promise<number> {
  const done = await catalog.commit((batch) => {
    const bucket = sameBucket(catalog, at);
    findUpload(catalog, bucket, place);
    const parts = readParts(catalog, place.uploadId);
    const freed = parts.flatMap(({ part }) => part.segments.flatMap((segment) => blobs.release(segment)));
    for (const { partNumber } of parts) catalog.table.part.remove(partKey(place.uploadId, partNumber));
    catalog.table.upload.remove(uploadKey(bucket.id, place.key, place.uploadId));
    batch.count(bucket.scope, 0, -parts.reduce((sum, { part }) => sum + part.size, 0));
    batch.log(effectOf(who, now(), bucket, 0, place));
    return { freed, bytes: batch.tally(bucket.scope).bytes };
  }, at.relaxed);
  blobs.free(done.freed);
  return done.bytes;
}

export type NamedPart = { readonly partNumber: number; readonly etag: string; readonly checksum?: string };
export type Completion = UploadPlace & {
  readonly parts: readonly NamedPart[];
  readonly conditions: WriteConditions;
  readonly who: Who;
  readonly checksumType?: ChecksumType;
  readonly checksumAlgorithm?: ChecksumAlgorithm;
  readonly checksum?: string;
  readonly size?: number;
};

/** Joins parts to an object. Told twice, it answers the object it made the first time. */
export async function completeUpload(store: Store, place: BucketRecord, completion: Completion): Promise<Stored> {
  const { catalog, blobs, now } = store;
  const { key, uploadId, who } = completion;
  // Parts that came while the bucket was relaxed.
  if (!place.relaxed) await blobs.secureAll();
  const stored = await catalog.commit((batch): Stored => {
    const bucket = sameBucket(catalog, place);
    const current = readObject(catalog, bucket, key);
    if (current?.uploadId === uploadId) {
      batch.log(effectOf(who, now(), bucket, 0, { key, uploadId, repeated: true }));
      return { object: current, bytes: batch.tally(bucket.scope).bytes, freed: [] };
    }
    const upload = findUpload(catalog, bucket, completion);
    const have = readParts(catalog, uploadId);
    const chosen = choose(have, completion.parts);
    const { size, checksum } = judge(upload, chosen, completion);
    demand(completion.conditions, current);
    return join(store, batch, bucket, { completion, upload, have, chosen, size, checksum });
  }, place.relaxed);
  blobs.free(stored.freed);
  return stored;
}

/** The parts named, which must be there, in order and large enough. */
function choose(have: readonly ListedPart[], told: readonly NamedPart[]): ListedPart[] {
  const byNumber = new Map(have.map((listed) => [listed.partNumber, listed]));
  // Of a part told twice in a row, as by who sent it twice, the last counts.
  const named = told.filter(({ partNumber }, at) => told[at + 1]?.partNumber !== partNumber);
  return named.map(({ partNumber, etag, checksum }, at) => {
    if (at > 0 && named[at - 1]!.partNumber >= partNumber) throw fault('InvalidPartOrder', { path: `/parts/${at}` });
    const listed = byNumber.get(partNumber);
    if (!listed || listed.part.etag !== etag) throw fault('InvalidPart', { path: `/parts/${at}` });
    if (checksum !== undefined && listed.part.checksum && listed.part.checksum.value !== checksum)
      throw fault('InvalidPart', { path: `/parts/${at}` });
    if (at < named.length - 1 && listed.part.size < partMinBytes) throw fault('EntityTooSmall', { path: `/parts/${at}` });
    return listed;
  });
}

/** The size and checksum of the object to be, against what the caller said of them. */
function judge(
  upload: UploadRecord,
  chosen: readonly ListedPart[],
  said: Completion,
): { size: number; checksum: StoredChecksum | undefined } {
  const size = chosen.reduce((sum, { part }) => sum + part.size, 0);
  if (size > objectMaxBytes) throw fault('EntityTooLarge');
  if (said.size !== undefined && said.size !== size)
    throw fault('InvalidRequest', { path: '/size', detail: `The parts have ${size} bytes.` });
  const { checksumAlgorithm: algorithm, checksumType: type } = upload;
  if (said.checksumType !== undefined && type !== undefined && said.checksumType !== type)
    throw fault('InvalidRequest', { path: '/checksumType', detail: `The upload was begun with the checksum type ${type}.` });
  if (!algorithm || !type) return { size, checksum: undefined };
  const value = joinChecksums(
    algorithm,
    type,
    chosen.map(({ part }) => ({ size: part.size, checksum: part.checksum?.value ?? '' })),
  );
  const differs = said.checksum !== undefined && said.checksum !== value && `${said.checksum}-${chosen.length}` !== value;
  if (differs || (said.checksumAlgorithm !== undefined && said.checksumAlgorithm !== algorithm)) {
    throw fault('BadDigest', `The ${said.checksumAlgorithm ?? algorithm} you specified did not match the calculated checksum.`);
  }
  return { size, checksum: { algorithm, type, value } };
}

type Joining = {
  completion: Completion;
  upload: UploadRecord;
  have: readonly ListedPart[];
  chosen: readonly ListedPart[];
  size: number;
  checksum: StoredChecksum | undefined;
};

function join(store: Store, batch: Batch, bucket: BucketRecord, { completion, upload, have, chosen, size, checksum }: Joining): Stored {
  const { catalog, blobs } = store;
  const { key, uploadId, who } = completion;
  const used = new Set(chosen.map(({ partNumber }) => partNumber));
  const freed = have.flatMap(({ partNumber, part }) => {
    catalog.table.part.remove(partKey(uploadId, partNumber));
    return used.has(partNumber) ? [] : part.segments.flatMap((segment) => blobs.release(segment));
  });
  catalog.table.upload.remove(uploadKey(bucket.id, key, uploadId));
  // The parts were counted as the scope's when they came; from here on the object is.
  batch.count(bucket.scope, 0, -have.reduce((sum, { part }) => sum + part.size, 0));
  const stored = placeObject(store, batch, bucket, key, {
    etag: multipartTag(chosen),
    size,
    headers: upload.headers,
    traits: traitsOf(upload),
    checksum,
    uploadId,
    segments: chosen.flatMap(({ part }) => part.segments),
    parts: chosen.map(({ part }) => ({ size: part.size, ...(part.checksum ? { checksum: part.checksum.value } : {}) })),
  });
  const told = () => [toldOf(who, key, stored.object)];
  batch.log(effectOf(who, stored.object.modifiedAt, bucket, size, { key, uploadId, etag: stored.object.etag }, told));
  atStep('upload-joined');
  return { ...stored, freed: [...stored.freed, ...freed] };
}

function traitsOf({ owner, acl, tags, storageClass, lock, seal }: UploadRecord): Traits {
  const all = { owner, acl, tags, storageClass, lock, seal };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** S3's entity tag of an object made of parts: the MD5 of the parts' MD5s, and their number. */
function multipartTag(chosen: readonly ListedPart[]): string {
  const hash = createHash('md5');
  for (const { part } of chosen) hash.update(part.etag, 'hex');
  return `${hash.digest('hex')}-${chosen.length}`;
}
