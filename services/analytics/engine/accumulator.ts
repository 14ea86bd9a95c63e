import type { Aggregate, OrderedName } from '../domain/aggregate.ts';
import type { StatisticName } from '../domain/statistic.ts';
import { elementOf, printValue, readValue, type Type, type Value } from '../domain/value.ts';
import { printDecimal, readDecimal, type Decimal } from '../domain/decimal.ts';
import { isMasked } from './batch.ts';
import { codeOf } from './operation.ts';
import { Bag, type Tally } from './bag.ts';
import { OrderedBag, orderedIn } from './ordered.ts';
import type { Tree } from './hoeffding/tree.ts';
import type { Window } from './hoeffding/window.ts';
import type { Approximate } from './approximate.ts';
import type { Learner } from './learner.ts';
import type { BitName } from './bit.ts';
import { noPairs, noSquares, type Pairs, type Squares } from './statistic.ts';
import { ListBag } from './list-bag.ts';
import { TextBag } from './text-bag.ts';
import { noScaled, type Scaled, splitBest, splitSum } from './exact.ts';

/**
 * What an aggregate keeps of each group in numbers, and what they begin with (0 or NaN). They are written down as they are; `read`
 * takes what was once written down otherwise.
 */
export type KeptNumbers = {
  readonly cells: readonly number[];
  readonly read: (written: never) => readonly number[];
};
/** What an aggregate keeps of each group that is no number. */
export type KeptValue = {
  readonly cells?: undefined;
  /** Bags count what is in them in the tally. */
  readonly first: (tally: Tally) => unknown;
  readonly write: (value: never) => unknown;
  readonly read: (written: never, tally: Tally) => unknown;
  /** Values of this type with their counts, which change in their place. */
  readonly bag?: Type;
  /** The type whose values these are, if they are such. */
  readonly column?: Type;
  /** What the result reads of such, as it is now. */
  readonly shown?: (value: Bag) => unknown;
};
export type Kept = KeptNumbers | KeptValue;

/** Code for what is kept: how it is read and written, and of numbers their place and the second of two. */
export type Name = { readonly ref: string; readonly at: string; readonly high: string };

/** An aggregate's code: `w` is the weight, `c` are the numbers that names lie in, `x` the values. */
export type Accumulator = {
  readonly kept: readonly Kept[];
  readonly update: (names: readonly Name[], value: string, weight: string) => string;
  readonly result: (names: readonly Name[]) => string;
  /** Whether the result is a whole number that stands for a decimal, which is made when it is asked for. */
  readonly isWhole?: boolean;
  /** Code that adds what was kept of other rows, by what is kept; there is none where that depends on the order of rows. */
  readonly merge?: (names: readonly Name[], from: readonly (readonly string[])[]) => string;
};

const count: Kept = { cells: [0], read: (written: number) => [written] };
/** A sum of integers: what is above 52 bits stands in the second number. */
const wholeSum: Kept = {
  cells: [0, 0],
  read: (written: string) => splitSum(BigInt(written)),
};
const float: Kept = {
  cells: [0],
  read: (written: number | string) => [Number(written)],
};
/** The least or greatest number so far: NaN before there is one. int8 beyond what a number holds takes two. */
const best = (type: Type): Kept => ({
  cells: type === 'int8' ? [Number.NaN, 0] : [Number.NaN],
  read: (written: string | null) => {
    const held = written === null ? Number.NaN : (readValue(type, written) as number | bigint);
    return type === 'int8' ? splitBest(held) : [held as number];
  },
});
const exact: Kept = { first: () => 0n, write: (value: bigint) => value.toString(36), read: (written: string) => fromBase36(written) };
const scaled = {
  first: () => noScaled,
  write: ({ units, scale, counts }: Scaled) => [String(units), scale, [...counts]],
  read: ([units, scale, counts]: [string, number, [number, number][]]): Scaled => ({
    units: BigInt(units),
    scale,
    counts: new Map(counts),
  }),
} satisfies KeptValue;
const decimals: Kept = {
  column: 'numeric',
  first: () => null,
  write: (value: Decimal | null) => value && printDecimal(value),
  read: (written: string | null) => (written === null ? null : readDecimal(written)),
};
const bag = (type: Type, shown?: KeptValue['shown']): Kept => ({
  ...{ first: (tally: Tally) => new Bag(tally), write: () => null, read: (_written: never, tally: Tally) => new Bag(tally), bag: type },
  shown: shown ?? (() => null),
});
const value = (type: Type): Kept => ({
  column: type,
  first: () => null,
  write: (held: Value) => printValue(type, held),
  read: (written: string | null) => (written === null ? null : readValue(type, written)),
});

