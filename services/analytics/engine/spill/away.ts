import type { Value } from '../../domain/value.ts';
import { Due } from './due.ts';
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
  /** When something in a slot falls due, in microseconds; infinite where nothing does. */
  timeOf(slot: number): number;
  keysIn(record: Buffer): readonly Value[];
  /** Has keys recalled into a slot of theirs, where they have none in memory. */
  reopen(keys: readonly Value[]): void;
};

/**
 * The slots that are on disk. What came back stays there as a copy, which counts for nothing while the slot is in memory, so
 * that what was only looked at need not be written once more.
 */
export class Away {
  readonly #owner: Owner;
  readonly #table: ScratchTable;
  readonly #due: Due;
  /** Whether there is a copy of what is in a slot. */
  #isCopied = new Uint8Array(slotsFirst);
  /** Names of copies of slots that were closed. */
  #dead: string[] = [];
  /** Where the search for what was not used goes on, and the step that it passed there last time at the latest. */
  #hand = 0;
  #passed = 0;
  /** The record of what is recalled next, where it is known. */
  #given: Buffer | undefined;
  /** Slots, and rows and groups in them, that are on disk alone. */
  slots = 0;
  count = 0;

  constructor(owner: Owner, table: ScratchTable) {
    this.#owner = owner;
    this.#table = table;
    this.#due = new Due(table, 'forgotten');
  }

  /** Brings back what belongs to the keys of a slot, if something does. */
  recall(slot: number): boolean {
    if (this.slots === 0) return false;
    const record = this.#given ?? this.#table.get(this.#owner.nameOf(slot));
    if (!record) return false;
    this.#owner.restore(slot, record);
    this.#copied(slot, 1);
    this.slots -= 1;
    this.count -= this.#owner.countOf(slot);
    return true;
  }

  /** Brings back of what falls due before a limit as much as one step takes. */
  recallDue(limit: number): void {
    for (const record of this.#due.take(limit)) {
      this.#given = record;
      this.#owner.reopen(this.#owner.keysIn(record));
      this.#given = undefined;
    }
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
    if (this.#dead.length === 0 && !this.#due.isDirty) return;
    this.#table.change(() => {
      for (const name of this.#dead) this.#table.remove(name);
      this.#due.sweep();
    });
    this.#dead = [];
    this.#due.swept();
  }

  /** Has so many slots leave the memory, first those that were not changed for longest. */
  leave(count: number): void {
    const owner = this.#owner;
    const chosen = this.#chosen(count);
    const isChanged = (slot: number) => this.#isCopied[slot] !== 1 || owner.stampOf(slot) !== 0;
    if (chosen.some((slot) => isChanged(slot) || Number.isFinite(owner.timeOf(slot))))
      this.#table.change(() => {
        for (const slot of chosen) {
          const name = owner.nameOf(slot);
          if (isChanged(slot)) this.#table.put(name, owner.record(slot));
          // When a copy falls due may have been taken from the disk.
          this.#due.put(owner.timeOf(slot), name);
        }
      });
    for (const slot of chosen) {
      this.count += owner.countOf(slot);
      this.slots += 1;
      this.#isCopied[slot] = 0;
      owner.empty(slot);
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
