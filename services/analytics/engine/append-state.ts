import type { Column, Row } from '../domain/value.ts';
import { type Batch, BatchBuilder } from './batch.ts';
import type { KeptRows } from './kept-rows.ts';
import type { Entry, State } from './operator.ts';
import type { RowStore } from './row-store.ts';

/** Rows that only come, with what changes where one of them does. */
type Rows = {
  readonly rows: RowStore;
  readonly kept: KeptRows;
  settle(): Entry[];
  undo(): void;
  load(name: string, keep: () => number): void;
};

/** What an operator over rows that only come remembers, as it is written down and read back. */
export class AppendState implements State {
  readonly isNumbered = true;
  readonly #rows: Rows;
  readonly #input: readonly Column[];
  readonly #take: (batch: Batch, params: Row) => number;

  constructor(rows: Rows, input: readonly Column[], take: (batch: Batch, params: Row) => number) {
    this.#rows = rows;
    this.#input = input;
    this.#take = take;
  }

  get size(): number {
    return this.#rows.kept.size;
  }

  settle(): Entry[] {
    return this.#rows.settle();
  }

  undo(): void {
    this.#rows.undo();
  }

  dump(): Iterable<Entry> {
    return this.#rows.kept.dump();
  }

  load([name, written]: Entry): void {
    const [texts, weight] = written as [(string | null)[], number];
    const builder = new BatchBuilder(this.#input);
    builder.add(this.#rows.rows.read(texts), 1);
    const batch = builder.finish();
    // What was once written down as often as it is there is so many rows now.
    for (let count = 0; count < weight; count += 1) this.#rows.load(count === 0 ? name : `${name} ${count}`, () => this.#take(batch, []));
  }
}
