import { operationKeysMax } from './limits.ts';
import { secondBounds } from './registry.ts';

export const minuteMs = 60_000;

/** What one environment asked of one operation in one minute, as one process saw it: it only grows until the minute is over. */
export type OperationWindow = {
  readonly tenant: string;
  readonly scope: string;
  readonly service: string;
  readonly operation: string;
  readonly outcome: string;
  /** Whether the outcome counts against the service: faults with a status of 500 and above. */
  readonly failed: boolean;
  readonly minute: number;
  count: number;
  seconds: number;
  /** Counts by `secondBounds`, with one more place for everything above. */
  readonly buckets: number[];
};

/** Windows of one process, with who was counted since the last report. */
export class OperationWindows {
  readonly #service: string;
  readonly #windows = new Map<string, OperationWindow>();
  readonly #changed = new Set<OperationWindow>();
  /** Requests that were not counted because too many windows were waiting. */
  lost = 0;

  constructor(service: string) {
    this.#service = service;
  }

  /** Counts one request. */
  add(place: { tenant: string; scope: string }, operation: string, outcome: string, failed: boolean, seconds: number, now: number): void {
    const minute = Math.floor(now / minuteMs) * minuteMs;
    const key = `${place.scope} ${operation} ${outcome} ${minute}`;
    let window = this.#windows.get(key);
    if (!window) {
      if (this.#windows.size >= operationKeysMax) {
        this.lost += 1;
        return;
      }
      const { tenant, scope } = place;
      const buckets = new Array<number>(secondBounds.length + 1).fill(0);
      window = { tenant, scope, service: this.#service, operation, outcome, failed, minute, count: 0, seconds: 0, buckets };
      this.#windows.set(key, window);
    }
    let at = 0;
    while (at < secondBounds.length && seconds > (secondBounds[at] as number)) at += 1;
    window.buckets[at] = (window.buckets[at] as number) + 1;
    window.count += 1;
    window.seconds += seconds;
    this.#changed.add(window);
  }

  /** The windows that changed, at most so many, as they are now; they are asked for again until `reported`. */
  changed(most: number): OperationWindow[] {
    const taken: OperationWindow[] = [];
    for (const window of this.#changed) {
      if (taken.length >= most) break;
      taken.push({ ...window, buckets: [...window.buckets] });
    }
    return taken;
  }

  /** What was stored is asked for no longer, unless it grew meanwhile; minutes that are over are forgotten. */
  reported(stored: readonly OperationWindow[], now: number): void {
    const open = Math.floor(now / minuteMs) * minuteMs;
    for (const { scope, operation, outcome, minute, count } of stored) {
      const key = `${scope} ${operation} ${outcome} ${minute}`;
      const window = this.#windows.get(key);
      if (window?.count === count) this.#changed.delete(window);
    }
    for (const [key, window] of this.#windows) if (window.minute < open && !this.#changed.has(window)) this.#windows.delete(key);
  }
}
