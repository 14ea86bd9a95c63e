import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { type House, openHouse } from '#kernel/session/test/fixture/house.ts';
import { advance, type AlertState, isSilenced } from '#kernel/alert/state.ts';
import { judged } from '../domain/alert.ts';
import { badCalls, budgetOf } from '../domain/budget.ts';

test('a condition is pending for its time, then fires once, stands, and is resolved when it ends', () => {
  const rule = { name: 'r', condition: 'above', threshold: 5, forMs: 100 } as const;
  let alerts: AlertState[] = [];
  const walk = (now: number, ...values: (number | undefined)[]) => {
    alerts = advance(
      rule,
      alerts,
      judged(
        rule,
        values.map((value, at) => ({ labels: { at: String(at) }, value })),
      ),
      now,
    );
    return alerts.map(({ state }) => state);
  };
  assert.deepEqual(walk(0, 6, 1), ['pending']);
  assert.deepEqual(walk(50, 5, 9), ['pending']);
  assert.equal(alerts[0]?.labels.at, '1');
  assert.deepEqual(walk(150, 9, 9), ['pending', 'firing']);
  assert.deepEqual(walk(300, 9, 9), ['firing', 'firing']);
  assert.equal(alerts[1]?.firedAt, 150);
  assert.deepEqual(walk(400, 1), ['resolved', 'resolved']);
  assert.deepEqual(walk(500, 9), ['pending', 'resolved']);
});

test('a silence holds for its rule, labels and time', () => {
  const alert = { rule: 'r', labels: { shop: 'a' } };
  const silence = { rule: 'r', where: { shop: 'a' }, from: 10, until: 20 };
  assert.equal(isSilenced(alert, [silence], 10), true);
  assert.equal(isSilenced(alert, [silence], 20), false);
  assert.equal(isSilenced({ ...alert, labels: { shop: 'b' } }, [silence], 15), false);
  assert.equal(isSilenced(alert, [{ ...silence, rule: 'other' }], 15), false);
});

test('an error budget counts failures and slow calls, and burns by the hour', () => {
  assert.equal(badCalls(1, [90, 8, 2], [0.1, 1], undefined), 1);
  assert.equal(badCalls(1, [90, 8, 2], [0.1, 1], 100), 10);
  assert.equal(badCalls(1, [90, 8, 2], [0.1, 1], 550), 6);
  const now = 10 * 3_600_000;
  const budget = budgetOf(
    0.99,
    [
      { at: 0, total: 900, bad: 0 },
      { at: now - 1000, total: 100, bad: 5 },
    ],
    now,
  );
  assert.deepEqual([budget.total, budget.bad, budget.attained], [1000, 5, 0.995]);
  assert.ok(Math.abs(budget.budgetLeft - 0.5) < 1e-9 && Math.abs(budget.burnHour - 5) < 1e-9);
});

let house: House;
let bearer: string;
const told: { path: string; body: Record<string, unknown>[] | Record<string, unknown> }[] = [];
const receiver = createServer((request, response) => {
  let text = '';
  request.on('data', (chunk) => (text += chunk));
  request.on('end', () => {
    told.push({ path: request.url ?? '', body: JSON.parse(text) });
    response.end();
  });
});
let at = '';

before(async () => {
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  at = `127.0.0.1:${(receiver.address() as { port: number }).port}`;
  house = await openHouse({ services: ['telemetry'], settings: { outbound: [at] } });
  ({ bearer } = await house.credential({ role: 'admin' }));
});
after(async () => {
  await house.stop();
  receiver.close();
  receiver.closeAllConnections();
});

const call = (method: string, path: string, body?: unknown) =>
  house.call(method, `/v1/telemetry/${path}`, body, { door: 'telemetry.rest', bearer });

async function send(value: number): Promise<void> {
  const point = { timeUnixNano: String(BigInt(Date.now()) * 1_000_000n), asDouble: value };
  const body = { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'queue', gauge: { dataPoints: [point] } }] }] }] };
  const url = `${house.platform.doors['telemetry.otlp']?.url}/v1/metrics`;
  const headers = { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' };
  assert.equal((await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).status, 200);
}

