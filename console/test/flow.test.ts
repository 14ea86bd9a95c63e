import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { GetObjectCommand, ListBucketsCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { Page } from 'playwright-core';
import { openFlow, options } from './fixture/flow.ts';
import { type Scheme, seen, signIn, type Visit, visit } from './fixture/visit.ts';

const flow = openFlow();

/** The address of a page of an organization's live environment. */
const at = (organization: string, path: string) => `${flow.house.url}/o/${organization}/default/live${path}`;

for (const scheme of ['light', 'dark'] as const) {
  test(`a person goes from sign-in to a stored object and a revoked credential, in ${scheme}`, options, async () => {
    const me = await visit(flow.browser, scheme);
    const organization = `bakery-${scheme}`;
    await refusedSignIn(me);
    await signIn(me, flow.house);
    await seen(me, '02-home-first');
    await makeOrganization(me, organization);
    await invite(me, organization, scheme);
    const secrets = await makeCredential(me, organization);
    await makeBucket(me, organization, scheme);
    await storeObjects(me, scheme, secrets);
    await lookAround(me, organization, scheme);
    await revoke(me, organization, secrets);
    await me.close();
  });
}

async function refusedSignIn(me: Visit): Promise<void> {
  const { page } = me;
  await page.goto(`${flow.house.url}/`);
  await page.getByLabel('E-mail').fill('nobody@example.org');
  await page.getByLabel('Password', { exact: true }).fill('not the password');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('alert').getByText('Unauthenticated').waitFor();
  await seen(me, '01-login');
}

async function makeOrganization(me: Visit, name: string): Promise<void> {
  const { page } = me;
  await page.getByRole('button', { name: /^Organization:/ }).click();
  await page.getByRole('menuitem', { name: 'New organization…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Create organization' });
  await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill('Not A Name');
  await dialog.getByText('Use lower-case letters').waitFor();
  await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill(name);
  await dialog.getByLabel('Title').fill('The Bakery');
  await seen(me, '03-create-organization');
  await dialog.getByRole('button', { name: 'Create organization' }).click();
  await page.waitForURL(`**/o/${name}/default/live`);
  await page.getByRole('heading', { level: 1, name: 'The Bakery' }).waitFor();
  await page.getByRole('heading', { name: 'First steps' }).waitFor();
  await seen(me, '04-home-empty');
}

async function invite(me: Visit, organization: string, scheme: Scheme): Promise<void> {
  const { page } = me;
  const email = `ada-${scheme}@example.org`;
  await page.goto(at(organization, '/platform/members'));
  await page.getByRole('button', { name: 'Invite' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'Invite a person' });
  await dialog.getByLabel('E-mail').fill(email);
  await dialog.getByRole('radio', { name: /^editor/ }).check();
  await seen(me, '05-invite');
  await dialog.getByRole('button', { name: 'Send the invitation' }).click();
  const row = page.getByRole('row', { name: email });
  const masked = page.getByRole('row', { name: '***@masked.invalid' });
  await masked.getByText('invited').waitFor();
  assert.equal(await row.count(), 0);
  const reveal = page.getByRole('button', { name: /^Show what is personal/ });
  await reveal.click();
  await row.getByText('invited').waitFor();
  await page.getByText(`Invitation to The Bakery on Gamut`).first().click();
  await seen(me, '06-members');
  const link = /http\S+invitation\?token=\S+/.exec(await page.locator('.outbox details[open] pre').innerText())?.[0];
  assert.ok(link, 'the outbox shows the link');
  await accept(scheme, new URL(link), organization);
  await page.reload();
  await masked.first().waitFor();
  await reveal.click();
  await row.getByText('member', { exact: true }).waitFor();
  await row.getByRole('button', { name: /^Change the role/ }).click();
  const roles = page.getByRole('dialog', { name: /^Role of/ });
  await roles.getByRole('combobox', { name: 'Role' }).click();
  await page.getByRole('option', { name: 'reader' }).click();
  await roles.getByRole('button', { name: 'Change the role' }).click();
  await row.getByText('reader').waitFor();
}

async function accept(scheme: Scheme, link: URL, organization: string): Promise<void> {
  const ada = await visit(flow.browser, scheme);
  await ada.page.goto(`${flow.house.url}${link.pathname}${link.search}`);
  await ada.page.getByLabel('New password').fill('a loaf of rye bread');
  await ada.page.getByLabel('The same again').fill('a loaf of rye bread');
  await seen(ada, '07-invitation');
  await ada.page.getByRole('button', { name: 'Accept and sign in' }).click();
  await ada.page.waitForURL(`**/o/${organization}/default/live`);
  await ada.page.goto(at(organization, '/storage/buckets'));
  await ada.page.getByText('No buckets yet').waitFor();
  assert.equal(await ada.page.getByRole('button', { name: 'Create bucket' }).count(), 0, 'an editor is not offered to create buckets');
  await ada.page.getByRole('button', { name: /^Signed in as/ }).click();
  await ada.page.getByRole('menuitem', { name: 'Sign out' }).click();
  await ada.page.waitForURL('**/login');
  await ada.page.goto(at(organization, '/storage/buckets'));
  await ada.page.waitForURL('**/login?to=*');
  await ada.close();
}

type Secrets = { accessKeyId: string; secretAccessKey: string };

async function makeCredential(me: Visit, organization: string): Promise<Secrets> {
  const { page } = me;
  await page.goto(at(organization, '/platform/credentials'));
  await page.getByRole('button', { name: 'Create a credential' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'Create a credential' });
  await dialog.getByLabel('Title').fill('nightly backup');
  await seen(me, '08-create-credential');
  await dialog.getByRole('button', { name: 'Create', exact: true }).click();
  const shown = page.getByRole('dialog', { name: 'Keep these secrets now' });
  const face = (name: string) => shown.locator('.faces > div', { hasText: name }).locator('dd.mono').innerText();
  const secrets = { accessKeyId: await face('S3 access key ID'), secretAccessKey: await face('S3 secret access key') };
  await shown.getByRole('button', { name: 'Show', exact: true }).click();
  for (const client of ['aws cli', 'boto3', '@aws-sdk/client-s3', 'rclone', 's3cmd', 'curl']) {
    await shown.getByRole('button', { name: client, exact: true }).click();
    const lines = await shown.locator('.connect pre').innerText();
    assert.ok(
      lines.includes(secrets.accessKeyId) && lines.includes(secrets.secretAccessKey) && lines.includes(new URL(flow.house.s3).host),
      `the lines of ${client} are whole`,
    );
  }
  await shown.getByRole('button', { name: 'Hide', exact: true }).click();
  await shown.getByRole('button', { name: 'aws cli', exact: true }).click();
  await seen(me, '09-secrets');
  await shown.getByRole('button', { name: 'I have kept them' }).click();
  await page
    .getByRole('row', { name: /nightly backup/ })
    .getByText('active')
    .waitFor();
  await seen(me, '10-credentials');
  return secrets;
}

async function makeBucket(me: Visit, organization: string, scheme: Scheme): Promise<void> {
  const { page } = me;
  // Within the app, so that the secrets that were shown still fill the lines.
  await page.getByRole('link', { name: 'Storage', exact: true }).click();
  await page.getByText('With the credential you made in this window.').waitFor();
  await seen(me, '11-storage');
  await page.getByRole('link', { name: 'Buckets', exact: true }).click();
  await page.getByText('No buckets yet').waitFor();
  await seen(me, '12-buckets-empty');
  await page.getByRole('button', { name: 'Create bucket' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'Create bucket' });
  await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill('Bread!');
  await dialog.getByText('Use lower-case letters').waitFor();
  await seen(me, '13-create-bucket-invalid');
  await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill(`photos-${scheme}`);
  await dialog.getByRole('button', { name: 'Create bucket' }).click();
  await page.waitForURL(`**/o/${organization}/default/live/storage/buckets/photos-${scheme}`);
  await page.getByText('This bucket is empty').waitFor();
  await seen(me, '14-bucket-empty');
}

async function storeObjects(me: Visit, scheme: Scheme, secrets: Secrets): Promise<void> {
  const { page } = me;
  const text = 'Photographs of bread, by year and month.\n';
  const choose = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Upload' }).first().click();
  await (await choose).setFiles([
    { name: 'readme.txt', mimeType: 'text/plain', buffer: Buffer.from(text) },
    { name: 'loaf.bin', mimeType: 'application/octet-stream', buffer: Buffer.alloc(2_000_000, 7) },
  ]);
  await page.getByRole('button', { name: 'readme.txt', exact: true }).waitFor();
  await page.getByRole('button', { name: 'loaf.bin', exact: true }).waitFor();
  const client = clientOf(secrets);
  const Bucket = `photos-${scheme}`;
  const stored = await client.send(new GetObjectCommand({ Bucket, Key: 'readme.txt' }));
  assert.equal(await stored.Body?.transformToString(), text);
  assert.equal(stored.ContentType, 'text/plain');
  await client.send(new PutObjectCommand({ Bucket, Key: '2026/07/rye bread.jpg', Body: 'not really' }));
  client.destroy();
  await page.getByRole('button', { name: '2026/' }).click();
  await page.getByRole('button', { name: '07/' }).click();
  await page.getByRole('button', { name: 'rye bread.jpg', exact: true }).waitFor();
  await page.getByRole('navigation', { name: 'Prefix' }).getByRole('button', { name: Bucket }).click();
  await seen(me, '15-objects');
  await page.getByRole('button', { name: 'readme.txt', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'readme.txt' });
  await dialog.getByText('Photographs of bread').waitFor();
  await seen(me, '16-object');
  const arrives = page.waitForEvent('download');
  await dialog.getByRole('button', { name: 'Download' }).click();
  assert.equal(await readFile(await (await arrives).path(), 'utf8'), text);
  await page.keyboard.press('Escape');
}

function clientOf(credentials: Secrets): S3Client {
  return new S3Client({ endpoint: flow.house.s3, region: 'us-east-1', forcePathStyle: true, credentials, maxAttempts: 1 });
}

async function lookAround(me: Visit, organization: string, scheme: Scheme): Promise<void> {
  const { page } = me;
  const bucket = `/storage/buckets/photos-${scheme}`;
  const pages: readonly (readonly [string, string, (page: Page) => Promise<void>])[] = [
    ['17-bucket-properties', `${bucket}/properties`, (at) => at.getByText('Unique id').waitFor()],
    ['18-bucket-activity', `${bucket}/activity`, (at) => at.getByRole('button', { name: 'PutObject' }).first().waitFor()],
    ['19-bucket-uploads', `${bucket}/uploads`, (at) => at.getByText('No unfinished uploads').waitFor()],
    ['20-buckets', '/storage/buckets', (at) => at.getByRole('link', { name: `photos-${scheme}` }).waitFor()],
    ['21-storage-activity', '/storage/-/activity', (at) => at.getByRole('button', { name: 'CreateBucket' }).first().waitFor()],
    ['22-storage-api', '/storage/-/api', (at) => at.getByText('/v1/storage/buckets/{name}/put-object', { exact: true }).waitFor()],
    [
      '23-activity',
      '/platform/audit',
      (at) =>
        at
          .getByRole('button', { name: /CreateCredential/ })
          .first()
          .waitFor(),
    ],
    ['24-usage', '/platform/usage', (at) => at.locator('.u-over').first().waitFor()],
    [
      '25-events',
      '/platform/events',
      (at) =>
        at
          .getByRole('button', { name: /CredentialCreated/ })
          .first()
          .waitFor(),
    ],
    ['26-health', '/platform/health', (at) => at.getByText('all well').waitFor()],
    ['27-settings', '/platform/settings', (at) => at.getByText('Projects and environments').waitFor()],
    ['28-home', '', (at) => at.getByText('Latest activity').waitFor()],
    ['29-test-environment', '/../test/storage/buckets', (at) => at.getByText('No buckets yet').waitFor()],
    ['30-no-such-bucket', '/storage/buckets/never-made', (at) => at.getByText('There is no bucket of this name').waitFor()],
  ];
  for (const [name, path, ready] of pages) {
    await page.goto(at(organization, path));
    await ready(page);
    await seen(me, name);
  }
}

async function revoke(me: Visit, organization: string, secrets: Secrets): Promise<void> {
  const { page } = me;
  const client = clientOf(secrets);
  await client.send(new ListBucketsCommand());
  await page.goto(at(organization, '/platform/credentials'));
  await page
    .getByRole('row', { name: /nightly backup/ })
    .getByRole('button', { name: 'Revoke' })
    .click();
  const dialog = page.getByRole('dialog', { name: 'Revoke a credential' });
  assert.ok(await dialog.getByRole('button', { name: 'Revoke' }).isDisabled(), 'the name comes first');
  await dialog.getByRole('textbox').fill('nightly backup');
  await seen(me, '31-revoke');
  await dialog.getByRole('button', { name: 'Revoke' }).click();
  await dialog.waitFor({ state: 'detached' });
  await assert.rejects(client.send(new ListBucketsCommand()), { name: 'InvalidAccessKeyId' });
  client.destroy();
  await page.getByText('Every credential is revoked').waitFor();
  await seen(me, '32-revoked');
}
