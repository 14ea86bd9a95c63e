import type { A_Const, A_Expr, CaseExpr, ColumnRef, FuncCall, Node, RowExpr, TypeName } from 'libpg-query';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { anyOf, arrayExpr, castArray, indirection } from './array-call.ts';
import { applied, asCondition, type Bound, cast, converted, featureOf, oneType, settled } from './bound.ts';
import { call, constant, type Expr, isNull, type NamedExpr, not } from './expression.ts';
import { functionsNamed } from './function.ts';
import { comparedRows, rowIn, rowValue, sideBySide } from './row-call.ts';
import { jsonCall } from './json-call.ts';
import { intervalLiteral } from './interval-literal.ts';
import { expressionDepthMax, parametersMax } from './limits.ts';
import { plainType } from './column.ts';
import { locationIn } from './context.ts';
import { fitOf, sizesOf } from './fit.ts';
import { routineIn, routineOf } from './routine.ts';
import { textIn } from './name.ts';
import { elementOf, isRecord, nameOfType, readValue, type Type, whole } from './value.ts';

/** What names stand for in an expression. */
export type Names = {
  /** A column by its path, `name` or `relation.name`. */
  readonly columnOf: (path: readonly string[], at: number | undefined) => Expr;
  /** The columns of a relation as `name.*` in a row means them. */
  readonly starOf?: ((relation: string | undefined, at: number | undefined) => readonly NamedExpr[]) | undefined;
  /** The types of the parameters; what is open is set where the expression says it. */
  readonly params: (Type | undefined)[];
  /** The character, from 1, of a place in the text. */
  readonly at: (location: number | undefined) => number | undefined;
  /** Stands in the way of names and functions: behind GROUP BY they mean something else. */
  readonly instead?: ((node: Node) => Expr | undefined) | undefined;
};

export function bind(node: Node | undefined, names: Names, depth = 0): Bound {
  if (!node) throw notBuilt('An expression of this form');
  if (depth > expressionDepthMax) throw new StatementError(sqlstates.tooComplex, 'the expression is nested too deeply');
  const other = names.instead?.(node);
  if (other) return other;
  const inner = (each: Node | undefined) => bind(each, names, depth + 1);
  if ('A_Const' in node) return constantOf(node.A_Const);
  if ('ColumnRef' in node) return columnOf(node.ColumnRef, names);
  if ('ParamRef' in node) return parameter(node.ParamRef.number ?? 0, names, node.ParamRef.location);
  if ('TypeCast' in node) return typeCast(node.TypeCast.arg, node.TypeCast.typeName, names.at(node.TypeCast.location), inner);
  if ('A_Expr' in node) return operation(node.A_Expr, names, inner);
  if ('BoolExpr' in node) {
    const { boolop, args = [], location } = node.BoolExpr;
    const word = boolop === 'NOT_EXPR' ? 'NOT' : boolop === 'AND_EXPR' ? 'AND' : 'OR';
    const parts = args.map((arg) => asCondition(inner(arg), word, names.at(location)));
    return word === 'NOT' ? not(parts[0] as Expr) : { kind: word === 'AND' ? 'and' : 'or', type: 'bool', args: parts };
  }
  if ('NullTest' in node) {
    const row = rowIn(node.NullTest.arg);
    if (row && !row.some(isStar)) return nullTest(row.map(inner), node.NullTest.nulltesttype === 'IS_NULL');
    const of = settled(inner(node.NullTest.arg), 'text');
    if (isRecord(of.type)) return call(node.NullTest.nulltesttype === 'IS_NULL' ? 'row:none' : 'row:all', 'bool', of);
    const test = isNull(of);
    return node.NullTest.nulltesttype === 'IS_NULL' ? test : not(test);
  }
  if ('BooleanTest' in node) return booleanTest(node.BooleanTest.booltesttype ?? '', asCondition(inner(node.BooleanTest.arg), 'IS'));
  if ('CaseExpr' in node) return caseOf(node.CaseExpr, names, inner);
  if ('CoalesceExpr' in node) return coalesce((node.CoalesceExpr.args ?? []).map(inner), names.at(node.CoalesceExpr.location));
  if ('MinMaxExpr' in node) {
    const sign = node.MinMaxExpr.op === 'IS_GREATEST' ? '>=' : '<=';
    return greatest(sign, (node.MinMaxExpr.args ?? []).map(inner), names.at(node.MinMaxExpr.location));
  }
  if ('RowExpr' in node) return rowOf(node.RowExpr, names, inner);
  if ('A_ArrayExpr' in node) return arrayExpr(node.A_ArrayExpr, names.at(node.A_ArrayExpr.location), inner);
  if ('A_Indirection' in node) return indirection(node.A_Indirection, names.at(locationIn(node)), inner);
  if ('FuncCall' in node) return functionCall(node.FuncCall, names, inner);
  const routine = routineIn(node);
  if (routine) {
    const { definition, args } = routine;
    return call('routine', routineOf(definition).returns, constant('text', definition), ...args.map((arg) => settled(inner(arg), 'text')));
  }
  if ('SubLink' in node) throw notBuilt('A subquery in an expression', names.at(node.SubLink.location));
  const [kind = ''] = Object.keys(node);
  throw notBuilt(`An expression of the kind ${kind}`);
}

