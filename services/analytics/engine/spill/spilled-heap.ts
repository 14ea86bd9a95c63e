import { type Column, keyOf, type Type, type Value } from '../../domain/value.ts';
import type { Held } from '../heap.ts';
import type { Spilling } from './room.ts';
import type { ScratchTable } from './scratch.ts';
import { bytesOf, nameBytes } from './size.ts';
import { readValues, type Written, writeValues } from './value-record.ts';

type Rows = Map<string, Held>;
type WrittenRow = readonly [name: string, weight: number, matches: number, values: readonly Written[]];
type Record = readonly [key: string, rows: readonly WrittenRow[]];

/** Rows by key as they are in memory. */
type Heap = {
  readonly keys: Map<Value, Rows>;
  /** The keys that steps changed since the last time. */
  changed(): ReadonlySet<Value>;
};

/** Bytes of a row in memory, about. */
export const heldBytes = (name: string, { row }: Held): number => nameBytes + name.length + bytesOf(row);

/** Keys that may be on disk, each with all of its rows. Those that did not change for longest are first in memory. */
export class SpilledHeap implements Spilling {
  readonly #heap: Heap;
  readonly #types: readonly Type[];
  #table: ScratchTable | undefined;
  /** Names of keys on disk that are not to be read there: they came back. */
  readonly #stale = new Set<string>();
  bytes = 0;
  /** Rows that are on disk alone. */
  away = 0;
  /** What else the operator has that cannot leave. */
  readonly #besides: () => number;

  constructor(columns: readonly Column[], heap: Heap, besides: () => number) {
    this.#types = columns.map(({ type }) => type);
    this.#heap = heap;
    this.#besides = besides;
  }

  get held(): number {
    const { keys } = this.#heap;
    let held = this.#besides();
    for (const key of this.#heap.changed()) held += keys.get(key)?.size ?? 0;
    return held;
  }

  leaveTo(table: ScratchTable): void {
    this.#table = table;
  }

  /** Brings back the rows of a key that has none in memory. */
  recall(key: Value): Rows | undefined {
    if (this.away === 0) return undefined;
    const name = keyOf(key);
    if (this.#stale.has(name)) return undefined;
    const record = this.#table?.get(name);
    if (!record) return undefined;
    const rows = this.#read(record)[1];
    for (const [row, held] of rows) this.bytes += heldBytes(row, held);
    this.#stale.add(name);
    this.away -= rows.size;
    this.#heap.keys.set(key, rows);
    return rows;
  }

  #read(record: Buffer): readonly [string, Rows] {
    const [key, rows] = JSON.parse(record.toString()) as Record;
    return [key, new Map(rows.map(([name, weight, matches, values]) => [name, { row: readValues(this.#types, values), weight, matches }]))];
  }

  leave(bytes: number): void {
    const table = this.#table;
    // What was changed and not settled may still be taken back.
    if (!table || this.#heap.changed().size > 0) return;
    const { keys } = this.#heap;
    const chosen: (readonly [Value, Rows])[] = [];
    let found = 0;
    for (const each of keys) {
      if (found >= bytes) break;
      for (const [name, held] of each[1]) found += heldBytes(name, held);
      chosen.push(each);
    }
    table.change(() => {
      for (const [key, rows] of chosen) table.put(keyOf(key), Buffer.from(JSON.stringify(this.#written(key, rows))));
    });
    this.bytes -= found;
    for (const [key, rows] of chosen) {
      this.#stale.delete(keyOf(key));
      this.away += rows.size;
      keys.delete(key);
    }
  }

  #written(key: Value, rows: Rows): Record {
    return [
      keyOf(key),
      Array.from(rows, ([name, { row, weight, matches }]): WrittenRow => [name, weight, matches, writeValues(this.#types, row)]),
    ];
  }

  sweep(): void {
    const table = this.#table;
    if (!table || this.#stale.size === 0) return;
    table.change(() => {
      for (const name of this.#stale) table.remove(name);
    });
    this.#stale.clear();
  }

  /** Rows that are on disk alone. */
  *onDisk(): Generator<readonly [string, Held]> {
    if (this.away === 0) return;
    for (const record of this.#table?.values() ?? []) {
      const [key, rows] = this.#read(record);
      if (!this.#stale.has(key)) yield* rows;
    }
  }
}
