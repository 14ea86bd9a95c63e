import { type Erased, type Kept, type SubjectCall, subjectHandlers, type SubjectItem } from '#kernel/privacy/subject.ts';
import { subjectLabel } from '#kernel/privacy/subject-word.ts';
import { findBucket, listBuckets } from '../bucket.ts';
import { type ListedVersion, listUploads, listVersions } from '../list.ts';
import { subjectPageMax } from '../limits.ts';
import { readLayout } from '../object.ts';
import { type Holder, isOwn } from '../holder.ts';
import type { BucketRecord, StoredHeaders, Traits } from '../record.ts';
import { deleteObjects } from '../removal.ts';
import { openObject, openSeal } from '../seal.ts';
import type { Store } from '../store.ts';
import { abortUpload, forgetInitiator } from '../upload.ts';
import { versionIdOf } from '../version.ts';
import { whoOf } from './call.ts';

type Owner = { readonly tenant: bigint; readonly scope: bigint };
/** A bucket, and the partition that holds it. */
type Held = { readonly store: Holder; readonly bucket: BucketRecord };
type About = ListedVersion & Held;

/** An erasure as processes ask it of each other. */
export type AskedErasure = { readonly owner: Owner; readonly subject: string; readonly call: Pick<SubjectCall, 'caller' | 'requestId'> };
/** Has the other processes erase what is theirs; nothing where there are none. */
export type EraseAtOthers = (asked: AskedErasure) => Promise<readonly Erased[]>;

const unending = new AbortController().signal;

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
      const store = partitions.holderOf(name);
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

function itemOf(about: About): SubjectItem {
  const { bucket, key, object } = about;
  const { size, etag, modifiedAt, headers, tags, seal } = object;
  const data = { versionId: versionIdOf(object), size, etag, lastModified: modifiedAt, headers, tags: tags ?? {} };
  const item = { kind: 'Object', name: `${bucket.name}/${key}`, data };
  // Under a key that the customer brings, the bytes are the customer's to open.
  return seal?.kind === 'customer' || size === 0 ? item : { ...item, bytes: () => bytesOf(about) };
}

async function bytesOf({ store, bucket, key, object }: About) {
  if (!isOwn(store)) return store.bytesOf({ bucket: bucket.name, key, id: object.id, versionId: versionIdOf(object) }, unending);
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

/** Erases what is about somebody in the buckets that this process writes. */
export async function eraseHere(first: Store, { owner: asked, subject, call }: AskedErasure): Promise<Erased> {
  const owner = { tenant: BigInt(asked.tenant), scope: BigInt(asked.scope) };
  const kept: Kept[] = [];
  const who = whoOf(call, 'EraseDataSubject');
  let erased = 0;
  for (const { store, bucket, key, object } of [...versionsAbout(first, owner, subject)]) {
    if (!isOwn(store)) continue;
    const removal = bucket.versioning ? { key, versionId: versionIdOf(object) } : { key };
    const { removed } = await deleteObjects(store, bucket, [removal], who);
    if (removed[0]?.code === 'ObjectLocked')
      kept.push({ kind: 'Object', name: `${bucket.name}/${key}`, reason: 'A retention or a legal hold protects it.' });
    else erased += 1;
  }
  for (const { store, bucket } of bucketsOf(first, owner)) {
    if (!isOwn(store)) continue;
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
export const subjects = (store: Store, eraseAtOthers: EraseAtOthers = async () => []) =>
  subjectHandlers('storage', {
    async *find(owner, subject) {
      for (const about of versionsAbout(store, owner, subject)) yield itemOf(about);
    },
    async erase({ tenant, scope }, subject, { caller, requestId }) {
      const asked = { owner: { tenant, scope }, subject, call: { caller, requestId } };
      const all = [await eraseHere(store, asked), ...(await eraseAtOthers(asked))];
      return { erased: all.reduce((sum, { erased }) => sum + erased, 0), kept: all.flatMap(({ kept }) => kept) };
    },
  });
