import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { fault } from '../../contract/fault.ts';
import { bytesOf, type Handler, sample, serve, type Served, textOf } from './fixture.ts';

type Seen = { name: string; input: unknown; key?: string; body?: string };
const seen: Seen[] = [];
const echo: Handler = async (name, input, more) => {
  seen.push({ name, input, key: more.key, body: more.body && (await textOf(more.body)) });
  return { output: { given: input } };
};
let aborted = false;
const note = (name: string) => ({ uid: 'u', name, generation: 1, version: '1', labels: {}, createdAt: 0, spec: { title: 'x' } });

const handlers: Record<string, Handler> = {
  CountNotes: echo, PutBlob: echo, ShareNote: echo, UpdateNote: echo, ListNotes: echo,
  CreateNote: async (name, input, more) => { await echo(name, input, more, 'bearer'); return { output: note(name), ...(more.key === 'again' ? { replayed: true } : {}) }; },
  GetNote: async (name) => {
    if (name === 'gone') throw fault('NotFound', `note ${name}`);
    if (name === 'slow') throw fault('TooMany', { retryAfterMs: 1500 });
    if (name === 'bug') throw new Error('secret words');
    return { output: note(name) };
  },
  DeleteNote: (_name, _input, more) => new Promise((resolve, reject) => {
    more.signal?.addEventListener('abort', () => { aborted = true; reject(new Error('hung up')); });
    setTimeout(() => resolve({ output: {} }), 5000).unref();
  }),
  GetBlob: async (name) => ({ output: { size: 5, label: 'ä\n' }, body: name === 'broken' ? (async function* () { yield Buffer.alloc(10); throw new Error('disk'); })() : name === 'endless' ? (async function* () { for (;;) { yield Buffer.alloc(1000); await new Promise((go) => setTimeout(go, 5)); } })() : bytesOf('hel', 'lo') }),
  HeadBlob: async () => ({ output: { size: 5 } }),
  TurnBlob: async (_name, _input, more) => ({ output: {}, body: (async function* () { for await (const piece of more.body ?? []) yield Buffer.from(Buffer.from(piece).toString().toUpperCase()); })() }),
  WatchNotes: async (_name, input) => ({
    output: {},
    body: (async function* () {
      yield Buffer.from(JSON.stringify({ type: 'bookmark', version: String(input.from ?? '0') }));
      yield Buffer.from(JSON.stringify({ type: 'put', version: '7', resource: note('a\nb') }));
      if (input.from !== 'short') await new Promise(() => undefined);
    })(),
  }),
};

let served: Served;
before(async () => { served = await serve(sample, handlers); });
after(() => served.close());

type Answer = { status: number; headers: Headers; body: Record<string, unknown>; text: string };
async function call(method: string, path: string, more: { body?: string | Uint8Array; headers?: Record<string, string> } = {}): Promise<Answer> {
  const response = await fetch(served.url + path, { method, body: more.body as BodyInit, headers: { authorization: 'Bearer good', ...(typeof more.body === 'string' ? { 'content-type': 'application/json' } : {}), ...more.headers } });
  const text = await response.text();
  let body: Record<string, unknown> = {};
  try { body = JSON.parse(text); } catch { /* raw bodies are not JSON */ }
  return { status: response.status, headers: response.headers, body, text };
}

test('a read answers its output as JSON, uncached and with a request id', async () => {
  const answer = await call('GET', '/v1/sample/notes/a%2Fb');
  assert.equal(answer.status, 200);
  assert.equal(answer.body.name, 'a/b');
  assert.equal(answer.headers.get('cache-control'), 'no-store');
  assert.match(answer.headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/);
});

test('HEAD of a read answers its head alone', async () => {
  const answer = await call('HEAD', '/v1/sample/notes/a');
  assert.equal(answer.status, 200);
  assert.equal(answer.text, '');
  assert.ok(Number(answer.headers.get('content-length')) > 10);
});

test('what is made answers 201 with its address, and its name comes from the input', async () => {
  seen.length = 0;
  const answer = await call('POST', '/v1/sample/notes', { body: JSON.stringify({ name: 'n1', spec: { title: 'x' } }), headers: { 'idempotency-key': 'again' } });
  assert.equal(answer.status, 201);
  assert.equal(answer.headers.get('location'), '/v1/sample/notes/n1');
  assert.equal(answer.headers.get('idempotent-replayed'), 'true');
  assert.deepEqual(seen.map(({ name, key }) => ({ name, key })), [{ name: 'n1', key: 'again' }]);
});

