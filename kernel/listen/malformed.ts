import { randomUUID } from 'node:crypto';
import { faultTable } from '#kernel/contract/fault.ts';

/** What the HTTP parser itself finds wrong, before any handler sees the request. */
export type MalformedCode = 'BadInput' | 'Timeout' | 'TooLarge' | 'HeadersTooLarge' | 'Internal';

/** Words a whole HTTP reply in a door's dialect; `rawReply` builds its head. */
export type MalformedDialect = (code: MalformedCode) => Buffer;

const phrases: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  413: 'Content Too Large',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
};

/** A reply outside node's server, which ends the connection. */
export function rawReply(status: number, contentType: string, body: string | Uint8Array): Buffer {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const head = [
    `HTTP/1.1 ${status} ${phrases[status] ?? 'Error'}`,
    `Content-Type: ${contentType}`,
    `Content-Length: ${bytes.byteLength}`,
    'Connection: close',
    '\r\n',
  ].join('\r\n');
  return Buffer.concat([Buffer.from(head, 'latin1'), bytes]);
}

/** The kernel's own dialect: RFC 9457 problem details. */
export const problemDialect: MalformedDialect = (code) => {
  const row = faultTable().get(code);
  const status = row?.status ?? 400;
  const problem = { type: `urn:gamut:fault:${code}`, title: row?.text ?? code, status, code, requestId: randomUUID() };
  return rawReply(status, 'application/problem+json', JSON.stringify(problem));
};
