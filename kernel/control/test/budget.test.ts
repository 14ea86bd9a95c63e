import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { type House, openHouse } from '../../session/test/fixture/house.ts';
import { member, Visitor } from './fixtures/visitor.ts';

const heard: { type: string; id: string; data: Record<string, unknown> }[] = [];
const receiver = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    heard.push(JSON.parse(Buffer.concat(chunks).toString()));
    response.writeHead(204).end();
  });
});
let house: House;
let hook = '';
before(async () => {
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const { port } = receiver.address() as AddressInfo;
  house = await openHouse({ settings: { outbound: [`127.0.0.1:${port}`] } });
  hook = `http://127.0.0.1:${port}/`;
});
after(async () => {
  await house.stop();
  receiver.close();
  receiver.closeAllConnections();
});

const budgets = '/v1/platform/budgets';
let count = 0;

async function until<T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (;;) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Usage events of today, as many as there are dimensions. */
async function use(meter: string, value: number, ...dimensions: (Record<string, string> | undefined)[]): Promise<void> {
  const events = dimensions.map((each) => {
    count += 1;
    const data = { meter, value, ...(each ? { dimensions: each } : {}) };
    return { specversion: '1.0', id: `e${count}`, source: '/test', type: 'used', data };
  });
  const taken = await house.call('POST', '/v1/platform/usage/-/ingest-usage', { events });
  assert.equal(taken.status, 200, JSON.stringify(taken.body));
}

async function usage(query: string) {
  const { body } = await house.call('GET', `/v1/platform/usage?service=ingest&window=day&${query}`);
  return (body.items as { value: string; dimension?: string }[]).map(({ value, dimension }) => [dimension, value]);
}

test('usage is told by meter, dimension and window, and pages of it hold every row once', async () => {
  await use('gigabytes', 5, { region: 'eu', tier: 'hot' }, { tier: 'hot', region: 'eu' }, { region: 'us' }, undefined);
  await until(async () => ((await usage('meter=gigabytes'))[0]?.[1] === '20' ? true : undefined));
  const byRegion = [
    ['', '5'],
    ['eu', '10'],
    ['us', '5'],
  ];
  assert.deepEqual(await usage('meter=gigabytes&dimension=region'), byRegion);
  assert.deepEqual(await usage('meter=gigabytes&dimension=tier&value=hot'), [['hot', '10']]);
  assert.deepEqual(await usage('meter=gigabytes&environment=test'), []);
  const paged: unknown[] = [];
  for (let after = ''; ; ) {
    const query = `/v1/platform/usage?service=ingest&window=day&meter=gigabytes&dimension=region&limit=1${after}`;
    const { body } = await house.call('GET', query);
    paged.push(...(body.items as { value: string; dimension: string }[]).map(({ value, dimension }) => [dimension, value]));
    if (body.next === undefined) break;
    after = `&after=${String(body.next)}`;
  }
  assert.deepEqual(paged, byRegion);
  const garbage = await house.call('GET', '/v1/platform/usage?after=bm9uc2Vuc2U');
  assert.deepEqual([garbage.status, garbage.body.path], [400, '/after']);
});

test('a budget tells each threshold once: as a row, an event at a webhook, and a mail to its owners', async () => {
  const owner = await member(house, 'money@example.org', 'owner');
  const made = await house.call('POST', '/v1/platform/webhooks', { url: hook, types: ['platform.BudgetReached'] });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const { status, body } = await house.call('POST', budgets, {
    title: 'Calls',
    service: 'ingest',
    meter: 'calls',
    amount: 100,
    thresholds: [100, 50],
  });
  assert.equal(status, 201, JSON.stringify(body));
  await use('calls', 30, undefined, undefined);
  const alerts = async () => {
    const { body: answer } = await house.call('GET', `${budgets}/${String(body.uid)}/list-budget-alerts`);
    return answer.items as { percent: number; used: string; told: boolean; mailed: boolean }[];
  };
  await until(async () => ((await alerts())[0]?.mailed ? true : undefined));
  await use('calls', 30, undefined, undefined);
  await until(async () => ((await alerts())[0]?.percent === 100 && (await alerts())[0]?.mailed ? true : undefined));
  assert.deepEqual(
    (await alerts()).map(({ percent, used, told }) => [percent, used, told]),
    [
      [100, '120', true],
      [50, '60', true],
    ],
  );
  await until(() => (heard.length >= 2 ? true : undefined));
  assert.deepEqual(
    heard.map(({ type, data }) => [type, data.percent, data.used]),
    [
      ['platform.BudgetReached', 50, '60'],
      ['platform.BudgetReached', 100, '120'],
    ],
  );
  assert.match(await Visitor.mailTo(house, 'money@example.org'), /"Calls" reached 100 %/);
  assert.ok(owner);
  const stands = await house.call('GET', `${budgets}/${String(body.uid)}`);
  assert.deepEqual((stands.body.status as Record<string, unknown>).percent, 120);
});

