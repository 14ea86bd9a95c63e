import type { Output } from '#kernel/contract/contract.ts';
import type { storage } from '../../service.ts';
import { dropUndefined } from './condition.ts';
import { type Headers, httpDate, quoted } from './reply.ts';
import { header, type S3Request } from './request.ts';

type Head = Output<typeof storage, 'HeadObject'>;
type Kept = Pick<
  Head,
  'contentType' | 'contentEncoding' | 'contentDisposition' | 'contentLanguage' | 'cacheControl' | 'expires' | 'websiteRedirect' | 'metadata'
>;
type Checksum = NonNullable<Head['checksum']>;

const metaPrefix = 'x-amz-meta-';

/** The headers that are kept with an object. The coding of aws-chunked is the transfer's and not the object's. */
export function keptHeaders(request: S3Request): Kept {
  const metadata: Record<string, string> = Object.create(null);
  for (const name of request.headers.keys()) {
    if (name.startsWith(metaPrefix) && name.length > metaPrefix.length) metadata[name.slice(metaPrefix.length)] = valueOf(request, name);
  }
  const said = header(request, 'content-encoding');
  const coding = (/aws-chunked/i.test(said ?? '') ? said : undefined)
    ?.split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '' && one.toLowerCase() !== 'aws-chunked')
    .join(',');
  return dropUndefined({
    contentType: header(request, 'content-type'),
    contentEncoding: coding === undefined ? said : coding === '' ? undefined : coding,
    contentDisposition: header(request, 'content-disposition'),
    contentLanguage: header(request, 'content-language'),
    cacheControl: header(request, 'cache-control'),
    expires: header(request, 'expires'),
    websiteRedirect: header(request, 'x-amz-website-redirect-location'),
    metadata: Object.keys(metadata).length === 0 ? undefined : { ...metadata },
  });
}

function valueOf(request: S3Request, name: string): string {
  const values = request.headers.get(name) ?? [];
  return values.length > 1 ? values.map((value) => Buffer.from(value, 'latin1').toString('utf8')).join(',') : (header(request, name) ?? '');
}

/** A stored checksum as headers. */
export function checksumHeaders(checksum: Checksum | undefined): Headers {
  return checksum ? { [`x-amz-checksum-${checksum.algorithm.toLowerCase()}`]: checksum.value, 'x-amz-checksum-type': checksum.type } : {};
}

const unsendable = /[\u0000-\u0008\u000a-\u001f\u007f]/;

/** User metadata as headers; what no header can carry (it came by another door) is counted, as S3 does. */
function metadataHeaders(metadata: Readonly<Record<string, string>> | undefined): Headers {
  const headers: Record<string, string> = {};
  let missing = 0;
  for (const [name, value] of Object.entries(metadata ?? {})) {
    if (unsendable.test(value) || !/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) missing++;
    else headers[`${metaPrefix}${name}`] = value;
  }
  return missing > 0 ? { ...headers, 'x-amz-missing-meta': String(missing) } : headers;
}

const sendable = (value: string | undefined) => (value === undefined || unsendable.test(value) ? undefined : value);

/** The headers that describe an object, in a read of all of it or a part. */
export function objectHeaders(head: Head): Headers {
  return {
    'Last-Modified': httpDate(head.lastModified),
    ETag: quoted(head.etag),
    'Accept-Ranges': 'bytes',
    'Content-Type': sendable(head.contentType) ?? 'binary/octet-stream',
    'Content-Encoding': sendable(head.contentEncoding),
    'Content-Disposition': sendable(head.contentDisposition),
    'Content-Language': sendable(head.contentLanguage),
    'Cache-Control': sendable(head.cacheControl),
    Expires: sendable(head.expires),
    'x-amz-website-redirect-location': sendable(head.websiteRedirect),
    ...stateHeaders(head),
    ...sealHeaders(head),
    ...metadataHeaders(head.metadata),
  };
}

type Sealed = Pick<Head, 'encryption' | 'customerKeyMd5'>;

/** How the bytes are sealed at rest, as headers. */
export function sealHeaders({ encryption, customerKeyMd5 }: Sealed): Headers {
  return {
    'x-amz-server-side-encryption': encryption?.algorithm,
    'x-amz-server-side-encryption-aws-kms-key-id': encryption?.keyId,
    'x-amz-server-side-encryption-customer-algorithm': customerKeyMd5 === undefined ? undefined : 'AES256',
    'x-amz-server-side-encryption-customer-key-md5': customerKeyMd5,
  };
}

/** When the object expires, as a header. */
export function expirationHeader({ expiration }: Pick<Head, 'expiration'>): Headers {
  return expiration ? { 'x-amz-expiration': `expiry-date="${httpDate(expiration.at)}", rule-id="${expiration.rule}"` } : {};
}

/** What an object is beside its bytes: version, class, tags, locks. */
function stateHeaders(head: Head): Headers {
  const { restore } = head;
  const restored =
    restore && (restore.ongoing ? 'ongoing-request="true"' : `ongoing-request="false", expiry-date="${httpDate(restore.until ?? 0)}"`);
  return {
    'x-amz-version-id': head.versionId,
    'x-amz-storage-class': head.storageClass,
    'x-amz-tagging-count': head.tagCount,
    'x-amz-object-lock-mode': head.lockMode,
    'x-amz-object-lock-retain-until-date': head.lockUntil === undefined ? undefined : new Date(head.lockUntil).toISOString(),
    'x-amz-object-lock-legal-hold': head.legalHold === undefined ? undefined : head.legalHold ? 'ON' : 'OFF',
    'x-amz-restore': restored,
    ...expirationHeader(head),
  };
}

const overrides: Readonly<Record<string, string>> = {
  'response-content-type': 'Content-Type',
  'response-content-language': 'Content-Language',
  'response-expires': 'Expires',
  'response-cache-control': 'Cache-Control',
  'response-content-disposition': 'Content-Disposition',
  'response-content-encoding': 'Content-Encoding',
};

/** What the query puts in the place of stored headers. */
export function overrideHeaders(request: S3Request): Headers {
  const headers: Record<string, string> = {};
  for (const [parameter, name] of Object.entries(overrides)) {
    const value = sendable(request.query.get(parameter));
    if (value !== undefined) headers[name] = value;
  }
  return headers;
}
