import type { Type, Value } from './value.ts';

/** An expression with its types, from which code is made. `place` counts columns of the input from 0. */
export type Expr =
  | { readonly kind: 'column'; readonly type: Type; readonly place: number }
  | { readonly kind: 'constant'; readonly type: Type; readonly value: Value }
  | { readonly kind: 'parameter'; readonly type: Type; readonly place: number }
  /** An operation that is NULL where one of its arguments is. */
  | { readonly kind: 'call'; readonly type: Type; readonly operation: string; readonly args: readonly Expr[] }
  | { readonly kind: 'and' | 'or'; readonly type: 'bool'; readonly args: readonly Expr[] }
  | { readonly kind: 'isNull'; readonly type: 'bool'; readonly args: readonly [Expr] }
  /** IS NOT DISTINCT FROM. */
  | { readonly kind: 'same'; readonly type: 'bool'; readonly args: readonly [Expr, Expr] }
  /** Conditions and results in turn, then the last result. */
  | { readonly kind: 'case'; readonly type: Type; readonly args: readonly Expr[] };

export type NamedExpr = { readonly name: string; readonly expr: Expr };

export const column = (type: Type, place: number): Expr => ({ kind: 'column', type, place });
export const constant = (type: Type, value: Value): Expr => ({ kind: 'constant', type, value });
export const call = (operation: string, type: Type, ...args: readonly Expr[]): Expr => ({ kind: 'call', type, operation, args });
export const not = (arg: Expr): Expr => call('not', 'bool', arg);
export const isNull = (arg: Expr): Expr => ({ kind: 'isNull', type: 'bool', args: [arg] });

const argsOf = (expr: Expr): readonly Expr[] => ('args' in expr ? expr.args : []);

/** All conditions that must hold together. */
export const conjuncts = (expr: Expr | undefined): Expr[] =>
  expr === undefined ? [] : expr.kind === 'and' ? expr.args.flatMap(conjuncts) : [expr];

export function conjunction(exprs: readonly Expr[]): Expr | undefined {
  const [first, ...more] = exprs;
  return more.length === 0 ? first : { kind: 'and', type: 'bool', args: exprs };
}

/** The expression with another in the place of each column. */
export function mapColumns(expr: Expr, to: (place: number, type: Type) => Expr): Expr {
  if (expr.kind === 'column') return to(expr.place, expr.type);
  if (!('args' in expr)) return expr;
  return { ...expr, args: expr.args.map((arg) => mapColumns(arg, to)) } as Expr;
}

/** The expression with its columns counted from elsewhere. */
export const shifted = (expr: Expr, by: number): Expr => mapColumns(expr, (place, type) => column(type, place + by));

/** The columns that an expression reads. */
export function columnsIn(expr: Expr, found = new Set<number>()): Set<number> {
  if (expr.kind === 'column') found.add(expr.place);
  for (const arg of argsOf(expr)) columnsIn(arg, found);
  return found;
}

/** The same text for expressions that say the same. */
export const shapeOf = (expr: Expr): string =>
  JSON.stringify(expr, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
