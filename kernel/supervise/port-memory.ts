import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeAtomically } from '../volume/write.ts';
import type { DoorAddress } from './protocol.ts';

const portsFile = (data: string) => join(data, 'ports.json');

/** The ports of the last start by door, so that addresses which clients noted stay good; any may be taken by now. */
export function readPorts(data: string): Record<string, number> {
  try {
    const ports: unknown = JSON.parse(readFileSync(portsFile(data), 'utf8'));
    return Object.fromEntries(Object.entries(ports ?? {}).filter(([, port]) => Number.isInteger(port) && port > 0 && port < 65536));
  } catch {
    // The first start, or a file cut off by a crash: any free port will do.
    return {};
  }
}

/** Notes the ports of the doors there are. */
export function writePorts(data: string, doors: Readonly<Record<string, DoorAddress>>): void {
  const ports = Object.entries(doors).map(([name, { url }]) => [name, portOf(url)]);
  writeAtomically(portsFile(data), `${JSON.stringify(Object.fromEntries(ports))}\n`, 0o600);
}

/** The port in a door's address; 0 when it has none. */
export function portOf(url: string): number {
  return Number(URL.parse(url)?.port ?? 0);
}
