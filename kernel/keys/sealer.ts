import type { Sealer } from '../contract/implement.ts';
import type { Keeper } from './client.ts';
import { leaseMs } from './limits.ts';
import { openWith, sealWith, sealedVersion } from './sealed.ts';

type Lease = { readonly version: number; readonly key: Buffer; readonly until: number };

/** Seals and opens under data keys leased for `purpose`; a lease outlives the keeper's absence, never its own term. */
export function sealerOf(keeper: Keeper, purpose: string, now: () => number): Sealer {
  const current = new Map<bigint, Lease>();
  const older = new Map<string, Lease>();

  async function lease(tenant: bigint, version?: number): Promise<Lease> {
    const held = version === undefined ? current.get(tenant) : older.get(`${tenant} ${version}`);
    if (held && held.until > now()) return held;
    const fresh = { ...(await keeper.lease(tenant, purpose, version)), until: now() + leaseMs };
    if (version === undefined) current.set(tenant, fresh);
    older.set(`${tenant} ${fresh.version}`, fresh);
    return fresh;
  }

  return {
    async seal(tenant, plain, aad) {
      const { key, version } = await lease(tenant);
      return sealWith(key, version, plain, aad);
    },
    async open(tenant, sealed, aad) {
      return openWith((await lease(tenant, sealedVersion(sealed))).key, sealed, aad);
    },
  };
}
