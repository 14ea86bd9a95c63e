import { createHash } from 'node:crypto';
import { fault } from '#kernel/contract/fault.ts';
import { outbound, type OutboundAnswer } from '#kernel/outbound/outbound.ts';
import { encode } from '#wire/sigv4/canonical.ts';
import { sign } from '#wire/sigv4/sign.ts';
import { readXml } from '#wire/xml/read.ts';
import type { ConnectionSpec } from '../domain/connection.ts';
import { listingMaxBytes, pieceBytes, requestAnswerMaxBytes, requestMs } from '../store/limits.ts';

/** `most` is the largest answer; `query` stands behind the question mark. */
type Asked = {
  readonly method: 'PUT' | 'HEAD' | 'GET';
  readonly key: string;
  readonly headers?: Record<string, string>;
  readonly query?: string;
  readonly body?: Buffer;
  readonly most?: number;
};

/** Where a bucket is, and how it is reached. */
export type Bucket = { readonly spec: ConnectionSpec; readonly allow: readonly string[]; readonly signal: AbortSignal };

/** Asks a bucket, path-style and signed. */
export async function askBucket(
  spec: ConnectionSpec,
  asked: Asked,
  allow: readonly string[],
  signal: AbortSignal,
): Promise<OutboundAnswer> {
  const { url, bucket = '', region = 'us-east-1', accessKeyId = '', secretAccessKey = '', ca } = spec;
  const { method, key, headers = {}, query = '', body, most = requestAnswerMaxBytes } = asked;
  const at = new URL(url);
  const rawPath = `${at.pathname.replace(/\/$/, '')}/${bucket}${key === '' ? '' : `/${encode(key, true)}`}`;
  const payloadHash = createHash('sha256')
    .update(body ?? '')
    .digest('hex');
  const request = { method, rawPath, rawQuery: query, headers: { ...headers, host: at.host }, payloadHash };
  const signed = sign(request, { accessKeyId, secretAccessKey, region, service: 's3', at: Date.now() });
  return outbound(`${at.origin}${rawPath}${query === '' ? '' : `?${query}`}`, {
    ...{ method, headers: signed, allow, signal, redirects: 0, limits: { timeoutMs: requestMs, answerBytes: most } },
    ...(body ? { body } : {}),
    ...(ca === undefined ? {} : { ca }),
  });
}

/** The names of files that begin so, in pages and in their order. */
export async function* filesIn({ spec, allow, signal }: Bucket, path: string): AsyncGenerator<string[]> {
  for (let token: string | undefined; ; ) {
    const asked = {
      'encoding-type': 'url',
      'list-type': '2',
      prefix: path,
      ...(token === undefined ? {} : { 'continuation-token': token }),
    };
    const query = Object.entries(asked)
      .map(([name, value]) => `${name}=${encode(value)}`)
      .sort()
      .join('&');
    const { status, body } = await askBucket(spec, { method: 'GET', key: '', query, most: listingMaxBytes }, allow, signal);
    if (status !== 200) throw fault('Unavailable', `The bucket answered ${status}.`);
    const { children } = readXml(body);
    const one = (name: string) => children.find((child) => child.name === name)?.text;
    const files = children.filter(({ name }) => name === 'Contents');
    const keys = files.map(({ children: of }) => of.find(({ name }) => name === 'Key')?.text ?? '');
    // What ends so is a folder for those who look at it.
    yield keys.map((key) => decodeURIComponent(key.replaceAll('+', ' '))).filter((key) => key !== '' && !key.endsWith('/'));
    token = one('NextContinuationToken');
    if (one('IsTruncated') !== 'true' || token === undefined) return;
  }
}

/** The bytes of a file, in pieces of one and the same version; none of one that is gone. */
export async function* bytesOf({ spec, allow, signal }: Bucket, key: string): AsyncGenerator<Buffer> {
  let etag: string | undefined;
  for (let from = 0; ; ) {
    const headers = { range: `bytes=${from}-${from + pieceBytes - 1}`, ...(etag === undefined ? {} : { 'if-match': etag }) };
    const answer = await askBucket(spec, { method: 'GET', key, headers, most: 2 * pieceBytes }, allow, signal);
    const { status, body } = answer;
    // Behind its end there is nothing.
    if (status === 416 || (status === 404 && from === 0)) return;
    if (status !== 206) throw fault('Unavailable', `The bucket answered ${status} for ${key}.`);
    etag ??= answer.headers.etag;
    from += body.length;
    yield body;
    const whole = Number(/\/(\d+)$/.exec(String(answer.headers['content-range'] ?? ''))?.[1] ?? Number.NaN);
    if (body.length === 0 || !(from < whole)) return;
  }
}