type Inner = (node: Node | undefined) => Bound;

const isStar = (node: Node): boolean => 'ColumnRef' in node && 'A_Star' in (node.ColumnRef.fields?.at(-1) ?? {});

/** `ROW(...)`, in which `name.*` stands for all columns of a relation. */
function rowOf({ args = [], location }: RowExpr, names: Names, inner: Inner): Expr {
  const at = names.at(location);
  const fields = args.flatMap((node): Bound[] => {
    if (!('ColumnRef' in node) || !isStar(node)) return [inner(node)];
    const [relation] = (node.ColumnRef.fields ?? []).slice(0, -1);
    if (!names.starOf) throw notBuilt('* here', at);
    return names.starOf(relation && textIn(relation), at).map(({ expr }) => expr);
  });
  return rowValue(fields, at);
}

function constantOf({ ival, fval, sval, boolval, isnull }: A_Const): Bound {
  if (ival) return constant('int4', ival.ival ?? 0);
  if (boolval) return constant('bool', boolval.boolval ?? false);
  if (fval) {
    const text = fval.fval ?? '0';
    const isWhole = /^-?\d+$/.test(text) && text.length < 21 && BigInt.asIntN(64, BigInt(text)) === BigInt(text);
    return isWhole ? constant('int8', whole(BigInt(text))) : constant('numeric', readValue('numeric', text));
  }
  if (isnull) return { kind: 'open', take: (type) => constant(type, null) };
  if (sval) return { kind: 'open', take: (type) => constant(type, readValue(type, sval.sval ?? '')) };
  throw notBuilt('This constant');
}

function columnOf({ fields = [], location }: ColumnRef, names: Names): Expr {
  const path = fields.map((field) => ('A_Star' in field ? '*' : textIn(field)));
  if (path.includes('*') || path.length > 2) throw notBuilt('* here', names.at(location));
  return names.columnOf(path, names.at(location));
}

function parameter(number: number, { params, at }: Names, location: number | undefined): Bound {
  const place = number - 1;
  if (place < 0 || place >= parametersMax)
    throw new StatementError(sqlstates.parameterMissing, `there is no parameter $${number}`, at(location));
  while (params.length < number) params.push(undefined);
  const typed = (type: Type): Expr => ({ kind: 'parameter', type, place });
  const take = (type: Type): Expr => {
    params[place] ??= type;
    return converted(typed(params[place]), type);
  };
  const known = params[place];
  return known ? typed(known) : { kind: 'open', take };
}

function typeCast(arg: Node | undefined, typeName: TypeName | undefined, at: number | undefined, inner: Inner): Expr {
  const [mod] = typeName?.typmods ?? [];
  const isInterval = textIn(typeName?.names?.at(-1) ?? { String: {} }) === 'interval';
  if (!isInterval || !mod) {
    const made = castArray(arg, plainType(typeName), at, inner);
    const fit = typeName && fitOf(typeName);
    if (!fit) return made;
    return call(`fit:${made.type}`, made.type, made, ...sizesOf(fit).map((size) => constant('int4', size)));
  }
  const read = intervalLiteral(arg, typeName);
  if (!read) throw notBuilt('This form of interval', at);
  return constant('interval', read);
}

/** Whether all fields of a row are NULL, or none is. */
function nullTest(fields: readonly Bound[], isNone: boolean): Expr {
  const tests = fields.map((field) => isNull(settled(field, 'text')));
  return { kind: 'and', type: 'bool', args: isNone ? tests : tests.map(not) };
}

function booleanTest(test: string, expr: Expr): Expr {
  const wanted = constant('bool', !/FALSE/.test(test));
  const found: Expr = /UNKNOWN/.test(test) ? isNull(expr) : { kind: 'same', type: 'bool', args: [expr, wanted] };
  return /NOT/.test(test) ? not(found) : found;
}

