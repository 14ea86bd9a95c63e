import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { add, type Decimal, divide, multiply, negate, remainder } from './decimal.ts';
import { compareValues, finite, ranged, type Type, type Value } from './value.ts';

type Binary<T> = (left: T, right: T) => T;

const zero = () => new StatementError(sqlstates.divisionByZero, 'division by zero');

const integers: Readonly<Record<string, Binary<bigint>>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => {
    if (right === 0n) throw zero();
    return left / right;
  },
  '%': (left, right) => {
    if (right === 0n) throw zero();
    return left % right;
  },
};

const decimals: Readonly<Record<string, Binary<Decimal>>> = {
  '+': add,
  '-': (left, right) => add(left, negate(right)),
  '*': multiply,
  '/': divide,
  '%': remainder,
};

const floats: Readonly<Record<string, Binary<number>>> = {
  '+': (left, right) => finite(left + right),
  '-': (left, right) => finite(left - right),
  '*': (left, right) => finite(left * right),
  '/': (left, right) => {
    if (right === 0) throw zero();
    return finite(left / right);
  },
};

type Known = Exclude<Value, null>;

/** The arithmetic of an operator on two values of one type of number; undefined where there is none. */
export function arithmetic(operator: string, type: Type): ((left: Known, right: Known) => Known) | undefined {
  if (type === 'int4' || type === 'int8') {
    const work = integers[operator];
    return work && ((left, right) => ranged(type, work(left as bigint, right as bigint)));
  }
  const table = type === 'numeric' ? decimals : type === 'float8' ? floats : undefined;
  return table?.[operator] as ((left: Known, right: Known) => Known) | undefined;
}

const comparisons: Readonly<Record<string, (order: number) => boolean>> = {
  '=': (order) => order === 0,
  '<>': (order) => order !== 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
};

/** The comparison of an operator on two values of one type. */
export function comparison(operator: string): ((left: Known, right: Known) => boolean) | undefined {
  const test = comparisons[operator];
  return test && ((left, right) => test(compareValues(left, right)));
}

/** The number with the other sign. */
export function negated(value: Known, type: Type): Known {
  if (typeof value === 'bigint') return ranged(type === 'int4' ? 'int4' : 'int8', -value);
  return typeof value === 'object' ? negate(value) : -(value as number);
}
