import { Packr } from 'msgpackr';
import type { ChecksumAlgorithm } from '#wire/checksum/checksum.ts';

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
  readonly metadata?: Readonly<Record<string, string>>;
};

/** A run of bytes of an object: in the record itself, or from `start` on in a file. */
export type Segment =
  | { readonly bytes: Uint8Array; readonly sum: number }
  | { readonly blob: string; readonly start: number; readonly size: number };

/** A part of a completed object: its bytes, and its checksum when the upload asked for one. */
export type PartLayout = { readonly size: number; readonly checksum?: string };

/** Where the bytes of an object made of parts lie; kept apart so that lists need not read it. */
export type LayoutRecord = { readonly segments: readonly Segment[]; readonly parts: readonly PartLayout[] };

/** What is kept of an object. It has one segment, or a layout of its own under its id. */
export type ObjectRecord = {
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
  /** How the bytes are sealed at rest; only 'none' exists. */
  readonly encryption: 'none';
};

export type UploadRecord = {
  readonly initiatedAt: number;
  readonly headers: StoredHeaders;
  readonly checksumAlgorithm?: ChecksumAlgorithm;
  readonly checksumType?: 'FULL_OBJECT' | 'COMPOSITE';
  readonly principal: string;
};

export type PartRecord = {
  readonly etag: string;
  readonly size: number;
  readonly modifiedAt: number;
  /** One file, or as many as a copied part lay in. */
  readonly segments: readonly Segment[];
  readonly checksum?: StoredChecksum;
};

/**
 * Where the bytes of a blob lie: packed in an extent; in shards on drives (255: that shard was never written); or, from the
 * first format, in a file of their own with a CRC-32 of each of its blocks.
 */
export type BlobPlace =
  | { readonly extent: number; readonly offset: number }
  | { readonly spread: Uint8Array }
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
