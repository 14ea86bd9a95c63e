import { abortAt, type LifecycleAct, nextAct, type Rule, type Subject } from '../domain/lifecycle.ts';
import { mayDelete } from '../domain/lock.ts';
import type { Catalog } from './catalog.ts';
import { lifecyclePageMax } from './limits.ts';
import { type ListedVersion, listUploads, listVersions } from './list.ts';
import type { BucketRecord } from './record.ts';
import type { Store } from './store.ts';
import { versionIdOf } from './version.ts';

type Judged = { readonly listed: ListedVersion; readonly subject: Subject };

/** The versions of a bucket as rules look at them, page by page and in order of key. What is read while a page is worked on may be gone. */
export function* subjectPages(
  catalog: Catalog,
  bucket: BucketRecord,
  from: string,
): Generator<{ readonly items: readonly Judged[]; readonly more: boolean }> {
  let after = from;
  let marker: string | undefined;
  let newer: { key: string; count: number; since: number } = { key: '', count: 0, since: 0 };
  for (;;) {
    const query = { prefix: '', delimiter: '', after, afterPrefix: '', limit: lifecyclePageMax };
    const page = listVersions(catalog, bucket, query, marker);
    const items = page.items.map((listed, at): Judged => {
      const { key, object, latest } = listed;
      const isSame = newer.key === key && !latest;
      const subject: Subject = {
        ...object,
        key,
        latest,
        ...(isSame ? { noncurrentSince: newer.since, newerNoncurrent: newer.count } : {}),
        only: latest && page.items[at + 1]?.key !== key && !(page.next && at === page.items.length - 1),
      };
      newer = { key, count: isSame ? newer.count + 1 : 0, since: object.modifiedAt };
      return { listed, subject };
    });
    const last = page.items.at(-1);
    yield { items, more: page.next !== undefined };
    if (!page.next || !last) return;
    after = last.key;
    marker = versionIdOf(last.object);
  }
}

export type SimulatedItem = {
  readonly key: string;
  readonly versionId?: string;
  readonly uploadId?: string;
  readonly size: number;
  readonly lastModified: number;
  readonly latest: boolean;
  readonly deleteMarker?: true;
  readonly act: LifecycleAct['type'] | 'abort';
  readonly rule: string;
  readonly storageClass?: string;
  readonly due: number;
  readonly locked?: true;
};

/** What rules do at a moment to what lies in a bucket now: told to `meet`, version by version and upload by upload. */
export async function simulateLifecycle(
  store: Store,
  bucket: BucketRecord,
  asked: { readonly rules: readonly Rule[]; readonly at: number; readonly from: string; readonly looksMax: number },
  meet: (item: SimulatedItem) => void,
): Promise<{ looked: number; next?: string }> {
  const { rules, at, from } = asked;
  let looked = 0;
  let next: string | undefined;
  let last = from;
  for (const page of subjectPages(store.catalog, bucket, from)) {
    // Versions of a key are looked at together: it ends before a key, never within one.
    for (const judged of page.items) {
      const { key } = judged.subject;
      if (looked >= asked.looksMax && key !== last) {
        next = last;
        break;
      }
      last = key;
      looked++;
      const item = itemOf(store, bucket, judged, rules, at);
      if (item) meet(item);
    }
    if (next !== undefined) break;
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (next !== undefined) return { looked, next };
  return { looked: looked + simulateUploads(store, bucket, rules, at, meet) };
}

function itemOf({ dayMs }: Store, bucket: BucketRecord, { listed, subject }: Judged, rules: readonly Rule[], at: number) {
  const act = nextAct(rules, subject, at, dayMs);
  if (!act || act.at > at) return undefined;
  const { object } = listed;
  const ends = act.type === 'delete' || (act.type === 'expire' && bucket.versioning === undefined);
  return {
    key: subject.key,
    ...(bucket.versioning ? { versionId: versionIdOf(object) } : {}),
    size: object.size,
    lastModified: object.modifiedAt,
    latest: subject.latest,
    ...(object.deleteMarker ? { deleteMarker: true as const } : {}),
    act: act.type,
    rule: act.rule,
    ...(act.type === 'transition' ? { storageClass: act.storageClass } : {}),
    due: act.at,
    ...(ends && !mayDelete(object.lock, at, false) ? { locked: true as const } : {}),
  };
}

/** As many uploads as a round of the lifecycle looks at. */
function simulateUploads(
  { catalog, dayMs }: Store,
  bucket: BucketRecord,
  rules: readonly Rule[],
  at: number,
  meet: (item: SimulatedItem) => void,
): number {
  const query = { prefix: '', delimiter: '', after: '', afterPrefix: '', limit: lifecyclePageMax };
  const { items } = listUploads(catalog, bucket, query, undefined);
  for (const { key, uploadId, upload } of items) {
    const due = abortAt(rules, key, upload.initiatedAt, dayMs);
    if (due && due.at <= at)
      meet({ key, uploadId, size: 0, lastModified: upload.initiatedAt, latest: true, act: 'abort', rule: due.rule, due: due.at });
  }
  return items.length;
}
