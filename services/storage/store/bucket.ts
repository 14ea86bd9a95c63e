import { fault } from '#kernel/contract/fault.ts';
import type { Envelope } from '#kernel/contract/provider.ts';
import { bucketsMax } from '../contract/limits.ts';
import { isBucketName } from '../domain/name.ts';
import type { Batch, Catalog } from './catalog.ts';
import { afterPrefix, bucketPlace, bucketsBefore, numberKey, placedKey, placedName } from './key.ts';
import { bucketsReadMax } from './limits.ts';
import { isOwn } from './holder.ts';
import { type BucketRecord, pack, unpack } from './record.ts';
import type { Store } from './store.ts';

export type Owner = { readonly tenant: bigint; readonly scope: bigint };
export type BucketStatus = { objects: number; sizeBytes: number; durability: 'synced' | 'relaxed' };
export type BucketEnvelope = Envelope<{ location: string }, BucketStatus>;

type Read = { readonly bytes: Buffer; readonly bucket: BucketRecord };

/** Buckets as they were read last. Each request reads its bucket several times, and unpacking costs more than comparing. */
const lately = new WeakMap<Catalog, Map<string, Read>>();

/** The bucket of a name, whoever owns it. */
export function findBucket(catalog: Catalog, name: string): BucketRecord | undefined {
  // A name that cannot be one may be longer than a key of the index.
  const found = name.length < 1 || name.length > 63 ? undefined : catalog.table.bucket.get(Buffer.from(name));
  if (!found) return undefined;
  const read = lately.get(catalog) ?? new Map<string, Read>();
  const known = read.get(name);
  if (known?.bytes.equals(found)) return known.bucket;
  const bucket = bucketFrom(unpack<BucketRecord>(found));
  if (read.size >= bucketsReadMax) read.clear();
  lately.set(catalog, read.set(name, { bytes: Buffer.from(found), bucket }));
  return bucket;
}

/** A bucket as it was packed, in which small numbers come out as plain ones. */
export function bucketFrom(record: BucketRecord): BucketRecord {
  const { id, tenant, scope, version } = record;
  return { ...record, id: BigInt(id), tenant: BigInt(tenant), scope: BigInt(scope), version: BigInt(version) };
}

/** The bucket of a name when it is the owner's; NoSuchBucket or, when it is somebody else's, Denied. */
export function ownBucket(catalog: Catalog, owner: Owner, name: string): BucketRecord {
  const bucket = findBucket(catalog, name);
  if (!bucket) throw fault('NoSuchBucket');
  if (bucket.scope !== owner.scope || bucket.tenant !== owner.tenant) throw fault('Denied');
  return bucket;
}

/** The bucket of a name, whoever's it is: whether the caller may reach it was decided before. NoSuchBucket when there is none. */
export function bucketOf(catalog: Catalog, name: string): BucketRecord {
  return findBucket(catalog, name) ?? absent();
}

/** The bucket as it is now; one that was deleted and made anew, perhaps by somebody else, is another bucket. */
export function sameBucket(catalog: Catalog, { id, name }: Pick<BucketRecord, 'id' | 'name'>): BucketRecord {
  const bucket = findBucket(catalog, name);
  return bucket?.id === id ? bucket : absent();
}

function absent(): never {
  throw fault('NoSuchBucket');
}

export type NewBucket = {
  readonly name: string;
  readonly location: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly settings?: Pick<BucketRecord, 'versioning' | 'objectLock' | 'ownership' | 'acl'>;
};

export async function createBucket(
  { partitions, now }: Store,
  owner: Owner,
  { name, location, labels, settings = {} }: NewBucket,
): Promise<BucketRecord> {
  if (!isBucketName(name)) throw fault('InvalidBucketName', { path: '/name' });
  const home = partitions.home(name);
  if (!isOwn(home)) return home.createBucket(owner, { name, location, labels, settings });
  const { catalog } = home;
  return commitChange(home, (batch, nextVersion) => {
    const known = partitions.find(name);
    if (known)
      throw fault(known.scope === owner.scope && known.tenant === owner.tenant ? 'BucketAlreadyOwnedByYou' : 'BucketAlreadyExists');
    const own = { start: numberKey(owner.scope), end: numberKey(owner.scope + 1n) };
    if (partitions.holders.reduce((sum, { catalog: { table } }) => sum + table.owned.getKeysCount(own), 0) >= bucketsMax)
      throw fault('QuotaExceeded', `A scope may have ${bucketsMax} buckets.`);
    const record: BucketRecord = {
      id: batch.next('bucket', bucketsBefore(home.partition)),
      ...owner,
      name,
      createdAt: now(),
      location,
      labels,
      generation: 1,
      version: nextVersion(),
      ...settings,
    };
    writeBucket(catalog, record);
    return record;
  });
}

