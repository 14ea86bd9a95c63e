import type { Expr } from '../../domain/expression.ts';
import { type Form, suffixesOf } from './form.ts';

/** A value in SQL: its parts, as its form has them. */
export type Term = { readonly form: Form; readonly parts: readonly string[] };
/** Where the columns of an expression come from. */
export type Reads = (place: number) => Term;

export const plain = (sql: string, pure = false): Term => ({ form: { kind: 'plain', pure }, parts: [sql] });
export const absent: Term = { form: { kind: 'absent' }, parts: [] };
export const decimalTerm = (units: string, shown: string, { fixed, digits }: { fixed: number; digits: number }): Term => ({
  form: { kind: 'decimal', fixed, digits },
  parts: [units, shown],
});
/** An integer of at most so many digits as a decimal. */
export const whole = (sql: string, digits: number): Term => decimalTerm(`CAST(${sql} AS HUGEINT)`, '0', { fixed: 0, digits });

/** The parts of a term, named as columns. */
export const named = ({ form, parts }: Term, name: string): string[] =>
  suffixesOf(form).map((suffix, at) => `${parts[at]} AS ${name}${suffix}`);

/** What a column by that name and form is read as. */
export const readAs = (form: Form, name: string): Term => ({ form, parts: suffixesOf(form).map((suffix) => `${name}${suffix}`) });

/** What writes expressions. */
export interface Writes {
  beyond(): Term;
  term(expr: Expr, reads: Reads): Term;
  /** The value of an expression that lies in one column. */
  plain(expr: Expr, reads: Reads): string;
  /** A decimal as units of 10^-`fixed`, which is not less than its own. */
  units(term: Term, fixed: number): string;
  /** Values that may be compared. */
  even(exprs: readonly Expr[], reads: Reads): string[];
}
