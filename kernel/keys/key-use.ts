import type { Snapshot } from '../snapshot/reader.ts';
import { formatId } from '../tenancy/id.ts';
import { defaultKey, isForeign, keyIdIn } from './key-name.ts';

/** What policy is asked where a caller names a key: as much of the platform's contract as says so. */
export const keyContract = {
  name: 'platform',
  resources: { Key: { of: 'tenant', owner: 'service' } },
  operations: { UseKey: { on: 'Key' } },
} as const;

/**
 * The name under which policies speak of a key, however it was named: by ARN or by id. Undefined where the tenant has no such
 * key, which whoever seals under it says in its own words.
 */
export function policyNameOf(snapshot: Snapshot, tenant: bigint, named: string): string | undefined {
  if (isForeign(named, tenant)) return undefined;
  const id = keyIdIn(named, tenant);
  if (id === undefined) return defaultKey;
  const record = snapshot.get('key', formatId(tenant), id);
  return record && (record.name ?? id);
}
