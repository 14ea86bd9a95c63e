import Type from 'typebox';
import type { Operation } from '#kernel/contract/contract.ts';
import {
  Checksum,
  closed,
  conditionalRead,
  conditionalWrite,
  ETag,
  everywhere,
  expected,
  Key,
  ObjectEntry,
  ObjectHead,
  PageSize,
  PartNumber,
  Prefix,
  stored,
  Time,
} from './field.ts';
import { deleteKeysMax } from './limits.ts';

const base = { on: 'Bucket', quota: ['requests'], repeat: 'natural', expose: everywhere } as const;
const read = { ...base, effect: 'read', audit: 'window' } as const;
const write = { ...base, effect: 'write', audit: 'from-log' } as const;

/** A range of bytes: from `first` to `last`, from `first` on, or the last `suffix` bytes. */
const Range = Type.Object(
  {
    first: Type.Optional(Type.Integer({ minimum: 0 })),
    last: Type.Optional(Type.Integer({ minimum: 0 })),
    suffix: Type.Optional(Type.Integer({ minimum: 0 })),
  },
  closed,
);

const readInput = Type.Object(
  {
    key: Key,
    range: Type.Optional(Range),
    partNumber: Type.Optional(PartNumber),
    ...conditionalRead,
  },
  closed,
);

/** What a write answers. */
export const Written = Type.Object({
  key: Type.String(),
  etag: Type.String(),
  size: Type.Integer(),
  lastModified: Time,
  checksum: Type.Optional(Checksum),
});

const listInput = { prefix: Type.Optional(Prefix), delimiter: Type.Optional(Prefix), maxKeys: Type.Optional(PageSize) };
const listed = {
  items: Type.Array(ObjectEntry),
  prefixes: Type.Array(Type.String(), { description: 'Common prefixes.' }),
  truncated: Type.Boolean(),
};

/** The source of a copy and its conditions. */
export const copySource = {
  sourceBucket: Type.String({ minLength: 3, maxLength: 63 }),
  sourceKey: Key,
  sourceIfMatch: conditionalRead.ifMatch,
  sourceIfNoneMatch: conditionalRead.ifNoneMatch,
  sourceIfModifiedSince: conditionalRead.ifModifiedSince,
  sourceIfUnmodifiedSince: conditionalRead.ifUnmodifiedSince,
};

const bodyErrors = [
  'NoSuchBucket',
  'KeyTooLong',
  'MetadataTooLarge',
  'EntityTooLarge',
  'InvalidDigest',
  'BadDigest',
  'IncompleteBody',
  'XAmzContentSHA256Mismatch',
  'InvalidArgument',
] as const;

/** The operations on objects, each decided on the bucket that holds them. */
export const objectOperations = {
  PutObject: {
    ...write,
    body: 'in',
    text: 'Store an object.',
    charge: ['request', 'ingress', 'stored'],
    emits: ['ObjectCreated'],
    errors: [...bodyErrors, 'NoSuchKey'],
    input: Type.Object({ key: Key, ...stored, ...expected, ...conditionalWrite }, closed),
    output: Written,
  },
  GetObject: {
    ...read,
    body: 'out',
    text: 'Read an object or a range of its bytes.',
    charge: ['request', 'egress'],
    emits: ['ObjectUnreadable'],
    errors: ['NoSuchBucket', 'NoSuchKey', 'InvalidRange', 'InvalidPartNumber', 'InvalidRequest', 'ObjectDamaged', 'TooFewShards'],
    input: readInput,
    output: ObjectHead,
  },
  HeadObject: {
    ...read,
    text: 'Read what is known of an object, without its bytes.',
    charge: ['request'],
    errors: ['NoSuchBucket', 'NoSuchKey', 'InvalidRange', 'InvalidPartNumber', 'InvalidRequest'],
    input: readInput,
    output: ObjectHead,
  },
  DeleteObject: {
    ...write,
    essential: true,
    text: 'Delete an object; one that is not there is no error.',
    charge: ['request', 'stored'],
    emits: ['ObjectRemoved'],
    errors: ['NoSuchBucket', 'NoSuchKey'],
    input: Type.Object({ key: Key, ifMatch: conditionalWrite.ifMatch }, closed),
    output: Type.Object({}),
  },
  DeleteObjects: {
    ...write,
    essential: true,
    text: 'Delete up to 1000 objects.',
    charge: ['request', 'stored'],
    emits: ['ObjectRemoved'],
    errors: ['NoSuchBucket'],
    input: Type.Object(
      { objects: Type.Array(Type.Object({ key: Key, etag: Type.Optional(ETag) }, closed), { minItems: 1, maxItems: deleteKeysMax }) },
      closed,
    ),
    output: Type.Object({
      deleted: Type.Array(Type.Object({ key: Type.String() })),
      failed: Type.Array(Type.Object({ key: Type.String(), code: Type.String(), text: Type.String() })),
    }),
  },
  CopyObject: {
    ...write,
    text: 'Store a copy of an object that is already here.',
    charge: ['request', 'stored'],
    emits: ['ObjectCreated'],
    errors: ['NoSuchBucket', 'NoSuchKey', 'KeyTooLong', 'MetadataTooLarge', 'EntityTooLarge', 'InvalidRequest', 'ObjectDamaged'],
    input: Type.Object(
      {
        key: Key,
        ...copySource,
        ...stored,
        ...conditionalWrite,
        replaceMetadata: Type.Optional(Type.Boolean({ description: "Take the metadata of this request instead of the source's." })),
        checksumAlgorithm: expected.checksumAlgorithm,
      },
      closed,
    ),
    output: Written,
  },
  ListObjects: {
    ...read,
    text: 'List objects in order of key, from a marker on (version 1).',
    charge: ['request'],
    errors: ['NoSuchBucket', 'InvalidArgument'],
    input: Type.Object({ ...listInput, marker: Type.Optional(Prefix) }, closed),
    output: Type.Object({ ...listed, nextMarker: Type.Optional(Type.String()) }),
  },
  ListObjectsV2: {
    ...read,
    text: 'List objects in order of key, page by page.',
    charge: ['request'],
    errors: ['NoSuchBucket', 'InvalidArgument'],
    input: Type.Object(
      { ...listInput, startAfter: Type.Optional(Prefix), continuationToken: Type.Optional(Type.String({ maxLength: 4096 })) },
      closed,
    ),
    output: Type.Object({ ...listed, nextContinuationToken: Type.Optional(Type.String()) }),
  },
} as const satisfies Record<string, Operation>;
