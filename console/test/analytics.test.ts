import assert from 'node:assert/strict';
import { elsewhere, openFlow } from './fixture/flow.ts';
import { inBothSchemes, type Look } from './fixture/scheme.ts';
import { seen } from './fixture/visit.ts';

const flow = openFlow({ services: ['log', 'analytics'] });

async function make(path: string, json: unknown): Promise<void> {
  const reply = await elsewhere(flow, 'POST', path, json);
  assert.ok(reply.ok, `${path}: ${await reply.text()}`);
}

const order = (city: string, n: number) =>
  make('/log/topics/orders/produce', { records: [{ value: JSON.stringify({ city, n, at: '2026-11-26T10:00:00Z' }) }] });

/** Orders, a view of them, a dashboard and a rule that holds. */
async function fill(): Promise<void> {
  const columns = [
    { name: 'city', type: 'text' },
    { name: 'n', type: 'int8' },
    { name: 'at', type: 'timestamptz' },
  ];
  await make('/analytics/sources', { name: 'orders', topic: 'orders', columns });
  const text = 'create materialized view sales as select city, sum(n) as n, count(*) as orders from orders where n > 0 group by city';
  await make('/analytics/views', { name: 'sales', text });
  const panels = [
    { title: 'Sold', query: 'select sum(n) as n from sales', show: 'number' },
    { title: 'By city', query: 'select city, n from sales order by n desc', show: 'bars' },
    { title: 'Cities', query: 'select * from sales order by city', show: 'table', wide: true },
  ];
  await make('/analytics/dashboards', { name: 'shop', spec: { title: 'Shop', panels } });
  const rule = { view: 'sales', when: 'n > 40', by: ['city'], value: 'n', severity: 'critical', summary: 'A city sells a lot.' };
  await make('/analytics/alert-rules', { name: 'busy', spec: rule });
  await order('Oslo', 50);
  await order('Bergen', 20);
}

inBothSchemes('a statement is answered and its answer goes on, a view shows what its operators do, a dashboard changes, an alert fires', {
  flow,
  fill,
  look,
});

async function look({ me, root, scheme }: Look): Promise<void> {
  const { page } = me;
  const city = `Made ${scheme}`;
  await page.goto(`${root}/analytics`);
  await page.getByText('all records fit').waitFor();
  await page.getByText('firing', { exact: true }).first().waitFor();
  await seen(me, '55-analytics');

  await page.goto(`${root}/analytics/-/sql`);
  const statement = page.getByRole('textbox', { name: 'Statement' });
  await statement.fill('select city, n from sales order by n desc');
  await statement.press('Control+Enter');
  const answer = page.getByRole('region', { name: 'Answer' });
  await answer.getByRole('cell', { name: 'Oslo' }).waitFor();
  await page.getByText('live · heard').waitFor();
  // Nobody presses a button for it.
  await order(city, 7);
  await answer.getByRole('row').filter({ hasText: city }).getByRole('cell', { name: '7', exact: true }).waitFor();
  await seen(me, '56-analytics-sql');
  await statement.fill('explain (code) select city from sales where n > 10');
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page
    .getByText(/-- \d+ map: pipeline/)
    .first()
    .waitFor();
  await statement.fill('select town from sales');
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page.getByText('column "town" does not exist').first().waitFor();

  await page.goto(`${root}/analytics/views/sales`);
  const rows = page.getByRole('region', { name: 'Rows of sales' });
  await rows.getByRole('cell', { name: 'Oslo' }).waitFor();
  await order(city, 2);
  await rows.getByRole('row').filter({ hasText: city }).getByRole('cell', { name: '9', exact: true }).waitFor();
  await page.getByRole('region', { name: 'Plan' }).locator('text.plan-head', { hasText: 'Scan orders' }).waitFor();
  await page.getByRole('region', { name: 'Operators' }).getByText('Scan orders').first().waitFor();
  await page.getByRole('group', { name: 'Generated code' }).waitFor();
  await page.getByText('nothing waits').waitFor();
  await seen(me, '57-analytics-view');

  await page.goto(`${root}/analytics/dashboards/shop`);
  const bars = page.getByRole('list', { name: 'By city' });
  await bars.getByText('Oslo').waitFor();
  await order(city, 100);
  await bars.getByRole('listitem').filter({ hasText: city }).getByText('109', { exact: true }).waitFor();
  await seen(me, '58-analytics-dashboard');

  await page.goto(`${root}/analytics/alerts`);
  const alerts = page.getByRole('region', { name: 'Alerts' });
  await alerts.getByRole('row').filter({ hasText: 'city=Oslo' }).getByText('firing', { exact: true }).waitFor();
  await seen(me, '59-analytics-alerts');
}
