import type { Column } from '../domain/value.ts';
import { type Batch, BatchBuilder, sliced } from './batch.ts';
import type { Changed, Partly } from './own-rows.ts';

/** Rows that were on disk at a moment, with their names; `close` gives up the moment. */
export type DiskRows = { readonly rows: Iterator<readonly [string, Changed]>; close(): void };

/** So many rows are one piece. */
const pieceRows = 1024;

/** The rows of a view at a moment, in pieces, whatever becomes of the view meanwhile; it is to be closed. */
export class Snapshot {
  readonly #columns: readonly Column[];
  readonly #partly: Partly;
  readonly #disk: DiskRows | undefined;
  #closed: (() => void) | undefined;

  /** `closed`: what is told when it is. */
  constructor(columns: readonly Column[], partly: Partly, disk: DiskRows | undefined, closed: () => void) {
    this.#columns = columns;
    this.#partly = partly;
    this.#disk = disk;
    this.#closed = closed;
  }

  *pieces(): Generator<Batch> {
    const { batch, rest } = this.#partly;
    for (let from = 0; from < batch.size; from += pieceRows) yield sliced(batch, from, Math.min(from + pieceRows, batch.size));
    let builder = new BatchBuilder(this.#columns);
    let count = 0;
    const add = ({ row, weight }: Changed, others: number) => {
      if (weight + others === 0) return;
      builder.add(row, weight + others);
      count += 1;
    };
    const piece = () => {
      const made = builder.finish();
      [builder, count] = [new BatchBuilder(this.#columns), 0];
      return made;
    };
    for (let next = this.#disk?.rows.next(); next && !next.done; next = this.#disk?.rows.next()) {
      const [name, own] = next.value;
      add(own, rest.get(name)?.weight ?? 0);
      rest.delete(name);
      if (count === pieceRows) yield piece();
    }
    for (const own of rest.values()) add(own, 0);
    if (count > 0) yield piece();
  }

  close(): void {
    this.#disk?.close();
    this.#closed?.();
    this.#closed = undefined;
  }
}
