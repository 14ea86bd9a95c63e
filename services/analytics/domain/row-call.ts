import type { Node } from 'libpg-query';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { applied, type Bound, settled } from './bound.ts';
import { call, type Expr } from './expression.ts';
import { columnsMax } from './limits.ts';
import { recordOf } from './value.ts';

type Inner = (node: Node | undefined) => Bound;

const or = (args: readonly Expr[]): Expr => (args.length === 1 ? (args[0] as Expr) : { kind: 'or', type: 'bool', args });
const and = (args: readonly Expr[]): Expr => (args.length === 1 ? (args[0] as Expr) : { kind: 'and', type: 'bool', args });

/** The fields of `(a, b)` or `ROW(a, b)`; undefined for what is no row as it is written. */
export const rowIn = (node: Node | undefined): readonly Node[] | undefined =>
  node && 'RowExpr' in node ? (node.RowExpr.args ?? []) : undefined;

/** `ROW(a, b)`, or `(a, b)`, as a value. */
export function rowValue(fields: readonly Bound[], at: number | undefined): Expr {
  if (fields.length > columnsMax) throw new StatementError('54011', `ROW expressions can have at most ${columnsMax} entries`, at);
  const exprs = fields.map((field) => settled(field, 'text'));
  return call('row', recordOf(exprs.map(({ type }) => type)), ...exprs);
}

/** Fields of two rows side by side. Throws StatementError (42601) for rows of other lengths. */
export function sideBySide(
  left: readonly Node[],
  right: readonly Node[],
  at: number | undefined,
  inner: Inner,
): (readonly [Bound, Bound])[] {
  if (left.length !== right.length) throw new StatementError(sqlstates.syntax, 'unequal number of entries in row expressions', at);
  if (left.length === 0) throw notBuilt('A comparison of rows without fields', at);
  return left.map((node, place) => [inner(node), inner(right[place])]);
}

/** How rows are compared: by their fields from the first on, as far as they are the same. */
export function comparedRows(sign: string, pairs: readonly (readonly [Bound, Bound])[], at: number | undefined): Expr {
  const by = (name: string, [left, right]: readonly [Bound, Bound]) => applied(name, [left, right], at);
  if (sign === '=') return and(pairs.map((pair) => by('=', pair)));
  if (sign === '<>') return or(pairs.map((pair) => by('<>', pair)));
  const strict = /^(<|>)=?$/.exec(sign)?.[1];
  if (!strict) throw notBuilt(`The operator ${sign} of rows`, at);
  const [first, ...more] = pairs as [readonly [Bound, Bound], ...(readonly [Bound, Bound])[]];
  if (more.length === 0) return by(sign, first);
  return or([by(strict, first), and([by('=', first), comparedRows(sign, more, at)])]);
}
