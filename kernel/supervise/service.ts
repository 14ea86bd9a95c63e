import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AnyService } from '../contract/contract.ts';
import { fault } from './fault.ts';
import { workersMax } from './limits.ts';
import { installation, modulePath, moduleEnding } from './module.ts';
import type { Settings } from './protocol.ts';

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

/** The services whose work several processes can share. */
const shared: ReadonlySet<string> = new Set(['storage']);

/** The process that shares a service's work with its own; they are counted from 1. */
export const workerOf = (service: string, index: number): string => `${service}-worker-${index}`;

/** The processes that share a service's work besides its own. */
export const workersOf = (service: string, { workers }: Pick<Settings, 'workers'>): string[] =>
  Array.from({ length: (workers?.[service] ?? 1) - 1 }, (_, at) => workerOf(service, at + 1));

/** Which of a service's processes one is: 0 is its own; undefined where it has no others. */
export function workerPlace(
  service: string,
  process: string,
  settings: Pick<Settings, 'workers'>,
): { index: number; count: number; names: readonly string[] } | undefined {
  const others = workersOf(service, settings);
  const names = [service, ...others];
  const index = names.indexOf(process);
  return others.length === 0 || index < 0 ? undefined : { index, count: names.length, names };
}

/** Reads how many processes services are to have, `storage=2`; refuses what cannot be shared or does not run. */
export function readWorkers(text: string, running: readonly string[]): Readonly<Record<string, number>> {
  const entries = text.split(',').map((part): [string, number] => {
    const [, name = '', digits = ''] = /^([a-z-]+)=(\d{1,2})$/.exec(part.trim()) ?? [];
    const count = Number(digits);
    if (!shared.has(name))
      throw fault('Usage', `--workers names services and numbers, such as storage=2; these can be shared: ${[...shared].join(', ')}.`);
    if (count < 1 || count > workersMax) throw fault('Usage', `${name} can have 1 to ${workersMax} processes, and not ${digits}.`);
    if (!running.includes(name)) throw fault('Usage', `${name} is to have several processes and does not run.`);
    return [name, count];
  });
  return Object.fromEntries(entries);
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
