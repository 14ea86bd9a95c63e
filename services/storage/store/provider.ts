import { fault } from '#kernel/contract/fault.ts';
import type { Provider } from '#kernel/contract/provider.ts';
import { type BucketStatus, createBucket, deleteBucket, envelopeOf, findBucket, labelBucket, listBuckets } from './bucket.ts';
import type { BucketHistory } from './history.ts';
import type { Store } from './store.ts';

/** Buckets as resources of the platform. */
export function bucketProvider(store: Store, history: BucketHistory, region: string): Provider<{ location: string }, BucketStatus> {
  const { partitions } = store;
  return {
    attributes(_scope, name) {
      const bucket = partitions.find(name);
      return bucket && { owner: String(bucket.scope), labels: bucket.labels, createdAt: bucket.createdAt };
    },
    async get({ tenant, scope }, name) {
      const { catalog } = partitions.holderOf(name);
      const bucket = findBucket(catalog, name);
      return bucket?.scope === scope && bucket.tenant === tenant ? envelopeOf(catalog, bucket) : undefined;
    },
    list: async (at, page) => listBuckets(store, at, page),
    async put({ tenant, scope }, { name, spec, labels = {}, ifVersion }) {
      const holder = partitions.of(name);
      const known = findBucket(holder.catalog, name);
      if (ifVersion === '0' && known) throw fault('Conflict');
      if (spec.location !== region) throw fault('IllegalLocationConstraint', { path: '/spec/location' });
      const owner = { tenant, scope };
      const bucket = known
        ? await labelBucket(holder, owner, name, labels, ifVersion)
        : await createBucket(store, owner, { name, location: region, labels });
      history.put(bucket);
      return envelopeOf(partitions.of(name).catalog, bucket);
    },
    async delete({ tenant, scope }, name, ifVersion) {
      history.deleted(await deleteBucket(partitions.of(name), { tenant, scope }, name, ifVersion));
    },
    watch: (at, from, signal) => history.watch(at, from, signal),
  };
}
