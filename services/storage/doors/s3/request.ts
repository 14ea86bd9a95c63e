import type { HttpRequest } from '#engine/http1/request.ts';
import type { HttpResponse } from '#engine/http1/response.ts';
import { fault } from '#kernel/contract/fault.ts';
import { decode, headerMap, readQuery } from '#wire/sigv4/canonical.ts';
import { refuse } from './errors.ts';
import { targetOf } from './target.ts';

/** A request as S3 reads it: the bucket and key it is about, its parameters, its headers as bytes in Latin-1. */
export type S3Request = {
  readonly method: string;
  readonly rawPath: string;
  readonly rawQuery: string;
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly query: ReadonlyMap<string, string>;
  /** The bucket that the host names, if it does. */
  readonly hostBucket?: string;
  /** It is asked as a website. */
  readonly website?: true;
  /** '' for the service itself. */
  readonly bucket: string;
  /** '' for the bucket itself. */
  readonly key: string;
  readonly incoming: HttpRequest;
  readonly response: HttpResponse;
};

/** Reads the head: address, bucket, key and query. `domains` are the operator's base names of hosts. */
export function readHead(incoming: HttpRequest, response: HttpResponse, domains: readonly string[]): S3Request {
  const url = incoming.url ?? '/';
  const [rawPath, rawQuery] = splitTarget(url);
  const headers = headerMap(incoming.rawHeaders);
  const query = new Map<string, string>();
  for (const [name, value] of readQuery(rawQuery) ?? broken()) {
    const plain = decode(name) ?? broken();
    // The first of several is meant, as S3 does.
    if (!query.has(plain)) query.set(plain, decode(value) ?? broken());
  }
  const path = decode(rawPath) ?? broken();
  return {
    method: incoming.method ?? 'GET',
    rawPath,
    rawQuery,
    headers,
    query,
    ...targetOf(path, incoming.headers.host ?? '', domains),
    incoming,
    response,
  };
}

/**
 * A bucket may be named with the organization that it is of, `<id>:bucket`, or with an empty one. Names are unique here, so
 * that adds nothing, but it must be true.
 */
export function withoutTenant(request: S3Request, tenantOf: (bucket: string) => string | undefined): S3Request {
  const bucket = untenanted(request.bucket, tenantOf);
  return bucket === request.bucket ? request : { ...request, bucket };
}

/** The name of a bucket without the organization before it; NoSuchBucket where that has none of the name. */
export function untenanted(named: string, tenantOf: (bucket: string) => string | undefined): string {
  const colon = named.indexOf(':');
  if (colon < 0) return named;
  const bucket = named.slice(colon + 1);
  if (colon > 0 && named.slice(0, colon) !== tenantOf(bucket)) throw fault('NoSuchBucket');
  return bucket;
}

function broken(): never {
  throw refuse('InvalidURI');
}

/** RFC 9112 3.2: the origin form; of the absolute form, which proxies send, the path and query count. */
function splitTarget(url: string): [path: string, query: string] {
  const target = url.startsWith('/') ? url : url.replace(/^https?:\/\/[^/?]*/i, '');
  if (!target.startsWith('/')) {
    if (target === '' || target.startsWith('?')) return ['/', target.slice(1)];
    throw refuse('InvalidURI');
  }
  const mark = target.indexOf('?');
  return mark < 0 ? [target, ''] : [target.slice(0, mark), target.slice(mark + 1)];
}

/** The first value of a header, as UTF-8 when its bytes are, else as they came. */
export function header(request: S3Request, name: string): string | undefined {
  const value = request.headers.get(name)?.[0];
  if (value === undefined || /^[\x00-\x7f]*$/.test(value)) return value;
  const text = Buffer.from(value, 'latin1').toString('utf8');
  return text.includes('\ufffd') ? value : text;
}
