import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Lie } from '../disk.ts';
import { simulate } from '../workload.ts';

const seeds = 3000;

test(`${seeds} seeds of crashes, kills, full disks and failed syncs lose, double and reorder nothing`, async () => {
  const totals = { crashes: 0, kills: 0, failedSyncs: 0, refused: 0, durable: 0, read: 0 };
  for (let seed = 1; seed <= seeds; seed++) {
    const counts = await simulate(seed).catch((cause: unknown) => {
      throw new Error(`seed ${seed} fails; run it with: node chaos/journal/run.ts 1 ${seed}`, { cause });
    });
    for (const name of Object.keys(totals) as (keyof typeof totals)[]) totals[name] += counts[name];
  }
  // A run in which nothing went wrong would prove nothing.
  for (const [name, total] of Object.entries(totals)) assert(total > seeds / 10, `${name}: ${total}`);
});

test('the same seed does the same', async () => {
  for (let seed = 1; seed <= 20; seed++) assert.deepEqual(await simulate(seed), await simulate(seed));
});

for (const lie of ['datasync', 'syncDirectory'] satisfies Lie[]) {
  test(`a disk whose ${lie} does nothing is found out`, async () => {
    for (let seed = 1; seed <= 300; seed++) {
      try {
        await simulate(seed, lie);
      } catch (error) {
        assert(error instanceof Error);
        return;
      }
    }
    assert.fail('300 seeds have found nothing');
  });
}
