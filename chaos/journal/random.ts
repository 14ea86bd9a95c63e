/** Random numbers that a seed decides; the generator is mulberry32. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** In [0, 1). */
  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  }

  /** A whole number from 0 up to, not including, the bound. */
  below(bound: number): number {
    return Math.floor(this.fraction() * bound);
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  pick<T>(choices: readonly T[]): T {
    const choice = choices[this.below(choices.length)];
    if (choice === undefined) throw new RangeError('nothing to pick from');
    return choice;
  }

  fill(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; at++) bytes[at] = this.below(256);
  }

  /** What of a sequence comes about when all stops: all, nothing, a prefix, or any part of it. */
  survivors<T>(pending: readonly T[]): T[] {
    const way = this.below(4);
    if (way === 0) return [];
    if (way === 1) return [...pending];
    if (way === 2) return pending.slice(0, this.below(pending.length + 1));
    return pending.filter(() => this.chance(0.5));
  }
}
