import { fault } from '#kernel/contract/fault.ts';
import { refuse } from './errors.ts';
import { header, type S3Request } from './request.ts';

/** Headers that ask for what this service does not do, with the values that ask for nothing. Nothing is accepted and ignored. */
const headers: Readonly<Record<string, readonly string[]>> = {
  'x-amz-mfa': [],
  'x-amz-server-side-encryption-bucket-key-enabled': ['false'],
  'x-amz-if-match-initiated-time': [],
};

/** Refuses headers that imply what is not implemented. */
export function refuseHeaders(request: S3Request): void {
  for (const [name, harmless] of Object.entries(headers)) {
    const value = header(request, name);
    if (value !== undefined && !harmless.includes(value)) throw refuse('NotImplemented', undefined, { Header: name });
  }
}

/** S3's guard against the wrong account: the owner expected must be the bucket's. */
export function checkExpectedOwner(request: S3Request, ownerOf: (bucket: string) => string | undefined): void {
  const source = (header(request, 'x-amz-copy-source') ?? '').replace(/^\//, '').split('/')[0] ?? '';
  for (const [name, bucket] of [
    ['x-amz-expected-bucket-owner', request.bucket],
    ['x-amz-source-expected-bucket-owner', source],
  ] as const) {
    const expected = header(request, name);
    if (expected === undefined) continue;
    const owner = ownerOf(bucket);
    if (owner !== undefined && expected !== owner) throw fault('Denied');
  }
}

/** Sub-resources that are S3's but not implemented. */
const bucketQueries = [
  'abac',
  'accelerate',
  'analytics',
  'intelligent-tiering',
  'metadataConfiguration',
  'metadataTable',
  'metrics',
  'replication',
  'session',
] as const;
const objectQueries = ['append', 'encryption', 'torrent'] as const;

/** What S3 answers of a bucket that has no such configuration; it is true of every bucket here. */
const unset: Readonly<Record<string, readonly [code: string, text: string]>> = {
  replication: ['ReplicationConfigurationNotFoundError', 'The replication configuration was not found'],
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
