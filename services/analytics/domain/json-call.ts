import type { FuncCall, Node } from 'libpg-query';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { type Bound, cast, converted, settled } from './bound.ts';
import { call, constant, type Expr } from './expression.ts';
import { elementOf, isRecord, nameOfType, type Type } from './value.ts';

const missing = (name: string, args: readonly Bound[], at: number | undefined) => {
  const types = args.map((arg) => (arg.kind === 'open' ? 'unknown' : nameOfType(arg.type)));
  return new StatementError(sqlstates.functionMissing, `function ${name}(${types.join(', ')}) does not exist`, at);
};

/** A value as JSON; NULL stays NULL. */
const asJson = (expr: Expr): Expr => (expr.type === 'json' || expr.type === 'jsonb' ? expr : call(`to_json:${expr.type}`, 'json', expr));

const kindIn = (name: string): 'json' | 'jsonb' => (name.startsWith('jsonb') || name === 'to_jsonb' ? 'jsonb' : 'json');
const ofKind = (kind: 'json' | 'jsonb', expr: Expr): Expr => (kind === 'json' ? expr : call('as_jsonb', 'jsonb', expr));

/** `json_build_object(name, value, ...)`. */
function built(name: string, args: readonly Bound[], at: number | undefined): Expr {
  if (args.length % 2 !== 0) throw new StatementError('22023', 'argument list must have even number of elements', at);
  const parts = args.map((arg, place) => {
    const expr = settled(arg, 'text');
    return place % 2 === 0 ? call(`json_name:${expr.type}`, 'text', expr) : asJson(expr);
  });
  return ofKind(kindIn(name), call(`${kindIn(name)}_object`, 'json', ...parts));
}

/** `to_json(value)`, and `row_to_json`, `array_to_json` with a sign whether each part begins a line. */
function told(name: string, args: readonly Bound[], at: number | undefined): Expr {
  const [arg, lines] = args;
  if (!arg || args.length > (name.startsWith('to_') ? 1 : 2)) throw missing(name, args, at);
  if (arg.kind === 'open') {
    if (name === 'to_json' || name === 'to_jsonb')
      throw new StatementError(sqlstates.typeWrong, 'could not determine polymorphic type because input has type unknown', at);
    throw missing(name, args, at);
  }
  const fits = name === 'row_to_json' ? isRecord(arg.type) : name === 'array_to_json' ? elementOf(arg.type) !== undefined : true;
  if (!fits) throw missing(name, args, at);
  if (lines) return call(`to_json_lines:${arg.type}`, 'json', arg, cast(lines, 'bool', at));
  if (name === 'to_jsonb') return arg.type === 'jsonb' ? arg : ofKind('jsonb', asJson(arg));
  return arg.type === 'jsonb' ? converted(arg, 'json') : asJson(arg);
}

/** What functions of any values make of JSON; undefined for another function. */
export function jsonCall(name: string, argsOf: () => readonly Bound[], at: number | undefined): Expr | undefined {
  switch (name) {
    case 'to_json':
    case 'to_jsonb':
    case 'row_to_json':
    case 'array_to_json':
      return told(name, argsOf(), at);
    case 'json_build_object':
    case 'jsonb_build_object':
      return built(name, argsOf(), at);
    case 'json_build_array':
    case 'jsonb_build_array':
      return ofKind(kindIn(name), call('json_array', 'json', ...argsOf().map((arg) => asJson(settled(arg, 'text')))));
    case 'json_extract_path':
    case 'jsonb_extract_path':
    case 'json_extract_path_text':
    case 'jsonb_extract_path_text': {
      const kind = kindIn(name);
      const [of, ...steps] = argsOf();
      if (!of || (of.kind !== 'open' && of.type !== kind)) throw missing(name, argsOf(), at);
      const path = call('array', 'text[]', ...steps.map((step) => cast(step, 'text', at)));
      const isText = name.endsWith('_text');
      return call(isText ? 'json_path_text' : 'json_path', isText ? 'text' : kind, settled(of, kind), path);
    }
    default:
      return undefined;
  }
}

const aggregates: ReadonlySet<string> = new Set(['json_agg', 'jsonb_agg', 'json_object_agg', 'jsonb_object_agg']);
export const isJsonAggregate = (name: string): boolean => aggregates.has(name);

const called = (name: string): Pick<FuncCall, 'funcname'> => ({ funcname: [{ String: { sval: name } }] });

/** An aggregate that makes JSON, as one that makes an array of the same values, and what is made of that. */
export function jsonAggregate(
  of: FuncCall,
  name: string,
  typeOf: (node: Node) => Type,
  at: number | undefined,
): { readonly listed: FuncCall; readonly finish: (list: Expr) => Expr } {
  const { args = [] } = of;
  const isPairs = name.includes('object');
  if (args.length !== (isPairs ? 2 : 1) || of.agg_star)
    throw new StatementError(sqlstates.functionMissing, `function ${name} with these arguments does not exist`, at);
  if (isPairs && of.agg_distinct) throw notBuilt(`DISTINCT in ${name}`, at);
  const [first] = args as [Node];
  // An array cannot be an element, and is one as JSON.
  const isList = !isPairs && elementOf(typeOf(first)) !== undefined;
  const arg: Node = isPairs ? { RowExpr: { args } } : isList ? { FuncCall: { ...called('to_json'), args: [first] } } : first;
  const type = isPairs ? undefined : typeOf(first);
  return {
    listed: { ...of, ...called('array_agg'), args: [arg] },
    finish(list) {
      const element = elementOf(list.type) as Type;
      const made = isPairs
        ? call(`json_pairs:${element}`, 'json', list, constant('text', kindIn(name)))
        : call(`json_list:${element}`, 'json', list, constant('bool', type !== undefined && (isList || isRecord(type))));
      return ofKind(kindIn(name), made);
    },
  };
}
