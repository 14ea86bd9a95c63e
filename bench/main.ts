import { fork } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fault } from '#kernel/contract/fault.ts';
import type { Global } from '#cli/global.ts';
import { type Machine, machine, machineText } from './machine.ts';
import { table } from './table.ts';

/** What a benchmark's `run` resolves with; every row says more than its name. */
type Result = { readonly name: string; readonly rows: readonly object[] };

const folder = import.meta.dirname;
const one = fileURLToPath(new URL('./one.main.ts', import.meta.url));

/** Every benchmark: the folders with a run.ts. */
function benchmarks(): string[] {
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, 'run.ts')))
    .sort();
}

/**
 * `gamut bench [NAME]...`: runs the benchmarks one after the other, each in a process of its own, prints both sides and
 * writes `bench/<name>/results/<date>.json`. Exits with 1 when one breaks; a missed goal is a result.
 */
export async function run(argv: readonly string[], { output }: Pick<Global, 'output'>): Promise<number> {
  const known = benchmarks();
  const unknown = argv.find((name) => !known.includes(name));
  if (unknown !== undefined) throw fault('Usage', `${JSON.stringify(unknown)} is not a benchmark; there are ${known.join(', ')}.`);
  let broken = 0;
  for (const name of argv.length > 0 ? argv : known) {
    const on = machine();
    const result = await runApart(name).catch((error: unknown) => error as Error);
    if (result instanceof Error) {
      broken += 1;
      process.stderr.write(`${name} broke: ${result.message}\n`);
      continue;
    }
    write(name, result, on);
    process.stdout.write(
      output === 'json' ? `${JSON.stringify({ ...result, machine: on })}\n` : `\n${name}   ${machineText(on)}\n${table(result.rows)}`,
    );
  }
  return broken > 0 ? 1 : 0;
}

/** A benchmark in a process of its own, so that none inherits another's heap or compiled code. */
function runApart(name: string): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = fork(one, [name], { stdio: ['ignore', 2, 2, 'ipc'] });
    let result: Result | undefined;
    child.on('message', (message) => {
      result = message as Result;
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => (result && code === 0 ? resolve(result) : reject(new Error(`it ended with ${signal ?? code}`))));
  });
}

/** One file per day: a later run of the day replaces an earlier one. */
function write(name: string, result: Result, on: Machine): void {
  const date = new Date().toISOString().slice(0, 10);
  const results = join(folder, name, 'results');
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, `${date}.json`), `${JSON.stringify({ name, date, machine: on, rows: result.rows }, null, 2)}\n`);
}
