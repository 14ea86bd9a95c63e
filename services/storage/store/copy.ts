import { fault, OperationError } from '#kernel/contract/fault.ts';
import type { Bytes } from '#kernel/contract/session.ts';
import type { ChecksumAlgorithm } from '#wire/checksum/checksum.ts';
import { type Conditions, copyVerdict } from '../domain/precondition.ts';
import type { Span } from '../domain/range.ts';
import { isReadable } from '../domain/storage-class.ts';
import { bucketOf, sameBucket } from './bucket.ts';
import { BodyDigest } from './digest.ts';
import { copyTriesMax } from './limits.ts';
import { demand, placeObject, putObject, readLayout, type Stored, type WriteConditions } from './object.ts';
import { type Holder, isOwn } from './holder.ts';
import type { BucketRecord, ObjectRecord, PartRecord, Segment, StoredChecksum, StoredHeaders, Traits } from './record.ts';
import { openObject, openSeal, type OpenSeal, plainSize, takeIn } from './seal.ts';
import type { Store } from './store.ts';
import { findUpload, type NewPart, placePart, putPart } from './upload.ts';
import { readObject, readVersion } from './version.ts';
import type { AskedBytes } from './worker/foreign-partition.ts';
import { effectOf, toldOf, type Who } from './who.ts';

export type Source = {
  /** The partition that holds it. */
  readonly store: Holder;
  readonly bucket: BucketRecord;
  readonly key: string;
  readonly versionId?: string;
  readonly customerKey?: string;
  readonly conditions: Conditions;
};

type Opened = { readonly object: ObjectRecord; readonly segments: readonly Segment[]; readonly unpin: () => void };

/** Thrown inside a commit when the source's files went away since it was read. */
const gone = Symbol('the source was replaced');

/** The version that a copy names. */
function readSource(source: Source): ObjectRecord {
  const { key, versionId } = source;
  const { catalog, now } = source.store;
  const object = versionId === undefined ? readObject(catalog, source.bucket, key) : readVersion(catalog, source.bucket, key, versionId);
  if (!object) throw fault(versionId === undefined ? 'NoSuchKey' : 'NoSuchVersion');
  if (object.deleteMarker) throw fault('InvalidRequest', 'The source of a copy request may not specifically refer to a delete marker.');
  if (!copyVerdict(source.conditions, object)) throw fault('PreconditionFailed');
  if (!isReadable(object, now())) throw fault('InvalidObjectState');
  return object;
}

function openSource(source: Source): Opened {
  const { store } = source;
  const object = readSource(source);
  const { segments } = readLayout(store.catalog, object);
  return { object, segments, unpin: isOwn(store) ? store.blobs.pin(segments) : () => {} };
}

/** Reads a source, and reads it again when it was replaced before its bytes could be shared. */
async function fromSource<T>(source: Source, work: (opened: Opened) => Promise<T>): Promise<T> {
  for (let tries = 0; tries < copyTriesMax; tries++) {
    const opened = openSource(source);
    try {
      return await work(opened);
    } catch (error) {
      // Another process tells so that what it was asked for was replaced.
      const isReplaced = !isOwn(source.store) && error instanceof OperationError && error.code === 'ConditionalConflict';
      if (error !== gone && !isReplaced) throw error;
    } finally {
      opened.unpin();
    }
  }
  throw fault('ConditionalConflict');
}

/** Within a change: one more reference to every file, or none at all. */
function shareAll({ catalog, blobs }: Store, segments: readonly Segment[]): void {
  for (const segment of segments) if ('blob' in segment && !catalog.table.blob.doesExist(Buffer.from(segment.blob, 'hex'))) throw gone;
  for (const segment of segments) blobs.share(segment);
}

/**
 * Who refers to bytes is counted in their partition alone. Bytes sealed under a scope's key are of use in that scope alone, and
 * those that need a dictionary in its bucket alone.
 */
function mayShare(store: Store, { store: holder, bucket: from }: Source, to: BucketRecord, { segments }: Opened): boolean {
  if (holder !== store) return false;
  if (from.id === to.id) return true;
  if (from.tenant !== to.tenant || from.scope !== to.scope) return segments.every(({ seal }) => seal === undefined);
  return segments.every(({ seal }) => seal?.compressed?.dictionary === undefined);
}

type Digests = { readonly md5: string; readonly checksum?: StoredChecksum };

