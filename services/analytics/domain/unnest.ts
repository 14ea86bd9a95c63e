import type { FuncCall, Node, RangeFunction, SelectStmt } from 'libpg-query';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { bind, functionName, type Names } from './bind.ts';
import { applied, settled } from './bound.ts';
import { column, type Expr, mapColumns, type NamedExpr } from './expression.ts';
import { allOf, type Plan } from './plan.ts';
import { fieldsIn } from './row-call.ts';
import { isSeries, readsColumns, seriesList } from './series.ts';
import { type Column, elementOf, isRecord, type Type, nameOfType } from './value.ts';

/** Functions that answer rows of JSON: what each element of their array is called, where it is no row. */
const ofJson: ReadonlyMap<string, string | undefined> = new Map(
  (['json', 'jsonb'] as const).flatMap((type): [string, string | undefined][] => [
    ...(type === 'jsonb' ? ['_path_query'] : []).map((name): [string, undefined] => [`${type}${name}`, undefined]),
    ...['_each', '_each_text', '_object_keys'].map((name): [string, undefined] => [`${type}${name}`, undefined]),
    ...['_array_elements', '_array_elements_text'].map((name): [string, string] => [`${type}${name}`, 'value']),
  ]),
);

const callIn = (node: Node | undefined): FuncCall | undefined => {
  const name = node && 'FuncCall' in node ? functionName(node.FuncCall) : '';
  return node && 'FuncCall' in node && (name === 'unnest' || ofJson.has(name)) ? node.FuncCall : undefined;
};

function seriesIn(node: Node | undefined): FuncCall | undefined {
  return node && 'FuncCall' in node && isSeries(node.FuncCall) ? node.FuncCall : undefined;
}

/** The calls of `unnest` and `generate_series` that a function in FROM is made of; undefined where it is another. */
export function unnestsIn({ functions = [], ordinality = false }: RangeFunction): readonly FuncCall[] | undefined {
  const nodes = functions.map((each) => ('List' in each ? each.List.items?.[0] : undefined));
  const calls = nodes.flatMap((node) => callIn(node) ?? seriesIn(node) ?? []);
  if (calls.length === 0 || calls.length < nodes.length) return undefined;
  // A series by itself that is the same for all rows is a relation.
  const [only, ...more] = calls;
  return only && more.length === 0 && isSeries(only) && !readsColumns(only) && !ordinality ? undefined : calls;
}

/** What is taken apart: arrays, side by side. */
export type Lists = { readonly exprs: readonly Expr[]; readonly columns: readonly Column[]; readonly isCounted: boolean };

/** Binds the arrays of `unnest` and `generate_series`, whose columns are called as the function is. */
export function listsOf(calls: readonly FuncCall[], { ordinality = false, alias }: RangeFunction, names: Names): Lists {
  const told = calls.flatMap((call) => {
    const name = functionName(call);
    if (isSeries(call)) return [{ name, expr: seriesList(call, names) }];
    if (ofJson.has(name)) return [{ name, expr: jsonListOf(name, call, names) }];
    return (call.args ?? []).map((node) => ({ name, expr: listOf(node, call, names) }));
  });
  const exprs = told.map(({ expr }) => expr);
  if (exprs.length === 0) throw new StatementError(sqlstates.functionMissing, 'function unnest() does not exist');
  // A function that answers one value a row is called as its alias is.
  const only = exprs.length === 1 ? alias?.aliasname : undefined;
  const columns = told.map(
    ({ name, expr: { type } }): Column => ({ name: ofJson.get(name) ?? only ?? name, type: elementOf(type) as Type }),
  );
  return { exprs, isCounted: ordinality, columns: ordinality ? [...columns, { name: 'ordinality', type: 'int8' }] : columns };
}

/** What a function of JSON answers, as an array. */
function jsonListOf(name: string, call: FuncCall, names: Names): Expr {
  const at = names.at(call.location);
  if (call.agg_distinct || call.agg_order || call.agg_filter || call.over || call.func_variadic) throw notBuilt(`This form of ${name}`, at);
  return applied(
    name,
    (call.args ?? []).map((arg) => bind(arg, names)),
    at,
  );
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

/** Behind `width` columns, what FROM shows of arrays that were taken apart: of rows their fields. */
export function shownOf({ columns }: Lists, width: number): readonly NamedExpr[] {
  return columns.flatMap(({ name, type }, place) => {
    const whole = column(type, width + place);
    return isRecord(type) ? fieldsIn(whole, undefined) : [{ name, expr: whole }];
  });
}

/** The plan of `unnested` with what FROM shows of it in the place of what it took apart. */
export function spread(plan: Plan, lists: Lists): Plan {
  if (!lists.columns.some(({ type }) => isRecord(type))) return plan;
  const width = plan.columns.length - lists.columns.length;
  const before = plan.columns.slice(0, width);
  const shown = shownOf(lists, width);
  const columns = [...before, ...shown.map(({ name, expr: { type } }): Column => ({ name, type }))];
  return { kind: 'map', input: plan, where: undefined, outputs: [...allOf(before), ...shown.map(({ expr }) => expr)], columns };
}

/** A condition over what FROM shows as one over what was taken apart. */
export function overWhole(on: Expr, lists: Lists, width: number): Expr {
  const shown = shownOf(lists, width);
  return mapColumns(on, (place, type) => (place < width ? column(type, place) : (shown[place - width]?.expr as Expr)));
}

/** A name that no statement can say. */
export const hiddenName = '\0unnest';

/** A SELECT that shows elements of arrays, which then come from its FROM. */
export function withoutShownUnnest(select: SelectStmt): SelectStmt {
  const calls = (select.targetList ?? []).flatMap((node) => {
    const call = 'ResTarget' in node ? callIn(node.ResTarget.val) : undefined;
    return call ? [call] : [];
  });
  if (calls.length === 0) return select;
  if (calls.some(({ args = [] }) => args.length > 1)) throw notBuilt('unnest of several arrays beside others in a SELECT');
  const names = calls.map((_, at) => `${hiddenName}${at}`);
  const targetList = (select.targetList ?? []).map((node): Node => {
    const call = 'ResTarget' in node ? callIn(node.ResTarget.val) : undefined;
    if (!call || !('ResTarget' in node)) return node;
    const field = [{ String: { sval: hiddenName } }, { String: { sval: names[calls.indexOf(call)] as string } }];
    return { ResTarget: { ...node.ResTarget, name: node.ResTarget.name ?? functionName(call), val: { ColumnRef: { fields: field } } } };
  });
  const from: Node = {
    RangeFunction: {
      functions: calls.map((call) => ({ List: { items: [{ FuncCall: call }] } })),
      alias: { aliasname: hiddenName, colnames: names.map((sval) => ({ String: { sval } })) },
    },
  };
  return { ...select, targetList, fromClause: [...(select.fromClause ?? []), from] };
}
