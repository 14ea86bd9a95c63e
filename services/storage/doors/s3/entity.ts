import type { Output } from '#kernel/contract/contract.ts';
import type { storage } from '../../service.ts';
import { dropUndefined } from './condition.ts';
import { type Headers, httpDate, quoted } from './reply.ts';
import { header, type S3Request } from './request.ts';

type Head = Output<typeof storage, 'HeadObject'>;
type Kept = Pick<
  Head,
  'contentType' | 'contentEncoding' | 'contentDisposition' | 'contentLanguage' | 'cacheControl' | 'expires' | 'metadata'
>;
type Checksum = NonNullable<Head['checksum']>;

const metaPrefix = 'x-amz-meta-';

/** The headers that are kept with an object. The coding of aws-chunked is the transfer's and not the object's. */
export function keptHeaders(request: S3Request): Kept {
  const metadata: Record<string, string> = Object.create(null);
  for (const name of request.headers.keys()) {
    if (name.startsWith(metaPrefix) && name.length > metaPrefix.length) metadata[name.slice(metaPrefix.length)] = valueOf(request, name);
  }
  const coding = header(request, 'content-encoding')
    ?.split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '' && one.toLowerCase() !== 'aws-chunked')
    .join(',');
  return dropUndefined({
    contentType: header(request, 'content-type'),
    contentEncoding: coding === '' ? undefined : coding,
    contentDisposition: header(request, 'content-disposition'),
    contentLanguage: header(request, 'content-language'),
    cacheControl: header(request, 'cache-control'),
    expires: header(request, 'expires'),
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
    ...metadataHeaders(head.metadata),
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
