import { join } from 'node:path';
import { fault } from '#kernel/contract/fault.ts';
import type { Sealer } from '#kernel/contract/implement.ts';
import type { Bytes } from '#kernel/contract/session.ts';
import type { Span } from '../../domain/range.ts';
import { bucketFrom, type NewBucket, type Owner } from '../bucket.ts';
import { Catalog } from '../catalog.ts';
import type { Delivered } from '../delivery.ts';
import { indexFolder } from '../index-file.ts';
import type { BucketRecord } from '../record.ts';
import { callWorker } from './call.ts';

type Options = { readonly directory: string; readonly sealer: Sealer; readonly now: () => number };

/** Bytes of an object of another process, in the clear. `id` is the object's as it was read: another one is not sent in its place. */
export type AskedBytes = {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string;
  readonly id: string;
  readonly span?: Span;
  readonly customerKey?: string;
};

export type AskedDelivery = { readonly target: BucketRecord; readonly delivered: Omit<Delivered, 'body' | 'signal'> };
export type AskedRemoval = { readonly target: BucketRecord; readonly keys: readonly string[]; readonly principal: string };

/**
 * A partition that another process writes. Its index is read here; its bytes are that process' own to hand out, which knows who else
 * reads them and what may be removed.
 */
export class ForeignPartition {
  readonly partition: number;
  /** The process that writes it. */
  readonly worker: number;
  readonly now: () => number;
  readonly #place: string;
  readonly #sealer: Sealer;
  readonly #path: (worker: number) => string;
  #catalog: Catalog | undefined;

  constructor(partition: number, worker: number, path: (worker: number) => string, { directory, sealer, now }: Options) {
    this.partition = partition;
    this.worker = worker;
    this.now = now;
    this.#place = join(directory, indexFolder(partition));
    this.#sealer = sealer;
    this.#path = path;
  }

  /** Whether its index can be read: not before its process was there, and not for a moment when that has started again. */
  get isOpen(): boolean {
    return this.#catalog !== undefined;
  }

  /** Unavailable while it is not open. */
  get catalog(): Catalog {
    if (!this.#catalog) throw fault('Unavailable', 'The process that has a part of the buckets is away.');
    return this.#catalog;
  }

  /** Reads it from now on as it lies there: its process has started, and may have made it anew. */
  async open(): Promise<void> {
    const before = this.#catalog;
    // One directory is open once in a process; until the new one is, nobody reads.
    this.#catalog = undefined;
    await before?.close();
    const catalog = new Catalog(this.#place, true);
    try {
      await catalog.unveil(this.#sealer);
    } catch (error) {
      await catalog.close();
      throw error;
    }
    this.#catalog = catalog;
  }

  async close(): Promise<void> {
    await this.#catalog?.close();
    this.#catalog = undefined;
  }

  /** Has its process write an object for the platform itself. */
  async deliver(target: BucketRecord, { body, signal, ...delivered }: Delivered): Promise<{ readonly size: number }> {
    const asked: AskedDelivery = { target, delivered };
    return (await callWorker<{ size: number }>(this.#path(this.worker), 'deliver', asked, { body, signal })).output;
  }

  /** Has it remove what was delivered. */
  async undeliver(target: BucketRecord, keys: readonly string[], principal: string): Promise<void> {
    const { signal } = new AbortController();
    await callWorker(this.#path(this.worker), 'undeliver', { target, keys, principal } satisfies AskedRemoval, { signal });
  }

  /** Has its process make a bucket there. */
  async createBucket(owner: Owner, bucket: NewBucket): Promise<BucketRecord> {
    const { signal } = new AbortController();
    const { tenant, scope } = owner;
    const made = await callWorker<BucketRecord>(this.#path(this.worker), 'createBucket', { owner: { tenant, scope }, bucket }, { signal });
    return bucketFrom(made.output);
  }

  async bytesOf(asked: AskedBytes, signal: AbortSignal): Promise<Bytes> {
    const { body } = await callWorker(this.#path(this.worker), 'objectBytes', asked, { signal });
    return body;
  }
}
