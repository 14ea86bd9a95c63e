import { type Expr, shifted } from '../../domain/expression.ts';
import { inputsOf, type JoinKind, type Order, type Plan } from '../../domain/plan.ts';
import type { Row } from '../../domain/value.ts';
import { shownOf } from '../../domain/wanted.ts';
import { aggregateTerm, keyTerm } from './aggregate.ts';
import { canFail, ExpressionWriter } from './expression.ts';
import { type Form, storedForm } from './form.ts';
import { floored } from './operation.ts';
import { named, plain, readAs, type Reads } from './term.ts';

/** A part of a plan in SQL, the values of its parameters, and how its columns `c0`, `c1` and so on lie. */
export type Select = { readonly sql: string; readonly texts: readonly string[]; readonly forms: readonly Form[] };

/** The first rows in an order, of an answer. */
export type First = { readonly order: readonly Order[]; readonly count: number };

type Node<K extends Plan['kind']> = Extract<Plan, { kind: K }>;
type Rows = { readonly sql: string; readonly forms: readonly Form[] };
type Written = Rows | undefined;

const none: Form = { kind: 'absent' };
const ownReads =
  (forms: readonly Form[], prefix = ''): Reads =>
  (place) =>
    readAs(forms[place] ?? none, `${prefix}c${place}`);
const list = (columns: readonly string[]): string => (columns.length === 0 ? '1 AS none' : columns.join(', '));

/** Writes parts of one plan. */
export class SelectWriter {
  readonly #shown: ReturnType<typeof shownOf>;
  readonly #params: Row;
  readonly #tableOf: (relation: bigint) => string;
  readonly #isThere: (relation: bigint, place: number) => boolean;
  #expressions: ExpressionWriter;

  /** `isThere`: whether a column of a relation can lie in DuckDB. */
  constructor(of: {
    readonly plan: Plan;
    readonly params: Row;
    readonly tableOf: (relation: bigint) => string;
    readonly isThere: (relation: bigint, place: number) => boolean;
  }) {
    this.#shown = shownOf(of.plan);
    this.#params = of.params;
    this.#tableOf = of.tableOf;
    this.#isThere = of.isThere;
    this.#expressions = new ExpressionWriter(of.params);
  }

  /** A part as SQL, with the first rows alone where that is said; undefined where DuckDB does not answer exactly the same. */
  write(plan: Plan, first?: First): Select | undefined {
    this.#expressions = new ExpressionWriter(this.#params);
    const rows = this.#rows(plan);
    const written = rows && first ? this.#first(rows, first) : rows;
    if (!written || this.#expressions.isBeyond) return undefined;
    return { ...written, texts: this.#expressions.texts };
  }

  #first({ sql, forms }: Rows, { order, count }: First): Rows {
    const by = order.map(({ expr, isDown, nullsFirst }) => {
      const [key] = this.#expressions.even([expr], ownReads(forms));
      return `${key} ${isDown ? 'DESC' : 'ASC'} NULLS ${nullsFirst ? 'FIRST' : 'LAST'}`;
    });
    return { sql: `SELECT * FROM (${sql})${by.length > 0 ? ` ORDER BY ${by.join(', ')}` : ''} LIMIT ${count}`, forms };
  }

  #wanted(plan: Plan): number[] {
    return [...(this.#shown.get(plan) ?? [])].sort((left, right) => left - right);
  }

  #rows(plan: Plan): Written {
    switch (plan.kind) {
      case 'scan':
        return this.#scan(plan);
      case 'map':
        return this.#map(plan);
      case 'window':
        return this.#window(plan);
      case 'group':
        return this.#group(plan);
      case 'join':
        return this.#join(plan);
      case 'union':
        return this.#union(plan);
      default:
        return undefined;
    }
  }

  #scan(plan: Node<'scan'>): Rows {
    const { relation, columns } = plan;
    const wanted = new Set(this.#wanted(plan));
    if ([...wanted].some((place) => !this.#isThere(relation, place))) this.#expressions.beyond();
    const forms = columns.map(({ type }, place) => (wanted.has(place) ? storedForm(type) : none));
    const own = forms.flatMap((form, place) => readAs(form, `c${place}`).parts);
    return { sql: `SELECT ${list(own)} FROM ${this.#tableOf(relation)}`, forms };
  }

  /** Some expressions over rows, as the columns of some places. */
  #outputs(exprs: readonly Expr[], wanted: Iterable<number>, reads: Reads): { columns: string[]; forms: Form[] } {
    const forms: Form[] = exprs.map(() => none);
    const columns: string[] = [];
    for (const place of wanted) {
      const term = this.#expressions.term(exprs[place] as Expr, reads);
      forms[place] = term.form;
      columns.push(...named(term, `c${place}`));
    }
    return { columns, forms };
  }

  #map(plan: Node<'map'>): Written {
    const input = this.#rows(plan.input);
    if (!input) return undefined;
    const reads = ownReads(input.forms);
    // DuckDB may do what it is told last first.
    if (plan.where && canFail(plan.where) && isSifted(plan.input)) return undefined;
    const where = plan.where ? ` WHERE ${this.#expressions.plain(plan.where, reads)}` : '';
    const { columns, forms } = this.#outputs(plan.outputs, this.#wanted(plan), reads);
    return { sql: `SELECT ${list(columns)} FROM (${input.sql})${where}`, forms };
  }

  /** Windows of one size, each step from 1970. */
  #window({ input, how, time, size, step, columns }: Node<'window'>): Written {
    const rows = this.#rows(input);
    if (!rows || how === 'cumulate' || !Number.isSafeInteger(size) || !Number.isSafeInteger(step)) return undefined;
    const width = columns.length - 2;
    const own = rows.forms.flatMap((form, place) => readAs(form, `c${place}`).parts);
    const at = this.#expressions.plain({ kind: 'column', type: 'timestamp', place: time }, ownReads(rows.forms));
    const start = size === step ? floored(at, size) : `${floored(at, step)} - k * ${step}`;
    const inner = `SELECT ${[...own, `${start} AS c${width}`].join(', ')} FROM (${rows.sql})`;
    const steps = size === step ? '' : `, range(${Math.ceil(size / step)}) steps(k)`;
    const places = `SELECT ${[...own, `c${width}`, `c${width} + ${size} AS c${width + 1}`].join(', ')} FROM (${inner}${steps})`;
    const within = size === step ? `${at} IS NOT NULL` : `c${width} > ${at} - ${size}`;
    const { form } = plain('');
    return { sql: `${places} WHERE ${within}`, forms: [...rows.forms, form, form] };
  }