const pairs: Kept = {
  first: () => noPairs,
  write: ({ count: rows, ...sums }: Pairs) => [rows, ...[sums.y, sums.x, sums.yy, sums.xx, sums.xy].map((sum) => sum.toString(36))],
  read([rows, ...written]: [number, ...string[]]): Pairs {
    const [y = 0n, x = 0n, yy = 0n, xx = 0n, xy = 0n] = written.map(fromBase36);
    return { count: rows, y, x, yy, xx, xy };
  },
};
const squares: Kept = {
  first: () => noSquares,
  write: (held: Squares) => [held.count, scaled.write(held.sum), scaled.write(held.squares)],
  read: ([rows, sum, more]: [number, never, never]): Squares => ({
    count: rows,
    sum: scaled.read(sum),
    squares: scaled.read(more),
  }),
};

type Learned = Learner | Tree | Window | Approximate | null;
/** What learns: it is never changed, only followed by another. */
const learner: Kept = { first: () => null, write: (held: Learned) => held, read: (written: Learned) => written };

function fromBase36(text: string): bigint {
  const negative = text.startsWith('-');
  let found = 0n;
  for (const digit of negative ? text.slice(1) : text) found = found * 36n + BigInt(Number.parseInt(digit, 36));
  return negative ? -found : found;
}

/** Of names that there are by what is kept. */
const at = (names: readonly Name[], place: number): Name => names[place] as Name;

/** The code of an aggregate. Where rows only come, what they were need not be kept. */
export function accumulatorOf(aggregate: Aggregate, appends: boolean): Accumulator {
  const { name, arg, distinct } = aggregate;
  if (distinct && arg) {
    const inner = accumulatorOf({ ...aggregate, distinct: false }, appends);
    return {
      kept: [bag(arg.type), ...inner.kept],
      update: ([own, ...names], of, weight) =>
        `const d = ${own?.ref}.change(${of}, ${weight});\nif (d !== 0) {\n${inner.update(names, of, 'd')}\n}`,
      result: ([, ...names]) => inner.result(names),
      ...(inner.isWhole && { isWhole: true }),
    };
  }
  const type = arg?.type ?? 'int8';
  switch (name) {
    case 'count':
      return {
        ...{ kept: [count], update: ([n], _, weight) => `${n?.ref} += ${weight};`, result: ([n]) => `${n?.ref}` },
        merge: added,
      };
    case 'bool_and':
    case 'bool_or':
      return {
        kept: [count, count],
        update: ([all, held], of, weight) => `${all?.ref} += ${weight}; if (${of}) ${held?.ref} += ${weight};`,
        result: ([all, held]) => `${all?.ref} === 0 ? null : ${name === 'bool_or' ? `${held?.ref} > 0` : `${held?.ref} === ${all?.ref}`}`,
        merge: added,
      };
    case 'percentile_cont':
    case 'percentile_disc':
    case 'mode':
      return ordered(aggregate, type);
    case 'string_agg':
    case 'array_agg':
      return joined(aggregate);
    case 'bit_and':
    case 'bit_or':
    case 'bit_xor':
      return bits(name, type);
    case 'learn_linear':
    case 'learn_logistic':
      return learning('learn', 'learned', `, ${name === 'learn_logistic'}`);
    case 'learn_tree':
      return learning('learnTree', 'treeLearned', `, ${aggregate.ofBoolean === true}`);
    case 'approx_count_distinct':
      return {
        kept: [learner],
        update: ([held], of) => `${held?.ref} = r.approximated(${held?.ref}, ${of});`,
        result: ([held]) => `r.approximateCount(${held?.ref})`,
      };
    case 'drift':
      return learning('drift', 'drifted');
    case 'min':
    case 'max':
      return extreme(name, type, appends);
    case 'sum':
    case 'avg':
      return total(name, type, aggregate.type, appends);
    default:
      return statistic(name, type);
  }
}

/** Counts add up. */
const added: Accumulator['merge'] = (names, from) => names.map(({ ref }, kept) => `${ref} += ${from[kept]?.[0]};`).join('\n');

/** An aggregate that learns rows one by one. */
const learning = (learn: string, told: string, of = ''): Accumulator => ({
  kept: [learner],
  update: ([held], row, weight) => `${held?.ref} = r.${learn}(${held?.ref}, ${row}, ${weight}${of});`,
  result: ([held]) => `${held?.ref} === null ? null : r.${told}(${held?.ref})`,
});

