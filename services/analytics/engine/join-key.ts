import type { Type, Value } from '../domain/value.ts';
import { isNumbered, keysAt, Places, rowsAt } from './place.ts';

/** The keys of a join, each in a slot, with the first row of either side: one search finds what is alike on both. */
export class JoinKeys {
  readonly places: Places;
  readonly isByNumber: boolean;
  /** Where the first row of a side stands in a slot. */
  readonly heads: readonly [left: number, right: number];
  readonly #named = new Map<number, readonly Value[]>();
  readonly #free: number[] = [];
  #next = 0;

  constructor(left: readonly Type[], right: readonly Type[]) {
    this.isByNumber = isNumbered(left) && isNumbered(right);
    this.places = new Places(this.isByNumber ? left : ['text'], [0, 0]);
    const first = keysAt + (this.isByNumber ? left.length : 0);
    this.heads = [first, first + 1];
  }

  #begin(): number {
    const isNew = this.#free.length === 0;
    const slot = isNew ? this.#next++ : (this.#free.pop() as number);
    this.places.begin(slot, isNew);
    return slot;
  }

  /** Opens a slot for keys that are all numbers, which are then to be put into it. */
  openNumbers(hash: number): number {
    const slot = this.#begin();
    this.places.add(hash, slot);
    return slot;
  }

  open(keys: readonly Value[]): number {
    const slot = this.#begin();
    this.places.name(keys, slot);
    this.#named.set(slot, keys);
    return slot;
  }

  /** Counts rows under a key, which goes with the last of them. */
  count(slot: number, by: number): void {
    const { cells, width } = this.places;
    const left = (cells[slot * width + rowsAt] as number) + by;
    cells[slot * width + rowsAt] = left;
    if (left > 0) return;
    this.places.delete(slot, this.#named.get(slot));
    this.#named.delete(slot);
    this.#free.push(slot);
  }
}
