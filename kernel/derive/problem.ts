import type { HttpResponse } from '#engine/http1/response.ts';
import { faultTable, type OperationError } from '../contract/fault.ts';

/** A reply's head as the flat list of names and values that HttpResponse.writeHead takes. */
export type Head = string[];

/** Headers of every reply: nothing is cached, sniffed, framed or run by a browser. */
export function baseHead(requestId: string): Head {
  return ['X-Request-Id', requestId, 'Cache-Control', 'no-store', 'X-Content-Type-Options', 'nosniff'];
}

/** RFC 9457: the problem document of an operating error. */
function problemOf(error: OperationError, requestId: string): Record<string, unknown> {
  return {
    type: `urn:gamut:fault:${error.code}`,
    title: faultTable().get(error.code)?.text ?? error.message,
    status: error.status,
    detail: error.detail,
    code: error.code,
    // Other paths are words between a face and its door.
    path: error.path?.startsWith('/') ? error.path : undefined,
    requestId,
  };
}

/** Answers with a problem document; its code stands in Gamut-Fault too, for answers to HEAD. `more` adds headers such as Allow. */
export function replyProblem(response: HttpResponse, error: OperationError, requestId: string, more: Head = []): void {
  const text = Buffer.from(JSON.stringify(problemOf(error, requestId)));
  const head = [
    ...baseHead(requestId),
    'Content-Type',
    'application/problem+json',
    'Content-Length',
    String(text.length),
    'Gamut-Fault',
    error.code,
    ...more,
  ];
  if (error.status === 401) head.push('WWW-Authenticate', `Bearer realm="gamut", error="invalid_token"`);
  if (error.retryAfterMs !== undefined) head.push('Retry-After', String(Math.max(1, Math.ceil(error.retryAfterMs / 1000))));
  response.writeHead(error.status, head);
  response.end(text);
}
