import { fault } from '#kernel/contract/fault.ts';
import { type Coder, dataShards, shards, type Stripe } from '../engine/stripe.ts';
import { type Spread, shardPath } from './coded.ts';
import { type DriveFile, systemCode } from './drive.ts';
import type { DriveSet } from './drive-set.ts';
import { frameAt, type Geometry, geometryOf, isFrame, stripeDataBytes, unitOf } from './frame.ts';
import { headBytes } from '../engine/limits.ts';

export type CodedPlace = { readonly id: string; readonly size: number; readonly spread: Spread };

/** Told of shards that were missing or damaged when somebody read them. */
export type OnDamage = (place: CodedPlace, shards: readonly number[], lost: boolean) => void;

/** Reads bytes that lie in 12+4. Every frame is checked; what is missing or damaged is made again from twelve that are whole. */
export class CodedReader {
  readonly #place: CodedPlace;
  readonly #coder: Coder;
  readonly #drives: DriveSet;
  readonly #geometry: Geometry;
  readonly #key: Buffer;
  readonly #files = new Map<number, Promise<DriveFile | undefined>>();
  /** Shards that failed once are not asked again by this reader. */
  readonly #bad = new Set<number>();
  readonly #onDamage: OnDamage;

  constructor(place: CodedPlace, coder: Coder, drives: DriveSet, onDamage: OnDamage) {
    this.#place = place;
    this.#coder = coder;
    this.#drives = drives;
    this.#geometry = geometryOf(place.size);
    this.#key = Buffer.from(place.id, 'hex');
    this.#onDamage = onDamage;
  }

  /** Bytes from `first` up to `end`, which must lie in one stripe. */
  async read(first: number, end: number): Promise<Buffer> {
    const stripe = Math.floor(first / stripeDataBytes);
    const unit = unitOf(this.#geometry, stripe);
    const from = first - stripe * stripeDataBytes;
    const to = end - stripe * stripeDataBytes;
    const wanted: number[] = [];
    for (let shard = Math.floor(from / unit); shard * unit < to; shard++) wanted.push(shard);
    const lent = await this.#coder.borrow();
    try {
      await this.#gather(lent, stripe, unit, wanted);
      const out = Buffer.allocUnsafeSlow(to - from);
      for (const shard of wanted) {
        const start = Math.max(from - shard * unit, 0);
        const stop = Math.min(to - shard * unit, unit);
        out.set(this.#coder.unit(lent, shard, unit).subarray(start, stop), shard * unit + start - from);
      }
      return out;
    } finally {
      this.#coder.giveBack(lent);
    }
  }

  /** Brings the wanted shards of a stripe, parity too if asked for, into memory. */
  async #gather(lent: Stripe, stripe: number, unit: number, wanted: readonly number[]): Promise<void> {
    const have = new Set<number>();
    const missing = new Set<number>();
    const bring = async (list: readonly number[]): Promise<void> => {
      const found = await Promise.all(list.map((shard) => this.#readFrame(lent, shard, stripe, unit)));
      list.forEach((shard, at) => (found[at] ? have : missing).add(shard));
    };
    await bring(wanted.filter((shard) => !this.#bad.has(shard)));
    if (wanted.every((shard) => have.has(shard))) return;
    for (const shard of this.#bad) missing.add(shard);
    while (have.size < dataShards) {
      const next = others(have, missing).slice(0, dataShards - have.size);
      if (next.length < dataShards - have.size) this.#lost(missing);
      await bring(next);
    }
    for (const shard of missing) this.#bad.add(shard);
    this.#onDamage(this.#place, [...missing], false);
    const present = [...have].toSorted((a, b) => a - b);
    this.#coder.reconstruct(
      lent,
      unit,
      present,
      wanted.filter((shard) => !have.has(shard)),
    );
  }

  #lost(missing: ReadonlySet<number>): never {
    this.#onDamage(this.#place, [...missing], true);
    throw fault('TooFewShards', `${shards - missing.size} of ${shards} shards are whole; ${dataShards} are needed.`);
  }

  /** Reads a frame; false when it is missing or damaged. */
  async #readFrame(lent: Stripe, shard: number, stripe: number, unit: number): Promise<boolean> {
    const file = await this.#file(shard);
    if (!file?.drive.isIn) return false;
    try {
      const got = await file.read(this.#coder.frame(lent, shard, unit), frameAt(stripe));
      return got === unit + headBytes && isFrame(this.#coder, lent, shard, unit, { id: this.#key, stripe });
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
      return false;
    }
  }

  #file(shard: number): Promise<DriveFile | undefined> {
    let found = this.#files.get(shard);
    if (!found) {
      found = openShard(this.#drives, this.#place, shard);
      this.#files.set(shard, found);
    }
    return found;
  }

  /** Which shards are whole over all stripes; those that are not asked for count as not whole. */
  async verify(asked?: readonly number[]): Promise<boolean[]> {
    const whole = Array.from({ length: shards }, (_, shard) => asked?.includes(shard) ?? true);
    for (let stripe = 0; stripe < this.#geometry.stripes; stripe++) {
      const unit = unitOf(this.#geometry, stripe);
      const lent = await this.#coder.borrow();
      try {
        const found = await Promise.all(whole.map((still, shard) => still && this.#readFrame(lent, shard, stripe, unit)));
        found.forEach((good, shard) => {
          whole[shard] = good;
        });
      } finally {
        this.#coder.giveBack(lent);
      }
    }
    return whole;
  }

  /** Gives each stripe with the named shards in memory, made again where they are not whole; for repair. */
  async rebuild(
    wanted: readonly number[],
    take: (stripe: Stripe, at: { stripe: number; unit: number; id: Buffer }) => Promise<void>,
  ): Promise<void> {
    for (const shard of wanted) this.#bad.add(shard);
    for (let stripe = 0; stripe < this.#geometry.stripes; stripe++) {
      const unit = unitOf(this.#geometry, stripe);
      const lent = await this.#coder.borrow();
      try {
        await this.#gather(lent, stripe, unit, wanted);
        await take(lent, { stripe, unit, id: this.#key });
      } finally {
        this.#coder.giveBack(lent);
      }
    }
  }

  async close(): Promise<void> {
    for (const file of await Promise.all(this.#files.values())) await file?.close();
    this.#files.clear();
  }
}

function others(have: ReadonlySet<number>, missing: ReadonlySet<number>): number[] {
  return Array.from({ length: shards }, (_, shard) => shard).filter((shard) => !have.has(shard) && !missing.has(shard));
}

/** Opens the file of a shard; undefined when its drive is out or the file is not there. */
export async function openShard(drives: DriveSet, place: CodedPlace, shard: number): Promise<DriveFile | undefined> {
  const drive = drives.inUse(place.spread[shard]!);
  if (!drive) return undefined;
  try {
    return await drive.open(shardPath(place.id, shard), 'r');
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    // A file that is missing may mean that its drive is.
    if (systemCode(error) === 'ENOENT') await drive.check();
    return undefined;
  }
}
