import type { FuncCall, Node } from 'libpg-query';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { bind, functionName, type Names } from './bind.ts';
import { asCondition, converted, featureOf, settled } from './bound.ts';
import { call as operation, constant, type Expr, shapeOf } from './expression.ts';
import { isJsonAggregate } from './json-call.ts';
import { featuresMax } from './limits.ts';
import {
  isOfPairs,
  isStatistic,
  type Joined,
  numberOf,
  orderedText,
  orderedValue,
  pairOf,
  type StatisticName,
  statisticNames,
} from './statistic.ts';
import { arrayOf, elementOf, isFloat, numbers, type Type, nameOfType } from './value.ts';

const orderedNames = ['percentile_cont', 'percentile_disc', 'mode'] as const;
/** Aggregates of values in their order. */
export type OrderedName = (typeof orderedNames)[number];
const learnerNames = ['drift', 'learn_linear', 'learn_logistic', 'learn_tree'] as const;
type LearnerName = (typeof learnerNames)[number];
const bitNames = ['bit_and', 'bit_or', 'bit_xor'] as const;
type PlainName = 'count' | 'sum' | 'avg' | 'min' | 'max' | 'bool_and' | 'bool_or' | (typeof bitNames)[number];
export type AggregateName = PlainName | 'string_agg' | 'array_agg' | 'approx_count_distinct' | StatisticName | LearnerName | OrderedName;

/** A function over the rows of a group; rows without the argument's value, or passed over by the filter, do not count. */
export type Aggregate = {
  readonly name: AggregateName;
  readonly type: Type;
  readonly arg: Expr | undefined;
  readonly filter: Expr | undefined;
  readonly distinct: boolean;
  /** Whether a number that is near is enough. */
  readonly isNear?: true;
  /** Of a percentile: which part of the values is before it, and whether they are counted from the greatest. */
  readonly fraction?: number;
  readonly isDown?: boolean;
  /** Of a tree that learns: whether its classes are true and false. */
  readonly ofBoolean?: boolean;
  /** Of texts that become one. */
  readonly joined?: Joined;
};

/** Names that say the same; what is asked to be near is exact where nothing is gained. */
const others: Readonly<Record<string, AggregateName>> = {
  ...{ every: 'bool_and', approx_count_distinct: 'count', regr_count: 'count' },
  ...{ variance: 'var_samp', stddev: 'stddev_samp' },
};
const names: ReadonlySet<string> = new Set<string>([
  ...(['count', 'sum', 'min', 'max', 'avg', 'bool_and', 'bool_or'] satisfies AggregateName[]),
  ...[...bitNames, 'string_agg', 'array_agg', ...statisticNames],
  ...[...orderedNames, ...learnerNames, ...Object.keys(others), 'approx_percentile'],
  ...['json_agg', 'jsonb_agg', 'json_object_agg', 'jsonb_object_agg'],
]);

/** Whether an aggregate learns from rows one by one, which none can take back. */
export const isLearner = ({ name }: Pick<Aggregate, 'name'>): boolean => (learnerNames as readonly string[]).includes(name);

export const isAggregateName = (name: string): name is AggregateName => names.has(name);
/** Whether all values are needed in their order. */
export const isOrdered = (name: AggregateName): name is OrderedName => orderedNames.includes(name as OrderedName);

/** Whether an aggregate remembers the values of rows, each of which may be another. */
export const keepsValues = ({ name, distinct }: Aggregate): boolean =>
  distinct || isOrdered(name) || name === 'string_agg' || name === 'array_agg';

/** Whether a node is the call of an aggregate. */
export const isAggregate = (node: Node): boolean => 'FuncCall' in node && !node.FuncCall.over && names.has(functionName(node.FuncCall));

/** Whether an aggregate is called anywhere in a tree, subqueries apart. */
export function hasAggregate(node: unknown): boolean {
  if (typeof node !== 'object' || node === null || 'SubLink' in node) return false;
  if (Array.isArray(node)) return node.some(hasAggregate);
  return isAggregate(node as Node) || Object.values(node).some(hasAggregate);
}

