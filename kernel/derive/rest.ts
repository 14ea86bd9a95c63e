import { randomUUID } from 'node:crypto';
import type { HttpRequest } from '#engine/http1/request.ts';
import type { HttpResponse } from '#engine/http1/response.ts';
import type { AnyService } from '../contract/contract.ts';
import { servedFor } from '../listen/lane.ts';
import { fault, OperationError } from '../contract/fault.ts';
import type { Log } from '../contract/implement.ts';
import type { Bytes, Gate, More, Result, Session } from '../contract/session.ts';
import { withPersonalOf } from '../observe/personal.ts';
import { replyEvents } from './event-stream.ts';
import { outputHeaderBytesMax, repeatKeyLengthMax } from './limits.ts';
import { type Connection, presenter, refuseCrossSite } from './present.ts';
import { baseHead, type Head, replyProblem } from './problem.ts';
import { queryInput } from './query.ts';
import { arriving, readJsonBody } from './read-body.ts';
import { addressOf, type Route, routeTable, type RouteTable } from './route.ts';
import { replyBytes } from './stream.ts';

export type RestOptions = { readonly log?: Log };

/** Answers one request; never rejects. */
export type RestHandler = (request: HttpRequest, response: HttpResponse, connection: Connection) => Promise<void>;

/**
 * The REST surface of a contract below `/v1/<service>/`. What it answers is JSON, a problem document (RFC 9457), a raw
 * body with its fields in Gamut-Output, or server-sent events.
 */
export function restHandler(contract: AnyService, gate: Gate, options: RestOptions = {}): RestHandler {
  const table = routeTable(contract);
  const present = presenter(gate);
  return async (request, response, connection) => {
    const requestId = randomUUID();
    const caller = new Waiting(response);
    try {
      const url = request.url ?? '';
      const question = url.indexOf('?');
      const match = table.match(request.method ?? '', question < 0 ? url : url.slice(0, question));
      if (!match) throw fault('NoSuchOperation');
      if (match.allow) return replyProblem(response, fault('MethodNotAllowed'), requestId, ['Allow', match.allow.join(', ')]);
      const { route, name } = match;
      const presented = present(request, connection);
      servedFor(request.socket, presented.session.caller.tenant);
      try {
        refuseCrossSite(request, presented, route.definition.effect === 'write');
        const exchange = { table, route, request, response, requestId, caller };
        const query = question < 0 ? '' : url.slice(question + 1);
        const input = route.input === 'query' ? queryOf(exchange, query) : await bodyOf(exchange, query);
        const result = await invoke(exchange, presented.session, name, input);
        const sending = reply(exchange, result, presented.session);
        if (sending) await sending;
      } finally {
        presented.release();
      }
    } catch (error) {
      replyError(response, requestId, error, caller, options.log);
    }
  };
}

/** One request and where its answer goes. */
type Exchange = {
  readonly table: RouteTable;
  readonly route: Route;
  readonly request: HttpRequest;
  readonly response: HttpResponse;
  readonly requestId: string;
  readonly caller: HttpCaller;
};

/** Who waits for the answer. `gone` when it hung up before the answer was complete; the signal is made for who listens. */
type HttpCaller = { readonly gone: boolean; readonly signal: AbortSignal };

/** A class, because each object literal with a getter is of a shape of its own, which lies in old memory. */
class Waiting implements HttpCaller {
  readonly #response: HttpResponse;
  #controller: AbortController | undefined;

  constructor(response: HttpResponse) {
    this.#response = response;
  }

  get gone(): boolean {
    return this.#response.destroyed && !this.#response.writableFinished;
  }

