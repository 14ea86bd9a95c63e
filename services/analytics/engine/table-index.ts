import type { Index } from '../domain/constraint.ts';
import { keyOf, type Row } from '../domain/value.ts';

/** The names of rows by the values that some columns have in them. */
export class RowIndex {
  readonly of: Index;
  readonly #names = new Map<string, Set<string>>();

  constructor(of: Index) {
    this.of = of;
  }

  /** What a row is found by; undefined where a value is NULL, which is equal to none. */
  keyOf(row: Row): string | undefined {
    return this.keyOfValues(this.of.places.map((place) => row[place] ?? null));
  }

  keyOfValues(values: Row): string | undefined {
    return values.includes(null) ? undefined : values.map(keyOf).join('');
  }

  add(row: Row, name: string): void {
    const key = this.keyOf(row);
    if (key === undefined) return;
    const known = this.#names.get(key);
    if (known) known.add(name);
    else this.#names.set(key, new Set([name]));
  }

  remove(row: Row, name: string): void {
    const key = this.keyOf(row);
    const known = key === undefined ? undefined : this.#names.get(key);
    known?.delete(name);
    if (known?.size === 0) this.#names.delete(key as string);
  }

  find(key: string): Iterable<string> {
    return this.#names.get(key) ?? [];
  }
}
