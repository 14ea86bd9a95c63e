import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { totpCode } from '#kernel/control/identity/totp.ts';
import { elsewhere, openFlow, options } from './fixture/flow.ts';
import { seen, type Visit, visit } from './fixture/visit.ts';

const flow = openFlow();
const password = 'a loaf of rye bread';

for (const scheme of ['light', 'dark'] as const) {
  test(`a person adds a passkey and an app, and signs in by each, in ${scheme}`, options, async () => {
    const me = await visit(flow.browser, scheme);
    const email = `fay-${scheme}@example.org`;
    await virtualKey(me.page);
    await join(me, email);
    await addPasskey(me);
    const secret = await addApp(me);
    const [code = ''] = await makeCodes(me);
    await signOut(me);
    await byPassword(me, email);
    await seen(me, '42-second-step');
    await me.page.getByRole('button', { name: 'Prove the passkey' }).click();
    await home(me);
    await signOut(me);
    await me.page.getByRole('button', { name: 'Use a passkey' }).click();
    await home(me);
    await signOut(me);
    await byPassword(me, email);
    await me.page.getByRole('button', { name: 'Use the authenticator app' }).click();
    await prove(me, 'Code', '000000');
    await me.page.getByRole('alert').waitFor();
    // The first code was used to add the app; the one after it counts already.
    await prove(me, 'Code', totpCode(secret, Math.floor(Date.now() / 30_000) + 1));
    await home(me);
    await signOut(me);
    await byPassword(me, email);
    await me.page.getByRole('button', { name: 'Use a recovery code' }).click();
    await prove(me, 'Recovery code', code);
    await home(me);
    await listed(me, email);
    await me.close();
  });
}

/** A key in Chromium's own authenticator: it confirms by itself that its person is there. */
async function virtualKey(page: Page): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
}

async function join({ page }: Visit, email: string): Promise<void> {
  assert.equal((await elsewhere(flow, 'POST', '/platform/members', { email, role: 'admin' })).status, 201);
  const { admin, bearer } = flow.house;
  const headers = { 'content-type': 'application/json' };
  const session = await fetch(`${admin}/session`, { method: 'POST', headers, body: JSON.stringify({ bearer }) });
  const cookie = session.headers.get('set-cookie')?.split(';')[0] ?? '';
  const outbox = await fetch(`${admin}/session/outbox`, { headers: { cookie } });
  const { mails } = (await outbox.json()) as { mails: { to: string; text: string }[] };
  const token = /token=([\w-]+)/.exec(mails.find(({ to }) => to === email)?.text ?? '')?.[1];
  await page.goto(`${flow.house.url}/invitation?token=${token}`);
  await page.getByLabel('New password').fill(password);
  await page.getByLabel('The same again').fill(password);
  await page.getByRole('button', { name: 'Accept and sign in' }).click();
  await page.waitForURL('**/o/**');
  await page.getByRole('button', { name: /^Signed in as/ }).click();
  await page.getByRole('menuitem', { name: 'Security' }).click();
}

async function addPasskey(me: Visit): Promise<void> {
  const { page } = me;
  await page.getByText('No second factor yet').waitFor();
  await seen(me, '40-security-empty');
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  const dialog = page.getByRole('dialog', { name: 'Add a passkey' });
  await dialog.getByLabel('Your password').fill('not the password');
  await dialog.getByLabel('Title').fill('laptop');
  await dialog.getByRole('button', { name: 'Make the passkey' }).click();
  await dialog.getByRole('alert').waitFor();
  await dialog.getByLabel('Your password').fill(password);
  await dialog.getByRole('button', { name: 'Make the passkey' }).click();
  await page.getByRole('row', { name: /laptop/ }).waitFor();
}

async function addApp(me: Visit): Promise<Buffer> {
  const { page } = me;
  await page.getByRole('button', { name: 'Add an authenticator app' }).click();
  const dialog = page.getByRole('dialog', { name: 'Add an authenticator app' });
  await dialog.getByRole('button', { name: 'Show the secret' }).click();
  const text = await dialog.locator('.code pre').innerText();
  const bits = [...text.trim()].map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'));
  const secret = Buffer.from((bits.join('').match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  await seen(me, '41-add-app');
  // The code before the current one is taken too, and leaves the later ones for signing in.
  await dialog.getByLabel('First code').fill(totpCode(secret, Math.floor(Date.now() / 30_000) - 1));
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByRole('row', { name: /Authenticator app/ }).waitFor();
  return secret;
}

async function makeCodes(me: Visit): Promise<string[]> {
  const { page } = me;
  await page.getByRole('button', { name: 'Make recovery codes' }).click();
  const dialog = page.getByRole('dialog', { name: 'Keep these recovery codes now' });
  const codes = (await dialog.locator('.code pre').innerText()).split('\n');
  await dialog.getByRole('button', { name: 'I have kept them' }).click();
  await page.getByText('10 recovery codes left').waitFor();
  await seen(me, '43-security');
  return codes;
}

async function signOut({ page }: Visit): Promise<void> {
  await page.getByRole('button', { name: /^Signed in as/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.waitForURL('**/login**');
}

async function byPassword({ page }: Visit, email: string): Promise<void> {
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('heading', { name: 'One more step' }).waitFor();
}

async function prove({ page }: Visit, label: string, text: string): Promise<void> {
  await page.getByLabel(label, { exact: true }).fill(text);
  await page.getByRole('button', { name: 'Go on' }).click();
}

async function home({ page }: Visit): Promise<void> {
  await page.waitForURL('**/o/**');
  await page.getByRole('heading', { level: 1 }).waitFor();
}

async function listed(me: Visit, email: string): Promise<void> {
  const { page } = me;
  await page.getByRole('button', { name: /^Signed in as/ }).click();
  await page.getByRole('menuitem', { name: 'Security' }).click();
  const mine = page.getByRole('region', { name: 'Your sessions' });
  await mine.getByText('this one').waitFor();
  await page.getByRole('button', { name: /^Show what is personal/ }).click();
  await page.getByRole('region', { name: 'Sessions in this organization' }).getByText(email).first().waitFor();
  await seen(me, '44-sessions');
}
