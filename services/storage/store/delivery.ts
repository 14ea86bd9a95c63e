import type { Bytes } from '#kernel/contract/session.ts';
import { putMaxBytes } from '../contract/limits.ts';
import type { Grant } from '../domain/acl.ts';
import { putObject } from './object.ts';
import type { BucketRecord } from './record.ts';
import { makeSeal, type SealWish, takeIn } from './seal.ts';
import type { Store } from './store.ts';
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
export function delivererOf({ tenant, scope }: BucketRecord, principal: string, operation: string): Who {
  return { caller: { tenant, scope, principal, credential: 0n, face: 'service' }, operation, requestId: '' };
}

/** Writes an object into a bucket, as its owner's; whether the bucket allows it was asked before. Answers its size. */
export async function deliver(store: Store, target: BucketRecord, delivered: Delivered): Promise<{ readonly size: number }> {
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
