import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { fault } from '#kernel/contract/fault.ts';
import { objectMaxBytes, partNumberMax, putMaxBytes } from '../contract/limits.ts';
import { checksumTypeOf, joinChecksums } from '../domain/checksum.ts';
import { isArchived } from '../domain/storage-class.ts';
import { sameBucket } from './bucket.ts';
import type { Batch } from './catalog.ts';
import { bucketPlace, placedKey } from './key.ts';
import { addReceived, adopt, demand, idKey, readLayout, type Stored, type WriteConditions } from './object.ts';
import type { Received } from './receive.ts';
import {
  type BucketRecord,
  type LayoutRecord,
  type ObjectRecord,
  pack,
  type PartLayout,
  type StoredChecksum,
  type StoredHeaders,
  type Traits,
} from './record.ts';
import { namedKey, type SealWish } from './seal.ts';
import { atStep } from './step.ts';
import type { Store } from './store.ts';
import { packTold } from './veil.ts';
import { readObject } from './version.ts';
import { effectOf, toldOf, type Who } from './who.ts';

/** What an append makes longer, as it was when the request came. */
export type Grown = { readonly object: ObjectRecord; readonly parts: number; readonly mostBytes: number };

/**
 * The object that an append makes longer; undefined when there is none, and the append begins one. As with S3's directory
 * buckets, the offset is the size that the object has, and a bucket that keeps versions is none to append in.
 */
export function findGrown({ catalog }: Store, bucket: BucketRecord, key: string, offset: number): Grown | undefined {
  refuseVersions(bucket);
  const object = readObject(catalog, bucket, key);
  if (offset !== (object?.size ?? 0)) throw wrongOffset(object);
  if (!object) return undefined;
  if (isArchived(object.storageClass)) throw fault('InvalidObjectState');
  const parts = object.size === 0 ? 0 : (object.partsCount ?? 1);
  if (parts >= partNumberMax) throw fault('TooManyParts');
  return { object, parts, mostBytes: Math.min(putMaxBytes, objectMaxBytes - object.size) };
}

/** Neither appends nor renames keep what was: a bucket that keeps versions refuses them. */
export function refuseVersions(bucket: BucketRecord): void {
  if (bucket.versioning) throw fault('InvalidBucketState', 'The bucket keeps versions, or kept them.');
}

function wrongOffset(object: ObjectRecord | undefined) {
  const detail = object ? `The object has ${object.size} bytes.` : 'There is no object.';
  return fault('InvalidWriteOffset', { path: '/writeOffsetBytes', detail });
}

type Said = Pick<Traits, 'acl' | 'tags'> & { readonly headers: StoredHeaders; readonly storageClass: string | undefined };

/**
 * An append adds bytes and changes nothing else: what it says of the object must be what the object has. The type is not
 * looked at, because clients send one unasked.
 */
export function checkKept({ object }: Grown, { headers, storageClass, acl, tags }: Said): void {
  const { contentType: _, ...said } = headers;
  const named = { ...said, acl, tags, storageClass };
  const has: Readonly<Record<string, unknown>> = { ...object.headers, ...object, storageClass: object.storageClass ?? 'STANDARD' };
  for (const [name, value] of Object.entries(named))
    if (value !== undefined && !isDeepStrictEqual(value, has[name]))
      throw fault('InvalidRequest', { path: `/${name}`, detail: 'An append changes nothing but the bytes of an object.' });
}

/** Bytes that are added lie under the key of the object; a request, or the bucket for it, that means another one is refused. */
export function checkSeal({ object: { seal } }: Grown, { encryption, customerKey }: SealWish): void {
  if (encryption && customerKey !== undefined)
    throw fault('InvalidRequest', 'An object is sealed under a key of the customer or of the platform, not both.');
  const asked = customerKey === undefined ? kindOf(encryption) : 'customer';
  if (asked !== (seal?.kind === 'customer' ? 'customer' : kindOf(seal))) throw fault('EncryptionTypeMismatch');
}

function kindOf(seal: { readonly algorithm: string; readonly keyId?: string; readonly context?: string } | undefined): string {
  // What has no key of its own lies under that of the scope, as it would by name.
  if (!seal || seal.algorithm === 'AES256') return 'AES256';
  const { algorithm, keyId, context = '' } = seal;
  return `${algorithm} ${namedKey(algorithm, keyId) ?? ''} ${context}`;
}

