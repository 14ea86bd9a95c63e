import type { Type, Value } from '../domain/value.ts';
import { isNumbered, keysAt, Places, rowsAt, stampAt } from './place.ts';
import { type Away, freeStamp } from './spill/away.ts';
import { bytesOf, nameBytes } from './spill/size.ts';

/** Keys, each in a slot with some numbers beside it, as long as there are rows under it. */
export class KeySlots {
  readonly places: Places;
  readonly isByNumber: boolean;
  /** Where the numbers beside the keys begin in a slot. */
  readonly beside: number;
  readonly #named = new Map<number, readonly Value[]>();
  readonly #free: number[] = [];
  #next = 0;
  /** The step that goes on, which stands in the slots of the keys that it asks for. */
  step = 1;
  /** What is on disk, where keys may be there. */
  away: Away | undefined;
  /** Bytes of keys that are not all numbers. */
  namedBytes = 0;
  /** Slots that were opened to look for their keys on disk, and may be of none. */
  #sought: number[] = [];

  /** `more`: types of what is looked for as the same keys; `numbers`: how many stand beside them, each `first` in a new slot. */
  constructor(types: readonly Type[], more: readonly Type[], numbers: number, first = 0) {
    this.isByNumber = isNumbered(types) && isNumbered(more);
    this.places = new Places(this.isByNumber ? types : ['text'], new Array<number>(numbers).fill(first));
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
    this.namedBytes += nameBytes + bytesOf(keys);
    return slot;
  }

  /** Opens slots for keys that are then looked for on disk. */
  readonly seeker = {
    openNumbers: (hash: number) => this.openNumbers(hash),
    open: (keys: readonly Value[]) => {
      const slot = this.open(keys);
      this.seek(slot);
      return slot;
    },
    /** Looks for the keys of a slot. */
    recall: (slot: number) => this.seek(slot),
  };

  /** Looks on disk for keys that are not in memory. */
  reopen(keys: readonly Value[]): void {
    if (this.find(keys) >= 0) return;
    if (!this.places.isNumbers(keys)) this.seek(this.open(keys));
    else {
      const slot = this.openNumbers(this.places.hash(keys, 0));
      this.places.cells.set(keys, slot * this.places.width + keysAt);
      this.seek(slot);
    }
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
    const from = slot * this.places.width + keysAt;
    return this.#named.get(slot) ?? [...this.places.cells.subarray(from, this.places.width * slot + this.beside)];
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
    const named = this.#named.get(slot);
    this.places.delete(slot, named);
    if (named) this.namedBytes -= nameBytes + bytesOf(named);
    this.#named.delete(slot);
    this.places.cells[slot * this.places.width + stampAt] = freeStamp;
    this.#free.push(slot);
  }
}
