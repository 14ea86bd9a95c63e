import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fault } from '#kernel/contract/fault.ts';
import type { Log } from '#kernel/contract/implement.ts';
import type { BodyStream } from '../body.ts';
import { readBody } from '../body.ts';
import { connectionOf } from '../http.ts';
import { parseJson } from '../json.ts';
import { managementServer } from '../management.ts';
import { certified, place, sent } from './fixtures/raw.ts';

async function opened(more: Partial<Parameters<typeof managementServer>[0]> = {}) {
  const server = managementServer({ ...place, ...more });
  server.app.post('/json', async (request) => parseJson(await readBody(request.body as BodyStream, 1000)));
  server.app.delete('/json', async (request) => ({ body: request.body === undefined ? 'none' : String(await readBody(request.body as BodyStream)) }));
  server.app.get('/secure', (request) => ({ secure: connectionOf(request.raw).secure }));
  server.app.get('/:name', (request) => ({ name: (request.params as { name: string }).name }));
  server.app.get('/fault', () => Promise.reject(fault('TooMany', { detail: 'Slow down.', retryAfterMs: 1500 })));
  server.app.get('/bug', () => Promise.reject(new Error('secret reason')));
  return server.open();
}

test('bodies reach the route as streams, whatever their media type says', async () => {
  await using door = await opened();
  const post = (body: string, type?: string) => fetch(`${door.url}/json`, { method: 'POST', body: Buffer.from(body), ...(type ? { headers: { 'content-type': type } } : {}) });
  for (const type of [undefined, 'application/json', 'text/plain', 'application/x-unknown; charset=x']) {
    const reply = await post('{"a":[1]}', type);
    assert.equal(reply.status, 200, String(type));
    assert.deepEqual(await reply.json(), { a: [1] });
  }
  assert.deepEqual(await (await fetch(`${door.url}/json`, { method: 'DELETE' })).json(), { body: 'none' });
});

test('bad bodies answer problem details with code and path', async () => {
  await using door = await opened();
  const answer = async (body: string) => {
    const reply = await fetch(`${door.url}/json`, { method: 'POST', body });
    assert.equal(reply.headers.get('content-type'), 'application/problem+json');
    const { status, code, path } = (await reply.json()) as { status: number; code: string; path?: string };
    assert.equal(status, reply.status);
    return { status, code, path };
  };
  assert.deepEqual(await answer('{"__proto__":{}}'), { status: 400, code: 'BadInput', path: '/__proto__' });
  assert.deepEqual(await answer('{'), { status: 400, code: 'BadInput', path: '' });
  assert.deepEqual(await answer('['.repeat(90) + ']'.repeat(90)), { status: 400, code: 'BadInput', path: '/0'.repeat(64) });
  assert.deepEqual(await answer(' '.repeat(2000)), { status: 413, code: 'TooLarge', path: undefined });
});

test('operating errors carry their row, their detail and when to come back', async () => {
  await using door = await opened();
  const reply = await fetch(`${door.url}/fault`);
  assert.equal(reply.status, 429);
  assert.equal(reply.headers.get('retry-after'), '2');
  assert.deepEqual(await reply.json(), { type: 'about:blank', title: 'Too Many Requests', status: 429, code: 'TooMany', detail: 'The rate allowed is used up; wait and repeat. Slow down.' });
});

test('a bug is logged and answered with 500 and nothing of its reason', async () => {
  const lines: unknown[] = [];
  const log: Log = (level, message, fields) => lines.push([level, message, String(fields?.error)]);
  await using door = await opened({ log });
  const reply = await fetch(`${door.url}/bug`);
  assert.equal(reply.status, 500);
  assert.doesNotMatch(await reply.text(), /secret/);
  assert.deepEqual(lines, [['error', 'a request failed', 'Error: secret reason']]);
});

test('unknown paths, malformed addresses and media types are the client\'s mistake', async () => {
  await using door = await opened();
  const status = async (head: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(await sent(door.port, `${head}\r\nHost: h\r\nConnection: close\r\n\r\n`))?.[1]);
  assert.equal(await status('GET /no/such/path HTTP/1.1'), 404);
  assert.equal(await status('PUT /json HTTP/1.1'), 404);
  assert.equal(await status('GET /%zz HTTP/1.1'), 400);
  assert.equal(await status('GET /%ff HTTP/1.1'), 400);
  assert.equal(await status(`GET /${'x'.repeat(2000)} HTTP/1.1`), 400);
  assert.equal(await status('POST /json HTTP/1.1\r\nContent-Type: ;;;\r\nContent-Length: 0'), 415);
  assert.equal(await status('TRACE / HTTP/1.1'), 404);
  assert.equal(await status('GET /__proto__ HTTP/1.1'), 200);
  assert.equal(await status('GET /constructor HTTP/1.1'), 200);
});

test('the owner words errors in its own dialect', async () => {
  await using door = await opened({ onError: (error, _request, reply) => reply.code(error.status).send({ error: { type: error.code } }) });
  assert.deepEqual(await (await fetch(`${door.url}/a/b`)).json(), { error: { type: 'NoSuchOperation' } });
  assert.deepEqual(await (await fetch(`${door.url}/fault`)).json(), { error: { type: 'TooMany' } });
});

test('a slow body answers 408 and an oversized head 431 here too', async () => {
  await using door = await opened({ limits: { headersMs: 80, requestMs: 120 } });
  assert.match(await sent(door.port, 'POST /json HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n{'), /^HTTP\/1\.1 408[^]*"code":"Timeout"/);
  assert.match(await sent(door.port, `GET / HTTP/1.1\r\nHost: h\r\nA: ${'x'.repeat(20_000)}\r\n\r\n`), /^HTTP\/1\.1 431[^]*"code":"HeadersTooLarge"/);
});

test('TLS is told to the routes, and a forwarding header changes nothing', async () => {
  const { certificate } = await certified();
  await using door = await opened({ certificate });
  const reply = await fetch(`${door.url}/secure`, { headers: { 'x-forwarded-proto': 'https' } });
  assert.deepEqual(await reply.json(), { secure: false });
});

test('closing the door runs the close hooks of the app after the last request', async () => {
  const order: string[] = [];
  const server = managementServer(place);
  server.app.get('/', async () => {
    await new Promise((resolve) => setTimeout(resolve, 60));
    order.push('request');
    return {};
  });
  server.app.addHook('onClose', async () => void order.push('closed'));
  const door = await server.open();
  const running = fetch(door.url).then((reply) => reply.json());
  await new Promise((resolve) => setTimeout(resolve, 20));
  await door.close();
  await running;
  assert.deepEqual(order, ['request', 'closed']);
});
