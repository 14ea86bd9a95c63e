import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import type { Platform } from '../platform.ts';
import type { AdmitOrder, StartOrder } from '../protocol.ts';
import { ask, fixture, house, statusOf, until } from './fixtures/house.ts';

const plan = () => [
  fixture('keeper', 'echo', { admits: true }),
  fixture('control', 'echo', { after: ['keeper'], admits: true }),
  fixture('a', 'echo', { after: ['control'] }),
];

/** The hash of the token that each process was given last, as `teller` was told. */
async function told(platform: Platform, teller: string): Promise<Record<string, string>> {
  const admits = (await ask(platform, teller, '/admitted')) as AdmitOrder[];
  return Object.fromEntries(admits.map(({ process, tokenHash }) => [process, tokenHash]));
}

async function given(platform: Platform): Promise<Record<string, string>> {
  const orders = await Promise.all(['keeper', 'control', 'a'].map(async (name) => (await ask(platform, name, '/order')) as StartOrder));
  return Object.fromEntries(orders.map(({ process, token }) => [process, createHash('sha256').update(token).digest('hex')]));
}

for (const mode of ['processes', 'in-process'] as const) {
  test(`keeper and control know every token before its process starts, and again after their own restart (${mode})`, async (t) => {
    const platform = await house(t, plan(), { mode });
    assert.deepEqual(await told(platform, 'keeper'), await given(platform));
    assert.deepEqual(await told(platform, 'control'), await given(platform));
    await platform.restart('control');
    assert.deepEqual(await told(platform, 'control'), await given(platform));
    await platform.restart('keeper');
    assert.deepEqual(await told(platform, 'keeper'), await given(platform));
    await platform.restart('a');
    assert.deepEqual(await told(platform, 'control'), await given(platform));
    assert.deepEqual(await ask(platform, 'a', '/admitted'), []);
  });
}

test('a process starts although control, which must be told, does not answer', { timeout: 40_000 }, async (t) => {
  const platform = await house(t, plan());
  void ask(platform, 'control', '/block').catch(() => undefined);
  process.kill(statusOf(platform, 'a').pid ?? 0, 'SIGKILL');
  await until('a is ready again', () => statusOf(platform, 'a').restarts === 1 && statusOf(platform, 'a').state === 'ready');
  await until(
    'control is ready again',
    () => statusOf(platform, 'control').restarts === 1 && statusOf(platform, 'control').state === 'ready',
  );
  assert.deepEqual(await told(platform, 'control'), await given(platform));
});
