import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import type { Step } from '../domain/pattern-program.ts';
import type { Row } from '../domain/value.ts';
import { attemptStepsMax, runsMax, runsSpentMin } from './limits.ts';
import type { Known, MatchReads } from './match-read.ts';

/** The rows of a run, the last one first. */
export type Chain = { readonly label: number; readonly excluded: boolean; readonly before: Chain | undefined } | undefined;

/** A way in which a match may go on. */
type Run = { readonly step: number; readonly known: Known; readonly chain: Chain };

/** What an attempt is made with. */
export type Attempted = {
  readonly program: readonly Step[];
  readonly conditions: MatchReads;
  readonly isConditional: readonly boolean[];
  /** Whether runs that know the same go on in the same way. */
  readonly joins: boolean;
};

/** What is left to spend on a step of a view or on a query. */
export type Budget = { left: number };

/** An attempt that would take too much. */
export class TooMuch extends StatementError {}

/** A match sought from one row on: all ways that it may go on, in the order in which they are preferred. */
export class Attempt {
  readonly start: number;
  /** The row that comes next. */
  next: number;
  /** The best match so far; a match without rows has no chain. */
  best: { readonly chain: Chain } | undefined;
  runs: Run[] = [];
  readonly #with: Attempted;
  readonly #seen = new Set<string | number>();
  #spent = 0;
  #count = 0;

  constructor(attempted: Attempted, start: number, isFirst: boolean, isLast: boolean) {
    this.#with = attempted;
    this.start = start;
    this.next = start;
    this.#follow({ step: 0, known: attempted.conditions.none, chain: undefined }, this.runs, isFirst, isLast);
  }

  /** Takes the next row; `isLast`: none comes behind it. */
  take(rows: readonly Row[], number: number, params: Row, isLast: boolean, budget: Budget): void {
    const { program, conditions, isConditional } = this.#with;
    const at = this.next;
    const made: Run[] = [];
    this.#seen.clear();
    const [before, most] = [this.#spent, budget.left > 0 ? attemptStepsMax : runsSpentMin];
    const shared = { rows, number, params };
    for (const { step, known, chain } of this.runs) {
      this.#spent += 1;
      if (this.#spent > most) throw new TooMuch(sqlstates.tooComplex, 'the pattern goes on in too many ways');
      const row = program[step] as Extract<Step, { op: 'row' }>;
      const next = conditions.push(known, row.label, at, shared);
      if (isConditional[row.label]) {
        const labelOf = (place: number) => (place === at ? row.label : labelIn(chain, at - 1 - place));
        const moment = { ...shared, start: this.start, at, end: at, known: next, whole: next, labelOf, timedOut: false };
        if (conditions.value(row.label, moment) !== true) continue;
      }
      const run = { step: step + 1, known: next, chain: { label: row.label, excluded: row.excluded, before: chain } };
      if (this.#follow(run, made, false, isLast)) break;
    }
    if (made.length > runsMax) throw new TooMuch(sqlstates.tooComplex, `a match goes on in at most ${runsMax} ways at once`);
    budget.left -= this.#spent - before;
    this.runs = made;
    this.next = at + 1;
  }

  /** Goes on to steps that take a row; whether the match ends, which lets what is preferred less be. */
  #follow({ step, known, chain }: Run, made: Run[], isFirst: boolean, isLast: boolean): boolean {
    const { program, conditions, joins } = this.#with;
    const name = !joins ? `${(this.#count += 1)}:` : conditions.isPlain ? undefined : conditions.nameOf(known);
    const open = [step];
    while (open.length > 0) {
      const at = open.pop() as number;
      this.#spent += 1;
      const key = name === undefined ? at : `${at} ${name}`;
      if (this.#seen.has(key)) continue;
      this.#seen.add(key);
      const of = program[at] as Step;
      switch (of.op) {
        case 'match':
          this.best = { chain };
          return true;
        case 'row':
          made.push({ step: at, known, chain });
          break;
        case 'jump':
          open.push(of.to);
          break;
        case 'split':
          for (let place = of.to.length - 1; place >= 0; place -= 1) open.push(of.to[place] as number);
          break;
        default:
          if (of.op === 'start' ? isFirst : isLast) open.push(at + 1);
      }
    }
    return false;
  }
}

function labelIn(chain: Chain, back: number): number {
  let found = chain;
  for (let count = 0; count < back && found; count += 1) found = found.before;
  return found?.label ?? -1;
}