/** An aggregate of all values in their order, which are kept. */
function ordered({ name, fraction = 0, isDown = false }: Aggregate, type: Type): Accumulator {
  const asked = { how: name as OrderedName, fraction, isDown };
  const made = (tally: Tally) => new OrderedBag(tally);
  const kept: Kept = {
    ...{ first: made, write: () => null, read: (_written: never, tally: Tally) => made(tally), bag: type },
    shown: (held: Bag) => ({ answer: orderedIn(held as OrderedBag, asked) }),
  };
  const how = `'${asked.how}', ${fraction}, ${isDown}`;
  return {
    kept: [kept],
    update: (names, of, weight) => `${at(names, 0).ref}.change(${of}, ${weight});`,
    result: (names) => `r.shownOrdered(${at(names, 0).ref}, ${how})`,
  };
}

/** Texts as one, or values in an array. */
function joined({ type, joined: how = { delimiter: '', order: [] } }: Aggregate): Accumulator {
  const element = elementOf(type);
  const made = (tally: Tally) => (element ? new ListBag(tally, element, how) : new TextBag(tally, how));
  const kept: Kept = {
    ...{ first: made, write: () => null, read: (_written: never, tally: Tally) => made(tally), bag: 'text' },
    shown: (held: Bag) => ({ answer: (held as TextBag | ListBag).answer }),
  };
  return {
    kept: [kept],
    update: (names, of, weight) => `${at(names, 0).ref}.change(${of}, ${weight});`,
    result: (names) => `${at(names, 0).ref}.answer`,
  };
}

const widths: Partial<Record<Type, number>> = { int2: 16, int4: 32, int8: 64 };

function bits(name: BitName, type: Type): Accumulator {
  const width = widths[type] ?? 0;
  const kept: Kept = {
    cells: new Array<number>(width + 1).fill(0),
    read: (written: number[]) => written,
  };
  return {
    kept: [kept],
    update: (names, of, weight) => `r.takeBits(c, ${at(names, 0).at}, ${of}, ${weight}, ${width});`,
    result: (names) => `r.shownBits(c, ${at(names, 0).at}, '${name}', ${width})`,
  };
}

/** Statistics of floats, one or two of each row, or of decimals: of exact sums. */
function statistic(name: StatisticName, type: Type): Accumulator {
  const take = { text: 'takeSample', numeric: 'takeSquare' }[type as string] ?? 'takePair';
  const result = type === 'numeric' ? 'decimalStatistic' : 'floatStatistic';
  return {
    kept: [type === 'numeric' ? squares : pairs],
    update([own], of, weight) {
      const args = take === 'takePair' ? `${of}, 0` : of;
      return `${own?.ref} = r.${take}(${own?.ref}, ${args}, ${weight});`;
    },
    result: ([own]) => `r.${result}('${name}', ${own?.ref})`,
  };
}

function extreme(name: 'min' | 'max', type: Type, appends: boolean): Accumulator {
  const isLeast = name === 'min';
  if (!appends) {
    const shown = (held: Bag) => ({ least: isLeast ? held.least : null, greatest: isLeast ? null : held.greatest });
    return {
      kept: [bag(type, shown)],
      update: (names, of, weight) => `${at(names, 0).ref}.change(${of}, ${weight});`,
      result: (names) => `${at(names, 0).ref}.${isLeast ? 'least' : 'greatest'}`,
    };
  }
  // What is no number yet is NaN, beside which nothing holds.
  const better = (held: string, of: string) => `if (!(${held} ${isLeast ? '<=' : '>='} ${of})) ${held} = ${of};`;
  if (type === 'int8')
    return {
      kept: [best(type)],
      update(names, of) {
        const { ref, high, at: place } = at(names, 0);
        return `if (typeof ${of} === 'number' && ${high} === 0) { ${better(ref, of)} } else r.takeBest(c, ${place}, ${of}, ${isLeast});`;
      },
      result: (names) => `r.shownBest(${at(names, 0).ref}, ${at(names, 0).high})`,
      merge(names, [[low = '', high = ''] = []]) {
        const own = at(names, 0);
        const wide = `r.takeBest(c, ${own.at}, r.shownBest(${low}, ${high}), ${isLeast});`;
        return `if (${low} === ${low}) { if (${high} === 0 && ${own.high} === 0) { ${better(own.ref, low)} } else ${wide} }`;
      },
    };
  if (isMasked(type))
    return {
      kept: [best(type)],
      update: (names, of) => better(at(names, 0).ref, of),
      result: (names) => `(${at(names, 0).ref} !== ${at(names, 0).ref} ? null : ${at(names, 0).ref})`,
      merge: (names, [[of = ''] = []]) => `if (${of} === ${of}) { ${better(at(names, 0).ref, of)} }`,
    };
  const isBetter = codeOf(`${isLeast ? '<' : '>'}:${type},${type}`);
  return {
    kept: [value(type)],
    update: (names, of) => `if (${at(names, 0).ref} === null || ${isBetter([of, at(names, 0).ref])}) ${at(names, 0).ref} = ${of};`,
    result: (names) => at(names, 0).ref,
    merge(names, [[of = ''] = []]) {
      const { ref } = at(names, 0);
      return `if (${of} !== null && (${ref} === null || ${isBetter([of, ref])})) ${ref} = ${of};`;
    },
  };
}