function alike(bounds: readonly Bound[], what: string, at: number | undefined): Expr[] {
  const type = oneType(bounds);
  if (type === undefined) throw new StatementError(sqlstates.typeWrong, `${what} types cannot be matched`, at);
  return bounds.map((bound) => converted(settled(bound, type), type));
}

function caseOf({ arg, args = [], defresult, location }: CaseExpr, names: Names, inner: Inner): Expr {
  const at = names.at(location);
  const whens = args.flatMap((each) => ('CaseWhen' in each ? [each.CaseWhen] : []));
  const conditions = whens.map(({ expr }) =>
    arg ? applied('=', [inner(arg), inner(expr)], at) : asCondition(inner(expr), 'CASE/WHEN', at),
  );
  const open: Bound = { kind: 'open', take: (type) => constant(type, null) };
  const results = alike([...whens.map(({ result }) => inner(result)), defresult ? inner(defresult) : open], 'CASE', at);
  const inTurn = conditions.flatMap((condition, place) => [condition, results[place] as Expr]);
  return { kind: 'case', type: results[0]?.type ?? 'text', args: [...inTurn, results.at(-1) as Expr] };
}

function coalesce(bounds: readonly Bound[], at: number | undefined): Expr {
  const exprs = alike(bounds, 'COALESCE', at);
  const last = exprs.at(-1) as Expr;
  return exprs
    .slice(0, -1)
    .reduceRight<Expr>((rest, expr) => ({ kind: 'case', type: last.type, args: [not(isNull(expr)), expr, rest] }), last);
}

/** NULLs are passed over, as PostgreSQL's GREATEST and LEAST do. */
function greatest(sign: string, bounds: readonly Bound[], at: number | undefined): Expr {
  const [first, ...more] = alike(bounds, 'GREATEST', at);
  return more.reduce<Expr>((best, next) => {
    const isBetter: Expr = { kind: 'or', type: 'bool', args: [isNull(next), applied(sign, [best, next], at)] };
    const keeps: Expr = { kind: 'and', type: 'bool', args: [not(isNull(best)), isBetter] };
    return { kind: 'case', type: best.type, args: [keeps, best, next] };
  }, first as Expr);
}

function operation(node: A_Expr, names: Names, inner: Inner): Expr {
  const sign = (node.name ?? []).map(textIn).join('.');
  const at = names.at(node.location);
  const items = node.rexpr && 'List' in node.rexpr ? (node.rexpr.List.items ?? []) : [];
  const left = () => inner(node.lexpr);
  const or = (args: readonly Expr[]): Expr => ({ kind: 'or', type: 'bool', args });
  const and = (...args: readonly Expr[]): Expr => ({ kind: 'and', type: 'bool', args });
  const known = (args: readonly Bound[]) => {
    if (functionsNamed(sign).length === 0) throw notBuilt(`The operator ${sign}`, at);
    return applied(sign, args, at);
  };
  const [row, other] = [rowIn(node.lexpr), rowIn(node.rexpr)];
  if (row && other && node.kind === 'AEXPR_OP') return comparedRows(sign, sideBySide(row, other, at, inner), at);
  switch (node.kind) {
    case 'AEXPR_OP':
    case 'AEXPR_LIKE':
    case 'AEXPR_ILIKE':
    case 'AEXPR_SIMILAR':
      return known(node.lexpr ? [left(), inner(node.rexpr)] : [inner(node.rexpr)]);
    case 'AEXPR_OP_ANY':
    case 'AEXPR_OP_ALL': {
      const found = node.rexpr && 'A_ArrayExpr' in node.rexpr ? (node.rexpr.A_ArrayExpr.elements ?? []).map(inner) : undefined;
      if (!found || found.some((each) => each.kind !== 'open' && elementOf(each.type))) return anyOf(node, sign, at, inner);
      const parts = found.map((each) => known([left(), each]));
      if (parts.length === 0) return constant('bool', node.kind === 'AEXPR_OP_ALL');
      return node.kind === 'AEXPR_OP_ANY' ? or(parts) : and(...parts);
    }
    case 'AEXPR_IN': {
      const equal = (item: Node): Expr => {
        const fields = row && rowIn(item);
        return fields ? comparedRows('=', sideBySide(row, fields, at, inner), at) : applied('=', [left(), inner(item)], at);
      };
      const any = or(items.map(equal));
      return sign === '<>' ? not(any) : any;
    }
    case 'AEXPR_BETWEEN':
    case 'AEXPR_NOT_BETWEEN': {
      const both = and(applied('>=', [left(), inner(items[0])], at), applied('<=', [left(), inner(items[1])], at));
      return node.kind === 'AEXPR_BETWEEN' ? both : not(both);
    }
    case 'AEXPR_DISTINCT':
    case 'AEXPR_NOT_DISTINCT': {
      const pairs = row && other ? sideBySide(row, other, at, inner) : [[left(), inner(node.rexpr)] as const];
      const parts = pairs.map((pair): Expr => ({ kind: 'same', type: 'bool', args: alike(pair, 'IS DISTINCT FROM', at) as [Expr, Expr] }));
      const same = parts.length === 1 ? (parts[0] as Expr) : and(...parts);
      return node.kind === 'AEXPR_DISTINCT' ? not(same) : same;
    }
    case 'AEXPR_NULLIF': {
      const value = settled(left(), 'text');
      return { kind: 'case', type: value.type, args: [applied('=', [value, inner(node.rexpr)], at), constant(value.type, null), value] };
    }
    default:
      throw notBuilt(`The operator ${sign} in this form`, at);
  }
}