/** The aggregate of a call; models learn in groups alone. */
export function aggregateOf(call: FuncCall, within: Names, isGroup = false): Aggregate {
  const said: string = functionName(call);
  const name = others[said] ?? (said as AggregateName);
  const at = within.at(call.location);
  if (isJsonAggregate(name)) throw notBuilt(`${name} of anything but a group`, at);
  if (said === 'approx_percentile') return nearOf(call, within);
  if (isOrdered(name)) return orderedOf(name, call, within);
  if (name === 'string_agg') return joinedOf(call, within);
  if (name === 'array_agg') return listedOf(call, within, isGroup);
  if (call.agg_order || call.agg_within_group || call.func_variadic) throw notBuilt(`This form of ${name}`, at);
  if (isLearner({ name })) {
    if (!isGroup) throw notBuilt(`${name} of anything but a group`, at);
    return learnerOf(name, call, within);
  }
  const isPair = isOfPairs(said);
  const [node, ...more] = call.args ?? [];
  if (isPair ? call.agg_star : more.length > 0 || (call.agg_star ? name !== 'count' : !node))
    throw new StatementError(sqlstates.functionMissing, `function ${name} with these arguments does not exist`, at);
  const bounds = (call.args ?? []).map((each) => bind(each, within));
  const [first] = bounds;
  const own = isPair ? pairOf(said, bounds, at) : first && settled(first, isStatistic(name) ? 'float8' : 'text');
  const arg = own && isStatistic(name) && !isPair ? numberOf(said, own, at) : own;
  const filter = call.agg_filter && asCondition(bind(call.agg_filter, within), 'FILTER', at);
  const type = resultOf(name, arg?.type, at);
  const isNear = said === 'approx_count_distinct';
  if (isNear && (call.over || call.agg_star)) throw notBuilt(`This form of ${said}`, at);
  const distinct = (isNear || (call.agg_distinct ?? false)) && name !== 'min' && name !== 'max';
  // The sum of a smaller integer is that of a larger one.
  const wide = arg?.type === 'float4' ? 'float8' : 'int8';
  const isTotal = name === 'sum' || name === 'avg';
  const given = arg && isTotal && ['int2', 'int4', 'float4'].includes(arg.type) ? converted(arg, wide) : arg;
  return { name, type, arg: given, filter, distinct, ...(isNear ? { isNear } : {}) };
}

/** `percentile_cont(fraction) WITHIN GROUP (ORDER BY value)` and its kin. */
function orderedOf(name: OrderedName, call: FuncCall, within: Names): Aggregate {
  const at = within.at(call.location);
  const [by, ...more] = call.agg_order ?? [];
  const [part, ...rest] = call.args ?? [];
  if (!call.agg_within_group || !by || !('SortBy' in by) || more.length > 0 || call.over) throw notBuilt(`This form of ${name}`, at);
  if (rest.length > 0 || (part === undefined) !== (name === 'mode'))
    throw new StatementError(sqlstates.functionMissing, `function ${name} with these arguments does not exist`, at);
  const value = settled(bind(by.SortBy.node, within), 'text');
  const isDown = by.SortBy.sortby_dir === 'SORTBY_DESC';
  const filter = call.agg_filter && asCondition(bind(call.agg_filter, within), 'FILTER', at);
  const own = { name, filter, distinct: false, isDown } as const;
  if (value.type === 'json')
    throw new StatementError(sqlstates.functionMissing, 'could not identify an ordering operator for type json', at);
  if (name === 'mode') return { ...own, type: value.type, arg: value };
  const fraction = converted(settled(bind(part, within), 'float8'), 'float8');
  if (fraction.kind !== 'constant' || fraction.value === null) throw notBuilt(`${name} of anything but a constant`, at);
  const share = fraction.value as number;
  if (!(share >= 0 && share <= 1)) throw new StatementError('22003', `percentile value ${share} is not between 0 and 1`, at);
  if (name === 'percentile_disc') return { ...own, type: value.type, arg: value, fraction: share };
  if (!numbers.includes(value.type)) throw notBuilt(`${name} of the type ${nameOfType(value.type)}`, at);
  return { ...own, type: 'float8', arg: converted(value, 'float8'), fraction: share };
}

/**
 * `approx_percentile(value, fraction [, error])`, or with the value WITHIN GROUP (ORDER BY ...): the percentile of values that are
 * rounded by at most that part of themselves, of which there are few, however many rows there are. Rounding keeps their order.
 */
