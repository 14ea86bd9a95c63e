import { Packr } from 'msgpackr';
import type { ChecksumAlgorithm } from '#wire/checksum/checksum.ts';
import type { Grant, Ownership } from '../domain/acl.ts';
import type { Lock } from '../domain/lock.ts';

/** What is kept of a bucket. `id` leads the keys of its objects and is never used again. */
export type BucketRecord = {
  readonly id: bigint;
  readonly tenant: bigint;
  readonly scope: bigint;
  readonly name: string;
  readonly createdAt: number;
  readonly location: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly generation: number;
  readonly version: bigint;
  /** Absent: never turned on. */
  readonly versioning?: 'Enabled' | 'Suspended';
  /** Whether versions can be locked; such a bucket always keeps versions. */
  readonly objectLock?: true;
  readonly ownership?: Ownership;
  /** Absent: full control of its owner alone. */
  readonly acl?: readonly Grant[];
  /** Whether it has a policy. */
  readonly policed?: true;
  /** The policy was put so that it denies its own mending too. */
  readonly sealedPolicy?: true;
  /** Whether an object of another account's was ever stored in it. */
  readonly shared?: true;
  readonly requesterPays?: true;
  /** Whether its requests are logged. */
  readonly logged?: true;
  /** Whether each read of an object is recorded by itself. */
  readonly readAudit?: true;
  /** Whether writes of its objects are acknowledged before they are on disk. */
  readonly relaxed?: true;
  /** Whether events of its objects are told. */
  readonly notified?: true;
};

/** A stored checksum in base64; that of a composite has the number of parts behind it. */
export type StoredChecksum = { readonly algorithm: ChecksumAlgorithm; readonly type: 'FULL_OBJECT' | 'COMPOSITE'; readonly value: string };

/** The headers and user metadata kept with an object. */
export type StoredHeaders = {
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly contentDisposition?: string;
  readonly contentLanguage?: string;
  readonly cacheControl?: string;
  readonly expires?: string;
  readonly websiteRedirect?: string;
  readonly metadata?: Readonly<Record<string, string>>;
};

/**
 * A run of bytes of an object: in the record itself, or from `start` on in a file. Of a sealed one these are the frames, and
 * `seal` says under which key of the object's they are and how many bytes they hold.
 */
export type Segment = (
  | { readonly bytes: Uint8Array; readonly sum: number }
  | { readonly blob: string; readonly start: number; readonly size: number }
) & { readonly seal?: SegmentSeal };

/**
 * `size` counts the bytes that were sealed. `salt` derives the run's key from the object's; without a key of the object's the
 * run has one of its own, sealed under that of the bucket's scope.
 */
export type SegmentSeal = { readonly size: number; readonly compressed?: Compressed } & (
  | { readonly salt: Uint8Array }
  | { readonly key: Uint8Array }
);

/**
 * Its frames were compressed one by one before they were sealed, but those that grew: a frame as long as its bytes is as they came.
 * The lengths of the frames, three bytes each, or, of a long run, where the list of their places begins; of a single frame neither.
 */
export type Compressed = { readonly lengths?: Uint8Array; readonly listAt?: number; readonly dictionary?: Uint8Array };

/** How an object is sealed: by whose key, and the object's own key sealed under that one. */
export type Seal =
  | {
      readonly kind: 'platform';
      readonly algorithm: 'AES256' | 'aws:kms';
      readonly keyId?: string;
      /** The key is that of the name; without it the name only binds the seal under the tenant's own key. */
      readonly named?: true;
      readonly context?: string;
      readonly key: Uint8Array;
    }
  | { readonly kind: 'customer'; readonly keyMd5: string; readonly key: Uint8Array };

/** What an object is given beside bytes and headers. */
export type Traits = {
  /** Account of the owner, when it is not the bucket's. */
  readonly owner?: string;
  /** Absent: full control of its owner alone. */
  readonly acl?: readonly Grant[];
  readonly tags?: Readonly<Record<string, string>>;
  /** Absent: STANDARD. */
  readonly storageClass?: string;
  readonly lock?: Lock;
  readonly seal?: Seal;
};

/** A copy of an archived object that can be read for a while. Times are milliseconds since 1970. */
export type Restore = { readonly readyAt: number; readonly until: number };

/** A part of a completed object: its bytes, and its checksum when the upload asked for one. */
export type PartLayout = { readonly size: number; readonly checksum?: string };

/** Where the bytes of an object made of parts lie; kept apart so that lists need not read it. */
export type LayoutRecord = { readonly segments: readonly Segment[]; readonly parts: readonly PartLayout[] };

/** What is kept of a version of an object. It has one segment, or a layout of its own under its id. */
export type ObjectRecord = Traits & {
  readonly id: string;
  readonly etag: string;
  readonly size: number;
  readonly modifiedAt: number;
  readonly headers: StoredHeaders;
  readonly checksum?: StoredChecksum;
  readonly segment?: Segment;
  readonly partsCount?: number;
  /** The upload it was completed from, so that a completion told twice is answered twice. */
  readonly uploadId?: string;
  /** Absent: the null version. */
  readonly versionId?: string;
  /** Its place among the versions of its key, 16 digits in hexadecimal; absent in buckets that never had versions. */
  readonly sequence?: string;
  /** It has no bytes: the key was deleted. */
  readonly deleteMarker?: true;
  readonly restore?: Restore;
};

export type UploadRecord = Traits & {
  readonly initiatedAt: number;
  readonly headers: StoredHeaders;
  readonly checksumAlgorithm?: ChecksumAlgorithm;
  readonly checksumType?: 'FULL_OBJECT' | 'COMPOSITE';
  readonly principal: string;
  /** Account of who began it, when it is not the bucket's. */
  readonly initiator?: string;
};

export type PartRecord = {
  readonly etag: string;
  readonly size: number;
  readonly modifiedAt: number;
  /** One file, or as many as a copied part lay in. */
  readonly segments: readonly Segment[];
  readonly checksum?: StoredChecksum;
};

/** In the operator's store, for this scope, in objects of so many bytes each; the last may be shorter. */
export type RemotePlace = { readonly remote: bigint; readonly pieceBytes: number };

/**
 * Where the bytes of a blob lie: packed in an extent; in shards on drives (255: that shard was never written); in the operator's
 * store; or, from the first format, in a file of their own with a CRC-32 of each of its blocks.
 */
export type BlobPlace =
  | { readonly extent: number; readonly offset: number; readonly relaxed?: boolean }
  | { readonly spread: Uint8Array }
  | RemotePlace
  | { readonly sums: Uint8Array };

/** What is kept of a blob, and how many records point into it. */
export type BlobRecord = { readonly size: number; readonly references: number } & BlobPlace;

/** What a bucket or a scope holds. */
export type Tally = { readonly objects: number; readonly bytes: number };

const packr = new Packr({ useRecords: false, int64AsType: 'bigint', largeBigIntToFloat: false });

export function pack(value: unknown): Buffer {
  return packr.pack(value);
}

/** Undoes `pack`; the bytes of buffers within are copied out of the database's memory. */
export function unpack<T>(bytes: Uint8Array): T {
  return packr.unpack(bytes) as T;
}
