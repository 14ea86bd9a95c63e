import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { compareDecimal, type Decimal, divide, truncatedAt } from '../../domain/decimal.ts';
import { exponential, logarithm, powered, rooted } from '../../domain/decimal-function.ts';
import { finite, ranged } from '../../domain/value.ts';

type Whole = number | bigint;
const turn = 180 / Math.PI;
const outOfRange = () => new StatementError(sqlstates.outOfRange, 'input is out of range');

function within(value: number): number {
  if (!Number.isFinite(value)) throw outOfRange();
  return value;
}

/** Degrees of a circle, exact where the answer is: at multiples of 30 and 45. */
const exact = (value: number): number => (Math.abs(value - Math.round(value * 2) / 2) < 1e-15 ? Math.round(value * 2) / 2 : value);
const sine = (degrees: number) => exact(Math.sin(within(degrees % 360) / turn));
const cosine = (degrees: number) => exact(Math.cos(within(degrees % 360) / turn));
const tangent = (degrees: number) => exact(sine(degrees) / cosine(degrees));
const angle = (radians: number) => {
  const degrees = radians * turn;
  return Math.abs(degrees - Math.round(degrees)) < 1e-12 ? Math.round(degrees) : degrees;
};
const limited = (value: number): number => {
  if (Math.abs(value) > 1) throw outOfRange();
  return value;
};

const bits = (type: 'int2' | 'int4' | 'int8') => {
  const size = type === 'int2' ? 16 : type === 'int4' ? 32 : 64;
  const made = (value: bigint) => ranged(type, BigInt.asIntN(size, value));
  const of = (work: (left: bigint, right: bigint) => bigint) => (left: Whole, right: Whole) => made(work(BigInt(left), BigInt(right)));
  return {
    [`${type}And`]: of((left, right) => left & right),
    [`${type}Or`]: of((left, right) => left | right),
    [`${type}Xor`]: of((left, right) => left ^ right),
    [`${type}Not`]: (value: Whole) => made(~BigInt(value)),
    [`${type}Left`]: of((left, right) => left << (right & BigInt(size - 1))),
    [`${type}Right`]: of((left, right) => left >> (right & BigInt(size - 1))),
  };
};

const magnitude = (value: bigint): bigint => (value < 0n ? -value : value);
const common = (left: bigint, right: bigint): bigint => (right === 0n ? magnitude(left) : common(right, left % right));
const divisor = (type: 'int4' | 'int8') => (left: Whole, right: Whole) => ranged(type, common(BigInt(left), BigInt(right)));
const multiple = (type: 'int4' | 'int8') => (left: Whole, right: Whole) => {
  const [a, b] = [BigInt(left), BigInt(right)];
  return ranged(type, a === 0n || b === 0n ? 0n : magnitude((a / common(a, b)) * b));
};

function bucketOf(isBelow: (isLow: boolean) => boolean, count: number, share: () => number): number {
  if (count <= 0) throw new StatementError('2201G', 'count must be greater than zero');
  if (isBelow(true)) return 0;
  return isBelow(false) ? Math.min(count, Math.floor(share() * count) + 1) : count + 1;
}

/** Functions of numbers. */
export const numerics = {
  ...bits('int2'),
  ...bits('int4'),
  ...bits('int8'),
  sin: (value: number) => Math.sin(within(value)),
  cos: (value: number) => Math.cos(within(value)),
  tan: (value: number) => Math.tan(within(value)),
  cot: (value: number) => 1 / Math.tan(within(value)),
  asin: (value: number) => Math.asin(limited(value)),
  acos: (value: number) => Math.acos(limited(value)),
  atan: Math.atan,
  atan2: Math.atan2,
  sind: sine,
  cosd: cosine,
  tand: tangent,
  cotd: (value: number) => 1 / tangent(value),
  asind: (value: number) => angle(Math.asin(limited(value))),
  acosd: (value: number) => angle(Math.acos(limited(value))),
  atand: (value: number) => angle(Math.atan(value)),
  atan2d: (y: number, x: number) => angle(Math.atan2(y, x)),
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  asinh: Math.asinh,
  acosh(value: number): number {
    if (value < 1) throw outOfRange();
    return Math.acosh(value);
  },
  atanh: (value: number) => Math.atanh(limited(value)),
  cbrt: Math.cbrt,
  degrees: (value: number) => finite(value * turn),
  radians: (value: number) => value / turn,
  pi: () => Math.PI,
  random: () => Math.random(),
  log10(value: number): number {
    if (value <= 0) throw new StatementError('2201E', `cannot take logarithm of ${value === 0 ? 'zero' : 'a negative number'}`);
    return Math.log10(value);
  },
  power(base: number, exponent: number): number {
    if (base < 0 && !Number.isInteger(exponent))
      throw new StatementError('2201F', 'a negative number raised to a non-integer power yields a complex result');
    if (base === 0 && exponent < 0) throw new StatementError('2201F', 'zero raised to a negative power is undefined');
    return finite(base ** exponent);
  },
  sqrtDecimal: rooted,
  expDecimal: exponential,
  lnDecimal: (value: Decimal) => logarithm(value),
  log10Decimal: (value: Decimal) => logarithm(value, { units: 10n, scale: 0 }),
  logDecimal: (base: Decimal, value: Decimal) => logarithm(value, base),
  powerDecimal: powered,
  signDecimal: ({ units }: Decimal): Decimal => ({ units: units === 0n ? 0n : units < 0n ? -1n : 1n, scale: 0 }),
  divDecimal: (left: Decimal, right: Decimal) => truncatedAt(divide(left, right), 0),
  gcd: divisor('int4'),
  gcd8: divisor('int8'),
  lcm: multiple('int4'),
  lcm8: multiple('int8'),
  widthBucket(value: number, low: number, high: number, count: number): number {
    if (low === high) throw new StatementError('2201G', 'lower bound cannot equal upper bound');
    const isDown = low > high;
    const isBelow = (isLow: boolean) => (isLow ? (isDown ? value > low : value < low) : isDown ? value > high : value < high);
    return bucketOf(isBelow, count, () => (value - low) / (high - low));
  },
  widthBucketDecimal(value: Decimal, low: Decimal, high: Decimal, count: number): number {
    if (compareDecimal(low, high) === 0) throw new StatementError('2201G', 'lower bound cannot equal upper bound');
    const isDown = compareDecimal(low, high) > 0;
    const sign = (edge: Decimal) => compareDecimal(value, edge) * (isDown ? -1 : 1);
    const scale = Math.max(value.scale, low.scale, high.scale);
    const at = ({ units, scale: own }: Decimal) => units * 10n ** BigInt(scale - own);
    const place = () => Number(((at(value) - at(low)) * BigInt(count)) / (at(high) - at(low)));
    return bucketOf(
      (isLow) => sign(isLow ? low : high) < 0,
      count,
      () => (place() + 0.5) / count,
    );
  },
};
