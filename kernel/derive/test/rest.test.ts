import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sample, serve, type Served } from './fixture.ts';
import { call, handlers, seen } from './sample-rest.ts';

let served: Served;
before(async () => {
  served = await serve(sample, handlers);
});
after(() => served.close());

test('a read answers its output as JSON, uncached and with a request id', async () => {
  const answer = await call(served, 'GET', '/v1/sample/notes/a%2Fb');
  assert.equal(answer.status, 200);
  assert.equal(answer.body.name, 'a/b');
  assert.equal(answer.headers.get('cache-control'), 'no-store');
  assert.match(answer.headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/);
});

test('HEAD of a read answers its head alone', async () => {
  const answer = await call(served, 'HEAD', '/v1/sample/notes/a');
  assert.equal(answer.status, 200);
  assert.equal(answer.text, '');
  assert.ok(Number(answer.headers.get('content-length')) > 10);
});

test('what is made answers 201 with its address, and its name comes from the input', async () => {
  seen.length = 0;
  const answer = await call(served, 'POST', '/v1/sample/notes', {
    body: JSON.stringify({ name: 'n1', spec: { title: 'x' } }),
    headers: { 'idempotency-key': 'again' },
  });
  assert.equal(answer.status, 201);
  assert.equal(answer.headers.get('location'), '/v1/sample/notes/n1');
  assert.equal(answer.headers.get('idempotent-replayed'), 'true');
  assert.deepEqual(
    seen.map(({ name, key }) => ({ name, key })),
    [{ name: 'n1', key: 'again' }],
  );
});

test('query parameters are coerced by the schema, repeated ones make arrays, objects are JSON', async () => {
  const answer = await call(
    served,
    'GET',
    '/v1/sample/notes/-/count-notes?tag=a&tag=b+c&deep=true&ratio=0.5&kind=b&within=%7B%22first%22%3A4%7D',
  );
  assert.deepEqual(answer.body.given, { tag: ['a', 'b c'], deep: true, ratio: 0.5, kind: 'b', within: { first: 4 }, least: 3 });
});

test('a wrong query parameter answers 400 with the path of the field', async () => {
  const cases: [string, string][] = [
    ['least=x', '/least'],
    ['least=1.5', '/least'],
    ['deep=yes', '/deep'],
    ['kind=c', '/kind'],
    ['tag=abcdefgh', '/tag/0'],
    ['within=7', '/within'],
    ['within=%7B', '/within'],
    ['within=%7B%22first%22%3A%22x%22%7D', '/within/first'],
    ['other=1', '/other'],
    ['ratio=NaN', '/ratio'],
    ['deep=true&deep=true', '/deep'],
    ['__proto__=1', '/__proto__'],
    ['least=%ff', '/least'],
  ];
  for (const [query, path] of cases) {
    const answer = await call(served, 'GET', `/v1/sample/notes/-/count-notes?${query}`);
    assert.deepEqual([answer.status, answer.body.code, answer.body.path], [400, 'BadInput', path], query);
    assert.equal(answer.headers.get('content-type'), 'application/problem+json');
    assert.equal(answer.body.requestId, answer.headers.get('x-request-id'));
    assert.equal(answer.body.type, 'urn:gamut:fault:BadInput');
  }
});

test('a wrong JSON body answers 400 with the path of the field', async () => {
  const deep = `{"spec":${'['.repeat(100)}${']'.repeat(100)}}`;
  const cases: [string, string | undefined][] = [
    ['{"spec":{"title":""}}', '/spec/title'],
    ['{"spec":{}}', '/spec/title'],
    ['{}', '/spec'],
    ['[]', undefined],
    ['null', undefined],
    ['{', undefined],
    ['{"spec":{"title":"x"},"x":1}', '/x'],
    [deep, undefined],
    ['{"__proto__":{"a":1},"spec":{"title":"x"}}', undefined],
    ['{"spec":{"title":"a\\u0000"}}', '/spec/title'],
    ['{"spec":{"title":"x","size":1e999}}', '/spec/size'],
  ];
  for (const [body, path] of cases) {
    const answer = await call(served, 'PATCH', '/v1/sample/notes/a', { body });
    assert.deepEqual([answer.status, answer.body.code], [400, 'BadInput'], body);
    if (path !== undefined) assert.equal(answer.body.path, path, body);
  }
  assert.equal((await call(served, 'PATCH', '/v1/sample/notes/a?x=1', { body: '{"spec":{"title":"x"}}' })).status, 400);
  assert.equal(
    (
      await call(served, 'PATCH', '/v1/sample/notes/a', {
        body: new Uint8Array([0x7b, 0xff, 0x7d]),
        headers: { 'content-type': 'application/json' },
      })
    ).status,
    400,
  );
});

test('a body that is not JSON by its type, or compressed, answers 415; one over the limit 413', async () => {
  const body = '{"spec":{"title":"x"}}';
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=latin1']) {
    assert.equal((await call(served, 'PATCH', '/v1/sample/notes/a', { body, headers: { 'content-type': type } })).status, 415, type);
  }
  assert.equal((await call(served, 'PATCH', '/v1/sample/notes/a', { body, headers: { 'content-encoding': 'gzip' } })).status, 415);
  assert.equal((await call(served, 'PATCH', '/v1/sample/notes/a', { body: `{"x":"${'y'.repeat(4.1 * 1024 * 1024)}"}` })).status, 413);
});

test('an unknown path answers 404, a wrong method 405 with Allow', async () => {
  assert.equal((await call(served, 'GET', '/v1/sample/nothing')).body.code, 'NoSuchOperation');
  const answer = await call(served, 'PUT', '/v1/sample/notes/a');
  assert.equal(answer.status, 405);
  assert.equal(answer.headers.get('allow'), 'DELETE, GET, HEAD, PATCH');
});

test('faults answer by their table row: status, code, sentence, Retry-After', async () => {
  const gone = await call(served, 'GET', '/v1/sample/notes/gone');
  assert.deepEqual(
    [gone.status, gone.body.code, gone.body.title, gone.body.detail],
    [404, 'NotFound', 'There is no such resource.', 'note gone'],
  );
  const slow = await call(served, 'GET', '/v1/sample/notes/slow');
  assert.deepEqual([slow.status, slow.headers.get('retry-after')], [429, '2']);
});

test('a bug answers 500 without a word of it, and is logged', async () => {
  const answer = await call(served, 'GET', '/v1/sample/notes/bug');
  assert.equal(answer.status, 500);
  assert.equal(answer.body.code, 'Internal');
  assert.ok(!answer.text.includes('secret words') && !answer.text.includes('.ts'));
  assert.equal(served.logged.length, 1);
});

test('an idempotency key that is too long or not printable answers 400', async () => {
  const body = JSON.stringify({ with: 'a@example.org' });
  assert.equal(
    (await call(served, 'POST', '/v1/sample/notes/a/share-note', { body, headers: { 'idempotency-key': 'k'.repeat(256) } })).status,
    400,
  );
  assert.equal((await call(served, 'POST', '/v1/sample/notes/a/share-note', { body, headers: { 'idempotency-key': 'ä' } })).status, 400);
  assert.equal((await call(served, 'POST', '/v1/sample/notes/a/share-note', { body, headers: { 'idempotency-key': 'fine' } })).status, 200);
});
