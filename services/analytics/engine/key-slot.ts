import type { Type, Value } from '../domain/value.ts';
import { keysAt, Places, rowsAt, stampAt } from './place.ts';
import { type Away, freeStamp } from './spill/away.ts';

/** Keys, each in a slot with some numbers beside it, as long as there are rows under it. */
export class KeySlots {
  readonly places: Places;
  /** Where the numbers beside the keys begin in a slot. */
  readonly beside: number;
  readonly #free: number[] = [];
  #next = 0;
  /** The step that goes on, which stands in the slots of the keys that it asks for. */
  step = 1;
  /** What is on disk, where keys may be there. */
  away: Away | undefined;
  /** Slots that were opened to look for their keys on disk, and may be of none. */
  #sought: number[] = [];

  /** `more`: types of what is looked for as the same keys; `numbers`: how many stand beside them, each `first` in a new slot. */
  constructor(types: readonly Type[], more: readonly Type[], numbers: number, first = 0) {
    this.places = new Places(types, new Array<number>(numbers).fill(first), more);
    this.beside = keysAt + types.length;
  }

  /** Opens a slot for the numbers of keys, which are then to be put into it. */
  openCells(hash: number): number {
    const slot = this.#begin();
    this.places.add(hash, slot);
    return slot;
  }

  #begin(): number {
    const isNew = this.#free.length === 0;
    const slot = isNew ? this.#next++ : (this.#free.pop() as number);
    this.places.begin(slot, isNew);
    return slot;
  }

  /** Opens slots for keys that are then looked for on disk. */
  readonly seeker = {
    openCells: (hash: number) => this.openCells(hash),
    /** Looks for the keys of a slot. */
    recall: (slot: number) => this.seek(slot),
  };

  /** Looks on disk for keys that are not in memory. */
  reopen(keys: readonly Value[]): void {
    if (this.find(keys) >= 0) return;
    const slot = this.#begin();
    this.places.put(slot, keys);
    this.places.add(this.places.hashOf(slot), slot);
    this.seek(slot);
  }

  seek(slot: number): void {
    if (!this.away?.recall(slot)) this.#sought.push(slot);
  }

  /** Closes what was opened for nothing; the step is over. */
  settle(): void {
    for (const slot of this.#sought) if (this.#isHeld(slot) && this.rowsOf(slot) === 0) this.close(slot);
    this.#sought = [];
    this.step += 1;
  }

  #isHeld(slot: number): boolean {
    return this.places.cells[slot * this.places.width + stampAt] !== freeStamp;
  }

  /** Slots that were ever used. */
  get end(): number {
    return this.#next;
  }

  keysOf(slot: number): readonly Value[] {
    return this.places.keysOf(slot);
  }

  find(keys: readonly Value[]): number {
    return this.places.get(keys);
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
    this.away?.close(slot);
    this.empty(slot);
  }

  /** Takes keys out of memory, whose rows are out of it. */
  empty(slot: number): void {
    this.places.delete(slot);
    this.places.cells[slot * this.places.width + stampAt] = freeStamp;
    this.#free.push(slot);
  }
}
