import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { after, before, test } from 'node:test';
import { type Faces, type House, openHouse } from '../../session/test/fixture/house.ts';

let house: House;
before(async () => {
  house = await openHouse({ services: ['storage'] });
});
after(() => house.stop());

const hear = (more: Parameters<House['call']>[3]) =>
  house.call('GET', '/v1/echo/channels/a/hear', undefined, { door: 'echo.http', ...more });

async function signedIn(body: unknown): Promise<{ status: number; cookie: string; csrf: string; body: Record<string, unknown> }> {
  const reply = await fetch(`${house.url}/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const json = (await reply.json()) as Record<string, unknown>;
  return { status: reply.status, cookie: reply.headers.get('set-cookie')?.split(';')[0] ?? '', csrf: String(json.csrf), body: json };
}

async function lastMail(to: string): Promise<string> {
  const admin = await signedIn({ bearer: house.admin });
  const reply = await fetch(`${house.url}/session/outbox`, { headers: { cookie: admin.cookie } });
  const { mails } = (await reply.json()) as { mails: { to: string; text: string }[] };
  return mails.find((mail) => mail.to === to)?.text ?? '';
}

const tokenIn = (text: string) => /token=([\w-]+)/.exec(text)?.[1] ?? '';

test('an invited person chooses a password, signs in, and acts with the role given', async () => {
  const email = 'ada@example.org';
  assert.equal((await house.call('POST', '/v1/platform/members', { email, role: 'reader' })).status, 201);
  const token = tokenIn(await lastMail(email));
  const accepted = await fetch(`${house.url}/session/invitation`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token, password: 'correct horse battery' }),
  });
  assert.equal(accepted.status, 200);
  const again = await fetch(`${house.url}/session/invitation`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token, password: 'another password' }),
  });
  assert.equal(again.status, 404);
  const session = await signedIn({ email: 'ADA@example.org', password: 'correct horse battery' });
  assert.equal(session.status, 200);
  const origin = house.platform.doors['echo.http']?.url ?? '';
  const asAda = { bearer: null, headers: { cookie: session.cookie, 'gamut-csrf': session.csrf, origin } };
  assert.equal((await hear(asAda)).status, 200);
  assert.equal((await house.call('POST', '/v1/echo/channels/a/say', { text: 'x' }, { door: 'echo.http', ...asAda })).status, 403);
  assert.equal((await hear({ bearer: null, headers: { cookie: session.cookie, origin: 'https://evil.example' } })).status, 403);
  const member = (await house.call('GET', '/v1/platform/members')).body.items?.find(
    (item) => (item.spec as { email: string }).email === email,
  );
  assert.equal((await house.call('PATCH', `/v1/platform/members/${member?.name}`, { role: 'editor' })).status, 200);
  const said = await house.call('POST', '/v1/echo/channels/a/say', { text: 'x' }, { door: 'echo.http', ...asAda });
  assert.equal(said.status, 200, JSON.stringify(said.body));
  assert.equal(
    (
      await house.call(
        'POST',
        '/v1/echo/channels/a/say',
        { text: 'x' },
        { door: 'echo.http', bearer: null, headers: { cookie: session.cookie, origin } },
      )
    ).status,
    403,
  );
  assert.equal((await house.call('DELETE', `/v1/platform/members/${member?.name}`)).status, 200);
  assert.equal((await hear(asAda)).status, 401);
});

test('a wrong password and an unknown address are told alike, and too many tries wait', async () => {
  const wrong = await signedIn({ email: 'ada@example.org', password: 'wrong password!' });
  const unknown = await signedIn({ email: 'nobody@example.org', password: 'wrong password!' });
  assert.equal(wrong.status, 401);
  assert.equal(unknown.status, 401);
  assert.equal(wrong.body.detail, unknown.body.detail);
  const tries = [];
  for (let number = 0; number < 12; number += 1)
    tries.push((await signedIn({ email: 'grace@example.org', password: 'wrong password!' })).status);
  assert.equal(tries.at(-1), 429);
});

test('a reset by mail sets a new password, ends old sessions, and works once', async () => {
  const email = 'lin@example.org';
  await house.call('POST', '/v1/platform/members', { email, role: 'reader' });
  const headers = { 'content-type': 'application/json' };
  await fetch(`${house.url}/session/invitation`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ token: tokenIn(await lastMail(email)), password: 'the first password' }),
  });
  const old = await signedIn({ email, password: 'the first password' });
  for (const address of [email, 'nobody@example.org']) {
    assert.equal(
      (await fetch(`${house.url}/session/reset`, { method: 'POST', headers, body: JSON.stringify({ email: address }) })).status,
      202,
    );
  }
  let mail = await lastMail(email);
  for (; !mail.includes('/reset?'); mail = await lastMail(email)) await new Promise((resolve) => setTimeout(resolve, 20));
  const token = tokenIn(mail);
  const confirm = () =>
    fetch(`${house.url}/session/reset/confirm`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ token, password: 'the second password' }),
    });
  assert.equal((await confirm()).status, 200);
  assert.equal((await confirm()).status, 404);
  assert.equal((await signedIn({ email, password: 'the first password' })).status, 401);
  assert.equal((await signedIn({ email, password: 'the second password' })).status, 200);
  assert.equal((await hear({ bearer: null, headers: { cookie: old.cookie } })).status, 401);
});

test('a session begun with a bearer ends when that credential is revoked', async () => {
  const made = await house.credential({ role: 'reader' });
  const session = await signedIn({ bearer: made.bearer });
  const headers = { cookie: session.cookie };
  assert.equal((await hear({ bearer: null, headers })).status, 200);
  await house.call('POST', `/v1/platform/credentials/${made.id}/revoke-credential`, {});
  assert.equal((await hear({ bearer: null, headers })).status, 401);
});

test('a client certificate of the local authority is a face of its credential over TLS, and no other certificate is', async () => {
  const made = await house.credential({ role: 'reader' });
  const issued = (await house.call('POST', `/v1/platform/credentials/${made.id}/issue-certificate`, {})).body as {
    certificatePem: string;
    keyPem: string;
  };
  const ca = readFileSync(house.platform.facts.ca ?? '', 'utf8');
  const { port } = new URL(house.platform.doors['echo.http']?.url ?? '');
  const status = (more: object) =>
    new Promise<number>((resolve, reject) => {
      const call = request({ host: '127.0.0.1', port, path: '/v1/echo/channels/a/hear', ca, agent: false, ...more }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      call.on('error', reject);
      call.end();
    });
  assert.equal(await status({ cert: issued.certificatePem, key: issued.keyPem }), 200);
  assert.equal(await status({}), 401);
  await house.call('POST', `/v1/platform/credentials/${made.id}/revoke-credential`, {});
  assert.equal(await status({ cert: issued.certificatePem, key: issued.keyPem }), 401);
});

test('secrets of one face open no other, and none is in the directory listing', async () => {
  const made: Faces = await house.credential({ role: 'reader' });
  assert.equal((await hear({ bearer: made.s3.secretAccessKey })).status, 401);
  assert.equal((await hear({ bearer: made.basic.password })).status, 401);
  const listed = JSON.stringify((await house.call('GET', '/v1/platform/credentials?limit=1000')).body);
  for (const secret of [made.bearer, made.s3.secretAccessKey, made.basic.password]) assert.ok(!listed.includes(secret));
});

test('nobody gives away a role above their own', async () => {
  const admin = await house.credential({ role: 'admin' });
  assert.equal((await house.call('POST', '/v1/platform/credentials', { role: 'owner' }, { bearer: admin.bearer })).status, 403);
  assert.equal((await house.call('POST', '/v1/platform/credentials', { role: 'operator' }, { bearer: admin.bearer })).status, 403);
  assert.equal((await house.call('POST', '/v1/platform/credentials', { role: 'editor' }, { bearer: admin.bearer })).status, 201);
  assert.equal((await house.call('POST', '/v1/platform/organizations', { name: 'mine' }, { bearer: admin.bearer })).status, 403);
});

test('garbage in every face is refused, never a failure of ours', async () => {
  const junk = [
    '',
    ' ',
    'Bearer',
    'Bearer ',
    'Bearer \u00ff',
    `Bearer ${'x'.repeat(7000)}`,
    'Basic',
    'Basic !!!',
    `Basic ${Buffer.from('nocolon').toString('base64')}`,
    'Basic Og==',
    'Digest a=b',
    `Bearer gmt_${'0'.repeat(73)}`,
    'AWS4-HMAC-SHA256 Credential=x',
  ];
  for (const authorization of junk) assert.equal((await hear({ bearer: null, headers: { authorization } })).status, 401, authorization);
  for (const token of ['', '.', 'a.b', 'e30.AA', `${'x'.repeat(6000)}.y`])
    assert.ok([400, 401].includes((await hear({ bearer: null, headers: { 'gamut-service': token } })).status), token);
  for (const cookie of ['gamut_session=', 'gamut_session=x', `gamut_session=${'y'.repeat(3000)}`])
    assert.equal((await hear({ bearer: null, headers: { cookie } })).status, 401, cookie);
  for (const environment of ['nowhere', '0000000000000', 'zzzzzzzzzzzzz', '__proto__', 'x'.repeat(30)])
    assert.ok([400, 401].includes((await hear({ environment })).status), environment);
});

test('an operation whose repeat is refused happens at most once under a key', async () => {
  const headers = { 'idempotency-key': 'log-once' };
  const log = () => house.call('POST', '/v1/echo/channels/o/log', { text: 'x' }, { door: 'echo.http', headers });
  assert.equal((await log()).status, 200);
  assert.equal((await log()).status, 409);
  const create = () => house.call('POST', '/v1/platform/credentials', { role: 'reader' }, { headers: { 'idempotency-key': 'cred-once' } });
  assert.equal((await create()).status, 201);
  assert.equal((await create()).body.code, 'RepeatConflict');
});