async function eventually<T>(look: () => Promise<T | undefined | false>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

test('a rule over a metric tells Alertmanager and a webhook once that it fires, and once that it is resolved', async () => {
  assert.equal((await call('POST', 'receivers', { name: 'manager', spec: { kind: 'alertmanager', url: `http://${at}/` } })).status, 201);
  assert.equal((await call('POST', 'receivers', { name: 'hook', spec: { kind: 'webhook', url: `http://${at}/hook` } })).status, 201);
  const spec = {
    metric: 'queue',
    fold: 'last',
    condition: 'above',
    threshold: 10,
    windowMs: 86_400_000,
    severity: 'critical',
    summary: 'The queue is long.',
    receivers: ['manager', 'hook'],
  };
  await send(50);
  const made = await call('POST', 'alert-rules', { name: 'long', spec });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const alerts = await eventually(
    async () => told.some(({ path }) => path === '/hook') && told.filter(({ path }) => path === '/api/v2/alerts'),
  );
  const [fired] = alerts[0]?.body as Record<string, Record<string, string>>[];
  assert.equal(fired?.labels?.alertname, 'long');
  assert.equal(fired?.labels?.severity, 'critical');
  assert.equal(fired?.annotations?.summary, 'The queue is long.');
  const { items = [] } = (await call('GET', 'alerts')).body;
  assert.deepEqual(
    items.map(({ rule, state, value, silenced }) => [rule, state, value, silenced]),
    [['long', 'firing', 50, false]],
  );
  await send(1);
  const resolved = await eventually(async () => {
    const last = told.filter(({ path }) => path === '/hook').at(-1)?.body as { status: string };
    return last.status === 'resolved' && last;
  });
  assert.ok(resolved);
  const hooks = told.filter(({ path }) => path === '/hook').map(({ body }) => (body as { status: string }).status);
  assert.deepEqual(hooks, ['firing', 'resolved']);
  const events = await eventually(async () => {
    const { items: all = [] } = (await house.call('GET', '/v1/platform/events?limit=100', undefined, { bearer })).body;
    const types = all.map(({ type }) => type);
    return types.includes('telemetry.AlertResolved') && types;
  });
  assert.ok(events.includes('telemetry.AlertFired'));
});

test('a rule that watches nothing, or has no threshold, is refused when it is written', async () => {
  const refused = async (spec: unknown) => (await call('POST', 'alert-rules', { name: 'bad', spec })).status;
  assert.equal(await refused({ condition: 'above', threshold: 1 }), 400);
  assert.equal(await refused({ metric: 'a', service: 'b', condition: 'above', threshold: 1 }), 400);
  assert.equal(await refused({ metric: 'a', condition: 'below' }), 400);
  assert.equal(await refused({ metric: 'a', condition: 'below', threshold: 1, where: ['none'] }), 400);
});

test('an objective has a budget that the calls of its operation spend', async () => {
  const spec = { service: 'telemetry', operation: 'ListRetentions', target: 0.99 };
  assert.equal((await call('POST', 'objectives', { name: 'retention', spec })).status, 201);
  for (let calls = 0; calls < 5; calls += 1) await call('GET', 'retentions');
  const budget = await eventually(async () => {
    const { status, body } = await call('GET', 'objectives/retention/get-budget');
    assert.equal(status, 200, JSON.stringify(body));
    return Number(body.total) >= 5 && body;
  });
  assert.deepEqual([budget.total, budget.bad, budget.budgetLeft], [5, 0, 1]);
});

test('a watch that asks for what is not kept is refused before its stream begins', async () => {
  const watch = (from: string) => house.call('GET', `/v1/telemetry/silences/-/watch?from=${from}`, undefined, { door: 'telemetry.rest' });
  for (const [from, status, code] of [
    ['0'.repeat(40), 400, 'BadInput'],
    ['9'.repeat(18), 410, 'Gone'],
  ] as const) {
    const answer = await watch(from);
    assert.deepEqual([answer.status, answer.body.code], [status, code]);
  }
});