async function digest(
  store: Store,
  bucket: BucketRecord,
  segments: readonly Segment[],
  algorithm: ChecksumAlgorithm | undefined,
): Promise<Digests> {
  const running = new BodyDigest(algorithm ? { algorithm } : {});
  try {
    for await (const bytes of await openObject(store, bucket, segments, { done: () => {} })) await running.update(bytes);
  } catch (error) {
    running.abandon();
    throw error;
  }
  const { md5, checksum } = await running.end();
  const value = checksum && Buffer.from(checksum).toString('base64');
  return {
    md5: Buffer.from(md5).toString('hex'),
    ...(algorithm && value !== undefined ? { checksum: { algorithm, type: 'FULL_OBJECT', value } } : {}),
  };
}

/** What a copy is called by: the source's own digests, when they are of all its bytes and of the algorithm asked for. */
async function digestsOfCopy(
  store: Store,
  bucket: BucketRecord,
  { object, segments }: Opened,
  algorithm: ChecksumAlgorithm | undefined,
): Promise<Digests> {
  const wanted = algorithm ?? object.checksum?.algorithm;
  const known = object.checksum?.type === 'FULL_OBJECT' && object.checksum.algorithm === wanted;
  if (/^[0-9a-f]{32}$/.test(object.etag) && (wanted === undefined || known)) return { md5: object.etag, checksum: object.checksum };
  return digest(store, bucket, segments, wanted);
}

export type CopyOptions = {
  readonly key: string;
  readonly source: Source;
  readonly conditions: WriteConditions;
  readonly who: Who;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  /** How the copy is to be sealed. */
  readonly seal: OpenSeal | undefined;
  readonly traits: Traits;
  /** Instead of the source's. */
  readonly headers?: StoredHeaders;
  readonly replaceTags?: boolean;
  readonly checksumAlgorithm?: ChecksumAlgorithm;
};

/** Stores an object whose bytes are there already: both point at the same files, unless they are sealed under different keys. */
export async function copyObject(store: Store, place: BucketRecord, options: CopyOptions): Promise<Stored & { source: ObjectRecord }> {
  const { source, maxBytes, seal } = options;
  const stored = await fromSource(source, (opened) => {
    const { object } = opened;
    if (object.size > maxBytes) throw fault('EntityTooLarge', 'The source is too large to be copied in one request; copy it in parts.');
    const tags = options.replaceTags ? options.traits.tags : object.tags;
    const { websiteRedirect: _, ...kept } = object.headers;
    const made = {
      headers: options.headers ?? { ...kept },
      traits: { ...options.traits, ...(tags ? { tags } : {}), ...(seal ? { seal: seal.seal } : {}) },
    };
    const isSealedAnew = object.seal !== undefined || seal !== undefined || !mayShare(store, source, place, opened);
    return (isSealedAnew ? copySealed : copyShared)(store, place, opened, options, made);
  });
  store.blobs.free(stored.freed);
  return stored;
}

type Made = { readonly headers: StoredHeaders; readonly traits: Traits };

async function copyShared(store: Store, place: BucketRecord, opened: Opened, options: CopyOptions, made: Made) {
  const { catalog } = store;
  const { key, source, conditions, who } = options;
  const { object, segments } = opened;
  const { md5, checksum } = await digestsOfCopy(store, source.bucket, opened, options.checksumAlgorithm);
  if (!place.relaxed) await store.blobs.secure(segments);
  return catalog.commit((batch) => {
    const bucket = sameBucket(catalog, place);
    demand(conditions, readObject(catalog, bucket, key));
    shareAll(store, segments);
    const placed = placeObject(store, batch, bucket, key, { etag: md5, size: object.size, ...made, checksum, segments, parts: [] });
    const detail = { key, etag: md5, source: `${source.bucket.name}/${source.key}` };
    batch.log(effectOf(who, placed.object.modifiedAt, bucket, object.size, detail, () => [toldOf(who, key, placed.object)]));
    return { ...placed, source: object };
  }, place.relaxed);
}

/** The source's bytes in the open. */
async function openBody(opened: Opened, source: Source, span: Span | undefined, signal: AbortSignal): Promise<Bytes> {
  const { store, bucket, key, versionId, customerKey } = source;
  if (!isOwn(store)) {
    const asked = { bucket: bucket.name, key, id: opened.object.id, ...(versionId === undefined ? {} : { versionId }) };
    return store.bytesOf({ ...asked, ...(span ? { span } : {}), ...(customerKey === undefined ? {} : { customerKey }) }, signal);
  }
  const seal = await openSeal(store.sealer, source.bucket.tenant, opened.object.seal, source.customerKey);
  return openObject(store, source.bucket, opened.segments, { span, seal, done: () => {} });
}

