import { quotaSpanMs } from '../limits.ts';

/**
 * What may be used up in time. As in Apache Kafka it may be overdrawn, because what is used up is known only afterwards; who
 * has overdrawn it waits until it is made good.
 */
export class Allowance {
  #perMs: number;
  #left: number;
  #at: number;

  constructor(perSecond: number, nowMs: number) {
    this.#perMs = perSecond / 1000;
    this.#left = this.#perMs * quotaSpanMs;
    this.#at = nowMs;
  }

  /** Another rate; what was overdrawn stays so, and what is there stays as far as there is room. */
  adjust(perSecond: number): void {
    this.#perMs = perSecond / 1000;
    this.#left = Math.min(this.#left, this.#perMs * quotaSpanMs);
  }

  /** Milliseconds until nothing is owed. */
  owedMs(nowMs: number): number {
    this.#refill(nowMs);
    return this.#left >= 0 ? 0 : Math.ceil(-this.#left / this.#perMs);
  }

  /** Uses some of it up, whether it is there or not; answers the milliseconds until nothing is owed. */
  take(amount: number, nowMs: number): number {
    this.#refill(nowMs);
    this.#left -= amount;
    return this.owedMs(nowMs);
  }

  #refill(nowMs: number): void {
    this.#left = Math.min(this.#left + Math.max(0, nowMs - this.#at) * this.#perMs, this.#perMs * quotaSpanMs);
    this.#at = nowMs;
  }
}
