import { type Erased, type Kept, type SubjectCall, subjectHandlers, type SubjectItem } from '#kernel/privacy/subject.ts';
import { subjectLabel } from '#kernel/privacy/subject-word.ts';
import { findBucket, listBuckets } from '../bucket.ts';
import { type ListedVersion, listUploads, listVersions } from '../list.ts';
import { subjectPageMax } from '../limits.ts';
import { readLayout } from '../object.ts';
import type { BucketRecord, ObjectRecord, StoredHeaders, Traits } from '../record.ts';
import { deleteObjects } from '../removal.ts';
import { openObject, openSeal } from '../seal.ts';
import type { Store } from '../store.ts';
import { abortUpload, forgetInitiator } from '../upload.ts';
import { versionIdOf } from '../version.ts';
import { whoOf } from './call.ts';

type Owner = { readonly tenant: bigint; readonly scope: bigint };
/** A bucket, and the partition that holds it. */
type Held = { readonly store: Store; readonly bucket: BucketRecord };
type About = ListedVersion & Held;

type Labelled = Pick<Traits, 'tags'> & { readonly headers: StoredHeaders };

/** Whether something is about a subject: by a tag, by metadata, or because its whole bucket is. */
function isAbout(bucket: BucketRecord, { tags, headers }: Labelled, subject: string): boolean {
  return [bucket.labels, tags, headers.metadata].some((labels) => labels?.[subjectLabel] === subject);
}

const everything = { prefix: '', delimiter: '', afterPrefix: '', limit: subjectPageMax } as const;

/** The buckets of an environment, a page at a time. */
function* bucketsOf({ partitions }: Store, owner: Owner): Generator<Held> {
  for (let after: string | undefined; ; ) {
    const { items, next } = listBuckets({ partitions }, owner, { limit: subjectPageMax, ...(after === undefined ? {} : { after }) });
    for (const { name } of items) {
      const store = partitions.of(name);
      const bucket = findBucket(store.catalog, name);
      if (bucket) yield { store, bucket };
    }
    if (next === undefined) return;
    after = next;
  }
}

/** Every version that is about a subject; no transaction of the index is held between two pages. */
function* versionsAbout(first: Store, owner: Owner, subject: string): Generator<About> {
  for (const { store, bucket } of bucketsOf(first, owner)) {
    for (let after = '', version: string | undefined; ; ) {
      const { items, next } = listVersions(store.catalog, bucket, { ...everything, after }, version);
      for (const item of items) if (!item.object.deleteMarker && isAbout(bucket, item.object, subject)) yield { ...item, store, bucket };
      const last = items.at(-1);
      if (!next || !last) break;
      [after, version] = [last.key, versionIdOf(last.object)];
    }
  }
}

function itemOf({ store, bucket, key, object }: About): SubjectItem {
  const { size, etag, modifiedAt, headers, tags, seal } = object;
  const data = { versionId: versionIdOf(object), size, etag, lastModified: modifiedAt, headers, tags: tags ?? {} };
  const item = { kind: 'Object', name: `${bucket.name}/${key}`, data };
  // Under a key that the customer brings, the bytes are the customer's to open.
  return seal?.kind === 'customer' || size === 0 ? item : { ...item, bytes: () => bytesOf(store, bucket, object) };
}

async function bytesOf(store: Store, bucket: BucketRecord, object: ObjectRecord) {
  const { segments } = readLayout(store.catalog, object);
  const done = store.blobs.pin(segments);
  try {
    const seal = await openSeal(store.sealer, bucket.tenant, object.seal, undefined);
    return await openObject(store, bucket, segments, { ...(seal ? { seal } : {}), done });
  } catch (error) {
    done();
    throw error;
  }
}

async function erase(first: Store, owner: Owner, subject: string, call: SubjectCall): Promise<Erased> {
  const kept: Kept[] = [];
  const who = whoOf(call, 'EraseDataSubject');
  let erased = 0;
  for (const { store, bucket, key, object } of [...versionsAbout(first, owner, subject)]) {
    const removal = bucket.versioning ? { key, versionId: versionIdOf(object) } : { key };
    const { removed } = await deleteObjects(store, bucket, [removal], who);
    if (removed[0]?.code === 'ObjectLocked')
      kept.push({ kind: 'Object', name: `${bucket.name}/${key}`, reason: 'A retention or a legal hold protects it.' });
    else erased += 1;
  }
  for (const { store, bucket } of bucketsOf(first, owner)) {
    const { items } = listUploads(store.catalog, bucket, { ...everything, after: '' }, undefined);
    for (const { key, uploadId, upload } of items) {
      if (upload.principal === subject) await forgetInitiator(store, bucket, { key, uploadId });
      if (!isAbout(bucket, upload, subject)) continue;
      await abortUpload(store, bucket, { key, uploadId }, who);
      erased += 1;
    }
  }
  for (const { blobs } of first.partitions.all) await blobs.idle();
  return { erased, kept };
}

/** Export and erasure of what is about a person: objects, their headers and tags, and uploads under way. */
export const subjects = (store: Store) =>
  subjectHandlers('storage', {
    async *find(owner, subject) {
      for (const about of versionsAbout(store, owner, subject)) yield itemOf(about);
    },
    erase: (owner, subject, call) => erase(store, owner, subject, call),
  });
