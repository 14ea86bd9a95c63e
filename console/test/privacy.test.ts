import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { elsewhere, openFlow, options } from './fixture/flow.ts';
import { seen, signIn, type Visit, visit } from './fixture/visit.ts';

const flow = openFlow({ services: [] });

for (const scheme of ['light', 'dark'] as const) {
  test(`what is kept of a program is taken out, then erased, and the log still verifies, in ${scheme}`, options, async () => {
    const me = await visit(flow.browser, scheme);
    await signIn(me, flow.house);
    const made = await elsewhere(flow, 'POST', '/platform/credentials', { title: `till ${scheme}`, role: 'admin' });
    const { id, bearer } = (await made.json()) as { id: string; bearer: string };
    const headers = { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ name: `by-${scheme}` });
    assert.equal((await fetch(`${flow.house.admin}/v1/platform/projects`, { method: 'POST', headers, body })).status, 201);
    await takeOut(me, `till ${scheme}, admin`, `service-${id}`);
    await erase(me, `service-${id}`, `by-${scheme}`);
    await me.close();
  });
}

async function takeOut(me: Visit, title: string, principal: string): Promise<void> {
  const { page } = me;
  await page.goto(`${flow.house.url}/o/default/default/live/platform/privacy`);
  await page.getByRole('combobox', { name: 'Person or program' }).fill(title);
  // The choices that fit lie above the page until they are closed.
  await page.keyboard.press('Escape');
  type Kept = { principal: string; audit: { event: { api: { operation: string } } }[]; credentials: unknown[] };
  // A record is in the log once recorder has stored it.
  for (let kept: Kept | undefined; !kept || kept.audit.length === 0; ) {
    const arrives = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Take out what is kept' }).click();
    kept = JSON.parse(await readFile(await (await arrives).path(), 'utf8')) as Kept;
    assert.equal(kept.principal, principal);
    assert.equal(kept.credentials.length, 1);
  }
  await page.getByText(/audit records looked at, [1-9]\d* of them/).waitFor();
  await seen(me, 'b0-privacy');
}

async function erase(me: Visit, principal: string, project: string): Promise<void> {
  const { page } = me;
  await page.getByRole('button', { name: 'Erase…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Erase a person' });
  await dialog.getByRole('textbox').fill(principal);
  await seen(me, 'b1-erase');
  await dialog.getByRole('button', { name: 'Erase for ever' }).click();
  await page.getByRole('heading', { name: 'Erased' }).waitFor();
  await seen(me, 'b2-erased');
  await page.getByRole('link', { name: 'See that the log still verifies' }).click();
  await page.getByText('The checkpoint is signed by the key of this log').waitFor();
  const log = (await (await elsewhere(flow, 'GET', '/platform/audit?operation=CreateProject&limit=10')).json()) as {
    items: { name: string; principal: string; erased?: boolean; sequence: number }[];
  };
  const record = log.items.find((each) => each.erased);
  assert.ok(record, `the record of ${project} lost who made it`);
  assert.ok(log.items.every((each) => each.principal !== principal));
  await page.goto(`${flow.house.url}/o/default/default/live/platform/audit/${record.sequence}`);
  await page.getByText('The path leads to the root of the checkpoint').waitFor();
}
