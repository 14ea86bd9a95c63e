import { fault } from '#kernel/contract/fault.ts';
import { refuse } from './errors.ts';
import { header, type S3Request } from './request.ts';

/** Headers that ask for what this service does not do, with the values that ask for nothing. Nothing is accepted and ignored. */
const headers: Readonly<Record<string, readonly string[]>> = {
  'x-amz-acl': ['private', 'bucket-owner-full-control'],
  'x-amz-storage-class': ['STANDARD'],
  'x-amz-object-ownership': ['BucketOwnerEnforced'],
  'x-amz-bucket-object-lock-enabled': ['false'],
  'x-amz-copy-source-server-side-encryption-customer-algorithm': [],
  'x-amz-grant-full-control': [],
  'x-amz-grant-read': [],
  'x-amz-grant-read-acp': [],
  'x-amz-grant-write': [],
  'x-amz-grant-write-acp': [],
  'x-amz-mfa': [],
  'x-amz-object-lock-mode': [],
  'x-amz-object-lock-retain-until-date': [],
  'x-amz-object-lock-legal-hold': [],
  'x-amz-server-side-encryption': [],
  'x-amz-server-side-encryption-aws-kms-key-id': [],
  'x-amz-server-side-encryption-context': [],
  'x-amz-server-side-encryption-customer-algorithm': [],
  'x-amz-server-side-encryption-bucket-key-enabled': ['false'],
  'x-amz-tagging': [''],
  'x-amz-tagging-directive': ['COPY', 'REPLACE'],
  'x-amz-website-redirect-location': [],
  'x-amz-write-offset-bytes': [],
  'x-amz-rename-source': [],
  'x-amz-if-match-last-modified-time': [],
  'x-amz-if-match-size': [],
  'x-amz-if-match-initiated-time': [],
};

/** Refuses headers that imply what is not implemented. */
export function refuseHeaders(request: S3Request): void {
  for (const [name, harmless] of Object.entries(headers)) {
    const value = header(request, name);
    if (value !== undefined && !harmless.includes(value)) throw refuse('NotImplemented', undefined, { Header: name });
  }
}

/** S3's guard against the wrong account: the owner expected must be the caller, since nobody reaches others' buckets. */
export function checkExpectedOwner(request: S3Request, owner: string): void {
  for (const name of ['x-amz-expected-bucket-owner', 'x-amz-source-expected-bucket-owner']) {
    const expected = header(request, name);
    if (expected !== undefined && expected !== owner) throw fault('Denied');
  }
}

/** Sub-resources that are S3's but not implemented. */
const bucketQueries = [
  'abac',
  'accelerate',
  'acl',
  'analytics',
  'cors',
  'encryption',
  'intelligent-tiering',
  'inventory',
  'lifecycle',
  'logging',
  'metadataConfiguration',
  'metadataTable',
  'metrics',
  'notification',
  'object-lock',
  'ownershipControls',
  'policy',
  'policyStatus',
  'publicAccessBlock',
  'replication',
  'requestPayment',
  'session',
  'tagging',
  'versioning',
  'versions',
  'website',
] as const;
const objectQueries = [
  'acl',
  'append',
  'attributes',
  'encryption',
  'legal-hold',
  'renameObject',
  'restore',
  'retention',
  'select',
  'tagging',
  'torrent',
] as const;

/** What S3 answers of a bucket that has no such configuration; it is true of every bucket here. */
const unset: Readonly<Record<string, readonly [code: string, text: string]>> = {
  cors: ['NoSuchCORSConfiguration', 'The CORS configuration does not exist'],
  encryption: ['ServerSideEncryptionConfigurationNotFoundError', 'The server side encryption configuration was not found'],
  lifecycle: ['NoSuchLifecycleConfiguration', 'The lifecycle configuration does not exist'],
  'object-lock': ['ObjectLockConfigurationNotFoundError', 'Object Lock configuration does not exist for this bucket'],
  ownershipControls: ['OwnershipControlsNotFoundError', 'The bucket ownership controls were not found'],
  policy: ['NoSuchBucketPolicy', 'The bucket policy does not exist'],
  policyStatus: ['NoSuchBucketPolicy', 'The bucket policy does not exist'],
  publicAccessBlock: ['NoSuchPublicAccessBlockConfiguration', 'The public access block configuration was not found'],
  replication: ['ReplicationConfigurationNotFoundError', 'The replication configuration was not found'],
  tagging: ['NoSuchTagSet', 'The TagSet does not exist'],
  website: ['NoSuchWebsiteConfiguration', 'The specified bucket does not have a website configuration'],
};

/** The sub-resource that a request is about and that is not implemented, if any. */
export function unimplemented({ query, key }: S3Request): string | undefined {
  return (key === '' ? bucketQueries : objectQueries).find((name) => query.has(name));
}

/** How S3 words that a bucket has no such configuration. */
export function unsetWords(name: string): { status: number; code: string; text: string } | undefined {
  const words = unset[name];
  return words && { status: 404, code: words[0], text: words[1] };
}
