import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { elsewhere, openFlow, options } from './fixture/flow.ts';
import { seen, signIn, type Visit, visit } from './fixture/visit.ts';

const flow = openFlow({ services: [] });

for (const scheme of ['light', 'dark'] as const) {
  test(`what is known of a member is taken out, then erased, and the log still verifies, in ${scheme}`, options, async () => {
    const me = await visit(flow.browser, scheme);
    const email = `maria-${scheme}@example.org`;
    await signIn(me, flow.house);
    assert.equal((await elsewhere(flow, 'POST', '/platform/members', { email, role: 'reader' })).status, 201);
    await takeOut(me, email);
    await erase(me, email);
    await me.close();
  });
}

async function takeOut(me: Visit, email: string): Promise<void> {
  const { page } = me;
  await page.goto(`${flow.house.url}/o/default/default/live/platform/privacy`);
  await page.getByRole('combobox', { name: 'Person' }).fill(email);
  // The choices that fit lie above the page until they are closed.
  await page.keyboard.press('Escape');
  const arrives = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Take out what is known' }).click();
  const lines = (await readFile(await (await arrives).path(), 'utf8')).trim().split('\n');
  const member = lines.map((line) => JSON.parse(line) as { kind: string; data: { email?: string } }).find(({ kind }) => kind === 'Member');
  assert.equal(member?.data.email, email);
  await page.getByText(/lines?, .*, saved\.$/).waitFor();
  await seen(me, 'b0-privacy');
}

async function erase(me: Visit, email: string): Promise<void> {
  const { page } = me;
  await page.getByRole('button', { name: 'Erase…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Erase a person' });
  await dialog.getByRole('textbox').fill(email);
  await seen(me, 'b1-erase');
  await dialog.getByRole('button', { name: 'Erase for ever' }).click();
  await page.getByRole('heading', { name: `What was erased of ${email}` }).waitFor();
  await page.getByText('1 thing gone').waitFor();
  await seen(me, 'b2-erased');
  const { items } = (await (await elsewhere(flow, 'GET', '/platform/members?limit=100')).json()) as {
    items: { spec: { email: string } }[];
  };
  assert.ok(items.every(({ spec }) => spec.email !== email));
  await page.getByRole('link', { name: 'See that the log still verifies' }).click();
  for (const algorithm of ['Ed25519', 'ML-DSA-44'])
    await page.getByText(`The checkpoint is signed by the ${algorithm} key of this log`).waitFor();
}
