import { freeUsed } from '#engine/http1/chunk.ts';
import { fault } from '#kernel/contract/fault.ts';
import { type Coder, dataShards, shards, type Stripe } from '../engine/stripe.ts';
import type { Drive, DriveFile } from './drive.ts';
import { systemCode } from './system.ts';
import type { DriveSet } from './drive-set.ts';
import { frameAt, sealFrame, stripeDataBytes, unitFor } from './frame.ts';
import { shardsWrittenMin } from './limits.ts';
import { atStep } from './step.ts';

/** Where the shards of a run of bytes lie: the number of a drive for each, 255 where one was never written. */
export type Spread = Uint8Array;
export const nowhere = 255;

/** The file of a shard, below its drive. */
export function shardPath(id: string, shard: number): string {
  return `shard/${id.slice(0, 2)}/${id}.${shard.toString(16)}`;
}

/** Writes bytes in 12+4 while they stream: each stripe is encoded in memory and goes to sixteen drives at once. */
export class CodedWriter {
  readonly id: string;
  readonly #coder: Coder;
  readonly #files: (DriveFile | undefined)[] = [];
  readonly #drives: readonly Drive[];
  readonly #key: Buffer;
  #opened = false;
  #stripes = 0;

  constructor(id: string, coder: Coder, drives: DriveSet) {
    this.id = id;
    this.#key = Buffer.from(id, 'hex');
    this.#coder = coder;
    this.#drives = drives.choose(this.#key, shards);
  }

  /** The drives that the shards go to; known before the first byte is written. */
  get intended(): Spread {
    return Uint8Array.from({ length: shards }, (_, shard) => this.#drives[shard]?.number ?? nowhere);
  }

  /** Writes a stripe: a full one, or the last. Only one may be under way. */
  async write(pieces: readonly Uint8Array[], length: number): Promise<void> {
    if (!this.#opened) await this.#open();
    const unit = unitFor(length);
    const stripe = await this.#coder.borrow();
    try {
      fillStripe(this.#coder, stripe, pieces, unit);
      for (const piece of pieces) freeUsed(piece);
      this.#coder.encode(stripe, unit);
      const of = { id: this.#key, stripe: this.#stripes };
      await this.#onAll((file, shard) => file.write([sealFrame(this.#coder, stripe, shard, unit, of)], frameAt(of.stripe)));
      atStep('shards-written');
      this.#stripes++;
    } finally {
      this.#coder.giveBack(stripe);
    }
  }

  /** Makes what was written durable, names included, and closes the files; resolves with where the shards lie. */
  async finish(): Promise<Spread> {
    await this.#onAll(async (file, shard) => {
      await Promise.all([file.datasync(), file.drive.syncDirectory(`shard/${this.id.slice(0, 2)}`)]);
      await file.close();
      return shard;
    });
    atStep('shards-synced');
    return this.spread;
  }

  /** Where the shards lie that were written so far. */
  get spread(): Spread {
    return Uint8Array.from({ length: shards }, (_, shard) => this.#files[shard]?.drive.number ?? nowhere);
  }

  /** Closes the files as they are. Whoever began the writer removes them. */
  async abandon(): Promise<void> {
    await Promise.all(this.#files.map((file) => file?.close()));
    this.#files.fill(undefined);
  }

  async #open(): Promise<void> {
    this.#opened = true;
    const results = await Promise.allSettled(this.#drives.map((drive, shard) => drive.open(shardPath(this.id, shard), 'wx+')));
    for (const [shard, result] of results.entries()) this.#files[shard] = result.status === 'fulfilled' ? result.value : undefined;
    this.#demand(results);
  }

  /** Works on every shard that is still being written; one that fails is given up, unless too few are left. */
  async #onAll(work: (file: DriveFile, shard: number) => Promise<unknown>): Promise<void> {
    const results = await Promise.allSettled(this.#files.map((file, shard) => (file ? work(file, shard) : undefined)));
    const failed = results.flatMap((result, shard) => (result.status === 'rejected' ? [shard] : []));
    for (const shard of failed) {
      await this.#files[shard]?.close();
      this.#files[shard] = undefined;
    }
    this.#demand(results);
  }

  #demand(results: readonly PromiseSettledResult<unknown>[]): void {
    const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
    const full = errors.find((error) => systemCode(error) === 'ENOSPC' || systemCode(error) === 'EDQUOT');
    if (full) throw full;
    // A bug is no drive's fault.
    const other = errors.find((error) => systemCode(error) === undefined);
    if (other) throw other;
    if (this.#files.filter(Boolean).length < shardsWrittenMin)
      throw fault('Unavailable', `Fewer than ${shardsWrittenMin} drives take shards.`);
  }
}

/** Spreads pieces over the data shards, and zeros behind their end. */
function fillStripe(coder: Coder, stripe: Stripe, pieces: readonly Uint8Array[], unit: number): void {
  let shard = 0;
  let at = 0;
  for (const piece of pieces) {
    for (let from = 0; from < piece.length; ) {
      const part = piece.subarray(from, from + unit - at);
      coder.unit(stripe, shard, unit).set(part, at);
      from += part.length;
      at += part.length;
      if (at === unit) {
        shard++;
        at = 0;
      }
    }
  }
  for (; shard < dataShards; shard++, at = 0) coder.unit(stripe, shard, unit).fill(0, at);
}

/** Writes whole bytes in 12+4. */
export async function writeCoded(writer: CodedWriter, bytes: Uint8Array): Promise<Spread> {
  try {
    for (let at = 0; at < bytes.length; at += stripeDataBytes) {
      const piece = bytes.subarray(at, at + stripeDataBytes);
      await writer.write([piece], piece.length);
    }
    return await writer.finish();
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

/** Removes the shards of an id from the drives named, and from every other drive when asked. */
export async function removeCoded(drives: DriveSet, id: string, spread: Spread): Promise<void> {
  await Promise.all([...spread].map((number, shard) => drives.inUse(number)?.remove(shardPath(id, shard))));
}