test('query parameters are coerced by the schema, repeated ones make arrays, objects are JSON', async () => {
  const answer = await call('GET', '/v1/sample/notes/-/count-notes?tag=a&tag=b+c&deep=true&ratio=0.5&kind=b&within=%7B%22first%22%3A4%7D');
  assert.deepEqual(answer.body.given, { tag: ['a', 'b c'], deep: true, ratio: 0.5, kind: 'b', within: { first: 4 }, least: 3 });
});

test('a wrong query parameter answers 400 with the path of the field', async () => {
  const cases: [string, string][] = [
    ['least=x', '/least'], ['least=1.5', '/least'], ['deep=yes', '/deep'], ['kind=c', '/kind'], ['tag=abcdefgh', '/tag/0'], ['within=7', '/within'], ['within=%7B', '/within'],
    ['within=%7B%22first%22%3A%22x%22%7D', '/within/first'], ['other=1', '/other'], ['ratio=NaN', '/ratio'], ['deep=true&deep=true', '/deep'], ['__proto__=1', '/__proto__'], ['least=%ff', '/least'],
  ];
  for (const [query, path] of cases) {
    const answer = await call('GET', `/v1/sample/notes/-/count-notes?${query}`);
    assert.deepEqual([answer.status, answer.body.code, answer.body.path], [400, 'BadInput', path], query);
    assert.equal(answer.headers.get('content-type'), 'application/problem+json');
    assert.equal(answer.body.requestId, answer.headers.get('x-request-id'));
    assert.equal(answer.body.type, 'urn:gamut:fault:BadInput');
  }
});

test('a wrong JSON body answers 400 with the path of the field', async () => {
  const deep = `{"spec":${'['.repeat(100)}${']'.repeat(100)}}`;
  const cases: [string, string | undefined][] = [
    ['{"spec":{"title":""}}', '/spec/title'], ['{"spec":{}}', '/spec/title'], ['{}', '/spec'], ['[]', undefined], ['null', undefined], ['{', undefined], ['{"spec":{"title":"x"},"x":1}', '/x'], [deep, undefined],
    ['{"__proto__":{"a":1},"spec":{"title":"x"}}', undefined], ['{"spec":{"title":"a\\u0000"}}', '/spec/title'], ['{"spec":{"title":"x","size":1e999}}', '/spec/size'],
  ];
  for (const [body, path] of cases) {
    const answer = await call('PATCH', '/v1/sample/notes/a', { body });
    assert.deepEqual([answer.status, answer.body.code], [400, 'BadInput'], body);
    if (path !== undefined) assert.equal(answer.body.path, path, body);
  }
  assert.equal((await call('PATCH', '/v1/sample/notes/a?x=1', { body: '{"spec":{"title":"x"}}' })).status, 400);
  assert.equal((await call('PATCH', '/v1/sample/notes/a', { body: new Uint8Array([0x7b, 0xff, 0x7d]), headers: { 'content-type': 'application/json' } })).status, 400);
});

test('a body that is not JSON by its type, or compressed, answers 415; one over the limit 413', async () => {
  const body = '{"spec":{"title":"x"}}';
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=latin1']) {
    assert.equal((await call('PATCH', '/v1/sample/notes/a', { body, headers: { 'content-type': type } })).status, 415, type);
  }
  assert.equal((await call('PATCH', '/v1/sample/notes/a', { body, headers: { 'content-encoding': 'gzip' } })).status, 415);
  assert.equal((await call('PATCH', '/v1/sample/notes/a', { body: `{"x":"${'y'.repeat(4.1 * 1024 * 1024)}"}` })).status, 413);
});

test('an unknown path answers 404, a wrong method 405 with Allow', async () => {
  assert.equal((await call('GET', '/v1/sample/nothing')).body.code, 'NoSuchOperation');
  const answer = await call('PUT', '/v1/sample/notes/a');
  assert.equal(answer.status, 405);
  assert.equal(answer.headers.get('allow'), 'DELETE, GET, HEAD, PATCH');
});

test('faults answer by their table row: status, code, sentence, Retry-After', async () => {
  const gone = await call('GET', '/v1/sample/notes/gone');
  assert.deepEqual([gone.status, gone.body.code, gone.body.title, gone.body.detail], [404, 'NotFound', 'There is no such resource.', 'note gone']);
  const slow = await call('GET', '/v1/sample/notes/slow');
  assert.deepEqual([slow.status, slow.headers.get('retry-after')], [429, '2']);
});

