import { StatementError } from '#engine/pgwire/statement-error.ts';
import { type Decimal, multiply, printDecimal, readDecimal, rounded, squareRoot } from './decimal.ts';
import { numericDigitsMax, powerStepsMax } from './limits.ts';

/** How many digits PostgreSQL's functions of numerics show at least, and at most behind the point. */
const [leastDigits, mostScale] = [16, 1000];
const zero = (value: Decimal): boolean => value.units === 0n;
const floatOf = (value: Decimal): number => Number(printDecimal(value));
const shown = (scale: number, ...least: number[]): number => Math.min(mostScale, Math.max(0, scale, ...least));

/** PostgreSQL's weight: the place of the first digit to the base 10000, and that digit. */
function leading(value: Decimal): { weight: number; first: number } {
  const digits = String(value.units < 0n ? -value.units : value.units);
  const place = digits.length - 1 - value.scale;
  const weight = Math.floor(place / 4);
  return { weight, first: Number(digits.slice(0, place - weight * 4 + 1).padEnd(place - weight * 4 + 1, '0')) };
}

/** sqrt(numeric). */
export function rooted(value: Decimal): Decimal {
  if (value.units < 0n) throw new StatementError('2201F', 'cannot take square root of a negative number');
  const { weight } = zero(value) ? { weight: 0 } : leading(value);
  const places = weight >= 0 ? weight * 2 + 1 : 1 - Math.trunc((1 - weight * 4) / 2);
  const scale = shown(leastDigits - places, value.scale);
  return rounded(squareRoot(rounded(value, scale * 2 + 2)), scale);
}

/** Numbers as units of 10^-digits, in which series are summed. */
const fixed = (value: Decimal, digits: number): bigint => rounded(value, digits).units;

/** The natural logarithm of a positive number in units of 10^-digits. */
function logOf(value: Decimal, digits: number): bigint {
  const one = 10n ** BigInt(digits);
  // Roots bring the number near to 1, where the series is short.
  let [near, times] = [{ ...rounded(value, digits * 2) }, 1n];
  while (compare(near, 0.9) < 0 || compare(near, 1.1) > 0) {
    near = squareRoot(near);
    times *= 2n;
  }
  const x = rounded(near, digits * 2).units / 10n ** BigInt(digits);
  const ratio = ((x - one) * one) / (x + one);
  const square = (ratio * ratio) / one;
  let [term, sum, at] = [ratio, ratio, 1n];
  while (term !== 0n) {
    term = (term * square) / one;
    at += 2n;
    sum += term / at;
  }
  return 2n * sum * times;
}

const compare = (value: Decimal, to: number): number => floatOf(rounded(value, 20)) - to;

/** e to a power, in units of 10^-digits. */
function expOf(value: bigint, digits: number): bigint {
  const one = 10n ** BigInt(digits);
  let [x, halved] = [value, 0];
  while (x > one / 100n || x < -one / 100n) {
    x /= 2n;
    halved += 1;
  }
  let [term, sum, at] = [one, one, 0n];
  while (term !== 0n) {
    at += 1n;
    term = (term * x) / one / at;
    sum += term;
  }
  for (let count = 0; count < halved; count += 1) sum = (sum * sum) / one;
  return sum;
}

/** The place of the first digit of a logarithm, as PostgreSQL reckons it. */
function placesOfLog(value: Decimal): number {
  const near = floatOf(value);
  if (near >= 0.9 && near <= 1.1) {
    const rest = rounded({ units: value.units - 10n ** BigInt(value.scale), scale: value.scale }, value.scale);
    if (zero(rest)) return 0;
    const { weight, first } = leading(rest);
    return weight * 4 + Math.trunc(Math.log10(first));
  }
  const { weight, first } = leading(value);
  return Math.trunc(Math.log10(Math.abs(Math.log(first) + weight * 4 * Math.log(10))));
}

