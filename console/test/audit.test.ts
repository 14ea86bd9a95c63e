import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { proofFault } from '#kernel/audit/prove.ts';
import { readAuditKeys } from '#kernel/audit/public-key.ts';
import { elsewhere, openFlow, options } from './fixture/flow.ts';
import { seen, signIn, type Visit, visit } from './fixture/visit.ts';

const flow = openFlow({ services: [] });
const at = (path = '') => `${flow.house.url}/o/default/default/live/platform/audit${path}`;

for (const scheme of ['light', 'dark'] as const) {
  test(`a record is proven in the browser, and a proof that was tampered with is found, in ${scheme}`, options, async () => {
    const me = await visit(flow.browser, scheme);
    await signIn(me, flow.house);
    for (let made = 0; made < 5; made++)
      assert.equal((await elsewhere(flow, 'POST', '/platform/projects', { name: `bread-${scheme}-${made}` })).status, 201);
    const sequence = await prove(me, `bread-${scheme}-3`);
    await tampered(me, sequence);
    await whole(me);
    await exported(me, sequence);
    await me.close();
  });
}

async function prove(me: Visit, name: string): Promise<number> {
  const { page } = me;
  await page.goto(at());
  await page
    .getByRole('row', { name: new RegExp(name) })
    .getByRole('button', { name: /CreateProject/ })
    .click();
  await page.getByRole('dialog').getByRole('link', { name: 'Prove it' }).click();
  // A record is in a checkpoint within a second or so.
  const proven = page.getByText('proven', { exact: true });
  const again = page.getByRole('button', { name: 'Try again' });
  while (!(await proven.isVisible())) {
    await proven.or(again).first().waitFor();
    if (await again.isVisible()) await again.click({ timeout: 1000 }).catch(() => undefined);
  }
  await page.getByText('The path leads to the root of the checkpoint').waitFor();
  for (const algorithm of ['Ed25519', 'ML-DSA-44'])
    await page.getByText(`The checkpoint is signed by the ${algorithm} key of this log`).waitFor();
  await page.getByRole('img', { name: /^A path of \d+ steps/ }).waitFor();
  await seen(me, '70-proof');
  const arrives = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save the proof' }).click();
  const proof = JSON.parse(await readFile(await (await arrives).path(), 'utf8')) as Parameters<typeof proofFault>[0];
  const log = (await (await elsewhere(flow, 'GET', '/platform/audit/-/get-audit-log')).json()) as { verifiers: string[] };
  assert.equal(proofFault(proof, readAuditKeys(log.verifiers.join('\n'))), undefined, 'what was saved convinces the command line too');
  return (proof.inclusion?.index ?? 0) + 1;
}

/** A line of a signature with another letter in the signature itself, behind the key's id. */
const damaged = (line: string) =>
  line.replace(/ (\S{30})([A-Za-z0-9+/])([A-Za-z0-9+/=]*)$/, (_, head: string, letter: string, rest: string) => {
    return ` ${head}${letter === 'A' ? 'B' : 'A'}${rest}`;
  });

type Told = { inclusion: { path: string[] }; checkpoint: string };

/** Flips a byte of what the platform answers, on its way to the browser. */
async function tampered(me: Visit, sequence: number): Promise<void> {
  const { page } = me;
  let change: (proof: Told) => void = () => undefined;
  await page.route('**/prove-audit*', async (route) => {
    const { pathname, search } = new URL(route.request().url());
    const proof = (await (await elsewhere(flow, 'GET', `${pathname.replace('/v1', '')}${search}`)).json()) as Told;
    change(proof);
    await route.fulfill({ json: proof });
  });
  const flipped = (text: string) => `${text.startsWith('A') ? 'B' : 'A'}${text.slice(1)}`;
  change = ({ inclusion }) => (inclusion.path = inclusion.path.map((hash, index) => (index === 0 ? flipped(hash) : hash)));
  await page.goto(at(`/${sequence}`));
  await page.getByText('The path does not lead to the root of the checkpoint').waitFor();
  await seen(me, '71-proof-tampered');
  change = (proof) => (proof.checkpoint = proof.checkpoint.replace(/\n(\d+)\n/, (_, size: string) => `\n${Number(size) + 1}\n`));
  await page.reload();
  for (const algorithm of ['Ed25519', 'ML-DSA-44']) await page.getByText(`The ${algorithm} signature of the checkpoint is wrong`).waitFor();
  await page.getByText('the proof does not hold').waitFor();
  // Each signature counts alone: a byte of one that is wrong, while the other stays good.
  for (const [wrong, good] of [
    ['Ed25519', 'ML-DSA-44'],
    ['ML-DSA-44', 'Ed25519'],
  ] as const) {
    change = (proof) => {
      const [text = '', signatures = ''] = proof.checkpoint.split('\n\n');
      const lines = signatures.split('\n').map((line) => (line.length > 1000 === (wrong === 'ML-DSA-44') ? damaged(line) : line));
      proof.checkpoint = `${text}\n\n${lines.join('\n')}`;
    };
    await page.reload();
    await page.getByText(`The ${wrong} signature of the checkpoint is wrong`).waitFor();
    await page.getByText(`The checkpoint is signed by the ${good} key of this log`).waitFor();
    await page.getByText('the proof does not hold').waitFor();
  }
  await page.unroute('**/prove-audit*');
}

async function whole(me: Visit): Promise<void> {
  const { page } = me;
  await page.goto(at('/-/log'));
  await page.getByText('This browser sees the log for the first time').waitFor();
  await page.reload();
  await page.getByText('The log still begins with what this browser saw before').waitFor();
  await seen(me, '72-audit-log');
  // As if the log had been rewritten since: the root that was kept is another one.
  await page.evaluate(() => {
    for (const key of Object.keys(localStorage).filter((each) => each.startsWith('gamut-checkpoint')))
      localStorage.setItem(
        key,
        String(localStorage.getItem(key)).replace(/"root":"(..)/, (_, two: string) => `"root":"${two === '00' ? '11' : '00'}`),
      );
  });
  await page.reload();
  await page.getByText('The log does not begin with what this browser saw before').waitFor();
}

async function exported(me: Visit, sequence: number): Promise<void> {
  const { page } = me;
  await page.getByRole('button', { name: 'Export' }).click();
  const dialog = page.getByRole('dialog', { name: 'Export the audit log' });
  const arrives = page.waitForEvent('download');
  await dialog.getByRole('button', { name: 'Download' }).click();
  const lines = (await readFile(await (await arrives).path(), 'utf8')).trim().split('\n');
  const record = lines
    .map((line) => JSON.parse(line) as { sequence: number; event: { class_uid: number } })
    .find((each) => each.sequence === sequence);
  assert.equal(record?.event.class_uid, 6003);
  await seen(me, '73-audit-export');
}
