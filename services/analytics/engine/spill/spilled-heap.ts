import { type Column, keyOf, type Row, type Type, type Value } from '../../domain/value.ts';
import type { Held } from '../heap.ts';
import { Due } from './due.ts';
import type { Spilling } from './room.ts';
import type { ScratchTable } from './scratch.ts';
import { bytesOf, nameBytes } from './size.ts';
import { readValues, type Written, writeValues } from './value-record.ts';

type Rows = Map<string, Held>;
type WrittenRow = readonly [name: string, weight: number, matches: number, values: readonly Written[]];
type Record = readonly [key: string, rows: readonly WrittenRow[], beside: unknown];

/** Rows by key as they are in memory. */
type Heap = {
  readonly keys: Map<Value, Rows>;
  /** The keys that steps changed since the last time. */
  changed(): ReadonlySet<Value>;
};

/** What else an operator knows of keys, which leaves and comes back with their rows. */
export type Beside = {
  /** Whether nothing of it may be taken back. */
  readonly isSettled: boolean;
  /** When something under a key is to be told. */
  timeOf(key: Value): number;
  /** What is written beside the rows of a key. */
  written(key: Value): unknown;
  /** Forgets keys that leave. */
  left(keys: ReadonlySet<Value>): void;
  /** Takes a key back with what was written; its rows are there. */
  back(key: Value, written: unknown): void;
  keyOf(row: Row): Value;
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
  readonly #beside: Beside | undefined;
  #due: Due | undefined;

  constructor(columns: readonly Column[], heap: Heap, besides: () => number, beside?: Beside) {
    this.#types = columns.map(({ type }) => type);
    this.#heap = heap;
    this.#besides = besides;
    this.#beside = beside;
  }

  get held(): number {
    const { keys } = this.#heap;
    let held = this.#besides();
    for (const key of this.#heap.changed()) held += keys.get(key)?.size ?? 0;
    return held;
  }

  leaveTo(table: ScratchTable): void {
    this.#table = table;
    if (this.#beside) this.#due = new Due(table, 'told');
  }

  /** Brings back the rows of a key that has none in memory. */
  recall(key: Value): Rows | undefined {
    if (this.away === 0) return undefined;
    const name = keyOf(key);
    if (this.#stale.has(name)) return undefined;
    const record = this.#table?.get(name);
    return record && this.#recalled(key, name, record);
  }

  /** Brings back all keys of which something is to be told before a limit. */
  recallDue(limit: number): void {
    for (const record of this.#due?.take(limit) ?? []) {
      const [name, rows] = this.#read(record);
      const [first] = rows.values();
      if (first && this.#beside && !this.#stale.has(name)) this.#recalled(this.#beside.keyOf(first.row), name, record);
    }
  }

  #recalled(key: Value, name: string, record: Buffer): Rows {
    const [, rows, beside] = this.#read(record);
    for (const [row, held] of rows) this.bytes += heldBytes(row, held);
    this.#stale.add(name);
    this.away -= rows.size;
    this.#heap.keys.set(key, rows);
    this.#beside?.back(key, beside);
    return rows;
  }

  #read(record: Buffer): readonly [string, Rows, unknown] {
    const [key, rows, beside] = JSON.parse(record.toString()) as Record;
    const held = rows.map(([name, weight, matches, values]) => [name, { row: readValues(this.#types, values), weight, matches }] as const);
    return [key, new Map(held), beside];
  }

  leave(bytes: number): void {
    const table = this.#table;
    // What was changed and not settled may still be taken back.
    if (!table || this.#heap.changed().size > 0 || this.#beside?.isSettled === false) return;
    const { keys } = this.#heap;
    const chosen: (readonly [Value, Rows])[] = [];
    let found = 0;
    for (const each of keys) {
      if (found >= bytes) break;
      for (const [name, held] of each[1]) found += heldBytes(name, held);
      chosen.push(each);
    }
    table.change(() => {
      for (const [key, rows] of chosen) {
        table.put(keyOf(key), Buffer.from(JSON.stringify(this.#written(key, rows))));
        if (this.#beside) this.#due?.put(this.#beside.timeOf(key), keyOf(key));
      }
    });
    this.#beside?.left(new Set(chosen.map(([key]) => key)));
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
      this.#beside?.written(key) ?? null,
    ];
  }

  sweep(): void {
    const table = this.#table;
    if (!table || (this.#stale.size === 0 && !this.#due?.isDirty)) return;
    table.change(() => {
      for (const name of this.#stale) table.remove(name);
      this.#due?.sweep();
    });
    this.#stale.clear();
    this.#due?.swept();
  }

  *#onDisk(): Generator<readonly [string, Rows, unknown]> {
    if (this.away === 0) return;
    for (const record of this.#table?.values() ?? []) {
      const found = this.#read(record);
      if (!this.#stale.has(found[0])) yield found;
    }
  }

  /** Rows that are on disk alone. */
  *onDisk(): Generator<readonly [string, Held]> {
    for (const [, rows] of this.#onDisk()) yield* rows;
  }

  /** What stands there beside the rows, by the names of keys. */
  *besideOnDisk(): Generator<readonly [string, unknown]> {
    for (const [key, , beside] of this.#onDisk()) if (beside !== null) yield [key, beside];
  }
}
