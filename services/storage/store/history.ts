import { EventEmitter, once } from 'node:events';
import { fault } from '#kernel/contract/fault.ts';
import type { Change } from '#kernel/contract/provider.ts';
import { type BucketEnvelope, envelopeOf, type Owner } from './bucket.ts';
import { bucketChangesMax, changeGapMs } from './limits.ts';
import type { Partitions } from './partition.ts';
import type { BucketRecord } from './record.ts';

/** A change of a bucket of somebody. */
export type Entry = {
  readonly owner: Owner;
  readonly version: bigint;
  readonly change: Change<BucketEnvelope['spec'], NonNullable<BucketEnvelope['status']>>;
};

/** The last changes of buckets, for watches. Versions are numbers that grow with every change of any bucket. */
export class BucketHistory {
  readonly #partitions: Partitions;
  readonly #entries: Entry[] = [];
  readonly #more = new EventEmitter();
  /** Changes up to here are not remembered. */
  #forgotten: bigint;

  /** Up to here all changes are known, where several processes make them. */
  #ready: bigint;
  #gap: NodeJS.Timeout | undefined;
  readonly #tell: ((entry: Entry) => void) | undefined;

  /** `tell`: other processes make changes as well, and are told of those of this one. */
  constructor(partitions: Partitions, tell?: (entry: Entry) => void) {
    this.#partitions = partitions;
    this.#more.setMaxListeners(0);
    this.#tell = tell;
    this.#forgotten = tell ? 0n : partitions.version;
    this.#ready = this.#forgotten;
  }

  put(bucket: BucketRecord): void {
    this.#add(bucket, 'put');
  }

  deleted(bucket: BucketRecord): void {
    this.#add(bucket, 'deleted');
  }

  #add(bucket: BucketRecord, type: 'put' | 'deleted'): void {
    const { tenant, scope, version } = bucket;
    const entry = {
      owner: { tenant, scope },
      version,
      change: { type, version: String(version), resource: envelopeOf(this.#partitions.holderOf(bucket.name).catalog, bucket) },
    } as const;
    this.#tell?.(entry);
    this.take(entry);
  }

  /** Takes a change in, which may have been made by another process. */
  take(entry: Entry): void {
    if (this.#tell && entry.version <= this.#forgotten) return;
    this.#entries.push(entry);
    if (this.#tell) this.#order();
    if (this.#entries.length > bucketChangesMax) this.#forgotten = this.#entries.shift()!.version;
    this.#more.emit('more');
  }

  /** Begins anew: changes of another process may have been missed. Who watches from before is told to list again. */
  forget(): void {
    this.#entries.length = 0;
    this.#forgotten = this.#partitions.version;
    this.#ready = this.#forgotten;
    this.#more.emit('more');
  }

  /** Changes of several processes come out of order: shown are those before which nothing is missing, for a while. */
  #order(): void {
    this.#entries.sort((a, b) => (a.version < b.version ? -1 : 1));
    for (const { version } of this.#entries) if (version === this.#ready + 1n) this.#ready = version;
    clearTimeout(this.#gap);
    const isWhole = this.#entries.at(-1)!.version <= this.#ready;
    this.#gap = isWhole ? undefined : setTimeout(() => this.forget(), changeGapMs).unref();
  }

  #isShown(version: bigint): boolean {
    return !this.#tell || version <= this.#ready;
  }

  /** The changes of an owner's buckets behind a version, as they come, until the signal. */
  async *watch({ tenant, scope }: Owner, from: string, signal: AbortSignal): AsyncIterable<Entry['change']> {
    if (!/^\d{1,19}$/.test(from)) throw fault('BadInput', { path: '/from' });
    let last = BigInt(from);
    if (last < this.#forgotten) throw fault('Gone');
    while (!signal.aborted) {
      for (const entry of this.#entries.filter(
        ({ version, owner }) => this.#isShown(version) && version > last && owner.scope === scope && owner.tenant === tenant,
      )) {
        last = entry.version;
        yield entry.change;
        if (signal.aborted) return;
      }
      if (this.#entries.some(({ version, owner }) => this.#isShown(version) && version > last && owner.scope === scope)) continue;
      if (last < this.#forgotten) throw fault('Gone');
      await once(this.#more, 'more', { signal }).catch(() => {});
    }
  }
}
