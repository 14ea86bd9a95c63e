import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import type { Value } from '../domain/value.ts';
import type { Parts } from './frame.ts';
import { frameStepsMax } from './limits.ts';
import type { Ordered } from './ranking.ts';
import type { Fold, FoldState } from './running.ts';

/** How many rows were taken so far in the frames of one partition. */
export type Steps = { taken: number };

/** An aggregate of a frame that moves: what comes is added and what goes is taken away, where that can be; else it is made anew. */
export class Sliding {
  readonly #fold: Fold;
  readonly #start: number;
  readonly #steps: Steps;
  #state: FoldState;
  #from = 0;
  #to = 0;

  /** `start` is where the argument and the filter stand among the values that are read of rows. */
  constructor(fold: Fold, start: number, steps: Steps) {
    this.#fold = fold;
    this.#start = start;
    this.#steps = steps;
    this.#state = fold.first;
  }

  value(rows: readonly Ordered[], parts: Parts): Value {
    const [only, ...more] = parts;
    if (!only || more.length > 0) return this.#fold.value(this.#anew(rows, parts));
    const [from, to] = only;
    const isOn = from >= this.#from && from <= this.#to && to >= this.#to;
    const left = isOn ? this.#without(rows, from) : undefined;
    this.#state = left ? this.#with(rows, left, this.#to, to) : this.#anew(rows, parts);
    [this.#from, this.#to] = [from, to];
    return this.#fold.value(this.#state);
  }

  #valueAt(rows: readonly Ordered[], at: number): Value {
    this.#steps.taken += 1;
    if (this.#steps.taken > frameStepsMax)
      throw new StatementError(sqlstates.tooComplex, `frames of one partition take at most ${frameStepsMax} rows in all`);
    const by = rows[at]?.by ?? [];
    return by[this.#start + 1] === true ? (by[this.#start] ?? null) : null;
  }

  #with(rows: readonly Ordered[], before: FoldState, from: number, to: number): FoldState {
    let state = before;
    for (let at = from; at < to; at += 1) {
      const value = this.#valueAt(rows, at);
      if (value !== null) state = this.#fold.add(state, value);
    }
    return state;
  }

  /** What is left where a frame begins later; undefined where that cannot be told. */
  #without(rows: readonly Ordered[], from: number): FoldState | undefined {
    let state: FoldState | undefined = this.#state;
    for (let at = this.#from; at < from && state; at += 1) {
      const value = this.#fold.remove ? this.#valueAt(rows, at) : undefined;
      if (value !== null) state = value === undefined ? undefined : this.#fold.remove?.(state, value);
    }
    return state;
  }

  #anew(rows: readonly Ordered[], parts: Parts): FoldState {
    return parts.reduce((state, [from, to]) => this.#with(rows, state, from, to), this.#fold.first);
  }
}
