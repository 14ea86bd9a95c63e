import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { after, before, test } from 'node:test';
import { sample, serve, type Served } from './fixture.ts';
import { aborted, call, handlers, seen } from './sample-rest.ts';

let served: Served;
before(async () => {
  served = await serve(sample, handlers);
});
after(() => served.close());

test('a raw body streams in with its fields in the query', async () => {
  seen.length = 0;
  const answer = await call(served, 'PUT', '/v1/sample/blobs/b1?contentType=text/plain', {
    body: new TextEncoder().encode('bytes'),
    headers: { 'content-type': 'image/png' },
  });
  assert.equal(answer.status, 200);
  assert.deepEqual(seen, [{ name: 'b1', input: { contentType: 'text/plain' }, key: undefined, body: 'bytes' }]);
});

test('a raw body streams out, sandboxed, with its fields in Gamut-Output', async () => {
  const answer = await call(served, 'GET', '/v1/sample/blobs/b1');
  assert.equal(answer.text, 'hello');
  assert.deepEqual(JSON.parse(decodeURIComponent(answer.headers.get('gamut-output') ?? '')), { size: 5, label: 'ä\n' });
  assert.match(answer.headers.get('content-security-policy') ?? '', /sandbox/);
  const head = await call(served, 'HEAD', '/v1/sample/blobs/b1');
  assert.deepEqual(JSON.parse(decodeURIComponent(head.headers.get('gamut-output') ?? '')), { size: 5 });
});

test('a body can go both ways at once', async () => {
  assert.equal((await call(served, 'POST', '/v1/sample/blobs/b1/turn-blob', { body: new TextEncoder().encode('abc') })).text, 'ABC');
});

test('a body that fails midway breaks the connection instead of looking whole', async () => {
  await assert.rejects(call(served, 'GET', '/v1/sample/blobs/broken'));
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
  const response = await fetch(`${served.url}/v1/sample/notes/-/watch`, {
    headers: { authorization: 'Bearer good', 'last-event-id': '5' },
  });
  assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  let text = '';
  const reading = (async () => {
    for await (const piece of response.body ?? []) text += Buffer.from(piece).toString();
  })();
  while (!text.includes('"a\\nb"')) await new Promise((go) => setTimeout(go, 5));
  served.endAll('revoked');
  await reading;
  assert.match(
    text,
    /^retry: 1000\n\nid: 5\nevent: bookmark\ndata: .*\n\nid: 7\nevent: put\ndata: .*\n\nevent: end\ndata: {"reason":"revoked"}\n\n$/,
  );
  const short = await call(served, 'GET', '/v1/sample/notes/-/watch?from=short');
  assert.match(short.text, /event: end\ndata: {"reason":"ended"}\n\n$/);
});

test('a caller that hangs up aborts the operation', async () => {
  aborted.count = 0;
  const controller = new AbortController();
  const pending = fetch(`${served.url}/v1/sample/notes/a`, {
    method: 'DELETE',
    headers: { authorization: 'Bearer good' },
    signal: controller.signal,
  });
  await new Promise((go) => setTimeout(go, 50));
  controller.abort();
  await assert.rejects(pending);
  while (aborted.count === 0) await new Promise((go) => setTimeout(go, 5));
});

test('a refused sender of a large body still reads the answer', async () => {
  const answer = await new Promise<number>((resolve, reject) => {
    const sending = httpRequest(
      `${served.url}/v1/sample/blobs/x`,
      { method: 'PUT', headers: { authorization: 'Bearer wrong', 'content-length': 50_000 } },
      (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      },
    );
    sending.on('error', reject);
    sending.end(Buffer.alloc(50_000));
  });
  assert.equal(answer, 401);
});
