import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type House, openHouse } from '../../session/test/fixture/house.ts';
import { matchedStep, totpCode } from '../identity/totp.ts';
import { member, password, pendingOf, Visitor } from './fixtures/visitor.ts';

let house: House;
const folder = mkdtempSync(join(tmpdir(), 'gamut-'));
before(async () => {
  const places = ['127.1.0.0/16,52.5,13.4', '127.2.0.0/16,-33.9,151.2'];
  writeFileSync(join(folder, 'geo.csv'), ['network,latitude,longitude', ...places, ''].join('\n'));
  house = await openHouse({ settings: { geo: join(folder, 'geo.csv') } });
});
after(async () => {
  await house.stop();
  rmSync(folder, { recursive: true });
});

const stepMs = 30_000;
const unbase32 = (text: string) => {
  const bits = [...text].map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')).join('');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
};

/** Adds an authenticator app; answers its secret, with the step whose code was used. */
async function withApp(visitor: Visitor): Promise<{ secret: Buffer; used: number }> {
  const begun = await visitor.send('POST', '/session/totp', { password });
  assert.equal(begun.status, 200, JSON.stringify(begun.body));
  const secret = unbase32(String(begun.body.secret));
  const used = Math.floor(Date.now() / stepMs) - 1;
  const confirmed = await visitor.send('POST', '/session/totp/confirm', { code: totpCode(secret, used) });
  assert.equal(confirmed.status, 200, JSON.stringify(confirmed.body));
  return { secret, used };
}

/** The first code that was not used yet; later calls may use the next one, within the drift that is taken. */
const codeAfter = (app: { secret: Buffer; used: number }) => {
  app.used = Math.max(app.used + 1, Math.floor(Date.now() / stepMs) - 1);
  return totpCode(app.secret, app.used);
};

test('codes are those of RFC 6238, and a code counts once within its time', () => {
  const secret = Buffer.from('12345678901234567890');
  const vectors = { 59: '287082', 1111111109: '081804', 1111111111: '050471', 1234567890: '005924', 2000000000: '279037' };
  for (const [seconds, code] of Object.entries(vectors)) assert.equal(totpCode(secret, Math.floor(Number(seconds) / 30)), code);
  assert.equal(matchedStep(secret, '287082', 59_000, 0), 1);
  assert.equal(matchedStep(secret, '287082', 59_000, 1), undefined);
  assert.equal(matchedStep(secret, '287082', 150_000, 0), undefined);
  for (const odd of ['', '28708', '2870822', 'x87082', '２87082']) assert.equal(matchedStep(secret, odd, 59_000, 0), undefined);
});

test('a person with an authenticator app signs in by password and code, and a code works once', async () => {
  const ada = await member(house, 'ada@example.org');
  assert.equal((await ada.send('POST', '/session/totp', { password: 'not the password' })).status, 400);
  const app = await withApp(ada);
  assert.equal((await ada.send('GET', '/session')).body.assurance, 2);
  const again = new Visitor(house);
  const first = await again.login('ada@example.org', password);
  assert.equal(first.status, 200);
  assert.equal(again.cookie, '', 'a password alone opens nothing');
  assert.deepEqual(pendingOf(first).methods, ['totp']);
  const { ticket } = pendingOf(first);
  assert.equal((await again.send('POST', '/session/factor', { ticket, code: '000000' })).status, 401);
  const code = codeAfter(app);
  const opened = await again.send('POST', '/session/factor', { ticket, code });
  assert.equal(opened.status, 200, JSON.stringify(opened.body));
  assert.equal(opened.body.assurance, 2);
  const third = new Visitor(house);
  const replayed = pendingOf(await third.login('ada@example.org', password));
  assert.equal((await third.send('POST', '/session/factor', { ticket: replayed.ticket, code })).status, 401);
  for (let number = 0; number < 4; number += 1)
    assert.equal((await third.send('POST', '/session/factor', { ticket: replayed.ticket, code: '000000' })).status, 401);
  const late = await third.send('POST', '/session/factor', { ticket: replayed.ticket, code: codeAfter(app) });
  assert.equal(late.status, 401, 'after too many tries not even the right code helps');
});

test('who knows no password learns nothing of factors', async () => {
  const wrong = await new Visitor(house).login('ada@example.org', 'wrong password!');
  const unknown = await new Visitor(house).login('nobody-at-all@example.org', 'wrong password!');
  const shown = ({ status, body: { requestId, ...body } }: typeof wrong) => ({ status, body });
  assert.deepEqual(shown(wrong), shown(unknown));
});

test('each recovery code opens once, and new ones end the old', async () => {
  const lin = await member(house, 'lin@example.org');
  assert.equal((await lin.send('POST', '/session/recovery', {})).body.code, 'StepUp');
  await withApp(lin);
  const { codes } = (await lin.send('POST', '/session/recovery', {})).body as { codes: string[] };
  assert.equal(new Set(codes).size, 10);
  const use = async (recovery: string | undefined) => {
    const visitor = new Visitor(house);
    const waits = pendingOf(await visitor.login('lin@example.org', password));
    assert.deepEqual(waits.methods, ['totp', 'recovery']);
    return (await visitor.send('POST', '/session/factor', { ticket: waits.ticket, recovery })).status;
  };
  assert.equal(await use(codes[0]?.toUpperCase()), 200);
  assert.equal(await use(codes[0]), 401);
  await lin.send('POST', '/session/recovery', {});
  assert.equal(await use(codes[1]), 401);
});

