import { Type } from '#kernel/contract/type.ts';
import type { Operation } from '#kernel/contract/contract.ts';
import { sealErrors } from './error.ts';
import {
  Checksum,
  closed,
  conditionalRead,
  conditionalWrite,
  CustomerKey,
  customerKey,
  ETag,
  everywhere,
  expected,
  Key,
  ObjectEntry,
  ObjectHead,
  PageSize,
  PartNumber,
  Prefix,
  sealed,
  stored,
  Time,
  traits,
  VersionId,
} from './field.ts';
import { deleteKeysMax } from './limits.ts';

const base = { on: 'Bucket', quota: ['requests'], repeat: 'natural', expose: everywhere, byResource: true } as const;
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
    versionId: Type.Optional(VersionId),
    partNumber: Type.Optional(PartNumber),
    ...conditionalRead,
    ...customerKey,
  },
  closed,
);

/** What a write answers. */
export const Written = Type.Object({
  key: Type.String(),
  etag: Type.String(),
  size: Type.Integer(),
  lastModified: Time,
  versionId: Type.Optional(VersionId),
  expiration: Type.Optional(Type.Object({ at: Time, rule: Type.String() })),
  ...sealed,
  checksum: Type.Optional(Checksum),
});

const WriteOffset = Type.Optional(
  Type.Integer({ minimum: 0, description: 'Append the bytes to the object, which has this many; 0 begins one.' }),
);

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
  sourceVersionId: Type.Optional(VersionId),
  sourceCustomerKey: Type.Optional(CustomerKey),
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

const traitErrors = [
  'InvalidTag',
  'BadRequest',
  'AccessControlListNotSupported',
  'UnresolvableGrantByEmailAddress',
  'InvalidRetentionPeriod',
  'InvalidRedirectLocation',
  'InvalidRequest',
  ...sealErrors,
  'SseKeyRequired',
  'SseKeyWrong',
] as const;
const readErrors = [
  'NoSuchBucket',
  'NoSuchKey',
  'NoSuchVersion',
  'MethodNotAllowed',
  'InvalidRange',
  'InvalidPart',
  'InvalidRequest',
  ...sealErrors,
  'SseKeyRequired',
  'SseKeyWrong',
] as const;

/** Conditions of a deletion, and whether a retention in governance mode is passed over. */
const deletion = {
  ifMatch: conditionalWrite.ifMatch,
  size: Type.Optional(Type.Integer({ minimum: 0, description: 'Only when it has this many bytes.' })),
  lastModified: Type.Optional(Type.Integer({ minimum: 0, description: 'Only when it was stored in this second.' })),
  bypassGovernance: Type.Optional(Type.Boolean({ description: 'Pass over a retention in governance mode.' })),
};

