import type { ScratchTable } from './scratch.ts';

const slotsFirst = 16;
/** The stamp of a slot that is free. */
export const freeStamp = -2;

/** Slots whose contents may be elsewhere. */
type Owner = {
  /** Slots that were ever used. */
  readonly end: number;
  /** The step that a slot was last changed in: 0 where it is as it came back, `freeStamp` where nothing is in it. */
  stampOf(slot: number): number;
  readonly step: number;
  /** What a slot's contents are found by, from its keys alone. */
  nameOf(slot: number): string;
  record(slot: number): Uint8Array;
  /** Puts a record into a slot that has nothing but its keys. */
  restore(slot: number, record: Buffer): void;
  /** Rows and groups in a slot. */
  countOf(slot: number): number;
  /** Takes a slot's contents out of memory. */
  empty(slot: number): void;
};

/**
 * The slots that are on disk. What came back stays there as a copy, which counts for nothing while the slot is in memory, so
 * that what was only looked at need not be written once more.
 */
export class Away {
  readonly #owner: Owner;
  readonly #table: ScratchTable;
  /** Whether there is a copy of what is in a slot. */
  #isCopied = new Uint8Array(slotsFirst);
  /** Names of copies of slots that were closed. */
  #dead: string[] = [];
  /** Where the search for what was not used goes on, and the step that it passed there last time at the latest. */
  #hand = 0;
  #passed = 0;
  /** Slots, and rows and groups in them, that are on disk alone. */
  slots = 0;
  count = 0;

  constructor(owner: Owner, table: ScratchTable) {
    this.#owner = owner;
    this.#table = table;
  }

  /** Brings back what belongs to the keys of a slot, if something does. */
  recall(slot: number): boolean {
    if (this.slots === 0) return false;
    const record = this.#table.get(this.#owner.nameOf(slot));
    if (!record) return false;
    this.#owner.restore(slot, record);
    this.#copied(slot, 1);
    this.slots -= 1;
    this.count -= this.#owner.countOf(slot);
    return true;
  }

  #copied(slot: number, is: 0 | 1): void {
    if (slot >= this.#isCopied.length) {
      const longer = new Uint8Array(Math.max(this.#isCopied.length * 2, slot + 1));
      longer.set(this.#isCopied);
      this.#isCopied = longer;
    }
    this.#isCopied[slot] = is;
  }

  /** Notes that a slot is about to be closed. */
  close(slot: number): void {
    if (this.#isCopied[slot] !== 1) return;
    this.#dead.push(this.#owner.nameOf(slot));
    this.#isCopied[slot] = 0;
  }

  /** Takes copies of what is gone from the disk. */
  sweep(): void {
    if (this.#dead.length === 0) return;
    this.#table.change(() => {
      for (const name of this.#dead) this.#table.remove(name);
    });
    this.#dead = [];
  }

  /** Has so many slots leave the memory, first those that were not changed for longest. */
  leave(count: number): void {
    const chosen = this.#chosen(count);
    const changed = chosen.filter((slot) => this.#isCopied[slot] !== 1 || this.#owner.stampOf(slot) !== 0);
    if (changed.length > 0)
      this.#table.change(() => {
        for (const slot of changed) this.#table.put(this.#owner.nameOf(slot), this.#owner.record(slot));
      });
    for (const slot of chosen) {
      this.count += this.#owner.countOf(slot);
      this.slots += 1;
      this.#isCopied[slot] = 0;
      this.#owner.empty(slot);
    }
  }

  #chosen(count: number): number[] {
    const chosen = new Set<number>();
    const { end } = this.#owner;
    // In the second round all may go that no step changed since the first.
    for (let looked = 0; looked < 2 * end && chosen.size < count; looked += 1) {
      if (this.#hand >= end) [this.#hand, this.#passed] = [0, this.#owner.step];
      const stamp = this.#owner.stampOf(this.#hand);
      if (stamp !== freeStamp && stamp <= this.#passed) chosen.add(this.#hand);
      this.#hand += 1;
    }
    return [...chosen];
  }

  records(): Iterable<Buffer> {
    return this.#table.values();
  }
}
