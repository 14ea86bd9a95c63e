import type { ColumnRef, Node, SelectStmt } from 'libpg-query';
import { StatementError } from '#engine/pgwire/statement-error.ts';
import type { Context } from './context.ts';
import { call, column, constant, type Expr, isNull } from './expression.ts';
import { allOf, type JoinKind, type Plan } from './plan.ts';
import { textIn } from './name.ts';
import { type Column, elementOf, fieldsOf, type Plain, type Type, type Value } from './value.ts';

/** What a query within another sees of the row that it is asked for; `plan` is undefined where it sees nothing of it. */
export type Correlated = {
  /** The different values that rows of the outer query have there. */
  readonly plan: Plan | undefined;
  readonly columns: readonly Column[];
  /** A column of the outer row, by its place among those values. */
  readonly columnOf: (path: readonly string[]) => Expr | undefined;
};

/** The outer query: its rows, and what names stand for in it. */
export type Outer = { readonly plan: Plan; readonly columnOf: (path: readonly string[]) => Expr };

/** An inner query for all values that it may be asked for: these stand in front of its own columns. */
export type Dependent = { readonly plan: Plan; readonly outer: readonly Expr[] };

/**
 * Plans a query that names columns of an outer one: it is computed once for each different set of values that it sees, and
 * joined with the outer rows on these.
 */
export function dependent(select: SelectStmt, outer: Outer, context: Context, planner: (node: Node, context: Context) => Plan): Dependent {
  const seen = new Map<number, Expr>();
  for (const path of pathsIn(select)) {
    const found = tried(outer, path);
    if (found?.kind === 'column') seen.set(found.place, found);
  }
  const exprs = [...seen.values()];
  const places = [...seen.keys()];
  const columns = exprs.map(({ type }): Column => ({ name: '', type }));
  const values: Plan = { kind: 'map', input: outer.plan, where: undefined, outputs: exprs, columns };
  const correlated: Correlated = {
    plan: exprs.length > 0 ? { kind: 'group', input: values, keys: allOf(columns), aggregates: [], columns } : undefined,
    columns,
    columnOf(path) {
      const found = tried(outer, path);
      return found?.kind === 'column' ? column(found.type, places.indexOf(found.place)) : undefined;
    },
  };
  return { plan: planner({ SelectStmt: select }, { ...context, correlated }), outer: exprs };
}

function tried(outer: Outer, path: readonly string[]): Expr | undefined {
  try {
    return outer.columnOf(path);
  } catch (error) {
    if (error instanceof StatementError) return undefined;
    throw error;
  }
}

function pathsIn(node: unknown, found: string[][] = []): string[][] {
  if (typeof node !== 'object' || node === null) return found;
  const { ColumnRef: of } = node as { ColumnRef?: ColumnRef };
  const fields = of?.fields ?? [];
  if (of && fields.every((field) => 'String' in field)) found.push(fields.map(textIn));
  for (const each of Object.values(node)) pathsIn(each, found);
  return found;
}

/** Outer rows beside those that an inner query has for them. NULL is a value like any. */
export function joinedWith(
  how: JoinKind,
  plan: Plan,
  inner: Dependent,
  more: { keys?: readonly [Expr, Expr]; residual?: Expr } = {},
): Plan {
  const pairs = inner.outer.map((expr, place) => [expr, column(expr.type, place)] as const);
  const [own, theirs] = more.keys ?? [];
  return {
    ...{ kind: 'join', how, left: plan, right: inner.plan, residual: more.residual },
    leftKeys: [...pairs.flatMap(([expr]) => comparable(expr)), ...(own ? [own] : [])],
    rightKeys: [...pairs.flatMap(([, expr]) => comparable(expr)), ...(theirs ? [theirs] : [])],
    columns: [...plan.columns, ...inner.plan.columns],
  };
}

const zeros: Readonly<Record<Plain, Value>> = {
  ...{ bool: false, int2: 0, int4: 0, int8: 0, float4: 0, float8: 0, text: '', date: 0, time: 0, timestamp: 0, timestamptz: 0 },
  ...{ bytea: '', uuid: '', json: '', jsonb: '' },
  numeric: { units: 0n, scale: 0 },
  interval: { months: 0, days: 0, micros: 0 },
};

function zeroOf(type: Type): Value {
  const fields = fieldsOf(type);
  if (fields) return { fields: fields.map(zeroOf) };
  return elementOf(type) ? { sizes: [], items: [] } : zeros[type as Plain];
}

/** Keys that are never NULL and equal where the values are the same. */
const comparable = (expr: Expr): Expr[] => [
  isNull(expr),
  { kind: 'case', type: expr.type, args: [isNull(expr), constant(expr.type, zeroOf(expr.type)), expr] },
];

/**
 * The one group of each set of outer values: where the inner query has no rows for them, that of no rows. `inner` has the
 * values, then aggregates.
 */
export function wholeGroups({ plan: values, columns }: Correlated, inner: Extract<Plan, { kind: 'group' }>): Plan {
  if (!values) return inner;
  const width = columns.length;
  const marker: Column = { name: '', type: 'bool' };
  const marked: Plan = {
    ...{ kind: 'map', input: inner, where: undefined },
    ...{ outputs: [...allOf(inner.columns), constant('bool', true)], columns: [...inner.columns, marker] },
  };
  const input = joinedWith('left', values, { plan: marked, outer: allOf(columns) });
  const isThere = call('not', 'bool', isNull(column('bool', width + inner.columns.length)));
  const outputs = inner.columns.map(({ type }, place): Expr => {
    if (place < width) return column(type, place);
    const none = constant(type, inner.aggregates[place - width]?.name === 'count' ? 0 : null);
    return { kind: 'case', type, args: [isThere, column(type, width + place), none] };
  });
  return { kind: 'map', input, where: undefined, outputs, columns: inner.columns };
}
