import type { Decimal } from '../../domain/decimal.ts';
import type { Expr } from '../../domain/expression.ts';
import type { Row, Type, Value } from '../../domain/value.ts';
import { stored, wideDigits } from './form.ts';
import { operations } from './operation.ts';
import { absent, decimalTerm, plain, type Reads, type Term, type Writes } from './term.ts';

/** Text that DuckDB has as we do: without halves of pairs, and without zeros. */
export const isWritable = (text: string): boolean => text.isWellFormed() && !text.includes('\0');

/** Operations that compute nothing that could go wrong. */
const sure = /^(=|<>|<|<=|>|>=|not|itself|like|unlike|length|octet_length|starts_with|substring|left|\|\||date_trunc|extract)(:|$)/;
const widened = /^cast:(int2,int[48]|int4,int8|int[248],(numeric|float8)|float4,float8|bool,int4|date,timestamp(tz)?|\w+,text)$/;

/** Whether an expression may be an error for some values. */
export function canFail(expr: Expr): boolean {
  if (expr.kind === 'call' && !sure.test(expr.operation) && !widened.test(expr.operation)) return true;
  return 'args' in expr && expr.args.some(canFail);
}

/**
 * Writes expressions as DuckDB's SQL where it answers exactly what our own code answers; where it would not, or where that is not
 * known, `isBeyond` is set. Texts are parameters; other values are literals that we print.
 */
export class ExpressionWriter implements Writes {
  readonly texts: string[] = [];
  readonly #params: Row;
  isBeyond = false;

  constructor(params: Row) {
    this.#params = params;
  }

  beyond(): Term {
    this.isBeyond = true;
    return absent;
  }

  term(expr: Expr, reads: Reads): Term {
    switch (expr.kind) {
      case 'column': {
        const term = reads(expr.place);
        return term.form.kind === 'absent' ? this.beyond() : term;
      }
      case 'constant':
        return this.#literal(expr.type, expr.value);
      case 'parameter':
        return this.#literal(expr.type, this.#params[expr.place] ?? null);
      case 'isNull':
        return plain(`(${this.#first(expr.args[0], reads)} IS NULL)`);
      case 'same': {
        const [left, right] = this.even(expr.args, reads);
        return plain(`(${left} IS NOT DISTINCT FROM ${right})`);
      }
      case 'and':
      case 'or':
        return plain(this.#logic(expr.args, expr.kind, reads));
      case 'case':
        return this.#case(expr.args, expr.type, reads);
      case 'call': {
        const [name = ''] = expr.operation.split(':');
        const written = operations[name]?.(this, expr, reads);
        return written ?? this.beyond();
      }
    }
  }

  /** The value of an expression that lies in one column. */
  plain(expr: Expr, reads: Reads): string {
    const { form, parts } = this.term(expr, reads);
    if (form.kind !== 'plain') this.isBeyond = true;
    return parts[0] ?? 'NULL';
  }

  /** Any value by which it is told whether there is one. */
  #first(expr: Expr, reads: Reads): string {
    return this.term(expr, reads).parts[0] ?? 'NULL';
  }

  /** A decimal as units of 10^-`fixed`, which is not less than its own. */
  units({ form, parts }: Term, fixed: number): string {
    const [units = 'NULL'] = parts;
    if (form.kind !== 'decimal' || fixed < form.fixed || fixed >= wideDigits) this.isBeyond = true;
    else if (fixed > form.fixed) return `(${units} * CAST('1${'0'.repeat(fixed - form.fixed)}' AS HUGEINT))`;
    return units;
  }

  /** Values that may be compared: decimals in units of one size; floats by their value, texts by their code points. */
  even(exprs: readonly Expr[], reads: Reads): string[] {
    if (exprs.some(({ type }) => type === 'interval' || type === 'json')) this.isBeyond = true;
    return this.evened(
      exprs[0]?.type,
      exprs.map((expr) => this.term(expr, reads)),
    );
  }

  /** The same of terms of a type. */
  evened(type: Type | undefined, terms: readonly Term[]): string[] {
    if (type !== 'numeric') {
      if (terms.some(({ form }) => form.kind !== 'plain')) this.isBeyond = true;
      return terms.map(({ parts: [sql = 'NULL'] }) => sql);
    }
    const fixed = Math.max(...terms.map(({ form }) => (form.kind === 'decimal' ? form.fixed : 0)));
    return terms.map((term) => this.units(term, fixed));
  }

  #literal(type: Type, value: Value): Term {
    const as = stored[type];
    if (as === undefined) return this.beyond();
    if (type === 'numeric') return this.#decimal(value as Decimal | null);
    if (value === null) return plain(`CAST(NULL AS ${as})`, true);
    if (typeof value === 'string') {
      if (!isWritable(value)) return this.beyond();
      this.texts.push(value);
      return plain(`CAST($${this.texts.length} AS VARCHAR)`, true);
    }
    if (typeof value === 'object') return this.beyond();
    return plain(`CAST('${Object.is(value, -0) ? '-0' : String(value)}' AS ${as})`, !Object.is(value, -0));
  }

  #decimal(value: Decimal | null): Term {
    if (value === null) return decimalTerm('CAST(NULL AS HUGEINT)', '0', { fixed: 0, digits: 1 });
    const digits = String(value.units).replace('-', '').length;
    if (digits >= wideDigits || value.scale >= wideDigits) return this.beyond();
    return decimalTerm(`CAST('${value.units}' AS HUGEINT)`, String(value.scale), { fixed: value.scale, digits });
  }

  /** What may be an error stands behind what decides whether it is computed; DuckDB takes the parts of AND in any order. */
  #logic([first, ...rest]: readonly Expr[], kind: 'and' | 'or', reads: Reads): string {
    if (!first) return kind === 'and' ? 'TRUE' : 'FALSE';
    const own = this.plain(first, reads);
    if (rest.length === 0) return own;
    const more = this.#logic(rest, kind, reads);
    const [word, decided] = kind === 'and' ? ['AND', 'FALSE'] : ['OR', 'TRUE'];
    if (!rest.some(canFail)) return `(${own} ${word} ${more})`;
    return `(CASE WHEN ${own} IS ${decided} THEN ${decided} ELSE ${own} ${word} ${more} END)`;
  }

  #case(args: readonly Expr[], type: Type, reads: Reads): Term {
    const pairs = (args.length - 1) / 2;
    const conditions = Array.from({ length: pairs }, (_, at) => this.plain(args[at * 2] as Expr, reads));
    const terms = [...Array.from({ length: pairs }, (_, at) => args[at * 2 + 1] as Expr), args.at(-1) as Expr].map((arg) =>
      this.term(arg, reads),
    );
    const chosen = (of: readonly string[]) =>
      `(CASE ${conditions.map((condition, at) => `WHEN ${condition} THEN ${of[at]}`).join(' ')} ELSE ${of.at(-1)} END)`;
    if (terms.some(({ form }) => form.kind !== (type === 'numeric' ? 'decimal' : 'plain'))) return this.beyond();
    const parts = (at: number) => terms.map((term) => term.parts[at] ?? 'NULL');
    if (type !== 'numeric')
      return plain(
        chosen(parts(0)),
        terms.every(({ form }) => form.kind === 'plain' && form.pure),
      );
    const forms = terms.flatMap(({ form }) => (form.kind === 'decimal' ? [form] : []));
    const fixed = Math.max(...forms.map((form) => form.fixed));
    const digits = Math.max(...forms.map((form) => form.digits + fixed - form.fixed));
    return decimalTerm(chosen(terms.map((term) => this.units(term, fixed))), chosen(parts(1)), { fixed, digits });
  }
}
