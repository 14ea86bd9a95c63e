import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AnyService } from '../contract/contract.ts';
import { fault } from './fault.ts';
import { installation, modulePath, moduleEnding } from './module.ts';

/** The service that is the embedded default of a seam; the other seams need no process of ours. */
const seamService: Readonly<Record<string, string>> = { log: 'log', blobs: 'storage', ledger: 'ledger', compute: 'containers' };

/** The services that can have a standby. */
const standbys: ReadonlySet<string> = new Set(['ledger', 'log']);

/** The process that stands by for a service's own. */
export const standbyOf = (service: string): string => `${service}-standby`;

/** Refuses a standby for a service that cannot have one, or does not run. */
export function checkStandby(names: readonly string[], running: readonly string[]): void {
  for (const name of names) {
    if (!standbys.has(name)) throw fault('Usage', `${name} has no standby; these can have one: ${[...standbys].join(', ')}.`);
    if (!running.includes(name)) throw fault('Usage', `${name} is to have a standby and does not run.`);
  }
}

/** The services of this installation: folders with a main module. */
export function availableServices(): string[] {
  const folder = join(installation, 'services');
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, `main${moduleEnding}`)))
    .map((entry) => entry.name)
    .sort();
}

/** The services named, with those they cannot do without, by their contracts. An unknown name is refused. */
export async function impliedServices(names: readonly string[], available: readonly string[] = availableServices()): Promise<string[]> {
  const found = new Set<string>();
  const open = [...names];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (found.has(name)) continue;
    if (!available.includes(name)) throw fault('NotFound', `No service is called ${name}; there are ${available.join(', ') || 'none'}.`);
    found.add(name);
    const { needs } = await readContract(name);
    for (const need of Object.values(needs)) {
      const service = seamService[need.seam];
      if (!need.optional && service !== undefined) open.push(service);
    }
  }
  return [...found].sort();
}

/** Further processes of a service: files `<part>.main` beside its main. */
export function serviceParts(name: string): string[] {
  const ending = `.main${moduleEnding}`;
  return readdirSync(join(installation, 'services', name))
    .filter((file) => file.endsWith(ending))
    .map((file) => file.slice(0, -ending.length))
    .sort();
}

async function readContract(name: string): Promise<AnyService> {
  const loaded = (await import(pathToFileURL(modulePath(`services/${name}/service`)).href)) as Record<string, AnyService>;
  const contract = Object.values(loaded).find((value) => value.name === name && 'operations' in value);
  if (!contract) throw fault('NotFound', `The service ${name} exports no contract.`);
  return contract;
}
