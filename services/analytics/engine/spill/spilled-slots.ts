import { keyOf, type Type, type Value } from '../../domain/value.ts';
import type { Kept } from '../accumulator.ts';
import type { Bag, Tally } from '../bag.ts';
import { stampAt } from '../place.ts';
import { Away } from './away.ts';
import type { Spilling } from './room.ts';
import type { ScratchTable } from './scratch.ts';
import { type Groups, SlotRecords } from './slot-record.ts';

type Slots = Groups & {
  readonly step: number;
  /** Changes since the last time that they were kept or undone. */
  readonly count: number;
  readonly changed: Int32Array;
  readonly end: number;
  readonly tally: Tally;
  readonly bytes: number;
  keysOf(slot: number): readonly Value[];
  timeOf(slot: number): Value;
  slotOf(keys: readonly Value[]): number;
  empty(slot: number): void;
};

const timed = (time: Value): number => (typeof time === 'number' ? time : Number.POSITIVE_INFINITY);

/** Groups that may be on disk. */
export class SpilledSlots implements Spilling {
  readonly #slots: Slots;
  readonly #records: SlotRecords;
  /** Which of what stands beside the numbers of a slot is a bag. */
  readonly #bags: readonly number[];
  #away: Away | undefined;

  constructor(slots: Slots, types: readonly Type[], kinds: readonly Kept[]) {
    this.#slots = slots;
    this.#records = new SlotRecords(slots, types, kinds);
    this.#bags = kinds.filter(({ cells }) => cells === undefined).flatMap((kind, at) => (!kind.cells && kind.bag ? [at] : []));
  }

  get bytes(): number {
    return this.#slots.bytes;
  }

  get away(): number {
    return this.#away?.count ?? 0;
  }

  /** What steps since the last time changed. */
  get held(): number {
    const { count, changed } = this.#slots;
    let held = 0;
    for (let at = 0; at < count; at += 1) held += this.#countOf(changed[at * 2] as number);
    return held;
  }

  /** A group with what is in its bags. */
  #countOf(slot: number): number {
    const { values, depth } = this.#slots;
    let count = 1;
    for (const at of this.#bags) count += (values[slot * depth + at] as Bag).size;
    return count;
  }

  leaveTo(table: ScratchTable): void {
    const slots = this.#slots;
    const { places } = slots;
    const owner = {
      get end() {
        return slots.end;
      },
      get step() {
        return slots.step;
      },
      stampOf: (slot: number) => places.cells[slot * places.width + stampAt] as number,
      nameOf: (slot: number) => slots.keysOf(slot).map(keyOf).join(''),
      record: (slot: number) => this.#records.record(slot),
      restore: (slot: number, record: Buffer) => this.#records.restore(slot, record, slots.tally),
      countOf: (slot: number) => this.#countOf(slot),
      empty: (slot: number) => slots.empty(slot),
      timeOf: (slot: number) => timed(slots.timeOf(slot)),
      keysIn: (record: Buffer) => this.#records.keysIn(record),
      reopen: (keys: readonly Value[]) => void slots.slotOf(keys),
    };
    this.#away = new Away(owner, table);
  }

  leave(bytes: number): void {
    // What was changed and not settled may still be taken back.
    if (this.#slots.count > 0) return;
    const { places } = this.#slots;
    const goal = this.bytes - bytes;
    // Those that leave may be smaller than others.
    for (let before = places.size + 1; places.size < before && this.bytes > Math.max(0, goal); ) {
      before = places.size;
      this.#away?.leave(Math.ceil(((this.bytes - goal) / this.bytes) * before));
    }
  }

  sweep(): void {
    this.#away?.sweep();
  }

  /** Brings back what belongs to the keys of a slot that was opened, if something does. */
  recall(slot: number): void {
    this.#away?.recall(slot);
  }

  /** Brings back what falls due before a limit. */
  recallDue(limit: number): void {
    this.#away?.recallDue(limit);
  }

  /** Notes that a slot is about to be closed. */
  close(slot: number): void {
    this.#away?.close(slot);
  }

  /** Groups on disk, and copies there of some that are in memory. */
  records(): Iterable<Buffer> {
    this.sweep();
    return this.#away?.records() ?? [];
  }

  /** Puts a record and its keys into a slot that is nobody's. */
  restore(slot: number, record: Buffer): void {
    this.#slots.places.put(slot, this.#records.keysIn(record));
    this.#records.restore(slot, record, this.#slots.tally);
  }
}
