import { keyOf, type Row, type Type, type Value } from '../../domain/value.ts';
import type { JoinSide, KeptRow } from '../join-side.ts';
import type { KeySlots } from '../key-slot.ts';
import type { Entry } from '../operator.ts';
import { stampAt } from '../place.ts';
import { Away } from './away.ts';
import type { Spilling } from './room.ts';
import type { ScratchTable } from './scratch.ts';
import { hashBytes } from './size.ts';
import { readValues, type Written, writeValues } from './value-record.ts';

type WrittenRow = readonly [number: number, weight: number, matches: number, values: readonly Written[], time: number | null];
type Sides = readonly [JoinSide, JoinSide];

/** Keys of a join that may be on disk, each with its rows of both sides. */
export class SpilledJoin implements Spilling {
  readonly #keys: KeySlots;
  readonly #types: readonly Type[];
  readonly #sides: Sides;
  #away: Away | undefined;

  /** `types`: those of the keys. */
  constructor(keys: KeySlots, types: readonly Type[], sides: Sides) {
    this.#keys = keys;
    this.#types = types;
    this.#sides = sides;
  }

  get bytes(): number {
    const { places } = this.#keys;
    return places.size * (places.width * 8 + hashBytes) + places.keyBytes + this.#sides.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  get away(): number {
    return this.#away?.count ?? 0;
  }

  /** Rows under the keys that steps since the last time changed. */
  get held(): number {
    const slots = new Set(this.#sides.flatMap((side) => [...side.changedSlots()]));
    let held = 0;
    for (const slot of slots) held += this.#keys.rowsOf(slot);
    return held;
  }

  leaveTo(table: ScratchTable): void {
    const keys = this.#keys;
    const { places } = keys;
    const owner = {
      get end() {
        return keys.end;
      },
      get step() {
        return keys.step;
      },
      stampOf: (slot: number) => places.cells[slot * places.width + stampAt] as number,
      nameOf: (slot: number) => keys.keysOf(slot).map(keyOf).join(''),
      record: (slot: number) => Buffer.from(JSON.stringify(this.#written(slot))),
      restore: (slot: number, record: Buffer) => this.#restore(slot, record),
      countOf: (slot: number) => keys.rowsOf(slot),
      empty: (slot: number) => {
        for (const side of this.#sides) side.empty(slot);
        keys.empty(slot);
      },
      timeOf: (slot: number) => Math.min(...this.#sides.map((side) => side.timeOf(slot))),
      keysIn: (record: Buffer) => this.#read(record).keys,
      reopen: (of: readonly Value[]) => keys.reopen(of),
    };
    this.#away = new Away(owner, table);
    keys.away = this.#away;
    for (const { rows } of this.#sides) rows.separate();
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
    if (this.#sides.every(({ isSettled }) => isSettled)) this.#away?.leave(Math.ceil((bytes / this.bytes) * this.#keys.places.size));
  }

  sweep(): void {
    this.#away?.sweep();
  }

  #written(slot: number): [readonly Written[], ...(readonly WrittenRow[])[]] {
    const rows = this.#sides.map((side) =>
      Array.from(side.under(slot), ({ number, weight, matches, row, time }): WrittenRow => {
        return [number, weight, matches, writeValues(side.rows.types, row), time ?? null];
      }),
    );
    return [writeValues(this.#types, this.#keys.keysOf(slot)), ...rows];
  }

  #read(record: Buffer): { readonly keys: Row; readonly rows: readonly KeptRow[][] } {
    const [keys, ...rows] = JSON.parse(record.toString()) as [readonly Written[], ...WrittenRow[][]];
    return {
      keys: readValues(this.#types, keys),
      rows: this.#sides.map((side, at) =>
        (rows[at] ?? []).map(([number, weight, matches, values, time]) => {
          return { number, weight, matches, row: readValues(side.rows.types, values), time: time ?? undefined };
        }),
      ),
    };
  }

  #restore(slot: number, record: Buffer): void {
    const { rows } = this.#read(record);
    for (const [at, side] of this.#sides.entries()) side.restore(slot, rows[at] ?? []);
    const { cells, width } = this.#keys.places;
    cells[slot * width + stampAt] = 0;
  }

  /** The rows of keys that are on disk alone, by side. */
  *entries(): Generator<readonly [side: number, entry: Entry]> {
    this.sweep();
    for (const record of this.#away?.records() ?? []) {
      const { keys, rows } = this.#read(record);
      if (this.#keys.find(keys) >= 0) continue;
      for (const [side, own] of rows.entries())
        for (const { number, weight, matches, row } of own)
          yield [side, [String(number), [this.#sides[side]?.rows.printed(row), weight, matches]]];
    }
  }
}
