import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AnyService } from '#kernel/contract/contract.ts';
import { registerFaults } from '#kernel/contract/fault.ts';
import { platform } from '#kernel/control/service.ts';
import { installation, moduleEnding, modulePath } from '#kernel/supervise/module.ts';

/** The names of the contracts that this installation has: the platform's own first, then its services in order of name. */
export function contractNames(): string[] {
  const folder = join(installation, 'services');
  const services = existsSync(folder) ? readdirSync(folder).filter((name) => existsSync(join(folder, name, `service${moduleEnding}`))) : [];
  return [platform.name, ...services.sort()];
}

/** A contract by its name, or undefined. */
export async function contractNamed(name: string): Promise<AnyService | undefined> {
  if (name === platform.name) return platform;
  if (!contractNames().includes(name)) return undefined;
  const loaded = (await import(pathToFileURL(modulePath(`services/${name}/service`)).href)) as Record<string, unknown>;
  const contract = Object.values(loaded).find((value) => isContract(value, name));
  if (contract) registerFaults(contract.errors);
  return contract;
}

/** Every contract of this installation. */
export async function allContracts(): Promise<AnyService[]> {
  const loaded = await Promise.all(contractNames().map(contractNamed));
  return loaded.filter((contract) => contract !== undefined);
}

function isContract(value: unknown, name: string): value is AnyService {
  return typeof value === 'object' && value !== null && 'operations' in value && 'name' in value && value.name === name;
}
