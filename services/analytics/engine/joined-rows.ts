import type { Expr } from '../domain/expression.ts';
import { type Column, type Row, rowKey, type Value } from '../domain/value.ts';
import { type Batch, rowAt, weightAt } from './batch.ts';
import { Expiry } from './expiry.ts';
import { Heap, type Held } from './heap.ts';
import type { Entry, State } from './operator.ts';
import { valuesOf } from './pipeline.ts';
import type { Spilling } from './spill/room.ts';

/** What a row comes with or goes with, and how often. */
type Went = { readonly rows: readonly Row[]; readonly times: number };
type Change = { readonly name: string; readonly row: Row; readonly weight: number };

/**
 * What rows were joined with when they came. A row that comes again has another turn, with what there is by then; the first turn
 * goes first. A row that goes before it came is owed, and the next one that comes pays for it.
 */
export class JoinedRows implements State {
  readonly #width: number;
  readonly #others: number;
  /** Behind the columns of both: the turn (0: what is owed), and the number of the row in it (0: there was none). */
  readonly #heap: Heap;
  readonly #by: ((row: Row) => Value) | undefined;
  readonly #expiry = new Expiry<string>();

  /** `by`: the time, over the columns of a row, by which it is forgotten. */
  constructor(columns: readonly Column[], others: readonly Column[], by?: Expr) {
    this.#width = columns.length;
    this.#others = others.length;
    this.#heap = new Heap([...columns, ...others, { name: 'turn', type: 'int8' }, { name: 'number', type: 'int8' }]);
    const time = by && valuesOf([by]);
    this.#by = time && ((row) => time.run(row, [])[0] ?? null);
  }

  /** The rows of a batch that come or go in the end, each once. */
  changes(batch: Batch): readonly Change[] {
    const found = new Map<string, { name: string; row: Row; weight: number }>();
    for (let at = 0; at < batch.size; at += 1) {
      const row = rowAt(batch, at);
      const name = rowKey(row);
      const known = found.get(name);
      if (known) known.weight += weightAt(batch, at);
      else found.set(name, { name, row, weight: weightAt(batch, at) });
    }
    return [...found.values()].filter(({ weight }) => weight !== 0);
  }

  /** Notes that a row came so often, with these rows each time; how often it did besides what was owed. */
  put(name: string, row: Row, rows: readonly Row[], weight: number): number {
    const turns = this.#turns(name);
    const owed = turns.get(0)?.[0];
    const paid = owed ? Math.min(weight, -owed.weight) : 0;
    if (owed && paid > 0) this.#heap.change(name, owed.row, paid);
    const left = weight - paid;
    if (left === 0) return 0;
    const turn = Math.max(0, ...turns.keys()) + 1;
    for (const [at, each] of rows.entries()) this.#heap.change(name, [...row, ...each, turn, at + 1], left);
    if (rows.length === 0) this.#heap.change(name, this.#bare(row, turn), left);
    this.#expiry.add(this.#by?.(row), name);
    return left;
  }

  /** What a row that goes so often came with; what it never came with is owed. */
  take(name: string, row: Row, weight: number): Went[] {
    const found: Went[] = [];
    let left = weight;
    const turns = [...this.#turns(name)].filter(([turn]) => turn > 0).sort(([one], [other]) => one - other);
    for (const [, held] of turns) {
      if (left === 0) break;
      const times = Math.min(left, held[0]?.weight ?? 0);
      left -= times;
      for (const each of held) this.#heap.change(name, each.row, -times);
      found.push({ rows: held.filter((each) => this.#numberOf(each) > 0).map((each) => this.#otherOf(each)), times });
    }
    if (left > 0) {
      this.#heap.change(name, this.#bare(row, 0), -left);
      this.#expiry.add(this.#by?.(row), name);
    }
    return found;
  }

  /** Forgets rows that are before a time: none of them comes or goes any more. */
  forget(limit: number): void {
    for (const name of this.#expiry.take(limit))
      for (const { row, weight } of [...this.#heap.under(name)]) this.#heap.change(name, row, -weight);
  }

  #turns(name: string): Map<number, Held[]> {
    return Map.groupBy(this.#heap.under(name), ({ row }) => Number(row[this.#width + this.#others]));
  }

  #bare(row: Row, turn: number): Row {
    return [...row, ...new Array<null>(this.#others).fill(null), turn, 0];
  }

  #numberOf({ row }: Held): number {
    return Number(row.at(-1));
  }

  #otherOf({ row }: Held): Row {
    return row.slice(this.#width, this.#width + this.#others);
  }

  get size(): number {
    return this.#heap.size;
  }

  get spilling(): Spilling {
    return this.#heap.spilling;
  }

  settle(): Entry[] {
    this.#expiry.settle();
    return this.#heap.settle();
  }

  undo(): void {
    this.#expiry.undo();
    this.#heap.undo();
  }

  dump(): Iterable<Entry> {
    return this.#heap.dump();
  }

  load(entry: Entry): void {
    const row = this.#heap.load(entry, (each) => rowKey(each.slice(0, this.#width)));
    const own = row.slice(0, this.#width);
    this.#expiry.add(this.#by?.(own), rowKey(own));
  }
}
