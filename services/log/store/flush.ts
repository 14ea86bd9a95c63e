import { timerMaxMs } from './limits.ts';
import type { Segment } from './segment.ts';

export type FlushConfig = {
  /** Whether everything is synced before it is acknowledged. */
  readonly flushes: boolean;
  /** Records that may wait for a sync, and the longest time that one may be waited for. */
  readonly flushRecords: number;
  readonly flushMs: number;
};

/** Brings what a partition appends to the disk, when its topic says so. Whoever waits at one moment shares a sync. */
export class Flush {
  readonly #active: () => Segment;
  readonly #isThere: (segment: Segment) => boolean;
  #config: FlushConfig;
  /** What was sealed and is not surely on the disk yet. */
  #sealing: Promise<void> | undefined;
  #syncing: Promise<void> | undefined;
  #syncAgain: Promise<void> | undefined;
  #waiting = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(config: FlushConfig, active: () => Segment, isThere: (segment: Segment) => boolean) {
    this.#config = config;
    this.#active = active;
    this.#isThere = isThere;
  }

  /** Whether what is acknowledged survives a loss of power. */
  get isStrict(): boolean {
    return this.#config.flushes || this.#config.flushRecords <= 1;
  }

  configure(config: FlushConfig): void {
    this.#config = config;
    this.stop();
    if (this.#waiting > 0) this.#arm();
  }

  /** Takes note of records that were appended. */
  note(records: number): void {
    this.#waiting += records;
    if (this.#config.flushMs !== Number.POSITIVE_INFINITY) this.#arm();
  }

  #arm(): void {
    if (this.#timer || this.#config.flushMs === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        // Where the disk refuses, the next try comes after as long again.
        this.#sync().catch(() => this.#arm());
      },
      Math.min(this.#config.flushMs, timerMaxMs),
    ).unref();
  }

  /** A segment is sealed: whoever appended last waits for it as well. */
  seal(segment: Segment, extra: unknown): void {
    const { flushes, flushMs, flushRecords } = this.#config;
    if (!flushes && flushMs === Number.POSITIVE_INFINITY && flushRecords === Number.POSITIVE_INFINITY) return segment.close();
    const before = this.#sealing;
    this.#sealing = Promise.all([before, segment.sync()])
      .then(() => this.#settle(segment, extra))
      .finally(() => segment.close());
    // Nobody may be waiting.
    this.#sealing.catch(() => undefined);
  }

  #settle(segment: Segment, extra: unknown): void {
    // Meanwhile it may have been removed, or compacted into another.
    if (this.#isThere(segment)) segment.settle(extra);
  }

  /** Resolves when what was appended so far is as safe as the topic promises. */
  flushed(): Promise<void> {
    if (!this.#config.flushes && this.#waiting < this.#config.flushRecords) return Promise.resolve();
    return this.#sync();
  }

  #sync(): Promise<void> {
    if (!this.#syncing) {
      const records = this.#waiting;
      this.#syncing = Promise.all([this.#sealing, this.#active().sync()]).then(() => {
        this.#waiting -= records;
      });
      this.#syncing = this.#syncing.finally(() => {
        this.#syncing = undefined;
      });
      return this.#syncing;
    }
    // A sync that runs may have begun before our bytes were written.
    this.#syncAgain ??= this.#syncing
      .catch(() => undefined)
      .then(() => {
        this.#syncAgain = undefined;
        return this.#sync();
      });
    return this.#syncAgain;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