function positive(value: Decimal): Decimal {
  if (value.units <= 0n)
    throw new StatementError('2201E', zero(value) ? 'cannot take logarithm of zero' : 'cannot take logarithm of a negative number');
  return value;
}

/** ln(numeric), or the logarithm to a base. */
export function logarithm(value: Decimal, base?: Decimal): Decimal {
  positive(value);
  if (!base) {
    const scale = shown(leastDigits - placesOfLog(value), value.scale);
    const digits = scale + 12;
    return rounded({ units: logOf(value, digits), scale: digits }, scale);
  }
  positive(base);
  const places = placesOfLog(value) - placesOfLog(base);
  const scale = shown(leastDigits - places, base.scale, value.scale);
  const digits = scale + 20;
  const under = logOf(base, digits);
  if (under === 0n) throw new StatementError('22012', 'division by zero');
  return rounded({ units: (logOf(value, digits) * 10n ** BigInt(digits)) / under, scale: digits }, scale);
}

const overflow = () => new StatementError('22003', 'value overflows numeric format');
const tenth = Math.log10(Math.E);

/** exp(numeric). */
export function exponential(value: Decimal): Decimal {
  const places = floatOf(value) * tenth;
  if (places > numericDigitsMax) throw overflow();
  const scale = shown(leastDigits - Math.trunc(places), value.scale);
  if (places < -scale - 2) return { units: 0n, scale };
  const digits = scale + Math.max(0, Math.ceil(places)) + 20;
  return rounded({ units: expOf(fixed(value, digits), digits), scale: digits }, scale);
}

/** numeric ^ numeric. */
export function powered(base: Decimal, exponent: Decimal): Decimal {
  const whole = rounded(exponent, 0);
  const isWhole = whole.units * 10n ** BigInt(exponent.scale) === exponent.units;
  if (zero(base) && exponent.units < 0n) throw new StatementError('2201F', 'zero raised to a negative power is undefined');
  if (base.units < 0n && !isWhole)
    throw new StatementError('2201F', 'a negative number raised to a non-integer power yields a complex result');
  if (zero(exponent)) return rounded({ units: 1n, scale: 0 }, shown(leastDigits, base.scale, exponent.scale));
  if (zero(base)) return { units: 0n, scale: shown(leastDigits, base.scale, exponent.scale) };
  const { weight, first } = leading(base);
  const places = floatOf(exponent) * (weight * 4 + Math.log10(first));
  if (places > numericDigitsMax) throw overflow();
  const scale = shown(leastDigits - Math.trunc(places), base.scale, exponent.scale);
  if (places < -scale - 2) return { units: 0n, scale };
  const isShort = isWhole && Math.abs(Number(whole.units)) <= powerStepsMax && Math.abs(Number(whole.units)) * base.scale <= powerStepsMax;
  if (isShort) return rounded(integral(base, whole.units, scale), scale);
  const size = { units: base.units < 0n ? -base.units : base.units, scale: base.scale };
  const digits = scale + Math.max(0, Math.ceil(places)) + 24;
  const logs = (logOf(size, digits) * fixed(exponent, digits)) / 10n ** BigInt(digits);
  const found = rounded({ units: expOf(logs, digits), scale: digits }, scale);
  return base.units < 0n && whole.units % 2n !== 0n ? { ...found, units: -found.units } : found;
}

/** A power of a whole exponent, exact but for the digits of a quotient. */
function integral(base: Decimal, exponent: bigint, scale: number): Decimal {
  let [left, square] = [exponent < 0n ? -exponent : exponent, base];
  let found: Decimal = readDecimal('1') as Decimal;
  for (; left > 0n; left >>= 1n) {
    if (left & 1n) found = multiply(found, square);
    if (left > 1n) square = multiply(square, square);
  }
  if (exponent > 0n) return found;
  const up = scale + 4 + found.scale;
  return { units: 10n ** BigInt(up) / found.units, scale: up - found.scale };
}
