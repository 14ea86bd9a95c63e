import type { Log } from '#kernel/contract/implement.ts';
import type { BlobStore } from './blob.ts';
import type { Catalog } from './catalog.ts';
import { relaxedSyncMs } from './limits.ts';

/** Syncs what buckets of relaxed durability acknowledged, some time after. */
export class Unsynced {
  readonly #catalog: Catalog;
  readonly #blobs: BlobStore;
  readonly #log: Log;
  readonly #forget: () => void;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #syncing: Promise<void> = Promise.resolve();

  constructor(catalog: Catalog, blobs: BlobStore, log: Log) {
    this.#catalog = catalog;
    this.#blobs = blobs;
    this.#log = log;
    this.#forget = catalog.lag.onUnsynced(() => this.#wait());
  }

  /** Makes everything durable that was acknowledged before: bytes first, then the index that points at them. */
  async sync(): Promise<void> {
    this.#syncing = this.#syncing
      .catch(() => {})
      .then(async () => {
        await this.#blobs.secureAll();
        await this.#catalog.sync();
      });
    return this.#syncing;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#forget();
    clearTimeout(this.#timer);
    await this.#syncing.catch(() => {});
  }

  #wait(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.sync().catch((error: unknown) => {
        this.#log('warn', 'what relaxed buckets acknowledged could not be synced; it is tried again', { error: String(error) });
        if (!this.#stopped) this.#wait();
      });
    }, relaxedSyncMs);
  }
}
