import type { AnyService, Quota } from '../contract/contract.ts';
import { type Bucket, TokenBucket } from './bucket.ts';
import { LeasedBucket, type LeaseStore, type Rate } from './lease.ts';
import { bucketsKeptMax } from './limits.ts';

/** The rate quotas of one service in one process: a bucket per scope and quota, made when first used. */
export type Rates = {
  /** The buckets an operation takes from. */
  of(tenant: string, scope: string, operation: string): readonly RateBucket[];
  /** Looks at the limits of some tenants, or of all, again; what was used of them stays used. */
  adjust(tenants: ReadonlySet<string> | undefined): void;
};

export type RateBucket = { readonly unit: 'call' | 'byte'; readonly bucket: Bucket };
type Kept = RateBucket & { readonly scope: string; readonly quota: string };
type RateQuota = Extract<Quota, { kind: 'rate' }>;

/** What the processes of a service share, and what this one is called among them. */
export type SharedRates = { readonly leases: LeaseStore; readonly process: string };

/**
 * `override` finds a scope's own number for a quota, in units per second. A service of one process keeps its buckets in
 * memory; with `shared` its processes lend from one store.
 */
export function createRates(
  contract: AnyService,
  override: (scope: string, quota: string) => number | undefined,
  nowMs: () => number,
  shared?: SharedRates,
): Rates {
  const tenants = new Map<string, Map<string, Kept>>();
  let count = 0;

  function rateOf(scope: string, name: string, quota: RateQuota): Rate {
    const perSecond = override(scope, name) ?? quota.perSecond;
    return { perSecond, burst: Math.max(perSecond, (quota.burst * perSecond) / quota.perSecond) };
  }

  function made(scope: string, name: string, quota: RateQuota): Kept {
    const rate = rateOf(scope, name, quota);
    const bucket = shared
      ? new LeasedBucket(shared.leases, `${scope} ${name}`, shared.process, rate)
      : new TokenBucket(rate.perSecond, rate.burst, nowMs());
    return { unit: quota.unit, bucket, scope, quota: name };
  }

  function bucketOf(tenant: string, scope: string, name: string): RateBucket | undefined {
    const quota = contract.quotas[name];
    if (quota?.kind !== 'rate') return undefined;
    let own = tenants.get(tenant);
    if (!own) tenants.set(tenant, (own = new Map()));
    const key = `${scope} ${name}`;
    const known = own.get(key);
    if (known) return known;
    if (count >= bucketsKeptMax) forgetOldest(own);
    const bucket = made(scope, name, quota);
    own.set(key, bucket);
    count += 1;
    return bucket;
  }

  function forgetOldest(besides: Map<string, Kept>): void {
    for (const [tenant, own] of tenants) {
      if (own === besides) continue;
      tenants.delete(tenant);
      count -= own.size;
      return;
    }
  }

  return {
    of: (tenant, scope, operation) => (contract.operations[operation]?.quota ?? []).flatMap((name) => bucketOf(tenant, scope, name) ?? []),
    adjust(changed) {
      for (const tenant of changed ?? tenants.keys())
        for (const { scope, quota, bucket } of tenants.get(tenant)?.values() ?? [])
          bucket.adjust(rateOf(scope, quota, contract.quotas[quota] as RateQuota));
    },
  };
}
