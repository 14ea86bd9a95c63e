import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PowerSimulation } from '../power-simulation.ts';

// It tells an index apart that speaks of later producers than its segment does; `power-run.ts` runs others.
const seeds = [4];
const actions = 60;

test('a kill or a loss of power at any step of append, index, compaction and transaction loses nothing acknowledged', async () => {
  const totals: Record<string, number> = {};
  for (const seed of seeds) {
    const seen = await new PowerSimulation(seed).run(actions).catch((cause: unknown) => {
      throw new Error(`seed ${seed} fails; run it with: node chaos/log/power-run.ts 1 ${seed} ${actions}`, { cause });
    });
    for (const [name, count] of Object.entries(seen)) totals[name] = (totals[name] ?? 0) + count;
  }
  // A run in which nothing happened would prove nothing.
  for (const [name, total] of Object.entries(totals)) assert.ok(total > 0, `${name}: ${total}`);
});

test('a disk that says it has synced and has not is found out', async () => {
  await assert.rejects(new PowerSimulation(1, true).run(20), /after step \d+, a loss of power/);
});