function nearOf(call: FuncCall, within: Names): Aggregate {
  const at = within.at(call.location);
  const [by, ...more] = call.agg_order ?? [];
  const isWithin = call.agg_within_group ?? false;
  if (call.over || call.agg_distinct || more.length > 0 || isWithin !== (by !== undefined))
    throw notBuilt('This form of approx_percentile', at);
  const [value, part, near, ...rest] = [...(by && 'SortBy' in by ? [by.SortBy.node] : []), ...(call.args ?? [])];
  if (!value || !part || rest.length > 0)
    throw new StatementError(sqlstates.functionMissing, 'approx_percentile takes a number and a fraction', at);
  const number = settled(bind(value, within), 'float8');
  if (!numbers.includes(number.type))
    throw new StatementError(sqlstates.functionMissing, `function approx_percentile(${nameOfType(number.type)}) does not exist`, at);
  const constantOf = (node: Node) => {
    const expr = converted(settled(bind(node, within), 'float8'), 'float8');
    if (expr.kind !== 'constant' || expr.value === null) throw notBuilt('approx_percentile by anything but constants', at);
    return expr.value as number;
  };
  const [fraction, error] = [constantOf(part), near ? constantOf(near) : usualError];
  if (!(fraction >= 0 && fraction <= 1)) throw new StatementError('22003', `percentile value ${fraction} is not between 0 and 1`, at);
  if (!(error >= leastError && error <= greatestError))
    throw new StatementError('22023', `the error of approx_percentile is between ${leastError} and ${greatestError}`, at);
  const isDown = by !== undefined && 'SortBy' in by && by.SortBy.sortby_dir === 'SORTBY_DESC';
  const filter = call.agg_filter && asCondition(bind(call.agg_filter, within), 'FILTER', at);
  const arg = operation('near:float8', 'float8', converted(number, 'float8'), constant('int4', bitsFor(error)));
  return { name: 'percentile_disc', type: 'float8', arg, filter, distinct: false, isDown, fraction };
}

/** By what part of itself a value may be rounded. */
const [usualError, leastError, greatestError] = [0.01, 0.0001, 0.5];

/** The bits of a fraction by which a number is at most so far from the middle of those that have them too. */
function bitsFor(error: number): number {
  let bits = 0;
  while (2 ** -(bits + 1) > error) bits += 1;
  return bits;
}

/** `string_agg(text, delimiter [ORDER BY ...])`, whose delimiter is a constant. */
function joinedOf(call: FuncCall, within: Names): Aggregate {
  const at = within.at(call.location);
  const args = (call.args ?? []).map((node) => settled(bind(node, within), 'text'));
  const [value, delimiter, ...rest] = args;
  if (call.agg_within_group || call.func_variadic) throw notBuilt('This form of string_agg', at);
  if (value?.type === 'bytea') throw notBuilt('string_agg of the type bytea', at);
  if (value?.type !== 'text' || delimiter?.type !== 'text' || rest.length > 0)
    throw new StatementError(
      sqlstates.functionMissing,
      `function string_agg(${args.map(({ type }) => nameOfType(type)).join(', ')}) does not exist`,
      at,
    );
  if (delimiter.kind !== 'constant') throw notBuilt('A delimiter of string_agg that is no constant', at);
  const distinct = call.agg_distinct ?? false;
  const filter = call.agg_filter && asCondition(bind(call.agg_filter, within), 'FILTER', at);
  const { keys, order } = ordersOf(call, value, within);
  const joined = { delimiter: (delimiter.value as string | null) ?? '', order };
  return { name: 'string_agg', type: 'text', arg: keys.length > 0 ? orderedText(value, keys, at) : value, filter, distinct, joined };
}

/** `array_agg(value [ORDER BY ...])`; without an order the values are in their own. */
function listedOf(call: FuncCall, within: Names, isGroup: boolean): Aggregate {
  const at = within.at(call.location);
  const [value, ...rest] = (call.args ?? []).map((node) => settled(bind(node, within), 'text'));
  if (call.agg_within_group || call.func_variadic) throw notBuilt('This form of array_agg', at);
  if (!isGroup) throw notBuilt('array_agg of anything but a group', at);
  if (!value || rest.length > 0 || call.agg_star)
    throw new StatementError(sqlstates.functionMissing, 'function array_agg with these arguments does not exist', at);
  if (elementOf(value.type)) throw notBuilt('array_agg of arrays', at);
  const isDistinct = call.agg_distinct ?? false;
  if (isDistinct && value.type === 'json')
    throw new StatementError(sqlstates.functionMissing, 'could not identify an equality operator for type json', at);
  const filter = call.agg_filter && asCondition(bind(call.agg_filter, within), 'FILTER', at);
  const { keys, order } = ordersOf(call, value, within);
  const joined = { delimiter: '', isDistinct, order };
  const type = arrayOf(value.type);
  return { name: 'array_agg', type, arg: orderedValue(value, keys, at), filter, distinct: false, joined };
}

