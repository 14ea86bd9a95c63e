import { EventEmitter, once } from 'node:events';
import { fault } from '#kernel/contract/fault.ts';
import type { Change } from '#kernel/contract/provider.ts';
import { type BucketEnvelope, envelopeOf, type Owner } from './bucket.ts';
import { bucketChangesMax } from './limits.ts';
import type { Partitions } from './partition.ts';
import type { BucketRecord } from './record.ts';

type Entry = {
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

  constructor(partitions: Partitions) {
    this.#partitions = partitions;
    this.#more.setMaxListeners(0);
    this.#forgotten = partitions.version;
  }

  put(bucket: BucketRecord): void {
    this.#add(bucket, 'put');
  }

  deleted(bucket: BucketRecord): void {
    this.#add(bucket, 'deleted');
  }

  #add(bucket: BucketRecord, type: 'put' | 'deleted'): void {
    const { tenant, scope, version } = bucket;
    this.#entries.push({
      owner: { tenant, scope },
      version,
      change: { type, version: String(version), resource: envelopeOf(this.#partitions.of(bucket.name).catalog, bucket) },
    });
    if (this.#entries.length > bucketChangesMax) this.#forgotten = this.#entries.shift()!.version;
    this.#more.emit('more');
  }

  /** The changes of an owner's buckets behind a version, as they come, until the signal. */
  async *watch({ tenant, scope }: Owner, from: string, signal: AbortSignal): AsyncIterable<Entry['change']> {
    if (!/^\d{1,19}$/.test(from)) throw fault('BadInput', { path: '/from' });
    let last = BigInt(from);
    if (last < this.#forgotten) throw fault('Gone');
    while (!signal.aborted) {
      for (const entry of this.#entries.filter(
        ({ version, owner }) => version > last && owner.scope === scope && owner.tenant === tenant,
      )) {
        last = entry.version;
        yield entry.change;
        if (signal.aborted) return;
      }
      if (this.#entries.some(({ version, owner }) => version > last && owner.scope === scope)) continue;
      if (last < this.#forgotten && this.#entries.length === bucketChangesMax) throw fault('Gone');
      await once(this.#more, 'more', { signal }).catch(() => {});
    }
  }
}
