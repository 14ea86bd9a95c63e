import { HeavyHitters, prefixesOf } from '../domain/heavy-hitter.ts';
import { heatBucketsMax, heatCountersMax, heatDepthMax, heatHalfLifeMs } from './limits.ts';
import type { BucketRecord } from './record.ts';

type Sketches = { readonly requests: HeavyHitters; readonly bytes: HeavyHitters };

/**
 * What is asked for most, bucket by bucket, in this process' memory. Each bucket has sketches of its own, so that nobody's
 * requests push another's out; of many buckets those that were asked last are kept.
 */
export class Heat {
  readonly #buckets = new Map<bigint, Sketches>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Notes a request of a key, and the bytes that it moves. */
  note({ id }: Pick<BucketRecord, 'id'>, key: string, bytes: number): void {
    const now = this.#now();
    const names = prefixesOf(key, heatDepthMax);
    const known = this.#buckets.get(id) ?? this.#begin(id, now);
    known.requests.add(names, 1, now);
    if (bytes > 0) known.bytes.add(names, bytes, now);
  }

  #begin(id: bigint, now: number): Sketches {
    if (this.#buckets.size >= heatBucketsMax) {
      const [oldest] = this.#buckets.keys();
      if (oldest !== undefined) this.#buckets.delete(oldest);
    }
    const made = {
      requests: new HeavyHitters(heatCountersMax, heatHalfLifeMs, now),
      bytes: new HeavyHitters(heatCountersMax, heatHalfLifeMs, now),
    };
    this.#buckets.set(id, made);
    return made;
  }

  /** Rates by the second, the highest first. */
  read({ id }: Pick<BucketRecord, 'id'>, by: 'requests' | 'bytes') {
    // A steady rate comes to this many seconds' worth of it.
    const seconds = heatHalfLifeMs / Math.LN2 / 1000;
    const { total, hits } = this.#buckets.get(id)?.[by].read(this.#now()) ?? { total: 0, hits: [] };
    return {
      perSecond: total / seconds,
      items: hits.map(({ name, count, error }) => ({
        prefix: name,
        perSecond: count / seconds,
        errorPerSecond: error / seconds,
        share: total === 0 ? 0 : Math.min(1, count / total),
      })),
    };
  }
}
