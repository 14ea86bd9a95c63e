/** A token bucket over a clock passed in: `perSecond` refills, `burst` is what it holds. Not shared between processes. */
export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #at: number;

  constructor(perSecond: number, burst: number, nowMs: number) {
    this.#perMs = perSecond / 1000;
    this.#burst = burst;
    this.#tokens = burst;
    this.#at = nowMs;
  }

  /** Takes `amount` and returns 0, or takes nothing and returns the milliseconds until it would be there. */
  take(amount: number, nowMs: number): number {
    if (nowMs > this.#at) {
      this.#tokens = Math.min(this.#burst, this.#tokens + (nowMs - this.#at) * this.#perMs);
      this.#at = nowMs;
    }
    if (this.#tokens >= amount || this.#tokens === this.#burst) {
      this.#tokens -= amount;
      return 0;
    }
    return Math.max(1, Math.ceil((amount - this.#tokens) / this.#perMs));
  }

  /** Gives back what was taken for something that did not happen. */
  give(amount: number): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + amount);
  }
}
