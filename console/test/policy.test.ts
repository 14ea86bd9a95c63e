import assert from 'node:assert/strict';
import { test } from 'node:test';
import { elsewhere, openFlow, options } from './fixture/flow.ts';
import { type Scheme, seen, signIn, type Visit, visit } from './fixture/visit.ts';

const flow = openFlow({ services: [] });
const at = (path = '') => `${flow.house.url}/o/default/default/live/platform/policies${path}`;

for (const scheme of ['light', 'dark'] as const) {
  test(`an owner writes a policy, sees what it would change, saves it and is told why it refuses, in ${scheme}`, options, async () => {
    const me = await visit(flow.browser, scheme);
    await signIn(me, flow.house);
    const reader = await program(scheme);
    await me.page.goto(at());
    await me.page
      .getByText('No policies yet')
      .or(me.page.getByRole('region', { name: 'Policies' }))
      .waitFor();
    await write(me, scheme, reader);
    await explained(me, scheme);
    await role(me, scheme);
    await guard(me, scheme);
    await remove(me, scheme);
    await me.close();
  });
}

/** A program that may read, and did so. */
async function program(scheme: Scheme): Promise<string> {
  const made = await elsewhere(flow, 'POST', '/platform/credentials', { title: `reader ${scheme}`, role: 'reader' });
  const { bearer, id } = (await made.json()) as { bearer: string; id: string };
  await fetch(`${flow.house.admin}/v1/platform/projects`, { headers: { authorization: `Bearer ${bearer}` } });
  return `service-${id}`;
}

async function write(me: Visit, scheme: Scheme, reader: string): Promise<void> {
  const { page } = me;
  await page.getByRole('link', { name: 'Write a policy' }).first().click();
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill(`no-projects-${scheme}`);
  const text = page.getByRole('textbox', { name: 'Text of the policy' });
  await text.fill(`forbid (\n  principal == Gamut::Principal::"${reader}",\n  action == platform::Action::"ListPlanets",\n  resource\n);`);
  await page
    .getByRole('status')
    .getByText(/ListPlanets|unrecognized|Line/i)
    .waitFor();
  assert.ok(await page.getByRole('button', { name: 'Save' }).isDisabled(), 'what is wrong is not saved');
  await seen(me, '60-policy-wrong');
  await text.fill(`forbid (\n  principal == Gamut::Principal::"${reader}",\n  action == platform::Action::"ListProjects",\n  resource\n);`);
  await page.getByText('fits the schema').waitFor();
  const changed = page.getByText(/requests? would be decided otherwise\.$/);
  // The request is in the audit log once recorder has stored it.
  for (let found = ''; !/^[1-9]\d* of/.test(found); ) {
    await page.getByRole('button', { name: 'Try it' }).click();
    await changed.waitFor();
    found = await changed.innerText();
  }
  await page.getByRole('row', { name: /ListProjects.*refused/ }).waitFor();
  await page.getByRole('combobox', { name: 'Who' }).or(page.getByLabel('Who')).first().fill(`reader ${scheme}, reader`);
  await page.getByRole('combobox', { name: 'Operation' }).fill('ListProjects');
  await page.getByRole('option', { name: 'ListProjects', exact: true }).click();
  await page.getByRole('button', { name: 'Explain' }).click();
  await page.getByText('Forbidden by this; a prohibition always wins.').waitFor();
  await seen(me, '61-policy-try');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.waitForURL(at());
  await page.getByRole('row', { name: new RegExp(`no-projects-${scheme}.*forbids`) }).waitFor();
  await seen(me, '62-policies');
}

async function explained(me: Visit, scheme: Scheme): Promise<void> {
  const { page } = me;
  await page.getByRole('link', { name: 'Explain' }).click();
  await page.getByLabel('Who').first().fill(`reader ${scheme}, reader`);
  await page.getByRole('combobox', { name: 'Operation' }).fill('ListProjects');
  await page.getByRole('option', { name: 'ListProjects', exact: true }).click();
  await page.getByRole('button', { name: 'Explain' }).click();
  await page.getByText('policy of the organization').waitFor();
  await page.getByText(`no-projects-${scheme}`, { exact: true }).waitFor();
  await seen(me, '63-explain');
  await page.getByRole('combobox', { name: 'Operation' }).fill('ListEnvironments');
  await page.getByRole('option', { name: 'ListEnvironments', exact: true }).click();
  await page.getByRole('button', { name: 'Explain' }).click();
  await page.getByText('Permitted by this, and nothing forbids it.').waitFor();
}

async function role(me: Visit, scheme: Scheme): Promise<void> {
  const { page } = me;
  const name = `counter${scheme === 'dark' ? 'Dark' : 'Light'}`;
  await page.getByRole('link', { name: 'Roles' }).click();
  await page.getByRole('button', { name: 'Make a role' }).click();
  const dialog = page.getByRole('dialog', { name: 'Make a role' });
  await dialog.getByRole('textbox', { name: 'Name' }).fill('Not a role');
  await dialog.getByRole('textbox', { name: 'Name' }).fill(name);
  await dialog.getByRole('combobox', { name: 'May do' }).fill('ListUsage');
  await page.getByRole('option', { name: 'ListUsage', exact: true }).click();
  await page.keyboard.press('Tab');
  await seen(me, '64-make-role');
  await dialog.getByRole('button', { name: 'Make the role' }).click();
  await page.getByRole('row', { name: new RegExp(`${name}.*platform.ListUsage`) }).waitFor();
  await page.goto(`${flow.house.url}/o/default/default/live/platform/credentials?`);
  await page.getByRole('button', { name: 'Create a credential' }).first().click();
  await page.getByRole('radio', { name: new RegExp(`^${name}`) }).waitFor();
  await page.keyboard.press('Escape');
}

async function guard(me: Visit, scheme: Scheme): Promise<void> {
  const { page } = me;
  await page.goto(at('/-/guard-rails'));
  await page.getByRole('button', { name: 'Forbid something' }).click();
  const dialog = page.getByRole('dialog', { name: 'Forbid something on the whole platform' });
  await dialog.getByRole('textbox', { name: 'Name' }).fill(`never-${scheme}`);
  await dialog.getByRole('button', { name: 'Let it hold' }).click();
  await page.getByRole('row', { name: new RegExp(`never-${scheme}`) }).waitFor();
  await seen(me, '65-guard-rails');
}

async function remove(me: Visit, scheme: Scheme): Promise<void> {
  const { page } = me;
  await page.goto(at(`/no-projects-${scheme}`));
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Delete a policy' });
  await dialog.getByRole('textbox').fill(`no-projects-${scheme}`);
  await dialog.getByRole('button', { name: 'Delete', exact: true }).click();
  await page.waitForURL(at());
  assert.equal((await elsewhere(flow, 'GET', `/platform/policies/no-projects-${scheme}`)).status, 404);
}
