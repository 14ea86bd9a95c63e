import type { Expr } from '../../domain/expression.ts';
import type { Interval } from '../../domain/interval.ts';
import type { Type, Value } from '../../domain/value.ts';
import { stored } from './form.ts';
import { decimalTerm, plain, type Reads, type Term, whole, type Writes } from './term.ts';

type Call = Extract<Expr, { kind: 'call' }>;
/** Writes an operation; undefined where DuckDB has none that answers the same. */
type Written = (writes: Writes, call: Call, reads: Reads) => Term | undefined;

const dayMicros = 86_400_000_000;
const digitsOf: Readonly<Partial<Record<Type, number>>> = { int2: 5, int4: 10, int8: 19 };
const isWhole = (type: Type | undefined): boolean => type !== undefined && digitsOf[type] !== undefined;
/** What makes an error with a SQLSTATE. */
const failing = (sqlstate: string) => `error('${sqlstate}')`;
const finite = (sql: string) => plain(`(CASE WHEN isinf(${sql}) OR isnan(${sql}) THEN ${failing('22003')} ELSE ${sql} END)`);

const compare =
  (sign: string): Written =>
  (writes, { args }, reads) => {
    const [left, right] = writes.even(args, reads);
    return plain(`(${left} ${sign} ${right})`);
  };

const constantIn = (expr: Expr | undefined): Value | undefined => (expr?.kind === 'constant' ? expr.value : undefined);

/** Sums and differences. */
const sum =
  (sign: '+' | '-'): Written =>
  (writes, call, reads) => {
    const [left, right] = call.args as [Expr, Expr];
    if (call.operation === '-:int2' || call.operation === '-:int4' || call.operation === '-:int8' || call.operation === '-:float8')
      return plain(`(-${writes.plain(left, reads)})`);
    if (call.operation === '-:numeric') {
      const { form, parts } = writes.term(left, reads);
      return form.kind === 'decimal' ? { form, parts: [`(-${parts[0]})`, parts[1] ?? ''] } : undefined;
    }
    if (isWhole(call.type) || call.operation.endsWith(':date,int4') || call.operation.endsWith(':date,date')) {
      if (left.type !== right.type && left.type !== 'date') return undefined;
      return plain(`(${writes.plain(left, reads)} ${sign} ${writes.plain(right, reads)})`);
    }
    if (call.type === 'float8') return finite(`(${writes.plain(left, reads)} ${sign} ${writes.plain(right, reads)})`);
    if (call.operation.endsWith(':time,interval')) return moved(writes, call, reads, sign);
    return call.type === 'numeric' ? decimalSum(sign, writes.term(left, reads), writes.term(right, reads), writes) : undefined;
  };

function decimalSum(sign: string, left: Term, right: Term, writes: Writes): Term | undefined {
  if (left.form.kind !== 'decimal' || right.form.kind !== 'decimal') return undefined;
  const fixed = Math.max(left.form.fixed, right.form.fixed);
  const digits = 1 + Math.max(left.form.digits + fixed - left.form.fixed, right.form.digits + fixed - right.form.fixed);
  const units = `(${writes.units(left, fixed)} ${sign} ${writes.units(right, fixed)})`;
  return decimalTerm(units, `greatest(${left.parts[1]}, ${right.parts[1]})`, { fixed, digits });
}

/** A time and an interval of days and less; what comes to lie outside of our times is no answer of ours. */
function moved(writes: Writes, { args, type }: Call, reads: Reads, sign: string): Term | undefined {
  const by = constantIn(args[1]) as Interval | undefined;
  if (!by || by.months !== 0 || !type.startsWith('timestamp')) return undefined;
  const sql = `(${writes.plain(args[0] as Expr, reads)} ${sign} CAST('${by.days * dayMicros + by.micros}' AS BIGINT))`;
  return plain(`(CASE WHEN abs(${sql}) > 9007199254740991 THEN ${failing('beyond')} ELSE ${sql} END)`);
}

const product: Written = (writes, { args, type }, reads) => {
  const [left, right] = args as [Expr, Expr];
  if (isWhole(type)) return plain(`(${writes.plain(left, reads)} * ${writes.plain(right, reads)})`);
  if (type === 'float8') return finite(`(${writes.plain(left, reads)} * ${writes.plain(right, reads)})`);
  if (type !== 'numeric') return undefined;
  const [one, other] = [writes.term(left, reads), writes.term(right, reads)];
  if (one.form.kind !== 'decimal' || other.form.kind !== 'decimal') return undefined;
  const fixed = one.form.fixed + other.form.fixed;
  const digits = one.form.digits + other.form.digits;
  return decimalTerm(`(${one.parts[0]} * ${other.parts[0]})`, `(${one.parts[1]} + ${other.parts[1]})`, { fixed, digits });
};

/** Division is towards zero; by zero it is an error here, and NULL in DuckDB. */
const divided =
  (sign: '/' | '%'): Written =>
  (writes, { args, type }, reads) => {
    const [left, right] = isWhole(type) || (type === 'float8' && sign === '/') ? args.map((arg) => writes.plain(arg, reads)) : [];
    if (left === undefined) return undefined;
    const none = `WHEN ${right} = 0 THEN ${failing('22012')}`;
    if (type === 'float8') return finite(`(CASE ${none} ELSE ${left} / ${right} END)`);
    return sign === '/'
      ? plain(`(CASE ${none} WHEN ${right} = -1 THEN -${left} ELSE ${left} // ${right} END)`)
      : plain(`(CASE ${none} WHEN ${right} = -1 THEN CAST(0 AS ${stored[type]}) ELSE ${left} % ${right} END)`);
  };