  #group(plan: Node<'group'>): Written {
    const input = this.#rows(plan.input);
    if (!input) return undefined;
    const { keys, aggregates } = plan;
    const reads = ownReads(input.forms);
    const forms: Form[] = plan.columns.map(() => none);
    const columns: string[] = [];
    const by: string[] = [];
    for (const [place, key] of keys.entries()) {
      const { form, parts } = keyTerm(this.#expressions, key, reads);
      forms[place] = form;
      by.push(parts[0] ?? 'NULL');
      // Of equal decimals that look another way the first one is shown.
      columns.push(...named({ form, parts: parts.map((part, at) => (at === 0 ? part : `first(${part})`)) }, `c${place}`));
    }
    for (const place of this.#wanted(plan)) {
      const aggregate = aggregates[place - keys.length];
      if (!aggregate) continue;
      const term = aggregateTerm(this.#expressions, aggregate, reads);
      if (!term) return undefined;
      forms[place] = term.form;
      columns.push(...named(term, `c${place}`));
    }
    // Without keys there is one row, whatever is asked of it.
    if (columns.length === 0) columns.push('count(*) AS none');
    return { sql: `SELECT ${list(columns)} FROM (${input.sql})${by.length > 0 ? ` GROUP BY ${by.join(', ')}` : ''}`, forms };
  }

  #join(plan: Node<'join'>): Written {
    const [left, right] = [this.#rows(plan.left), this.#rows(plan.right)];
    if (!left || !right || (plan.residual && canFail(plan.residual))) return undefined;
    const width = plan.left.columns.length;
    const [ofLeft, ofRight] = [ownReads(left.forms, 'l.'), ownReads(right.forms, 'r.')];
    const both: Reads = (place) => (place < width ? ofLeft(place) : ofRight(place - width));
    const conditions = plan.leftKeys.map((key, at) => this.#equal(key, shifted(plan.rightKeys[at] as Expr, width), both));
    if (plan.residual) conditions.push(this.#expressions.plain(plan.residual, both));
    const forms: Form[] = plan.columns.map(() => none);
    const columns: string[] = [];
    for (const place of this.#wanted(plan)) {
      const term = both(place);
      forms[place] = term.form;
      columns.push(...named(term, `c${place}`));
    }
    const on = conditions.length > 0 ? conditions.join(' AND ') : 'TRUE';
    return { sql: `SELECT ${list(columns)} FROM (${left.sql}) l ${joinWords[plan.how]} (${right.sql}) r ON ${on}`, forms };
  }

  #equal(left: Expr, right: Expr, reads: Reads): string {
    const terms = [keyTerm(this.#expressions, left, reads), keyTerm(this.#expressions, right, reads)];
    return this.#expressions.evened(left.type, terms).join(' = ');
  }

  /** Rows behind each other, their decimals in units of one size. */
  #union(plan: Node<'union'>): Written {
    const inputs = plan.inputs.map((input) => this.#rows(input));
    const wanted = this.#wanted(plan);
    const forms: Form[] = plan.columns.map(() => none);
    for (const place of wanted) {
      const own = inputs.map((input) => input?.forms[place] ?? none);
      const [first = none] = own;
      if (own.some(({ kind }) => kind !== first.kind)) return undefined;
      if (first.kind !== 'plain' && !(first.kind === 'decimal' && own.every((form) => 'fixed' in form && form.fixed === first.fixed)))
        return undefined;
      forms[place] =
        first.kind === 'plain'
          ? { kind: 'plain', pure: own.every((form) => 'pure' in form && form.pure) }
          : { ...first, digits: Math.max(...own.map((form) => ('digits' in form ? form.digits : 0))) };
    }
    const selects = inputs.map((input) => {
      const columns = wanted.flatMap((place) => readAs(forms[place] as Form, `c${place}`).parts);
      return `SELECT ${list(columns)} FROM (${input?.sql})`;
    });
    return inputs.includes(undefined) ? undefined : { sql: selects.join(' UNION ALL '), forms };
  }
}

const joinWords: Readonly<Record<JoinKind, string>> = { inner: 'JOIN', left: 'LEFT JOIN', right: 'RIGHT JOIN', full: 'FULL JOIN' };

/** Whether rows are left out anywhere in a plan. */
const isSifted = (plan: Plan): boolean =>
  plan.kind === 'join' || (plan.kind === 'map' && plan.where !== undefined) || inputsOf(plan).some(isSifted);