test('a bug answers 500 without a word of it, and is logged', async () => {
  const answer = await call('GET', '/v1/sample/notes/bug');
  assert.equal(answer.status, 500);
  assert.equal(answer.body.code, 'Internal');
  assert.ok(!answer.text.includes('secret words') && !answer.text.includes('.ts'));
  assert.equal(served.logged.length, 1);
});

test('no, wrong and garbled credentials answer 401 with a challenge and without a field path', async () => {
  const garbage = ['Bearer wrong', 'Bearer', 'Basic !!!', `Basic ${btoa('user')}`, 'AWS4-HMAC-SHA256 Credential=x', 'Bearer good good', 'x'];
  for (const authorization of garbage) {
    const answer = await call('GET', '/v1/sample/notes/a', { headers: { authorization } });
    assert.deepEqual([answer.status, answer.body.path], [401, undefined], authorization);
    assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer /);
  }
  const open = await fetch(`${served.url}/v1/sample/notes/a`);
  assert.equal(open.status, 401);
  await open.text();
});

test('Basic, cookie, certificate and service token present their face with the environment asked for', async () => {
  served.handed.length = 0;
  const headers: Record<string, string>[] = [{ authorization: `Basic ${btoa('user:good')}` }, { 'gamut-service': 'good' }, { authorization: '', cookie: 'x=1; gamut_session=good; y' }];
  for (const each of headers) {
    const sent = Object.fromEntries(Object.entries({ ...each, 'gamut-environment': 'e1' }).filter(([, value]) => value !== ''));
    const response = await fetch(`${served.url}/v1/sample/notes/a`, { headers: sent });
    assert.equal(response.status, 200);
    await response.text();
  }
  assert.deepEqual(served.handed.map(({ face, material }) => [face, material.environment, material.username ?? material.token]), [['basic', 'e1', 'user'], ['service', 'e1', 'good'], ['session', 'e1', 'good']]);
  assert.equal((await call('GET', '/v1/sample/notes/a', { headers: { 'gamut-environment': 'no blanks' } })).status, 400);
});

test('a change by cookie needs the same origin and the token of the session', async () => {
  const origin = served.url;
  const change = async (headers: Record<string, string>) => {
    const response = await fetch(`${served.url}/v1/sample/notes/a/share-note`, { method: 'POST', body: '{"with":"a@example.org"}', headers: { cookie: 'gamut_session=good', 'content-type': 'application/json', ...headers } });
    await response.text();
    return response.status;
  };
  assert.equal(await change({ origin, 'gamut-csrf': 'token' }), 200);
  assert.equal(await change({ origin }), 403);
  assert.equal(await change({ origin, 'gamut-csrf': 'other' }), 403);
  assert.equal(await change({ 'gamut-csrf': 'token' }), 403);
  assert.equal(await change({ origin: 'https://evil.example', 'gamut-csrf': 'token' }), 403);
});

test('what another site makes a browser send is refused for every face that browsers add by themselves', async () => {
  const status = (headers: Record<string, string>) => new Promise<number>((resolve, reject) => {
    httpRequest(`${served.url}/v1/sample/notes/a`, { headers }, (response) => { response.resume(); resolve(response.statusCode ?? 0); }).on('error', reject).end();
  });
  const basic = `Basic ${btoa('user:good')}`;
  assert.equal(await status({ authorization: basic, 'sec-fetch-site': 'cross-site' }), 403);
  assert.equal(await status({ authorization: basic, 'sec-fetch-site': 'same-site' }), 403);
  assert.equal(await status({ authorization: basic, 'sec-fetch-site': 'same-origin' }), 200);
  assert.equal(await status({ authorization: 'Bearer good', 'sec-fetch-site': 'cross-site' }), 200);
});

test('a connection keeps its session while the credential stays, and ends it after', async () => {
  served.handed.length = 0;
  const socket = connect(Number(new URL(served.url).port), '127.0.0.1');
  const ask = (credential: string) => new Promise<void>((resolve) => {
    socket.once('data', () => resolve());
    socket.write(`GET /v1/sample/notes/a HTTP/1.1\r\nHost: x\r\nAuthorization: ${credential}\r\n\r\n`);
  });
  await ask('Bearer good');
  await ask('Bearer good');
  assert.equal(served.handed.length, 1);
  await ask(`Basic ${btoa('user:good')}`);
  assert.deepEqual(served.handed.map(({ ended }) => ended), [true, false]);
  const [, second] = served.handed;
  assert.ok(second);
  second.abort.abort('revoked');
  await ask(`Basic ${btoa('user:good')}`);
  assert.equal(served.handed.length, 3);
  socket.destroy();
  while (!served.handed[2]?.ended) await new Promise((go) => setTimeout(go, 5));
});

