import type { Column, Row } from '../domain/value.ts';
import { type Batch, BatchBuilder } from './batch.ts';
import type { KeptRows } from './kept-rows.ts';
import type { Entry, State } from './operator.ts';
import type { Spilling } from './spill/room.ts';
import type { SpilledPartitions } from './spill/spilled-partition.ts';
import type { RowStore } from './row-store.ts';

/** Rows that only come, with what changes where one of them does. */
type Rows = {
  readonly rows: RowStore;
  readonly kept: KeptRows;
  readonly spilling: SpilledPartitions;
  settle(): Entry[];
  undo(): void;
  load(name: string, keep: () => number): void;
};

/** What takes rows of a batch, and answers the number of the last one; `seek` brings back what is on disk of their keys. */
export type Taking = { take(batch: Batch, params: Row): number; seek(batch: Batch, params: Row): void };

/** What an operator over rows that only come remembers, as it is written down and read back. */
export class AppendState implements State {
  readonly isNumbered = true;
  readonly #rows: Rows;
  readonly #input: readonly Column[];
  readonly #taking: Taking;

  constructor(rows: Rows, input: readonly Column[], taking: Taking) {
    this.#rows = rows;
    this.#input = input;
    this.#taking = taking;
  }

  get size(): number {
    return this.#rows.kept.size + this.#rows.spilling.away;
  }

  get spilling(): Spilling {
    return this.#rows.spilling;
  }

  settle(): Entry[] {
    return this.#rows.settle();
  }

  undo(): void {
    this.#rows.undo();
  }

  *dump(): Generator<Entry> {
    yield* this.#rows.kept.dump();
    yield* this.#rows.spilling.entries();
  }

  load([name, written]: Entry): void {
    const [texts, weight] = written as [(string | null)[], number];
    const builder = new BatchBuilder(this.#input);
    builder.add(this.#rows.rows.read(texts), 1);
    const batch = builder.finish();
    if (this.#rows.spilling.isAway) this.#taking.seek(batch, []);
    // What was once written down as often as it is there is so many rows now.
    for (let count = 0; count < weight; count += 1)
      this.#rows.load(count === 0 ? name : `${name} ${count}`, () => this.#taking.take(batch, []));
  }
}
