import type { Handlers } from '#kernel/contract/call.ts';
import { listKeysMax } from '../../contract/limits.ts';
import type { storage } from '../../service.ts';
import type { BucketHistory } from '../history.ts';
import { createBucket, deleteBucket, envelopeOf, findBucket, holdsObjects, listBuckets, ownBucket } from '../bucket.ts';
import { listUploads } from '../list.ts';
import type { BucketRecord } from '../record.ts';
import type { Store } from '../store.ts';
import { abortUpload } from '../upload.ts';
import { whoOf } from './call.ts';

type Names = 'ListBuckets' | 'CreateBucket' | 'HeadBucket' | 'GetBucketLocation' | 'DeleteBucket';

/** The handlers of the operations on buckets. */
export function bucketHandlers(store: Store, history: BucketHistory, region: string): Pick<Handlers<typeof storage>, Names> {
  const { catalog } = store;
  return {
    async ListBuckets(call) {
      call.charge('request', 1);
      const { after, limit = listKeysMax, prefix } = call.input;
      return {
        output: listBuckets(store, call.caller, {
          limit,
          ...(after === undefined ? {} : { after }),
          ...(prefix === undefined ? {} : { prefix }),
        }),
      };
    },
    async CreateBucket(call) {
      call.charge('request', 1);
      const { name, location, labels = {} } = call.input;
      if (location !== undefined && location !== region)
        call.fail('IllegalLocationConstraint', { path: '/location', detail: `This deployment is ${region}.` });
      const { tenant, scope } = call.caller;
      const bucket = await createBucket(store, { tenant, scope }, { name, location: region, labels });
      const output = envelopeOf(catalog, bucket);
      history.put(bucket);
      return { output };
    },
    async HeadBucket(call) {
      call.charge('request', 1);
      return { output: envelopeOf(catalog, ownBucket(catalog, call.caller, call.ref.name)) };
    },
    async GetBucketLocation(call) {
      call.charge('request', 1);
      return { output: { location: ownBucket(catalog, call.caller, call.ref.name).location } };
    },
    async DeleteBucket(call) {
      call.charge('request', 1);
      const bucket = ownBucket(catalog, call.caller, call.ref.name);
      if (!holdsObjects(store, bucket)) await abortAll(store, bucket, whoOf(call, 'DeleteBucket'));
      history.deleted(await deleteBucket(store, call.caller, bucket.name));
      return { output: {} };
    },
  };
}

/** Unfinished uploads do not keep a bucket: they end with it. */
async function abortAll(store: Store, bucket: BucketRecord, who: ReturnType<typeof whoOf>): Promise<void> {
  for (;;) {
    const { items } = listUploads(
      store.catalog,
      bucket,
      { prefix: '', delimiter: '', after: '', afterPrefix: '', limit: listKeysMax },
      undefined,
    );
    if (items.length === 0 || !findBucket(store.catalog, bucket.name)) return;
    for (const { key, uploadId } of items)
      await abortUpload(store, bucket.name, { key, uploadId }, { ...who, operation: 'AbortMultipartUpload' });
  }
}
