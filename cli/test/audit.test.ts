import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type House, openHouse } from '../../kernel/session/test/fixture/house.ts';
import { nodeFlags } from '../../kernel/supervise/module.ts';

const main = join(import.meta.dirname, '../main.ts');
let house: House;
let folder: string;
before(async () => {
  house = await openHouse();
  folder = mkdtempSync(join(tmpdir(), 'gamut-cli-'));
  for (let made = 0; made < 3; made += 1) await house.credential({ role: 'reader' });
  for (let tries = 0; tries < 400; tries += 1) {
    if (Number((await house.call('GET', '/v1/platform/audit/-/get-audit-log')).body.size) >= 3) return;
    await sleep(50);
  }
  throw new Error('no record came into the log');
});
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await house.stop();
});

function gamut(...argv: string[]): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...nodeFlags, main, ...argv, '--data', house.data]);
    const texts = { out: '', err: '' };
    child.stdout.setEncoding('utf8').on('data', (text) => (texts.out += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (texts.err += text));
    child.on('close', (code) => resolve({ code, ...texts }));
  });
}

test('audit tail, export, key, prove and verify work on a platform, and prove holds with a saved key', async () => {
  const tail = await gamut('audit', 'tail', '--limit', '2');
  assert.equal(tail.code, 0, tail.err);
  assert.match(tail.out, /platform\.[A-Z]/);
  const exported = await gamut('audit', 'export');
  const events = exported.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { class_uid: number });
  assert.ok(events.length >= 3 && events.every(({ class_uid }) => class_uid === 6003));
  const key = join(folder, 'key');
  writeFileSync(key, (await gamut('audit', 'key')).out);
  const proof = join(folder, 'proof.json');
  writeFileSync(proof, (await gamut('audit', 'prove', '2', '--from', '1')).out);
  const verified = await gamut('audit', 'verify', '--proof', proof, '--key', key);
  assert.equal(verified.code, 0, verified.out);
  assert.match(verified.out, /record 2 is in/);
  const all = await gamut('audit', 'verify', '--key', key);
  assert.equal(all.code, 0, all.out);
  assert.match(all.out, /everything holds/);
});

test('audit verify names the place of a flipped byte and exits with 1', async () => {
  const copy = join(folder, 'copy');
  cpSync(join(house.data, 'audit'), copy, { recursive: true });
  const { log, size } = (await house.call('GET', '/v1/platform/audit/-/get-audit-log')).body as unknown as { log: string; size: number };
  const path = join(copy, log, 'tile', 'entries', '000.p', `${size}`);
  const bytes = readFileSync(path);
  bytes[20] = (bytes[20] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  const { code, out } = await gamut('audit', 'verify', copy);
  assert.equal(code, 1);
  assert.match(out, new RegExp(`${log}: entry 0 was changed \\(tile/entries/000.p/\\d+, byte 0\\)`));
});

test('a command line that is not understood is told in a sentence', async () => {
  for (const argv of [['audit'], ['audit', 'erase'], ['audit', 'prove'], ['audit', 'verify', 'a', 'b'], ['audit', 'tail', '--limit', 'x']])
    assert.equal((await gamut(...argv)).code, 2, argv.join(' '));
  assert.match((await gamut('audit', 'verify', join(folder, 'nothing'))).err, /cannot be read/);
});
