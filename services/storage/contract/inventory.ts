import type { Operation } from '#kernel/contract/contract.ts';
import { Type } from '#kernel/contract/type.ts';
import { shape } from './configuration.ts';
import { closed, everywhere } from './field.ts';
import { inventoriesMax, inventoryIdMax } from './limits.ts';

const optional = Type.Optional;
const text = (maxLength = 1024) => Type.String({ maxLength });

/** The fields that an inventory may tell beside bucket, key and version, in the order in which it tells them. */
export const inventoryFields = [
  'Size',
  'LastModifiedDate',
  'ETag',
  'StorageClass',
  'IsMultipartUploaded',
  'ReplicationStatus',
  'EncryptionStatus',
  'ObjectLockRetainUntilDate',
  'ObjectLockMode',
  'ObjectLockLegalHoldStatus',
  'IntelligentTieringAccessTier',
  'BucketKeyStatus',
  'ChecksumAlgorithm',
  'ObjectAccessControlList',
  'ObjectOwner',
  'LifecycleExpirationDate',
] as const;

/** Fields that S3 has and that are not told here: there are no such holds, and no such dates. */
export const untoldFields = ['IntelligentTieringReferenceDate', 'ObjectLockEventHoldStatus', 'ObjectLockEventHoldDuration'] as const;
const allFields = [...inventoryFields, ...untoldFields] as const;

/** An inventory of a bucket, in the words of S3. */
export const Inventory = shape({
  destination: shape({
    s3BucketDestination: shape({
      accountId: optional(text(64)),
      bucket: text(2048),
      format: Type.Enum(['CSV', 'ORC', 'Parquet']),
      prefix: optional(text()),
      encryption: optional(
        shape({
          s3: optional({ ...shape({}), 'x-xml': 'SSE-S3' }),
          kms: optional({ ...shape({ keyId: text(2048) }), 'x-xml': 'SSE-KMS' }),
        }),
      ),
    }),
  }),
  isEnabled: Type.Boolean(),
  filter: optional(shape({ prefix: text() })),
  id: { ...text(inventoryIdMax), 'x-xml': 'Id' },
  includedObjectVersions: Type.Enum(['All', 'Current']),
  optionalFields: optional(
    Type.Array(Type.Enum([...allFields]), { maxItems: allFields.length, 'x-xml': 'Field', 'x-wrap': 'OptionalFields' }),
  ),
  schedule: shape({ frequency: Type.Enum(['Daily', 'Weekly']) }),
});

const base = { on: 'Bucket', charge: ['request'], quota: ['requests'], expose: everywhere, byResource: true } as const;
const Named = Type.Object({ id: Type.String({ minLength: 1, maxLength: inventoryIdMax }) }, closed);

/** The operations on the inventories of buckets. */
export const inventoryOperations = {
  GetBucketInventoryConfiguration: {
    ...base,
    effect: 'read',
    audit: 'window',
    repeat: 'natural',
    text: 'Read an inventory of a bucket by its id.',
    input: Named,
    output: Inventory,
    errors: ['NoSuchBucket', 'NoSuchConfiguration'],
  },
  ListBucketInventoryConfigurations: {
    ...base,
    effect: 'read',
    audit: 'window',
    repeat: 'natural',
    text: 'List the inventories of a bucket in order of id.',
    input: Type.Object({ after: optional(text(inventoryIdMax)) }, closed),
    output: Type.Object({
      configurations: Type.Array(Inventory, { maxItems: inventoriesMax }),
      next: optional(Type.String({ description: 'The id behind which the list goes on.' })),
    }),
    errors: ['NoSuchBucket'],
  },
  PutBucketInventoryConfiguration: {
    ...base,
    effect: 'write',
    audit: 'before-reply',
    repeat: 'natural',
    text: 'Have lists of what is in a bucket written into another, daily or weekly.',
    input: Inventory,
    output: Type.Object({}),
    errors: ['NoSuchBucket', 'InvalidArgument', 'InvalidS3DestinationBucket', 'TooManyConfigurations'],
  },
  DeleteBucketInventoryConfiguration: {
    ...base,
    effect: 'write',
    audit: 'before-reply',
    repeat: 'natural',
    essential: true,
    text: 'Have an inventory of a bucket written no more.',
    input: Named,
    output: Type.Object({}),
    errors: ['NoSuchBucket', 'NoSuchConfiguration'],
  },
} as const satisfies Record<string, Operation>;