const absolute: Written = (writes, { args: [arg], type }, reads) => {
  if (isWhole(type) || type === 'float8') return plain(`abs(${writes.plain(arg as Expr, reads)})`);
  const { form, parts } = writes.term(arg as Expr, reads);
  return form.kind === 'decimal' ? { form, parts: [`abs(${parts[0]})`, parts[1] ?? ''] } : undefined;
};

/** The greatest multiple of a whole number that is not above a value. */
export const floored = (sql: string, step: number): string => `(${sql} - ((${sql} % ${step}) + ${step}) % ${step})`;

const cast: Written = (writes, { args: [arg], operation, type: to }, reads) => {
  const from = (arg as Expr).type;
  if (to === 'numeric' && isWhole(from)) return whole(writes.plain(arg as Expr, reads), digitsOf[from] as number);
  const sql = writes.plain(arg as Expr, reads);
  if (isWhole(from) && (isWhole(to) || to === 'float8' || to === 'text')) return plain(`CAST(${sql} AS ${stored[to]})`);
  if (operation === 'cast:float4,float8') return plain(sql);
  if (operation === 'cast:bool,int4' || operation === 'cast:bool,text') return plain(`CAST(${sql} AS ${stored[to]})`);
  if (operation === 'cast:int4,bool') return plain(`(${sql} <> 0)`);
  if (from === 'date' && to.startsWith('timestamp')) return plain(`(CAST(${sql} AS BIGINT) * ${dayMicros})`);
  if (from.startsWith('timestamp') && to === 'date') return plain(`CAST(${floored(sql, dayMicros)} // ${dayMicros} AS INTEGER)`);
  if (from.startsWith('timestamp') && to.startsWith('timestamp')) return plain(sql);
  return (from === 'uuid' || from === 'bytea') && to === 'text' ? plain(sql) : undefined;
};

/** Patterns without escapes. */
const like =
  (word: string): Written =>
  (writes, { args: [text, pattern] }, reads) => {
    const of = constantIn(pattern);
    if (typeof of !== 'string' || of.includes('\\')) return undefined;
    return plain(`(${writes.plain(text as Expr, reads)} ${word} ${writes.plain(pattern as Expr, reads)})`);
  };

const ofText =
  (name: string, type: string): Written =>
  (writes, { args: [text], operation }, reads) =>
    operation.endsWith('bytea') ? undefined : plain(`CAST(${name}(${writes.plain(text as Expr, reads)}) AS ${type})`);

/** Parts of texts by numbers that are written out, from the first character on. */
const substring: Written = (writes, { args: [text, from, length] }, reads) => {
  const [at, count] = [constantIn(from), length ? constantIn(length) : 1];
  if (typeof at !== 'number' || at < 1 || typeof count !== 'number' || count < 0) return undefined;
  return plain(`substring(${writes.plain(text as Expr, reads)}, ${at}${length ? `, ${count}` : ''})`);
};
const left: Written = (writes, { args: [text, length] }, reads) => {
  const count = constantIn(length);
  if (typeof count !== 'number' || count < 0) return undefined;
  return plain(`substring(${writes.plain(text as Expr, reads)}, 1, ${count})`);
};

const lengths: Readonly<Record<string, number>> = {
  ...{ microseconds: 1, milliseconds: 1000, second: 1_000_000, minute: 60_000_000 },
  ...{ hour: 3_600_000_000, day: dayMicros },
};
const truncated: Written = (writes, { args: [field, time] }, reads) => {
  const unit = constantIn(field);
  const sql = writes.plain(time as Expr, reads);
  if (typeof unit !== 'string') return undefined;
  const length = lengths[unit];
  if (length !== undefined) return plain(floored(sql, length));
  return /^(week|month|quarter|year)$/.test(unit) ? plain(`epoch_us(date_trunc('${unit}', make_timestamp(${sql})))`) : undefined;
};

/** Whole parts of times. */
const extract: Written = (writes, { args: [field, time] }, reads) => {
  const unit = constantIn(field);
  if (typeof unit !== 'string' || !/^(minute|hour|day|month|year|quarter|dow|doy|isodow)$/.test(unit)) return undefined;
  if (!(time as Expr).type.startsWith('timestamp')) return undefined;
  return whole(`date_part('${unit}', make_timestamp(${writes.plain(time as Expr, reads)}))`, 5);
};

/** Operations by the first part of their names. */
export const operations: Readonly<Record<string, Written>> = {
  ...{ '=': compare('='), '<>': compare('<>'), '<': compare('<'), '<=': compare('<='), '>': compare('>'), '>=': compare('>=') },
  ...{ '+': sum('+'), '-': sum('-'), '*': product, '/': divided('/'), '%': divided('%'), abs: absolute },
  not: (writes, { args: [arg] }, reads) => plain(`(NOT ${writes.plain(arg as Expr, reads)})`),
  itself: (writes, { args: [arg] }, reads) => writes.term(arg as Expr, reads),
  cast,
  like: like('LIKE'),
  unlike: like('NOT LIKE'),
  length: ofText('length', 'INTEGER'),
  octet_length: ofText('strlen', 'INTEGER'),
  '||': (writes, { args }, reads) => plain(`(${args.map((arg) => writes.plain(arg, reads)).join(' || ')})`),
  starts_with: (writes, { args }, reads) => plain(`starts_with(${args.map((arg) => writes.plain(arg, reads)).join(', ')})`),
  substring,
  left,
  date_trunc: truncated,
  extract,
};
