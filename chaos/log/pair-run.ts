import { stdout } from 'node:process';
import { PairSimulation } from './pair-simulation.ts';

/** `node chaos/log/pair-run.ts [seeds] [from] [actions]` runs so many seeds and ends at the first that breaks a property, naming it. */
const seeds = Number(process.argv[2] ?? 100);
const from = Number(process.argv[3] ?? 1);
const actions = Number(process.argv[4] ?? 1500);
const started = performance.now();
const totals: Record<string, number> = {};
for (let seed = from; seed < from + seeds; seed += 1) {
  try {
    for (const [name, count] of Object.entries(await new PairSimulation(seed).run(actions))) totals[name] = (totals[name] ?? 0) + count;
  } catch (error) {
    stdout.write(`seed ${seed} fails; run it again with: node chaos/log/pair-run.ts 1 ${seed} ${actions}\n`);
    throw error;
  }
}
const seconds = (performance.now() - started) / 1000;
stdout.write(`${seeds} seeds from ${from} hold, ${(seeds / seconds).toFixed(1)} a second: ${JSON.stringify(totals)}\n`);
