import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Simulation } from '../simulation.ts';

const seeds = 120;
const actions = 250;

test(`${seeds} seeds of crashes, torn writes, failed syncs, turned bits and repeated requests end as the plain model does`, async () => {
  const totals: Record<string, number> = {};
  for (let seed = 1; seed <= seeds; seed += 1) {
    const seen = await new Simulation(seed * 2_654_435).run(actions).catch((cause: unknown) => {
      throw new Error(`seed ${seed} fails; run it with: node chaos/ledger/run.ts 1 ${seed} ${actions}`, { cause });
    });
    for (const [name, count] of Object.entries(seen)) totals[name] = (totals[name] ?? 0) + count;
  }
  // A run in which nothing went wrong would prove nothing.
  for (const [name, total] of Object.entries(totals)) assert.ok(total > seeds / 10, `${name}: ${total}`);
});

test('the same seed does the same', async () => {
  for (let seed = 1; seed <= 5; seed += 1) assert.deepEqual(await new Simulation(seed).run(100), await new Simulation(seed).run(100));
});

test('a disk whose sync does nothing is found out', async () => {
  for (let seed = 1; seed <= 50; seed += 1) {
    const found = await new Simulation(seed, true).run(250).then(
      () => false,
      (error: unknown) => error instanceof Error,
    );
    if (found) return;
  }
  assert.fail('50 seeds have found nothing');
});
