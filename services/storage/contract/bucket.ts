import { Type } from '#kernel/contract/type.ts';
import type { Operation } from '#kernel/contract/contract.ts';
import { envelope, Labels, PageInput } from '#kernel/contract/crud.ts';
import { acl } from './field.ts';

const closed = { additionalProperties: false } as const;
const everywhere = ['rest', 'cli', 'console'] as const;

/** What a tenant decides about a bucket. */
export const BucketSpec = Type.Object({ location: Type.String({ description: 'Region whose disks hold the bucket.' }) }, closed);

/** What is so about a bucket. */
export const BucketStatus = Type.Object({
  objects: Type.Integer({ description: 'Objects in the bucket.' }),
  sizeBytes: Type.Integer({ description: 'Bytes of the objects in the bucket.' }),
  durability: Type.Enum(['synced', 'relaxed'], { description: 'Whether writes are acknowledged when they are on disk, or before.' }),
});

export const Bucket = envelope(BucketSpec, BucketStatus);

const BucketName = Type.String({
  minLength: 3,
  maxLength: 63,
  pattern: '^[a-z0-9][a-z0-9.-]*[a-z0-9]$',
  description: 'Name of the bucket, unique on this deployment.',
});

const base = { on: 'Bucket', charge: ['request'], quota: ['requests'], expose: everywhere } as const;
const read = { ...base, effect: 'read', audit: 'window', repeat: 'natural' } as const;
const none = Type.Object({}, closed);

/** The operations on buckets themselves. */
export const bucketOperations = {
  ListBuckets: {
    ...read,
    at: 'collection',
    text: 'List your buckets in order of name.',
    errors: [],
    input: PageInput,
    output: Type.Object({ items: Type.Array(Bucket), next: Type.Optional(Type.String()), version: Type.String() }),
  },
  CreateBucket: {
    ...base,
    at: 'new',
    effect: 'write',
    audit: 'before-reply',
    repeat: 'refuse',
    text: 'Make a bucket.',
    quota: ['requests', 'buckets'],
    errors: [
      'BucketAlreadyExists',
      'BucketAlreadyOwnedByYou',
      'InvalidBucketName',
      'IllegalLocationConstraint',
      'InvalidBucketAclWithObjectOwnership',
      'InvalidRequest',
      'InvalidArgument',
    ],
    input: Type.Object(
      {
        name: BucketName,
        location: Type.Optional(Type.String({ maxLength: 40, description: 'Must be the region of this deployment.' })),
        labels: Type.Optional(Labels),
        objectLock: Type.Optional(Type.Boolean({ description: 'Whether its versions can be locked.' })),
        ownership: Type.Optional(
          Type.Union([Type.Literal('BucketOwnerEnforced'), Type.Literal('BucketOwnerPreferred'), Type.Literal('ObjectWriter')]),
        ),
        ...acl,
      },
      closed,
    ),
    output: Bucket,
  },
  HeadBucket: { ...read, byResource: true, text: 'Read a bucket.', errors: ['NoSuchBucket'], input: none, output: Bucket },
  GetBucketLocation: {
    ...read,
    byResource: true,
    text: 'Say in which region a bucket lies.',
    errors: ['NoSuchBucket'],
    input: none,
    output: Type.Object({ location: Type.String() }),
  },
  DeleteBucket: {
    ...base,
    effect: 'write',
    audit: 'before-reply',
    repeat: 'natural',
    byResource: true,
    essential: true,
    text: 'Delete an empty bucket.',
    errors: ['NoSuchBucket', 'BucketNotEmpty'],
    input: none,
    output: Type.Object({}),
  },
} as const satisfies Record<string, Operation>;
