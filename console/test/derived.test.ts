import assert from 'node:assert/strict';
import { test } from 'node:test';
import { elsewhere, openFlow, options } from './fixture/flow.ts';
import { seen, signIn, type Visit, visit } from './fixture/visit.ts';

const flow = openFlow();

const plants = () => `${flow.house.url}/o/default/default/live/garden/plants`;

const plant = (method: string, path: string, json?: unknown) => elsewhere(flow, method, `/garden/plants${path}`, json);

async function create(me: Visit, name: string): Promise<void> {
  const { page } = me;
  await page.goto(plants());
  await page.getByRole('button', { name: 'Create plant' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'Create plant' });
  await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill(name);
  await dialog.getByRole('button', { name: 'Create plant' }).click();
  await dialog.getByText('This is needed.').first().waitFor();
  await dialog.getByRole('textbox', { name: 'Species' }).fill('S');
  await dialog.getByText('This must have at least 2 characters.').waitFor();
  await seen(me, '40-create-plant');
  await dialog.getByRole('textbox', { name: 'Species' }).fill('Salvia rosmarinus');
  await dialog.getByText('sun', { exact: true }).click();
  await dialog.getByRole('textbox', { name: 'Water every' }).fill('86400000');
  await dialog.getByText('Pot', { exact: true }).click();
  await dialog.getByRole('combobox', { name: 'Material' }).click();
  await page.getByRole('option', { name: 'clay' }).click();
  await dialog.getByRole('button', { name: 'Create plant' }).click();
  await page.waitForURL(`**/garden/plants/${name}`);
  await page.getByText('Salvia rosmarinus').waitFor();
  await seen(me, `41-plant`);
}

async function edit(me: Visit, name: string): Promise<void> {
  const { page } = me;
  await page.getByRole('link', { name: 'Edit' }).click();
  await page.getByRole('textbox', { name: 'Species' }).fill('Rosmarinus officinalis');
  await seen(me, '42-edit-plant');
  // Somebody else is quicker: the version that this form was opened with is gone.
  const other = await plant('PATCH', `/${name}`, { spec: { species: 'Taken by another', light: 'half' } });
  assert.equal(other.status, 200);
  await page.getByRole('button', { name: 'Save' }).click();
  await page
    .getByRole('alert')
    .getByText(/PreconditionFailed|Conflict/)
    .waitFor();
  await page.goto(`${plants()}/${name}/edit`);
  await page.getByRole('textbox', { name: 'Species' }).fill('Rosmarinus officinalis');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.waitForURL(`**/garden/plants/${name}`);
  await page.getByText('Rosmarinus officinalis').waitFor();
}

async function remove(me: Visit, name: string): Promise<void> {
  const { page } = me;
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Delete plant' });
  await dialog.getByRole('textbox').fill(name);
  await dialog.getByRole('button', { name: 'Delete plant' }).click();
  await page.waitForURL('**/garden/plants');
  await page.getByRole('link', { name }).waitFor({ state: 'detached' });
  assert.equal((await plant('GET', `/${name}`)).status, 404);
}

for (const scheme of ['light', 'dark'] as const) {
  test(`a service without pages of its own has a list, a form, a detail and an editor, in ${scheme}`, options, async () => {
    const me = await visit(flow.browser, scheme);
    await signIn(me, flow.house);
    await me.page.goto(`${flow.house.url}/o/default/default/live/garden`);
    await me.page.getByRole('heading', { level: 1, name: 'Garden' }).waitFor();
    await seen(me, '39-garden');
    await create(me, `rosemary-${scheme}`);
    await edit(me, `rosemary-${scheme}`);
    await remove(me, `rosemary-${scheme}`);
    await me.close();
  });
}

test('a list follows what others do, by its watch', options, async () => {
  const me = await visit(flow.browser, 'light');
  const { page } = me;
  await signIn(me, flow.house);
  await plant('POST', '', { name: 'mint', spec: { species: 'Mentha', light: 'half' } });
  await page.goto(plants());
  await page.getByRole('link', { name: 'mint' }).waitFor();
  await page.getByText(/^live · heard/).waitFor();
  await plant('POST', '', { name: 'basil', spec: { species: 'Ocimum basilicum', light: 'sun' } });
  await page.getByRole('link', { name: 'basil' }).waitFor();
  assert.deepEqual(await page.locator('tbody a').allInnerTexts(), ['basil', 'mint'], 'in order of name');
  await plant('PATCH', '/mint', { spec: { species: 'Mentha spicata', light: 'shade' } });
  await page.getByText('Mentha spicata').waitFor();
  await plant('DELETE', '/mint');
  await page.getByRole('link', { name: 'mint' }).waitFor({ state: 'detached' });
  await seen(me, '43-plants-live');
  await plant('DELETE', '/basil');
  await me.close();
});

test('a long list is paged by cursor, draws only the rows in sight, sorts, filters and deletes in bulk', options, async () => {
  const names = Array.from({ length: 450 }, (_, index) => `plant-${String(index).padStart(3, '0')}`);
  for (let at = 0; at < names.length; at += 15) {
    await Promise.all(
      names
        .slice(at, at + 15)
        .map((name, index) => plant('POST', '', { name, spec: { species: `Species ${(at + index) % 7}`, light: 'sun' } })),
    );
  }
  const me = await visit(flow.browser, 'dark');
  const { page } = me;
  await signIn(me, flow.house);
  await page.goto(plants());
  await page.getByText('200 plants loaded').waitFor();
  const frame = page.getByRole('region', { name: 'List of plants' });
  for (const text of ['400 plants loaded', '450 plants']) {
    await frame.evaluate((element) => element.scrollTo(0, element.scrollHeight));
    await page.getByText(text, { exact: true }).waitFor();
  }
  await frame.evaluate((element) => element.scrollTo(0, element.scrollHeight));
  await page.getByRole('link', { name: 'plant-449' }).waitFor();
  assert.ok((await frame.locator('tbody tr').count()) < 80, 'rows out of sight are not drawn');
  await page.getByRole('button', { name: 'Name' }).click();
  await page.getByRole('button', { name: 'Name' }).click();
  await frame.evaluate((element) => element.scrollTo(0, 0));
  await page.getByRole('link', { name: 'plant-449' }).waitFor();
  assert.match(page.url(), /sort=-name/);
  await seen(me, '44-plants-many');
  await page.getByRole('textbox', { name: 'Filter' }).fill('plant-44');
  await page.getByText('10 plants that fit “plant-44”').waitFor();
  await page.getByRole('checkbox', { name: 'Choose all rows' }).check();
  await page.getByRole('button', { name: 'Delete 10 plants' }).click();
  const dialog = page.getByRole('dialog', { name: 'Delete 10 plants' });
  await dialog.getByRole('textbox').fill('10 plants');
  await seen(me, '45-plants-delete');
  await dialog.getByRole('button', { name: 'Delete', exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByText('0 plants that fit “plant-44”').waitFor();
  assert.equal((await plant('GET', '/plant-440')).status, 404);
  await me.close();
});
