/** The actions of IAM that an operation asks for, and the grants of an access control list that stand for them. */
import type { Permission } from './acl.ts';

/** What a caller says who pays for requests of another's bucket: `requester`. */
export const requesterPays = 'x-amz-request-payer';

export type Action = {
  /** Action of the policy language; `versioned` when a version is named. */
  readonly name: string;
  readonly versioned?: string;
  /** Whether it is about an object, or about the bucket. */
  readonly on: 'object' | 'bucket';
  /** The grant that allows it, on the list of the object or of the bucket. */
  readonly grant?: { readonly on: 'object' | 'bucket'; readonly permission: Permission };
};

const object = (name: string, permission?: Permission, versioned?: string): Action => ({
  name,
  on: 'object',
  ...(permission ? { grant: { on: 'object', permission } } : {}),
  ...(versioned ? { versioned } : {}),
});
const write = (name: string, versioned?: string): Action => ({
  name,
  on: 'object',
  grant: { on: 'bucket', permission: 'WRITE' },
  ...(versioned ? { versioned } : {}),
});
const bucket = (name: string, permission?: Permission): Action => ({
  name,
  on: 'bucket',
  ...(permission ? { grant: { on: 'bucket', permission } } : {}),
});

/** By operation of the contract. */
export const actions: Readonly<Record<string, Action>> = {
  HeadBucket: bucket('ListBucket', 'READ'),
  GetBucketLocation: bucket('GetBucketLocation', 'READ'),
  DeleteBucket: bucket('DeleteBucket'),
  ListObjects: bucket('ListBucket', 'READ'),
  ListObjectsV2: bucket('ListBucket', 'READ'),
  ListObjectVersions: bucket('ListBucketVersions', 'READ'),
  ListMultipartUploads: bucket('ListBucketMultipartUploads', 'READ'),
  ListHotPrefixes: bucket('ListBucket', 'READ'),
  SimulateLifecycle: bucket('ListBucketVersions', 'READ'),
  GetObject: object('GetObject', 'READ', 'GetObjectVersion'),
  HeadObject: object('GetObject', 'READ', 'GetObjectVersion'),
  GetObjectAttributes: object('GetObjectAttributes', 'READ', 'GetObjectVersionAttributes'),
  SelectObjectContent: object('GetObject', 'READ'),
  GetObjectAcl: object('GetObjectAcl', 'READ_ACP', 'GetObjectVersionAcl'),
  PutObjectAcl: object('PutObjectAcl', 'WRITE_ACP', 'PutObjectVersionAcl'),
  GetObjectTagging: object('GetObjectTagging', undefined, 'GetObjectVersionTagging'),
  PutObjectTagging: object('PutObjectTagging', undefined, 'PutObjectVersionTagging'),
  DeleteObjectTagging: object('DeleteObjectTagging', undefined, 'DeleteObjectVersionTagging'),
  GetObjectRetention: object('GetObjectRetention'),
  PutObjectRetention: object('PutObjectRetention'),
  GetObjectLegalHold: object('GetObjectLegalHold'),
  PutObjectLegalHold: object('PutObjectLegalHold'),
  RestoreObject: object('RestoreObject'),
  RenameObject: write('PutObject'),
  PutObject: write('PutObject'),
  CopyObject: write('PutObject'),
  CreateMultipartUpload: write('PutObject'),
  UploadPart: write('PutObject'),
  UploadPartCopy: write('PutObject'),
  CompleteMultipartUpload: write('PutObject'),
  AbortMultipartUpload: write('AbortMultipartUpload'),
  ListParts: write('ListMultipartUploadParts'),
  DeleteObject: write('DeleteObject', 'DeleteObjectVersion'),
  GetBucketAcl: bucket('GetBucketAcl', 'READ_ACP'),
  PutBucketAcl: bucket('PutBucketAcl', 'WRITE_ACP'),
  GetBucketCors: bucket('GetBucketCORS'),
  PutBucketCors: bucket('PutBucketCORS'),
  DeleteBucketCors: bucket('PutBucketCORS'),
  GetBucketPolicy: bucket('GetBucketPolicy'),
  PutBucketPolicy: bucket('PutBucketPolicy'),
  ExplainObjectAccess: bucket('GetBucketPolicy'),
  DeleteBucketPolicy: bucket('DeleteBucketPolicy'),
  GetBucketPolicyStatus: bucket('GetBucketPolicyStatus'),
  GetPublicAccessBlock: bucket('GetBucketPublicAccessBlock'),
  PutPublicAccessBlock: bucket('PutBucketPublicAccessBlock'),
  DeletePublicAccessBlock: bucket('PutBucketPublicAccessBlock'),
  GetBucketOwnershipControls: bucket('GetBucketOwnershipControls'),
  PutBucketOwnershipControls: bucket('PutBucketOwnershipControls'),
  DeleteBucketOwnershipControls: bucket('PutBucketOwnershipControls'),
  GetBucketVersioning: bucket('GetBucketVersioning'),
  PutBucketVersioning: bucket('PutBucketVersioning'),
  GetBucketTagging: bucket('GetBucketTagging'),
  PutBucketTagging: bucket('PutBucketTagging'),
  DeleteBucketTagging: bucket('PutBucketTagging'),
  GetBucketLifecycle: bucket('GetLifecycleConfiguration'),
  PutBucketLifecycle: bucket('PutLifecycleConfiguration'),
  DeleteBucketLifecycle: bucket('PutLifecycleConfiguration'),
  GetBucketEncryption: bucket('GetEncryptionConfiguration'),
  PutBucketEncryption: bucket('PutEncryptionConfiguration'),
  DeleteBucketEncryption: bucket('PutEncryptionConfiguration'),
  GetBucketWebsite: bucket('GetBucketWebsite'),
  PutBucketWebsite: bucket('PutBucketWebsite'),
  DeleteBucketWebsite: bucket('DeleteBucketWebsite'),
  GetBucketLogging: bucket('GetBucketLogging'),
  PutBucketLogging: bucket('PutBucketLogging'),
  GetBucketReadAudit: bucket('GetBucketLogging'),
  PutBucketReadAudit: bucket('PutBucketLogging'),
  GetBucketDurability: bucket('GetBucketVersioning'),
  PutBucketDurability: bucket('PutBucketVersioning'),
  GetBucketNotification: bucket('GetBucketNotification'),
  PutBucketNotification: bucket('PutBucketNotification'),
  GetBucketInventoryConfiguration: bucket('GetInventoryConfiguration'),
  ListBucketInventoryConfigurations: bucket('GetInventoryConfiguration'),
  PutBucketInventoryConfiguration: bucket('PutInventoryConfiguration'),
  DeleteBucketInventoryConfiguration: bucket('PutInventoryConfiguration'),
  GetBucketRequestPayment: bucket('GetBucketRequestPayment'),
  PutBucketRequestPayment: bucket('PutBucketRequestPayment'),
  GetObjectLockConfiguration: bucket('GetBucketObjectLockConfiguration'),
  PutObjectLockConfiguration: bucket('PutBucketObjectLockConfiguration'),
};
