import { applied, type Bound, converted, settled } from './bound.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { call, type Expr } from './expression.ts';
import { isImplicit } from './cast.ts';
import { isFloat, numbers, type Type, nameOfType } from './value.ts';

const ofOne = ['var_pop', 'var_samp', 'stddev_pop', 'stddev_samp'] as const;
const ofTwo = ['corr', 'covar_pop', 'covar_samp', 'regr_avgx', 'regr_avgy', 'regr_intercept', 'regr_r2', 'regr_slope'] as const;
const sums = ['regr_sxx', 'regr_sxy', 'regr_syy'] as const;
/** Statistics of a number of each row, and of two. */
export type StatisticName = (typeof ofOne)[number] | (typeof ofTwo)[number] | (typeof sums)[number];
const pairNames: readonly string[] = [...ofTwo, ...sums];
export const statisticNames: readonly StatisticName[] = [...ofOne, ...ofTwo, ...sums];

/** Whether a function of statistics takes two numbers of each row. */
export const isOfPairs = (name: string): boolean => pairNames.includes(name) || name === 'regr_count';
export const isStatistic = (name: string): name is StatisticName => (statisticNames as readonly string[]).includes(name);

const missing = (name: string, types: readonly Type[], at: number | undefined) =>
  new StatementError(sqlstates.functionMissing, `function ${name}(${types.map((type) => nameOfType(type)).join(', ')}) does not exist`, at);

/** Two numbers as one text, which is NULL where one of them is; throws StatementError (42883) for what are no two numbers. */
export function pairOf(name: string, bounds: readonly Bound[], at: number | undefined): Expr {
  const args = bounds.map((bound) => settled(bound, 'float8'));
  if (args.length !== 2 || !args.every(({ type }) => isImplicit(type, 'float8')))
    throw missing(
      name,
      args.map(({ type }) => type),
      at,
    );
  return call('sample', 'text', ...args.map((arg) => converted(arg, 'float8')));
}

/** The number of a statistic: a float, or exact. */
export function numberOf(name: string, arg: Expr, at: number | undefined): Expr {
  if (!numbers.includes(arg.type)) throw missing(name, [arg.type], at);
  return converted(arg, isFloat(arg.type) ? 'float8' : 'numeric');
}

/** Texts that are joined: by what, and in which order of values that stand beside each of them. */
export type Joined = {
  readonly delimiter: string;
  /** Of an array: whether each value is in it once. */
  readonly isDistinct?: boolean;
  readonly order: readonly { readonly type: Type; readonly isDown: boolean; readonly nullsFirst: boolean }[];
};

/** A text and what it is ordered by as one text. */
export const orderedText = (value: Expr, keys: readonly Expr[], at: number | undefined): Expr =>
  call('sample', 'text', value, ...keys.map((key) => marked(key, at)));

/** A value, which may be NULL, and what it is ordered by as one text. */
export const orderedValue = (value: Expr, keys: readonly Expr[], at: number | undefined): Expr => orderedText(marked(value, at), keys, at);

function marked(key: Expr, at: number | undefined): Expr {
  const isNone: Expr = { kind: 'isNull', type: 'bool', args: [key] };
  const known = applied('||', [{ kind: 'constant', type: 'text', value: '=' }, converted(key, 'text')], at);
  return { kind: 'case', type: 'text', args: [isNone, { kind: 'constant', type: 'text', value: '' }, known] };
}
