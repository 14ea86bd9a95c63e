import type { Cells } from './application.ts';
import { StatementError } from './statement-error.ts';

/** Where FETCH and MOVE go, and how many rows or to which. */
export type Direction = 'forward' | 'backward' | 'absolute' | 'relative';

type Take = (most: number, signal: AbortSignal) => AsyncIterable<readonly Cells[]>;

/** A cursor that goes forth and back: what it has passed is kept, and never asked for again. */
export class Scroll {
  readonly #take: Take;
  /** Whether it only goes forward, and so keeps nothing. */
  readonly #isForward: boolean;
  readonly #rows: Cells[] = [];
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
      if (direction !== 'forward' || count < 1) throw new StatementError('55000', 'cursor can only scan forward');
      return yield* this.#take(count, signal);
    }
    if (direction === 'absolute' || direction === 'relative') yield await this.#goTo(direction, count, signal);
    else if (count === 0) yield this.#here();
    else if (isBack) yield this.#back(Math.abs(count));
    else yield await this.#on(Math.abs(count), signal);
  }

  #here = (): readonly Cells[] => this.#rows.slice(Math.max(0, this.#at - 1), this.#at);

  /** Reads so many rows, if there are. */
  async #reach(count: number, signal: AbortSignal): Promise<void> {
    const missing = count - this.#rows.length;
    if (this.#isEnded || missing <= 0) return;
    for await (const block of this.#take(missing, signal)) for (const row of block) this.#rows.push(row);
    this.#isEnded = this.#rows.length < count;
  }

  async #on(count: number, signal: AbortSignal): Promise<readonly Cells[]> {
    const from = this.#at;
    await this.#reach(from + count, signal);
    this.#at = Math.min(from + count, this.#rows.length + 1);
    return this.#rows.slice(from, from + count);
  }

  #back(count: number): readonly Cells[] {
    const from = this.#at;
    this.#at = Math.max(0, from - count);
    return this.#rows.slice(Math.max(0, from - 1 - count), Math.max(0, from - 1)).reverse();
  }

  async #goTo(direction: 'absolute' | 'relative', count: number, signal: AbortSignal): Promise<readonly Cells[]> {
    if (direction === 'absolute' && count < 0) await this.#reach(Number.POSITIVE_INFINITY, signal);
    const to = direction === 'relative' ? this.#at + count : count < 0 ? this.#rows.length + 1 + count : count;
    await this.#reach(to, signal);
    this.#at = Math.max(0, Math.min(to, this.#rows.length + 1));
    return this.#here();
  }
}
