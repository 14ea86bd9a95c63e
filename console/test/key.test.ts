import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { elsewhere, openFlow, options } from './fixture/flow.ts';
import { seen, signIn, type Visit, visit } from './fixture/visit.ts';

const flow = openFlow({ services: [] });
const keys = () => `${flow.house.url}/o/default/default/live/platform/keys`;

for (const scheme of ['light', 'dark'] as const) {
  test(`a person makes a key, rotates it, takes it out of use and destroys it, in ${scheme}`, options, async () => {
    const me = await visit(flow.browser, scheme);
    const name = `photos-${scheme}`;
    await signIn(me, flow.house);
    await me.page.goto(keys());
    await me.page.getByRole('row', { name: /ring of the organization/ }).waitFor();
    await create(me, name);
    await stop(me, name);
    await destroy(me, name);
    await importOne(me, `brought-${scheme}`);
    await seen(me, '53-keys');
    await me.close();
  });
}

async function step({ page }: Visit, name: string, text: string): Promise<void> {
  await page.getByRole('button', { name: `Steps of ${name}` }).click();
  await page.getByRole('menuitem', { name: text }).click();
}

async function create(me: Visit, name: string): Promise<void> {
  const { page } = me;
  await page.getByRole('button', { name: 'Create a key' }).click();
  const dialog = page.getByRole('dialog', { name: 'Create key' });
  await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill(name);
  await dialog.getByRole('textbox', { name: 'Title' }).fill('Photographs of customers');
  await dialog.getByRole('button', { name: 'Create key' }).click();
  await page.getByRole('row', { name: new RegExp(name) }).waitFor();
  await step(me, name, 'Rotate…');
  await page.getByRole('dialog', { name: 'Rotate a key' }).getByRole('button', { name: 'Rotate' }).click();
  await page.getByRole('row', { name: new RegExp(`${name}.*version 2`) }).waitFor();
}

async function stop(me: Visit, name: string): Promise<void> {
  const { page } = me;
  await page.getByRole('link', { name }).click();
  await page.waitForURL(`**/platform/keys/${name}`);
  await page.getByText(/^arn:gamut:keys:/).waitFor();
  await step(me, name, 'Disable…');
  const dialog = page.getByRole('dialog', { name: 'Disable a key' });
  await dialog.getByRole('textbox').fill(name);
  await seen(me, '50-key-disable');
  await dialog.getByRole('button', { name: 'Disable' }).click();
  await page.getByText('Nothing under it can be read or written until it is enabled again.').waitFor();
  await page.getByRole('button', { name: 'DisableKey' }).first().waitFor();
  await seen(me, '51-key');
  assert.equal((await stateOf(name)).state, 'disabled');
  await step(me, name, 'Enable…');
  await page.getByRole('dialog', { name: 'Enable a key' }).getByRole('button', { name: 'Enable' }).click();
  await page.getByText('What lies under it can be read').waitFor();
}

async function destroy(me: Visit, name: string): Promise<void> {
  const { page } = me;
  await step(me, name, 'Destroy…');
  const dialog = page.getByRole('dialog', { name: 'Destroy a key' });
  await dialog.getByRole('textbox', { name: /^Type/ }).fill(name);
  await seen(me, '52-key-destroy');
  await dialog.getByRole('button', { name: 'Schedule the destruction' }).click();
  await page.getByText('After that, never again', { exact: false }).waitFor();
  assert.equal((await stateOf(name)).state, 'pending');
  await step(me, name, 'Keep it…');
  await page.getByRole('dialog', { name: 'Keep a key' }).getByRole('button', { name: 'Keep it' }).click();
  await page.getByText('Nothing is lost').waitFor();
  await step(me, name, 'Destroy…');
  await dialog.getByRole('combobox', { name: 'Destroy it' }).click();
  await page.getByRole('option', { name: 'now, without return' }).click();
  await dialog.getByRole('textbox', { name: /^Type/ }).fill(name);
  await dialog.getByRole('button', { name: 'Destroy now' }).click();
  await page.getByText('What lay under it is unreadable for ever.').waitFor();
  assert.equal(await page.getByRole('button', { name: `Steps of ${name}` }).count(), 0, 'nothing can be done to it any more');
}

async function importOne(me: Visit, name: string): Promise<void> {
  const { page } = me;
  await page.getByRole('link', { name: 'All keys' }).click();
  await page.getByRole('button', { name: 'Import a key' }).click();
  const dialog = page.getByRole('dialog', { name: 'Import key' });
  await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill(name);
  await dialog.getByLabel('Material', { exact: false }).fill('too short');
  await dialog.getByText('Give 32 bytes in base64').waitFor();
  await dialog.getByLabel('Material', { exact: false }).fill(randomBytes(32).toString('base64'));
  await dialog.getByRole('button', { name: 'Import key' }).click();
  await page.getByRole('row', { name: new RegExp(`${name}.*imported`) }).waitFor();
}

async function stateOf(name: string): Promise<{ state: string }> {
  const { spec } = (await (await elsewhere(flow, 'GET', `/platform/keys/${name}`)).json()) as { spec: { state: string } };
  return spec;
}
