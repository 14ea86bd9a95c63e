import { readdirSync, readFileSync } from 'node:fs';

const ticksPerSecond = 100;
const afterName = (stat: string) => stat.slice(stat.lastIndexOf(')') + 2).split(' ');

/** CPU-seconds that a process has used, in user and system time, its waited-for children excluded. */
export function cpuSeconds(pid: number): number {
  const fields = afterName(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** CPU-seconds that these processes have used together. One that ended, as PostgreSQL's do, counts as it was seen last. */
export function cpuOf(pids: readonly number[]): () => number {
  const seen = new Map<number, number>();
  return () => {
    for (const pid of pids) {
      try {
        seen.set(pid, cpuSeconds(pid));
      } catch {
        // It ended.
      }
    }
    return seen.values().reduce((sum, seconds) => sum + seconds, 0);
  };
}

/** Proportional set size of a process in MB: pages that several share are split among them. */
export function pssMb(pid: number): number {
  const found = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
  return (Number(found?.[1] ?? Number.NaN) * 1024) / 1e6;
}

/** A process and all below it. */
export function family(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const parent = Number(afterName(readFileSync(`/proc/${name}/stat`, 'utf8'))[1]);
      children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
    } catch {
      // It ended while we looked.
    }
  }
  const found = [pid];
  for (const one of found) found.push(...(children.get(one) ?? []));
  return found;
}
