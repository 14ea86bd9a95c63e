import type { Handlers } from '#kernel/contract/call.ts';
import { fault } from '#kernel/contract/fault.ts';
import { listKeysMax } from '../../contract/limits.ts';
import type { storage } from '../../service.ts';
import type { BucketHistory } from '../history.ts';
import { bucketOf, createBucket, deleteBucket, envelopeOf, findBucket, holdsObjects, listBuckets } from '../bucket.ts';
import { grantsOf, type AclWish } from '../trait.ts';
import { formatId } from '#kernel/tenancy/id.ts';
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
      const { name, location, labels = {}, objectLock, ownership, ...wish } = call.input;
      if (location !== undefined && location !== region)
        call.fail('IllegalLocationConstraint', { path: '/location', detail: `This deployment is ${region}.` });
      const { tenant, scope } = call.caller;
      const acl = grantsAtBirth(store, { tenant, scope }, ownership, wish);
      const settings = {
        ...(objectLock ? { objectLock: true as const, versioning: 'Enabled' as const } : {}),
        ...(ownership ? { ownership } : {}),
        ...(acl ? { acl } : {}),
      };
      const bucket = await createBucket(store, { tenant, scope }, { name, location: region, labels, settings });
      const output = envelopeOf(store.partitions.holderOf(name).catalog, bucket);
      history.put(bucket);
      return { output };
    },
    async HeadBucket(call) {
      call.charge('request', 1);
      return { output: envelopeOf(catalog, bucketOf(catalog, call.ref.name)) };
    },
    async GetBucketLocation(call) {
      call.charge('request', 1);
      return { output: { location: bucketOf(catalog, call.ref.name).location } };
    },
    async DeleteBucket(call) {
      call.charge('request', 1);
      const bucket = bucketOf(catalog, call.ref.name);
      if (!holdsObjects(store, bucket)) await abortAll(store, bucket, whoOf(call, 'DeleteBucket'));
      history.deleted(await deleteBucket(store, { tenant: bucket.tenant, scope: bucket.scope }, bucket.name));
      return { output: {} };
    },
  };
}

/** The grants of a bucket to be. */
function grantsAtBirth(store: Store, owner: { tenant: bigint; scope: bigint }, ownership: BucketRecord['ownership'], wish: AclWish) {
  const born = { ...owner, id: 0n, version: 0n, name: '', ownership } as BucketRecord;
  if (ownership === 'BucketOwnerEnforced' && (wish.grants?.length || (wish.cannedAcl !== undefined && wish.cannedAcl !== 'private')))
    throw fault('InvalidBucketAclWithObjectOwnership', "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting");
  return grantsOf(store, born, wish, formatId(owner.scope));
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
      await abortUpload(store, bucket, { key, uploadId }, { ...who, operation: 'AbortMultipartUpload' });
  }
}
