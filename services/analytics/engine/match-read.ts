import type { MatchExpr, MatchRead } from '../domain/plan.ts';
import type { Row, Value } from '../domain/value.ts';
import { rowKey } from '../domain/value.ts';
import { valuesOf } from './pipeline.ts';
import { type Fold, foldOf, type FoldState } from './running.ts';

/** What is known of a match so far: the places of rows that are asked for (-1 where there are none), then aggregates. */
export type Known = readonly (number | FoldState)[];

/** A match as expressions see it, at one of its rows; `at` is before `start` where it has none. */
export type Moment = {
  readonly rows: readonly Row[];
  readonly start: number;
  readonly at: number;
  readonly end: number;
  readonly known: Known;
  readonly whole: Known;
  /** The label of a row of the match. */
  readonly labelOf: (at: number) => number;
  readonly number: Value;
  readonly timedOut: boolean;
  readonly params: Row;
};

type Slot = { readonly of: readonly number[]; firsts: number; lasts: number; base: number };
type Sum = {
  readonly of: readonly number[] | undefined;
  readonly fold: Fold;
  readonly values: ((row: Row, params: Row) => Value[]) | undefined;
  readonly isFiltered: boolean;
  readonly shape: string;
};
type Read = (moment: Moment) => Value;

const keyOf = (value: unknown): string => JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? `${each}n` : each));

/** Expressions over a match, and what has to be known of it for them. */
export class MatchReads {
  readonly none: Known;
  readonly #names: readonly string[];
  readonly #width: number;
  readonly #slots: Slot[] = [];
  readonly #sums: Sum[] = [];
  readonly #begin: number;
  readonly #exprs: readonly (((moment: Moment) => Value) | undefined)[];

  constructor(asked: readonly (MatchExpr | undefined)[], names: readonly string[], width: number) {
    this.#names = names;
    this.#width = width;
    const reads = asked.flatMap((each) => each?.reads ?? []);
    for (const read of reads) this.#expect(read);
    let base = 0;
    for (const slot of this.#slots) {
      slot.base = base;
      base += slot.firsts + slot.lasts;
    }
    this.#begin = base;
    this.none = [...new Array<number>(base).fill(-1), ...this.#sums.map(({ fold }) => fold.first)];
    this.#exprs = asked.map((each) => each && this.#expr(each));
  }

  #expect(read: MatchRead): void {
    if (read.kind === 'aggregate') {
      const { of, aggregate } = read;
      const shape = keyOf([of, aggregate]);
      if (this.#sums.some((each) => each.shape === shape)) return;
      const exprs = [aggregate.arg, aggregate.filter].flatMap((expr) => expr ?? []);
      const values = exprs.length > 0 ? valuesOf(exprs).run : undefined;
      this.#sums.push({ of, fold: foldOf(aggregate), values, isFiltered: aggregate.filter !== undefined, shape });
    }
    if (read.kind !== 'row' || !read.of) return;
    const { of, from, offset } = read;
    let slot = this.#slots.find((each) => keyOf(each.of) === keyOf(of));
    if (!slot) this.#slots.push((slot = { of, firsts: 0, lasts: 0, base: 0 }));
    if (from === 'first') slot.firsts = Math.max(slot.firsts, offset + 1);
    else slot.lasts = Math.max(slot.lasts, offset + 1);
  }

  /** What is known with one more row. */
  push(known: Known, label: number, at: number, moment: Pick<Moment, 'rows' | 'number' | 'params'>): Known {
    let made: (number | FoldState)[] | undefined;
    for (const { of, firsts, lasts, base } of this.#slots) {
      if (!of.includes(label)) continue;
      made ??= [...known];
      for (let place = 0; place < firsts; place += 1)
        if (made[base + place] === -1) {
          made[base + place] = at;
          break;
        }
      for (let place = base + firsts + lasts - 1; place > base + firsts; place -= 1) made[place] = made[place - 1] as number;
      if (lasts > 0) made[base + firsts] = at;
    }
    for (const [place, { of, fold, values, isFiltered }] of this.#sums.entries()) {
      if (of && !of.includes(label)) continue;
      const found = values?.(this.#extended(moment.rows[at] as Row, label, moment.number), moment.params) ?? [];
      if (isFiltered && found.pop() !== true) continue;
      const value = found.length === 0 ? true : (found[0] ?? null);
      if (value === null) continue;
      made ??= [...known];
      made[this.#begin + place] = fold.add(made[this.#begin + place] as FoldState, value);
    }
    return made ?? known;
  }

  /** The same text for what goes on in the same way. */
  nameOf(known: Known): string {
    let name = '';
    for (const each of known) name += typeof each === 'number' ? `${each} ` : rowKey([each[0], each[1]]);
    return name;
  }

  get isPlain(): boolean {
    return this.none.length === 0;
  }

  value(place: number, moment: Moment): Value {
    return this.#exprs[place]?.(moment) ?? null;
  }

  #extended(row: Row, label: number, number: Value): Row {
    return [...row, this.#names[label] ?? null, number];
  }

  #expr({ reads, expr }: MatchExpr): (moment: Moment) => Value {
    const compiled = reads.map((read) => this.#read(read));
    if (expr.kind === 'column') return compiled[expr.place] as Read;
    const { run } = valuesOf([expr]);
    return (moment) => {
      const values = new Array<Value>(compiled.length);
      for (let at = 0; at < compiled.length; at += 1) values[at] = (compiled[at] as Read)(moment);
      return run(values, moment.params)[0] ?? null;
    };
  }

  #read(read: MatchRead): Read {
    if (read.kind === 'number') return ({ number }) => number;
    if (read.kind === 'timedOut') return ({ timedOut }) => timedOut;
    if (read.kind === 'aggregate') {
      const shape = keyOf([read.of, read.aggregate]);
      const place = this.#sums.findIndex((each) => each.shape === shape);
      const { fold } = this.#sums[place] as Sum;
      return ({ known, whole }) => fold.value((read.final ? whole : known)[this.#begin + place] as FoldState);
    }
    const { expr, shift, final } = read;
    const place = this.#place(read);
    const values = expr.kind === 'column' && expr.place < this.#width ? undefined : valuesOf([expr]).run;
    const own = expr.kind === 'column' ? expr.place : 0;
    return (moment) => {
      const found = place(moment);
      if (found < 0) return null;
      const row = moment.rows[found + shift];
      if (row === undefined) return null;
      if (!values) return row[own] ?? null;
      const at = found + shift;
      const isWithin = at >= moment.start && at <= (final ? moment.end : moment.at);
      return values(this.#extended(row, isWithin ? moment.labelOf(at) : -1, moment.number), moment.params)[0] ?? null;
    };
  }

  /** Where the row is that is asked for, before all others where there is none. */
  #place({ of, from, offset, final }: Extract<MatchRead, { kind: 'row' }>): (moment: Moment) => number {
    if (of) {
      const slot = this.#slots.find((each) => keyOf(each.of) === keyOf(of)) as Slot;
      const place = slot.base + (from === 'last' ? slot.firsts : 0) + offset;
      return ({ known, whole }) => (final ? whole : known)[place] as number;
    }
    return ({ start, at, end }) => {
      const last = final ? end : at;
      const found = from === 'last' ? last - offset : start + offset;
      return found < start || found > last ? -1 : found;
    };
  }
}
