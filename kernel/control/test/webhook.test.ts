import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { type House, openHouse } from '../../session/test/fixture/house.ts';

type Heard = { readonly headers: Record<string, string>; readonly body: string; readonly path: string };

/** What the receiver answers, by path; 204 if not said. */
const answers = new Map<string, () => number>();
const heard: Heard[] = [];
const receiver = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const path = request.url ?? '';
    heard.push({ headers: request.headers as Record<string, string>, body: Buffer.concat(chunks).toString(), path });
    const status = answers.get(path)?.() ?? 204;
    response.writeHead(status, status === 302 ? { location: '/moved' } : {}).end();
  });
});
let house: House;
let base = '';
before(async () => {
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const { port } = receiver.address() as AddressInfo;
  base = `http://127.0.0.1:${port}`;
  house = await openHouse({ settings: { outbound: [`127.0.0.1:${port}`] } });
});
after(async () => {
  await house.stop();
  receiver.close();
  receiver.closeAllConnections();
});

type Hook = { id: string; secret: string };
const hooks = '/v1/platform/webhooks';

async function hookFor(path: string, more: object = {}): Promise<Hook> {
  const made = await house.call('POST', hooks, { url: `${base}${path}`, ...more });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  return made.body as unknown as Hook;
}
const act = (hook: Hook, verb: string, input: object = {}) => house.call('POST', `${hooks}/${hook.id}/${verb}`, input);
const ping = (hook: Hook) => act(hook, 'ping-webhook');
const at = (path: string) => heard.filter((each) => each.path === path);

async function until<T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (;;) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function deliveries(hook: Hook, state?: string) {
  const query = state === undefined ? '' : `?state=${state}`;
  const { body } = await house.call('GET', `${hooks}/${hook.id}/list-deliveries${query}`);
  return body.items as { sequence: number; state: string; attempt: number; status?: number; error?: string; type: string }[];
}

test('an event reaches a webhook signed as Standard Webhooks has it, and its outcome is listed', async () => {
  const hook = await hookFor('/first', { types: ['platform.WebhookPinged'] });
  await ping(hook);
  const { headers, body } = await until(() => at('/first')[0]);
  const event = new Webhook(hook.secret).verify(body, headers) as Record<string, unknown>;
  assert.equal(event.type, 'platform.WebhookPinged');
  assert.equal(event.specversion, '1.0');
  assert.deepEqual(event.data, { webhook: hook.id });
  assert.equal(headers['webhook-id'], event.id);
  const other = await hookFor('/never', { types: ['storage.*'] });
  assert.throws(() => new Webhook(other.secret).verify(body, headers));
  assert.throws(() => new Webhook(hook.secret).verify(body.replace('Pinged', 'Forged'), headers));
  const [done] = await until(async () => ((await deliveries(hook, 'delivered')).length > 0 ? deliveries(hook) : undefined));
  assert.deepEqual([done?.state, done?.attempt, done?.status, done?.type], ['delivered', 1, 204, 'platform.WebhookPinged']);
  assert.equal(String(event.gamutsequence), String(done?.sequence));
});

test('only events of the types and the environment asked for are sent', async () => {
  const some = await hookFor('/some', { types: ['platform.Credential*'] });
  const elsewhere = await hookFor('/elsewhere', { environment: 'test' });
  const all = await hookFor('/all');
  await ping(some);
  const made = await house.credential({ role: 'reader' });
  await until(() => at('/some')[0]);
  await until(() => (at('/all').length >= 2 ? true : undefined));
  assert.deepEqual(
    at('/some').map(({ body }) => (JSON.parse(body) as { type: string; data: object }).data),
    [{ credential: made.id }],
  );
  assert.equal(at('/elsewhere').length, 0);
  for (const hook of [some, elsewhere, all]) assert.equal((await house.call('DELETE', `${hooks}/${hook.id}`)).status, 200);
});