/** The operations on objects, each decided on the bucket that holds them. */
export const objectOperations = {
  PutObject: {
    ...write,
    body: 'in',
    text: 'Store an object, or append to one.',
    charge: ['request', 'ingress', 'stored'],
    emits: ['ObjectCreated'],
    errors: [
      ...bodyErrors,
      ...traitErrors,
      'NoSuchKey',
      'InvalidWriteOffset',
      'TooManyParts',
      'EncryptionTypeMismatch',
      'InvalidBucketState',
      'InvalidObjectState',
      'ConditionalConflict',
    ],
    input: Type.Object({ key: Key, ...stored, ...traits, ...expected, ...conditionalWrite, writeOffsetBytes: WriteOffset }, closed),
    output: Written,
  },
  GetObject: {
    ...read,
    body: 'out',
    text: 'Read an object or a range of its bytes.',
    charge: ['request', 'egress'],
    emits: ['ObjectUnreadable'],
    errors: [...readErrors, 'ObjectDamaged', 'TooFewShards', 'InvalidObjectState'],
    input: readInput,
    output: ObjectHead,
  },
  HeadObject: {
    ...read,
    text: 'Read what is known of an object, without its bytes.',
    charge: ['request'],
    errors: readErrors,
    input: readInput,
    output: ObjectHead,
  },
  DeleteObject: {
    ...write,
    essential: true,
    text: 'Delete an object; one that is not there is no error.',
    charge: ['request', 'stored'],
    emits: ['ObjectRemoved'],
    errors: ['NoSuchBucket', 'NoSuchKey', 'NoSuchVersion', 'ObjectLocked'],
    input: Type.Object({ key: Key, versionId: Type.Optional(VersionId), ...deletion }, closed),
    output: Type.Object({ versionId: Type.Optional(VersionId), deleteMarker: Type.Optional(Type.Boolean()) }),
  },
  DeleteObjects: {
    ...write,
    essential: true,
    text: 'Delete up to 1000 objects.',
    charge: ['request', 'stored'],
    emits: ['ObjectRemoved'],
    errors: ['NoSuchBucket'],
    input: Type.Object(
      {
        objects: Type.Array(
          Type.Object(
            {
              key: Key,
              versionId: Type.Optional(VersionId),
              etag: Type.Optional(ETag),
              size: deletion.size,
              lastModified: deletion.lastModified,
            },
            closed,
          ),
          { minItems: 1, maxItems: deleteKeysMax },
        ),
        bypassGovernance: deletion.bypassGovernance,
      },
      closed,
    ),
    output: Type.Object({
      deleted: Type.Array(
        Type.Object({
          key: Type.String(),
          versionId: Type.Optional(VersionId),
          deleteMarker: Type.Optional(Type.Boolean()),
          deleteMarkerVersionId: Type.Optional(VersionId),
        }),
      ),
      failed: Type.Array(
        Type.Object({ key: Type.String(), versionId: Type.Optional(VersionId), code: Type.String(), text: Type.String() }),
      ),
    }),
  },
  CopyObject: {
    ...write,
    text: 'Store a copy of an object that is already here.',
    charge: ['request', 'stored'],
    emits: ['ObjectCreated'],
    errors: [
      'NoSuchBucket',
      'NoSuchKey',
      'NoSuchVersion',
      'KeyTooLong',
      'MetadataTooLarge',
      'EntityTooLarge',
      'InvalidRequest',
      'ObjectDamaged',
      'InvalidObjectState',
      ...traitErrors,
    ],
    input: Type.Object(
      {
        key: Key,
        ...copySource,
        ...stored,
        ...traits,
        ...conditionalWrite,
        replaceTags: Type.Optional(Type.Boolean({ description: "Take the tags of this request instead of the source's." })),
        replaceMetadata: Type.Optional(Type.Boolean({ description: "Take the metadata of this request instead of the source's." })),
        checksumAlgorithm: expected.checksumAlgorithm,
      },
      closed,
    ),
    output: Type.Object({ ...Written.properties, sourceVersionId: Type.Optional(VersionId) }),
  },
  RenameObject: {
    ...write,
    text: 'Give an object another key in its bucket, with all that it is.',
    charge: ['request', 'stored'],
    emits: ['ObjectCreated', 'ObjectRemoved'],
    errors: ['NoSuchBucket', 'NoSuchKey', 'KeyTooLong', 'InvalidRequest', 'InvalidBucketState', 'IdempotencyParameterMismatch'],
    input: Type.Object(
      {
        key: Key,
        sourceKey: Key,
        ...conditionalRead,
        sourceIfMatch: copySource.sourceIfMatch,
        sourceIfNoneMatch: copySource.sourceIfNoneMatch,
        sourceIfModifiedSince: copySource.sourceIfModifiedSince,
        sourceIfUnmodifiedSince: copySource.sourceIfUnmodifiedSince,
        clientToken: Type.Optional(
          Type.String({ pattern: '^[!-~]{1,64}$', maxLength: 64, description: 'The same again means the same rename, and does nothing.' }),
        ),
      },
      closed,
    ),
    output: Type.Object({
      key: Type.String(),
      repeated: Type.Optional(Type.Literal(true, { description: 'It was done before.' })),
    }),
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
  ListObjectVersions: {
    ...read,
    text: 'List every version of objects and every delete marker, in order of key and the newest first.',
    charge: ['request'],
    errors: ['NoSuchBucket', 'InvalidArgument'],
    input: Type.Object({ ...listInput, keyMarker: Type.Optional(Prefix), versionIdMarker: Type.Optional(VersionId) }, closed),
    output: Type.Object({
      items: Type.Array(
        Type.Object({
          ...ObjectEntry.properties,
          versionId: VersionId,
          latest: Type.Boolean(),
          deleteMarker: Type.Optional(Type.Literal(true)),
        }),
      ),
      prefixes: listed.prefixes,
      truncated: Type.Boolean(),
      nextKeyMarker: Type.Optional(Type.String()),
      nextVersionIdMarker: Type.Optional(Type.String()),
    }),
  },
  GetObjectAttributes: {
    ...read,
    text: 'Read the size, checksum and parts of an object.',
    charge: ['request'],
    errors: readErrors,
    input: Type.Object(
      {
        key: Key,
        versionId: Type.Optional(VersionId),
        maxParts: Type.Optional(PageSize),
        partNumberMarker: Type.Optional(Type.Integer({ minimum: 0 })),
        ...customerKey,
      },
      closed,
    ),
    output: Type.Object({
      ...ObjectHead.properties,
      parts: Type.Optional(
        Type.Object({
          total: Type.Integer(),
          marker: Type.Integer(),
          next: Type.Optional(Type.Integer()),
          truncated: Type.Boolean(),
          items: Type.Array(Type.Object({ partNumber: Type.Integer(), size: Type.Integer(), checksum: Type.Optional(Type.String()) })),
        }),
      ),
    }),
  },
} as const satisfies Record<string, Operation>;
