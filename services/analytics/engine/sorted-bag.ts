import type { Value } from '../domain/value.ts';
import { Bag, type Tally } from './bag.ts';
import { sortedMin } from './limits.ts';

type Known = Exclude<Value, null>;
/** How values become entries, and which of two comes first: `compare` is 0 for no two values that are different ones of a bag. */
type Order<E> = { readonly entryOf: (value: Known, count: number) => E; readonly compare: (left: E, right: E) => number };

/**
 * Values of a group that are asked for in an order. Of large bags it is kept: what changed since is put into its place, or taken
 * from there.
 */
export class SortedBag<E> extends Bag {
  readonly #order: Order<E>;
  #kept: E[] | undefined;
  #touched: Known[] = [];

  constructor(tally: Tally, order: Order<E>) {
    super(tally);
    this.#order = order;
  }

  override change(value: Known, weight: number): number {
    if (this.#kept) this.#touched.push(value);
    return super.change(value, weight);
  }

  override undo(): void {
    this.#forget();
    super.undo();
  }

  override load(value: Known, count: number): void {
    this.#forget();
    super.load(value, count);
  }

  #forget(): void {
    this.#kept = undefined;
    this.#touched = [];
  }

  /** All entries that are there, in their order. */
  get entries(): readonly E[] {
    const kept = this.#kept;
    const touched = new Set(this.#touched);
    this.#touched = [];
    if (kept && touched.size * 8 < kept.length) for (const value of touched) this.#place(kept, value);
    else this.#kept = this.#all();
    const found = this.#kept ?? [];
    if (found.length < sortedMin) this.#forget();
    return found;
  }

  #all(): E[] {
    const { entryOf, compare } = this.#order;
    const found: E[] = [];
    for (const [, [value, count]] of this.counts()) if (count > 0) found.push(entryOf(value, count));
    return found.sort(compare);
  }

  #place(kept: E[], value: Known): void {
    const { entryOf, compare } = this.#order;
    const count = this.countOf(value);
    const entry = entryOf(value, count);
    let [low, high] = [0, kept.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compare(kept[middle] as E, entry) < 0) low = middle + 1;
      else high = middle;
    }
    const isThere = low < kept.length && compare(kept[low] as E, entry) === 0;
    if (count > 0) kept.splice(low, Number(isThere), entry);
    else if (isThere) kept.splice(low, 1);
  }
}
