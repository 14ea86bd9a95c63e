import { finite } from '../../domain/value.ts';

/** How values of a feature lie within a class: their count, mean, sum of squared distances from it, least and greatest. */
export type Gaussian = readonly [count: number, mean: number, squares: number, least: number, greatest: number];

/** What a density reads of it. */
export type Spread = readonly [count: number, mean: number, squares: number, ...range: readonly number[]];

export function observed(before: Gaussian | undefined, value: number): Gaussian {
  if (!before) return [1, value, 0, value, value];
  const [count, mean, squares, least, greatest] = before;
  const next = mean + (value - mean) / (count + 1);
  const after = finite(squares + (value - mean) * (value - next));
  return [count + 1, finite(next), after, Math.min(least, value), Math.max(greatest, value)];
}

const varianceOf = ([count, , squares]: Spread): number => (count > 1 ? squares / (count - 1) : 0);

export const hasSpread = (gaussian: Spread): boolean => varianceOf(gaussian) > 0;

/** The logarithm of the density at a value, but for the constant that all have. */
export function logDensity(gaussian: Spread, value: number): number {
  const variance = varianceOf(gaussian);
  const distance = value - gaussian[1];
  return -Math.log(variance) / 2 - (distance * distance) / (2 * variance);
}

/** How many of the values are not above a value. */
export function countBelow(gaussian: Gaussian, value: number): number {
  const [count, mean, , least, greatest] = gaussian;
  if (value < least) return 0;
  if (value >= greatest) return count;
  return hasSpread(gaussian) ? count * cumulative((value - mean) / Math.sqrt(varianceOf(gaussian))) : value < mean ? 0 : count;
}

/** The normal distribution's share below a value, by the series in odd powers (Abramowitz and Stegun 26.2.11). */
function cumulative(value: number): number {
  if (Math.abs(value) > 8) return value > 0 ? 1 : 0;
  let term = value;
  let sum = value;
  for (let odd = 3; Math.abs(term) > 1e-17 * Math.abs(sum); odd += 2) {
    term *= (value * value) / odd;
    sum += term;
  }
  return 0.5 + (sum * Math.exp((-value * value) / 2)) / Math.sqrt(2 * Math.PI);
}
