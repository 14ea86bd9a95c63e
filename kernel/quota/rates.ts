import type { AnyService } from '../contract/contract.ts';
import { TokenBucket } from './bucket.ts';
import { bucketsKeptMax } from './limits.ts';

/** The rate quotas of one service in one process: a bucket per scope and quota, made when first used. */
export type Rates = {
  /** The buckets an operation takes from. */
  of(scope: string, operation: string): readonly RateBucket[];
  /** Forgets the buckets of a scope, whose limits may have changed. */
  forget(scope?: string): void;
};

export type RateBucket = { readonly unit: 'call' | 'byte'; readonly bucket: TokenBucket };

/** `override` finds a scope's own number for a quota, in units per second. */
export function createRates(
  contract: AnyService,
  override: (scope: string, quota: string) => number | undefined,
  nowMs: () => number,
): Rates {
  const kept = new Map<string, RateBucket>();

  function bucketOf(scope: string, name: string): RateBucket | undefined {
    const quota = contract.quotas[name];
    if (quota?.kind !== 'rate') return undefined;
    const key = `${scope} ${name}`;
    const known = kept.get(key);
    if (known) return known;
    const perSecond = override(scope, name) ?? quota.perSecond;
    const made = {
      unit: quota.unit,
      bucket: new TokenBucket(perSecond, Math.max(perSecond, (quota.burst * perSecond) / quota.perSecond), nowMs()),
    };
    if (kept.size >= bucketsKeptMax) kept.delete(kept.keys().next().value ?? '');
    kept.set(key, made);
    return made;
  }

  return {
    of: (scope, operation) => (contract.operations[operation]?.quota ?? []).flatMap((name) => bucketOf(scope, name) ?? []),
    forget(scope) {
      if (scope === undefined) kept.clear();
      else for (const key of kept.keys()) if (key.startsWith(`${scope} `)) kept.delete(key);
    },
  };
}
