import { printValue, type Column, type Row } from '../domain/value.ts';
import { keptAnswersBytes } from './limits.ts';

type Kept = { readonly rows: readonly Row[]; readonly at: number; readonly bytes: number };

/** What a table elsewhere answered, for the next time: so many rows, for so long, those asked for last. An answer without rows is one. */
export class KeptAnswers {
  readonly #columns: readonly Column[];
  readonly #rowsMax: number;
  readonly #forMs: number;
  readonly #kept = new Map<string, Kept>();
  #rows = 0;
  #bytes = 0;

  constructor(columns: readonly Column[], rowsMax: number, forMs: number) {
    this.#columns = columns;
    this.#rowsMax = rowsMax;
    this.#forMs = forMs;
  }

  get(key: string, now: number): readonly Row[] | undefined {
    const found = this.#kept.get(key);
    if (!found) return undefined;
    this.#remove(key, found);
    if (now - found.at >= this.#forMs) return undefined;
    this.#add(key, found);
    return found.rows;
  }

  put(key: string, rows: readonly Row[], now: number): void {
    const known = this.#kept.get(key);
    if (known) this.#remove(key, known);
    if (this.#rowsMax === 0 || this.#forMs === 0) return;
    const length = (row: Row) => row.reduce<number>((sum, value, at) => sum + this.#lengthOf(value, at), 0);
    this.#add(key, { rows, at: now, bytes: 2 * (key.length + rows.reduce((sum, row) => sum + length(row), 0)) });
    for (const [oldest, kept] of this.#kept) {
      if (this.#rows <= this.#rowsMax && this.#bytes <= keptAnswersBytes) break;
      this.#remove(oldest, kept);
    }
  }

  #lengthOf(value: Row[number], at: number): number {
    const plain = 8;
    return typeof value === 'string' || typeof value === 'object'
      ? (printValue(this.#columns[at]?.type ?? 'text', value)?.length ?? plain)
      : plain;
  }

  #add(key: string, kept: Kept): void {
    this.#kept.set(key, kept);
    this.#rows += Math.max(1, kept.rows.length);
    this.#bytes += kept.bytes;
  }

  #remove(key: string, kept: Kept): void {
    this.#kept.delete(key);
    this.#rows -= Math.max(1, kept.rows.length);
    this.#bytes -= kept.bytes;
  }
}
