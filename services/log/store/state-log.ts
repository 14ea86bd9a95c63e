import { isControl } from '#wire/kafka/record/batch.ts';
import { batchOf, readRecords } from '#wire/kafka/record/record.ts';
import { stateSegmentBytes } from './limits.ts';
import { compact, dropRecords } from './compact.ts';
import type { Disk } from './disk.ts';
import { type LogConfig, Partition } from './partition.ts';
import { scanBatches } from './scan.ts';

/** A key of the state: its kind first, then what it is about. */
export type StateKey = readonly (string | number)[];
export type StateChange = readonly [key: StateKey, value: unknown];

const config: LogConfig = {
  segmentBytes: stateSegmentBytes,
  segmentMs: Number.POSITIVE_INFINITY,
  retentionMs: -1,
  retentionBytes: -1,
  localMs: -1,
  localBytes: -1,
  deletes: false,
  compacts: true,
  appendTime: false,
  deleteDelayMs: 0,
  flushes: true,
  flushRecords: Number.POSITIVE_INFINITY,
  flushMs: Number.POSITIVE_INFINITY,
};

/**
 * What the broker must remember besides records - topics, groups, transactions - as a compacted log of its own: the last
 * value of a key counts, and no value takes it away. It is recovered, sealed and compacted like any topic.
 */
export class StateLog {
  readonly #log: Partition;
  readonly #now: () => number;

  constructor(disk: Disk, directory: string, now: () => number) {
    this.#log = new Partition(disk, directory, 0, config, now);
    this.#now = now;
  }

  /** Opens the log and tells every change that still counts, in order. */
  open(apply: (key: StateKey, value: unknown) => void): void {
    this.#log.open();
    for (const { path } of this.#log.segments.filter(({ sizeBytes }) => sizeBytes > 0))
      scanBatches(path, (head, batch) => {
        if (isControl(head.attributes)) return;
        for (const { key, value } of readRecords(batch, head))
          if (key) apply(JSON.parse(key.toString()) as StateKey, value === null ? null : JSON.parse(value.toString()));
      });
  }

  /**
   * Writes changes as one batch: all of them count, or none. They survive a kill when this returns, a loss of power when
   * `flushed` resolves.
   */
  put(changes: readonly StateChange[]): void {
    const timestamp = this.#now();
    this.#log.append(
      batchOf(
        changes.map(([key, value]) => ({
          key: Buffer.from(JSON.stringify(key)),
          value: value === null ? null : Buffer.from(JSON.stringify(value)),
          timestamp,
        })),
      ),
    );
  }

  flushed(): Promise<void> {
    return this.#log.flushed();
  }

  /** Takes values out of the files, which no key may have as its last one. */
  async drop(isDropped: (key: StateKey, value: unknown) => boolean): Promise<void> {
    await dropRecords(this.#log, ({ key, value }) => {
      if (key === null || value === null) return false;
      return isDropped(JSON.parse(key.toString()) as StateKey, JSON.parse(value.toString()));
    });
  }

  /** Compacts what is sealed. */
  compact(): Promise<void> {
    return compact(this.#log, { now: this.#now(), tombstoneMs: 0 });
  }

  close(): void {
    this.#log.close();
  }
}
