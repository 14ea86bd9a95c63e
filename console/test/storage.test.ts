import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { openFlow } from './fixture/flow.ts';
import { inBothSchemes, type Look } from './fixture/scheme.ts';
import { seen, type Visit } from './fixture/visit.ts';

const flow = openFlow();

/** What another client does meanwhile: an operation on a bucket. Storage keeps no idempotency keys. */
async function make(method: string, path: string, body?: string | object): Promise<string> {
  const reply = await fetch(`${flow.house.admin}/v1/storage/buckets${path}`, {
    method,
    headers: {
      authorization: `Bearer ${flow.house.bearer}`,
      ...(body === undefined ? {} : { 'content-type': typeof body === 'string' ? 'application/octet-stream' : 'application/json' }),
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await reply.text();
  assert.ok(reply.ok, `${path}: ${text}`);
  return text;
}

const store = (bucket: string, key: string, text: string) => make('POST', `/${bucket}/put-object?key=${encodeURIComponent(key)}`, text);
const read = (bucket: string, key: string) => make('GET', `/${bucket}/get-object?key=${encodeURIComponent(key)}`);

async function fill(): Promise<void> {
  for (const bucket of ['notes-light', 'notes-dark']) {
    await make('POST', '', { name: bucket });
    await make('POST', `/${bucket}/put-bucket-versioning`, { status: 'Enabled' });
    for (const text of ['first', 'second', 'third']) await store(bucket, 'plan.txt', text);
    for (const key of ['gone.txt', 'public/menu.txt', 'logs/2026/11/25.log', 'logs/2026/11/26.log'])
      await store(bucket, key, `this is ${key}`);
    await make('POST', `/${bucket}/delete-object`, { key: 'gone.txt' });
    for (let at = 0; at < 9; at++) await read(bucket, 'public/menu.txt');
  }
}

inBothSchemes(
  'files are dropped and fetched back from older versions, a policy is explained, a lifecycle tried, drives and durability are seen',
  // Wide and light, narrow and dark.
  { flow, fill, look, viewport: (scheme) => (scheme === 'dark' ? { width: 390, height: 844 } : undefined) },
);

async function look({ me, root, scheme }: Look): Promise<void> {
  const { page } = me;
  const bucket = `notes-${scheme}`;
  await page.goto(`${root}/storage/buckets/${bucket}`);
  await dropped(page);
  await versions(page, bucket);
  await shown(me, '33-versions');
  await page.getByRole('button', { name: 'Versions' }).click();
  await page.getByRole('button', { name: 'plan.txt', exact: true }).click();
  await page.getByRole('dialog', { name: 'plan.txt' }).getByRole('button', { name: 'Restore' }).nth(2).waitFor();
  await shown(me, '33-versions-of-one');
  await page.keyboard.press('Escape');

  const tab = (name: string) => page.getByRole('navigation', { name: bucket }).getByRole('link', { name, exact: true }).click();
  await tab('Policy');
  await policy(page, bucket);
  await shown(me, '34-bucket-policy');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('The policy holds now.').waitFor();
  assert.equal(await (await fetch(`${flow.house.s3}/${bucket}/public/menu.txt`)).text(), 'this is public/menu.txt');

  await tab('Lifecycle');
  await lifecycle(page);
  await shown(me, '35-lifecycle');
  await page.getByRole('button', { name: 'Add the rule' }).click();
  await page.getByRole('region', { name: 'Rules of the lifecycle' }).getByText('deleted after 1 day').waitFor();

  await tab('Hot prefixes');
  await page
    .getByRole('region', { name: /^Hot prefixes/ })
    .getByText('public/menu.txt')
    .waitFor();
  await shown(me, '36-hot-prefixes');

  await tab('Durability');
  await page.getByText('A write is acknowledged when its bytes and the index are on disk.').waitFor();
  await page.getByRole('radiogroup', { name: 'Durability' }).getByText('Relaxed').click();
  await page.getByText('Writes are relaxed from now on.').waitFor();
  await page.getByText('A machine that stops takes the writes of that second along').waitFor();
  assert.equal(JSON.parse(await make('GET', `/${bucket}/get-bucket-durability`)).durability, 'relaxed');
  await shown(me, '36-bucket-durability');

  await page.goto(`${root}/storage/-/drives`);
  await page.getByText('All drives are directories of one disk.').waitFor();
  await page.getByText('Nothing waits for repair').waitFor();
  assert.equal(await page.locator('.drive').getByText('in use').count(), 16);
  await shown(me, '37-drives');
  await page.goto(`${root}/storage/-/durability`);
  await durability(page);
  await shown(me, '38-durability');
  await page.goto(`${root}/storage/-/cost`);
  await page.getByLabel('1,000 requests').fill('1000');
  await page
    .getByRole('region', { name: 'Cost of buckets' })
    .getByText(/\d EUR/)
    .first()
    .waitFor();
  await shown(me, '39-storage-cost');
}

/** Looks at a page, which must not be wider than its window. */
async function shown(me: Visit, name: string): Promise<void> {
  await seen(me, name);
  const wide = await me.page.evaluate(() => [innerWidth, document.querySelector('.frame-main')?.scrollWidth ?? 0]);
  assert.ok(wide[1]! <= wide[0]!, `${name} is ${wide[1]} wide in a window of ${wide[0]}`);
}

/** Two files come by drag and drop; their transfer is told. */
async function dropped(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'plan.txt', exact: true }).waitFor();
  const dataTransfer = await page.evaluateHandle(() => {
    const files = new DataTransfer();
    files.items.add(new File(['dropped words'], 'dropped.txt', { type: 'text/plain' }));
    files.items.add(new File([new Uint8Array(3_000_000)], 'dropped.bin'));
    return files;
  });
  const target = page.getByRole('region', { name: /^Objects of/ });
  await target.dispatchEvent('dragover', { dataTransfer });
  await page.getByText('Drop to upload to').waitFor();
  await target.dispatchEvent('drop', { dataTransfer });
  await page.getByRole('button', { name: 'dropped.bin', exact: true }).waitFor();
  await page.getByText(/^2.86 MiB in/).waitFor();
}

async function versions(page: Page, bucket: string): Promise<void> {
  await page.getByRole('button', { name: 'Versions' }).click();
  const all = page.getByRole('region', { name: `Versions in ${bucket}` });
  await all.getByRole('row', { name: 'plan.txt' }).nth(2).getByRole('button', { name: 'Restore' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Restore' }).click();
  await all.getByRole('row', { name: 'plan.txt' }).nth(3).waitFor();
  assert.equal(await read(bucket, 'plan.txt'), 'first');
  await all.getByRole('button', { name: 'Undo' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Undo' }).click();
  await all.getByRole('button', { name: 'Undo' }).waitFor({ state: 'detached' });
  assert.equal(await read(bucket, 'gone.txt'), 'this is gone.txt');
}

async function policy(page: Page, bucket: string): Promise<void> {
  const answer = page.getByRole('region', { name: 'Answer' });
  const ask = () => page.getByRole('button', { name: 'Explain' }).click();
  await page.getByLabel('Key', { exact: true }).fill('public/menu.txt');
  await ask();
  await answer.getByText('Nothing allows it').or(answer.getByText('There is no object of this key')).first().waitFor();
  await page.getByRole('button', { name: 'Everybody may read one folder' }).click();
  await page.getByText('public', { exact: true }).waitFor();
  await ask();
  await answer.getByText("The bucket's policy allows it.").waitFor();
  await answer.getByText('applies', { exact: true }).waitFor();
  const text = page.getByRole('textbox', { name: 'Policy of the bucket' });
  const right = await text.inputValue();
  await text.fill(right.replace('"Allow"', '"Perhaps"'));
  await page.getByText('Invalid effect').waitFor();
  assert.ok(await page.getByRole('button', { name: 'Save' }).isDisabled());
  await text.fill(right);
  await page.getByText('public', { exact: true }).waitFor();
  await ask();
  await answer.getByText(`arn:aws:s3:::${bucket}/public/menu.txt`).waitFor();
}

async function lifecycle(page: Page): Promise<void> {
  await page.getByText('No rules', { exact: true }).waitFor();
  await page.getByLabel('Prefix', { exact: true }).fill('logs/');
  await page.getByLabel('Delete after', { exact: true }).fill('1');
  const totals = page.locator('.trial-totals');
  await page.getByRole('button', { name: 'Try it' }).click();
  await totals.getByText('Nothing would be touched.').waitFor();
  await page.getByLabel('Days from now').fill('3');
  await page.getByRole('button', { name: 'Try it' }).click();
  await totals.getByText('2 deleted').waitFor();
  await page.getByRole('region', { name: 'What the rules would do' }).getByText('logs/2026/11/25.log').waitFor();
}

async function durability(page: Page): Promise<void> {
  const figure = (label: string) => page.locator('.figure', { hasText: label });
  await page.getByRole('button', { name: "Backblaze's vault" }).click();
  await figure('Windows of repair').getByText('11.1 nines').waitFor();
  await page.getByRole('button', { name: 'Four racks' }).click();
  await page.getByLabel('Play lives of a stripe').check();
  await figure('With whole domains failing').getByText(/nines/).waitFor();
  await figure('Played by chance')
    .getByText(/in 5,000 lives/)
    .waitFor();
}
