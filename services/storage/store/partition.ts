import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { fault } from '#kernel/contract/fault.ts';
import { findBucket } from './bucket.ts';
import { type Holder, ownOf } from './holder.ts';
import { partitionsMax } from './limits.ts';
import type { BucketRecord } from './record.ts';
import type { Store } from './store.ts';
import type { ChangeLock } from './worker/change-lock.ts';
import type { ForeignPartition } from './worker/foreign-partition.ts';
import { readTwice, writeTwice } from './twin.ts';

/**
 * The partitions of a store: each has an index, a log of it and extents of its own, commits by itself, and holds whole buckets.
 * Buckets are spread by their names; one that was there before there were so many partitions stays where it is.
 */
export class Partitions {
  readonly #all: Store[] = [];
  readonly #holders: Holder[] = [];
  readonly #lock: ChangeLock | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(lock?: ChangeLock) {
    this.#lock = lock;
  }

  /** Those that this process writes. */
  get all(): readonly Store[] {
    return this.#all;
  }

  /** Those of all processes, by their numbers. */
  get holders(): readonly Holder[] {
    return this.#holders;
  }

  add(store: Store): void {
    this.#all.push(store);
    this.#holders.push(store);
  }

  /** Adds one that another process writes. */
  addForeign(holder: ForeignPartition): void {
    this.#holders.push(holder);
  }

  /** The partition that a bucket of a name is made in. */
  home(name: string): Holder {
    return this.#holders[this.#holders.length === 1 ? 0 : crc32(name) % this.#holders.length]!;
  }

  /** The partition that holds the bucket of a name; where there is none, the one that it would be made in. */
  holderOf(name: string): Holder {
    const home = this.home(name);
    if (this.#holders.length === 1 || findBucket(home.catalog, name)) return home;
    return this.#holders.find(({ catalog }) => findBucket(catalog, name)) ?? home;
  }

  /** The same where this process writes it; Unavailable where another one does. */
  of(name: string): Store {
    return ownOf(this.holderOf(name));
  }

  /** The bucket of a name, whoever owns it. */
  find(name: string): BucketRecord | undefined {
    return findBucket(this.holderOf(name).catalog, name);
  }

  /** The number of the last change of a bucket. */
  get version(): bigint {
    const numbers = this.#holders.map(({ catalog }) => catalog.table.counter.get(versionRow)?.readBigUInt64BE() ?? 0n);
    return numbers.reduce((last, number) => (number > last ? number : last), 0n);
  }

  /**
   * Changes of buckets are numbered over all partitions: where there are several, one is made after the other, so that whoever
   * has seen a number has seen all before it. With several processes the lock keeps their changes apart as well.
   */
  async alone<T>(change: () => Promise<T>): Promise<T> {
    if (this.#holders.length === 1) return change();
    const lock = this.#lock;
    const done = this.#last.then(() => (lock ? lock.hold(change) : change()));
    this.#last = done.catch(() => {});
    return done;
  }
}

const versionRow = Buffer.from('version');

/** Bytes that the bucket's scope keeps: `here`, as a commit of its partition told, and what lies in the others. */
export function storedBytes({ catalog, partitions }: Store, { scope }: Pick<BucketRecord, 'scope'>, here: number): number {
  return partitions.holders.reduce((sum, other) => (other.catalog === catalog ? sum : sum + other.catalog.tally(scope).bytes), here);
}

/** How many partitions there are: as many as there were, or as are wanted, if these are more. Written down before they are used. */
export async function countPartitions(directory: string, wanted: number): Promise<number> {
  const path = join(directory, 'partitions.json');
  const kept = await readTwice(path, true).catch((cause: unknown) => {
    throw fault('DataDirectory', { detail: `${path} cannot be read.`, cause });
  });
  const known = (kept as { readonly partitions?: number } | undefined)?.partitions ?? 1;
  if (wanted <= known) return known;
  await writeTwice(path, { partitions: wanted });
  return wanted;
}

/** The number of partitions that the operator asks for. */
export function partitionsWanted(text: string | undefined): number {
  if (text === undefined || text === '') return 1;
  const wanted = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (wanted < 1 || wanted > partitionsMax)
    throw fault('DataDirectory', { detail: `GAMUT_STORAGE_PARTITIONS is a number from 1 to ${partitionsMax}, and not ${text}.` });
  return wanted;
}
