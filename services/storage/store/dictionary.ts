import { createHash } from 'node:crypto';
import type { Log, Sealer } from '#kernel/contract/implement.ts';
import { fault } from '#kernel/contract/fault.ts';
import type { Dictionary } from '../engine/zstd.ts';
import { sameBucket } from './bucket.ts';
import type { Catalog } from './catalog.ts';
import { compress, train } from './compressor.ts';
import { numberKey } from './key.ts';
import {
  dictionariesMax,
  dictionariesOpenMax,
  dictionaryGainMin,
  sampleBytesMax,
  sampledBucketsMax,
  samplesMax,
  samplesMin,
  trainAgainFactor,
} from './limits.ts';
import type { BucketRecord } from './record.ts';

/** Where a dictionary lies in the index: below its bucket, by its version. */
type Name = Buffer;
export type KeptDictionary = Dictionary & { readonly key: Uint8Array };
type Place = Pick<BucketRecord, 'tenant' | 'scope' | 'id' | 'name'>;
type Samples = { readonly bytes: Uint8Array[]; size: number; seen: number; trainAt: number; training?: Promise<void> };

const placeOf = (name: Uint8Array) => `storage dictionary ${Buffer.from(name).toString('hex')}`;

/**
 * The dictionaries of buckets: made of samples of their small objects, kept in the index, and so in its log, sealed under the key
 * of the bucket's organization. What was compressed with one names it; so every version stays until its bucket is deleted, and
 * what names one is not shared with another bucket.
 */
export class Dictionaries {
  readonly #catalog: Catalog;
  readonly #sealer: Sealer;
  readonly #log: Log;
  /** Those that were opened, by name in hexadecimal. */
  readonly #open = new Map<string, Promise<KeptDictionary>>();
  /** The newest of each bucket; undefined where there is none. */
  readonly #newest = new Map<bigint, Name | undefined>();
  readonly #samples = new Map<bigint, Samples>();
  readonly #stop = new AbortController();

  constructor(catalog: Catalog, sealer: Sealer, log: Log) {
    this.#catalog = catalog;
    this.#sealer = sealer;
    this.#log = log;
  }

  /** The newest dictionary of a bucket. */
  newest(bucket: Pick<Place, 'tenant' | 'id'>): Promise<KeptDictionary> | undefined {
    if (!this.#newest.has(bucket.id)) {
      const names = this.#names(bucket.id);
      setBounded(this.#newest, bucket.id, names.at(-1), dictionariesOpenMax);
    }
    const name = this.#newest.get(bucket.id);
    return name && this.open(bucket.tenant, name);
  }

  /** The dictionary of a name that stands in a record. */
  open(tenant: bigint, name: Uint8Array): Promise<KeptDictionary> {
    const known = Buffer.from(name).toString('hex');
    let opening = this.#open.get(known);
    if (!opening) {
      opening = this.#read(tenant, name);
      setBounded(this.#open, known, opening, dictionariesOpenMax);
      opening.catch(() => this.#open.delete(known));
    }
    return opening;
  }

  async #read(tenant: bigint, name: Uint8Array): Promise<KeptDictionary> {
    const sealed = this.#catalog.table.dictionary.get(Buffer.from(name));
    if (!sealed) throw fault('ObjectDamaged', 'The dictionary of the object is not in the index.');
    return dictionaryOf(await this.#sealer.open(tenant, sealed, placeOf(name)), name);
  }

  #names(bucket: bigint): Name[] {
    return [...this.#catalog.table.dictionary.getKeys({ start: numberKey(bucket), end: numberKey(bucket + 1n) })].map((key) =>
      Buffer.from(key),
    );
  }

  /** Takes a small object as a sample, now and then; from enough of them a dictionary is made. */
  sample(bucket: Place, bytes: Uint8Array): void {
    const samples = this.#samples.get(bucket.id) ?? { bytes: [], size: 0, seen: 0, trainAt: samplesMin };
    if (samples.training || this.#stop.signal.aborted) return;
    setBounded(this.#samples, bucket.id, samples, sampledBucketsMax);
    samples.seen += 1;
    const room = samples.size + bytes.length <= sampleBytesMax && samples.bytes.length < samplesMax;
    if (room) {
      samples.bytes.push(new Uint8Array(bytes));
      samples.size += bytes.length;
    } else if (Math.random() * samples.seen < samples.bytes.length) {
      // Those held stand for all that came.
      const at = Math.floor(Math.random() * samples.bytes.length);
      samples.size += bytes.length - samples.bytes[at]!.length;
      samples.bytes[at] = new Uint8Array(bytes);
    }
    const enough = samples.size >= sampleBytesMax / 2 || samples.bytes.length >= samplesMax;
    if (!enough || samples.seen < samples.trainAt) return;
    samples.training = this.#train(bucket, samples.bytes)
      .catch((error: unknown) => {
        if (this.#stop.signal.aborted) return;
        this.#log('warn', 'a dictionary could not be made', { bucket: String(bucket.id), error: String(error) });
      })
      .finally(() => {
        this.#samples.set(bucket.id, { bytes: [], size: 0, seen: samples.seen, trainAt: samples.seen * trainAgainFactor });
      });
  }

  /** Makes a dictionary of one half of the samples, and keeps it when it pays with the other. */
  async #train(bucket: Place, samples: readonly Uint8Array[]): Promise<void> {
    const names = this.#names(bucket.id);
    if (names.length >= dictionariesMax) return;
    const bytes = await train(samples.filter((_, at) => at % 2 === 0), this.#stop.signal);
    if (!bytes) return;
    const name = Buffer.concat([numberKey(bucket.id), Buffer.from([names.length + 1])]);
    const made = dictionaryOf(bytes, name);
    const before = await this.newest(bucket);
    let [sizeWith, sizeWithout] = [0, 0];
    for (const [at, sample] of samples.entries()) {
      if (at % 2 === 0) continue;
      sizeWith += (await compress(sample, made)).length;
      sizeWithout += (await compress(sample, before)).length;
      // Others have their turn meanwhile.
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (sizeWith > sizeWithout * (1 - dictionaryGainMin)) return;
    const sealed = await this.#sealer.seal(bucket.tenant, bytes, placeOf(name));
    await this.#catalog.commit(() => {
      sameBucket(this.#catalog, bucket);
      this.#catalog.table.dictionary.put(name, sealed);
    });
    this.#newest.set(bucket.id, name);
  }

  /** Resolves when no dictionary is being made. */
  async idle(): Promise<void> {
    await Promise.all([...this.#samples.values()].map(({ training }) => training));
  }

  /** Gives up what is being made. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.idle();
  }
}

/** Contexts are kept by what a dictionary holds: two stores of one process may have others under the same name. */
function dictionaryOf(bytes: Uint8Array, key: Uint8Array): KeptDictionary {
  return { key, name: createHash('sha256').update(bytes).digest('hex'), bytes };
}

/** Sets a value in a map that holds so many; what came first goes. */
function setBounded<K, V>(map: Map<K, V>, key: K, value: V, most: number): void {
  if (!map.has(key) && map.size >= most) map.delete(map.keys().next().value!);
  map.set(key, value);
}
