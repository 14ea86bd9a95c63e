import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { request } from 'node:http';
import { platform } from '../service.ts';
import { type House, openHouse } from '../../session/test/fixture/house.ts';

let house: House;
before(async () => {
  house = await openHouse({ settings: { open: true } });
});
after(() => house.stop());

const say = (more: Parameters<House['call']>[3]) =>
  house.call('POST', '/v1/echo/channels/a/say', { text: 'x' }, { door: 'echo.http', ...more });

test('without a credential, or with one nobody knows, a caller is the dev tenant', async () => {
  assert.equal((await say({ bearer: null })).status, 200);
  assert.equal((await say({ bearer: 'gmt_nonsense' })).status, 200);
  const made = await house.call('POST', '/v1/notes/notes', { name: 'open', spec: { text: '' } }, { door: 'notes.rest', bearer: null });
  assert.equal(made.status, 201);
  assert.equal((await house.call('GET', '/v1/notes/notes/open', undefined, { door: 'notes.rest' })).status, 404);
});

test('the dev principal has no role on the platform, and sees no other tenant', async () => {
  assert.equal((await house.call('POST', '/v1/platform/organizations', { name: 'grab' }, { bearer: null })).status, 403);
  const { items = [] } = (await house.call('GET', '/v1/platform/organizations', undefined, { bearer: null })).body;
  assert.deepEqual(
    items.map((item) => item.name),
    ['dev'],
  );
});

test('callers who give up while a service answers take nothing down', async () => {
  for (let count = 0; count < 60; count += 1) {
    const giving = new AbortController();
    const asked = fetch(`${house.url}/v1/notes/notes`, { signal: giving.signal }).then((reply) => reply.text());
    setTimeout(() => giving.abort(), count % 20);
    await asked.catch((error: Error) => assert.equal(error.name, 'AbortError'));
  }
  assert.equal((await house.call('GET', '/v1/notes/notes', undefined, { bearer: null })).status, 200);
});

test('a contract is served as it was written, its fields in their order', async () => {
  const { status, body } = await house.call('GET', '/v1/contract', undefined, { bearer: null });
  assert.equal(status, 200);
  const services = body.services as Record<string, unknown>;
  assert.equal(JSON.stringify(services.platform), JSON.stringify(platform));
});

test('a known credential that was revoked stays refused', async () => {
  const made = await house.credential({ role: 'editor' });
  assert.equal((await say({ bearer: made.bearer })).status, 200);
  await house.call('POST', `/v1/platform/credentials/${made.id}/revoke-credential`, {});
  assert.equal((await say({ bearer: made.bearer })).status, 401);
});

test('another site, and a foreign host, are refused', async () => {
  assert.equal((await say({ bearer: null, headers: { origin: 'https://evil.example' } })).status, 403);
  const { port } = new URL(house.platform.doors['echo.http']?.url ?? '');
  const status = await new Promise<number>((resolve, reject) => {
    const call = request(
      { host: '127.0.0.1', port, path: '/v1/echo/channels/a/hear', headers: { host: 'rebound.example' } },
      (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      },
    );
    call.on('error', reject);
    call.end();
  });
  assert.equal(status, 403);
});
