import type { Node } from 'libpg-query';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { applied, type Bound } from './bound.ts';
import type { Expr } from './expression.ts';

type Inner = (node: Node | undefined) => Bound;

const or = (args: readonly Expr[]): Expr => (args.length === 1 ? (args[0] as Expr) : { kind: 'or', type: 'bool', args });
const and = (args: readonly Expr[]): Expr => (args.length === 1 ? (args[0] as Expr) : { kind: 'and', type: 'bool', args });

/** The fields of `(a, b)` or `ROW(a, b)`; undefined for what is no row as it is written. */
export const rowIn = (node: Node | undefined): readonly Node[] | undefined =>
  node && 'RowExpr' in node ? (node.RowExpr.args ?? []) : undefined;

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
