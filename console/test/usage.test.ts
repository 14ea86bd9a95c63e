import assert from 'node:assert/strict';
import { test } from 'node:test';
import { elsewhere, openFlow, options } from './fixture/flow.ts';
import { type Scheme, seen, signIn, type Visit, visit } from './fixture/visit.ts';

const flow = openFlow({ services: [] });
const at = (path = '') => `${flow.house.url}/o/default/default/live/platform/usage${path}`;

for (const scheme of ['light', 'dark'] as const) {
  test(`a person reads usage by a dimension, sets a budget and hears of it, in ${scheme}`, options, async () => {
    const me = await visit(flow.browser, scheme);
    await signIn(me, flow.house);
    await takeIn(scheme);
    await byDimension(me);
    await budget(me, scheme);
    await quotas(me);
    await me.close();
  });
}

/** Usage that another client counts. */
async function takeIn(scheme: Scheme): Promise<void> {
  const events = ['rye', 'wheat'].map((grain, index) => ({
    specversion: '1.0',
    id: `${scheme}-${grain}`,
    source: 'bakery',
    type: 'usage',
    data: { meter: 'loaves', value: 40 + index, dimensions: { grain } },
  }));
  assert.equal((await elsewhere(flow, 'POST', '/platform/usage/-/ingest-usage', { events })).status, 200);
}

async function byDimension(me: Visit): Promise<void> {
  const { page } = me;
  const ready = page.getByRole('heading', { name: 'Loaves · rye' });
  await page.goto(at());
  await page.getByRole('textbox', { name: /^By dimension/ }).fill('grain');
  await ready.waitFor();
  await page.getByRole('heading', { name: 'Loaves · wheat' }).waitFor();
  await seen(me, 'a0-usage-dimension');
}

async function budget(me: Visit, scheme: Scheme): Promise<void> {
  const { page } = me;
  const title = `taken in ${scheme}`;
  await page.getByRole('link', { name: 'Budgets' }).click();
  await page.getByRole('button', { name: 'Set a budget' }).click();
  const dialog = page.getByRole('dialog', { name: 'Set a budget' });
  await dialog.getByRole('combobox', { name: 'Meter' }).fill('Events');
  await page.getByRole('option', { name: 'Events' }).first().click();
  await dialog.getByRole('textbox', { name: 'Title' }).fill(title);
  await dialog.getByRole('textbox', { name: 'Amount' }).fill('1');
  await seen(me, 'a1-budget');
  await dialog.getByRole('button', { name: 'Set it' }).click();
  await page.getByRole('row', { name: new RegExp(`${title}.*[1-9]00 %`) }).waitFor();
  await seen(me, 'a2-budgets');
  await page.getByRole('button', { name: title, exact: true }).click();
  await page.getByRole('dialog', { name: title }).getByText('100 % reached').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: `Change ${title}` }).click();
  const change = page.getByRole('dialog', { name: 'Change a budget' });
  await change.getByRole('textbox', { name: 'Amount' }).fill('1000');
  await change.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('row', { name: new RegExp(`${title}.*0\\.[24] %`) }).waitFor();
  await page.getByRole('button', { name: `Delete ${title}` }).click();
  const danger = page.getByRole('dialog', { name: 'Delete a budget' });
  await danger.getByRole('textbox').fill(title);
  await danger.getByRole('button', { name: 'Delete' }).click();
  await page.getByText('No budgets yet').waitFor();
}

async function quotas(me: Visit): Promise<void> {
  const { page } = me;
  await page.getByRole('link', { name: 'Quotas' }).click();
  await page.getByRole('row', { name: /Ingest.*a second/ }).waitFor();
  await seen(me, 'a3-quotas');
}
