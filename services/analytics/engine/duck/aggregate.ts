import type { Aggregate } from '../../domain/aggregate.ts';
import type { Expr } from '../../domain/expression.ts';
import { isFloat } from '../../domain/value.ts';
import { type Form, partDigits, wideDigits } from './form.ts';
import { decimalTerm, plain, type Reads, type Term, type Writes } from './term.ts';

/** Digits that the number of rows has at most. */
const countDigits = 9;

/** An aggregate as a term over rows; undefined where DuckDB has none that answers the same. */
export function aggregateTerm(writes: Writes, { name, arg, filter, distinct, type }: Aggregate, reads: Reads): Term | undefined {
  const condition = filter && writes.plain(filter, reads);
  // What does not count is not computed either, which DuckDB's own FILTER does not promise.
  const counted = (sql: string) => (condition === undefined ? sql : `CASE WHEN ${condition} THEN ${sql} END`);
  const unique = distinct ? 'DISTINCT ' : '';
  if (!arg) return name === 'count' ? plain(condition === undefined ? 'count(*)' : `count(${counted('1')})`) : undefined;
  switch (name) {
    case 'count':
      if (!distinct) return plain(`count(${counted(writes.term(arg, reads).parts[0] ?? 'NULL')})`);
      return plain(`count(DISTINCT ${counted(keyOf(writes, arg, reads))})`);
    case 'bool_and':
    case 'bool_or':
      return plain(`${name}(${counted(writes.plain(arg, reads))})`);
    case 'min':
    case 'max':
      if (arg.type === 'numeric') return decimalBest(name, writes.term(arg, reads), counted);
      if (arg.type === 'interval') return undefined;
      return plain(`${name}(${counted(keyOf(writes, arg, reads))})`, true);
    case 'sum':
    case 'avg':
      if (arg.type === 'int8') return wholeSum(name, type === 'int8', counted(writes.plain(arg, reads)), unique);
      return arg.type === 'numeric' && !distinct ? decimalSum(name, writes.term(arg, reads), counted) : undefined;
    default:
      return undefined;
  }
}

/** What values are told apart by: of floats those alone of which none is -0, which is equal to 0 and looks another way. */
export function keyTerm(writes: Writes, expr: Expr, reads: Reads): Term {
  const term = writes.term(expr, reads);
  const { form } = term;
  const isSure = form.kind === 'decimal' || (form.kind === 'plain' && (form.pure || !isFloat(expr.type)));
  if (!isSure || expr.type === 'json' || expr.type === 'jsonb') writes.beyond();
  return term;
}

const keyOf = (writes: Writes, expr: Expr, reads: Reads): string => keyTerm(writes, expr, reads).parts[0] ?? 'NULL';

function wholeSum(name: 'sum' | 'avg', isInt8: boolean, of: string, unique: string): Term {
  const total = `sum(${unique}${of})`;
  if (isInt8) return plain(`CAST(${total} AS BIGINT)`);
  if (name === 'sum') return decimalTerm(total, '0', { fixed: 0, digits: partDigits + countDigits });
  const form: Form = { kind: 'average', fixed: 0 };
  return { form, parts: [total, 'CAST(0 AS HUGEINT)', '0', `count(${unique}${of})`] };
}

/** DuckDB lets a sum of 128 bits run over without a word, so one that might is made in two parts. */
function decimalSum(name: 'sum' | 'avg', { form, parts: [units = 'NULL', scale = '0'] }: Term, counted: (sql: string) => string) {
  if (form.kind !== 'decimal') return undefined;
  const { fixed, digits } = form;
  const shown = `max(${counted(`CASE WHEN ${units} IS NOT NULL THEN ${scale} END`)})`;
  const isNarrow = digits + countDigits < wideDigits;
  if (name === 'sum' && isNarrow) return decimalTerm(`sum(${counted(units)})`, shown, { fixed, digits: digits + countDigits });
  const part = `CAST('1${'0'.repeat(partDigits)}' AS HUGEINT)`;
  const parts = isNarrow
    ? [`sum(${counted(units)})`, 'CAST(0 AS HUGEINT)', shown]
    : [`sum(${counted(`${units} % ${part}`)})`, `sum(${counted(`${units} // ${part}`)})`, shown];
  const sum: Term = { form: { kind: 'sum', fixed }, parts };
  return name === 'sum' ? sum : ({ form: { kind: 'average', fixed }, parts: [...parts, `count(${counted(units)})`] } satisfies Term);
}

/** The least or greatest decimal, as one of those looks that are it. */
function decimalBest(name: 'min' | 'max', { form, parts: [units = 'NULL', scale = '0'] }: Term, counted: (sql: string) => string) {
  if (form.kind !== 'decimal') return undefined;
  return decimalTerm(`${name}(${counted(units)})`, `arg_${name}(${scale}, ${counted(units)})`, form);
}
