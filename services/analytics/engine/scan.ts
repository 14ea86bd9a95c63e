import { StatementError } from '#engine/pgwire/statement-error.ts';
import type { Match } from '../domain/plan.ts';
import type { Row } from '../domain/value.ts';
import { Attempt, type Attempted, type Budget, type Chain, TooMuch } from './attempt.ts';

/** What was found from a row on: a match, one that has begun and cannot be completed in time, or none. */
export type Found = {
  readonly kind: 'match' | 'timeout' | 'none';
  readonly start: number;
  readonly labels: readonly number[];
  readonly excluded: readonly boolean[];
  readonly number: number | null;
  /** Of none: whether the row is in a match before. */
  readonly isCovered: boolean;
};

/** How far rows are known: whether all are there, and before what time none comes any more. */
export type Extent = { readonly isWhole: boolean; readonly limit: number };

export type Handler = {
  give(found: Found): void;
  /** What cannot be computed for a row, or for a match. */
  fail(error: StatementError, row: Row | undefined): void;
};

/** Gives out what is found; a match whose measures cannot be computed is told to `fail`. */
export const attempted =
  (give: Handler['give'], fail: Handler['fail']): Handler['give'] =>
  (found) => {
    try {
      give(found);
    } catch (error) {
      if (!(error instanceof StatementError)) throw error;
      fail(error, undefined);
    }
  };

/** What is written down of a scan beside its rows. */
export type Place = { start: number; covered: number; number: number; isBegun: boolean };

/** The rows of a partition, and how far matches in them are told. */
export class Scan {
  readonly rows: Row[] = [];
  readonly place: Place;
  readonly #match: Match;
  readonly #with: Attempted;
  readonly #timeOf: (row: Row) => number;
  #attempt: Attempt | undefined;

  constructor(match: Match, attempted: Attempted, timeOf: (row: Row) => number, place: Place) {
    this.#match = match;
    this.#with = attempted;
    this.#timeOf = timeOf;
    this.place = { ...place };
  }

  /** Tells all matches that are sure by now. */
  advance({ isWhole, limit }: Extent, params: Row, budget: Budget, handler: Handler): void {
    const { rows, place } = this;
    const seen = () => (isWhole ? rows.length : Math.max(0, rows.length - this.#match.ahead));
    while (place.start < seen()) {
      const attempt = (this.#attempt ??= this.#begin(isWhole));
      try {
        while (attempt.runs.length > 0 && attempt.next < seen() && !this.#isLate(attempt))
          attempt.take(rows, place.number + 1, params, isWhole && attempt.next === rows.length - 1, budget);
      } catch (error) {
        if (!(error instanceof StatementError)) throw error;
        if (error instanceof TooMuch) {
          handler.fail(error, undefined);
          this.#finish({ ...attempt, runs: [], best: undefined }, handler);
          continue;
        }
        // A row for which a condition cannot be computed is left out.
        const [row] = rows.splice(attempt.next, 1);
        this.#attempt = undefined;
        handler.fail(error, row);
        continue;
      }
      const isOver = attempt.next >= rows.length ? isWhole || this.#isPast(limit) : this.#isLate(attempt);
      if (attempt.runs.length > 0 && !isOver) return;
      this.#finish(attempt, handler);
    }
  }

  #begin(isWhole: boolean): Attempt {
    const { rows, place } = this;
    return new Attempt(this.#with, place.start, place.start === 0 && !place.isBegun, isWhole && place.start === rows.length);
  }

  /** Whether the next row is too late for this match. */
  #isLate({ start, next }: Attempt): boolean {
    const { within } = this.#match;
    if (within === undefined || next >= this.rows.length) return false;
    return this.#timeOf(this.rows[next] as Row) - this.#timeOf(this.rows[start] as Row) >= within;
  }

  /** Whether every row to come is too late for the match that is sought. */
  #isPast(limit: number): boolean {
    const { within } = this.#match;
    return within !== undefined && limit >= this.#timeOf(this.rows[this.place.start] as Row) + within;
  }

  #finish({ start, best, runs }: Pick<Attempt, 'start' | 'best' | 'runs'>, handler: Handler): void {
    const { place } = this;
    this.#attempt = undefined;
    const [first] = runs;
    const isTimedOut = !best && this.#match.timeouts && first?.chain !== undefined;
    const { labels, excluded } = listed(best ? best.chain : isTimedOut ? first?.chain : undefined);
    const kind = best ? 'match' : isTimedOut ? 'timeout' : 'none';
    if (best) place.number += 1;
    handler.give({ kind, start, labels, excluded, number: best ? place.number : null, isCovered: start < place.covered });
    place.covered = Math.max(place.covered, start + labels.length);
    place.start = best ? this.#skip(start, labels, handler) : start + 1;
  }

  #skip(start: number, labels: readonly number[], handler: Handler): number {
    const { skip } = this.#match;
    if (skip.to === 'next' || labels.length === 0) return start + 1;
    if (skip.to === 'past') return start + labels.length;
    const isSought = (label: number) => skip.of.includes(label);
    const at = skip.to === 'first' ? labels.findIndex(isSought) : labels.findLastIndex(isSought);
    if (at > 0) return start + at;
    const why = at < 0 ? 'the match has no such row' : 'it is the first row of the match, which would be found again';
    handler.fail(new StatementError('22023', `AFTER MATCH SKIP cannot go to the row: ${why}`), undefined);
    return start + 1;
  }

  /** Forgets rows that are needed no more; answers them. */
  cut(): Row[] {
    const { place, rows } = this;
    const gone = Math.max(0, place.start - this.#match.before);
    const done = this.#attempt ? this.#attempt.next - this.#attempt.start : 0;
    // What was tried would have to be tried again.
    if (gone === 0 || (done > 8 && gone < 64)) return [];
    place.start -= gone;
    place.covered = Math.max(0, place.covered - gone);
    place.isBegun = true;
    this.#attempt = undefined;
    return rows.splice(0, gone);
  }

  /** The time of the row from which a match is sought, where one is. */
  get begun(): number | undefined {
    const row = this.rows[this.place.start];
    return row && this.#timeOf(row);
  }
}

function listed(chain: Chain): { labels: number[]; excluded: boolean[] } {
  const [labels, excluded]: [number[], boolean[]] = [[], []];
  for (let at = chain; at; at = at.before) {
    labels.push(at.label);
    excluded.push(at.excluded);
  }
  return { labels: labels.reverse(), excluded: excluded.reverse() };
}
