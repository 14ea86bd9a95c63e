import type { FuncCall, Node } from 'libpg-query';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { bind, functionName, type Names } from './bind.ts';
import { asCondition, converted, settled } from './bound.ts';
import type { Expr } from './expression.ts';
import { isFloat, numbers, type Type, typeNames } from './value.ts';

export type AggregateName = 'count' | 'sum' | 'avg' | 'min' | 'max' | 'bool_and' | 'bool_or';

/** A function over the rows of a group; rows without the argument's value, or passed over by the filter, do not count. */
export type Aggregate = {
  readonly name: AggregateName;
  readonly type: Type;
  readonly arg: Expr | undefined;
  readonly filter: Expr | undefined;
  readonly distinct: boolean;
};

const names: ReadonlySet<string> = new Set<AggregateName>(['count', 'sum', 'min', 'max', 'avg', 'bool_and', 'bool_or']);

export const isAggregateName = (name: string): name is AggregateName => names.has(name);

/** Whether a node is the call of an aggregate. */
export const isAggregate = (node: Node): boolean => 'FuncCall' in node && !node.FuncCall.over && names.has(functionName(node.FuncCall));

/** Whether an aggregate is called anywhere in a tree, subqueries apart. */
export function hasAggregate(node: unknown): boolean {
  if (typeof node !== 'object' || node === null || 'SubLink' in node) return false;
  if (Array.isArray(node)) return node.some(hasAggregate);
  return isAggregate(node as Node) || Object.values(node).some(hasAggregate);
}

/** The aggregate of a call. */
export function aggregateOf(call: FuncCall, within: Names): Aggregate {
  const name = functionName(call) as AggregateName;
  const at = within.at(call.location);
  if (call.agg_order || call.agg_within_group || call.func_variadic) throw notBuilt(`This form of ${name}`, at);
  const [node, ...more] = call.args ?? [];
  if (more.length > 0 || (call.agg_star ? name !== 'count' : !node))
    throw new StatementError(sqlstates.functionMissing, `function ${name} with these arguments does not exist`, at);
  const arg = node && settled(bind(node, within), 'text');
  const filter = call.agg_filter && asCondition(bind(call.agg_filter, within), 'FILTER', at);
  const type = resultOf(name, arg?.type, at);
  const distinct = (call.agg_distinct ?? false) && name !== 'min' && name !== 'max';
  // The sum of a smaller integer is that of a larger one.
  const wide = arg?.type === 'float4' ? 'float8' : 'int8';
  const isTotal = name === 'sum' || name === 'avg';
  const given = arg && isTotal && ['int2', 'int4', 'float4'].includes(arg.type) ? converted(arg, wide) : arg;
  return { name, type, arg: given, filter, distinct };
}

function resultOf(name: AggregateName, type: Type | undefined, at: number | undefined): Type {
  const missing = () =>
    new StatementError(sqlstates.functionMissing, `function ${name}(${type ? typeNames[type] : ''}) does not exist`, at);
  if (name === 'count') return 'int8';
  if (type === undefined) throw missing();
  switch (name) {
    case 'bool_and':
    case 'bool_or':
      if (type !== 'bool') throw missing();
      return 'bool';
    case 'min':
    case 'max':
      if (type === 'bool' || /^json/.test(type)) throw missing();
      return type;
    default:
      if (!numbers.includes(type)) throw type === 'interval' ? notBuilt(`${name} of intervals`, at) : missing();
      if (isFloat(type)) return 'float8';
      return name === 'sum' && (type === 'int2' || type === 'int4') ? 'int8' : 'numeric';
  }
}
