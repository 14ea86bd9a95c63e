import { stdout } from 'node:process';
import { PowerSimulation } from './power-simulation.ts';

/** `node chaos/log/power-run.ts [seeds] [from] [actions]` runs so many seeds and ends at the first that breaks a property, naming it. */
const seeds = Number(process.argv[2] ?? 10);
const from = Number(process.argv[3] ?? 1);
const actions = Number(process.argv[4] ?? 60);
const started = performance.now();
const totals: Record<string, number> = {};
for (let seed = from; seed < from + seeds; seed += 1) {
  try {
    for (const [name, count] of Object.entries(await new PowerSimulation(seed).run(actions))) totals[name] = (totals[name] ?? 0) + count;
  } catch (error) {
    stdout.write(`seed ${seed} fails; run it again with: node chaos/log/power-run.ts 1 ${seed} ${actions}\n`);
    throw error;
  }
}
stdout.write(`${seeds} seeds from ${from} hold, in ${((performance.now() - started) / 1000).toFixed(1)} s: ${JSON.stringify(totals)}\n`);
