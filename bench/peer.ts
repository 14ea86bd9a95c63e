import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { cpuSeconds } from './process.ts';

/** Where a peer runs that was started beside the bench: `GAMUT_BENCH_<NAME>`. Without it the peer's rows say that it was not run. */
export const peerAddress = (name: 'TIGERBEETLE' | 'S3'): string | undefined => process.env[`GAMUT_BENCH_${name}`] || undefined;

const listening = '0A';

/** Tells the CPU-seconds so far of the process that listens on a TCP port; NaN where none on this machine does. */
export function usedBy(port: number): () => number {
  let pid: number | undefined;
  return () => {
    pid ??= listener(port);
    return pid === undefined ? Number.NaN : cpuSeconds(pid);
  };
}

function listener(port: number): number | undefined {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const sockets = new Set<string>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6'])
    for (const line of readFileSync(table, 'utf8').split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/);
      if (fields[1]?.endsWith(`:${hex}`) && fields[3] === listening) sockets.add(`socket:[${fields[9]}]`);
    }
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
    try {
      if (readdirSync(`/proc/${pid}/fd`).some((fd) => sockets.has(readlinkSync(`/proc/${pid}/fd/${fd}`)))) return Number(pid);
    } catch {
      // It ended while we looked, or is not ours to look into.
    }
  return undefined;
}
