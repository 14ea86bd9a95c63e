import { existsSync, readdirSync, readFileSync } from 'node:fs';

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

/** Bytes that these processes hold in memory of their own, and those that they hold of files, which the system takes back as it likes. */
export function residentBytes(pids: readonly number[]): { readonly own: number; readonly file: number } {
  const sum = { own: 0, file: 0 };
  for (const pid of pids) {
    const path = `/proc/${pid}/status`;
    // One that ended holds none.
    if (!existsSync(path)) continue;
    const status = readFileSync(path, 'utf8');
    const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? Number.NaN);
    sum.own += kib('RssAnon') * 1024;
    sum.file += kib('RssFile') * 1024;
  }
  return sum;
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
