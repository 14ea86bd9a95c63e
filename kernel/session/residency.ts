import type { AnyService, Operation } from '../contract/contract.ts';
import { fault, type OperationError } from '../contract/fault.ts';
import type { Runtime } from './runtime.ts';

/** The refusal of a write of scoped data in a region that its tenant does not allow; deleting and revoking are always possible. */
export function mislaid(runtime: Runtime, tenant: string, operation: Operation): OperationError | undefined {
  if (operation.effect !== 'write' || operation.essential || !isElsewhere(runtime, tenant, operation)) return undefined;
  return fault('Residency', `This is region ${runtime.region}; allowed: ${regionsOf(runtime, tenant).join(', ')}.`);
}

/** Whether an operation is about data of a scope whose tenant does not allow this region; the directory itself is everywhere. */
export function isElsewhere(runtime: Runtime, tenant: string, operation: Operation): boolean {
  const regions = regionsOf(runtime, tenant);
  return regions.length > 0 && !regions.includes(runtime.region) && isOfScope(runtime.contract.resources, operation.on);
}

function regionsOf({ snapshot }: Runtime, tenant: string): readonly string[] {
  return snapshot.get('tenant', tenant)?.regions ?? [];
}

function isOfScope(resources: AnyService['resources'], kind: string): boolean {
  const parent = resources[kind]?.of ?? 'scope';
  return Object.hasOwn(resources, parent) ? isOfScope(resources, parent) : parent === 'scope';
}