export type Append = {
  readonly key: string;
  /** Of the bytes that were added, in base64. */
  readonly checksum: StoredChecksum | undefined;
  readonly conditions: WriteConditions;
  readonly who: Who;
};

/** Makes an object longer by bytes that were received. Until the commit, and whatever comes before it, the object is as it was. */
export function appendObject(store: Store, place: BucketRecord, received: Received, { object }: Grown, append: Append): Promise<Stored> {
  const { catalog } = store;
  const { key, conditions, who } = append;
  return adopt(store, received, () =>
    catalog.commit((batch) => {
      const bucket = sameBucket(catalog, place);
      refuseVersions(bucket);
      const current = readObject(catalog, bucket, key);
      if (current?.size !== object.size) throw wrongOffset(current);
      // Another of the same size may be sealed otherwise, or be of others.
      if (current.id !== object.id || current.etag !== object.etag) throw fault('ConditionalConflict');
      demand(conditions, current);
      addReceived(store, received);
      const longer = received.size === 0 ? current : placeLonger(store, batch, bucket, current, received, append);
      const detail = { key, etag: longer.etag, offset: object.size };
      batch.log(effectOf(who, store.now(), bucket, received.size, detail, () => [toldOf(who, key, longer)]));
      atStep('object-appended');
      return { object: longer, bytes: batch.tally(bucket.scope).bytes, freed: [] };
    }, place.relaxed),
  );
}

function placeLonger(
  { catalog, now }: Store,
  batch: Batch,
  bucket: BucketRecord,
  current: ObjectRecord,
  received: Received,
  { key, checksum: added }: Append,
): ObjectRecord {
  const { segment, partsCount, checksum: had, uploadId: _, ...kept } = current;
  const before = current.size === 0 ? { segments: [], parts: [] } : readLayout(catalog, current);
  const parts = partsOf(current, before, { size: received.size, ...(added ? { checksum: added.value } : {}) });
  const checksum = current.size === 0 ? added : joined(current, parts);
  const isSingle = parts.length === 0;
  const object: ObjectRecord = {
    ...kept,
    etag: isSingle ? received.md5 : chainedTag(current.etag, received.md5, parts.length),
    size: current.size + received.size,
    modifiedAt: now(),
    ...(checksum ? { checksum } : {}),
    ...(isSingle ? { segment: received.segment } : { partsCount: parts.length }),
  };
  if (!isSingle)
    catalog.table.layout.put(idKey(object.id), pack({ segments: [...before.segments, received.segment], parts } satisfies LayoutRecord));
  else if (!segment) catalog.table.layout.remove(idKey(object.id));
  catalog.table.object.put(placedKey(bucket.id, key), packTold(object, catalog.veil));
  for (const counted of [bucketPlace(bucket.id), bucket.scope]) batch.count(counted, 0, received.size);
  return object;
}

/** The parts of the longer object; none when it is of one, because it was empty. */
function partsOf({ size, checksum }: ObjectRecord, { parts }: LayoutRecord, added: PartLayout): PartLayout[] {
  if (size === 0) return [];
  return parts.length > 0 ? [...parts, added] : [{ size, ...(checksum ? { checksum: checksum.value } : {}) }, added];
}

/**
 * The checksum of the longer object, if it had one: of all bytes where it can be made of two, and otherwise of the parts' own.
 */
function joined({ checksum: had, size }: ObjectRecord, parts: readonly PartLayout[]): StoredChecksum | undefined {
  const added = parts.at(-1);
  if (!had || added?.checksum === undefined) return undefined;
  const { algorithm } = had;
  if (had.type === 'FULL_OBJECT' && checksumTypeOf(algorithm, 'FULL_OBJECT')) {
    const two = [
      { size, checksum: had.value },
      { size: added.size, checksum: added.checksum },
    ];
    return { algorithm, type: 'FULL_OBJECT', value: joinChecksums(algorithm, 'FULL_OBJECT', two) };
  }
  const known = parts.flatMap((part) => (part.checksum === undefined ? [] : [{ size: part.size, checksum: part.checksum }]));
  return known.length < parts.length ? undefined : { algorithm, type: 'COMPOSITE', value: joinChecksums(algorithm, 'COMPOSITE', known) };
}

/** Names the longer object by what it was and what came; for two parts it is the entity tag that S3 gives a multipart upload. */
function chainedTag(etag: string, added: string, parts: number): string {
  return `${createHash('md5').update(etag.slice(0, 32), 'hex').update(added, 'hex').digest('hex')}-${parts}`;
}
