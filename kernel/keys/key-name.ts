import { fault } from '../contract/fault.ts';
import { formatId } from '../tenancy/id.ts';

/** The name of a tenant's own ring, which is the key of everything that names no other. */
export const defaultKey = 'default';

/** A key's name for other services, in the form of an ARN. */
export const keyName = (region: string, tenant: bigint, id: string): string => `arn:gamut:keys:${region}:${formatId(tenant)}:key/${id}`;

/** The id in a key's name, or undefined for the tenant's own ring; another tenant's key throws KeyUnavailable. */
export function keyIdIn(name: string | undefined, tenant: bigint): string | undefined {
  if (name === undefined || name === defaultKey) return undefined;
  const [, of = '', id = ''] = /^arn:gamut:keys:[a-z0-9-]+:([0-9a-z]{13}):key\/([0-9a-z]{13}|default)$/.exec(name) ?? [];
  const plain = /^[0-9a-z]{13}$/.test(name) ? name : undefined;
  if (plain !== undefined) return plain;
  if (id === '' || of !== formatId(tenant))
    throw fault('KeyUnavailable', { path: 'refused', detail: 'That names no key of this organization.' });
  return id === defaultKey ? undefined : id;
}
