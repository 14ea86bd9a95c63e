import { fault } from '#kernel/contract/fault.ts';
import { type Coder, dataShards, parityShards, shards, type Stripe } from '../engine/stripe.ts';
import { type Spread, shardPath } from './coded.ts';
import type { DriveFile } from './drive.ts';
import { systemCode } from './system.ts';
import type { DriveSet } from './drive-set.ts';
import { frameAt, type Geometry, geometryOf, isFrame, stripeDataBytes, unitOf } from './frame.ts';
import { headBytes } from '../engine/limits.ts';
import { stillRunning } from './patience.ts';

export type CodedPlace = { readonly id: string; readonly size: number; readonly spread: Spread };

/** The stripe that a read works in. */
type Hold = { stripe: Stripe };

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
  /** Shards that were not waited for: their files are closed when they answer. */
  readonly #late = new Set<number>();
  readonly #onDamage: OnDamage;
  readonly #isSealed: boolean;

  /** Bytes that are sealed prove themselves when they are opened: their checksums are left to a reader that comes after this one. */
  constructor(place: CodedPlace, coder: Coder, drives: DriveSet, onDamage: OnDamage, isSealed = false) {
    this.#place = place;
    this.#isSealed = isSealed;
    this.#coder = coder;
    this.#drives = drives;
    this.#geometry = geometryOf(place.size);
    this.#key = Buffer.from(place.id, 'hex');
    this.#onDamage = onDamage;
  }

  /** Bytes from `first` up to `end`, which must lie in one stripe. */
  async read(first: number, end: number): Promise<Buffer> {
    const out = Buffer.allocUnsafeSlow(end - first);
    let at = 0;
    await this.lend(first, end, (part) => {
      out.set(part, at);
      at += part.length;
    });
    return out;
  }

  /** The same bytes in parts, in their order; they are others when `take` has returned. */
  async lend(first: number, end: number, take: (part: Uint8Array) => void): Promise<void> {
    const stripe = Math.floor(first / stripeDataBytes);
    const unit = unitOf(this.#geometry, stripe);
    const from = first - stripe * stripeDataBytes;
    const to = end - stripe * stripeDataBytes;
    const wanted: number[] = [];
    for (let shard = Math.floor(from / unit); shard * unit < to; shard++) wanted.push(shard);
    const hold = { stripe: await this.#coder.borrow() };
    try {
      await this.#gather(hold, stripe, unit, wanted);
      for (const shard of wanted) {
        const start = Math.max(from - shard * unit, 0);
        const stop = Math.min(to - shard * unit, unit);
        take(this.#coder.unit(hold.stripe, shard, unit).subarray(start, stop));
      }
    } finally {
      this.#coder.giveBack(hold.stripe);
    }
  }

  /**
   * Brings the wanted shards of a stripe, parity too if asked for, into memory. A drive that takes its time is not waited for when
   * twelve others can be asked: then what is held is another stripe, because the late read still writes into the first.
   */
  async #gather(hold: Hold, stripe: number, unit: number, wanted: readonly number[]): Promise<void> {
    const have = new Set<number>();
    const missing = new Set<number>();
    let late = new Set(wanted.filter((shard) => !this.#bad.has(shard) && this.#isLate(shard)));
    // Where many are late it is not the drives.
    if (late.size > parityShards) late = new Set();
    const bring = async (list: readonly number[]): Promise<void> => {
      const found = await Promise.all(list.map((shard) => this.#readFrame(hold.stripe, shard, stripe, unit)));
      list.forEach((shard, at) => (found[at] ? have : missing).add(shard));
    };
    const ask = async (list: readonly number[]): Promise<void> => {
      late = late.union(await this.#hedge(hold, stripe, unit, { list, have, missing }));
    };
    await ask(wanted.filter((shard) => !this.#bad.has(shard) && !late.has(shard)));
    if (wanted.every((shard) => have.has(shard))) return;
    for (const shard of this.#bad) missing.add(shard);
    while (have.size < dataShards) {
      const count = dataShards - have.size;
      const rest = others(have, missing.union(late)).toSorted((a, b) => Number(this.#isLate(a)) - Number(this.#isLate(b)));
      if (rest.length >= count) await ask(rest.slice(0, count));
      else if (rest.length + late.size < count) this.#lost(missing);
      else {
        // There are no others: whoever is late is waited for.
        await bring([...rest, ...late]);
        late.clear();
      }
    }
    for (const shard of missing) this.#bad.add(shard);
    const lost = wanted.filter((shard) => !have.has(shard));
    if (missing.size > 0) this.#onDamage(this.#place, [...missing], false);
    const present = [...have].toSorted((a, b) => a - b);
    if (lost.length > 0) this.#coder.reconstruct(hold.stripe, unit, present, lost);
  }

  /** Reads frames and waits for them as long as is usual; resolves with the shards that it then turned away from. */
  async #hedge(
    hold: Hold,
    stripe: number,
    unit: number,
    { list, have, missing }: { list: readonly number[]; have: Set<number>; missing: Set<number> },
  ): Promise<ReadonlySet<number>> {
    const { patience } = this.#drives;
    const began = performance.now();
    const { stripe: first } = hold;
    const reads = new Map(list.map((shard) => [shard, this.#readFrame(first, shard, stripe, unit)]));
    let slow = await stillRunning(reads, patience.ms);
    let other: Stripe | undefined;
    // Where many are slow it is not the drive, and where no stripe is free there is no room for another.
    while (slow.size > 0 && !other) {
      if (slow.size <= parityShards) other = this.#coder.borrowFree();
      if (!other) slow = await stillRunning(new Map([...slow].map((shard) => [shard, reads.get(shard)!])), patience.ms);
    }
    if (other) {
      for (const shard of have) this.#coder.copyFrame(first, other, shard, unit);
      this.#turnAway(hold, other, new Map([...slow].map((shard) => [shard, reads.get(shard)!])));
    }
    patience.note(performance.now() - began);
    for (const shard of list) {
      if (slow.has(shard)) continue;
      const whole = await reads.get(shard)!;
      if (whole && other) this.#coder.copyFrame(first, other, shard, unit);
      (whole ? have : missing).add(shard);
    }
    return slow;
  }

  /** Goes on in another stripe; the first one is given back when the late reads have written into it. */
  #turnAway(hold: Hold, other: Stripe, late: ReadonlyMap<number, Promise<boolean>>): void {
    const { stripe: first } = hold;
    hold.stripe = other;
    for (const [shard, read] of late) {
      this.#late.add(shard);
      this.#drives.drive(this.#place.spread[shard]!)?.noteLate(read);
    }
    void Promise.allSettled(late.values()).then(() => this.#coder.giveBack(first));
  }

  #isLate(shard: number): boolean {
    return this.#drives.drive(this.#place.spread[shard]!)?.isLate ?? false;
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
      return got === unit + headBytes && isFrame(this.#coder, lent, shard, unit, { id: this.#key, stripe, isSealed: this.#isSealed });
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
      const hold = { stripe: await this.#coder.borrow() };
      try {
        await this.#gather(hold, stripe, unit, wanted);
        await take(hold.stripe, { stripe, unit, id: this.#key });
      } finally {
        this.#coder.giveBack(hold.stripe);
      }
    }
  }

  async close(): Promise<void> {
    for (const [shard, opening] of this.#files) {
      const closing = opening.then((file) => file?.close());
      if (!this.#late.has(shard)) await closing;
    }
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
