import assert from 'node:assert/strict';
import { existsSync, readFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { keyFileName, readAuditKeys } from '#kernel/audit/public-key.ts';
import { verifyLogs } from '#kernel/audit/verify.ts';
import { type House, openHouse } from '../../../kernel/session/test/fixture/house.ts';
import { until } from '../fixture/until.ts';

let house: House;
before(async () => {
  house = await openHouse({ mode: 'processes', quiet: true });
});
after(() => house.stop());

const pidOf = (name: string) => house.platform.status().processes.find((process) => process.name === name)?.pid ?? 0;
const say = async (channel: string) =>
  (await house.call('POST', `/v1/echo/channels/${channel}/say`, { text: 'x' }, { door: 'echo.http' }).catch(() => undefined))?.status;

async function killed(name: string): Promise<void> {
  const pid = pidOf(name);
  process.kill(pid, 'SIGKILL');
  await until(() => pidOf(name) !== pid && pidOf(name) !== 0, `${name} again`);
}

const policyAgainst = (channel: string) => ({
  name: `no-${channel}`,
  text: `forbid (principal, action == echo::Action::"Say", resource == echo::Channel::"${channel}");`,
});

test('control is killed amid the publishing of policies: what was acknowledged is in force, and the rest is whole or not there', async () => {
  const channels = Array.from({ length: 3 }, (_, number) => `room${number}`);
  const acknowledged = new Set<string>();
  for (const [number, channel] of channels.entries()) {
    const writing = house.call('POST', '/v1/platform/policies', policyAgainst(channel)).catch(() => undefined);
    await sleep(number * 20);
    await killed('control');
    if ((await writing)?.status === 201) acknowledged.add(channel);
    await until(async () => (await house.call('GET', '/v1/platform/policies').catch(() => undefined))?.status === 200, 'control answers');
  }
  const { items = [] } = (await house.call('GET', '/v1/platform/policies')).body;
  const written = new Set(items.map(({ name }) => String(name)));
  for (const channel of acknowledged) assert.ok(written.has(`no-${channel}`), `${channel} was acknowledged`);
  for (const channel of channels) {
    const wanted = written.has(`no-${channel}`) ? 403 : 200;
    if (acknowledged.has(channel)) assert.equal(await say(channel), wanted, `${channel} at once`);
    else await until(async () => (await say(channel)) === wanted, `${channel} as it is written`);
  }
  assert.equal((await house.call('POST', '/v1/platform/policies', policyAgainst('last'))).status, 201);
  assert.equal(await say('last'), 403, 'and publishing goes on');
});

test('recorder is killed the moment it writes a checkpoint, of a log and of the root: all is there once, and verifies', async () => {
  const directory = join(house.data, 'audit');
  const { log } = (await house.call('GET', '/v1/platform/audit/-/get-audit-log')).body as { log: string };
  const size = async () => Number((await house.call('GET', '/v1/platform/audit/-/get-audit-log')).body.size);
  for (const name of [log, 'root']) {
    assert.equal(await say('free'), 200);
    await until(() => existsSync(join(directory, name)), 'the log has begun');
    const pid = pidOf('recorder');
    const { promise: seen, resolve } = Promise.withResolvers<void>();
    const watching = watch(join(directory, name), (_, file) => {
      if (!file?.startsWith('checkpoint')) return;
      watching.close();
      process.kill(pid, 'SIGKILL');
      resolve();
    });
    const before = await size();
    assert.equal(await say('free'), 200);
    await seen;
    await until(() => pidOf('recorder') !== pid && pidOf('recorder') !== 0, 'recorder again');
    assert.equal(await say('free'), 200);
    await until(async () => (await size()) > before, 'the log goes on');
  }
  const keys = readAuditKeys(readFileSync(join(directory, keyFileName), 'utf8'));
  let findings = verifyLogs(directory, keys).findings;
  await until(() => {
    findings = verifyLogs(directory, keys).findings;
    return !findings.some(({ text }) => text.includes('not in the root log'));
  }, 'the newest checkpoints in the root log');
  assert.deepEqual(findings, []);
});
