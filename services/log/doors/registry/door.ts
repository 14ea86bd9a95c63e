import { randomUUID } from 'node:crypto';
import type { HttpRequest } from '#engine/http1/request.ts';
import type { HttpResponse } from '#engine/http1/response.ts';
import { fault, OperationError } from '#kernel/contract/fault.ts';
import type { DoorPlace, OpenDoor } from '#kernel/contract/implement.ts';
import { presenter, refuseCrossSite } from '#kernel/derive/present.ts';
import { readBody } from '#kernel/listen/body.ts';
import { httpServer } from '#kernel/listen/http.ts';
import { parseJson } from '#kernel/listen/json.ts';
import type { log } from '../../service.ts';
import { Refusal, wordError } from './errors.ts';
import { bodyMaxBytes } from './limits.ts';
import type { Asked } from './request.ts';
import { type Answer, type Route, routes } from './route.ts';

/** What answers may be called, the first before the others; all are the same JSON. */
const mediaTypes = ['application/vnd.schemaregistry.v1+json', 'application/vnd.schemaregistry+json', 'application/json'] as const;

/** The name that a caller likes best; undefined when it takes none of them. */
function acceptable(accept: string | undefined): string | undefined {
  if (accept === undefined || accept.trim() === '') return mediaTypes[0];
  const wanted = accept.split(',').map((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const quality = Number(parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? 1);
    return { type, quality: Number.isNaN(quality) ? 0 : quality };
  });
  // The range that says most of a type counts for it.
  const liking = (type: string) =>
    (
      wanted.find((one) => one.type === type) ??
      wanted.find((one) => one.type === 'application/*') ??
      wanted.find((one) => one.type === '*/*')
    )?.quality ?? 0;
  const [best, quality] = mediaTypes
    .map((type) => [type, liking(type)] as const)
    .reduce((left, right) => (right[1] > left[1] ? right : left));
  return quality > 0 ? best : undefined;
}

/** Opens the registry's door: the REST interface that Confluent's serialisers, and those of others, speak. */
export function openRegistry(place: DoorPlace<typeof log>): Promise<OpenDoor> {
  const present = presenter(place.gate as never);
  return httpServer({ ...place.at, log: place.log }, async (request, response, connection) => {
    const requestId = randomUUID();
    const mediaType = acceptable(request.headers.accept);
    response.setHeader('Content-Type', mediaType ?? mediaTypes[0]);
    try {
      if (mediaType === undefined) throw new Refusal(406, 406, 'HTTP 406 Not Acceptable');
      const url = new URL(request.url ?? '/', 'http://registry');
      const { route, parts } = match(request.method ?? '', url.pathname);
      const presented = present(request, connection);
      try {
        refuseCrossSite(request, presented, request.method !== 'GET');
        const body = await bodyOf(request);
        const session = presented.session as unknown as Asked['session'];
        reply(response, 200, await route.handle({ session, parts, query: url.searchParams, body, more: { requestId } }), requestId);
      } finally {
        presented.release();
      }
    } catch (error) {
      refuse(place, response, error, requestId);
    }
  });
}

const shapes = new Map<string, Map<string, Route>>();
for (const route of routes) {
  const methods = shapes.get(route.path) ?? new Map<string, Route>();
  shapes.set(route.path, methods.set(route.method, route));
}

/** The route of a path: words that a template has stand for themselves, others are parts that vary. */
function match(method: string, path: string): { route: Route; parts: string[] } {
  const words = path
    .split('/')
    .filter((word) => word !== '')
    .map(decoded);
  for (const [shape, methods] of shapes) {
    const wanted = shape === '' ? [] : shape.split('/');
    if (wanted.length !== words.length || !wanted.every((word, at) => word === '*' || word === words[at])) continue;
    const route = methods.get(method);
    if (!route) throw fault('MethodNotAllowed');
    return { route, parts: words.filter((_, at) => wanted[at] === '*') };
  }
  throw fault('NoSuchOperation', 'HTTP 404 Not Found');
}

function decoded(word: string): string {
  try {
    return decodeURIComponent(word);
  } catch {
    throw fault('BadInput', 'The path is not valid percent-encoded UTF-8.');
  }
}

const media = /^application\/(vnd\.schemaregistry(\.v1)?\+json|json|octet-stream)\s*(;|$)/i;

async function bodyOf(request: HttpRequest): Promise<unknown> {
  if (request.method !== 'POST' && request.method !== 'PUT') return undefined;
  const type = request.headers['content-type'];
  if (type !== undefined && !media.test(type)) throw fault('UnsupportedMedia', 'HTTP 415 Unsupported Media Type');
  const bytes = await readBody(request, bodyMaxBytes);
  // A form of another site cannot send these media types without asking.
  if (type === undefined && bytes.length > 0) throw fault('UnsupportedMedia', 'HTTP 415 Unsupported Media Type');
  return bytes.length === 0 ? undefined : parseJson(bytes);
}

function reply(response: HttpResponse, status: number, answer: Answer, requestId: string): void {
  const body = Buffer.from('text' in answer ? answer.text : JSON.stringify(answer.json));
  response.writeHead(status, {
    'Content-Length': body.length,
    'X-Request-Id': requestId,
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
  });
  response.end(body);
}

function refuse({ log: write, at }: DoorPlace<typeof log>, response: HttpResponse, error: unknown, requestId: string): void {
  if (response.headersSent || response.destroyed) return void response.destroy();
  if (error instanceof Refusal)
    return reply(response, error.status, { json: { error_code: error.code, message: error.message } }, requestId);
  const known = error instanceof OperationError ? error : fault('Internal', { cause: error });
  if (known !== error) write('error', 'a request failed', { door: at.name, requestId, error: String((error as Error).stack) });
  const { status, body } = wordError(known);
  if (status === 401) response.setHeader('WWW-Authenticate', 'Basic realm="gamut"');
  if (known.retryAfterMs !== undefined) response.setHeader('Retry-After', String(Math.max(1, Math.ceil(known.retryAfterMs / 1000))));
  reply(response, status, { json: body }, requestId);
}
