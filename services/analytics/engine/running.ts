import type { Aggregate } from '../domain/aggregate.ts';
import { add, type Decimal, decimal, divide } from '../domain/decimal.ts';
import { compareValues, finite, ranged, type Value } from '../domain/value.ts';

/** An aggregate over more and more rows. */
export type Running = { add(value: Value): void; value(): Value };

/** Begins an aggregate; values that are NULL do not count. */
export function runningOf({ name, arg, type }: Aggregate): Running {
  const inner = known(name, arg?.type, type);
  return { add: (value) => value !== null && inner.add(value), value: inner.value };
}

type Known = { add(value: Exclude<Value, null>): void; value(): Value };

function known(name: Aggregate['name'], of: string | undefined, type: Aggregate['type']): Known {
  switch (name) {
    case 'count': {
      let count = 0;
      return { add: () => (count += 1), value: () => count };
    }
    case 'min':
    case 'max': {
      let best: Value = null;
      const sign = name === 'min' ? -1 : 1;
      return { add: (value) => (best = best === null || compareValues(value, best) * sign > 0 ? value : best), value: () => best };
    }
    case 'bool_and':
    case 'bool_or': {
      let held: boolean | null = null;
      return {
        add: (value) => (held = held === null ? value === true : name === 'bool_or' ? held || value === true : held && value === true),
        value: () => held,
      };
    }
    default:
      return of === 'float8' ? floats(name) : of === 'numeric' ? decimals(name) : wholes(name, type);
  }
}

function floats(name: 'sum' | 'avg'): Known {
  let [count, sum] = [0, 0];
  return {
    add(value) {
      count += 1;
      sum = finite(sum + (value as number));
    },
    value: () => (count === 0 ? null : name === 'sum' ? sum : sum / count),
  };
}

function decimals(name: 'sum' | 'avg'): Known {
  let [count, sum] = [0, decimal(0n)];
  return {
    add(value) {
      sum = count === 0 ? (value as Decimal) : add(sum, value as Decimal);
      count += 1;
    },
    value: () => (count === 0 ? null : name === 'sum' ? sum : divide(sum, decimal(BigInt(count)))),
  };
}

function wholes(name: 'sum' | 'avg', type: Aggregate['type']): Known {
  let [count, sum] = [0, 0n];
  return {
    add(value) {
      sum += BigInt(value as number);
      count += 1;
    },
    value() {
      if (count === 0) return null;
      if (name === 'avg') return divide(decimal(sum), decimal(BigInt(count)));
      return type === 'int8' ? ranged('int8', sum) : decimal(sum);
    },
  };
}
