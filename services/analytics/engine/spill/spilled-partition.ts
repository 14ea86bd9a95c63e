import { keyOf, type Type, type Value } from '../../domain/value.ts';
import type { KeptRows } from '../kept-rows.ts';
import type { KeySlots } from '../key-slot.ts';
import { stampAt } from '../place.ts';
import { Away } from './away.ts';
import type { Spilling } from './room.ts';
import type { ScratchTable } from './scratch.ts';
import { hashBytes } from './size.ts';
import { readValues, type Written, writeValues } from './value-record.ts';

/** Rows by partition, each partition in a slot of its key. */
type Partitions = {
  readonly keys: KeySlots;
  readonly kept: KeptRows;
  /** Whether nothing is to be written down or may be taken back; what was loaded is put in order first. */
  readonly isSettled: boolean;
  /** The rows of a slot in their order. */
  under(slot: number): readonly number[];
  /** The numbers that a slot has beside its rows. */
  beside(slot: number): readonly (number | null)[];
  /** Puts rows and numbers into a slot that has none. */
  restore(slot: number, ids: readonly number[], beside: readonly (number | null)[]): void;
  /** Takes out the rows of a slot, which are the store's to forget. */
  clear(slot: number): void;
  /** When something in a slot is forgotten; infinite where nothing is. */
  timeOf(slot: number): number;
};

type WrittenRow = readonly [number: number, values: readonly Written[]];
type Record = readonly [keys: readonly Written[], rows: readonly WrittenRow[], beside: readonly (number | null)[]];

/** Partitions that may be on disk, each as a whole: its rows in their order and what stands beside them. */
export class SpilledPartitions implements Spilling {
  readonly #partitions: Partitions;
  readonly #types: readonly Type[];
  #away: Away | undefined;

  /** `types`: those of the keys. */
  constructor(partitions: Partitions, types: readonly Type[]) {
    this.#partitions = partitions;
    this.#types = types;
  }

  get bytes(): number {
    const { keys, kept } = this.#partitions;
    return keys.places.size * (keys.places.width * 8 + hashBytes) + keys.places.keyBytes + kept.bytes;
  }

  get away(): number {
    return this.#away?.count ?? 0;
  }

  /** Rows of the partitions that steps since the last time changed. */
  get held(): number {
    return this.#partitions.kept.changed;
  }

  leaveTo(table: ScratchTable): void {
    const { keys, kept } = this.#partitions;
    const { places } = keys;
    const owner = {
      get end() {
        return keys.end;
      },
      get step() {
        return kept.step;
      },
      stampOf: (slot: number) => places.cells[slot * places.width + stampAt] as number,
      nameOf: (slot: number) => keys.keysOf(slot).map(keyOf).join(''),
      record: (slot: number) => Buffer.from(JSON.stringify(this.#written(slot))),
      restore: (slot: number, record: Buffer) => this.#restore(slot, record),
      countOf: (slot: number) => this.#partitions.under(slot).length,
      empty: (slot: number) => this.#empty(slot),
      timeOf: (slot: number) => this.#partitions.timeOf(slot),
      keysIn: (record: Buffer) => readValues(this.#types, this.#read(record)[0]),
      reopen: (of: readonly Value[]) => keys.reopen(of),
    };
    this.#away = new Away(owner, table);
    keys.away = this.#away;
    kept.rows.separate();
  }

  /** Whether a step has to look for its keys on disk. */
  get isAway(): boolean {
    return (this.#away?.slots ?? 0) > 0;
  }

  /** Brings back what falls due before a limit. */
  recallDue(limit: number): void {
    this.#away?.recallDue(limit);
  }

  leave(bytes: number): void {
    // What was changed and not settled may still be taken back.
    if (this.#partitions.isSettled) this.#away?.leave(Math.ceil((bytes / this.bytes) * this.#partitions.keys.places.size));
  }

  sweep(): void {
    this.#away?.sweep();
  }

  #empty(slot: number): void {
    const { keys, kept } = this.#partitions;
    for (const id of this.#partitions.under(slot)) kept.release(id);
    this.#partitions.clear(slot);
    keys.empty(slot);
  }

  #written(slot: number): Record {
    const { keys, kept } = this.#partitions;
    const { rows } = kept;
    const written = Array.from(
      this.#partitions.under(slot),
      (id): WrittenRow => [rows.numberOf(id), writeValues(rows.types, rows.rowOf(id))],
    );
    return [writeValues(this.#types, keys.keysOf(slot)), written, this.#partitions.beside(slot)];
  }

  #read(record: Buffer): Record {
    return JSON.parse(record.toString()) as Record;
  }

  #restore(slot: number, record: Buffer): void {
    const { keys, kept } = this.#partitions;
    const [, rows, beside] = this.#read(record);
    const ids = rows.map(([number, values]) => kept.restore(number, readValues(kept.rows.types, values)));
    this.#partitions.restore(slot, ids, beside);
    keys.places.cells[slot * keys.places.width + stampAt] = 0;
  }

  /** The rows of partitions that are on disk alone. */
  *entries(): Generator<readonly [name: string, written: unknown]> {
    this.sweep();
    const { keys, kept } = this.#partitions;
    for (const record of this.#away?.records() ?? []) {
      const [own, rows] = this.#read(record);
      if (keys.find(readValues(this.#types, own)) >= 0) continue;
      for (const [number, values] of rows) yield [String(number), [kept.rows.printed(readValues(kept.rows.types, values)), 1, 0]];
    }
  }
}
