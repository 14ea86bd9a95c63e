import type { ChildProcess } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseAddress } from '../address.ts';
import { SqlRefused } from '../error.ts';
import { openConnection } from '../open.ts';
import { type Cluster, readPassword, serverEnvironment, superuser } from './cluster.ts';
import { EmbeddedPostgresError } from './error.ts';
import { spawnGuarded } from './guard.ts';
import { postmasterOf, stopLeftover } from './leftover.ts';
import { logLineBytesMax, logLinesMax, pollMs, quitTimeoutMs, serverConnectionsMax, startTimeoutMs, stopTimeoutMs } from './limits.ts';
import { makePrivate } from './place.ts';

/** A running embedded server. */
export type RunningPostgres = {
  /** The guard's process; it ends when the server does, with the server's exit code. */
  readonly child: ChildProcess;
  /** The postmaster. */
  readonly pid: number;
  /** Address of the superuser on database `postgres`; it holds the password. */
  readonly url: string;
  /** Resolves with the exit code when the server has ended, for whatever reason. */
  readonly exited: Promise<number>;
  /** The last lines the server wrote, oldest first. */
  log(): readonly string[];
  /** 'fast' rolls back what runs and ends; 'immediate' leaves recovery to the next start. */
  stop(mode?: 'fast' | 'immediate'): Promise<void>;
};

export type StartOptions = {
  /** Gets each line the server logs. */
  readonly onLine?: (line: string) => void;
  /** Settings beside or instead of ours. */
  readonly settings?: Readonly<Record<string, string>>;
};

const settings = {
  listen_addresses: '',
  port: '5432',
  unix_socket_permissions: '0700',
  max_connections: String(serverConnectionsMax),
  shared_buffers: '32MB',
  effective_cache_size: '512MB',
  work_mem: '4MB',
  maintenance_work_mem: '64MB',
  max_wal_size: '512MB',
  wal_level: 'replica',
  // A segment that is used again would keep what once was written, long after its rows were erased.
  wal_recycle: 'off',
  synchronous_commit: 'on',
  jit: 'off',
  max_worker_processes: '4',
  max_parallel_workers: '2',
  max_parallel_workers_per_gather: '0',
  autovacuum_max_workers: '2',
  io_method: 'sync',
  huge_pages: 'off',
  password_encryption: 'scram-sha-256',
  log_destination: 'stderr',
  logging_collector: 'off',
  log_timezone: 'UTC',
  max_logical_replication_workers: '0',
  // Statements, parameters and details hold what tenants wrote.
  log_error_verbosity: 'terse',
  log_min_error_statement: 'panic',
  log_parameter_max_length_on_error: '0',
};

/** Starts a prepared cluster, after stopping what an earlier run left on it, and waits until it takes connections. */
export async function startPostgres(cluster: Cluster, options: StartOptions = {}): Promise<RunningPostgres> {
  await stopLeftover(cluster.folder);
  await mkdir(join(cluster.socket, '..'), { recursive: true, mode: cluster.account.switched ? 0o711 : 0o700 });
  await makePrivate(cluster.socket, cluster.account);
  const chosen = { ...settings, unix_socket_directories: cluster.socket, ...options.settings };
  const url = await superuserUrl(cluster, chosen.port);
  const child = launch(cluster, chosen);
  const lines = collect(child, options.onLine);
  const exited = new Promise<number>((resolve) => {
    child.once('error', () => resolve(-1));
    child.once('exit', (code, signal) => resolve(code ?? (signal ? -1 : 0)));
  });
  void exited.then(() => (child.stdio[3] as Readable | undefined)?.destroy());
  await ready(url, exited, lines);
  const pid = await postmasterOf(cluster.folder);
  if (pid === undefined) throw new EmbeddedPostgresError(`PostgreSQL in ${cluster.folder} started, but wrote no postmaster.pid.`);
  return { child, pid, url, exited, log: () => lines, stop: (mode = 'fast') => stop(child, cluster, exited, mode) };
}

async function superuserUrl(cluster: Cluster, port: string): Promise<string> {
  const url = new URL(`postgres://localhost:${port}/postgres`);
  url.username = superuser;
  url.password = await readPassword(cluster);
  url.searchParams.set('host', cluster.socket);
  return url.href;
}

function launch(cluster: Cluster, chosen: Readonly<Record<string, string>>): ChildProcess {
  return spawnGuarded({
    command: join(cluster.native, 'bin/postgres'),
    args: ['-D', cluster.folder, ...Object.entries(chosen).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    stop: 'INT',
    kill: 'QUIT',
    graceSeconds: Math.ceil(stopTimeoutMs / 1000),
    env: serverEnvironment,
    ...(cluster.account.switched ? { uid: cluster.account.uid, gid: cluster.account.gid } : {}),
  });
}

function collect(child: ChildProcess, onLine: ((line: string) => void) | undefined): string[] {
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue;
    createInterface({ input: stream, crlfDelay: Infinity }).on('line', (line) => {
      const shown = line.slice(0, logLineBytesMax);
      lines.push(shown);
      if (lines.length > logLinesMax) lines.shift();
      onLine?.(shown);
    });
  }
  return lines;
}

async function ready(url: string, exited: Promise<number>, lines: readonly string[]): Promise<void> {
  const deadline = performance.now() + startTimeoutMs;
  let ended: number | undefined;
  void exited.then((code) => (ended = code));
  for (;;) {
    const error = await attempt(url);
    if (!error) return;
    if (ended !== undefined) throw new EmbeddedPostgresError(`PostgreSQL ended with ${ended} while starting: ${lines.slice(-3).join(' ')}`);
    if (error instanceof SqlRefused || performance.now() > deadline)
      throw new EmbeddedPostgresError(`PostgreSQL did not start: ${error.message}`, { cause: error });
    await sleep(pollMs);
  }
}

async function attempt(url: string): Promise<Error | null> {
  const hooks = { onIdle: () => undefined, onLost: () => undefined };
  try {
    (await openConnection(parseAddress(url), [], hooks)).end();
    return null;
  } catch (error) {
    return error as Error;
  }
}

async function stop(child: ChildProcess, cluster: Cluster, exited: Promise<number>, mode: 'fast' | 'immediate'): Promise<void> {
  const steps = [
    ['SIGINT', stopTimeoutMs],
    ['SIGQUIT', quitTimeoutMs],
  ] as const;
  for (const [signal, waitMs] of mode === 'fast' ? steps : steps.slice(1)) {
    child.kill(signal);
    const late = new AbortController();
    const timer = sleep(waitMs, undefined, { signal: late.signal }).catch(() => undefined);
    const code = await Promise.race([exited, timer]);
    late.abort();
    if (code !== undefined) break;
  }
  // Server processes whose postmaster was killed may still stand in the directory.
  await stopLeftover(cluster.folder);
}
