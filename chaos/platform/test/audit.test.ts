import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { keyFileName, readAuditKeys } from '#kernel/audit/public-key.ts';
import { type Verified, verifyLogs } from '#kernel/audit/verify.ts';
import { type House, openHouse } from '../../../kernel/session/test/fixture/house.ts';
import { until } from '../fixture/until.ts';

let data: string;
let house: House;
before(async () => {
  data = mkdtempSync(join(tmpdir(), 'gamut-'));
  house = await openHouse({ mode: 'processes', data, quiet: true });
});
after(async () => {
  await house.stop();
  rmSync(data, { recursive: true, force: true, maxRetries: 50, retryDelay: 100 });
});

const directory = () => join(data, 'audit');
const verify = (): Verified => verifyLogs(directory(), readAuditKeys(readFileSync(join(directory(), keyFileName), 'utf8')));

/** The verification once the root log has caught up with the logs. */
async function settled(): Promise<Verified> {
  let verified = verify();
  await until(async () => {
    verified = verify();
    return !verified.findings.some(({ text }) => text.includes('not in the root log'));
  }, 'the newest checkpoints in the root log');
  return verified;
}

const own = async () => (await house.call('GET', '/v1/platform/audit/-/get-audit-log')).body as { log: string; size: number };
const say = async (text: string) =>
  (await house.call('POST', '/v1/echo/channels/a/say', { text }, { door: 'echo.http' }).catch(() => undefined))?.status === 200;
const pidOf = (name: string) => house.platform.status().processes.find((process) => process.name === name)?.pid ?? 0;

test('recorder and keeper killed again and again under load: the logs hold every record once, and verify', async () => {
  let acknowledged = 0;
  let running = true;
  const load = Array.from({ length: 4 }, async () => {
    while (running) if (await say('x')) acknowledged += 1;
  });
  for (const name of ['recorder', 'recorder', 'keeper', 'recorder', 'postgres', 'recorder']) {
    const enough = acknowledged + 60;
    await until(async () => acknowledged >= enough, 'more acknowledged records');
    const pid = pidOf(name);
    process.kill(pid, 'SIGKILL');
    await until(async () => pidOf(name) !== pid && pidOf(name) !== 0, `${name} again`);
  }
  running = false;
  await Promise.all(load);
  await until(async () => (await own()).size >= acknowledged, 'all records in the log');
  const verified = await settled();
  assert.deepEqual(verified.findings, []);
  const { items = [] } = (await house.call('GET', '/v1/platform/audit?operation=Say&limit=1000')).body;
  const counted = items.filter(({ outcome }) => outcome === 'ok').length;
  assert.ok(counted >= Math.min(1000, acknowledged), `${counted} of ${acknowledged}`);
});

test('a tail that a crash tore, and a checkpoint that was not yet published, are made anew at the next start', async () => {
  const { log } = await own();
  await house.stop();
  const before = verify();
  assert.deepEqual(before.findings, []);
  const size = before.logs.find((found) => found.log === log)?.size ?? 0;
  const folder = join(directory(), log);
  for (const partial of ['tile/0', 'tile/entries']) {
    for (const entry of readdirSync(join(folder, partial), { recursive: true, withFileTypes: true }))
      if (entry.isFile() && entry.parentPath.endsWith('.p')) truncateSync(join(entry.parentPath, entry.name), 17);
  }
  rmSync(join(directory(), 'root', 'checkpoint'));
  writeFileSync(join(folder, 'checkpoint'), '');
  house = await openHouse({ mode: 'processes', data, quiet: true });
  assert.equal(await say('after the crash'), true);
  await until(async () => (await own()).size > size, 'a new checkpoint');
  assert.deepEqual((await settled()).findings, []);
});

test('tiles that were lost are made anew from the store, and give the root that was signed', async () => {
  const { log } = await own();
  await house.stop();
  rmSync(join(directory(), log, 'tile'), { recursive: true });
  house = await openHouse({ mode: 'processes', data, quiet: true });
  await say('made anew from the store');
  const { size } = await own();
  await until(async () => (await own()).size > size, 'a new checkpoint');
  assert.deepEqual((await settled()).findings, []);
});
