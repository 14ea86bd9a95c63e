/** A count of a name: at most `count`, and at least `count - error`. */
export type Hit = { readonly name: string; readonly count: number; readonly error: number };

type Counter = { name: string; count: number; error: number };

/** Above it all counts are divided by it, so that no number overflows. */
const growthTop = 2 ** 40;

/**
 * The names that weigh most of late, in a sketch of so many counters (Space-Saving): a new name takes the smallest counter over
 * with what it held, so that no heavy name is missed. What was a half-life ago counts half: instead of letting every count fade,
 * what comes later weighs more. Times are milliseconds and never go back.
 */
export class HeavyHitters {
  readonly #counters = new Map<string, Counter>();
  readonly #size: number;
  readonly #halfLifeMs: number;
  #since: number;
  #total = 0;

  constructor(size: number, halfLifeMs: number, now: number) {
    this.#size = size;
    this.#halfLifeMs = halfLifeMs;
    this.#since = now;
  }

  #growth(now: number): number {
    const growth = 2 ** (Math.max(0, now - this.#since) / this.#halfLifeMs);
    if (growth < growthTop) return growth;
    for (const counter of this.#counters.values()) {
      counter.count /= growth;
      counter.error /= growth;
    }
    this.#total /= growth;
    this.#since = now;
    return 1;
  }

  /** Adds a weight to a moment's total, and to each of the names once. */
  add(names: readonly string[], weight: number, now: number): void {
    const grown = weight * this.#growth(now);
    this.#total += grown;
    for (const name of names) {
      const known = this.#counters.get(name);
      if (known) known.count += grown;
      else this.#admit(name, grown);
    }
  }

  #admit(name: string, weight: number): void {
    if (this.#counters.size < this.#size) {
      this.#counters.set(name, { name, count: weight, error: 0 });
      return;
    }
    let least: Counter | undefined;
    for (const counter of this.#counters.values()) if (!least || counter.count < least.count) least = counter;
    this.#counters.delete(least!.name);
    this.#counters.set(name, { name, count: least!.count + weight, error: least!.count });
  }

  /** The heaviest first, and what all together weighs, both as they count now. */
  read(now: number): { readonly total: number; readonly hits: readonly Hit[] } {
    const growth = this.#growth(now);
    const hits = [...this.#counters.values()]
      .toSorted((a, b) => b.count - a.count)
      .map(({ name, count, error }) => ({ name, count: count / growth, error: error / growth }));
    return { total: this.#total / growth, hits };
  }
}

/** The prefixes of a key that end with one of its first slashes, and the key itself. */
export function prefixesOf(key: string, depthMax: number): string[] {
  const found: string[] = [];
  for (let at = key.indexOf('/'); at >= 0 && found.length < depthMax; at = key.indexOf('/', at + 1)) found.push(key.slice(0, at + 1));
  if (found.at(-1) !== key) found.push(key);
  return found;
}
