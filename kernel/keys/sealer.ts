import type { KeyUse, Sealer } from '../contract/implement.ts';
import { fault } from '../contract/fault.ts';
import { formatId } from '../tenancy/id.ts';
import type { Keeper } from './client.ts';
import { defaultKey, isForeign, keyIdIn } from './key-name.ts';
import { leaseMs, strictLeaseMs } from './limits.ts';
import { openWith, sealWith, sealedVersion } from './sealed.ts';

type Lease = { readonly version: number; readonly key: Buffer; readonly until: number };

/** What the snapshot says of a key: whether it may be used, and whether its leases are short. */
export type KeyStanding = { readonly state: KeyUse; readonly strict: boolean };
/** Looks a key up; undefined where nobody ever changed it. */
export type StandingOf = (tenant: string, key: string) => KeyStanding | undefined;

/**
 * Seals and opens under data keys leased for `purpose`; a lease outlives the keeper's absence, never its own term. A key
 * that the snapshot calls disabled or destroyed is let go at once, lease or not.
 */
export function sealerOf(keeper: Keeper, purpose: string, now: () => number, standingOf: StandingOf = () => undefined): Sealer {
  const held = new Map<string, Lease>();

  async function lease(tenant: bigint, id: string | undefined, version?: number): Promise<Lease> {
    const place = `${tenant} ${id ?? ''} `;
    const standing = standingOf(formatId(tenant), id ?? defaultKey);
    if (standing && standing.state !== 'enabled') {
      for (const known of held.keys()) if (known.startsWith(place)) held.delete(known);
      throw fault('KeyRefused', `The key ${id ?? defaultKey} is ${standing.state}.`);
    }
    const known = held.get(`${place}${version ?? 'newest'}`);
    if (known && known.until > now()) return known;
    const until = now() + (standing?.strict ? strictLeaseMs : leaseMs);
    const fresh = { ...(await keeper.lease(tenant, purpose, version, id)), until };
    if (version === undefined) held.set(`${place}newest`, fresh);
    held.set(`${place}${fresh.version}`, fresh);
    return fresh;
  }

  const over = (name: string | undefined): Sealer => ({
    async seal(tenant, plain, aad) {
      const { key, version } = await lease(tenant, keyIdIn(name, tenant));
      return sealWith(key, version, plain, aad);
    },
    async open(tenant, sealed, aad) {
      return openWith((await lease(tenant, keyIdIn(name, tenant), sealedVersion(sealed))).key, sealed, aad);
    },
    under: (key) => over(key),
    state(tenant) {
      const id = isForeign(name, tenant) ? undefined : (keyIdIn(name, tenant) ?? defaultKey);
      const standing = id === undefined ? undefined : standingOf(formatId(tenant), id);
      return standing?.state ?? (id === defaultKey ? 'enabled' : undefined);
    },
  });
  return over(undefined);
}
