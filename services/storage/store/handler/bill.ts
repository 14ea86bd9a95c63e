import type { Caller } from '#kernel/contract/caller.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import type { BucketRecord } from '../record.ts';

/** Who pays for a request: the bucket's owner, or who asks, when the bucket is so and the caller has an account. */
export function payerOf(call: { readonly caller: Caller }, bucket: BucketRecord): Placed {
  const { caller } = call;
  return bucket.requesterPays && caller.face !== 'anonymous'
    ? { tenant: caller.tenant, scope: caller.scope }
    : { tenant: bucket.tenant, scope: bucket.scope };
}
