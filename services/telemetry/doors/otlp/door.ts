import { randomUUID } from 'node:crypto';
import type { HttpRequest } from '#engine/http1/request.ts';
import type { HttpResponse } from '#engine/http1/response.ts';
import { createGunzip, createInflate } from 'node:zlib';
import { fault, OperationError } from '#kernel/contract/fault.ts';
import type { DoorPlace, OpenDoor } from '#kernel/contract/implement.ts';
import type { Bytes } from '#kernel/contract/session.ts';
import { presenter, refuseCrossSite } from '#kernel/derive/present.ts';
import { arriving } from '#kernel/derive/read-body.ts';
import { httpServer } from '#kernel/listen/http.ts';
import { encodeMessage } from '#wire/otlp/encode.ts';
import { ExportResponse, RpcStatus } from '#wire/otlp/schema.ts';
import { exportMaxBytes } from '../../contract/limits.ts';
import type { telemetry } from '../../service.ts';

/** What each path takes; `rejected` is the name of the count in a JSON answer. */
const signals: Readonly<Record<string, { operation: 'IngestLogs' | 'IngestTraces' | 'IngestMetrics'; rejected: string }>> = {
  '/v1/logs': { operation: 'IngestLogs', rejected: 'rejectedLogRecords' },
  '/v1/traces': { operation: 'IngestTraces', rejected: 'rejectedSpans' },
  '/v1/metrics': { operation: 'IngestMetrics', rejected: 'rejectedDataPoints' },
};

type Encoding = 'protobuf' | 'json';
type Stored = { readonly rejected: number; readonly message: string };

/** Opens the OTLP/HTTP door (opentelemetry-proto, OTLP 1.x): one request stores one message of one signal. */
export function openOtlp(place: DoorPlace<typeof telemetry>): Promise<OpenDoor> {
  const present = presenter(place.gate as never);
  return httpServer({ ...place.at, log: place.log }, async (request, response, connection) => {
    const requestId = randomUUID();
    const encoding = encodingOf(request.headers['content-type']) ?? 'json';
    try {
      const signal = signalOf(request);
      const presented = present(request, connection);
      try {
        refuseCrossSite(request, presented, true);
        const { traceparent } = request.headers;
        const more = { requestId, body: plainBody(request), ...(typeof traceparent === 'string' ? { traceparent } : {}) };
        const { output } = await presented.session.invoke(signal.operation, '', { encoding } as never, more);
        answer(response, encoding, output as Stored, signal.rejected);
      } finally {
        presented.release();
      }
    } catch (error) {
      const known = error instanceof OperationError ? error : fault('Internal', { cause: error });
      if (known !== error)
        place.log('error', 'a request failed', { door: place.at.name, requestId, error: String((error as Error).stack) });
      refuse(response, encoding, known);
    }
  });
}

function signalOf(request: HttpRequest) {
  const path = (request.url ?? '').split('?', 1)[0] ?? '';
  const signal = Object.hasOwn(signals, path) ? signals[path] : undefined;
  if (!signal) throw fault('NoSuchOperation');
  if (request.method !== 'POST') throw fault('MethodNotAllowed');
  if (!encodingOf(request.headers['content-type']))
    throw fault('UnsupportedMedia', 'OTLP comes as application/x-protobuf or application/json.');
  return signal;
}

function encodingOf(type: string | undefined): Encoding | undefined {
  const bare = (type ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (bare === 'application/x-protobuf' || bare === 'application/protobuf') return 'protobuf';
  return bare === 'application/json' ? 'json' : undefined;
}

/** The body decompressed; what grows past the limit is cut off by an error. */
async function* plainBody(request: HttpRequest): Bytes {
  const coding = request.headers['content-encoding'] ?? 'identity';
  const bytes = arriving(request);
  if (coding === 'identity') return yield* bytes;
  if (coding !== 'gzip' && coding !== 'deflate') throw fault('UnsupportedMedia', 'The body may be compressed with gzip or deflate.');
  const plain = coding === 'gzip' ? createGunzip() : createInflate();
  const feed = async () => {
    for await (const chunk of bytes)
      if (!plain.write(chunk)) await new Promise((resolve) => plain.once('drain', resolve).once('close', resolve));
    plain.end();
  };
  feed().catch((error: unknown) => plain.destroy(error as Error));
  let size = 0;
  try {
    for await (const chunk of plain) {
      size += (chunk as Buffer).length;
      if (size > exportMaxBytes) throw fault('TooLarge', `At most ${exportMaxBytes} bytes are read.`);
      yield chunk as Buffer;
    }
  } catch (error) {
    throw error instanceof OperationError ? error : fault('OtlpInvalid' as never, 'The body is not compressed as it says.');
  } finally {
    plain.destroy();
  }
}

function answer(response: HttpResponse, encoding: Encoding, { rejected, message }: Stored, name: string): void {
  const partial = rejected > 0;
  const body =
    encoding === 'protobuf'
      ? encodeMessage(ExportResponse, partial ? { partialSuccess: { rejected: BigInt(rejected), errorMessage: message } } : {})
      : Buffer.from(JSON.stringify(partial ? { partialSuccess: { [name]: String(rejected), errorMessage: message } } : {}));
  send(response, 200, encoding, body);
}

/** OTLP/HTTP: a failure's body is a google.rpc.Status; 429 and 503 are what clients repeat, when Retry-After says. */
function refuse(response: HttpResponse, encoding: Encoding, error: OperationError): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const status = { code: grpcCode(error.status), message: error.message };
  const body = encoding === 'protobuf' ? encodeMessage(RpcStatus, status) : Buffer.from(JSON.stringify(status));
  // What may be repeated is told by the two codes that OTLP clients repeat.
  const code = error.retry && error.status !== 429 ? 503 : error.status;
  if (error.retryAfterMs !== undefined) response.setHeader('Retry-After', String(Math.max(1, Math.ceil(error.retryAfterMs / 1000))));
  if (error.status === 401) response.setHeader('WWW-Authenticate', 'Bearer realm="gamut"');
  send(response, code, encoding, body);
}

function grpcCode(status: number): number {
  const codes: Readonly<Record<number, number>> = { 400: 3, 401: 16, 403: 7, 404: 5, 413: 8, 415: 3, 429: 8, 422: 12, 503: 14 };
  return codes[status] ?? 13;
}

function send(response: HttpResponse, status: number, encoding: Encoding, body: Buffer): void {
  const type = encoding === 'protobuf' ? 'application/x-protobuf' : 'application/json';
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': body.length, 'X-Content-Type-Options': 'nosniff' });
  response.end(body);
}
