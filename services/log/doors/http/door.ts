import { randomUUID } from 'node:crypto';
import type { HttpRequest } from '#engine/http1/request.ts';
import type { HttpResponse } from '#engine/http1/response.ts';
import { fault, OperationError } from '#kernel/contract/fault.ts';
import type { DoorPlace, OpenDoor } from '#kernel/contract/implement.ts';
import type { Session } from '#kernel/contract/session.ts';
import { presenter, refuseCrossSite } from '#kernel/derive/present.ts';
import { replyProblem } from '#kernel/derive/problem.ts';
import { readBody } from '#kernel/listen/body.ts';
import { httpServer } from '#kernel/listen/http.ts';
import type { Broker } from '../../store/broker.ts';
import type { log } from '../../service.ts';
import { recordsOf } from './body.ts';
import { csvRow } from './csv.ts';
import { follow, positionsOf } from './follow.ts';
import { httpBodyMaxBytes, httpRecordsMax } from './limits.ts';

type Asked = {
  readonly request: HttpRequest;
  readonly response: HttpResponse;
  readonly session: Session<typeof log>;
  readonly broker: Broker;
  readonly topic: string;
  readonly query: URLSearchParams;
  readonly requestId: string;
};

/** Opens the HTTP door: records in and out of a topic in JSON, NDJSON and CSV, and a topic as server-sent events. */
export function openHttp(place: DoorPlace<typeof log>, broker: Broker): Promise<OpenDoor> {
  const present = presenter(place.gate as never);
  return httpServer({ ...place.at, log: place.log }, async (request, response, connection) => {
    const requestId = randomUUID();
    try {
      const url = new URL(request.url ?? '/', 'http://log');
      const { topic, what } = placeOf(url.pathname);
      takeToken(request, url.searchParams);
      const presented = present(request, connection);
      try {
        refuseCrossSite(request, presented, request.method === 'POST');
        const session = presented.session as unknown as Asked['session'];
        await answer({ request, response, session, broker, topic, query: url.searchParams, requestId }, what);
      } finally {
        presented.release();
      }
    } catch (error) {
      const known = error instanceof OperationError ? error : fault('Internal', { cause: error });
      if (known !== error)
        place.log('error', 'a request failed', { door: place.at.name, requestId, error: String((error as Error).stack) });
      if (response.headersSent || response.destroyed) response.destroy();
      else replyProblem(response, known, requestId);
    }
  });
}

function placeOf(path: string): { topic: string; what: '' | 'records' } {
  const [, collection, topic = '', what = '', ...more] = path.split('/');
  if (collection !== 'topics' || topic === '' || more.length > 0 || (what !== '' && what !== 'records')) throw fault('NoSuchOperation');
  try {
    return { topic: decodeURIComponent(topic), what };
  } catch {
    throw fault('BadInput', 'The path is not valid percent-encoded UTF-8.');
  }
}

/** RFC 6750 2.3: a browser's EventSource can send no header, so that a stream takes its token in the address. */
function takeToken(request: HttpRequest, query: URLSearchParams): void {
  const token = query.get('access_token');
  if (token === null || request.headers.authorization !== undefined || !wantsEvents(request)) return;
  if (!/^[\w.~+/=-]+$/.test(token)) throw fault('Unauthenticated');
  request.headers.authorization = `Bearer ${token}`;
}

const wantsEvents = ({ headers }: HttpRequest) => /\btext\/event-stream\b/.test(headers.accept ?? '');

async function answer(asked: Asked, what: '' | 'records'): Promise<void> {
  const { method } = asked.request;
  if (method === 'POST') return write(asked);
  if (method !== 'GET') throw fault('MethodNotAllowed');
  if (wantsEvents(asked.request)) return stream(asked);
  if (what === 'records') return read(asked);
  const { output } = await asked.session.invoke('GetTopic', asked.topic, {}, { requestId: asked.requestId });
  reply(asked, 'application/json', JSON.stringify(output));
}

/** Records are appended in steps; the answer tells the place of each, as Confluent's REST proxy does. */
async function write(asked: Asked): Promise<void> {
  const { request, session, topic, query, requestId } = asked;
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const bytes = await readBody(request, httpBodyMaxBytes);
  const { records, encoding } = recordsOf(type, bytes, query.get('key') ?? undefined);
  const offsets: { partition: number; offset: number; error_code: null; error: null }[] = [];
  for (let at = 0; at < records.length; at += httpRecordsMax) {
    const step = records.slice(at, at + httpRecordsMax);
    const { output } = await session.invoke('Produce', topic, { records: step, encoding }, { requestId });
    offsets.push(...output.offsets.map((offset) => ({ ...offset, error_code: null, error: null })));
  }
  const told = type.includes('vnd.kafka') ? 'application/vnd.kafka.v2+json' : 'application/json';
  reply(asked, told, JSON.stringify({ offsets, key_schema_id: null, value_schema_id: null }));
}

/** Records of a partition from an offset on; the next offset stands in a header. */
async function read(asked: Asked): Promise<void> {
  const { request, session, topic, query, requestId } = asked;
  const number = (name: string) => {
    const text = query.get(name);
    if (text === null) return {};
    if (!/^\d{1,16}$/.test(text)) throw fault('BadInput', `${name} is a whole number.`);
    return { [name]: Number(text) };
  };
  const input = { ...number('partition'), ...number('offset'), ...number('limit') };
  const { output } = await session.invoke('Fetch', topic, input, { requestId });
  const accept = request.headers.accept ?? '';
  asked.response.setHeader('Gamut-Next-Offset', String(output.next));
  if (/ndjson|jsonl/.test(accept))
    return reply(asked, 'application/x-ndjson', output.records.map((one) => `${JSON.stringify(one)}\n`).join(''));
  if (!/text\/csv/.test(accept)) return reply(asked, 'application/json', JSON.stringify(output.records));
  const rows = output.records.map(({ partition, offset, timestamp, key, value }) =>
    csvRow([String(partition), String(offset), String(timestamp), key ?? '', value ?? '']),
  );
  reply(asked, 'text/csv; charset=utf-8', csvRow(['partition', 'offset', 'timestamp', 'key', 'value']) + rows.join(''));
}

async function stream({ request, response, session, broker, topic: name, query }: Asked): Promise<void> {
  const grant = session.grant('Fetch', name);
  if (grant.denied) {
    await grant.recorded;
    throw grant.denied;
  }
  const topic = broker.topics.find(session.caller.scope, name);
  if (!topic) throw fault('NoSuchTopic', `Topic '${name}' does not exist.`);
  const last = request.headers['last-event-id'];
  const positions = positionsOf(topic, typeof last === 'string' ? last : undefined, query.get('from') ?? 'latest');
  const gone = new AbortController();
  response.once('close', () => gone.abort('closed'));
  response.writeHead(200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Accel-Buffering': 'no',
    'X-Content-Type-Options': 'nosniff',
    // Pages elsewhere may read what their own token opens; cookies open nothing there.
    ...(query.has('access_token') ? { 'Access-Control-Allow-Origin': '*' } : {}),
  });
  await follow(response, { session, broker, topic, positions, signal: AbortSignal.any([gone.signal, session.signal]) });
}

function reply({ response, requestId }: Asked, type: string, text: string): void {
  const body = Buffer.from(text);
  response.writeHead(200, {
    'Content-Type': type,
    'Content-Length': body.length,
    'X-Request-Id': requestId,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(body);
}
