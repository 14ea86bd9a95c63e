import type { FuncCall, Node, RangeFunction, SelectStmt } from 'libpg-query';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { bind, functionName, type Names } from './bind.ts';
import { settled } from './bound.ts';
import type { Expr } from './expression.ts';
import type { Plan } from './plan.ts';
import { type Column, elementOf, type Type, nameOfType } from './value.ts';

const callIn = (node: Node | undefined): FuncCall | undefined =>
  node && 'FuncCall' in node && functionName(node.FuncCall) === 'unnest' ? node.FuncCall : undefined;

/** The calls of `unnest` that a function in FROM is made of; undefined where it is another. */
export function unnestsIn({ functions = [] }: RangeFunction): readonly FuncCall[] | undefined {
  const calls = functions.map((each) => callIn('List' in each ? each.List.items?.[0] : undefined));
  return calls.length > 0 && calls.every((call) => call !== undefined) ? calls : undefined;
}

/** What `unnest` takes apart: arrays, side by side. */
export type Lists = { readonly exprs: readonly Expr[]; readonly columns: readonly Column[]; readonly isCounted: boolean };

/** Binds the arrays of `unnest`, whose columns are called as the function is. */
export function listsOf(calls: readonly FuncCall[], { ordinality = false, alias }: RangeFunction, names: Names): Lists {
  const exprs = calls.flatMap((call) => (call.args ?? []).map((node) => listOf(node, call, names)));
  if (exprs.length === 0) throw new StatementError(sqlstates.functionMissing, 'function unnest() does not exist');
  // A function that answers one value a row is called as its alias is.
  const only = exprs.length === 1 ? alias?.aliasname : undefined;
  const columns = exprs.map(({ type }): Column => ({ name: only ?? 'unnest', type: elementOf(type) as Type }));
  return { exprs, isCounted: ordinality, columns: ordinality ? [...columns, { name: 'ordinality', type: 'int8' }] : columns };
}

function listOf(node: Node, call: FuncCall, names: Names): Expr {
  const at = names.at(call.location);
  if (call.agg_distinct || call.agg_order || call.agg_filter || call.over || call.func_variadic) throw notBuilt('This form of unnest', at);
  const bound = bind(node, names);
  if (bound.kind === 'open') throw new StatementError('42725', 'function unnest(unknown) is not unique', at);
  const expr = settled(bound, 'text');
  if (!elementOf(expr.type))
    throw new StatementError(sqlstates.functionMissing, `function unnest(${nameOfType(expr.type)}) does not exist`, at);
  return expr;
}

/** Each row of a plan once for each element of its arrays; `outer`: those without any once too. */
export const unnested = (input: Plan, { exprs, columns, isCounted }: Lists, outer?: { readonly on: Expr | undefined }): Plan => ({
  ...{ kind: 'unnest', input, lists: exprs, isCounted, outer: outer !== undefined, on: outer?.on },
  columns: [...input.columns, ...columns],
});

/** A name that no statement can say. */
export const hiddenName = '\0unnest';

/** A SELECT that shows elements of arrays, which then come from its FROM. */
export function withoutShownUnnest(select: SelectStmt): SelectStmt {
  const calls = (select.targetList ?? []).flatMap((node) => {
    const call = 'ResTarget' in node ? callIn(node.ResTarget.val) : undefined;
    return call ? [call] : [];
  });
  if (calls.length === 0) return select;
  if (calls.some(({ args = [] }) => args.length !== 1)) throw notBuilt('unnest of several arrays beside others in a SELECT');
  const names = calls.map((_, at) => `${hiddenName}${at}`);
  const targetList = (select.targetList ?? []).map((node): Node => {
    const call = 'ResTarget' in node ? callIn(node.ResTarget.val) : undefined;
    if (!call || !('ResTarget' in node)) return node;
    const field = [{ String: { sval: hiddenName } }, { String: { sval: names[calls.indexOf(call)] as string } }];
    return { ResTarget: { ...node.ResTarget, name: node.ResTarget.name ?? 'unnest', val: { ColumnRef: { fields: field } } } };
  });
  const from: Node = {
    RangeFunction: {
      functions: calls.map((call) => ({ List: { items: [{ FuncCall: call }] } })),
      alias: { aliasname: hiddenName, colnames: names.map((sval) => ({ String: { sval } })) },
    },
  };
  return { ...select, targetList, fromClause: [...(select.fromClause ?? []), from] };
}
