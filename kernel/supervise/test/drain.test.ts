import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { startPlatform } from '../platform.ts';
import { fixture, house, newData, statusOf, until } from './fixtures/house.ts';

test('processes start in the order of the plan and are drained in reverse, a process that outlives others after them', async (t) => {
  const data = newData(t);
  const plan = [
    fixture('keeper', 'order'),
    fixture('control', 'order', { after: ['keeper'] }),
    fixture('recorder', 'order', { after: ['control'], outlives: ['a'] }),
    fixture('a', 'order', { after: ['control'] }),
  ];
  const platform = await startPlatform({ data, mode: 'processes', plan });
  await platform.stop();
  const lines = readFileSync(`${data}/order`, 'utf8').trim().split('\n');
  assert.deepEqual(lines.slice(0, 2), ['start keeper', 'start control']);
  assert.deepEqual(lines.slice(2, 4).sort(), ['start a', 'start recorder']);
  assert.deepEqual(lines.slice(4), ['drain a', 'drain recorder', 'drain control', 'drain keeper']);
});

test('a process that does not drain is killed after its time', { timeout: 40_000 }, async (t) => {
  const platform = await house(t, [fixture('stubborn', 'stubborn')]);
  await platform.stop();
  assert.deepEqual([statusOf(platform, 'stubborn').state, statusOf(platform, 'stubborn').pid], ['stopped', null]);
});

test('a process that is told by a stranger to end drains, and is started again', async (t) => {
  const platform = await house(t, [fixture('a', 'echo')]);
  process.kill(statusOf(platform, 'a').pid ?? 0, 'SIGTERM');
  await until('a is ready again', () => statusOf(platform, 'a').restarts === 1 && statusOf(platform, 'a').state === 'ready');
});

test('a platform that is stopped while it starts leaves nothing running', async (t) => {
  const data = newData(t);
  const interrupt = new AbortController();
  const starting = startPlatform(
    { data, mode: 'processes', plan: [fixture('a', 'echo'), fixture('b', 'echo', { after: ['a'] })] },
    interrupt.signal,
  );
  setTimeout(() => interrupt.abort(), 100);
  await assert.rejects(starting);
  const again = await startPlatform({ data, mode: 'processes', plan: [fixture('a', 'echo')] });
  await again.stop();
});

test('drain and start of the same parts work in one process', async (t) => {
  const platform = await house(t, [fixture('a', 'echo'), fixture('b', 'echo', { after: ['a'] })], { mode: 'in-process' });
  await platform.restart('a');
  assert.equal(statusOf(platform, 'a').pid, process.pid);
  await platform.stop();
  assert.deepEqual(
    platform.status().processes.map(({ state }) => state),
    ['stopped', 'stopped'],
  );
});
