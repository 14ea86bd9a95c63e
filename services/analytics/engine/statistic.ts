import { type Decimal, decimal, divide, squareRoot } from '../domain/decimal.ts';
import type { StatisticName } from '../domain/statistic.ts';
import { finite } from '../domain/value.ts';
import { noScaled, type Scaled, scaledSum, units, unscaled } from './exact.ts';

/**
 * Sums of two floats of each row, `y` and `x`, and of their products, without any rounding, so that rows may be taken back: in
 * units of the least float there is, and of its square.
 */
export type Pairs = {
  readonly count: number;
  readonly y: bigint;
  readonly x: bigint;
  readonly yy: bigint;
  readonly xx: bigint;
  readonly xy: bigint;
};

export const noPairs: Pairs = { count: 0, y: 0n, x: 0n, yy: 0n, xx: 0n, xy: 0n };
/** A unit is 2 to the minus this; that of a product has twice as much. */
const depth = 1074;

/** Adds a pair so often, or takes it away. */
export function takePair({ count, y, x, yy, xx, xy }: Pairs, left: number, right: number, weight: number): Pairs {
  const [own, other, times] = [units(left), units(right), BigInt(weight)];
  return {
    count: count + weight,
    y: y + own * times,
    x: x + other * times,
    yy: yy + own * own * times,
    xx: xx + other * other * times,
    xy: xy + own * other * times,
  };
}

/** The same of a pair that is one text. */
export function takeSample(pairs: Pairs, text: string, weight: number): Pairs {
  const [left = 0, right = 0] = JSON.parse(text) as number[];
  return takePair(pairs, left, right, weight);
}

const quotientBits = 72;

/** The float that is nearest to a quotient, of 2 to the minus `shift`; one that is too great is an error. */
function share(over: bigint, under: bigint, shift = 0): number {
  const magnitude = over < 0n ? -over : over;
  if (magnitude === 0n) return 0;
  const width = (value: bigint) => value.toString(16).length * 4;
  const up = quotientBits - (width(magnitude) - width(under));
  const [dividend, divisor] = up >= 0 ? [magnitude << BigInt(up), under] : [magnitude, under << BigInt(-up)];
  // What is behind the digits of the quotient counts where it decides how they are rounded.
  const found = Number((dividend / divisor) | (dividend % divisor === 0n ? 0n : 1n));
  const down = up + shift;
  // A power of two that no float holds comes in two parts.
  const part = Math.trunc(down / 3);
  const value = found * 2 ** -part * 2 ** -part * 2 ** -(down - 2 * part);
  return finite(over < 0n ? -value : value);
}

/** What PostgreSQL answers of such sums, from exact ones; NULL where there are not enough rows or they do not differ. */
export function floatStatistic(name: StatisticName, { count, y, x, yy, xx, xy }: Pairs): number | null {
  if (count === 0) return null;
  const n = BigInt(count);
  // So many times the sums of squares, and of products, of the distances from the means.
  const [syy, sxx, sxy] = [n * yy - y * y, n * xx - x * x, n * xy - x * y];
  const sample = (of: bigint) => (count === 1 ? null : share(of, n * (n - 1n), 2 * depth));
  const root = (of: number | null) => (of === null ? null : Math.sqrt(of));
  switch (name) {
    case 'var_samp':
      return sample(syy);
    case 'stddev_samp':
      return root(sample(syy));
    case 'var_pop':
      return share(syy, n * n, 2 * depth);
    case 'stddev_pop':
      return root(share(syy, n * n, 2 * depth));
    case 'covar_samp':
      return sample(sxy);
    case 'covar_pop':
      return share(sxy, n * n, 2 * depth);
    case 'regr_avgx':
      return share(x, n, depth);
    case 'regr_avgy':
      return share(y, n, depth);
    case 'regr_sxx':
      return share(sxx, n, 2 * depth);
    case 'regr_syy':
      return share(syy, n, 2 * depth);
    case 'regr_sxy':
      return share(sxy, n, 2 * depth);
    case 'regr_slope':
      return sxx === 0n ? null : share(sxy, sxx);
    case 'regr_intercept':
      return sxx === 0n ? null : share(y * sxx - x * sxy, n * sxx, depth);
    case 'regr_r2':
      return sxx === 0n ? null : syy === 0n ? 1 : share(sxy * sxy, sxx * syy);
    case 'corr':
      return sxx === 0n || syy === 0n ? null : Math.sqrt(share(sxy * sxy, sxx * syy)) * (sxy < 0n ? -1 : 1);
  }
}

/** Sums of decimals and of their squares. */
export type Squares = { readonly count: number; readonly sum: Scaled; readonly squares: Scaled };

export const noSquares: Squares = { count: 0, sum: noScaled, squares: noScaled };

export function takeSquare({ count, sum, squares }: Squares, value: Decimal, weight: number): Squares {
  const square = decimal(value.units * value.units, value.scale * 2);
  return { count: count + weight, sum: scaledSum(sum, value, weight), squares: scaledSum(squares, square, weight) };
}

/** Variance and deviation of decimals with the digits that PostgreSQL shows (its numeric_stddev_internal). */
export function decimalStatistic(name: StatisticName, { count, sum, squares }: Squares): Decimal | null {
  const isSample = name.endsWith('samp');
  if (count === 0 || (isSample && count === 1)) return null;
  const n = BigInt(count);
  const [total, { units: square, scale }] = [unscaled(sum), unscaled(squares)];
  const distances = square * n - total.units ** 2n;
  if (distances <= 0n) return decimal(0n);
  const variance = divide(decimal(distances, scale), decimal(isSample ? n * (n - 1n) : n * n));
  return name.startsWith('var') ? variance : squareRoot(variance);
}
