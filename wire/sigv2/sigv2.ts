import { createHmac, timingSafeEqual } from 'node:crypto';
import { decode, type RawRequest } from '../sigv4/canonical.ts';

/** A request that carries AWS Signature V2, read but not yet believed. Times are milliseconds since 1970. */
export type LegacySigned = {
  readonly accessKeyId: string;
  readonly signature: string;
  readonly stringToSign: string;
  /** The same with a slash behind the bucket: clients that think in virtual hosts sign so what they send without one. */
  readonly slashed?: string;
} & (
  | { readonly form: 'header'; readonly at: number }
  | { readonly form: 'presigned'; readonly expiresAt: number }
  | { readonly form: 'policy' }
);

/** Why a signature could not be read. */
export type LegacyMalformed = { readonly form: 'malformed'; readonly code: 'AccessDenied' | 'InvalidArgument'; readonly text: string };

/** Sub-resources and response overrides that belong to the canonical resource, in order. */
const signedParameters = [
  'accelerate acl analytics attributes append cors defaultObjectAcl delete encryption inventory legal-hold lifecycle location logging',
  'metrics notification object-lock ownershipControls partNumber policy policyStatus publicAccessBlock renameObject replication',
  'requestPayment response-cache-control response-content-disposition response-content-encoding response-content-language',
  'response-content-type response-expires restore retention select select-type storageClass tagging torrent uploadId uploads',
  'versionId versioning versions website',
]
  .join(' ')
  .split(' ')
  .toSorted();

const malformed = (code: LegacyMalformed['code'], text: string): LegacyMalformed => ({ form: 'malformed', code, text });

/**
 * Reads `Authorization: AWS key:signature` or the query's AWSAccessKeyId, Signature and Expires. `bucketOfHost` is the bucket
 * that a virtual host names. Undefined when the request is not signed so.
 */
export function readLegacy(request: RawRequest, bucketOfHost: string | undefined): LegacySigned | LegacyMalformed | undefined {
  const query = new Map(pairs(request.rawQuery));
  const [, accessKeyId, signature] = /^AWS ([^:\s]+):(\S+)\s*$/.exec(request.headers.get('authorization')?.[0] ?? '') ?? [];
  if (accessKeyId !== undefined && signature !== undefined) return readHeader(request, query, bucketOfHost, accessKeyId, signature);
  const key = query.get('AWSAccessKeyId');
  if (key === undefined) return undefined;
  const [signed, expires] = [query.get('Signature'), query.get('Expires')];
  if (!signed || !expires)
    return malformed('AccessDenied', 'Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters');
  if (!/^\d{1,12}$/.test(expires))
    return malformed('AccessDenied', `Invalid date (should be seconds since epoch): ${expires.slice(0, 40)}`);
  return {
    form: 'presigned',
    accessKeyId: key,
    signature: signed,
    expiresAt: Number(expires) * 1000,
    ...canonical(request, query, bucketOfHost, expires),
  };
}

function readHeader(
  request: RawRequest,
  query: ReadonlyMap<string, string>,
  bucketOfHost: string | undefined,
  accessKeyId: string,
  signature: string,
): LegacySigned | LegacyMalformed {
  const amzDate = request.headers.get('x-amz-date')?.[0];
  const date = request.headers.get('date')?.[0];
  const at = Date.parse(amzDate ?? date ?? '');
  if (Number.isNaN(at)) return malformed('AccessDenied', 'AWS authentication requires a valid Date or x-amz-date header');
  return {
    form: 'header',
    accessKeyId,
    signature,
    at,
    ...canonical(request, query, bucketOfHost, amzDate === undefined ? (date ?? '') : ''),
  };
}

function pairs(rawQuery: string): [string, string][] {
  return rawQuery
    .split('&')
    .filter((piece) => piece !== '')
    .map((piece) => {
      const equals = piece.indexOf('=');
      const [name, value] = equals < 0 ? [piece, ''] : [piece.slice(0, equals), piece.slice(equals + 1)];
      return [plain(name), plain(value)];
    });
}

const plain = (text: string) => decode(text.replaceAll('+', ' ')) ?? text;

/** The string that is signed: method, digest, type, date, the x-amz- headers and the resource with its sub-resources. */
function canonical(
  request: RawRequest,
  query: ReadonlyMap<string, string>,
  bucketOfHost: string | undefined,
  date: string,
): Pick<LegacySigned, 'stringToSign' | 'slashed'> {
  const first = (name: string) => request.headers.get(name)?.[0]?.trim() ?? '';
  const amz = [...request.headers.keys()]
    .filter((name) => name.startsWith('x-amz-'))
    .toSorted()
    .map((name) => `${name}:${(request.headers.get(name) ?? []).map((value) => value.trim().replace(/\s+/g, ' ')).join(',')}\n`)
    .join('');
  const named = signedParameters.filter((name) => query.has(name));
  const suffix = named
    .map((name) => (query.get(name) === '' && !isValued(request.rawQuery, name) ? name : `${name}=${query.get(name)}`))
    .join('&');
  const head = `${request.method}\n${first('content-md5')}\n${first('content-type')}\n${date}\n${amz}`;
  const path = `${bucketOfHost === undefined ? '' : `/${bucketOfHost}`}${request.rawPath}`;
  const behind = suffix === '' ? '' : `?${suffix}`;
  const isBucket = bucketOfHost === undefined && /^\/[^/]+$/.test(path);
  return { stringToSign: `${head}${path}${behind}`, ...(isBucket ? { slashed: `${head}${path}/${behind}` } : {}) };
}

const isValued = (rawQuery: string, name: string) => new RegExp(`(?:^|&)${name}=`).test(rawQuery);

/** The signature that a secret gives. */
function signLegacy(secret: string, stringToSign: string): string {
  return createHmac('sha1', secret).update(stringToSign, 'utf8').digest('base64');
}

/** Compares in constant time. */
export function verifyLegacy({ signature, stringToSign, slashed }: LegacySigned, secret: string): boolean {
  const shown = Buffer.from(signature);
  return [stringToSign, ...(slashed === undefined ? [] : [slashed])].some((text) => {
    const made = Buffer.from(signLegacy(secret, text));
    return made.length === shown.length && timingSafeEqual(made, shown);
  });
}