test('a failed delivery is tried again, then put aside as dead, and sent when somebody asks', async () => {
  let works = false;
  answers.set('/flaky', () => (works ? 200 : 503));
  const hook = await hookFor('/flaky', { attempts: 2, types: ['platform.WebhookPinged'] });
  await ping(hook);
  const [waiting] = await until(async () => ((await deliveries(hook, 'waiting')).length > 0 ? deliveries(hook) : undefined));
  assert.deepEqual([waiting?.attempt, waiting?.status], [1, 503]);
  await until(async () => ((await deliveries(hook, 'dead')).length > 0 ? true : undefined));
  assert.equal(at('/flaky').length, 2);
  assert.equal(new Set(at('/flaky').map(({ headers }) => headers['webhook-id'])).size, 1, 'both are the same message');
  works = true;
  assert.equal((await act(hook, 'retry-deliveries', { sequence: waiting?.sequence })).body.due, 1);
  await until(async () => ((await deliveries(hook, 'delivered')).length > 0 ? true : undefined));
});

test('a replay sends every event after a position again, with the ids they had', async () => {
  const hook = await hookFor('/replay', { types: ['platform.WebhookPinged'] });
  for (let number = 0; number < 3; number += 1) await ping(hook);
  await until(() => (at('/replay').length >= 3 ? true : undefined));
  const [, second] = (
    await until(async () => ((await deliveries(hook, 'delivered')).length === 3 ? deliveries(hook) : undefined))
  ).toReversed();
  await act(hook, 'replay-webhook', { after: (second?.sequence ?? 0) - 1 });
  await until(() => (at('/replay').length >= 5 ? true : undefined));
  const ids = at('/replay').map(({ headers }) => headers['webhook-id']);
  assert.deepEqual(new Set(ids).size, 3);
  assert.equal((await act(hook, 'replay-webhook', {})).status, 400);
});

test('a renewed secret signs beside the old one', async () => {
  const hook = await hookFor('/renewed', { types: ['platform.WebhookPinged'] });
  const renewed = (await act(hook, 'rotate-webhook')).body as unknown as Hook;
  await ping(hook);
  const { headers, body } = await until(() => at('/renewed')[0]);
  for (const secret of [hook.secret, renewed.secret]) new Webhook(secret).verify(body, headers);
});

test('a redirect is not followed, and a receiver that is gone is told no more', async () => {
  answers.set('/moving', () => 302);
  const moving = await hookFor('/moving', { attempts: 1, types: ['platform.WebhookPinged'] });
  await ping(moving);
  const [dead] = await until(async () => ((await deliveries(moving, 'dead')).length > 0 ? deliveries(moving) : undefined));
  assert.equal(dead?.status, 302);
  assert.equal(at('/moved').length, 0);
  answers.set('/gone', () => 410);
  const gone = await hookFor('/gone', { types: ['platform.WebhookPinged'] });
  await ping(gone);
  const read = async () => (await house.call('GET', `${hooks}/${gone.id}`)).body.spec as { state: string; reason?: string };
  await until(async () => ((await read()).state === 'disabled' ? true : undefined));
  assert.match((await read()).reason ?? '', /410/);
});

test('addresses of this machine, of private networks and in odd spellings are refused when written', async () => {
  const urls = [
    'http://127.0.0.1:1/',
    `http://localhost:1@127.0.0.1/`,
    'http://2130706433/',
    'http://0x7f.1/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://169.254.169.254/latest/meta-data',
    'http://10.0.0.1/',
    'http://0/',
    'file:///etc/passwd',
    'gopher://example.org/',
  ];
  for (const url of urls) {
    const made = await house.call('POST', hooks, { url });
    assert.equal(made.status, 400, `${url}: ${made.status}`);
  }
});

test('a name that leads to this machine is refused when it is called, and the reason is listed', async () => {
  const { port } = new URL(base);
  const hook = await hookFor('/x', { url: `http://localhost:${port}/inside`, attempts: 1, types: ['platform.WebhookPinged'] });
  await ping(hook);
  const [dead] = await until(async () => ((await deliveries(hook, 'dead')).length > 0 ? deliveries(hook) : undefined));
  assert.match(dead?.error ?? '', /not public/);
  assert.equal(at('/inside').length, 0);
});
