import assert from 'node:assert/strict';
import { test } from 'node:test';
import { elsewhere, openFlow, options } from './fixture/flow.ts';
import { seen, signIn, visit } from './fixture/visit.ts';

const flow = openFlow({ services: [] });

for (const scheme of ['light', 'dark'] as const) {
  test(`a program gets a name, a credential under it, and ends with both, in ${scheme}`, options, async () => {
    const me = await visit(flow.browser, scheme);
    const { page } = me;
    const name = `backup-${scheme}`;
    await signIn(me, flow.house);
    await page.goto(`${flow.house.url}/o/default/default/live/platform/credentials`);
    await page.getByRole('link', { name: 'Service accounts' }).click();
    await page.getByRole('button', { name: 'Make a service account' }).first().click();
    const dialog = page.getByRole('dialog', { name: 'Create service account' });
    await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill(name);
    await dialog.getByRole('textbox', { name: 'Role' }).fill('reader');
    await dialog.getByRole('button', { name: 'Create service account' }).click();
    await page
      .getByRole('row', { name: new RegExp(name) })
      .getByRole('button', { name: 'New credential' })
      .click();
    const made = page.getByRole('dialog', { name: /^Create a credential for/ });
    await made.getByLabel('Title').fill(`nightly ${scheme}`);
    await made.getByRole('button', { name: 'Create', exact: true }).click();
    const shown = page.getByRole('dialog', { name: 'Keep these secrets now' });
    const bearer = await shown.locator('.faces > div', { hasText: 'Bearer' }).locator('dd.mono').innerText();
    await shown.getByRole('button', { name: 'I have kept them' }).click();
    await seen(me, 'c0-service-accounts');
    const asProgram = () => fetch(`${flow.house.admin}/v1/platform/projects`, { headers: { authorization: `Bearer ${bearer}` } });
    assert.equal((await asProgram()).status, 200);
    const { items } = (await (await elsewhere(flow, 'GET', '/platform/credentials?limit=100')).json()) as {
      items: { spec: { title: string; principal: string } }[];
    };
    assert.equal(items.find(({ spec }) => spec.title === `nightly ${scheme}`)?.spec.principal, `service-${name}`);
    await page.getByRole('button', { name: `Delete ${name}` }).click();
    const danger = page.getByRole('dialog', { name: 'Delete a service account' });
    await danger.getByRole('textbox').fill(name);
    await danger.getByRole('button', { name: 'Delete' }).click();
    await page.getByText('No service accounts yet').waitFor();
    assert.equal((await asProgram()).status, 401);
    await me.close();
  });
}
