import type { Call, Handlers } from '#kernel/contract/call.ts';
import { fault } from '#kernel/contract/fault.ts';
import { formatId } from '#kernel/tenancy/id.ts';
import { objectTagsMax } from '../../contract/limits.ts';
import { checkTags } from '../../domain/configuration.ts';
import { mayRetain } from '../../domain/lock.ts';
import { isArchived, restoreDelay } from '../../domain/storage-class.ts';
import type { storage } from '../../service.ts';
import { bucketOf, changeBucket, sameBucket } from '../bucket.ts';
import type { BucketHistory } from '../history.ts';
import type { BucketRecord, ObjectRecord } from '../record.ts';
import type { Store } from '../store.ts';
import { grantsOf, toldGrants } from '../trait.ts';
import { rewriteVersion, versionIdOf } from '../version.ts';
import { effectOf, toldOf } from '../who.ts';
import { payerOf } from './bill.ts';
import { whoOf } from './call.ts';
import { findVersion } from './head.ts';

type Service = typeof storage;
type Names =
  | 'GetBucketAcl'
  | 'PutBucketAcl'
  | 'GetObjectAcl'
  | 'PutObjectAcl'
  | 'GetObjectTagging'
  | 'PutObjectTagging'
  | 'DeleteObjectTagging'
  | 'GetObjectRetention'
  | 'PutObjectRetention'
  | 'GetObjectLegalHold'
  | 'PutObjectLegalHold'
  | 'RestoreObject';
type ObjectCall = Call<
  Service,
  | 'GetObjectAcl'
  | 'PutObjectAcl'
  | 'GetObjectTagging'
  | 'PutObjectTagging'
  | 'DeleteObjectTagging'
  | 'GetObjectRetention'
  | 'PutObjectRetention'
  | 'GetObjectLegalHold'
  | 'PutObjectLegalHold'
  | 'RestoreObject'
>;

/** The handlers of grants, tags and locks. */
export function accessHandlers(store: Store, history: BucketHistory): Pick<Handlers<Service>, Names> {
  return { ...grantHandlers(store, history), ...tagHandlers(store), ...lockHandlers(store), RestoreObject: (call) => restore(store, call) };
}

type At = { readonly bucket: BucketRecord; readonly object: ObjectRecord };

function begin(store: Store, call: ObjectCall): At {
  const bucket = bucketOf(store.catalog, call.ref.name);
  call.charge('request', 1, payerOf(call, bucket));
  return { bucket, object: findVersion(store, bucket, call.input.key, call.input.versionId) };
}

const shown = ({ bucket, object }: At) => (bucket.versioning ? { versionId: versionIdOf(object) } : {});

/** Changes a version where it lies; `change` is asked again of what lies there in the commit. */
async function rewrite(
  store: Store,
  call: ObjectCall,
  operation: string,
  change: (object: ObjectRecord, bucket: BucketRecord) => ObjectRecord,
): Promise<{ output: { versionId?: string } }> {
  const { catalog, now } = store;
  const { bucket: place } = begin(store, call);
  const { key, versionId } = call.input;
  const at = await catalog.commit((batch) => {
    const bucket = sameBucket(catalog, place);
    const object = findVersion(store, bucket, key, versionId);
    rewriteVersion(catalog, bucket, key, change(object, bucket));
    const who = whoOf(call, operation);
    const told = () => [toldOf(who, key, object)];
    batch.log(effectOf(who, now(), bucket, 0, { key, ...(versionId === undefined ? {} : { versionId }) }, told));
    return { bucket, object };
  });
  return { output: shown(at) };
}

function without<K extends keyof ObjectRecord>(object: ObjectRecord, name: K): ObjectRecord {
  const { [name]: _, ...rest } = object;
  return rest as ObjectRecord;
}

function grantHandlers(
  store: Store,
  history: BucketHistory,
): Pick<Handlers<Service>, 'GetBucketAcl' | 'PutBucketAcl' | 'GetObjectAcl' | 'PutObjectAcl'> {
  const { catalog } = store;
  return {
    async GetBucketAcl(call) {
      const bucket = bucketOf(catalog, call.ref.name);
      call.charge('request', 1, bucket);
      const owner = formatId(bucket.scope);
      return { output: { owner, grants: toldGrants(bucket.acl, owner) } };
    },
    async PutBucketAcl(call) {
      const bucket = bucketOf(catalog, call.ref.name);
      call.charge('request', 1, bucket);
      const acl = grantsOf(store, bucket, call.input, formatId(bucket.scope));
      history.put(await changeBucket(store, bucket, () => ({ acl })));
      return { output: {} };
    },
    async GetObjectAcl(call) {
      const at = begin(store, call);
      const owner = at.object.owner ?? formatId(at.bucket.scope);
      return { output: { owner, grants: toldGrants(at.object.acl, owner), ...shown(at) } };
    },
    PutObjectAcl: (call) =>
      rewrite(store, call, 'PutObjectAcl', (object, bucket) => {
        const acl = grantsOf(store, bucket, call.input, object.owner ?? formatId(bucket.scope));
        return acl ? { ...object, acl } : without(object, 'acl');
      }),
  };
}

