import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { sample, serve, type Served } from './fixture.ts';
import { call, handlers } from './sample-rest.ts';

let served: Served;
before(async () => {
  served = await serve(sample, handlers);
});
after(() => served.close());

test('no, wrong and garbled credentials answer 401 with a challenge and without a field path', async () => {
  const garbage = [
    'Bearer wrong',
    'Bearer',
    'Basic !!!',
    `Basic ${btoa('user')}`,
    'AWS4-HMAC-SHA256 Credential=x',
    'Bearer good good',
    'x',
  ];
  for (const authorization of garbage) {
    const answer = await call(served, 'GET', '/v1/sample/notes/a', { headers: { authorization } });
    assert.deepEqual([answer.status, answer.body.path], [401, undefined], authorization);
    assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer /);
  }
  const open = await fetch(`${served.url}/v1/sample/notes/a`);
  assert.equal(open.status, 401);
  await open.text();
});

test('Basic, cookie, certificate and service token present their face with the environment asked for', async () => {
  served.handed.length = 0;
  const headers: Record<string, string>[] = [
    { authorization: `Basic ${btoa('user:good')}` },
    { 'gamut-service': 'good' },
    { authorization: '', cookie: 'x=1; gamut_session=good; y' },
  ];
  for (const each of headers) {
    const sent = Object.fromEntries(Object.entries({ ...each, 'gamut-environment': 'e1' }).filter(([, value]) => value !== ''));
    const response = await fetch(`${served.url}/v1/sample/notes/a`, { headers: sent });
    assert.equal(response.status, 200);
    await response.text();
  }
  assert.deepEqual(
    served.handed.map(({ face, material }) => [face, material.environment, material.username ?? material.token]),
    [
      ['basic', 'e1', 'user'],
      ['service', 'e1', 'good'],
      ['session', 'e1', 'good'],
    ],
  );
  assert.equal((await call(served, 'GET', '/v1/sample/notes/a', { headers: { 'gamut-environment': 'no blanks' } })).status, 400);
});

test('a change by cookie needs the same origin and the token of the session', async () => {
  const origin = served.url;
  const change = async (headers: Record<string, string>) => {
    const response = await fetch(`${served.url}/v1/sample/notes/a/share-note`, {
      method: 'POST',
      body: '{"with":"a@example.org"}',
      headers: { cookie: 'gamut_session=good', 'content-type': 'application/json', ...headers },
    });
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
  const status = (headers: Record<string, string>) =>
    new Promise<number>((resolve, reject) => {
      httpRequest(`${served.url}/v1/sample/notes/a`, { headers }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      })
        .on('error', reject)
        .end();
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
  const ask = (credential: string) =>
    new Promise<void>((resolve) => {
      socket.once('data', () => resolve());
      socket.write(`GET /v1/sample/notes/a HTTP/1.1\r\nHost: x\r\nAuthorization: ${credential}\r\n\r\n`);
    });
  await ask('Bearer good');
  await ask('Bearer good');
  assert.equal(served.handed.length, 1);
  await ask(`Basic ${btoa('user:good')}`);
  assert.deepEqual(
    served.handed.map(({ ended }) => ended),
    [true, false],
  );
  const [, second] = served.handed;
  assert.ok(second);
  second.abort.abort('revoked');
  await ask(`Basic ${btoa('user:good')}`);
  assert.equal(served.handed.length, 3);
  socket.destroy();
  while (!served.handed[2]?.ended) await new Promise((go) => setTimeout(go, 5));
});
