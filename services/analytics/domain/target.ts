import type { A_Indirection, Node, SubLink } from 'libpg-query';
import { notBuilt } from '#engine/pgwire/statement-error.ts';
import { bind, functionName, type Names } from './bind.ts';
import { settled } from './bound.ts';
import { locationIn } from './context.ts';
import type { Expr } from './expression.ts';
import { fieldsIn } from './row-call.ts';
import type { Scope } from './scope.ts';
import { textIn } from './name.ts';
import { routineIn, routineOf } from './routine.ts';

/** A column that a SELECT shows; those of `*` are known. */
export type Target = { readonly name: string; readonly node: Node; readonly expr?: Expr };

export function targetsOf(node: Node, scope: Scope, names: Names): Target[] {
  const { name, val } = 'ResTarget' in node ? node.ResTarget : {};
  if (!val) throw notBuilt('This target');
  if ('A_Indirection' in val && 'A_Star' in (val.A_Indirection.indirection?.at(-1) ?? {})) return allFields(val.A_Indirection, names);
  const fields = 'ColumnRef' in val ? (val.ColumnRef.fields ?? []) : [];
  const last = fields.at(-1);
  if (!last || !('A_Star' in last)) return [{ name: name ?? usualName(val), node: val }];
  const relation = fields.length > 1 && fields[0] ? textIn(fields[0]) : undefined;
  const at = names.at('ColumnRef' in val ? val.ColumnRef.location : undefined);
  return scope.star(relation, at).map(({ name: own, expr }) => {
    const path = relation === undefined ? [own] : [relation, own];
    return { name: own, expr, node: { ColumnRef: { fields: path.map((sval) => ({ String: { sval } })) } } };
  });
}

/** `(row).*`: each field of a row. */
function allFields({ arg, indirection = [] }: A_Indirection, names: Names): Target[] {
  const steps = indirection.slice(0, -1);
  const of: Node = { A_Indirection: { ...(arg ? { arg } : {}), indirection: steps } };
  const row = settled(bind(steps.length > 0 ? of : arg, names), 'text');
  return fieldsIn(row, names.at(locationIn(arg))).map(({ name }) => ({
    name,
    node: { A_Indirection: { ...(arg ? { arg } : {}), indirection: [...steps, { String: { sval: name } }] } },
  }));
}

/** The name of what a subquery answers: that of its one column. */
function linkName({ subLinkType, subselect }: SubLink): string {
  if (subLinkType === 'EXISTS_SUBLINK') return 'exists';
  if (subLinkType === 'ARRAY_SUBLINK') return 'array';
  if (subLinkType !== 'EXPR_SUBLINK' || !subselect || !('SelectStmt' in subselect)) return '?column?';
  const { targetList = [], valuesLists } = subselect.SelectStmt;
  if (valuesLists) return 'column1';
  const [only] = targetList;
  const { name, val } = only && 'ResTarget' in only ? only.ResTarget : {};
  return name ?? (val ? usualName(val) : '?column?');
}

const namesItself = (node: Node): boolean => !('TypeCast' in node || 'A_Const' in node);

/** The name that PostgreSQL gives a column without one. */
function usualName(node: Node): string {
  if ('ColumnRef' in node) return textIn(node.ColumnRef.fields?.at(-1) ?? { String: {} });
  if ('FuncCall' in node) return functionName(node.FuncCall).split('.').at(-1) ?? '';
  const routine = routineIn(node);
  if (routine) return routineOf(routine.definition).name;
  if ('TypeCast' in node) {
    const { arg, typeName } = node.TypeCast;
    // Of casts within each other the outer one gives the name.
    const inner = arg && !('TypeCast' in arg) ? usualName(arg) : '?column?';
    return inner === '?column?' || !arg || !namesItself(arg) ? textIn(typeName?.names?.at(-1) ?? { String: {} }) : inner;
  }
  if ('CaseExpr' in node) {
    const inner = node.CaseExpr.defresult ? usualName(node.CaseExpr.defresult) : '?column?';
    return inner === '?column?' ? 'case' : inner;
  }
  if ('RowExpr' in node) return 'row';
  if ('A_ArrayExpr' in node) return 'array';
  if ('A_Indirection' in node) {
    const field = (node.A_Indirection.indirection ?? []).findLast((step) => 'String' in step);
    if (field) return textIn(field);
  }
  if ('A_Indirection' in node && node.A_Indirection.arg) return usualName(node.A_Indirection.arg);
  if ('CoalesceExpr' in node) return 'coalesce';
  if ('MinMaxExpr' in node) return node.MinMaxExpr.op === 'IS_GREATEST' ? 'greatest' : 'least';
  if ('A_Expr' in node && node.A_Expr.kind === 'AEXPR_NULLIF') return 'nullif';
  if ('A_Const' in node && node.A_Const.boolval) return 'bool';
  if ('GroupingFunc' in node) return 'grouping';
  if ('SubLink' in node) return linkName(node.SubLink);
  if ('SQLValueFunction' in node)
    return (node.SQLValueFunction.op ?? '')
      .replace(/^SVFOP_/, '')
      .replace(/_N$/, '')
      .toLowerCase();
  return '?column?';
}