/** What ORDER BY in an aggregate says. */
function ordersOf(call: FuncCall, value: Expr, within: Names): { readonly keys: readonly Expr[]; readonly order: Joined['order'] } {
  const at = within.at(call.location);
  const orders = (call.agg_order ?? []).map((node) => {
    if (!('SortBy' in node) || node.SortBy.sortby_dir === 'SORTBY_USING') throw notBuilt('ORDER BY in this form', at);
    const isDown = node.SortBy.sortby_dir === 'SORTBY_DESC';
    const nulls = node.SortBy.sortby_nulls;
    const nullsFirst = nulls === 'SORTBY_NULLS_FIRST' || (nulls === 'SORTBY_NULLS_DEFAULT' && isDown);
    return { key: settled(bind(node.SortBy.node, within), 'text'), isDown, nullsFirst };
  });
  if (orders.length > 0 && call.over) throw notBuilt('ORDER BY in an aggregate OVER', at);
  for (const { key } of orders) {
    if (key.type === 'json')
      throw new StatementError(sqlstates.functionMissing, 'could not identify an ordering operator for type json', at);
    if (call.agg_distinct && shapeOf(key) !== shapeOf(value))
      throw new StatementError('42P10', 'in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list', at);
  }
  return {
    keys: orders.map(({ key }) => key),
    order: orders.map(({ key: { type }, isDown, nullsFirst }) => ({ type, isDown, nullsFirst })),
  };
}

/** What a model takes for its label. */
const labels: Readonly<Partial<Record<AggregateName, { readonly types: readonly Type[]; readonly told: string }>>> = {
  learn_linear: { types: numbers, told: 'a number' },
  learn_logistic: { types: ['bool'], told: 'a boolean' },
  learn_tree: { types: ['bool', 'int2', 'int4'], told: 'a boolean, an int2 or an int4' },
};

/** A model of a label and features, which learns rows as they come; its argument is both as one text. */
function learnerOf(name: AggregateName, call: FuncCall, within: Names): Aggregate {
  const at = within.at(call.location);
  const [label, ...features] = (call.args ?? []).map((node) => settled(bind(node, within), 'float8'));
  if (call.agg_distinct) throw notBuilt(`${name} with DISTINCT`, at);
  const filter = call.agg_filter && asCondition(bind(call.agg_filter, within), 'FILTER', at);
  const own = { name, type: 'text', filter, distinct: false } as const;
  if (name === 'drift') {
    if (!label || features.length > 0) throw new StatementError(sqlstates.functionMissing, 'drift takes a number or a boolean', at);
    return { ...own, arg: featureOf(label, at) };
  }
  const known = labels[name];
  if (!label || !known?.types.includes(label.type) || features.length === 0)
    throw new StatementError(sqlstates.functionMissing, `${name} takes a label, which is ${known?.told}, and features`, at);
  if (features.length > featuresMax) throw new StatementError(sqlstates.tooComplex, `a model has at most ${featuresMax} features`, at);
  const arg = operation('sample', 'text', ...[label, ...features].map((each) => featureOf(each, at)));
  return { ...own, arg, ofBoolean: label.type === 'bool' };
}

function resultOf(name: AggregateName, type: Type | undefined, at: number | undefined): Type {
  const missing = () =>
    new StatementError(sqlstates.functionMissing, `function ${name}(${type ? nameOfType(type) : ''}) does not exist`, at);
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
    case 'bit_and':
    case 'bit_or':
    case 'bit_xor':
      if (!['int2', 'int4', 'int8'].includes(type)) throw missing();
      return type;
    case 'sum':
    case 'avg':
      if (!numbers.includes(type)) throw type === 'interval' ? notBuilt(`${name} of intervals`, at) : missing();
      if (isFloat(type)) return 'float8';
      return name === 'sum' && (type === 'int2' || type === 'int4') ? 'int8' : 'numeric';
    default:
      return type === 'numeric' ? 'numeric' : 'float8';
  }
}
