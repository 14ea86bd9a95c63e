import { Type } from '#kernel/contract/type.ts';
import type { Operation } from '#kernel/contract/contract.ts';
import { sealErrors } from './error.ts';
import {
  Actor,
  Checksum,
  ChecksumAlgorithm,
  ChecksumType,
  ChecksumValue,
  closed,
  conditionalWrite,
  ETag,
  everywhere,
  expected,
  Key,
  PageSize,
  PartNumber,
  Prefix,
  sealed,
  stored,
  Time,
  traits,
  customerKey,
  UploadId,
  VersionId,
} from './field.ts';
import { partNumberMax } from './limits.ts';
import { copySource, Written } from './object.ts';

const base = { on: 'Bucket', quota: ['requests'], repeat: 'natural', expose: everywhere, byResource: true } as const;
const read = { ...base, effect: 'read', audit: 'window' } as const;
const write = { ...base, effect: 'write', audit: 'from-log' } as const;

const upload = { key: Key, uploadId: UploadId };
const Part = Type.Object({
  partNumber: Type.Integer(),
  etag: Type.String(),
  size: Type.Integer(),
  lastModified: Time,
  checksum: Type.Optional(Checksum),
  ...sealed,
});

/** The operations of multipart uploads. */
export const multipartOperations = {
  CreateMultipartUpload: {
    ...write,
    text: 'Begin an object that is sent in parts.',
    charge: ['request'],
    errors: ['NoSuchBucket', 'KeyTooLong', 'MetadataTooLarge', 'InvalidRequest', 'InvalidArgument', ...sealErrors],
    input: Type.Object(
      {
        key: Key,
        ...stored,
        ...traits,
        checksumAlgorithm: Type.Optional(ChecksumAlgorithm),
        checksumType: Type.Optional(ChecksumType),
      },
      closed,
    ),
    output: Type.Object({
      ...upload,
      ...sealed,
      checksumAlgorithm: Type.Optional(ChecksumAlgorithm),
      checksumType: Type.Optional(ChecksumType),
    }),
  },
  UploadPart: {
    ...write,
    body: 'in',
    text: 'Send one part.',
    charge: ['request', 'ingress', 'stored'],
    errors: [
      'NoSuchBucket',
      'NoSuchUpload',
      'EntityTooLarge',
      'InvalidDigest',
      'BadDigest',
      'IncompleteBody',
      'XAmzContentSHA256Mismatch',
      'InvalidRequest',
      ...sealErrors,
    ],
    input: Type.Object({ ...upload, partNumber: PartNumber, ...expected, ...customerKey }, closed),
    output: Part,
  },
  UploadPartCopy: {
    ...write,
    text: 'Take one part from an object that is already here.',
    charge: ['request', 'stored'],
    errors: [
      'NoSuchBucket',
      'NoSuchKey',
      'NoSuchVersion',
      'NoSuchUpload',
      'EntityTooLarge',
      'InvalidRange',
      'InvalidArgument',
      'ObjectDamaged',
      ...sealErrors,
    ],
    input: Type.Object(
      {
        ...upload,
        partNumber: PartNumber,
        ...copySource,
        ...customerKey,
        first: Type.Optional(Type.Integer({ minimum: 0 })),
        last: Type.Optional(Type.Integer({ minimum: 0 })),
      },
      closed,
    ),
    output: Type.Object({ ...Part.properties, sourceVersionId: Type.Optional(VersionId) }),
  },
  CompleteMultipartUpload: {
    ...write,
    text: 'Join the parts to an object.',
    charge: ['request', 'stored'],
    emits: ['ObjectCreated'],
    errors: [
      'NoSuchBucket',
      'NoSuchUpload',
      'NoSuchKey',
      'InvalidPart',
      'InvalidPartOrder',
      'EntityTooSmall',
      'EntityTooLarge',
      'InvalidRequest',
      'BadDigest',
      'MalformedXML',
    ],
    input: Type.Object(
      {
        ...upload,
        ...conditionalWrite,
        parts: Type.Array(Type.Object({ partNumber: PartNumber, etag: ETag, checksum: Type.Optional(ChecksumValue) }, closed), {
          minItems: 1,
          maxItems: partNumberMax,
        }),
        checksumType: Type.Optional(ChecksumType),
        checksumAlgorithm: Type.Optional(ChecksumAlgorithm),
        checksum: Type.Optional(ChecksumValue),
        size: Type.Optional(Type.Integer({ minimum: 0, description: 'Bytes of the whole object; another sum is refused.' })),
        ...customerKey,
      },
      closed,
    ),
    output: Written,
  },
  AbortMultipartUpload: {
    ...write,
    essential: true,
    text: 'Give up an upload and free its parts.',
    charge: ['request', 'stored'],
    errors: ['NoSuchBucket', 'NoSuchUpload'],
    input: Type.Object(upload, closed),
    output: Type.Object({}),
  },
  ListParts: {
    ...read,
    text: 'List the parts of an upload.',
    charge: ['request'],
    errors: ['NoSuchBucket', 'NoSuchUpload'],
    input: Type.Object(
      { ...upload, partNumberMarker: Type.Optional(Type.Integer({ minimum: 0 })), maxParts: Type.Optional(PageSize) },
      closed,
    ),
    output: Type.Object({
      owner: Type.String(),
      initiator: Actor,
      storageClass: Type.String(),
      items: Type.Array(Part),
      truncated: Type.Boolean(),
      nextPartNumberMarker: Type.Optional(Type.Integer()),
      checksumAlgorithm: Type.Optional(ChecksumAlgorithm),
      checksumType: Type.Optional(ChecksumType),
    }),
  },
  ListMultipartUploads: {
    ...read,
    text: 'List the uploads that are neither completed nor aborted.',
    charge: ['request'],
    errors: ['NoSuchBucket', 'InvalidArgument'],
    input: Type.Object(
      {
        prefix: Type.Optional(Prefix),
        delimiter: Type.Optional(Prefix),
        maxUploads: Type.Optional(PageSize),
        keyMarker: Type.Optional(Prefix),
        uploadIdMarker: Type.Optional(Type.String({ maxLength: 64 })),
      },
      closed,
    ),
    output: Type.Object({
      items: Type.Array(
        Type.Object({
          ...upload,
          owner: Type.String(),
          initiator: Actor,
          storageClass: Type.String(),
          initiated: Time,
          checksumAlgorithm: Type.Optional(ChecksumAlgorithm),
          checksumType: Type.Optional(ChecksumType),
        }),
      ),
      prefixes: Type.Array(Type.String()),
      truncated: Type.Boolean(),
      nextKeyMarker: Type.Optional(Type.String()),
      nextUploadIdMarker: Type.Optional(Type.String()),
    }),
  },
} as const satisfies Record<string, Operation>;
