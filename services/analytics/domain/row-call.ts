import type { Node } from 'libpg-query';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { applied, type Bound, settled } from './bound.ts';
import { call, constant, type Expr, type NamedExpr } from './expression.ts';
import { columnsMax } from './limits.ts';
import { fieldNamesOf, fieldsOf, isRecord, nameOfType, recordOf, rowTypeOf, type Type } from './value.ts';

type Inner = (node: Node | undefined) => Bound;

const or = (args: readonly Expr[]): Expr => (args.length === 1 ? (args[0] as Expr) : { kind: 'or', type: 'bool', args });
const and = (args: readonly Expr[]): Expr => (args.length === 1 ? (args[0] as Expr) : { kind: 'and', type: 'bool', args });

/** The fields of `(a, b)` or `ROW(a, b)`; undefined for what is no row as it is written. */
export const rowIn = (node: Node | undefined): readonly Node[] | undefined =>
  node && 'RowExpr' in node ? (node.RowExpr.args ?? []) : undefined;

/** A row of expressions that have names. */
export const namedRow = (fields: readonly NamedExpr[]): Expr =>
  call('row', recordOf(fields.map(({ name, expr: { type } }) => ({ name, type }))), ...fields.map(({ expr }) => expr));

/** The field of a row at a place. */
export function fieldAt(row: Expr, place: number): Expr {
  const type = fieldsOf(row.type)?.[place] as Type;
  if (row.kind === 'call' && row.operation === 'row') return row.args[place] as Expr;
  return call('field', type, row, constant('int4', place));
}

/** `(row).name`. Throws StatementError where it has no such field, or is no row. */
export function fieldNamed(row: Expr, name: string, at: number | undefined): Expr {
  if (!isRecord(row.type))
    throw new StatementError(
      sqlstates.kindWrong,
      `column notation .${name} applied to type ${nameOfType(row.type)}, which is not a composite type`,
      at,
    );
  const place = fieldNamesOf(row.type).indexOf(name);
  if (place >= 0) return fieldAt(row, place);
  const isNamed = rowTypeOf(row.type)?.named !== undefined;
  throw new StatementError(
    sqlstates.columnMissing,
    isNamed ? `column "${name}" not found in data type ${nameOfType(row.type)}` : `could not identify column "${name}" in record data type`,
    at,
  );
}

/** `(row).*`. */
export function fieldsIn(row: Expr, at: number | undefined): readonly NamedExpr[] {
  if (!isRecord(row.type)) throw new StatementError(sqlstates.kindWrong, `type ${nameOfType(row.type)} is not composite`, at);
  return fieldNamesOf(row.type).map((name, place) => ({ name, expr: fieldAt(row, place) }));
}

/** `ROW(a, b)`, or `(a, b)`, as a value. */
export function rowValue(fields: readonly Bound[], at: number | undefined): Expr {
  if (fields.length > columnsMax) throw new StatementError('54011', `ROW expressions can have at most ${columnsMax} entries`, at);
  const exprs = fields.map((field) => settled(field, 'text'));
  return call('row', recordOf(exprs.map(({ type }) => ({ name: undefined, type }))), ...exprs);
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
