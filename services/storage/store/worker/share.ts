import type { HttpRequest } from '#engine/http1/request.ts';
import type { HttpResponse } from '#engine/http1/response.ts';
import type { Implementation } from '#kernel/contract/implement.ts';
import { connectionOf } from '#kernel/listen/http.ts';
import { relay } from '#kernel/listen/relay.ts';
import type { Erased } from '#kernel/privacy/subject.ts';
import type { DriveKeeper } from '../../jobs/drive-keeper.ts';
import type { storage } from '../../service.ts';
import { bucketFrom, createBucket, type NewBucket, type Owner } from '../bucket.ts';
import { openBytesFor } from '../copy.ts';
import { deliver, undeliver } from '../delivery.ts';
import { type EnginePart, enginePart } from '../engine-part.ts';
import { type AskedErasure, type EraseAtOthers, eraseHere } from '../handler/subject.ts';
import { workerKnownMs } from '../limits.ts';
import type { BucketHistory, Entry } from '../history.ts';
import { isOwn } from '../holder.ts';
import type { Store } from '../store.ts';
import type { AskedBytes, AskedDelivery, AskedRemoval } from './foreign-partition.ts';
import type { Workers } from './workers.ts';

const unending = new AbortController().signal;

type Sharing = {
  /** What the door of S3 needs to know of other processes. */
  readonly door: { readonly passOn: (bucket: string, incoming: HttpRequest, response: HttpResponse) => Promise<boolean> };
  /** What the kernel does. */
  readonly process: Pick<Implementation<typeof storage>, 'take' | 'holderOf'>;
  /** What the others tell of their partitions; Unavailable when one is away. */
  readonly partsOfOthers: (signal: AbortSignal) => Promise<EnginePart[]>;
  /** Has the others erase what is about somebody. */
  readonly eraseAtOthers: EraseAtOthers;
};

type Shared = { readonly store: Store; readonly keeper: DriveKeeper; readonly history: BucketHistory };

/** Has requests answered by the process that writes their bucket, and answers what other processes ask of this one. */
export function share(workers: Workers, { store, keeper, history }: Shared): Sharing {
  const { partitions } = store;
  /** The process that answers for a bucket; undefined where it is this one, as it is for what is of no bucket. */
  const holderOf = async (bucket: string): Promise<number | undefined> => {
    await workers.known(workerKnownMs);
    if (bucket === '') return undefined;
    const holder = partitions.holderOf(bucket);
    return isOwn(holder) ? undefined : holder.worker;
  };
  workers.onReached(() => {
    // The last of several that are opened tells of all.
    if (workers.isKnown) history.forget();
  });
  workers.onTold(({ change }) => {
    if (change) history.take(readChange(change as TextOf<Entry>));
  });
  workers.answer({
    createBucket: async ({ owner, bucket }: { owner: Owner; bucket: NewBucket }) => ({
      output: await createBucket(store, { tenant: BigInt(owner.tenant), scope: BigInt(owner.scope) }, bucket),
    }),
    deliver: async (asked: AskedDelivery, { body, signal }) => ({
      output: await deliver(partitions.of(asked.target.name), bucketFrom(asked.target), { ...asked.delivered, body, signal }),
    }),
    undeliver: async ({ target, keys, principal }: AskedRemoval) => {
      await undeliver(partitions.of(target.name), bucketFrom(target), keys, principal);
      return {};
    },
    enginePart: async () => ({ output: enginePart(partitions.all, keeper) }),
    eraseSubject: async (asked: AskedErasure) => ({ output: await eraseHere(store, asked) }),
    objectBytes: async (asked: AskedBytes) => ({ body: await openBytesFor(partitions.of(asked.bucket), asked) }),
  });
  return {
    door: {
      async passOn(bucket, incoming, response) {
        const from = connectionOf(incoming);
        // What was passed on once is answered where it came to, or not at all.
        if (from.isRelayed) return false;
        const holder = await holderOf(bucket);
        if (holder === undefined) return false;
        await relay(workers.place.path(holder), { door: 's3', from }, incoming, response);
        return true;
      },
    },
    partsOfOthers: (signal) => Promise.all(workers.others.map((worker) => workers.ask<EnginePart>(worker, 'enginePart', {}, { signal }))),
    eraseAtOthers: (asked) =>
      Promise.all(workers.others.map((worker) => workers.ask<Erased>(worker, 'eraseSubject', asked, { signal: unending }))),
    process: {
      take: (socket, greeting) => workers.take(socket, greeting),
      holderOf: (url) => holderOf(bucketOfUrl(url)),
    },
  };
}

/** Tells the other processes of changes of buckets. */
export const tellChanges =
  (workers: Workers) =>
  ({ owner, version, change }: Entry): void =>
    workers.tell({ change: { owner: { tenant: `${owner.tenant}`, scope: `${owner.scope}` }, version: `${version}`, change } });

/** A change as it is told: in JSON, with numbers as text. */
type TextOf<T> = { readonly [K in keyof T]: T[K] extends bigint ? string : K extends 'owner' ? TextOf<T[K]> : T[K] };

function readChange({ owner, version, change }: TextOf<Entry>): Entry {
  return { owner: { tenant: BigInt(owner.tenant), scope: BigInt(owner.scope) }, version: BigInt(version), change };
}

/** The bucket that an address of the REST surface is about; '' where it is about none. */
function bucketOfUrl(url: string): string {
  const [, name = ''] = /^\/v1\/storage\/buckets\/([^/?]+)/.exec(url) ?? [];
  if (name === '-') return '';
  try {
    return decodeURIComponent(name);
  } catch {
    return '';
  }
}
