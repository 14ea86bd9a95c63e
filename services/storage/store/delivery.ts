import type { Bytes } from '#kernel/contract/session.ts';
import { putMaxBytes } from '../contract/limits.ts';
import type { Grant } from '../domain/acl.ts';
import { putObject } from './object.ts';
import { type Holder, isOwn } from './holder.ts';
import type { BucketRecord } from './record.ts';
import { deleteObjects } from './removal.ts';
import { makeSeal, type SealWish, takeIn } from './seal.ts';
import { sealWish } from './trait.ts';
import type { Who } from './who.ts';

/** What the platform itself writes into a bucket that lets it. */
export type Delivered = {
  readonly key: string;
  readonly contentType: string;
  readonly body: Bytes;
  /** Under whose name the bucket's owner reads of it. */
  readonly principal: string;
  /** Instead of the bucket's default. */
  readonly encryption?: NonNullable<SealWish['encryption']>;
  /** Absent: full control of the bucket's owner alone. */
  readonly acl?: readonly Grant[];
  readonly signal: AbortSignal;
};

/** Who delivers, in the name of a bucket's own account. */
function delivererOf({ tenant, scope }: BucketRecord, principal: string, operation: string): Who {
  return { caller: { tenant, scope, principal, credential: 0n, face: 'service' }, operation, requestId: '' };
}

/** Writes an object into a bucket, as its owner's; whether the bucket allows it was asked before. Answers its size. */
export async function deliver(store: Holder, target: BucketRecord, delivered: Delivered): Promise<{ readonly size: number }> {
  if (!isOwn(store)) return store.deliver(target, delivered);
  const { key, contentType, body, principal, encryption, acl, signal } = delivered;
  const seal = await makeSeal(store.sealer, target.tenant, sealWish(store, target, encryption ? { encryption } : {}));
  const received = await takeIn(store, target, body, {}, { maxBytes: putMaxBytes, mayWrite: store.mayWrite, signal }, seal);
  await putObject(store, target, received, {
    key,
    headers: { contentType },
    traits: { ...(seal ? { seal: seal.seal } : {}), ...(acl ? { acl } : {}) },
    checksum: undefined,
    conditions: {},
    who: delivererOf(target, principal, 'PutObject'),
  });
  return { size: received.size };
}

/** Removes what was delivered. */
export async function undeliver(store: Holder, target: BucketRecord, keys: readonly string[], principal: string): Promise<void> {
  if (!isOwn(store)) return store.undeliver(target, keys, principal);
  const removals = keys.map((key) => ({ key }));
  await deleteObjects(store, target, removals, delivererOf(target, principal, 'DeleteObjects'));
}
