import { createHash } from 'node:crypto';
import { fault } from '#kernel/contract/fault.ts';
import { type Conditions, copyVerdict, placeVerdict, unmet } from '../domain/precondition.ts';
import { refuseVersions } from './append.ts';
import { sameBucket } from './bucket.ts';
import type { Batch, Catalog } from './catalog.ts';
import { numberKey, placedKey } from './key.ts';
import { tokenKeptMs, tokensForgetMax } from './limits.ts';
import { countVersion, releaseObject } from './object.ts';
import { type BucketRecord, type ObjectRecord, pack, unpack } from './record.ts';
import { atStep } from './step.ts';
import type { Store } from './store.ts';
import { packTold } from './veil.ts';
import { readObject } from './version.ts';
import { effectOf, toldOf, type Who } from './who.ts';

export type Rename = {
  readonly key: string;
  readonly sourceKey: string;
  /** Of what lies at the new key. */
  readonly conditions: Conditions;
  readonly sourceConditions: Conditions;
  /** Whoever names the same again means the same rename. */
  readonly token?: string;
  readonly who: Who;
};

/** Nothing was done where it was `repeated`, or leads to the key that the object has. */
export type Renamed = { readonly object?: ObjectRecord; readonly repeated: boolean; readonly bytes: number };

/** Gives an object another key, with all that it is, in one change: at every moment it lies at one of the two, and at one only. */
export async function renameObject(store: Store, place: BucketRecord, rename: Rename): Promise<Renamed> {
  const { catalog } = store;
  const { key, sourceKey, who } = rename;
  const { freed, ...renamed } = await catalog.commit((batch): Renamed & { freed: readonly string[] } => {
    const bucket = sameBucket(catalog, place);
    refuseVersions(bucket);
    if (isRepeated(store, bucket, rename)) return { repeated: true, bytes: batch.tally(bucket.scope).bytes, freed: [] };
    const object = findSource(catalog, bucket, rename);
    demandPlace(rename.conditions, readObject(catalog, bucket, key));
    noteToken(store, bucket, rename);
    const isMoved = key !== sourceKey;
    const freed = isMoved ? moveObject(store, batch, bucket, rename, object) : [];
    const told = () => (isMoved ? [{ name: 'ObjectRemoved:Delete', key: sourceKey }, toldOf(who, key, object)] : []);
    batch.log(effectOf(who, store.now(), bucket, 0, { key, source: sourceKey, etag: object.etag }, told));
    atStep('object-renamed');
    return { ...(isMoved ? { object } : {}), repeated: false, bytes: batch.tally(bucket.scope).bytes, freed };
  }, place.relaxed);
  store.blobs.free(freed);
  return renamed;
}

function findSource(catalog: Catalog, bucket: BucketRecord, { sourceKey, sourceConditions }: Rename): ObjectRecord {
  const object = readObject(catalog, bucket, sourceKey);
  if (!object) throw fault('NoSuchKey');
  if (!copyVerdict(sourceConditions, object)) throw fault('PreconditionFailed');
  return object;
}

function demandPlace(conditions: Conditions, there: ObjectRecord | undefined): void {
  const verdict = placeVerdict(conditions, there);
  if (verdict === 'absent') throw fault('NoSuchKey');
  if (verdict === 'failed') throw fault('PreconditionFailed', { path: `/${unmet(conditions, there?.etag)}` });
}

/** Answers the blobs of what lay at the new key. */
function moveObject(store: Store, batch: Batch, bucket: BucketRecord, { key, sourceKey }: Rename, object: ObjectRecord): readonly string[] {
  const { catalog } = store;
  const there = readObject(catalog, bucket, key);
  if (there) countVersion(batch, bucket, there, -1);
  const freed = there ? releaseObject(store, there) : [];
  catalog.table.object.put(placedKey(bucket.id, key), packTold(object, catalog.veil));
  catalog.table.object.remove(placedKey(bucket.id, sourceKey));
  return freed;
}

/** What is kept of a token: when it came, and what was asked for with it. */
type TokenRecord = { readonly at: number; readonly asked: Uint8Array };

const sha256 = (text: string) => createHash('sha256').update(text).digest();

function tokenKey(bucket: BucketRecord, token: string, { caller }: Who): Buffer {
  const { tenant, scope, principal } = caller;
  return Buffer.concat([numberKey(bucket.id), sha256([tenant, scope, principal, token].join('\n'))]);
}

const askedOf = ({ key, sourceKey, conditions, sourceConditions }: Rename) =>
  sha256(JSON.stringify([key, sourceKey, ...[conditions, sourceConditions].map(listOf)]));

const listOf = ({ ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince }: Conditions) => [
  ifMatch ?? null,
  ifNoneMatch ?? null,
  ifModifiedSince ?? null,
  ifUnmodifiedSince ?? null,
];

/** Whether it was done before. Who asks for something else with a token is refused. */
function isRepeated({ catalog, now }: Store, bucket: BucketRecord, rename: Rename): boolean {
  const { token, who } = rename;
  const found = token === undefined ? undefined : catalog.table.token.get(tokenKey(bucket, token, who));
  const record = found && unpack<TokenRecord>(found);
  if (!record || record.at + tokenKeptMs <= now()) return false;
  if (Buffer.compare(record.asked, askedOf(rename)) !== 0) throw fault('IdempotencyParameterMismatch');
  return true;
}

function noteToken({ catalog, now }: Store, bucket: BucketRecord, rename: Rename): void {
  const { token, who } = rename;
  if (token === undefined) return;
  catalog.table.token.put(tokenKey(bucket, token, who), pack({ at: now(), asked: askedOf(rename) } satisfies TokenRecord));
}

/** Forgets the tokens that are older than they are kept, so many in a turn. */
export async function forgetTokens({ catalog, now }: Store, signal: AbortSignal): Promise<void> {
  const before = now() - tokenKeptMs;
  for (let start: Buffer | undefined = Buffer.alloc(0); start && !signal.aborted; ) {
    const rows: { key: Buffer; value: Buffer }[] = [...catalog.table.token.getRange({ start, limit: tokensForgetMax })];
    const old = rows.filter(({ value }) => unpack<TokenRecord>(value).at <= before).map(({ key }) => Buffer.from(key));
    start = rows.length < tokensForgetMax ? undefined : Buffer.concat([rows.at(-1)!.key, Buffer.alloc(1)]);
    if (old.length > 0)
      await catalog.commit(() => {
        for (const key of old) catalog.table.token.remove(key);
      });
    else await new Promise((resolve) => setImmediate(resolve));
  }
}
