import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { numericDigitsMax, numericScaleMax, quotientScaleMax } from './limits.ts';

/** An exact decimal number: `units` of 10^-scale. The scale is shown, as PostgreSQL's numeric does. */
export type Decimal = { readonly units: bigint; readonly scale: number };

export const decimal = (units: bigint, scale = 0): Decimal => ({ units, scale });
const powers = Array.from({ length: 40 }, (_, scale) => 10n ** BigInt(scale));
const power = (scale: number): bigint => powers[scale] ?? 10n ** BigInt(scale);
const magnitude = (value: bigint): bigint => (value < 0n ? -value : value);

/** Reads `-12.50`, `1e3`; undefined for what is no number, an error for one beyond PostgreSQL's range. */
export function readDecimal(text: string): Decimal | undefined {
  const [, minus = '', whole = '', fraction = '', exponent = '0'] =
    /^\s*([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,6}))?\s*$/.exec(text) ?? [];
  if (whole === '' && fraction === '') return undefined;
  const shift = Number(exponent);
  if (whole.length + shift > numericDigitsMax || fraction.length - shift > numericScaleMax)
    throw new StatementError(sqlstates.outOfRange, 'value overflows numeric format');
  const digits = BigInt(`${whole}${fraction}`) * (minus === '-' ? -1n : 1n);
  const scale = fraction.length - shift;
  return scale >= 0 ? { units: digits, scale } : { units: digits * power(-scale), scale: 0 };
}

export function printDecimal({ units, scale }: Decimal): string {
  if (scale === 0) return String(units);
  const digits = String(magnitude(units)).padStart(scale + 1, '0');
  return `${units < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** The text of a number that equal ones have too. */
export function canonicalNumber(text: string): string {
  const read = readDecimal(text) as Decimal;
  const shown = printDecimal(read);
  return read.scale === 0 ? shown : shown.replace(/\.?0+$/, '');
}

function rescaled(value: Decimal, scale: number): bigint {
  return scale === value.scale ? value.units : value.units * power(scale - value.scale);
}

let mostUnits: bigint | undefined;

/** What a numeric can hold: a number that grows without end would take all of the process' time. */
function held(units: bigint): bigint {
  mostUnits ??= power(numericDigitsMax + numericScaleMax);
  if (magnitude(units) >= mostUnits) throw new StatementError(sqlstates.outOfRange, 'value overflows numeric format');
  return units;
}

export function add(left: Decimal, right: Decimal): Decimal {
  const scale = Math.max(left.scale, right.scale);
  return { units: held(rescaled(left, scale) + rescaled(right, scale)), scale };
}

export const negate = ({ units, scale }: Decimal): Decimal => ({ units: -units, scale });

export function multiply(left: Decimal, right: Decimal): Decimal {
  const scale = left.scale + right.scale;
  return scale > numericScaleMax
    ? { units: held(quotient(left.units * right.units, power(scale - numericScaleMax))), scale: numericScaleMax }
    : { units: held(left.units * right.units), scale };
}

export function compareDecimal(left: Decimal, right: Decimal): number {
  const scale = Math.max(left.scale, right.scale);
  const [a, b] = [rescaled(left, scale), rescaled(right, scale)];
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The number with so many digits behind the point (before it, where negative), half away from zero. */
export function rounded({ units, scale }: Decimal, digits: number): Decimal {
  const wanted = Math.min(Math.max(digits, -numericDigitsMax), numericScaleMax);
  if (wanted >= scale) return { units: units * power(wanted - scale), scale: wanted };
  const cut = quotient(units, power(scale - wanted));
  return wanted >= 0 ? { units: cut, scale: wanted } : { units: cut * power(-wanted), scale: 0 };
}

/** The number without what is behind so many digits. */
export function truncatedAt({ units, scale }: Decimal, digits: number): Decimal {
  const wanted = Math.min(Math.max(digits, -numericDigitsMax), numericScaleMax);
  if (wanted >= scale) return { units: units * power(wanted - scale), scale: wanted };
  const cut = units / power(scale - wanted);
  return wanted >= 0 ? { units: cut, scale: wanted } : { units: cut * power(-wanted), scale: 0 };
}

/** A division of integers, rounded half away from zero. */
function quotient(dividend: bigint, divisor: bigint): bigint {
  const [over, under] = [magnitude(dividend), magnitude(divisor)];
  const whole = (over * 2n + under) / (under * 2n);
  return dividend < 0n !== divisor < 0n ? -whole : whole;
}

/** The number without digits behind the point, half away from zero. */
export const toInteger = (value: Decimal): bigint => rounded(value, 0).units;

const groupDigits = 4;

/** PostgreSQL's first digit to the base 10000, and its place. */
function leading({ units, scale }: Decimal): { weight: number; first: number } {
  if (units === 0n) return { weight: 0, first: 0 };
  const digits = String(magnitude(units));
  // The place, by powers of ten, of the first decimal digit.
  const place = digits.length - 1 - scale;
  const weight = Math.floor(place / groupDigits);
  const width = place - weight * groupDigits + 1;
  return { weight, first: Number(digits.slice(0, width).padEnd(width, '0')) };
}

const significantDigits = 16;

/** Division with as many digits as PostgreSQL's numeric shows (its select_div_scale). */
export function divide(left: Decimal, right: Decimal): Decimal {
  if (right.units === 0n) throw new StatementError(sqlstates.divisionByZero, 'division by zero');
  const [over, under] = [leading(left), leading(right)];
  const weight = over.weight - under.weight - (over.first <= under.first ? 1 : 0);
  const wanted = Math.max(significantDigits - weight * groupDigits, left.scale, right.scale, 0);
  const scale = Math.min(wanted, quotientScaleMax);
  const up = scale + right.scale - left.scale;
  const [dividend, divisor] = up >= 0 ? [left.units * power(up), right.units] : [left.units, right.units * power(-up)];
  return { units: quotient(dividend, divisor), scale };
}

/** The square root of a number that is not negative, with as many digits behind the point as that has. */
export function squareRoot({ units, scale }: Decimal): Decimal {
  const wanted = units * power(scale + 2);
  if (wanted === 0n) return { units, scale };
  // Newton's steps from above go down to the root without what is behind it.
  let root = 1n << BigInt(Math.ceil(wanted.toString(2).length / 2));
  for (let next = (root + wanted / root) >> 1n; next < root; next = (root + wanted / root) >> 1n) root = next;
  return { units: quotient(root, 10n), scale };
}

/** The remainder, with the sign of the dividend. */
export function remainder(left: Decimal, right: Decimal): Decimal {
  if (right.units === 0n) throw new StatementError(sqlstates.divisionByZero, 'division by zero');
  const scale = Math.max(left.scale, right.scale);
  return { units: rescaled(left, scale) % rescaled(right, scale), scale };
}

/** The same for all numbers that are equal, whatever their scale. */
export function canonical({ units, scale }: Decimal): string {
  return scale === 0
    ? String(units)
    : printDecimal({ units, scale })
        .replace(/\.?0+$/, '')
        .replace(/^-?$/, '0')
        .replace(/^-0$/, '0');
}