type Total = {
  readonly kept: Kept;
  readonly update: (sum: Name, of: string, weight: string) => string;
  readonly result: (sum: Name, n: string) => string;
  readonly merge?: (sum: Name, from: readonly string[]) => string;
  readonly isWhole?: boolean;
};

/** A sum beside the number of its values. */
const counted = ({ kept, update, result, merge, isWhole = false }: Total): Accumulator => ({
  isWhole,
  kept: [count, kept],
  update: (names, of, weight) => `${at(names, 0).ref} += ${weight};\n${update(at(names, 1), of, weight)}`,
  result: (names) => `${at(names, 0).ref} === 0 ? null : ${result(at(names, 1), at(names, 0).ref)}`,
  ...(merge && {
    merge: (names, from) => `${at(names, 0).ref} += ${from[0]?.[0]};\n${merge(at(names, 1), from[1] ?? [])}`,
  }),
});

/** sum and avg: integers and decimals exactly; PostgreSQL's result types. */
function total(name: 'sum' | 'avg', type: Type, answered: Type, appends: boolean): Accumulator {
  const mean = (sum: string, n: string) => `r.divideDecimal(${sum}, r.decimalOf(${n}))`;
  if (type === 'float8') {
    const result = (sum: string, n: string) => (name === 'sum' ? `r.finite(${sum})` : `r.finite(${sum} / ${n})`);
    if (appends)
      return counted({
        kept: float,
        update: ({ ref }, of, weight) => `${ref} = r.finite(${ref} + ${of} * ${weight});`,
        result: ({ ref }, n) => result(ref, n),
      });
    return counted({
      kept: exact,
      update: ({ ref }, of, weight) => `${ref} = r.exactSum(${ref}, ${of}, ${weight});`,
      merge: ({ ref }, [of]) => `${ref} = ${ref} + ${of};`,
      result: ({ ref }, n) => result(`r.rounded(${ref})`, n),
    });
  }
  if (type === 'numeric') {
    const result = (sum: string, n: string) => (name === 'sum' ? sum : mean(sum, n));
    const times = (of: string, weight: string) => `(${weight} === 1 ? ${of} : r.multiplyDecimal(${of}, r.decimalOf(${weight})))`;
    if (appends)
      return counted({
        kept: decimals,
        update: ({ ref }, of, weight) => `${ref} = ${ref} === null ? ${times(of, weight)} : r.addDecimal(${ref}, ${times(of, weight)});`,
        merge: ({ ref }, [of]) => `if (${of} !== null) ${ref} = ${ref} === null ? ${of} : r.addDecimal(${ref}, ${of});`,
        result: ({ ref }, n) => result(ref, n),
      });
    return counted({
      kept: scaled,
      update: ({ ref }, of, weight) => `${ref} = r.scaledSum(${ref}, ${of}, ${weight});`,
      result: ({ ref }, n) => result(`r.unscaled(${ref})`, n),
    });
  }
  const isSafe = (of: string) => `Math.abs(${of}) <= ${Number.MAX_SAFE_INTEGER}`;
  return counted({
    kept: wholeSum,
    update: ({ ref, at: place }, of, weight) =>
      `if (typeof ${of} === 'number' && (${weight} === 1 || ${isSafe(`${of} * ${weight}`)}) && ${isSafe(`${ref} + ${of} * ${weight}`)}) ` +
      `${ref} += ${of} * ${weight}; else r.takeSum(c, ${place}, ${of}, ${weight});`,
    merge: ({ ref, at: place, high }, [low = '', above = '']) =>
      `if (${above} === 0 && ${isSafe(`${ref} + ${low}`)}) ${ref} += ${low}; ` +
      `else { r.takeSum(c, ${place}, ${low}, 1); ${high} += ${above}; }`,
    result({ ref, high }, n) {
      const sum = `r.joinedSum(${ref}, ${high})`;
      return name === 'avg' ? mean(`r.decimalOf(${sum})`, n) : answered === 'int8' ? `r.int8(${sum})` : sum;
    },
    isWhole: name === 'sum' && answered === 'numeric',
  });
}
