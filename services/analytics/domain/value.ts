import { oids } from '#wire/pgwire/oid.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { canonical, compareDecimal, type Decimal, decimal, printDecimal, readDecimal, toInteger } from './decimal.ts';

/** The types that there are, by the names PostgreSQL shows. */
export const typeNames = {
  bool: 'boolean',
  int4: 'integer',
  int8: 'bigint',
  numeric: 'numeric',
  float8: 'double precision',
  text: 'text',
} as const;
export type Type = keyof typeof typeNames;
export const isType = (name: string): name is Type => Object.hasOwn(typeNames, name);
export const oidOf = (type: Type): number => oids[type];
export const typeOfOid = (oid: number): Type | undefined => (Object.keys(typeNames) as Type[]).find((type) => oids[type] === oid);

/** bool is boolean; int4 and int8 are bigint; numeric is Decimal; float8 is number; text is string. */
export type Value = boolean | bigint | Decimal | number | string | null;
export type Row = readonly Value[];
export type Column = { readonly name: string; readonly type: Type };

const ranges = { int4: [-(2n ** 31n), 2n ** 31n - 1n], int8: [-(2n ** 63n), 2n ** 63n - 1n] } as const;

/** An integer that its type holds, or PostgreSQL's error. */
export function ranged(type: 'int4' | 'int8', value: bigint): bigint {
  const [least, most] = ranges[type];
  if (value < least || value > most) throw new StatementError(sqlstates.outOfRange, `${typeNames[type]} out of range`);
  return value;
}

/** A float that is finite, or PostgreSQL's error. */
export function finite(value: number): number {
  if (!Number.isFinite(value)) throw new StatementError(sqlstates.outOfRange, 'value out of range: overflow');
  return value;
}

const wrong = (type: Type, text: string) =>
  new StatementError(sqlstates.valueWrong, `invalid input syntax for type ${typeNames[type]}: ${JSON.stringify(text.slice(0, 100))}`);

const booleans: ReadonlyMap<string, boolean> = new Map([
  ...['t', 'true', 'y', 'yes', 'on', '1'].map((word) => [word, true] as const),
  ...['f', 'false', 'n', 'no', 'off', '0'].map((word) => [word, false] as const),
]);

/** Reads a value as PostgreSQL reads its text. */
export function readValue(type: Type, text: string): Value {
  switch (type) {
    case 'text':
      return text;
    case 'bool': {
      const found = booleans.get(text.trim().toLowerCase());
      if (found === undefined) throw wrong(type, text);
      return found;
    }
    case 'int4':
    case 'int8':
      if (!/^\s*[+-]?\d{1,40}\s*$/.test(text)) throw wrong(type, text);
      return ranged(type, BigInt(text.trim().replace(/^\+/, '')));
    case 'numeric': {
      const read = readDecimal(text);
      if (!read) throw wrong(type, text);
      return read;
    }
    case 'float8':
      if (!/^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/.test(text)) throw wrong(type, text);
      return finite(Number(text));
  }
}

/** The text of a value as PostgreSQL writes it. */
export function printValue(value: Value): string | null {
  if (value === null) return null;
  switch (typeof value) {
    case 'boolean':
      return value ? 't' : 'f';
    case 'bigint':
      return String(value);
    case 'number':
      return printFloat(value);
    case 'string':
      return value;
    default:
      return printDecimal(value);
  }
}

/** The shortest digits that read back as the same, with an exponent from 1e15 on and below 1e-4. */
function printFloat(value: number): string {
  if (Object.is(value, -0)) return '-0';
  const [mantissa = '', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  if (value !== 0 && (power < -4 || power >= 15)) return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
  return power < 0 && value !== 0 ? value.toFixed(Math.max(0, mantissa.replace(/^-?\d\.?/, '').length - power)) : String(value);
}

/** Values of one type, in order; neither is null. Texts are in the order of their code points. */
export function compareValues(left: Exclude<Value, null>, right: Exclude<Value, null>): number {
  if (typeof left === 'object') return compareDecimal(left, right as Decimal);
  if (typeof left === 'string') return Buffer.compare(Buffer.from(left), Buffer.from(right as string));
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The same text for equal values, another for all others. */
export function keyOf(value: Value): string | null {
  if (value === null) return null;
  if (typeof value === 'object') return canonical(value);
  if (typeof value === 'number') return String(value === 0 ? 0 : value);
  return printValue(value);
}

export const numbers: readonly Type[] = ['int4', 'int8', 'numeric', 'float8'];

/** Makes a value another type's, where PostgreSQL has such a cast. */
export function castValue(value: Value, from: Type, to: Type): Value {
  if (value === null || from === to) return value;
  if (from === 'text') return readValue(to, value as string);
  if (to === 'text') return from === 'bool' ? (value ? 'true' : 'false') : printValue(value);
  if (from === 'bool') return value ? 1n : 0n;
  switch (to) {
    case 'bool':
      return value !== 0n;
    case 'int4':
    case 'int8':
      return ranged(to, typeof value === 'object' ? toInteger(value) : typeof value === 'number' ? evenly(value) : (value as bigint));
    case 'float8':
      return typeof value === 'object' ? finite(Number(printDecimal(value))) : Number(value);
    case 'numeric':
      return decimal(value as bigint);
  }
}

/** The nearest integer; a half goes to the even one, as PostgreSQL's rint. */
function evenly(value: number): bigint {
  finite(value);
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return BigInt(Math.round(value));
  return BigInt(floor % 2 === 0 ? floor : floor + 1);
}

/** Whether there is such a cast. */
export function isCastable(from: Type, to: Type): boolean {
  if (from === to || from === 'text' || to === 'text') return true;
  if (from === 'bool') return to === 'int4';
  if (to === 'bool') return from === 'int4';
  return !(from === 'float8' && to === 'numeric');
}
