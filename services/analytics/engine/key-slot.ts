import type { Type, Value } from '../domain/value.ts';
import { isNumbered, keysAt, Places, rowsAt } from './place.ts';

/** Keys, each in a slot with some numbers beside it, as long as there are rows under it. */
export class KeySlots {
  readonly places: Places;
  readonly isByNumber: boolean;
  /** Where the numbers beside the keys begin in a slot. */
  readonly beside: number;
  readonly #named = new Map<number, readonly Value[]>();
  readonly #free: number[] = [];
  #next = 0;

  /** `more`: types of what is looked for as the same keys; `numbers`: how many stand beside them. */
  constructor(types: readonly Type[], more: readonly Type[], numbers: number) {
    this.isByNumber = isNumbered(types) && isNumbered(more);
    this.places = new Places(this.isByNumber ? types : ['text'], new Array<number>(numbers).fill(0));
    this.beside = keysAt + (this.isByNumber ? types.length : 0);
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

  rowsOf(slot: number): number {
    return this.places.cells[slot * this.places.width + rowsAt] as number;
  }

  /** Counts rows under a key. */
  count(slot: number, by: number): void {
    const { cells, width } = this.places;
    cells[slot * width + rowsAt] = (cells[slot * width + rowsAt] as number) + by;
  }

  close(slot: number): void {
    this.places.delete(slot, this.#named.get(slot));
    this.#named.delete(slot);
    this.#free.push(slot);
  }
}