test('an organization that requires second factors is closed to sessions without, until one is proven', async () => {
  const eve = await member(house, 'eve@example.org');
  const read = () => eve.send('GET', '/v1/platform/usage');
  assert.equal((await read()).status, 200);
  const require = (factors: string) => house.call('PATCH', '/v1/platform/organizations/default', { factors });
  assert.equal((await require('required')).status, 200);
  const refused = await read();
  assert.deepEqual([refused.status, refused.body.code], [403, 'StepUp']);
  assert.equal((await house.call('GET', '/v1/platform/usage')).status, 200, 'programs go on');
  const app = await withApp(eve);
  assert.equal((await read()).status, 200);
  await require('optional');
  const weak = new Visitor(house);
  const waits = pendingOf(await weak.login('eve@example.org', password));
  assert.equal((await weak.send('POST', '/session/factor', { ticket: waits.ticket, code: codeAfter(app) })).status, 200);
  const step = (await weak.send('POST', '/session/step-up/begin', {})).body as { ticket: string };
  assert.equal((await weak.send('POST', '/session/step-up', { ticket: step.ticket, code: '123' })).status, 401);
});

test('sessions are listed with where they come from, and ended by their person or an administrator', async () => {
  const bob = await member(house, 'bob@example.org');
  const phone = new Visitor(house);
  await phone.login('bob@example.org', password);
  const { sessions } = (await bob.send('GET', '/session/security')).body as {
    sessions: { id: string; current: boolean; address: string }[];
  };
  assert.equal(sessions.length, 2);
  assert.ok(sessions.every(({ address }) => address === '127.0.0.1'));
  const other = sessions.find(({ current }) => !current);
  const stranger = await member(house, 'mallory@example.org');
  assert.equal((await stranger.send('POST', '/session/end', { session: other?.id })).status, 404);
  assert.equal((await bob.send('POST', '/session/end', { session: other?.id }, { 'gamut-csrf': 'x' })).status, 403);
  assert.equal((await bob.send('POST', '/session/end', { session: other?.id })).status, 200);
  assert.equal((await phone.send('GET', '/session')).status, 401);
  const listed = (await house.call('GET', '/v1/platform/sessions')).body.items ?? [];
  const his = listed.find(({ email }) => email === 'bob@example.org');
  assert.equal((await house.call('POST', `/v1/platform/sessions/${his?.name}/revoke-session`, {})).status, 200);
  assert.equal((await bob.send('GET', '/session')).status, 401);
});

test('a network on which many accounts fail is stuffing passwords: its sessions end and right passwords need a mailed code', async () => {
  const from = '127.3.0.7';
  const kim = await member(house, 'kim@example.org', 'reader', from);
  assert.equal((await kim.send('GET', '/session')).status, 200);
  for (let number = 0; number < 9; number += 1)
    assert.equal((await new Visitor(house, '127.3.0.9').login(`victim-${number}@example.org`, 'wrong password!')).status, 401);
  while ((await kim.send('GET', '/session')).status === 200) await new Promise((resolve) => setImmediate(resolve));
  const back = new Visitor(house, from);
  const waits = pendingOf(await back.login('kim@example.org', password));
  assert.deepEqual(waits.methods, ['mail']);
  const mailed = /Code: (\d{8})/.exec(await Visitor.mailTo(house, 'kim@example.org'))?.[1];
  assert.equal((await back.send('POST', '/session/factor', { ticket: waits.ticket, mailed })).status, 200);
  const elsewhere = await new Visitor(house).login('kim@example.org', password);
  assert.equal(elsewhere.body.pending, undefined, 'other networks are not concerned');
});

test('an impossible journey needs a mailed code, and a session used from two distant places ends', async () => {
  const joe = await member(house, 'joe@example.org', 'reader', '127.1.0.1');
  const far = new Visitor(house, '127.2.0.1');
  assert.deepEqual(pendingOf(await far.login('joe@example.org', password)).methods, ['mail']);
  const near = new Visitor(house, '127.1.9.9');
  assert.equal((await near.login('joe@example.org', password)).body.pending, undefined);
  far.cookie = joe.cookie;
  assert.equal((await far.send('GET', '/session')).status, 401);
  assert.equal((await joe.send('GET', '/session')).status, 401, 'it is ended for everybody');
});

test('a service account is a name that credentials are made for, and all end with it', async () => {
  const made = await house.call('POST', '/v1/platform/service-accounts', { name: 'nightly', title: 'Nightly run', role: 'reader' });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const { principal } = made.body.spec as { principal: string };
  const key = await house.credential({ principal, role: 'reader' });
  const read = () => house.call('GET', '/v1/platform/usage', undefined, { bearer: key.bearer });
  assert.equal((await read()).status, 200);
  assert.equal((await house.call('POST', '/v1/platform/service-accounts', { name: 'nightly', role: 'reader' })).status, 409);
  assert.equal((await house.call('DELETE', '/v1/platform/service-accounts/nightly')).status, 200);
  assert.equal((await read()).status, 401);
});
