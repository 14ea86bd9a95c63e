import { compileCall } from './function.ts';
import { SelectRefusal } from './refusal.ts';
import type { CastType, Expression, Step } from './syntax.ts';
import { alike, booleanOf, compare, isNull, literal, numberOf, textOf, timestampOf, type Value } from './value.ts';

/** How a row is asked: what a path is in it, and what time it is. */
export type Row = { readonly path: (steps: readonly Step[]) => Value; readonly now: number };

/** An aggregate of a query: what each batch of rows keeps of it, and what is made of all that was kept. */
export type Partial = { readonly keep: readonly string[]; readonly end: Value };

/** SQL of expressions over the rows of one input. */
export class Compiler {
  readonly #row: Row;
  /** The aggregates met so far, in the order of their columns `p0`, `p1` ... */
  readonly partials: Partial[] = [];
  #kept = 0;
  #inside = false;
  /** Whether a path was met outside of every aggregate. */
  bare = false;

  constructor(row: Row) {
    this.#row = row;
  }

  readonly compile = (expression: Expression): Value => {
    switch (expression.kind) {
      case 'path':
        this.bare ||= !this.#inside;
        return this.#row.path(expression.steps);
      case 'number':
        return { sql: expression.text, type: 'number' };
      case 'text':
        return { sql: literal(expression.text), type: 'string' };
      case 'timestamp':
        return { sql: timestampOf({ sql: literal(expression.text), type: 'string' }), type: 'timestamp' };
      case 'boolean':
        return { sql: String(expression.value), type: 'boolean' };
      case 'null':
        return { sql: "CAST('null' AS JSON)", type: 'json' };
      case 'missing':
        return { sql: 'CAST(NULL AS JSON)', type: 'json' };
      case 'minus':
        return { sql: `(- ${numberOf(this.compile(expression.of))})`, type: 'number' };
      case 'calculate': {
        const [left, right] = [numberOf(this.compile(expression.left)), numberOf(this.compile(expression.right))];
        const divisor = expression.operator === '/' || expression.operator === '%' ? `nullif(${right}, 0)` : right;
        return { sql: `(${left} ${expression.operator} ${divisor})`, type: 'number' };
      }
      case 'join':
        return { sql: `(${textOf(this.compile(expression.left))} || ${textOf(this.compile(expression.right))})`, type: 'string' };
      case 'case':
        return this.#choice(expression);
      case 'cast':
        return castTo(this.compile(expression.of), expression.type, expression);
      case 'aggregate':
        return this.#aggregate(expression);
      case 'call':
        return compileCall(expression, this.compile, this.#row);
      default:
        return { sql: this.#condition(expression), type: 'boolean' };
    }
  };

  /** SQL of a condition. */
  condition(expression: Expression): string {
    return booleanOf(this.compile(expression));
  }

  #condition(expression: Extract<Expression, { kind: 'and' | 'or' | 'not' | 'compare' | 'is' | 'like' | 'between' | 'in' }>): string {
    const not = 'not' in expression && expression.not ? 'NOT ' : '';
    switch (expression.kind) {
      case 'and':
      case 'or':
        return `(${this.condition(expression.left)} ${expression.kind.toUpperCase()} ${this.condition(expression.right)})`;
      case 'not':
        return `(NOT ${this.condition(expression.of)})`;
      case 'compare':
        return compare(expression.operator, this.compile(expression.left), this.compile(expression.right));
      case 'is': {
        const of = this.compile(expression.of);
        return `(${not}${expression.what === 'null' ? isNull(of) : `(${of.sql} IS NULL)`})`;
      }
      case 'like': {
        const escape = expression.escape ? ` ESCAPE ${textOf(this.compile(expression.escape))}` : '';
        return `(${not}(${textOf(this.compile(expression.of))} LIKE ${textOf(this.compile(expression.pattern))}${escape}))`;
      }
      case 'between': {
        const of = this.compile(expression.of);
        return `(${not}(${compare('>=', of, this.compile(expression.from))} AND ${compare('<=', of, this.compile(expression.to))}))`;
      }
      default: {
        const of = this.compile(expression.of);
        return `(${not}(${expression.list.map((one) => compare('=', of, this.compile(one))).join(' OR ')}))`;
      }
    }
  }

  #choice({ of, arms, otherwise }: Extract<Expression, { kind: 'case' }>): Value {
    const asked = of && this.compile(of);
    const whens = arms.map(({ when }) => (asked ? compare('=', asked, this.compile(when)) : this.condition(when)));
    const results = [...arms.map(({ then }) => then), ...(otherwise ? [otherwise] : [])].map(this.compile);
    const { sqls, type } = alike(results);
    const told = whens.map((when, at) => `WHEN ${when} THEN ${sqls[at]}`).join(' ');
    return { sql: `(CASE ${told} ELSE ${otherwise ? sqls.at(-1) : 'NULL'} END)`, type };
  }

  #aggregate({ name, of }: Extract<Expression, { kind: 'aggregate' }>): Value {
    if (this.#inside) throw new SelectRefusal('UnsupportedSqlOperation', 'An aggregate cannot stand within another.');
    this.#inside = true;
    const value = of && this.compile(of);
    this.#inside = false;
    const column = () => `p${this.#kept++}`;
    const count = (at: string): Value => ({ sql: `coalesce(CAST(sum(${at}) AS BIGINT), 0)`, type: 'number' });
    if (name === 'count') {
      const counted = value ? `count(CASE WHEN ${isNull(value)} THEN NULL ELSE 1 END)` : 'count(*)';
      return this.#keep([counted], count(column()));
    }
    if (name === 'min' || name === 'max') {
      const isOwn = value!.type === 'string' || value!.type === 'timestamp';
      return this.#keep([`${name}(${isOwn ? value!.sql : numberOf(value!)})`], {
        sql: `${name}(${column()})`,
        type: isOwn ? value!.type : 'number',
      });
    }
    const number = numberOf(value!);
    const sum = `sum(${column()})`;
    if (name === 'sum') return this.#keep([`sum(${number})`], { sql: sum, type: 'number' });
    return this.#keep([`sum(${number})`, `count(${number})`], { sql: `(${sum} / nullif(sum(${column()}), 0))`, type: 'number' });
  }

  #keep(keep: readonly string[], end: Value): Value {
    this.partials.push({ keep, end });
    return end;
  }
}

function castTo(value: Value, type: CastType, { precision, scale }: { precision?: number; scale?: number }): Value {
  const isNumber = value.type === 'number';
  const from = isNumber ? value.sql : textOf(value);
  switch (type) {
    case 'string':
      return { sql: textOf(value), type: 'string' };
    case 'boolean':
      return { sql: `CAST(${value.type === 'boolean' ? value.sql : from} AS BOOLEAN)`, type: 'boolean' };
    case 'integer':
      return { sql: isNumber ? `CAST(trunc(${from}) AS BIGINT)` : `CAST(whole(${from}) AS BIGINT)`, type: 'number' };
    case 'float':
      return { sql: `CAST(${from} AS DOUBLE)`, type: 'number' };
    case 'decimal':
      return { sql: `CAST(${from} AS DECIMAL(${precision ?? 38}, ${scale ?? (precision === undefined ? 10 : 0)}))`, type: 'number' };
    default:
      return { sql: timestampOf(value), type: 'timestamp' };
  }
}