/** Functions of any number of values. */
const variadics: Readonly<Record<string, { readonly operation: string; readonly type: Type; readonly least: number }>> = {
  concat_ws: { operation: 'concatWs', type: 'text', least: 2 },
  format: { operation: 'format', type: 'text', least: 1 },
  num_nulls: { operation: 'nulls', type: 'int4', least: 1 },
  num_nonnulls: { operation: 'others', type: 'int4', least: 1 },
  quote_nullable: { operation: 'quoteNullable', type: 'text', least: 1 },
};

/** A value as PostgreSQL shows it, where a boolean is a letter. */
function shownText(bound: Bound, at: number | undefined): Expr {
  if (bound.kind === 'open' || bound.type !== 'bool') return cast(bound, 'text', at);
  const [yes, no, none] = ['t', 'f', null].map((text) => constant('text', text)) as [Expr, Expr, Expr];
  return { kind: 'case', type: 'text', args: [bound, yes, not(bound), no, none] };
}

/** The name of a function, without the schema that the grammar writes before its own. */
export function functionName({ funcname = [] }: FuncCall): string {
  const path = funcname.map(textIn);
  if (path.length === 2 && path[0] === 'pg_catalog') path.shift();
  return path.join('.');
}

function functionCall(node: FuncCall, names: Names, inner: Inner): Expr {
  const name = functionName(node);
  const at = names.at(node.location);
  if (node.agg_distinct || node.agg_order || node.agg_filter || node.over || node.agg_star || node.func_variadic)
    throw notBuilt(`This form of ${name}`, at);
  if (name === 'concat') {
    const texts = (node.args ?? []).map((arg) => coalesce([shownText(inner(arg), at), constant('text', '')], at));
    return texts.reduce((left, right) => applied('||', [left, right], at), constant('text', ''));
  }
  const variadic = variadics[name];
  if (variadic && (node.args ?? []).length >= variadic.least)
    return call(`lib:${variadic.operation}??`, variadic.type, ...(node.args ?? []).map((arg) => shownText(inner(arg), at)));
  if (name === 'pg_typeof' && node.args?.length === 1) {
    const of = inner(node.args[0]);
    return constant('text', of.kind === 'open' ? 'unknown' : nameOfType(of.type));
  }
  if (name === 'predict_online') {
    const [model, ...features] = (node.args ?? []).map((arg, place) => settled(inner(arg), place === 0 ? 'text' : 'float8'));
    if (!model || model.type !== 'text' || features.length === 0)
      throw new StatementError(sqlstates.functionMissing, 'predict_online takes a model, which is a text, and features', at);
    return call('predict_online', 'float8', model, ...features.map((each) => featureOf(each, at)));
  }
  const json = jsonCall(name, () => (node.args ?? []).map(inner), at);
  if (json) return json;
  if (functionsNamed(name).length === 0) {
    if (name === 'predict')
      throw new StatementError(sqlstates.functionMissing, 'PREDICT(model, features) names no model that there is', at);
    if (node.funcformat === 'COERCE_SQL_SYNTAX') throw notBuilt(`The function ${name}`, at);
    throw new StatementError(sqlstates.functionMissing, `function ${name} does not exist`, at);
  }
  const args = (node.args ?? []).map(inner);
  // EXTRACT of a date is that of its midnight.
  const [, second] = args;
  if (second && second.kind !== 'open' && second.type === 'date' && ['extract', 'date_part', 'date_trunc', 'to_char'].includes(name))
    args[1] = converted(second, name === 'date_trunc' ? 'timestamptz' : 'timestamp');
  return applied(name, args, at);
}
