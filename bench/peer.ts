import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Where a peer runs that was started beside the bench: `GAMUT_BENCH_<NAME>`. Without it the peer's rows say that it was not run. */
export const peerAddress = (name: 'TIGERBEETLE' | 'S3'): string | undefined => process.env[`GAMUT_BENCH_${name}`] || undefined;

const listening = '0A';

/** The process on this machine that listens on a TCP port, so that its CPU and memory can be told; undefined where it is on another. */
export function listener(port: number): number | undefined {
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
