import type { Log } from '#kernel/contract/implement.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import type { Logs } from '#kernel/session/log-need.ts';
import type { Heard } from '#seams/log/log.ts';
import { lagMs } from '../store/limits.ts';

/** How far a view is behind a source: committed records that it has not read yet, and for how long the oldest of them has been there. */
export type Lag = { readonly source: string; readonly records: number; readonly ageMs: number };

/** `next`: behind the last record that the view took; `heard`: behind the last that came from the log; in milliseconds since 1970. */
type Partition = { next: number; heard: number; end: number; sinceMs: number };

/** How far one view has come in one source, by partition. */
export class SourceLag {
  readonly source: string;
  readonly topic: string;
  readonly at: Placed;
  readonly #places: ReadonlyMap<number, number>;
  readonly #partitions = new Map<number, Partition>();
  #heardMs = 0;

  /** `places`: where the view goes on, by partition. */
  constructor(at: Placed, source: string, topic: string, places: ReadonlyMap<number, number> = new Map()) {
    this.#places = places;
    this.at = at;
    this.source = source;
    this.topic = topic;
  }

  /** Notes what a read of the log found. */
  heard({ partition, first, next, end }: Heard, nowMs: number): void {
    this.#heardMs = nowMs;
    const known = this.#partitions.get(partition);
    const from = first?.offset ?? next;
    if (!known) {
      const sinceMs = first?.timestamp ?? nowMs;
      this.#partitions.set(partition, { next: this.#places.get(partition) ?? from, heard: next, end, sinceMs });
      return;
    }
    if (known.next === known.heard) {
      // What lay between is no record: where a transaction ended, for one.
      known.next = from;
      known.sinceMs = first?.timestamp ?? nowMs;
    }
    known.heard = next;
    known.end = end;
  }

  /** The view took the records before `next`, the last of which was written at a time. */
  took(partition: number, next: number, sinceMs: number): void {
    const known = this.#partitions.get(partition);
    if (known) Object.assign(known, { next, sinceMs });
  }

  /** Whether what it knows of the log's end is from so long ago: it is not read while much waits to be taken. */
  isOld(nowMs: number): boolean {
    return this.#partitions.size > 0 && nowMs - this.#heardMs >= lagMs;
  }

  /** Notes the ends of partitions, as the log says them. */
  ends(ends: readonly number[], nowMs: number): void {
    this.#heardMs = nowMs;
    for (const [partition, end] of ends.entries()) {
      const known = this.#partitions.get(partition);
      if (!known || end <= known.end) continue;
      if (known.next >= known.end) known.sinceMs = nowMs;
      known.end = end;
    }
  }

  /** Undefined before anything was read. */
  lag(nowMs: number): Lag | undefined {
    if (this.#partitions.size === 0) return undefined;
    let [records, sinceMs] = [0, nowMs];
    for (const each of this.#partitions.values()) {
      const behind = Math.max(0, each.end - each.next);
      records += behind;
      if (behind > 0) sinceMs = Math.min(sinceMs, each.sinceMs);
    }
    return { source: this.source, records, ageMs: Math.max(0, nowMs - sinceMs) };
  }
}

/** How far views and sinks are behind their sources. */
export class Lags {
  readonly #with: { readonly logs: Logs; readonly log: Log };
  readonly #of = new Map<bigint, { readonly name: string; readonly lags: readonly SourceLag[] }>();
  readonly #looking: NodeJS.Timeout;
  #isLooking = false;

  constructor(needs: { readonly logs: Logs; readonly log: Log }) {
    this.#with = needs;
    this.#looking = setInterval(() => void this.#look(), lagMs).unref();
  }

  /** A view begins to read these. */
  put(view: bigint, name: string, lags: readonly SourceLag[]): void {
    this.#of.set(view, { name, lags });
  }

  forget(view: bigint): void {
    this.#of.delete(view);
  }

  of(view: bigint): Lag[] {
    const now = Date.now();
    return (this.#of.get(view)?.lags ?? []).flatMap((each) => each.lag(now) ?? []);
  }

  /** Those of all environments, with the names of views. */
  *all(): Generator<{ readonly at: Placed; readonly view: string; readonly lag: Lag }> {
    const now = Date.now();
    for (const { name, lags } of this.#of.values())
      for (const each of lags) {
        const lag = each.lag(now);
        if (lag) yield { at: each.at, view: name, lag };
      }
  }

  stop(): void {
    clearInterval(this.#looking);
  }

  /** Asks the log for the ends of what views do not read at present, since they have enough to do. */
  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      for (const lag of [...this.#of.values()].flatMap(({ lags }) => lags)) {
        if (!lag.isOld(Date.now())) continue;
        const log = await this.#with.logs.own(lag.at, 'lag');
        lag.ends(await log.offsets(lag.topic, 'latest'), Date.now());
      }
    } catch (error) {
      this.#with.log('debug', 'the log did not say how far it goes', { error: String(error) });
    } finally {
      this.#isLooking = false;
    }
  }
}
