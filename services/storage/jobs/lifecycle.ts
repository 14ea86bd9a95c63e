import type { Log } from '#kernel/contract/implement.ts';
import { abortAt, type LifecycleAct, nextAct, type Rule } from '../domain/lifecycle.ts';
import { findBucket, sameBucket } from '../store/bucket.ts';
import { readConfiguration } from '../store/configuration.ts';
import { lifecyclePageMax, lifecycleRoundsPerDay, lifecycleWaitMaxMs, lifecycleWaitMinMs } from '../store/limits.ts';
import { subjectPages } from '../store/lifecycle.ts';
import { listUploads, type ListedVersion } from '../store/list.ts';
import type { BucketRecord } from '../store/record.ts';
import { deleteObjects } from '../store/removal.ts';
import type { Store } from '../store/store.ts';
import { abortUpload } from '../store/upload.ts';
import { readVersion, rewriteVersion, versionIdOf } from '../store/version.ts';
import { effectOf, type Who } from '../store/who.ts';
import { keepRounds, type Rounds } from './round.ts';

/** Does what the lifecycles of buckets say is due, again and again, until the signal. */
export function keepLifecycles(store: Store, log: Log, signal: AbortSignal): Rounds {
  const waitMs = Math.min(lifecycleWaitMaxMs, Math.max(lifecycleWaitMinMs, store.dayMs / lifecycleRoundsPerDay));
  return keepRounds((over) => runAll(store, over), { of: 'lifecycles', waitMs, log, signal });
}

/** One round over all buckets. */
export async function runAll({ partitions }: Store, signal: AbortSignal): Promise<void> {
  for (const store of partitions.all) await runPartition(store, signal);
}

async function runPartition(store: Store, signal: AbortSignal): Promise<void> {
  const names = [...store.catalog.table.bucket.getKeys()].map((key) => Buffer.from(key).toString('utf8'));
  for (const name of names) {
    const bucket = findBucket(store.catalog, name);
    const rules = bucket && readConfiguration(store.catalog, bucket, 'lifecycle')?.rules;
    if (!bucket || !rules) continue;
    await runObjects(store, bucket, rules, signal);
    await runUploads(store, bucket, rules);
  }
}

const whoFor = (bucket: BucketRecord, operation: string): Who => ({
  caller: { tenant: bucket.tenant, scope: bucket.scope, principal: 'lifecycle', credential: 0n, face: 'service' },
  operation,
  requestId: '',
});

async function runObjects(store: Store, bucket: BucketRecord, rules: readonly Rule[], signal: AbortSignal): Promise<void> {
  for (const page of subjectPages(store.catalog, bucket, '')) {
    if (signal.aborted) return;
    for (const { listed, subject } of page.items) {
      const act = nextAct(rules, subject, store.now(), store.dayMs);
      if (act && act.at <= store.now()) await perform(store, bucket, listed, act);
    }
    // A bucket in which nothing is due is looked through in turns too.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** What is locked stays: a removal is asked for like anybody's, without passing a retention over. */
async function perform(store: Store, bucket: BucketRecord, { key, object }: ListedVersion, act: LifecycleAct): Promise<void> {
  const versionId = versionIdOf(object);
  if (act.type === 'expire') {
    await deleteObjects(store, bucket, [{ key, etag: object.etag }], whoFor(bucket, 'DeleteObject'));
    return;
  }
  if (act.type === 'delete') {
    await deleteObjects(store, bucket, [{ key, versionId }], whoFor(bucket, 'DeleteObject'));
    return;
  }
  const { catalog, now } = store;
  await catalog.commit((batch) => {
    const current = sameBucket(catalog, bucket);
    const version = readVersion(catalog, current, key, versionId);
    if (version?.id !== object.id) return;
    rewriteVersion(catalog, current, key, { ...version, storageClass: act.storageClass });
    const told = () => [{ name: 'LifecycleTransition', key, size: object.size, etag: object.etag, versionId }];
    const detail = { key, versionId, storageClass: act.storageClass };
    batch.log(effectOf(whoFor(bucket, 'CopyObject'), now(), current, 0, detail, told));
  });
}

async function runUploads(store: Store, bucket: BucketRecord, rules: readonly Rule[]): Promise<void> {
  const query = { prefix: '', delimiter: '', after: '', afterPrefix: '', limit: lifecyclePageMax };
  for (const { key, uploadId, upload } of listUploads(store.catalog, bucket, query, undefined).items) {
    const due = abortAt(rules, key, upload.initiatedAt, store.dayMs);
    if (due && due.at <= store.now()) await abortUpload(store, bucket, { key, uploadId }, whoFor(bucket, 'AbortMultipartUpload'));
  }
}