test('a raw body streams in with its fields in the query', async () => {
  seen.length = 0;
  const answer = await call('PUT', '/v1/sample/blobs/b1?contentType=text/plain', { body: new TextEncoder().encode('bytes'), headers: { 'content-type': 'image/png' } });
  assert.equal(answer.status, 200);
  assert.deepEqual(seen, [{ name: 'b1', input: { contentType: 'text/plain' }, key: undefined, body: 'bytes' }]);
});

test('a raw body streams out, sandboxed, with its fields in Gamut-Output', async () => {
  const answer = await call('GET', '/v1/sample/blobs/b1');
  assert.equal(answer.text, 'hello');
  assert.deepEqual(JSON.parse(decodeURIComponent(answer.headers.get('gamut-output') ?? '')), { size: 5, label: 'ä\n' });
  assert.match(answer.headers.get('content-security-policy') ?? '', /sandbox/);
  const head = await call('HEAD', '/v1/sample/blobs/b1');
  assert.deepEqual(JSON.parse(decodeURIComponent(head.headers.get('gamut-output') ?? '')), { size: 5 });
});

test('a body can go both ways at once', async () => {
  assert.equal((await call('POST', '/v1/sample/blobs/b1/turn-blob', { body: new TextEncoder().encode('abc') })).text, 'ABC');
});

test('a body that fails midway breaks the connection instead of looking whole', async () => {
  await assert.rejects(call('GET', '/v1/sample/blobs/broken'));
});

test('a body stops when its session ends', async () => {
  served.handed.length = 0;
  const response = await fetch(`${served.url}/v1/sample/blobs/endless`, { headers: { authorization: 'Bearer good', connection: 'close' } });
  const whole = response.arrayBuffer();
  served.endAll('revoked');
  await assert.rejects(whole);
});

test('a watch is server-sent events that can be taken up again and says why it ends', async () => {
  served.handed.length = 0;
  const response = await fetch(`${served.url}/v1/sample/notes/-/watch`, { headers: { authorization: 'Bearer good', 'last-event-id': '5' } });
  assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  let text = '';
  const reading = (async () => { for await (const piece of response.body ?? []) text += Buffer.from(piece).toString(); })();
  while (!text.includes('"a\\nb"')) await new Promise((go) => setTimeout(go, 5));
  served.endAll('revoked');
  await reading;
  assert.match(text, /^retry: 1000\n\nid: 5\nevent: bookmark\ndata: .*\n\nid: 7\nevent: put\ndata: .*\n\nevent: end\ndata: {"reason":"revoked"}\n\n$/);
  const short = await call('GET', '/v1/sample/notes/-/watch?from=short');
  assert.match(short.text, /event: end\ndata: {"reason":"ended"}\n\n$/);
});

test('a caller that hangs up aborts the operation', async () => {
  aborted = false;
  const controller = new AbortController();
  const pending = fetch(`${served.url}/v1/sample/notes/a`, { method: 'DELETE', headers: { authorization: 'Bearer good' }, signal: controller.signal });
  await new Promise((go) => setTimeout(go, 50));
  controller.abort();
  await assert.rejects(pending);
  while (!aborted) await new Promise((go) => setTimeout(go, 5));
});

test('an idempotency key that is too long or not printable answers 400', async () => {
  const body = JSON.stringify({ with: 'a@example.org' });
  assert.equal((await call('POST', '/v1/sample/notes/a/share-note', { body, headers: { 'idempotency-key': 'k'.repeat(256) } })).status, 400);
  assert.equal((await call('POST', '/v1/sample/notes/a/share-note', { body, headers: { 'idempotency-key': 'ä' } })).status, 400);
  assert.equal((await call('POST', '/v1/sample/notes/a/share-note', { body, headers: { 'idempotency-key': 'fine' } })).status, 200);
});

test('a refused sender of a large body still reads the answer', async () => {
  const answer = await new Promise<number>((resolve, reject) => {
    const sending = httpRequest(`${served.url}/v1/sample/blobs/x`, { method: 'PUT', headers: { authorization: 'Bearer wrong', 'content-length': 50_000 } }, (response) => { response.resume(); resolve(response.statusCode ?? 0); });
    sending.on('error', reject);
    sending.end(Buffer.alloc(50_000));
  });
  assert.equal(answer, 401);
});
