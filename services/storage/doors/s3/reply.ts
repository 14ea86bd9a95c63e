import type { HttpResponse } from '#engine/http1/response.ts';
import type { Bytes } from '#kernel/contract/session.ts';
import { encode } from '#wire/sigv4/canonical.ts';
import { writeXml, type XmlContent, type XmlNode } from '#wire/xml/write.ts';
import { errorXml, type Worded } from './errors.ts';

const namespace = { xmlns: 'http://s3.amazonaws.com/doc/2006-03-01/' };

/** The names a reply is known by: `x-amz-request-id` and `x-amz-id-2`. */
export type ReplyId = { readonly requestId: string; readonly hostId: string };
export type Headers = Readonly<Record<string, string | number | undefined>>;

/** Writes the head of a reply. Values are sent as the bytes of their UTF-8; what is undefined is left out. */
export function writeHead(response: HttpResponse, { requestId, hostId }: ReplyId, status: number, headers: Headers): void {
  const flat: string[] = ['x-amz-request-id', requestId, 'x-amz-id-2', hostId];
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) flat.push(name, typeof value === 'number' ? String(value) : bytesOf(value));
  response.writeHead(status, flat);
}

/** A text as the bytes of its UTF-8, each as a character; nearly always it is ASCII, which is that already. */
function bytesOf(text: string): string {
  return /^[\x00-\x7f]*$/.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

/** Answers with headers alone. */
export function replyEmpty(response: HttpResponse, id: ReplyId, status: number, headers: Headers = {}): void {
  writeHead(response, id, status, status === 204 || status === 304 ? headers : { 'Content-Length': 0, ...headers });
  response.end();
}

/** Answers with a document in S3's namespace. */
export function replyXml(
  response: HttpResponse,
  id: ReplyId,
  name: string,
  content: XmlContent,
  headers: Headers = {},
  status = 200,
): void {
  const body = Buffer.from(writeXml([name, content, namespace]));
  writeHead(response, id, status, { 'Content-Type': 'application/xml', 'Content-Length': body.length, ...headers });
  response.end(body);
}

/** Answers with a text of JSON. */
export function replyJson(response: HttpResponse, id: ReplyId, text: string): void {
  const body = Buffer.from(text);
  writeHead(response, id, 200, { 'Content-Type': 'application/json', 'Content-Length': body.length });
  response.end(body);
}

/** Answers with an error; one to HEAD has no body, and a connection with an unread body is closed after it. */
export function replyError(response: HttpResponse, id: ReplyId, method: string, resource: string, worded: Worded): void {
  const body = Buffer.from(errorXml(worded, resource, id.requestId, id.hostId));
  const region = worded.more?.Region;
  const headers: Headers = {
    ...(worded.status === 304 ? {} : { 'Content-Type': 'application/xml', 'Content-Length': method === 'HEAD' ? undefined : body.length }),
    ...(worded.retryAfterSeconds === undefined ? {} : { 'Retry-After': worded.retryAfterSeconds }),
    ...(region === undefined ? {} : { 'x-amz-bucket-region': region }),
    ...worded.headers,
    ...(response.req.complete ? {} : { Connection: 'close' }),
  };
  writeHead(response, id, worded.status, headers);
  response.end(method === 'HEAD' ? undefined : body);
}

/**
 * Sends a body no faster than it is read. The connection is cut when the body breaks: a short reply must not look whole. The
 * piece that makes it as long as was said leaves with the end, which is one step and not two for most bodies.
 */
export async function sendBytes(response: HttpResponse, body: Bytes): Promise<void> {
  try {
    for await (const bytes of body) {
      if (response.destroyed) return;
      if (response.isLast(bytes)) response.end(bytes);
      else if (!response.write(bytes)) await drained(response);
    }
    if (!response.writableEnded) response.end();
  } catch (error) {
    response.destroy();
    throw error;
  }
}

/** Resolves when more may be written, or nobody is there to read it. */
function drained(response: HttpResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
  });
}

/** A time in XML: ISO 8601 with milliseconds. */
export function isoTime(at: number): string {
  return new Date(at).toISOString();
}

/** RFC 9110 5.6.7. */
export function httpDate(at: number): string {
  return new Date(at).toUTCString();
}

export function quoted(etag: string): string {
  return `"${etag}"`;
}

/** The owner of all that a scope holds: S3's canonical user is the scope. */
export function ownerNode(id: string, name = 'Owner'): XmlNode {
  return [
    name,
    [
      ['ID', id],
      ['DisplayName', id],
    ],
  ];
}

/** With `encoding-type=url`, names in lists are percent-encoded, since XML cannot carry every key. */
export function nameWriter(encodingType: string | undefined): (name: string) => string {
  return encodingType === 'url' ? (name) => encode(name, true) : (name) => name;
}
