import { readdir, readFile, readlink, realpath, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedPostgresError } from './error.ts';
import { pollMs, quitTimeoutMs, stopTimeoutMs } from './limits.ts';

/**
 * Stops what an earlier run left behind on a cluster's directory: its postmaster, or server processes whose postmaster
 * was killed. A process is taken for one only when it is PostgreSQL's binary and stands in this very directory.
 */
export async function stopLeftover(cluster: string): Promise<void> {
  const own = await realpath(cluster).catch(() => cluster);
  const steps = [
    ['SIGINT', stopTimeoutMs],
    ['SIGQUIT', quitTimeoutMs],
    ['SIGKILL', quitTimeoutMs],
  ] as const;
  for (const [signal, waitMs] of steps) {
    const first = await serverProcesses(own);
    if (first.length === 0) break;
    const postmaster = await postmasterOf(own);
    const targets = postmaster !== undefined && first.includes(postmaster) ? [postmaster] : first;
    for (const pid of targets) send(pid, signal);
    const deadline = performance.now() + waitMs;
    while (performance.now() < deadline && (await serverProcesses(own)).length > 0) await sleep(pollMs);
  }
  if ((await serverProcesses(own)).length > 0) throw new EmbeddedPostgresError(`A PostgreSQL left behind on ${cluster} cannot be stopped.`);
  // With no process in the directory the file is stale; its number may by now be another program's, which PostgreSQL would trust.
  await rm(join(cluster, 'postmaster.pid'), { force: true });
}

/** The number of the postmaster that the cluster's lock file names, whether or not it still runs. */
export async function postmasterOf(cluster: string): Promise<number | undefined> {
  const text = await readFile(join(cluster, 'postmaster.pid'), 'latin1').catch(() => '');
  const pid = Number(text.split('\n', 1)[0]);
  return Number.isInteger(pid) && pid > 1 ? pid : undefined;
}

/** PostgreSQL processes whose working directory is the cluster's; every server process stands there. */
async function serverProcesses(cluster: string): Promise<number[]> {
  const found: number[] = [];
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const [at, program] = await Promise.all([look(`/proc/${entry}/cwd`), look(`/proc/${entry}/exe`)]);
    if (at === cluster && basename(program.replace(/ \(deleted\)$/, '')) === 'postgres') found.push(Number(entry));
  }
  return found;
}

async function look(link: string): Promise<string> {
  return readlink(link).catch(() => '');
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended between the look and the signal.
  }
}
