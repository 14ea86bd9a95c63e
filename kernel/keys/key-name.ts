import { fault } from '../contract/fault.ts';
import { formatId } from '../tenancy/id.ts';

/** The name of a tenant's own ring, which is the key of everything that names no other. */
export const defaultKey = 'default';

/** A key's name for other services, in the form of an ARN. */
export const keyName = (region: string, tenant: bigint, id: string): string => `arn:gamut:keys:${region}:${formatId(tenant)}:key/${id}`;

const pattern = /^arn:gamut:keys:[a-z0-9-]+:([0-9a-z]{13}):key\/([0-9a-z]{13}|default)$/;

/** Whether a name is that of no key of the tenant, by its form alone. */
export function isForeign(name: string | undefined, tenant: bigint): boolean {
  if (name === undefined || name === defaultKey || /^[0-9a-z]{13}$/.test(name)) return false;
  return pattern.exec(name)?.[1] !== formatId(tenant);
}

/** The id in a key's name, or undefined for the tenant's own ring; another tenant's key throws KeyRefused. */
export function keyIdIn(name: string | undefined, tenant: bigint): string | undefined {
  if (isForeign(name, tenant)) throw fault('KeyRefused', 'That names no key of this organization.');
  const id = pattern.exec(name ?? '')?.[2] ?? name;
  return id === defaultKey ? undefined : id;
}