function tagHandlers(store: Store): Pick<Handlers<Service>, 'GetObjectTagging' | 'PutObjectTagging' | 'DeleteObjectTagging'> {
  return {
    async GetObjectTagging(call) {
      const at = begin(store, call);
      const named = Object.entries(at.object.tags ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));
      const tags = named.map(([key, value]) => ({ key, value }));
      return { output: { tags, ...shown(at) } };
    },
    PutObjectTagging(call) {
      const tags = checkTags(call.input.tags, objectTagsMax);
      return rewrite(store, call, 'PutObjectTagging', (object) =>
        tags.length === 0 ? without(object, 'tags') : { ...object, tags: Object.fromEntries(tags.map(({ key, value }) => [key, value])) },
      );
    },
    DeleteObjectTagging: (call) => rewrite(store, call, 'DeleteObjectTagging', (object) => without(object, 'tags')),
  };
}

function assertLockable(bucket: BucketRecord): void {
  if (!bucket.objectLock) throw fault('InvalidRequest', 'Bucket is missing Object Lock Configuration');
}

function lockHandlers(
  store: Store,
): Pick<Handlers<Service>, 'GetObjectRetention' | 'PutObjectRetention' | 'GetObjectLegalHold' | 'PutObjectLegalHold'> {
  const { catalog, now } = store;
  const lockable = (call: ObjectCall) => assertLockable(bucketOf(catalog, call.ref.name));
  return {
    async GetObjectRetention(call) {
      lockable(call);
      const { mode, until } = begin(store, call).object.lock ?? {};
      if (!mode) throw fault('NoSuchObjectLockConfiguration');
      return { output: { mode, until: until ?? 0 } };
    },
    async PutObjectRetention(call) {
      lockable(call);
      const { mode, until, bypassGovernance = false } = call.input;
      if ((mode === undefined) !== (until === undefined)) call.fail('MalformedXML');
      if (until !== undefined && until <= now()) call.fail('InvalidArgument', 'The retain until date must be in the future!');
      return rewrite(store, call, 'PutObjectRetention', (object) => {
        const wished = mode === undefined ? {} : { mode, until: until! };
        if (!mayRetain(object.lock, wished, now(), bypassGovernance)) throw fault('ObjectLocked');
        const { legalHold } = object.lock ?? {};
        return { ...object, lock: { ...wished, ...(legalHold === undefined ? {} : { legalHold }) } };
      });
    },
    async GetObjectLegalHold(call) {
      lockable(call);
      const { legalHold } = begin(store, call).object.lock ?? {};
      if (legalHold === undefined) throw fault('NoSuchObjectLockConfiguration');
      return { output: { legalHold } };
    },
    async PutObjectLegalHold(call) {
      lockable(call);
      return rewrite(store, call, 'PutObjectLegalHold', (object) => ({
        ...object,
        lock: { ...object.lock, legalHold: call.input.legalHold },
      }));
    },
  };
}

/** An archived object's bytes can be read after its class' delay, for so many days. */
async function restore(store: Store, call: Call<Service, 'RestoreObject'>) {
  const { days, tier = 'Standard' } = call.input;
  let already = false;
  await rewrite(store, call, 'RestoreObject', (object) => {
    if (!isArchived(object.storageClass))
      throw fault('InvalidObjectState', "Restore is not allowed for the object's current storage class");
    const delay = restoreDelay(object.storageClass, tier);
    if (delay === undefined) throw fault('InvalidArgument', `The class ${object.storageClass} has no tier ${tier}.`);
    const at = store.now();
    const { restore: running } = object;
    if (running && running.readyAt > at) throw fault('RestoreAlreadyInProgress');
    already = running !== undefined && at < running.until;
    const readyAt = already ? running!.readyAt : at + delay * store.dayMs;
    return { ...object, restore: { readyAt, until: Math.max(readyAt, at) + days * store.dayMs } };
  });
  return { output: { already } };
}
