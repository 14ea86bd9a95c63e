import type { Caller } from '#kernel/contract/caller.ts';
import { fault } from '#kernel/contract/fault.ts';
import { metadataMaxBytes } from '../../contract/limits.ts';
import { keyFault, metadataBytes } from '../../domain/name.ts';
import type { Conditions } from '../../domain/precondition.ts';
import { bucketOf } from '../bucket.ts';
import type { Source } from '../copy.ts';
import type { BucketRecord, StoredChecksum, StoredHeaders } from '../record.ts';
import { makeSeal, namedKey, type OpenSeal } from '../seal.ts';
import type { Store } from '../store.ts';
import { sealWish } from '../trait.ts';
import type { ChecksumAlgorithm } from '#wire/checksum/checksum.ts';
import type { Who } from '../who.ts';

/** Who a call is from, for the effects log. */
export function whoOf(call: { readonly caller: Caller; readonly requestId: string }, operation: string): Who {
  return { caller: call.caller, operation, requestId: call.requestId };
}

/** Refuses keys that are too long in UTF-8, or no text that a list could tell. */
export function checkKey(key: string, path = '/key'): void {
  const code = keyFault(key);
  if (code) throw fault(code, { path });
}

type HeaderInput = StoredHeaders & { readonly [other: string]: unknown };

/** The headers of an input that are kept with an object. */
export function headersOf(input: HeaderInput): StoredHeaders {
  const { contentType, contentEncoding, contentDisposition, contentLanguage, cacheControl, expires, websiteRedirect, metadata } = input;
  if (metadataBytes(metadata) > metadataMaxBytes)
    throw fault('MetadataTooLarge', { path: '/metadata', detail: `At most ${metadataMaxBytes} bytes.` });
  // What breaks a head of HTTP leads nowhere either.
  if (websiteRedirect !== undefined && !/^(?:\/|https?:\/\/)[^\0-\x1f\x7f]*$/.test(websiteRedirect)) throw fault('InvalidRedirectLocation');
  const all = { contentType, contentEncoding, contentDisposition, contentLanguage, cacheControl, expires, websiteRedirect, metadata };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as StoredHeaders;
}

type SourceInput = {
  readonly sourceIfMatch?: string[];
  readonly sourceIfNoneMatch?: string[];
  readonly sourceIfModifiedSince?: number;
  readonly sourceIfUnmodifiedSince?: number;
};

type CopyInput = SourceInput & {
  readonly sourceBucket: string;
  readonly sourceKey: string;
  readonly sourceVersionId?: string;
  readonly sourceCustomerKey?: string;
};
type CopyCall = {
  readonly also: (operation: 'GetObject', name: string, input?: unknown) => Promise<void>;
  readonly recordAlone: (detail: ReadDetail, of?: { readonly operation: 'GetObject'; readonly name: string }) => void;
};
type ReadDetail = { readonly key: string; readonly versionId?: string };

/** Has a read of an object recorded by itself, where its bucket wants that. */
export function noteRead(call: Pick<CopyCall, 'recordAlone'>, { readAudit }: BucketRecord, { key, versionId }: ReadDetail): void {
  if (readAudit) call.recordAlone({ key, ...(versionId === undefined ? {} : { versionId }) });
}

/** The source of a copy, which the caller must be allowed to read. */
export async function sourceOf({ partitions }: Store, call: CopyCall, input: CopyInput): Promise<Source> {
  const { sourceBucket, sourceKey: key, sourceVersionId: versionId, sourceCustomerKey: customerKey } = input;
  checkKey(key, '/sourceKey');
  await call.also('GetObject', sourceBucket, { key, ...(versionId === undefined ? {} : { versionId }) });
  const store = partitions.holderOf(sourceBucket);
  const bucket = bucketOf(store.catalog, sourceBucket);
  const read = { key, ...(versionId === undefined ? {} : { versionId }) };
  if (bucket.readAudit) call.recordAlone(read, { operation: 'GetObject', name: bucket.name });
  return {
    store,
    bucket,
    key,
    ...(versionId === undefined ? {} : { versionId }),
    ...(customerKey === undefined ? {} : { customerKey }),
    conditions: sourceConditions(input),
  };
}

type SealCall = { readonly useKey: (named: string, owner: bigint) => Promise<void> };

/** The seal of a new object, under the key that the caller names and may use, or as the bucket does by default. */
export async function sealFor(
  store: Store,
  call: SealCall,
  bucket: BucketRecord,
  asked: Parameters<typeof sealWish>[2],
): Promise<OpenSeal | undefined> {
  const wish = sealWish(store, bucket, asked);
  const named = namedKey(asked.encryption?.algorithm, asked.encryption?.keyId);
  if (named !== undefined) await call.useKey(named, bucket.tenant);
  return makeSeal(store.sealer, bucket.tenant, wish);
}

/** The checksum that was found of a body, to be kept. */
export function checksumFound(algorithm: ChecksumAlgorithm | undefined, value: string | undefined): StoredChecksum | undefined {
  return algorithm && value !== undefined ? { algorithm, type: 'FULL_OBJECT', value } : undefined;
}

/** The conditions that a copy or a rename puts on its source. */
export function sourceConditions(input: SourceInput): Conditions {
  return {
    ifMatch: input.sourceIfMatch,
    ifNoneMatch: input.sourceIfNoneMatch,
    ifModifiedSince: input.sourceIfModifiedSince,
    ifUnmodifiedSince: input.sourceIfUnmodifiedSince,
  };
}
