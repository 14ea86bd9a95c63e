import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { openFlow, options } from './fixture/flow.ts';
import { readAnew, seen, signIn, type Visit, visit } from './fixture/visit.ts';

type Heard = { readonly headers: Record<string, string>; readonly body: string };
const heard: Heard[] = [];
/** What the receiver answers. */
let status = 500;
const receiver = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    heard.push({ headers: request.headers as Record<string, string>, body: Buffer.concat(chunks).toString() });
    response.writeHead(status).end();
  });
});
const place = () => `127.0.0.1:${(receiver.address() as AddressInfo).port}`;
const flow = openFlow(async () => {
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  return { services: [], outbound: [place()] };
});
after(() => {
  receiver.close();
  receiver.closeAllConnections();
});

for (const scheme of ['light', 'dark'] as const) {
  test(`a person adds a webhook, sees what is given up, tries it again and replays, in ${scheme}`, options, async () => {
    const me = await visit(flow.browser, scheme);
    await me.page.clock.install();
    await signIn(me, flow.house);
    status = 500;
    const title = `orders ${scheme}`;
    const secret = await add(me, title);
    await givenUp(me, secret);
    await replay(me);
    await renew(me, secret);
    await remove(me, title);
    if (scheme === 'light') await topic(me);
    await me.close();
  });
}

async function add(me: Visit, title: string): Promise<string> {
  const { page } = me;
  await page.goto(`${flow.house.url}/o/default/default/live/platform/webhooks`);
  await page.getByText('No webhooks yet').waitFor();
  await page.getByRole('button', { name: 'Add a webhook' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'Add a webhook' });
  await dialog.getByRole('textbox', { name: 'Address' }).fill('http://169.254.169.254/latest');
  await dialog.getByRole('textbox', { name: 'Title' }).fill(title);
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  await dialog.getByRole('alert').waitFor();
  await dialog.getByRole('textbox', { name: 'Address' }).fill(`http://${place()}/hook`);
  await dialog.getByRole('textbox', { name: 'Attempts' }).fill('1');
  await seen(me, '80-webhook-add');
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  const shown = page.getByRole('dialog', { name: 'Keep this secret now' });
  await shown.getByRole('button', { name: 'Show', exact: true }).first().click();
  const secret = (await shown.locator('.code pre').first().innerText()).trim();
  assert.match(secret, /^whsec_/);
  await seen(me, '81-webhook-secret');
  await shown.getByRole('button', { name: 'I have kept it' }).click();
  await page.waitForURL('**/platform/webhooks/*');
  return secret;
}

async function givenUp(me: Visit, secret: string): Promise<void> {
  const { page } = me;
  await page.getByRole('button', { name: 'Try it out' }).click();
  await readAnew(me, page.getByRole('row', { name: /WebhookPinged.*dead/ }));
  await page.getByText('Dead', { exact: true }).click();
  await readAnew(me, page.getByRole('row', { name: /WebhookPinged.*500/ }));
  await seen(me, '82-webhook-dead');
  status = 204;
  const before = heard.length;
  await page.getByRole('button', { name: 'Try all that are not delivered' }).click();
  await page.getByText('Nothing was given up').waitFor();
  await page.getByText('Delivered', { exact: true }).click();
  await readAnew(me, page.getByRole('row', { name: /WebhookPinged.*delivered.*204/ }));
  const [delivery] = heard.slice(before);
  assert.ok(delivery);
  new Webhook(secret).verify(delivery.body, delivery.headers);
}

async function replay(me: Visit): Promise<void> {
  const { page } = me;
  const before = heard.length;
  await page.getByRole('button', { name: 'Replay' }).click();
  const dialog = page.getByRole('dialog', { name: 'Replay events' });
  await dialog.getByText('After an event').click();
  await dialog.getByRole('textbox', { name: 'After event' }).fill('0');
  await seen(me, '83-webhook-replay');
  await dialog.getByRole('button', { name: 'Send again' }).click();
  await dialog.waitFor({ state: 'detached' });
  while (heard.length === before) await page.waitForTimeout(50);
  const ids = heard.map((each) => each.headers['webhook-id']);
  assert.ok(
    ids.slice(before).some((id) => ids.slice(0, before).includes(id)),
    'what was delivered comes again under its id',
  );
}

async function renew(me: Visit, secret: string): Promise<void> {
  const { page } = me;
  await page.getByRole('button', { name: 'More steps' }).click();
  await page.getByRole('menuitem', { name: 'Give a new secret' }).click();
  const shown = page.getByRole('dialog', { name: 'Keep this secret now' });
  await shown.getByRole('button', { name: 'Show', exact: true }).first().click();
  assert.notEqual((await shown.locator('.code pre').first().innerText()).trim(), secret);
  await shown.getByRole('button', { name: 'I have kept it' }).click();
  await page.getByRole('button', { name: 'More steps' }).click();
  await page.getByRole('menuitem', { name: 'Stop for a while' }).click();
  await page.getByText('stopped', { exact: false }).first().waitFor();
  await seen(me, '84-webhook');
}

async function remove(me: Visit, title: string): Promise<void> {
  const { page } = me;
  await page.getByRole('button', { name: 'More steps' }).click();
  await page.getByRole('menuitem', { name: 'Delete…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Delete a webhook' });
  await dialog.getByRole('textbox').fill(title);
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await page.getByText('No webhooks yet').waitFor();
}

/** A topic of another Kafka is an address too; who comes to it is said once and never shown. */
async function topic(me: Visit): Promise<void> {
  const { page } = me;
  await page.getByRole('button', { name: 'Add a webhook' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'Add a webhook' });
  const add = dialog.getByRole('button', { name: 'Add', exact: true });
  await dialog.getByRole('textbox', { name: 'Address' }).fill(`kafka://${place()}`);
  await dialog.getByText('Name the topic behind the host.').waitFor();
  await dialog.getByRole('textbox', { name: 'Address' }).fill(`kafka://${place()}/pictures`);
  await dialog.getByRole('textbox', { name: 'User of the topic' }).fill('painter');
  await dialog.getByText('A login has a user and a password.').waitFor();
  assert.ok(await add.isDisabled());
  await dialog.getByRole('textbox', { name: 'Password of the topic' }).fill('turpentine');
  await seen(me, '85-webhook-topic');
  await add.click();
  await page.getByRole('dialog', { name: 'Keep this secret now' }).getByRole('button', { name: 'I have kept it' }).click();
  await page.getByText(`kafka://${place()}/pictures`).waitFor();
  await page.getByRole('button', { name: 'Try it out' }).click();
  // What answers there is no Kafka: nothing is lost, and the page says why it waits.
  await readAnew(me, page.getByText(/^waits: /));
  await page.getByRole('button', { name: 'More steps' }).click();
  await page.getByRole('menuitem', { name: 'Change…' }).click();
  const change = page.getByRole('dialog', { name: 'Change a webhook' });
  await change.getByText('The login that was given is kept if this is left empty.').waitFor();
  assert.equal(await change.getByRole('textbox', { name: 'User of the topic' }).inputValue(), '');
  assert.ok(!(await page.content()).includes('turpentine'));
  await change.getByRole('button', { name: 'Cancel' }).click();
  await remove(me, 'pictures');
}
