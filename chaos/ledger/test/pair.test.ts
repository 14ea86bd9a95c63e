import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PairSimulation } from '../pair-simulation.ts';

const seeds = 50;
const actions = 2000;

test(`${seeds} seeds of kills, pauses, broken lines and a late PostgreSQL lose nothing acknowledged and show nothing old`, async () => {
  const totals: Record<string, number> = {};
  for (let seed = 1; seed <= seeds; seed += 1) {
    const seen = await new PairSimulation(seed * 2_654_435).run(actions).catch((cause: unknown) => {
      throw new Error(`seed ${seed} fails; run it with: node chaos/ledger/pair-run.ts 1 ${seed} ${actions}`, { cause });
    });
    for (const [name, count] of Object.entries(seen)) totals[name] = (totals[name] ?? 0) + count;
  }
  // A run in which nothing went wrong would prove nothing.
  for (const [name, total] of Object.entries(totals)) assert.ok(total > 0, `${name}: ${total}`);
});

test('disks whose sync does nothing are found out in a pair, too', async () => {
  for (let seed = 1; seed <= 50; seed += 1) {
    const found = await new PairSimulation(seed, true).run(1000).then(
      () => false,
      (error: unknown) => error instanceof Error,
    );
    if (found) return;
  }
  assert.fail('50 seeds have found nothing');
});
