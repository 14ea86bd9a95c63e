import type { StatementError } from '#engine/pgwire/statement-error.ts';
import { placesShown, readsColumn } from '../domain/match.ts';
import { programOf } from '../domain/pattern-program.ts';
import type { Match, Plan } from '../domain/plan.ts';
import { printTimestamp } from '../domain/datetime.ts';
import type { Row, Value } from '../domain/value.ts';
import type { Attempted } from './attempt.ts';
import { fullOrder } from './order.ts';
import { compareBy } from './order.ts';
import { type Known, MatchReads } from './match-read.ts';
import { valuesOf } from './pipeline.ts';
import { type Found, type Handler, type Place, Scan } from './scan.ts';

type MatchPlan = Extract<Plan, { kind: 'match' }>;

const nothing: Place = { start: 0, covered: 0, number: 0, isBegun: false };

/** A MATCH_RECOGNIZE that is ready to be carried out: the order of rows, the scan of a partition, and what its matches show. */
export class Recognizer {
  readonly match: Match;
  readonly #attempted: Attempted;
  readonly #measures: MatchReads;
  readonly #places: readonly number[];
  readonly #order: ReturnType<typeof fullOrder>;
  readonly #by: (row: Row, params: Row) => Value[];

  constructor({ match, input }: MatchPlan) {
    this.match = match;
    const width = input.columns.length;
    this.#attempted = {
      program: programOf(match.pattern),
      conditions: new MatchReads(match.conditions, match.names, width),
      isConditional: match.conditions.map((each) => each !== undefined),
      // Runs that are else alike may have labelled rows otherwise.
      joins: !match.conditions.some((each) => each && readsColumn(each, width)),
    };
    this.#measures = new MatchReads(match.measures, match.names, width);
    this.#places = placesShown(match, width);
    this.#order = fullOrder(match.order, input.columns);
    this.#by = valuesOf(this.#order.map(({ expr }) => expr)).run;
  }

  timeOf = (row: Row): number => this.#by(row, [])[0] as number;

  sorted(rows: readonly Row[], params: Row = []): Row[] {
    const keyed = rows.map((row) => ({ row, by: this.#by(row, params) }));
    return keyed.sort((left, right) => compareBy(this.#order, left.by, right.by)).map(({ row }) => row);
  }

  scan(place: Place = nothing): Scan {
    return new Scan(this.match, this.#attempted, this.timeOf, place);
  }

  /** Shows what a scan finds. */
  shows({ rows }: Scan, params: Row, give: (row: Row) => void): Handler['give'] {
    return (found) => {
      for (const row of this.#shown(rows, found, params)) give(row);
    };
  }

  #shown(rows: readonly Row[], found: Found, params: Row): Row[] {
    const { shown, unmatched, empties } = this.match;
    const { kind, start, labels } = found;
    const first = rows[start] as Row;
    if (kind === 'none') {
      const isShown = shown === 'all' && unmatched && !found.isCovered;
      return isShown ? [this.#row(first, new Array<Value>(this.match.measures.length).fill(null))] : [];
    }
    if (labels.length === 0 && shown === 'all' && !empties) return [];
    const steps = this.#steps(rows, found, params);
    const whole = steps.at(-1) as Known;
    const measured = (at: number): Value[] => {
      const moment = {
        ...{ rows, start, params, whole, at: start + at, end: start + labels.length - 1, known: steps[at + 1] as Known },
        ...{ number: found.number, timedOut: kind === 'timeout', labelOf: (place: number) => labels[place - start] ?? -1 },
      };
      return this.match.measures.map((_, place) => this.#measures.value(place, moment));
    };
    if (shown === 'one' || labels.length === 0) return [this.#row(first, measured(labels.length - 1))];
    return labels.flatMap((_, at) => (found.excluded[at] ? [] : [this.#row(rows[start + at] as Row, measured(at))]));
  }

  /** What is known before the first row and behind each one. */
  #steps(rows: readonly Row[], { start, labels, number }: Found, params: Row): Known[] {
    const steps: Known[] = [this.#measures.none];
    for (const [at, label] of labels.entries())
      steps.push(this.#measures.push(steps[at] as Known, label, start + at, { rows, number, params }));
    return steps;
  }

  #row(row: Row, measures: readonly Value[]): Row {
    return this.#places.flatMap((place) => (place < 0 ? measures : [row[place] ?? null]));
  }

  /** Why a row, or a match, was left out. */
  reason({ message }: StatementError, row: Row | undefined): string {
    const [first] = this.match.order;
    const time = row && first?.expr.type.startsWith('timestamp') ? this.timeOf(row) : undefined;
    if (!row) return `a match was left out: ${message}`;
    return `a row${typeof time === 'number' ? ` of ${printTimestamp(time, false)}` : ''} was left out of a match: ${message}`;
  }
}
