import type { Cells } from './application.ts';
import { scrollBytes } from './limits.ts';
import { StatementError } from './statement-error.ts';

/** Where FETCH and MOVE go, and how many rows or to which. */
export type Direction = 'forward' | 'backward' | 'absolute' | 'relative';

type Take = (most: number, signal: AbortSignal) => AsyncIterable<readonly Cells[]>;

const onlyForward = () => new StatementError('55000', 'cursor can only scan forward');

/** Characters of a row, with what each value takes besides. */
const sizeOf = (row: Cells): number => row.reduce((sum, cell) => sum + (cell?.length ?? 0) + 16, 0);

/** A cursor that goes forth and back: what it has passed is kept, as much as there is room for, and never asked for again. */
export class Scroll {
  readonly #take: Take;
  /** Whether it only goes forward, and so keeps nothing. */
  readonly #isForward: boolean;
  /** The rows that are kept, of which `#gone` come before the first. */
  #rows: Cells[] = [];
  #gone = 0;
  #bytes = 0;
  /** The row that it stands on, from 1 on; 0 is before the first, one more than there are behind the last. */
  #at = 0;
  #isEnded = false;

  constructor(take: Take, isForward: boolean) {
    this.#take = take;
    this.#isForward = isForward;
  }

  /** The rows that it comes over, or the one that it goes to. */
  async *rows(direction: Direction, count: number, signal: AbortSignal): AsyncGenerator<readonly Cells[]> {
    const isBack = direction === 'backward' ? count > 0 : direction === 'forward' && count < 0;
    if (this.#isForward) {
      if (direction !== 'forward' || count < 1) throw onlyForward();
      return yield* this.#take(count, signal);
    }
    if (direction === 'absolute' || direction === 'relative') yield await this.#goTo(direction, count, signal);
    else if (count === 0) yield this.#here();
    else if (isBack) yield this.#back(Math.abs(count));
    else yield* this.#on(Math.abs(count), signal);
  }

  /** How many rows were read. */
  get #end(): number {
    return this.#gone + this.#rows.length;
  }

  /** Kept rows from one number on to another, both counted from 0. */
  #between(from: number, to: number): readonly Cells[] {
    const first = Math.max(0, from);
    if (first < this.#gone && to > first) throw new StatementError('55000', `cursor can only go back ${scrollBytes} bytes`);
    return this.#rows.slice(Math.max(0, first - this.#gone), Math.max(0, to - this.#gone));
  }

  #here = (): readonly Cells[] => this.#between(this.#at - 1, this.#at);

  #keep(block: readonly Cells[]): void {
    for (const row of block) {
      this.#rows.push(row);
      this.#bytes += sizeOf(row);
    }
    let count = 0;
    // The last one stays: the cursor may stand on it.
    for (; this.#bytes > scrollBytes && count < this.#rows.length - 1; count += 1) this.#bytes -= sizeOf(this.#rows[count] as Cells);
    if (count === 0) return;
    this.#rows = this.#rows.slice(count);
    this.#gone += count;
  }

  /** Reads on to so many rows, if there are, and answers them block by block. */
  async *#reach(count: number, signal: AbortSignal): AsyncGenerator<readonly Cells[]> {
    const missing = count - this.#end;
    if (this.#isEnded || missing <= 0) return;
    for await (const block of this.#take(missing, signal)) {
      this.#keep(block);
      yield block;
    }
    this.#isEnded = this.#end < count;
  }

  async *#on(count: number, signal: AbortSignal): AsyncGenerator<readonly Cells[]> {
    const from = this.#at;
    const known = this.#between(from, from + count);
    this.#at = Math.min(from + count, this.#end + 1);
    if (known.length > 0) yield known;
    for await (const block of this.#reach(from + count, signal)) {
      this.#at = this.#end;
      yield block;
    }
    this.#at = Math.min(from + count, this.#end + 1);
  }

  #back(count: number): readonly Cells[] {
    const from = this.#at;
    const rows = this.#between(from - 1 - count, from - 1).toReversed();
    this.#at = Math.max(0, from - count);
    return rows;
  }

  async #goTo(direction: 'absolute' | 'relative', count: number, signal: AbortSignal): Promise<readonly Cells[]> {
    const reach = async (to: number) => {
      for await (const _ of this.#reach(to, signal));
    };
    if (direction === 'absolute' && count < 0) await reach(Number.POSITIVE_INFINITY);
    const to = direction === 'relative' ? this.#at + count : count < 0 ? this.#end + 1 + count : count;
    await reach(to);
    this.#at = Math.max(0, Math.min(to, this.#end + 1));
    return this.#here();
  }
}
