import { createHash } from 'node:crypto';
import { fault } from '#kernel/contract/fault.ts';
import { type ChecksumAlgorithm, startChecksum } from '#wire/checksum/checksum.ts';
import { type Conditions, copyVerdict } from '../domain/precondition.ts';
import type { Span } from '../domain/range.ts';
import { ownBucket } from './bucket.ts';
import { openBytes, segmentSize, sliceSegments } from './bytes.ts';
import { copyTriesMax } from './limits.ts';
import { demand, placeObject, readLayout, readObject, type Stored, type WriteConditions } from './object.ts';
import type { ObjectRecord, PartRecord, Segment, StoredChecksum, StoredHeaders } from './record.ts';
import type { Store } from './store.ts';
import { findUpload, type NewPart, placePart } from './upload.ts';
import { effectOf, type Who } from './who.ts';

export type Source = { readonly bucket: string; readonly key: string; readonly conditions: Conditions };

type Opened = { readonly object: ObjectRecord; readonly segments: readonly Segment[]; readonly unpin: () => void };

/** Thrown inside a commit when the source's files went away since it was read. */
const gone = Symbol('the source was replaced');

function openSource({ catalog, blobs }: Store, source: Source, who: Who): Opened {
  const object = readObject(catalog, ownBucket(catalog, who.caller, source.bucket), source.key);
  if (!object) throw fault('NoSuchKey');
  if (!copyVerdict(source.conditions, object)) throw fault('PreconditionFailed');
  const { segments } = readLayout(catalog, object);
  return { object, segments, unpin: blobs.pin(segments) };
}

/** Reads a source, and reads it again when it was replaced before its bytes could be shared. */
async function fromSource<T>(store: Store, source: Source, who: Who, work: (opened: Opened) => Promise<T>): Promise<T> {
  for (let tries = 0; tries < copyTriesMax; tries++) {
    const opened = openSource(store, source, who);
    try {
      return await work(opened);
    } catch (error) {
      if (error !== gone) throw error;
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

type Digests = { readonly md5: string; readonly checksum?: StoredChecksum };

async function digest({ blobs }: Store, segments: readonly Segment[], algorithm: ChecksumAlgorithm | undefined): Promise<Digests> {
  const md5 = createHash('md5');
  const running = algorithm && startChecksum(algorithm);
  for await (const bytes of await openBytes(blobs, segments, () => {})) {
    md5.update(bytes);
    running?.update(bytes);
  }
  return {
    md5: md5.digest('hex'),
    ...(running ? { checksum: { algorithm, type: 'FULL_OBJECT', value: running.digest().toString('base64') } } : {}),
  };
}

/** The digests of a copy: those of the source where they hold for it, else of the bytes, read once. */
function digestsOfCopy(store: Store, { object, segments }: Opened, algorithm: ChecksumAlgorithm | undefined): Digests | Promise<Digests> {
  const wanted = algorithm ?? object.checksum?.algorithm;
  const known = object.checksum?.type === 'FULL_OBJECT' && object.checksum.algorithm === wanted;
  if (/^[0-9a-f]{32}$/.test(object.etag) && (wanted === undefined || known)) return { md5: object.etag, checksum: object.checksum };
  return digest(store, segments, wanted);
}

export type CopyOptions = {
  readonly key: string;
  readonly source: Source;
  readonly conditions: WriteConditions;
  readonly who: Who;
  readonly maxBytes: number;
  /** Instead of the source's. */
  readonly headers?: StoredHeaders;
  readonly checksumAlgorithm?: ChecksumAlgorithm;
};

/** Stores an object whose bytes are there already: both point at the same files. */
export async function copyObject(store: Store, name: string, options: CopyOptions): Promise<Stored> {
  const { key, source, conditions, who, headers, checksumAlgorithm, maxBytes } = options;
  const { catalog } = store;
  const stored = await fromSource(store, source, who, async (opened) => {
    const { object, segments } = opened;
    if (object.size > maxBytes) throw fault('EntityTooLarge', 'The source is too large to be copied in one request; copy it in parts.');
    const { md5, checksum } = await digestsOfCopy(store, opened, checksumAlgorithm);
    return catalog.commit((batch) => {
      const bucket = ownBucket(catalog, who.caller, name);
      demand(conditions, readObject(catalog, bucket, key));
      shareAll(store, segments);
      const made = placeObject(store, batch, bucket, key, {
        etag: md5,
        size: object.size,
        headers: headers ?? object.headers,
        checksum,
        segments,
        parts: [],
      });
      batch.log(effectOf(who, made.object.modifiedAt, name, object.size, { key, etag: md5, source: `${source.bucket}/${source.key}` }));
      return made;
    });
  });
  store.blobs.free(stored.freed);
  return stored;
}

export type CopyPartOptions = Omit<NewPart, 'checksum'> & { readonly source: Source; readonly span?: Span; readonly maxBytes: number };

/** Takes a part from an object that is there already. */
export async function copyPart(
  store: Store,
  name: string,
  { source, span, maxBytes, ...place }: CopyPartOptions,
): Promise<{ part: PartRecord; bytes: number; source: ObjectRecord }> {
  const { catalog, blobs } = store;
  const { who } = place;
  const stored = await fromSource(store, source, who, async ({ object, segments }) => {
    if (span && span.last >= object.size) throw fault('InvalidRange', 'The range is outside the source.');
    const slice = span ? sliceSegments(segments, span) : [...segments];
    const size = slice.reduce((sum, segment) => sum + segmentSize(segment), 0);
    if (size > maxBytes) throw fault('EntityTooLarge');
    const upload = findUpload(catalog, ownBucket(catalog, who.caller, name), place);
    const { md5, checksum } = await digest(store, slice, upload.checksumAlgorithm);
    const made = await catalog.commit((batch) => {
      findUpload(catalog, ownBucket(catalog, who.caller, name), place);
      shareAll(store, slice);
      return placePart(store, batch, name, { ...place, ...(checksum ? { checksum } : {}) }, { etag: md5, size, segments: slice });
    });
    return { ...made, source: object };
  });
  blobs.free(stored.freed);
  return stored;
}
