import { Type } from '#kernel/contract/type.ts';
import { defineService } from '#kernel/contract/contract.ts';
import { subjectOperations, subjectResources } from '#kernel/privacy/subject.ts';
import { bucketOperations, BucketSpec, BucketStatus } from './contract/bucket.ts';
import { engineOperations } from './contract/engine.ts';
import { errors } from './contract/error.ts';
import { insightOperations } from './contract/insight.ts';
import { inventoryOperations } from './contract/inventory.ts';
import { bucketsMax, requestsBurst, requestsPerSecond } from './contract/limits.ts';
import { accessOperations } from './contract/access.ts';
import { configurationOperations } from './contract/configuration.ts';
import { multipartOperations } from './contract/multipart.ts';
import { objectOperations } from './contract/object.ts';
import { selectOperations } from './contract/select.ts';

const ObjectEvent = Type.Object({
  bucket: Type.String(),
  key: Type.String(),
  operation: Type.String(),
  size: Type.Optional(Type.Integer()),
  etag: Type.Optional(Type.String()),
});

/** Object storage: what S3 clients take for S3. */
export const storage = defineService({
  name: 'storage',
  title: 'Storage',
  text: 'Buckets and objects, behind the S3 protocol.',
  version: 1,
  resources: {
    Bucket: {
      of: 'scope',
      text: 'A named set of objects, in order of key.',
      spec: BucketSpec,
      status: BucketStatus,
      owner: 'service',
      columns: ['location'],
    },
    ...subjectResources,
  },
  meters: {
    request: { unit: 'request', kind: 'sum', text: 'Requests answered.', by: ['operation', 'resource'] },
    ingress: { unit: 'byte', kind: 'sum', text: 'Bytes of objects received.', by: ['operation', 'resource'] },
    egress: { unit: 'byte', kind: 'sum', text: 'Bytes of objects sent.', by: ['operation', 'resource'] },
    stored: { unit: 'byte', kind: 'gauge', text: 'Bytes of objects and parts kept.' },
  },
  quotas: {
    buckets: { kind: 'count', of: 'Bucket', limit: bucketsMax, text: 'Buckets of one scope.' },
    requests: { kind: 'rate', unit: 'call', perSecond: requestsPerSecond, burst: requestsBurst, text: 'Requests of one scope.' },
  },
  events: {
    ObjectCreated: { data: ObjectEvent, text: 'An object was stored.' },
    ObjectUnreadable: { data: ObjectEvent, text: 'A read found fewer shards of an object than are needed; it was refused.' },
    ObjectNotification: {
      data: Type.Object({ Records: Type.Array(Type.Unknown()) }),
      text: "S3's message of an event that a bucket's notification asks for, in the order of its key, at least once.",
    },
    TopicMessage: {
      data: Type.Object({ topic: Type.String(), message: Type.Object({ Records: Type.Array(Type.Unknown()) }) }),
      text: "S3's message of an event, for the topic of the bucket's environment that its notification names.",
    },
    InventoryFailed: {
      data: Type.Object({ bucket: Type.String(), id: Type.String(), destination: Type.String(), reason: Type.String() }),
      text: 'An inventory of a bucket was not written: its destination is gone or does not allow it, or its key does not.',
    },
    ObjectRemoved: { data: ObjectEvent, text: 'An object was deleted.' },
  },
  errors,
  needs: {
    blobs: { seam: 'blobs', scope: 'service', optional: true },
    log: { seam: 'log', scope: 'caller', optional: true },
  },
  doors: {
    s3: {
      protocol: 's3',
      port: 9000,
      faces: ['sigv4', 'bearer', 'service', 'open', 'anonymous'],
      anonymous: 'by-resource',
      text: 'The S3 REST API, path and virtual-host style.',
    },
  },
  operations: {
    ...bucketOperations,
    ...objectOperations,
    ...selectOperations,
    ...multipartOperations,
    ...accessOperations,
    ...configurationOperations,
    ...inventoryOperations,
    ...engineOperations,
    ...insightOperations,
    ...subjectOperations,
  },
  roles: {
    archivist: ['HeadBucket', 'CreateBucket', 'PutObject', 'GetObject', 'DeleteObject', 'ListObjectsV2'],
    auditor: [
      'DescribeDrives',
      'EstimateDurability',
      'ExplainObjectAccess',
      'ListBuckets',
      'HeadBucket',
      'GetBucketLocation',
      'GetBucketAcl',
      'GetBucketVersioning',
      'GetBucketTagging',
      'GetBucketPolicy',
      'GetBucketPolicyStatus',
      'GetPublicAccessBlock',
      'GetBucketOwnershipControls',
      'GetBucketCors',
      'GetBucketLifecycle',
      'GetBucketEncryption',
      'GetBucketWebsite',
      'GetBucketLogging',
      'GetBucketReadAudit',
      'GetBucketDurability',
      'GetBucketNotification',
      'GetBucketInventoryConfiguration',
      'ListBucketInventoryConfigurations',
      'GetBucketRequestPayment',
      'GetObjectLockConfiguration',
    ],
    reader: [
      'auditor',
      'RevealPersonal',
      'GetObject',
      'HeadObject',
      'ListObjects',
      'ListObjectsV2',
      'ListParts',
      'ListMultipartUploads',
      'ListObjectVersions',
      'ListHotPrefixes',
      'SimulateLifecycle',
      'GetObjectAttributes',
      'SelectObjectContent',
      'GetObjectAcl',
      'GetObjectTagging',
      'GetObjectRetention',
      'GetObjectLegalHold',
    ],
    editor: [
      'reader',
      'PutObject',
      'DeleteObject',
      'DeleteObjects',
      'CopyObject',
      'RenameObject',
      'CreateMultipartUpload',
      'UploadPart',
      'UploadPartCopy',
      'CompleteMultipartUpload',
      'AbortMultipartUpload',
      'PutObjectTagging',
      'DeleteObjectTagging',
      'RestoreObject',
    ],
    admin: [
      'editor',
      'ExportDataSubject',
      'CreateBucket',
      'DeleteBucket',
      'PutBucketAcl',
      'PutObjectAcl',
      'PutObjectRetention',
      'PutObjectLegalHold',
      'PutBucketVersioning',
      'PutBucketTagging',
      'DeleteBucketTagging',
      'PutBucketPolicy',
      'DeleteBucketPolicy',
      'PutPublicAccessBlock',
      'DeletePublicAccessBlock',
      'PutBucketOwnershipControls',
      'DeleteBucketOwnershipControls',
      'PutBucketCors',
      'DeleteBucketCors',
      'PutBucketLifecycle',
      'DeleteBucketLifecycle',
      'PutBucketEncryption',
      'DeleteBucketEncryption',
      'PutBucketWebsite',
      'DeleteBucketWebsite',
      'PutBucketLogging',
      'PutBucketReadAudit',
      'PutBucketDurability',
      'PutBucketNotification',
      'PutBucketInventoryConfiguration',
      'DeleteBucketInventoryConfiguration',
      'PutBucketRequestPayment',
      'PutObjectLockConfiguration',
    ],
    owner: ['admin', 'EraseDataSubject'],
  },
});
export default storage;