/** Commits a change of a bucket, which has a number among those of all. */
function commitChange<T>({ catalog, partitions }: Store, change: (batch: Batch, nextVersion: () => bigint) => T): Promise<T> {
  return partitions.alone(() => catalog.commit((batch) => change(batch, () => batch.next('version', partitions.version))));
}

/** Within a change: writes what is kept of a bucket. */
export function writeBucket({ table }: Catalog, record: BucketRecord): void {
  table.bucket.put(Buffer.from(record.name), pack(record));
  table.owned.put(placedKey(record.scope, record.name), Buffer.alloc(1));
}

/** Changes what is kept of a bucket itself. */
export function changeBucket(
  store: Store,
  place: BucketRecord,
  change: (bucket: BucketRecord) => Partial<BucketRecord>,
): Promise<BucketRecord> {
  const { catalog } = store;
  return commitChange(store, (_, nextVersion) => {
    const bucket = sameBucket(catalog, place);
    const record = { ...bucket, ...change(bucket), generation: bucket.generation + 1, version: nextVersion() };
    writeBucket(catalog, record);
    return record;
  });
}

/** Gives a bucket other labels. */
export function labelBucket(
  store: Store,
  owner: Owner,
  name: string,
  labels: Readonly<Record<string, string>>,
  ifVersion: string | undefined,
): Promise<BucketRecord> {
  const { catalog } = store;
  return commitChange(store, (_, nextVersion) => {
    const bucket = ownBucket(catalog, owner, name);
    if (ifVersion !== undefined && ifVersion !== String(bucket.version)) throw fault('PreconditionFailed');
    const record = { ...bucket, labels, generation: bucket.generation + 1, version: nextVersion() };
    writeBucket(catalog, record);
    return record;
  });
}

/** Deletes an empty bucket; its unfinished uploads must have been given up. Resolves with what it was. */
export function deleteBucket(store: Store, owner: Owner, name: string, ifVersion?: string): Promise<BucketRecord> {
  const { catalog } = store;
  return commitChange(store, (_, nextVersion) => {
    const bucket = ownBucket(catalog, owner, name);
    if (ifVersion !== undefined && ifVersion !== String(bucket.version)) throw fault('PreconditionFailed');
    const { table } = catalog;
    if (any(table.object, bucket.id) || any(table.version, bucket.id) || any(table.upload, bucket.id)) throw fault('BucketNotEmpty');
    const below = { start: numberKey(bucket.id), end: numberKey(bucket.id + 1n) };
    for (const key of [...table.configuration.getKeys(below)]) table.configuration.remove(key);
    for (const key of [...table.dictionary.getKeys(below)]) table.dictionary.remove(key);
    table.bucket.remove(Buffer.from(name));
    table.owned.remove(placedKey(bucket.scope, name));
    return { ...bucket, version: nextVersion() };
  });
}

function any(table: Catalog['table']['object'], bucket: bigint): boolean {
  return [...table.getKeys({ start: numberKey(bucket), end: numberKey(bucket + 1n), limit: 1 })].length > 0;
}

/** Whether the bucket holds an object, a version or a delete marker. */
export function holdsObjects({ catalog }: Store, bucket: BucketRecord): boolean {
  return any(catalog.table.object, bucket.id) || any(catalog.table.version, bucket.id);
}

/** A page of an owner's buckets in order of name. */
export function listBuckets(
  { partitions }: Pick<Store, 'partitions'>,
  owner: Owner,
  page: { after?: string; limit: number; prefix?: string },
): { items: BucketEnvelope[]; next?: string; version: string } {
  const prefix = placedKey(owner.scope, page.prefix ?? '');
  const behind = page.after === undefined ? prefix : placedKey(owner.scope, `${page.after}\0`);
  const start = Buffer.compare(behind, prefix) > 0 ? behind : prefix;
  const range = { start, end: afterPrefix(prefix), limit: page.limit + 1 };
  const { version } = partitions;
  const found = partitions.holders
    .flatMap(({ catalog }) => [...catalog.table.owned.getKeys(range)].map((key) => ({ catalog, name: placedName(key) })))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const items = found.slice(0, page.limit).flatMap(({ catalog, name }) => {
    const bucket = findBucket(catalog, name);
    return bucket ? [envelopeOf(catalog, bucket)] : [];
  });
  return { items, ...(found.length > page.limit ? { next: found[page.limit - 1]!.name } : {}), version: String(version) };
}

/** A bucket as everything derived sees it. */
export function envelopeOf(catalog: Catalog, bucket: BucketRecord): BucketEnvelope {
  const { objects, bytes } = catalog.tally(bucketPlace(bucket.id));
  return {
    uid: String(bucket.id),
    name: bucket.name,
    generation: bucket.generation,
    version: String(bucket.version),
    labels: bucket.labels,
    createdAt: bucket.createdAt,
    spec: { location: bucket.location },
    status: { objects, sizeBytes: bytes, durability: bucket.relaxed ? 'relaxed' : 'synced' },
  };
}
