import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fault } from '#kernel/contract/fault.ts';
import type { StartOrder } from '../protocol.ts';
import { failureTail, startPlatform } from '../platform.ts';
import { readStatus } from '../status.ts';
import { ask, fixture, house, newData, statusOf, until } from './fixtures/house.ts';

const pair = () => [fixture('a', 'echo'), fixture('b', 'echo')];

test('a process ended by kill -9 comes back at its address, and the others never notice', async (t) => {
  const platform = await house(t, pair());
  const before = statusOf(platform, 'a');
  const other = statusOf(platform, 'b');
  const url = platform.doors['a.http']?.url;
  process.kill(before.pid ?? 0, 'SIGKILL');
  await until('a is ready again', () => statusOf(platform, 'a').restarts === 1 && statusOf(platform, 'a').state === 'ready');
  assert.notEqual(statusOf(platform, 'a').pid, before.pid);
  assert.equal(platform.doors['a.http']?.url, url);
  assert.deepEqual(await ask(platform, 'a'), { pid: statusOf(platform, 'a').pid });
  assert.deepEqual(statusOf(platform, 'b'), other);
});

for (const [deed, what] of [
  ['/throw', 'an uncaught exception'],
  ['/reject', 'an unhandled rejection'],
] as const) {
  test(`${what} ends the process, and the log says why`, async (t) => {
    const notable: string[] = [];
    const platform = await house(t, [fixture('a', 'echo')], { onNotable: (line) => notable.push(line) });
    await ask(platform, 'a', deed).catch(() => undefined);
    await until('a is ready again', () => statusOf(platform, 'a').restarts === 1 && statusOf(platform, 'a').state === 'ready');
    assert.ok(
      notable.some((line) => line.includes('on request')),
      notable.join('\n'),
    );
    assert.ok(
      notable.some((line) => line.includes('was ended by SIGKILL')),
      notable.join('\n'),
    );
  });
}

test('a process that exits at every start is failed after five exits with the reason, and the others go on', {
  timeout: 40_000,
}, async (t) => {
  const platform = await house(t, [fixture('a', 'echo'), fixture('bad', 'crash', { critical: false })]);
  await until('its circuit opens', () => statusOf(platform, 'bad').state === 'failed');
  assert.deepEqual([statusOf(platform, 'bad').reason, statusOf(platform, 'bad').restarts], ['ended with code 7', 4]);
  assert.deepEqual(await ask(platform, 'a'), { pid: statusOf(platform, 'a').pid });
});

test('a start that a critical process cannot make is refused with its last lines, and nothing is left running', async (t) => {
  const data = newData(t);
  const plan = [fixture('a', 'echo'), fixture('bad', 'crash')];
  const error = await startPlatform({ data, mode: 'processes', plan }).then(
    () => undefined,
    (caught: unknown) => caught,
  );
  assert.equal((error as Error).message, `${fault('StartFailed').message} bad: ended with code 7`);
  assert.equal(failureTail(error).at(-1), 'about to end');
  assert.deepEqual(
    readStatus(data).map(({ pid, state }) => [pid, state]),
    [
      [null, 'stopped'],
      [null, 'stopped'],
    ],
  );
});

test('a fault that a restart would meet again fails at once, with its sentence', async (t) => {
  const data = newData(t);
  const starting = startPlatform({ data, mode: 'processes', plan: [fixture('bad', 'fatal')] });
  await assert.rejects(starting, /bad: The data directory cannot be used\. The moon is in the wrong phase\.$/);
  assert.equal(readStatus(data)[0]?.restarts, 0);
});

test('a start that failed and may be repeated is repeated, and its reason is the error it threw', { timeout: 40_000 }, async (t) => {
  const platform = await house(t, [fixture('bad', 'unlucky', { critical: false })]);
  await until('its circuit opens', () => statusOf(platform, 'bad').state === 'failed');
  assert.deepEqual([statusOf(platform, 'bad').reason, statusOf(platform, 'bad').restarts], ['no luck today', 4]);
});

test('an operator may restart a process whose circuit is open', async (t) => {
  const platform = await house(t, [fixture('bad', 'fatal', { critical: false })]);
  await until('its circuit opens', () => statusOf(platform, 'bad').state === 'failed');
  await assert.rejects(platform.restart('bad'), /wrong phase/);
  await assert.rejects(platform.restart('nobody'), /No process is called nobody/);
});

test('a restart gives another token and another number', async (t) => {
  const platform = await house(t, [fixture('a', 'echo')]);
  const first = (await ask(platform, 'a', '/order')) as StartOrder;
  await platform.restart('a');
  const second = (await ask(platform, 'a', '/order')) as StartOrder;
  assert.notEqual(first.token, second.token);
  assert.notEqual(first.number, second.number);
  assert.match(second.token, /^[0-9a-f]{64}$/);
});