/** The bytes of an object, in the clear, for another process; refused when another object has come in its place. */
export async function openBytesFor(store: Store, asked: AskedBytes): Promise<Bytes> {
  const { key, versionId, customerKey, span } = asked;
  const bucket = bucketOf(store.catalog, asked.bucket);
  const object = versionId === undefined ? readObject(store.catalog, bucket, key) : readVersion(store.catalog, bucket, key, versionId);
  if (object?.id !== asked.id) throw fault('ConditionalConflict');
  const { segments } = readLayout(store.catalog, object);
  const done = store.blobs.pin(segments);
  try {
    const seal = await openSeal(store.sealer, bucket.tenant, object.seal, customerKey);
    return await openObject(store, bucket, segments, { span, seal, done });
  } catch (error) {
    done();
    throw error;
  }
}

async function copySealed(store: Store, place: BucketRecord, opened: Opened, options: CopyOptions, made: Made) {
  const { key, source, conditions, who, seal, maxBytes, signal } = options;
  const { object } = opened;
  const body = await openBody(opened, source, undefined, signal);
  const algorithm = options.checksumAlgorithm ?? object.checksum?.algorithm;
  const rules = { maxBytes, mayWrite: store.mayWrite, signal };
  const received = await takeIn(
    store,
    place,
    body,
    { size: object.size, ...(algorithm ? { checksumAlgorithm: algorithm } : {}) },
    rules,
    seal,
  );
  const checksum = algorithm && received.checksum ? ({ algorithm, type: 'FULL_OBJECT', value: received.checksum } as const) : undefined;
  const placed = await putObject(store, place, received, { key, ...made, checksum, conditions, who });
  return { ...placed, freed: [], source: object };
}

export type CopyPartOptions = Omit<NewPart, 'checksum'> & {
  readonly source: Source;
  readonly span?: Span;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  readonly customerKey?: string;
};

/** Takes a part from an object that is there already. */
export async function copyPart(
  store: Store,
  place: BucketRecord,
  options: CopyPartOptions,
): Promise<{ part: PartRecord; bytes: number; source: ObjectRecord }> {
  const { source, span, maxBytes } = options;
  return fromSource(source, async (opened) => {
    const { object, segments } = opened;
    if (span && span.last >= object.size) throw fault('InvalidRange', 'The range is outside the source.');
    if ((span ? span.last - span.first + 1 : object.size) > maxBytes) throw fault('EntityTooLarge');
    const upload = findUpload(store.catalog, sameBucket(store.catalog, place), options);
    const isWhole = !span || (span.first === 0 && span.last === object.size - 1);
    if (!object.seal && !upload.seal && isWhole && mayShare(store, source, place, opened))
      return { ...(await sharePart(store, place, options, segments, upload.checksumAlgorithm)), source: object };
    const seal = await openSeal(store.sealer, place.tenant, upload.seal, options.customerKey);
    const body = await openBody(opened, source, span, options.signal);
    const expected = upload.checksumAlgorithm ? { checksumAlgorithm: upload.checksumAlgorithm } : {};
    const received = await takeIn(store, place, body, expected, { maxBytes, mayWrite: store.mayWrite, signal: options.signal }, seal);
    const value = received.checksum;
    const checksum =
      upload.checksumAlgorithm && value ? { algorithm: upload.checksumAlgorithm, type: 'FULL_OBJECT' as const, value } : undefined;
    const { part, bytes } = await putPart(store, place, received, { ...partOf(options), ...(checksum ? { checksum } : {}) });
    return { part, bytes, source: object };
  });
}

const partOf = ({ key, uploadId, partNumber, who }: CopyPartOptions) => ({ key, uploadId, partNumber, who });

async function sharePart(
  store: Store,
  place: BucketRecord,
  options: CopyPartOptions,
  segments: readonly Segment[],
  algorithm: ChecksumAlgorithm | undefined,
): Promise<{ part: PartRecord; bytes: number }> {
  const { catalog, blobs } = store;
  const size = segments.reduce((sum, segment) => sum + plainSize(segment), 0);
  const { md5, checksum } = await digest(store, place, segments, algorithm);
  if (!place.relaxed) await blobs.secure(segments);
  const made = await catalog.commit((batch) => {
    const bucket = sameBucket(catalog, place);
    findUpload(catalog, bucket, options);
    shareAll(store, segments);
    const part = { ...partOf(options), ...(checksum ? { checksum } : {}) };
    return placePart(store, batch, bucket, part, { etag: md5, size, segments });
  }, place.relaxed);
  blobs.free(made.freed);
  return made;
}
