import { type Failure, failure, type Long } from './value.ts';

const smallest = -(2n ** 63n);
const largest = 2n ** 63n - 1n;

/** The one form of an integer, or undefined beyond 64 bits. */
export function long(value: bigint): Long | undefined {
  if (value < smallest || value > largest) return undefined;
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

function checked(value: bigint, doing: string, a: Long, b: Long): Long | Failure {
  return long(value) ?? failure(`integer overflow while attempting to ${doing} the values \`${a}\` and \`${b}\``);
}

// The rounded result of two exact numbers is safe only when the true result is, and then it was not rounded.
export function add(a: Long, b: Long): Long | Failure {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return checked(BigInt(a) + BigInt(b), 'add', a, b);
}

export function subtract(a: Long, b: Long): Long | Failure {
  if (typeof a === 'number' && typeof b === 'number') {
    const difference = a - b;
    if (Number.isSafeInteger(difference)) return difference;
  }
  return checked(BigInt(a) - BigInt(b), 'subtract', a, b);
}

export function multiply(a: Long, b: Long): Long | Failure {
  if (typeof a === 'number' && typeof b === 'number') {
    const product = a * b;
    if (Number.isSafeInteger(product)) return product + 0; // -0 becomes 0
  }
  return checked(BigInt(a) * BigInt(b), 'multiply', a, b);
}

export function negate(a: Long): Long | Failure {
  if (typeof a === 'number') return 0 - a;
  return long(-a) ?? failure(`integer overflow while attempting to negate the value \`${a}\``);
}

/** The quotient rounded towards zero. `by` is a positive number. */
export function divide(a: Long, by: number): Long {
  if (typeof a === 'number') return Math.trunc(a / by) + 0;
  return long(a / BigInt(by)) as Long;
}

/** What remains after rounding down to a multiple of `by`: never negative. */
export function modulo(a: Long, by: number): number {
  if (typeof a === 'number') {
    const rest = a % by;
    return rest < 0 ? rest + by : rest + 0;
  }
  const rest = Number(a % BigInt(by));
  return rest < 0 ? rest + by : rest;
}
