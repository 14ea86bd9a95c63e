import { type Column, printRow, readValue, type Row, rowKey, type Value } from '../domain/value.ts';
import type { Entry } from './operator.ts';
import { type Beside, heldBytes, SpilledHeap } from './spill/spilled-heap.ts';

/** A row with how often it is there; `matches` counts its partners in a join. */
export type Held = { readonly row: Row; readonly weight: number; readonly matches: number };

type Undo = { readonly key: Value; readonly name: string; readonly before: Held | undefined };

/** Rows under keys, each row once. What changes is remembered until it is kept or undone. */
export class Heap {
  readonly #columns: readonly Column[];
  readonly #keys = new Map<Value, Map<string, Held>>();
  #journal: Undo[] = [];
  #size = 0;
  readonly spilling: SpilledHeap;

  /** `besides`: rows and groups of its operator that are not in here, and cannot leave the memory; `beside`: what leaves with keys. */
  constructor(columns: readonly Column[], besides = () => 0, beside?: Beside) {
    this.#columns = columns;
    this.spilling = new SpilledHeap(columns, { keys: this.#keys, changed: () => this.touched(0) }, besides, beside);
  }

  get size(): number {
    return this.#size;
  }

  /** The rows of a key, from disk where they are there. */
  #rowsOf(key: Value): Map<string, Held> | undefined {
    return this.#keys.get(key) ?? this.spilling.recall(key);
  }

  /** Where `touched` counts from. */
  get mark(): number {
    return this.#journal.length;
  }

  /** The keys that were changed since a mark. */
  touched(mark: number): Set<Value> {
    return new Set(this.#journal.slice(mark).map(({ key }) => key));
  }

  under(key: Value): Iterable<Held> {
    return this.#rowsOf(key)?.values() ?? [];
  }

  count(key: Value): number {
    return this.#rowsOf(key)?.size ?? 0;
  }

  find(key: Value, name: string): Held | undefined {
    return this.#rowsOf(key)?.get(name);
  }

  /** Adds a row so often; answers what is there now, undefined where it is gone. */
  change(key: Value, row: Row, weight: number, name = rowKey(row)): Held | undefined {
    const before = this.find(key, name);
    const total = (before?.weight ?? 0) + weight;
    const held = total === 0 ? undefined : { row: before?.row ?? row, weight: total, matches: before?.matches ?? 0 };
    this.#journal.push({ key, name, before });
    this.#put(key, name, held);
    return held;
  }

  /** Counts partners of a row. */
  match(key: Value, held: Held, by: number): void {
    const name = rowKey(held.row);
    this.#journal.push({ key, name, before: held });
    this.#put(key, name, { ...held, matches: held.matches + by });
  }

  #put(key: Value, name: string, held: Held | undefined): void {
    const rows = this.#rowsOf(key) ?? new Map<string, Held>();
    const known = rows.get(name);
    this.#size -= rows.size;
    if (known) this.spilling.bytes -= heldBytes(name, known);
    if (held) {
      this.spilling.bytes += heldBytes(name, held);
      rows.set(name, held);
    } else rows.delete(name);
    this.#size += rows.size;
    // Behind all others: it was changed last.
    this.#keys.delete(key);
    if (rows.size > 0) this.#keys.set(key, rows);
  }

  undo(): void {
    for (const { key, name, before } of this.#journal.reverse()) this.#put(key, name, before);
    this.#journal = [];
  }

  settle(): Entry[] {
    const changed = new Map(this.#journal.map(({ key, name, before }) => [name, { key, before }]));
    this.#journal = [];
    return [...changed].map(([name, { key }]) => this.#entry(name, this.find(key, name)));
  }

  #entry(name: string, held: Held | undefined): Entry {
    return [name, held ? [printRow(this.#columns, held.row), held.weight, held.matches] : null];
  }

  *dump(): Generator<Entry> {
    for (const rows of this.#keys.values()) for (const [name, held] of rows) yield this.#entry(name, held);
    for (const [name, held] of this.spilling.onDisk()) yield this.#entry(name, held);
  }

  /** Puts back a row that was written down, and answers it. */
  load([name, written]: Entry, keyOf: (row: Row) => Value): Row {
    const [texts, weight, matches] = written as [(string | null)[], number, number];
    const row = texts.map((text, at) => (text === null ? null : readValue(this.#columns[at]?.type ?? 'text', text)));
    this.#put(keyOf(row), name, { row, weight, matches });
    return row;
  }
}
