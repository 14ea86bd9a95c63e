import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { elsewhere, openFlow, options } from './fixture/flow.ts';
import { type Scheme, seen, signIn, type Visit, visit } from './fixture/visit.ts';

const flow = openFlow({ services: ['telemetry'] });
const at = (path = '') => `${flow.house.url}/o/default/default/live${path}`;

for (const scheme of ['light', 'dark'] as const) {
  test(
    `a person finds a log record and its trace, sees a service's latency, an alert and an error budget, in ${scheme}`,
    options,
    async () => {
      const me = await visit(flow.browser, scheme);
      const trace = randomBytes(16).toString('hex');
      await sendTelemetry(trace, scheme);
      await makeRules(scheme);
      await signIn(me, flow.house);
      await logsAndTrace(me, trace, scheme);
      await metric(me);
      await dashboard(me);
      await alert(me, scheme);
      await budget(me, scheme);
      await overview(me);
      await me.close();
    },
  );
}

/** What a shop with an OpenTelemetry SDK sends. */
async function sendTelemetry(traceId: string, scheme: Scheme): Promise<void> {
  const described = (await (await elsewhere(flow, 'GET', '/contract')).json()) as { doors: Record<string, { url: string }> };
  const door = described.doors['telemetry.otlp']?.url ?? '';
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] };
  const nano = (ms: number) => `${BigInt(Date.now() + ms) * 1_000_000n}`;
  const [root, child] = [randomBytes(8).toString('hex'), randomBytes(8).toString('hex')];
  const send = async (signal: string, body: object) => {
    const headers = { authorization: `Bearer ${flow.house.bearer}`, 'content-type': 'application/json' };
    const reply = await fetch(`${door}/v1/${signal}`, { method: 'POST', headers, body: JSON.stringify(body) });
    assert.equal(reply.status, 200, await reply.text());
  };
  const records = [
    { severityNumber: 9, severityText: 'INFO', body: { stringValue: `basket opened ${scheme}` } },
    { severityNumber: 17, severityText: 'ERROR', body: { stringValue: `card refused ${scheme}` } },
  ];
  await send('logs', {
    resourceLogs: [
      { resource, scopeLogs: [{ logRecords: records.map((each) => ({ ...each, timeUnixNano: nano(-1000), traceId, spanId: child })) }] },
    ],
  });
  const span = (spanId: string, name: string, from: number, to: number, more: object = {}) => ({
    traceId,
    spanId,
    name,
    kind: 2,
    startTimeUnixNano: nano(from),
    endTimeUnixNano: nano(to),
    ...more,
  });
  const spans = [
    span(root, `POST /checkout ${scheme}`, -1200, -200),
    span(child, 'charge card', -1000, -400, { parentSpanId: root, status: { code: 2, message: 'refused' } }),
  ];
  await send('traces', { resourceSpans: [{ resource, scopeSpans: [{ spans }] }] });
  const points = [{ timeUnixNano: nano(-1000), asDouble: 3.5 }];
  await send('metrics', {
    resourceMetrics: [{ resource, scopeMetrics: [{ metrics: [{ name: 'shop.queue', unit: 's', gauge: { dataPoints: points } }] }] }],
  });
}

async function makeRules(scheme: Scheme): Promise<void> {
  const objective = { service: 'garden', target: 0.9, slowerMs: 5000, days: 7 };
  assert.equal((await elsewhere(flow, 'POST', '/telemetry/objectives', { name: `garden-${scheme}`, spec: objective })).status, 201);
  for (let asked = 0; asked < 5; asked++) await elsewhere(flow, 'GET', '/garden/plants');
}

async function logsAndTrace(me: Visit, trace: string, scheme: Scheme): Promise<void> {
  const { page } = me;
  await page.goto(at('/telemetry/logs'));
  await page.getByRole('textbox', { name: 'Part of the text' }).fill(scheme);
  await page.getByRole('button', { name: `basket opened ${scheme}` }).waitFor();
  await page.getByRole('combobox', { name: 'Severity' }).click();
  await page.getByRole('option', { name: 'Errors and up' }).click();
  await page.getByRole('button', { name: `basket opened ${scheme}` }).waitFor({ state: 'detached' });
  await seen(me, '90-logs');
  await page.getByRole('button', { name: `card refused ${scheme}` }).click();
  await page.getByRole('dialog').getByRole('link', { name: 'Its trace' }).click();
  await page.waitForURL(`**/telemetry/traces/${trace}`);
  await page.getByRole('button', { name: /charge card/ }).waitFor();
  await seen(me, '91-trace');
  await page.getByRole('link', { name: 'All traces' }).click();
  await page.getByRole('checkbox', { name: 'Failed only' }).check();
  await page.getByRole('link', { name: `POST /checkout ${scheme}` }).waitFor();
}

async function metric(me: Visit): Promise<void> {
  const { page } = me;
  await page.goto(at('/telemetry/metrics'));
  await page.getByRole('link', { name: 'shop.queue' }).click();
  await page.getByRole('img', { name: /values/ }).waitFor();
}

async function dashboard(me: Visit): Promise<void> {
  const { page } = me;
  await page.goto(at('/garden'));
  await page.getByRole('link', { name: 'Dashboard' }).click();
  await page.getByRole('button', { name: 'ListPlants' }).waitFor();
  await page.getByRole('img', { name: /^Calls/ }).waitFor();
  await seen(me, '92-dashboard');
  await page.getByRole('button', { name: 'ListPlants' }).click();
  await page.getByRole('button', { name: 'ListPlants only' }).waitFor();
}

async function alert(me: Visit, scheme: Scheme): Promise<void> {
  const { page } = me;
  await page.goto(at('/telemetry/alert-rules'));
  await page.getByRole('button', { name: 'Create alert rule' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'Create alert rule' });
  await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill(`busy-${scheme}`);
  await dialog.getByRole('combobox', { name: 'Condition' }).click();
  await page.getByRole('option', { name: 'above' }).click();
  const options = dialog.getByText('Options', { exact: true });
  if (!(await dialog.getByRole('textbox', { name: 'Service' }).isVisible())) await options.click();
  await dialog.getByRole('textbox', { name: 'Service' }).fill('garden');
  await dialog.getByRole('combobox', { name: 'Measure' }).click();
  await page.getByRole('option', { name: 'rate', exact: true }).click();
  await dialog.getByRole('textbox', { name: 'Threshold' }).fill('0');
  await dialog.getByRole('textbox', { name: 'Window' }).fill('86400000');
  await seen(me, '93-alert-rule');
  await dialog.getByRole('button', { name: 'Create alert rule' }).click();
  await page.waitForURL('**/alert-rules/*');
  await page.goto(at('/telemetry/alerts'));
  await page.getByRole('row', { name: new RegExp(`firing.*busy-${scheme}`) }).waitFor();
  await seen(me, '94-alerts');
}

async function budget(me: Visit, scheme: Scheme): Promise<void> {
  const { page } = me;
  await page.goto(at(`/telemetry/objectives/garden-${scheme}`));
  await page.getByText('within the budget').waitFor();
  await seen(me, '95-budget');
}

async function overview(me: Visit): Promise<void> {
  const { page } = me;
  await page.goto(at('/telemetry'));
  await page.getByText('firing now').waitFor();
  await page.getByRole('link', { name: /alerts? firing$/ }).waitFor();
  await seen(me, '96-telemetry');
}
