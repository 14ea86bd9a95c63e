import type { FuncCall } from 'libpg-query';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { add, type Decimal, decimal, divide } from './decimal.ts';
import { asCondition, bind, type Bound, type Names, settled } from './expression.ts';
import { textIn } from './statement.ts';
import { compareValues, finite, numbers, printValue, ranged, readValue, type Row, type Type, typeNames, type Value } from './value.ts';

/** What is kept of the rows of a group: how many counted, and their sum, least or greatest. */
export type Kept = { readonly count: bigint; readonly held: Value };

/** A function over the rows of a group. Rows only come, so that what is kept never has to be found again. */
export type Aggregate = {
  readonly type: Type;
  step(kept: Kept, row: Row, params: Row): Kept;
  result(kept: Kept): Value;
  /** What is kept, as text, and back. */
  write(kept: Kept): [string, string | null];
  read(written: readonly [string, string | null]): Kept;
};

export const nothingKept: Kept = { count: 0n, held: null };

export const aggregateNames: ReadonlySet<string> = new Set(['count', 'sum', 'min', 'max', 'avg']);

/** The aggregate of a call. */
export function aggregateOf(call: FuncCall, names: Names): Aggregate {
  const name = (call.funcname ?? []).map(textIn).join('.');
  const at = names.at(call.location);
  if (call.agg_distinct || call.agg_order || call.agg_within_group || call.over) throw notBuilt(`This form of ${name}`, at);
  const [node, ...more] = call.args ?? [];
  if (more.length > 0 || (call.agg_star ? name !== 'count' : !node))
    throw new StatementError(sqlstates.functionMissing, `function ${name} with these arguments does not exist`, at);
  const arg = node && settled(bind(node, names), 'text');
  const filter = call.agg_filter && asCondition(bind(call.agg_filter, names), 'FILTER', at);
  const made =
    name === 'count' ? counter(arg) : name === 'min' || name === 'max' ? extreme(name, arg as Known, at) : total(name, arg as Known, at);
  if (!filter) return made;
  return { ...made, step: (kept, row, params) => (filter.of(row, params) === true ? made.step(kept, row, params) : kept) };
}

type Known = Bound & { readonly type: Type };

/** How values of a type are kept. */
const keptAs = (type: Type) => ({
  write: ({ count, held }: Kept): [string, string | null] => [String(count), printValue(held)],
  read: ([count, held]: readonly [string, string | null]): Kept => ({
    count: BigInt(count),
    held: held === null ? null : readValue(type, held),
  }),
});

function counter(arg: Known | undefined): Aggregate {
  return {
    ...{ type: 'int8', ...keptAs('text') },
    step: (kept, row, params) => (arg && arg.of(row, params) === null ? kept : { count: kept.count + 1n, held: null }),
    result: ({ count }) => count,
  };
}

function extreme(name: 'min' | 'max', arg: Known, at: number | undefined): Aggregate {
  if (arg.type === 'bool') throw new StatementError(sqlstates.functionMissing, `function ${name}(boolean) does not exist`, at);
  const sign = name === 'min' ? -1 : 1;
  return {
    ...{ type: arg.type, ...keptAs(arg.type) },
    step(kept, row, params) {
      const value = arg.of(row, params);
      if (value === null) return kept;
      const isBetter = kept.held === null || compareValues(value, kept.held) * sign > 0;
      return { count: kept.count + 1n, held: isBetter ? value : kept.held };
    },
    result: ({ held }) => held,
  };
}

/** sum and avg. Sums of integers and decimals are kept exactly; PostgreSQL's result types. */
function total(name: string, arg: Known, at: number | undefined): Aggregate {
  const { type, of } = arg;
  if (!numbers.includes(type))
    throw new StatementError(sqlstates.functionMissing, `function ${name}(${typeNames[type]}) does not exist`, at);
  const isFloat = type === 'float8';
  const asDecimal = (value: Value) => (typeof value === 'bigint' ? decimal(value) : (value as Decimal));
  const result = (kept: Kept): Value => {
    if (kept.held === null) return null;
    if (isFloat) return name === 'sum' ? kept.held : (kept.held as number) / Number(kept.count);
    if (name === 'avg') return divide(kept.held as Decimal, decimal(kept.count));
    return type === 'int4' ? ranged('int8', (kept.held as Decimal).units) : kept.held;
  };
  return {
    ...{ type: isFloat ? 'float8' : name === 'sum' && type === 'int4' ? 'int8' : 'numeric', ...keptAs(isFloat ? 'float8' : 'numeric') },
    step(kept, row, params) {
      const value = of(row, params);
      if (value === null) return kept;
      const count = kept.count + 1n;
      if (isFloat) return { count, held: finite(((kept.held as number | null) ?? 0) + (value as number)) };
      return { count, held: kept.held === null ? asDecimal(value) : add(kept.held as Decimal, asDecimal(value)) };
    },
    result,
  };
}