  get signal(): AbortSignal {
    if (this.#controller) return this.#controller.signal;
    const [response, made] = [this.#response, new AbortController()];
    this.#controller = made;
    if (this.gone) made.abort();
    else response.once('close', () => (response.writableFinished ? undefined : made.abort()));
    return made.signal;
  }
}

/** What a request says of its call besides name and input. */
class Said implements More {
  readonly body: Bytes | undefined;
  readonly key: string | undefined;
  readonly requestId: string;
  readonly reveal: true | undefined;
  readonly traceparent: string | undefined;
  readonly #caller: HttpCaller;

  constructor({ route, request, requestId, caller }: Exchange) {
    const { 'gamut-reveal': reveal, traceparent } = request.headers;
    this.body = route.body === 'in' || route.body === 'both' ? arriving(request) : undefined;
    this.key = route.definition.effect === 'write' ? repeatKey(request) : undefined;
    this.requestId = requestId;
    this.reveal = reveal === 'true' ? true : undefined;
    this.traceparent = typeof traceparent === 'string' ? traceparent : undefined;
    this.#caller = caller;
  }

  get signal(): AbortSignal {
    return this.#caller.signal;
  }
}

function queryOf({ route, request }: Exchange, query: string): Record<string, unknown> {
  const input = queryInput(route.definition.input, query);
  const last = request.headers['last-event-id'];
  if (route.body === 'watch' && typeof last === 'string') input.from = last;
  return input;
}

async function bodyOf({ request }: Exchange, query: string): Promise<Record<string, unknown>> {
  if (query !== '') throw fault('BadInput', { path: '', detail: 'This operation takes its input as a JSON body, not in the query.' });
  const input = await readJsonBody(request);
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    throw fault('BadInput', { path: '', detail: 'The body must be a JSON object.' });
  return input as Record<string, unknown>;
}

function repeatKey(request: HttpRequest): string | undefined {
  const given = request.headers['idempotency-key'];
  if (given === undefined) return undefined;
  if (typeof given !== 'string' || given === '' || given.length > repeatKeyLengthMax || !/^[ -~]+$/.test(given)) {
    throw fault('BadInput', `The Idempotency-Key header must be 1 to ${repeatKeyLengthMax} printable ASCII characters.`);
  }
  return given;
}

function invoke(exchange: Exchange, session: Session, path: string, input: Record<string, unknown>): Promise<Result<unknown>> {
  const { route } = exchange;
  const named = route.at === 'new' && typeof input.name === 'string' ? input.name : path;
  return session.invoke(route.operation, named, input as never, new Said(exchange));
}

/** Undefined when the whole reply is on its way already. */
function reply(exchange: Exchange, result: Result<unknown>, session: Session): Promise<void> | undefined {
  const { route, request, requestId } = exchange;
  if (result.body) return replyBody(exchange, result.output, result.body, result.replayed ?? false, session);
  const head = baseHead(requestId);
  if (result.replayed) head.push('Idempotent-Replayed', 'true');
  if (route.method === 'HEAD') head.push('Gamut-Output', outputHeader(result.output));
  replyJson(exchange, result.output, head, request.method === 'HEAD');
  return undefined;
}

function replyBody(exchange: Exchange, output: unknown, body: Bytes, replayed: boolean, session: Session): Promise<void> {
  const { route, response, requestId, caller } = exchange;
  const signal = route.body === 'none' || route.body === 'in' ? caller.signal : AbortSignal.any([caller.signal, session.signal]);
  if (route.body === 'watch') return replyEvents(response, body, requestId, signal);
  const head = baseHead(requestId);
  if (replayed) head.push('Idempotent-Replayed', 'true');
  head.push('Gamut-Output', outputHeader(output), 'Content-Type', 'application/octet-stream');
  head.push('Content-Security-Policy', "default-src 'none'; sandbox");
  response.writeHead(200, head);
  return replyBytes(response, body, signal);
}

function replyJson({ table, route, response }: Exchange, output: unknown, head: Head, headOnly: boolean): void {
  // As a string it leaves in one write with the head, which halves the cost of a small reply.
  const text = JSON.stringify(output ?? {});
  head.push('Content-Type', 'application/json', 'Content-Length', String(Buffer.byteLength(text)));
  const location = route.at === 'new' ? locationOf(table, route, output) : undefined;
  if (location !== undefined) head.push('Location', location);
  response.writeHead(route.at === 'new' ? 201 : 200, head);
  response.end(headOnly ? undefined : text);
}

/** Where what was made can be read: the address of its kind's item, by the name or id of the output. */
function locationOf(table: RouteTable, { kind }: Route, output: unknown): string | undefined {
  const { name, id } = (output ?? {}) as { name?: unknown; id?: unknown };
  const item = table.routes.find((route) => route.kind === kind && route.method === 'GET' && route.path.endsWith('/{name}'));
  const own = typeof name === 'string' ? name : id;
  return item && typeof own === 'string' ? addressOf(item, own) : undefined;
}

/** The fields of an output beside a raw body: JSON, percent-encoded, because header values are ASCII. */
function outputHeader(output: unknown): string {
  const text = encodeURIComponent(JSON.stringify(output ?? {}));
  if (text.length > outputHeaderBytesMax) throw fault('TooLarge', 'What is known of the body is larger than a header may be.');
  return text;
}

function replyError(response: HttpResponse, requestId: string, error: unknown, caller: HttpCaller, log: Log | undefined): void {
  const known = error instanceof OperationError ? error : endOf(error);
  if (!known && !caller.gone)
    withPersonalOf(error, () =>
      log?.('error', 'a request failed', { requestId, error: error instanceof Error ? error.stack : String(error) }),
    );
  // After the head is out, only a broken connection tells the reader that the body is not whole.
  if (response.headersSent || caller.gone) response.destroy();
  else
    replyProblem(
      response,
      known ?? fault('Internal', { cause: error }),
      requestId,
      known?.code === 'Draining' ? ['Connection', 'close'] : [],
    );
}

/** What a handler rejects with when its signal was aborted: the reason of the end. */
function endOf(error: unknown): OperationError | undefined {
  if (error === 'drain') return fault('Draining');
  if (error === 'limit') return fault('TooMany');
  return error === 'revoked' || error === 'ended' ? fault('Unauthenticated', 'The session has ended.') : undefined;
}
