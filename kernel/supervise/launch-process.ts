import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { lineReader } from '../keys/line.ts';
import type { Launched, LaunchHost } from './launch.ts';
import { lineBytes } from './limits.ts';
import { moduleEnding, nodeFlags } from './module.ts';
import type { NodeSpec } from './plan.ts';
import type { Order, Report } from './protocol.ts';

const partMain = fileURLToPath(new URL(`./part.main${moduleEnding}`, import.meta.url));

/** What a child may see of the environment: nothing that could carry a secret of the platform. */
const passed = [
  'PATH',
  'HOME',
  'USER',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'GAMUT_DEBUG',
  'GAMUT_ANALYTICS_DISK_MB',
  'GAMUT_ANALYTICS_MEMORY_MB',
  'GAMUT_ANALYTICS_WORKERS',
  'GAMUT_LOG_PARTITIONS',
  'GAMUT_LOG_REBALANCE_DELAY_MS',
  'GAMUT_STORAGE_DAY_MS',
  'NODE_COMPILE_CACHE',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
];

/** Starts a part in a process of its own. It leads its own session, so that the terminal's signals reach the supervisor only. */
export function launchProcess(spec: NodeSpec, host: LaunchHost): Launched {
  const flags = [`--max-old-space-size=${spec.memoryMb}`, ...nodeFlags];
  const child = spawn(process.execPath, [...flags, partMain, spec.module], {
    cwd: host.data,
    env: { ...childEnvironment(host.data), ...(spec.threads === undefined ? {} : { UV_THREADPOOL_SIZE: String(spec.threads) }) },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    detached: true,
  });
  child.stdout?.on('data', host.output);
  child.stderr?.on('data', host.output);
  const line = child.stdio[3] as Duplex;
  const broken = () => killGroup(child, 'SIGKILL');
  line.on('error', () => line.destroy());
  line.on(
    'data',
    lineReader(lineBytes, (text) => receive(text, host, broken), broken),
  );
  return {
    pid: () => child.pid ?? null,
    order(order: Order) {
      if (line.writable) line.write(`${JSON.stringify(order)}\n`);
    },
    kill: (signal) => (signal === 'SIGABRT' ? child.kill(signal) : killGroup(child, signal)),
    ended: new Promise((resolve) => {
      child.once('error', (error) => resolve(`could not be started: ${error.message}`));
      child.once('exit', (code, signal) => {
        killGroup(child, 'SIGKILL');
        line.destroy();
        resolve(signal ? `was ended by ${signal}` : `ended with code ${code}`);
      });
    }),
  };
}

/** A child that does not keep to the protocol is not trusted further. */
function receive(text: string, host: LaunchHost, broken: () => void): void {
  let report: Report;
  try {
    report = JSON.parse(text) as Report;
  } catch {
    return broken();
  }
  host.onReport(report);
}

/** Ends a process with all that it started and that did not leave its group. */
function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** The allowed part of the environment; compiled code is kept in the data directory when it has no better place. */
export function childEnvironment(data: string): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = { NODE_COMPILE_CACHE: join(data, 'cache', 'compile') };
  for (const name of passed) if (process.env[name] !== undefined) environment[name] = process.env[name];
  return environment;
}