test("the kernel's own meters are split by the operation that was called and the resource it was called on", async () => {
  for (const channel of ['split-a', 'split-a', 'split-b'])
    assert.equal((await house.call('POST', `/v1/echo/channels/${channel}/say`, { text: 'x' }, { door: 'echo.http' })).status, 200);
  const said = async (dimension: string) => {
    const { body } = await house.call('GET', `/v1/platform/usage?service=echo&meter=said&window=day&dimension=${dimension}`);
    return new Map((body.items as { value: string; dimension: string }[]).map((row) => [row.dimension, row.value]));
  };
  await until(async () => ((await said('resource')).get('split-b') === '1' ? true : undefined));
  assert.equal((await said('resource')).get('split-a'), '2');
  assert.deepEqual([...(await said('operation')).keys()], ['Say']);
});

test('a budget of a meter that nobody has, or of a dimension without its value, is refused; others do not see it', async () => {
  const unknown = await house.call('POST', budgets, { service: 'echo', meter: 'sung', amount: 1 });
  assert.deepEqual([unknown.status, unknown.body.path], [400, '/meter']);
  const half = await house.call('POST', budgets, { service: 'echo', meter: 'said', amount: 1, dimension: 'region' });
  assert.deepEqual([half.status, half.body.path], [400, '/value']);
  const made = await house.call('POST', budgets, { service: 'echo', meter: 'said', amount: 10, notify: [] });
  const path = `${budgets}/${String(made.body.uid)}`;
  const reader = await house.credential({ role: 'reader' });
  assert.equal((await house.call('GET', path, undefined, { bearer: reader.bearer })).status, 200);
  assert.equal((await house.call('DELETE', path, undefined, { bearer: reader.bearer })).status, 403);
  const changed = await house.call('PATCH', path, { amount: 20, title: 'More' });
  assert.deepEqual([changed.status, (changed.body.spec as Record<string, unknown>).amount], [200, 20]);
  assert.equal((await house.call('DELETE', path)).status, 200);
  assert.equal((await house.call('GET', path)).status, 404);
});

test('an operator gives an environment its own rate; its owner sees it and cannot', async () => {
  const owner = await house.credential({ role: 'owner' });
  const path = '/v1/platform/quotas/echo.slow';
  const quota = async () => {
    const { body } = await house.call('GET', '/v1/platform/quotas?service=echo');
    return (body.items as { quota: string; limit: number; isOwn: boolean }[]).find((item) => item.quota === 'slow');
  };
  const usual = await quota();
  assert.equal(usual?.isOwn, false);
  assert.equal((await house.call('POST', `${path}/set-quota`, { perSecond: 500 }, { bearer: owner.bearer })).status, 403);
  assert.equal((await house.call('POST', `${path}/set-quota`, { perSecond: 500 })).status, 200);
  assert.deepEqual([(await quota())?.limit, (await quota())?.isOwn], [500, true]);
  assert.equal((await house.call('POST', `${path}/reset-quota`)).status, 200);
  assert.equal((await quota())?.limit, usual?.limit);
  assert.equal((await house.call('POST', '/v1/platform/quotas/echo.none/set-quota', { perSecond: 5 })).status, 404);
});
