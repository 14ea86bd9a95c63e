import { type Decimal, decimal } from '../domain/decimal.ts';
import { finite, whole } from '../domain/value.ts';

type Whole = number | bigint;

/** A sum of integers of any size as two numbers: what is above 52 bits, if anything, in the second. */
export const splitSum = (sum: bigint): [low: number, high: number] => [Number(BigInt.asUintN(52, sum)), Number(sum >> 52n)];

export const joinedSum = (low: number, high: number): Whole => (high === 0 ? low : whole((BigInt(high) << 52n) + BigInt(low)));

/** Adds a value so often to a sum that lies in two numbers, whatever its size. */
export function takeSum(cells: Float64Array, at: number, value: Whole, weight: number): void {
  const [low, high] = splitSum(BigInt(cells[at] as number) + BigInt(value) * BigInt(weight));
  cells[at] = low;
  cells[at + 1] = (cells[at + 1] as number) + high;
}

/** An integer as two numbers: itself and 0, or where a number does not hold it what is above 32 bits in the second. */
export const splitBest = (value: Whole): [low: number, high: number] =>
  typeof value === 'number' ? [value, 0] : [Number(BigInt.asUintN(32, value)), Number(value >> 32n)];

const joinedBest = (low: number, high: number): Whole => (high === 0 ? low : (BigInt(high) << 32n) + BigInt(low));

/** The least or greatest integer, which lies in two numbers, or NULL where there is none. */
export function shownBest(low: number, high: number): Whole | null {
  const best = joinedBest(low, high);
  return Number.isNaN(best) ? null : best;
}

export function takeBest(cells: Float64Array, at: number, value: Whole, isLeast: boolean): void {
  const best = joinedBest(cells[at] as number, cells[at + 1] as number);
  if (isLeast ? best <= value : best >= value) return;
  const [low, high] = splitBest(value);
  cells[at] = low;
  cells[at + 1] = high;
}

/**
 * A sum of decimals from which they may be taken again: its scale is the largest of those that are in it, as if the sum were
 * made anew.
 */
export type Scaled = { readonly units: bigint; readonly scale: number; readonly counts: ReadonlyMap<number, number> };

export const noScaled: Scaled = { units: 0n, scale: 0, counts: new Map() };

export function scaledSum(sum: Scaled, value: Decimal, weight: number): Scaled {
  const count = (sum.counts.get(value.scale) ?? 0) + weight;
  const counts = new Map(sum.counts);
  if (count === 0) counts.delete(value.scale);
  else counts.set(value.scale, count);
  const scale = Math.max(sum.scale, value.scale);
  const at = (units: bigint, from: number) => units * 10n ** BigInt(scale - from);
  return { units: at(sum.units, sum.scale) + at(value.units, value.scale) * BigInt(weight), scale, counts };
}

export function unscaled({ units, scale, counts }: Scaled): Decimal {
  const wanted = Math.max(0, ...counts.keys());
  return decimal(units / 10n ** BigInt(scale - wanted), wanted);
}

const least = 1074n;

/** A float as an exact integer: so many of the least float there is. */
export function units(value: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const exponent = (bits >> 52n) & 0x7ffn;
  const fraction = bits & 0xf_ffff_ffff_ffffn;
  const magnitude = exponent === 0n ? fraction : (fraction | (1n << 52n)) << (exponent - 1n);
  return value < 0 ? -magnitude : magnitude;
}

/** Adds a float so often to a sum that knows no rounding, so that it may be taken away again. */
export const exactSum = (sum: bigint, value: number, weight: number): bigint => sum + units(value) * BigInt(weight);

/** The float that is nearest to an exact sum. */
export function rounded(sum: bigint): number {
  const magnitude = sum < 0n ? -sum : sum;
  const width = BigInt(magnitude.toString(2).length);
  // A float has 53 digits: two more and one for all that is behind them are enough to round once.
  const shift = width > 60n ? width - 60n : 0n;
  const rest = shift > 0n && (magnitude & ((1n << shift) - 1n)) !== 0n ? 1n : 0n;
  const value = Number((magnitude >> shift) | rest) * 2 ** Number(shift > least ? 0n : shift - least);
  const found = shift > least ? value * 2 ** Number(shift - least) : value;
  return finite(sum < 0n ? -found : found);
}
