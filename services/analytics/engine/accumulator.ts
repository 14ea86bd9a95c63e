import type { Aggregate } from '../domain/aggregate.ts';
import { printValue, readValue, type Type, type Value, whole } from '../domain/value.ts';
import { printDecimal, readDecimal, type Decimal } from '../domain/decimal.ts';
import { codeOf } from './operation.ts';
import { Bag } from './bag.ts';
import { noScaled, type Scaled } from './exact.ts';

/** What an aggregate keeps of each group: an array by group, what it begins with, and how it is written down. */
export type Kept = {
  readonly first: () => unknown;
  readonly write: (value: never) => unknown;
  readonly read: (written: never) => unknown;
  readonly bag?: Type;
};

/** An aggregate's code: `s` is the group, `w` the weight, the names are those of its arrays. */
export type Accumulator = {
  readonly kept: readonly Kept[];
  readonly update: (names: readonly string[], value: string, weight: string) => string;
  readonly result: (names: readonly string[]) => string;
};

const count: Kept = { first: () => 0, write: (value: number) => value, read: (written: number) => written };
const wholeSum: Kept = {
  first: () => 0,
  write: (value: number | bigint) => String(value),
  read: (written: string) => whole(BigInt(written)),
};
const exact: Kept = { first: () => 0n, write: (value: bigint) => value.toString(36), read: (written: string) => fromBase36(written) };
const scaled: Kept = {
  first: () => noScaled,
  write: ({ units, scale, counts }: Scaled) => [String(units), scale, [...counts]],
  read: ([units, scale, counts]: [string, number, [number, number][]]): Scaled => ({
    units: BigInt(units),
    scale,
    counts: new Map(counts),
  }),
};
const float: Kept = {
  first: () => 0,
  write: (value: number) => (Object.is(value, -0) ? '-0' : value),
  read: (written: number | string) => Number(written),
};
const decimals: Kept = {
  first: () => null,
  write: (value: Decimal | null) => value && printDecimal(value),
  read: (written: string | null) => (written === null ? null : readDecimal(written)),
};
const bag = (type: Type): Kept => ({ first: () => new Bag(), write: () => null, read: () => new Bag(), bag: type });
const value = (type: Type): Kept => ({
  first: () => null,
  write: (held: Value) => printValue(type, held),
  read: (written: string | null) => (written === null ? null : readValue(type, written)),
});

function fromBase36(text: string): bigint {
  const negative = text.startsWith('-');
  let found = 0n;
  for (const digit of negative ? text.slice(1) : text) found = found * 36n + BigInt(Number.parseInt(digit, 36));
  return negative ? -found : found;
}

/** The code of an aggregate. Where rows only come, what they were need not be kept. */
export function accumulatorOf(aggregate: Aggregate, appends: boolean): Accumulator {
  const { name, arg, distinct } = aggregate;
  if (distinct && arg) {
    const inner = accumulatorOf({ ...aggregate, distinct: false }, appends);
    return {
      kept: [bag(arg.type), ...inner.kept],
      update: ([own = '', ...names], of, weight) =>
        `const d${own} = ${own}[s].change(${of}, ${weight});\nif (d${own} !== 0) {\n${inner.update(names, of, `d${own}`)}\n}`,
      result: ([, ...names]) => inner.result(names),
    };
  }
  const type = arg?.type ?? 'int8';
  switch (name) {
    case 'count':
      return { kept: [count], update: ([n], _, weight) => `${n}[s] += ${weight};`, result: ([n]) => `${n}[s]` };
    case 'bool_and':
    case 'bool_or':
      return {
        kept: [count, count],
        update: ([all, held], of, weight) => `${all}[s] += ${weight}; if (${of}) ${held}[s] += ${weight};`,
        result: ([all, held]) => `${all}[s] === 0 ? null : ${name === 'bool_or' ? `${held}[s] > 0` : `${held}[s] === ${all}[s]`}`,
      };
    case 'min':
    case 'max':
      return extreme(name, type, appends);
    default:
      return total(name, type, aggregate.type, appends);
  }
}

function extreme(name: 'min' | 'max', type: Type, appends: boolean): Accumulator {
  if (!appends)
    return {
      kept: [bag(type)],
      update: ([held], of, weight) => `${held}[s].change(${of}, ${weight});`,
      result: ([held]) => `${held}[s].${name === 'min' ? 'least' : 'greatest'}`,
    };
  const better = codeOf(`${name === 'min' ? '<' : '>'}:${type},${type}`);
  return {
    kept: [value(type)],
    update: ([best], of) => `if (${best}[s] === null || ${better([of, `${best}[s]`])}) ${best}[s] = ${of};`,
    result: ([best]) => `${best}[s]`,
  };
}

/** sum and avg: integers and decimals exactly; PostgreSQL's result types. */
function total(name: 'sum' | 'avg', type: Type, answered: Type, appends: boolean): Accumulator {
  const counted = (sum: Kept, update: (sum: string, of: string, weight: string) => string, result: (sum: string, n: string) => string) => ({
    kept: [count, sum],
    update: ([n, held = '']: readonly string[], of: string, weight: string) => `${n}[s] += ${weight};\n${update(held, of, weight)}`,
    result: ([n, held = '']: readonly string[]) => `${n}[s] === 0 ? null : ${result(`${held}[s]`, `${n}[s]`)}`,
  });
  const mean = (sum: string, n: string) => `r.divideDecimal(${sum}, r.decimalOf(${n}))`;
  if (type === 'float8') {
    const result = (sum: string, n: string) => (name === 'sum' ? `r.finite(${sum})` : `r.finite(${sum} / ${n})`);
    if (appends) return counted(float, (held, of, weight) => `${held}[s] = r.finite(${held}[s] + ${of} * ${weight});`, result);
    return counted(
      exact,
      (held, of, weight) => `${held}[s] = r.exactSum(${held}[s], ${of}, ${weight});`,
      (sum, n) => result(`r.rounded(${sum})`, n),
    );
  }
  if (type === 'numeric') {
    const result = (sum: string, n: string) => (name === 'sum' ? sum : mean(sum, n));
    const times = (of: string, weight: string) => `(${weight} === 1 ? ${of} : r.multiplyDecimal(${of}, r.decimalOf(${weight})))`;
    if (appends)
      return counted(
        decimals,
        (held, of, weight) => `${held}[s] = ${held}[s] === null ? ${times(of, weight)} : r.addDecimal(${held}[s], ${times(of, weight)});`,
        result,
      );
    return counted(
      scaled,
      (held, of, weight) => `${held}[s] = r.scaledSum(${held}[s], ${of}, ${weight});`,
      (sum, n) => result(`r.unscaled(${sum})`, n),
    );
  }
  const update = (held: string, of: string, weight: string) => `${held}[s] = r.accumulated(${held}[s], ${of}, ${weight});`;
  const result = (sum: string, n: string) =>
    name === 'avg' ? mean(`r.decimalOf(${sum})`, n) : answered === 'int8' ? `r.int8(${sum})` : `r.decimalOf(${sum})`;
  return counted(wholeSum, update, result);
}
