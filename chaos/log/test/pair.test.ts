import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PairSimulation } from '../pair-simulation.ts';

const seeds = 12;
const actions = 1500;

test(`${seeds} seeds of kills, pauses, broken lines, lost directories and a late PostgreSQL lose nothing acknowledged, and nothing read`, async () => {
  const totals: Record<string, number> = {};
  for (let seed = 1; seed <= seeds; seed += 1) {
    const seen = await new PairSimulation(seed).run(actions).catch((cause: unknown) => {
      throw new Error(`seed ${seed} fails; run it with: node chaos/log/pair-run.ts 1 ${seed} ${actions}`, { cause });
    });
    for (const [name, count] of Object.entries(seen)) totals[name] = (totals[name] ?? 0) + count;
  }
  // A run in which nothing went wrong would prove nothing.
  for (const [name, total] of Object.entries(totals)) assert.ok(total > 0, `${name}: ${total}`);
});

test('a leader that answers without its standby is found out', async () => {
  for (let seed = 1; seed <= 30; seed += 1) {
    const found = await new PairSimulation(seed, true).run(actions).then(
      () => false,
      (error: unknown) => error instanceof Error,
    );
    if (found) return;
  }
  assert.fail('30 seeds have found nothing');
});
