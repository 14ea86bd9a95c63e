import { createHmac } from 'node:crypto';
import { canonicalEscapes, canonicalRequest, encode, type Parameter, type RawRequest, readQuery, stringToSign } from './canonical.ts';
import { signingKey } from './key.ts';
import { timestampOf } from './time.ts';

/** Whose signature, where and when. `at` is in milliseconds since 1970. */
export type Signer = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
  readonly service: string;
  readonly at: number;
  readonly sessionToken?: string;
};

/** What a request to be signed is made of; `headers` must name the host. */
export type Unsigned = {
  readonly method: string;
  readonly rawPath: string;
  readonly rawQuery: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payloadHash: string;
};

/** The headers of the request, signed: those given, x-amz-date, x-amz-content-sha256 and authorization. */
export function sign(request: Unsigned, signer: Signer): Record<string, string> {
  const timestamp = timestampOf(signer.at);
  const headers: Record<string, string> = { 'x-amz-date': timestamp, 'x-amz-content-sha256': request.payloadHash };
  for (const [name, value] of Object.entries(request.headers)) headers[name.toLowerCase()] = value;
  if (signer.sessionToken !== undefined) headers['x-amz-security-token'] = signer.sessionToken;
  const names = Object.keys(headers).toSorted();
  const signature = signatureOf(request, headers, names, readQuery(request.rawQuery) ?? [], signer);
  const credential = `${signer.accessKeyId}/${scopeOf(signer)}`;
  headers.authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return headers;
}

/** The query of a presigned request, with its signature; it holds for `expiresSeconds`. */
export function presign(request: Unsigned, signer: Signer, expiresSeconds: number): string {
  const names = Object.keys(request.headers)
    .map((name) => name.toLowerCase())
    .toSorted();
  const added: [string, string][] = [
    ['X-Amz-Algorithm', 'AWS4-HMAC-SHA256'],
    ['X-Amz-Credential', `${signer.accessKeyId}/${scopeOf(signer)}`],
    ['X-Amz-Date', timestampOf(signer.at)],
    ['X-Amz-Expires', String(expiresSeconds)],
    ['X-Amz-SignedHeaders', names.join(';')],
  ];
  if (signer.sessionToken !== undefined) added.push(['X-Amz-Security-Token', signer.sessionToken]);
  if (request.payloadHash !== 'UNSIGNED-PAYLOAD') added.push(['X-Amz-Content-Sha256', request.payloadHash]);
  const parameters: Parameter[] = [...(readQuery(request.rawQuery) ?? []), ...added.map(([name, value]) => [name, encode(value)] as const)];
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value]));
  const signature = signatureOf(request, headers, names, parameters, signer);
  return `${parameters.map(([name, value]) => `${name}=${value}`).join('&')}&X-Amz-Signature=${signature}`;
}

function scopeOf(signer: Signer): string {
  return `${timestampOf(signer.at).slice(0, 8)}/${signer.region}/${signer.service}/aws4_request`;
}

function signatureOf(
  request: Unsigned,
  headers: Readonly<Record<string, string>>,
  names: readonly string[],
  parameters: readonly Parameter[],
  signer: Signer,
): string {
  const timestamp = timestampOf(signer.at);
  // The hash is over bytes, and the canonical request is a Latin-1 string of them.
  const raw: RawRequest = {
    method: request.method,
    rawPath: request.rawPath,
    rawQuery: request.rawQuery,
    headers: new Map(Object.entries(headers).map(([name, value]) => [name, [Buffer.from(value, 'utf8').toString('latin1')]])),
  };
  const path = canonicalEscapes(request.rawPath, false, '/') ?? request.rawPath;
  const text = stringToSign(timestamp, scopeOf(signer), canonicalRequest(raw, path, parameters, names, request.payloadHash));
  const key = signingKey(signer.secretAccessKey, timestamp.slice(0, 8), signer.region, signer.service);
  return createHmac('sha256', key).update(text).digest('hex');
}
