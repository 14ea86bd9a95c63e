import type { Node } from 'libpg-query';
import { bind } from './bind.ts';
import { converted } from './bound.ts';
import type { Context } from './context.ts';
import type { Expr } from './expression.ts';
import { textIn } from './name.ts';
import type { Table } from './table.ts';
import { isImplicit } from './cast.ts';
import type { Column } from './value.ts';

/** A statement that takes its rows from relations. */
type Asking = { readonly from: readonly Node[]; readonly where: Node | undefined; readonly whole: unknown };

/** Values by which rows of a table are found: of its primary key (-1), or of the columns of an index by its place. */
export type KeyAsked = { readonly index: number; readonly exprs: readonly Expr[] };

/**
 * The key of the rows of a table that a statement can be about, as its condition says it; undefined where it may be about
 * others, or names the table elsewhere too.
 */
export function keyAsked(
  { from, where, whole }: Asking,
  table: Pick<Table, 'key' | 'columns'> & Partial<Pick<Table, 'indexes'>>,
  context: Context,
): KeyAsked | undefined {
  const [only, ...more] = from;
  if (!only || more.length > 0 || !('RangeVar' in only) || hasSubquery(whole)) return undefined;
  const { relname = '', alias } = only.RangeVar;
  const values = new Map(conditionsIn(where).flatMap((node) => equality(node, alias?.aliasname ?? relname)));
  if (values.size === 0) return undefined;
  for (const [at, places] of [table.key, ...(table.indexes ?? []).map((each) => each.places)].entries()) {
    if (places.length === 0 || !places.every((place) => values.has(table.columns[place]?.name ?? ''))) continue;
    const exprs = places.map((place) => valueOf(values.get(table.columns[place]?.name ?? ''), table, place, context));
    if (exprs.every((expr) => expr !== undefined)) return { index: at - 1, exprs };
  }
  return undefined;
}

/** The columns of a relation for which a statement about it alone gives one value each, as `=` in its condition says. */
export function matchedColumns({ from, where, whole }: Asking, columns: readonly Column[]): number[] {
  const [only, ...more] = from;
  if (!only || more.length > 0 || !('RangeVar' in only) || hasSubquery(whole)) return [];
  const { relname = '', alias } = only.RangeVar;
  const names = new Set(conditionsIn(where).flatMap((node) => equality(node, alias?.aliasname ?? relname).map(([name]) => name)));
  return columns.flatMap(({ name }, place) => (names.has(name) ? [place] : []));
}

const hasSubquery = (node: unknown): boolean =>
  typeof node === 'object' && node !== null && ('SubLink' in node || Object.values(node).some(hasSubquery));

function conditionsIn(node: Node | undefined): Node[] {
  if (!node) return [];
  if (!('BoolExpr' in node)) return [node];
  return node.BoolExpr.boolop === 'AND_EXPR' ? (node.BoolExpr.args ?? []).flatMap(conditionsIn) : [];
}

/** `column = value`, or the other way round. */
function equality(node: Node, relation: string): [string, Node][] {
  if (!('A_Expr' in node) || node.A_Expr.kind !== 'AEXPR_OP' || (node.A_Expr.name ?? []).map(textIn).join('.') !== '=') return [];
  const { lexpr, rexpr } = node.A_Expr;
  for (const [of, value] of [
    [lexpr, rexpr],
    [rexpr, lexpr],
  ]) {
    const fields = of && 'ColumnRef' in of ? (of.ColumnRef.fields ?? []) : [];
    if (fields.some((field) => 'A_Star' in field) || !value || !isAlone(value)) continue;
    const path = fields.map(textIn);
    if (path.length === 1 || (path.length === 2 && path[0] === relation)) return [[path.at(-1) ?? '', value]];
  }
  return [];
}

const isAlone = (node: Node): boolean =>
  'A_Const' in node || 'ParamRef' in node || ('TypeCast' in node && node.TypeCast.arg !== undefined && isAlone(node.TypeCast.arg));

function valueOf(node: Node | undefined, { columns }: Pick<Table, 'columns'>, place: number, { params, at }: Context): Expr | undefined {
  const type = columns[place]?.type;
  if (!node || !type) return undefined;
  const columnOf = (): never => {
    throw new TypeError('a value without columns');
  };
  const bound = bind(node, { columnOf, params, at });
  if (bound.kind === 'open') return bound.take(type);
  // What would have to be rounded is compared as it is.
  return bound.type === type || isImplicit(bound.type, type) ? converted(bound, type) : undefined;
}
