import type { Aggregate } from '../domain/aggregate.ts';
import { add, type Decimal, decimal, divide } from '../domain/decimal.ts';
import type { StatisticName } from '../domain/statistic.ts';
import { compareValues, finite, ranged, type Value, whole } from '../domain/value.ts';
import { runtime } from './runtime.ts';
import {
  decimalStatistic,
  floatStatistic,
  noPairs,
  noSquares,
  type Pairs,
  type Squares,
  takePair,
  takeSample,
  takeSquare,
} from './statistic.ts';

/** An aggregate over more and more rows. */
export type Running = { add(value: Value): void; value(): Value };

/** Begins an aggregate; values that are NULL do not count. */
export function runningOf(aggregate: Aggregate): Running {
  const fold = foldOf(aggregate);
  let state = fold.first;
  return { add: (value) => value !== null && (state = fold.add(state, value)), value: () => fold.value(state) };
}

/** An aggregate whose states are values, of which each may go on in several ways. */
export type Fold = {
  readonly first: FoldState;
  add(state: FoldState, value: Exclude<Value, null>): FoldState;
  /** What is left without the value that was added first; undefined where that cannot be told. */
  remove?(state: FoldState, value: Exclude<Value, null>): FoldState | undefined;
  value(state: FoldState): Value;
};
/** How many values there were, and what they came to. */
export type FoldState = readonly [count: number, value: Value, sums?: Pairs | Squares];

const none: FoldState = [0, null];

export function foldOf({ name, arg, type, joined }: Aggregate): Fold {
  const made = (add: (before: Value, value: Exclude<Value, null>) => Value, value: (state: FoldState) => Value): Fold => ({
    first: none,
    add: ([count, before], each) => [count + 1, add(before, each)],
    value,
  });
  const last = ([, value]: FoldState) => value;
  const together = (how: (left: bigint, right: bigint) => bigint) =>
    made((held, value) => (held === null ? value : whole(how(BigInt(held as number), BigInt(value as number)))), last);
  switch (name) {
    case 'count':
      return {
        ...made(
          () => null,
          ([count]) => count,
        ),
        remove: ([count]) => [count - 1, null],
      };
    case 'min':
    case 'max': {
      const sign = name === 'min' ? -1 : 1;
      return {
        ...made((best, value) => (best === null || compareValues(value, best) * sign > 0 ? value : best), last),
        remove: ([count, best], value) => (compareValues(value, best as Exclude<Value, null>) === 0 ? undefined : [count - 1, best]),
      };
    }
    case 'bool_and':
      return made((held, value) => held !== false && value === true, last);
    case 'bool_or':
      return made((held, value) => held === true || value === true, last);
    case 'bit_and':
      return together((left, right) => left & right);
    case 'bit_or':
      return together((left, right) => left | right);
    case 'bit_xor':
      return together((left, right) => left ^ right);
    case 'string_agg':
      return made(
        (held, value) => (held === null ? value : runtime.joinTexts(`${held as string}${joined?.delimiter ?? ''}`, value as string)),
        last,
      );
    case 'array_agg':
    case 'percentile_cont':
    case 'percentile_disc':
    case 'mode':
      throw new TypeError(`${name} has no fold`);
    case 'approx_count_distinct':
    case 'drift':
    case 'learn_linear':
    case 'learn_logistic':
    case 'learn_tree':
      throw new TypeError(`${name} is learned in groups alone`);
    case 'sum':
    case 'avg':
      return arg?.type === 'float8' ? floats(name) : arg?.type === 'numeric' ? decimals(name) : wholes(name, type);
    default:
      return arg?.type === 'numeric' ? ofDecimals(name) : ofFloats(name, arg?.type === 'text');
  }
}

function ofFloats(name: StatisticName, isPair: boolean): Fold {
  return {
    first: [0, null, noPairs],
    add([count, , sums], value) {
      const pairs = sums as Pairs;
      return [count + 1, null, isPair ? takeSample(pairs, value as string, 1) : takePair(pairs, value as number, 0, 1)];
    },
    value: ([, , sums]) => floatStatistic(name, sums as Pairs),
  };
}

function ofDecimals(name: StatisticName): Fold {
  return {
    first: [0, null, noSquares],
    add: ([count, , sums], value) => [count + 1, null, takeSquare(sums as Squares, value as Decimal, 1)],
    value: ([, , sums]) => decimalStatistic(name, sums as Squares),
  };
}

function floats(name: 'sum' | 'avg'): Fold {
  return {
    first: none,
    add: ([count, sum], value) => [count + 1, finite(((sum as number | null) ?? 0) + (value as number))],
    value: ([count, sum]) => (count === 0 || name === 'sum' ? sum : (sum as number) / count),
  };
}

function decimals(name: 'sum' | 'avg'): Fold {
  return {
    first: none,
    add: ([count, sum], value) => [count + 1, sum === null ? value : add(sum as Decimal, value as Decimal)],
    value: ([count, sum]) => (count === 0 || name === 'sum' ? sum : divide(sum as Decimal, decimal(BigInt(count)))),
  };
}

function wholes(name: 'sum' | 'avg', type: Aggregate['type']): Fold {
  return {
    first: none,
    add: ([count, sum], value) => [count + 1, BigInt((sum as bigint | null) ?? 0) + BigInt(value as number)],
    remove: ([count, sum], value) => [count - 1, BigInt(sum as bigint) - BigInt(value as number)],
    value([count, sum]) {
      if (count === 0) return null;
      const total = BigInt(sum as bigint);
      if (name === 'avg') return divide(decimal(total), decimal(BigInt(count)));
      return type === 'int8' ? ranged('int8', total) : decimal(total);
    },
  };
}
