/** What a rate quota is taken from. */
export interface Bucket {
  /** Takes `amount` and returns 0, or takes nothing and returns the milliseconds until it would be there. */
  take(amount: number, nowMs: number): number;
  /** Gives back what was taken for something that did not happen. */
  give(amount: number): void;
  /** Sets another rate; what is in the bucket stays in it, as far as it holds that. */
  adjust(rate: { readonly perSecond: number; readonly burst: number }): void;
}

/** A token bucket over a clock passed in: `perSecond` refills, `burst` is what it holds. Not shared between processes. */
export class TokenBucket implements Bucket {
  #perMs: number;
  #burst: number;
  #tokens: number;
  #at: number;

  constructor(perSecond: number, burst: number, nowMs: number) {
    this.#perMs = perSecond / 1000;
    this.#burst = burst;
    this.#tokens = burst;
    this.#at = nowMs;
  }

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

  give(amount: number): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + amount);
  }

  adjust({ perSecond, burst }: { readonly perSecond: number; readonly burst: number }): void {
    this.#perMs = perSecond / 1000;
    this.#burst = burst;
    this.#tokens = Math.min(burst, this.#tokens);
  }
}
