import {
  concurrencyMax,
  concurrencyMin,
  concurrencyStart,
  latencyLeastMs,
  latencyToleranceMax,
  latencyWindowCalls,
  usualRaiseMs,
} from './limits.ts';

/** How long an operation usually takes: follows what is faster at once, and what is slower by 2 % a second. */
type Usual = { ms: number; raisedAt: number };

/**
 * How many calls may run at once: additive increase while latency stays what each operation usually takes, multiplicative
 * decrease when it grows beyond `latencyToleranceMax` of that. Only a limit that was reached is moved.
 */
export class Concurrency {
  limit: number = concurrencyStart;
  readonly #usual = new Map<string, Usual>();
  #calls = 0;
  #ratios = 0;
  #peak = 0;

  /** The milliseconds that an operation usually takes; one that never ran is thought fast. */
  usualMs(operation: string): number {
    return this.#usual.get(operation)?.ms ?? latencyLeastMs;
  }

  /** A call ended after `ms`, while `running` ran at once with it. */
  observe(operation: string, ms: number, running: number, nowMs: number): void {
    const taken = ms < latencyLeastMs ? latencyLeastMs : ms;
    let usual = this.#usual.get(operation);
    if (!usual) this.#usual.set(operation, (usual = { ms: taken, raisedAt: nowMs }));
    if (taken < usual.ms) usual.ms += (taken - usual.ms) * 0.1;
    else if (nowMs - usual.raisedAt > usualRaiseMs) {
      usual.raisedAt = nowMs;
      usual.ms = Math.min(taken, usual.ms * 1.02);
    }
    // One call that waited for something else says little, however long it was.
    this.#ratios += Math.min(taken / usual.ms, 10);
    if (running > this.#peak) this.#peak = running;
    this.#calls += 1;
    if (this.#calls >= latencyWindowCalls) this.#adjust();
  }

  #adjust(): void {
    const [ratio, peak, limit] = [this.#ratios / this.#calls, this.#peak, this.limit];
    this.#calls = 0;
    this.#ratios = 0;
    this.#peak = 0;
    if (ratio > latencyToleranceMax && peak > limit / 2) this.limit = Math.max(concurrencyMin, Math.floor(limit * 0.9));
    else if (ratio <= latencyToleranceMax && peak > limit * 0.8) this.limit = Math.min(concurrencyMax, limit + Math.ceil(Math.sqrt(limit)));
  }
}
