import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, fixture, house, statusOf, until } from './fixtures/house.ts';

const pair = () => [fixture('a', 'echo'), fixture('b', 'echo')];

// Silence is long before it counts: those who wait for it wait at the same time.
suite('of processes that are silent', { concurrency: 2 }, () => {
  test('a process that blocks its event loop is aborted and comes back', { timeout: 40_000 }, async (t) => {
    const platform = await house(t, [fixture('a', 'echo')]);
    void ask(platform, 'a', '/block').catch(() => undefined);
    await until('a is ready again', () => statusOf(platform, 'a').restarts === 1 && statusOf(platform, 'a').state === 'ready');
  });

  test('a process that is stopped and no longer answers is killed and comes back', { timeout: 40_000 }, async (t) => {
    const platform = await house(t, [fixture('a', 'echo')]);
    process.kill(statusOf(platform, 'a').pid ?? 0, 'SIGSTOP');
    await until('a is ready again', () => statusOf(platform, 'a').restarts === 1 && statusOf(platform, 'a').state === 'ready');
  });
});

test('a supervisor that was late itself aborts nobody, whether its parts are processes or in its own', { timeout: 40_000 }, async (t) => {
  const platforms = await Promise.all((['processes', 'in-process'] as const).map((mode) => house(t, pair(), { mode })));
  await sleep(1500);
  // Blocked here, the loop looks at its timers before it reads what the children said meanwhile.
  await new Promise((resolve) => setImmediate(resolve));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 7000);
  await sleep(3000);
  for (const platform of platforms)
    assert.deepEqual(
      platform.status().processes.map(({ restarts, state }) => [restarts, state]),
      [
        [0, 'ready'],
        [0, 'ready'],
      ],
    );
});
