import { elementOf as elementOids, oids } from '#wire/pgwire/oid.ts';
import { writeRecord } from '#wire/pgwire/record.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { type ArrayOf, compareArrays, printArray, readArray } from './array.ts';
import { canonical, compareDecimal, type Decimal, printDecimal, readDecimal } from './decimal.ts';
import { printDate, printTime, printTimestamp, readClock, readDate, readTimestamp } from './datetime.ts';
import { compareInterval, type Interval, isInterval, printInterval, readInterval } from './interval.ts';
import { readJson } from './jsonb.ts';
import { rowTypesKeptMax } from './limits.ts';
import { readBytes, readUuid } from './text-form.ts';
import { readRowType, writeRowType } from './row-type.ts';
import { compareTuples, readTuple, type TupleOf } from './tuple.ts';

const plainNames = {
  bool: 'boolean',
  int2: 'smallint',
  int4: 'integer',
  int8: 'bigint',
  numeric: 'numeric',
  float4: 'real',
  float8: 'double precision',
  text: 'text',
  bytea: 'bytea',
  uuid: 'uuid',
  json: 'json',
  jsonb: 'jsonb',
  date: 'date',
  time: 'time without time zone',
  timestamp: 'timestamp without time zone',
  timestamptz: 'timestamp with time zone',
  interval: 'interval',
} as const;
/** A type that is no array. */
export type Plain = keyof typeof plainNames;
export type ArrayType = `${Plain}[]`;
/** A type of rows, or of arrays of them, as `row-type.ts` writes it. */
type RowTypeText = `record${string}`;
export type Type = Plain | ArrayType | RowTypeText;
export const plainTypes = Object.keys(plainNames) as Plain[];
export const arrayOf = (element: Type): ArrayType => `${element}[]` as ArrayType;
const arrayElements: ReadonlyMap<string, Plain> = new Map(plainTypes.map((type) => [arrayOf(type), type]));
/** The type of the elements of an array; undefined for a type that is none. */
export const elementOf = (type: Type): Type | undefined =>
  arrayElements.get(type) ?? (type.startsWith('record') && type.endsWith('[]') ? (type.slice(0, -2) as Type) : undefined);

/** What a type of rows says: the name and number that it was given, if it was, and its fields. */
export type RowType = {
  readonly named: { readonly name: string; readonly oid: number } | undefined;
  readonly fields: readonly FieldType[];
};
type FieldType = { readonly name: string | undefined; readonly type: Type };
/** The type of rows of some fields; those without names are as `ROW(...)` makes them. */
export const recordOf = (fields: readonly FieldType[], named?: RowType['named']): Type => writeRowType({ named, fields }) as Type;
export const isRecord = (type: Type): boolean => type.startsWith('record') && type.endsWith(')');

const knownRows = new Map<Type, RowType & { readonly types: readonly Type[] }>();

/** What a type of rows is made of; undefined for another type. */
export function rowTypeOf(type: Type): (RowType & { readonly types: readonly Type[] }) | undefined {
  if (!isRecord(type)) return undefined;
  const known = knownRows.get(type);
  if (known) return known;
  const read = readRowType(type) as RowType | undefined;
  if (!read) return undefined;
  const found = { ...read, types: read.fields.map((field) => field.type) };
  if (knownRows.size >= rowTypesKeptMax) knownRows.clear();
  knownRows.set(type, found);
  return found;
}

/** The types of the fields of rows; undefined for a type that is no row's. */
export const fieldsOf = (type: Type): readonly Type[] | undefined => rowTypeOf(type)?.types;
/** The names of the fields of rows, as PostgreSQL calls them where they have none. */
export const fieldNamesOf = (type: Type): readonly string[] => (rowTypeOf(type)?.fields ?? []).map(({ name }, at) => name ?? `f${at + 1}`);
/** Whether it is of rows whose fields have no names, which no relation has. */
export const isPseudo = (type: Type): boolean => {
  const of = elementOf(type) ?? type;
  return rowTypeOf(of)?.fields.some(({ name, type: inner }) => name === undefined || isPseudo(inner)) ?? false;
};

const typeNames = Object.fromEntries(
  plainTypes.flatMap((type): [Type, string][] => [
    [type, plainNames[type]],
    [arrayOf(type), `${plainNames[type]}[]`],
  ]),
) as Readonly<Record<Type, string>>;
/** A type by the name that PostgreSQL shows. */
export function nameOfType(type: Type): string {
  const element = elementOf(type);
  if (element && isRecord(element)) return `${nameOfType(element)}[]`;
  const row = rowTypeOf(type);
  if (!row) return typeNames[type] ?? type;
  if (row.named) return /^[a-z_][a-z0-9_]*$/.test(row.named.name) ? row.named.name : `"${row.named.name.replaceAll('"', '""')}"`;
  if (row.fields.length === 0 || isPseudo(type)) return 'record';
  return `ROW(${row.fields.map(({ name = '', type: inner }) => `"${name.replaceAll('"', '""')}" ${nameOfType(inner)}`).join(', ')})`;
}
/** A type as statements name it. */
export const typeText = (type: Type): string => (type.startsWith('record') ? nameOfType(type) : type);
/** Whether values of a type are objects, which are compared and found by what is in them. */
export const isObject = (type: Type): boolean =>
  type === 'numeric' || type === 'interval' || elementOf(type) !== undefined || isRecord(type);
export const isType = (name: string): name is Type => Object.hasOwn(typeNames, name);
/** Whether a text is a type, of rows too, all fields of which are of such. */
export function isKnownType(text: string): text is Type {
  if (isType(text)) return true;
  const type = text as Type;
  const row = rowTypeOf(elementOf(type) ?? type);
  return (
    row !== undefined && row.types.every(isKnownType) && (row.named === undefined || row.fields.every(({ name }) => name !== undefined))
  );
}

const typesByOid: ReadonlyMap<number, Type> = new Map([
  ...plainTypes.map((type): [number, Type] => [oids[type], type]),
  ...[...elementOids].flatMap(([oid, element]): [number, Type][] => {
    const type = plainTypes.find((each) => oids[each] === element);
    return type ? [[oid, arrayOf(type)]] : [];
  }),
]);
const oidsByType: ReadonlyMap<Type, number> = new Map([...typesByOid].map(([oid, type]) => [type, oid]));
const [recordOid, recordsOid] = [2249, 2287];
/** The number of a type. That of an array of rows which have a name is behind theirs. */
export function oidOf(type: Type): number {
  const element = elementOf(type);
  const named = rowTypeOf(element ?? type)?.named;
  if (named) return element ? named.oid + 1 : named.oid;
  return oidsByType.get(type) ?? (element ? recordsOid : recordOid);
}
export const typeOfOid = (oid: number): Type | undefined => typesByOid.get(oid);

/**
 * bool is boolean; int2 and int4 are number; int8 is a number where that is exact, else a bigint; numeric is Decimal; floats are
 * number; text is string, and bytea, uuid, json and jsonb are in the one form that they have; date is days, timestamps are
 * microseconds since 1970, time is microseconds of the day; arrays are an object of their sizes and items.
 */
export type Value = boolean | number | bigint | Decimal | Interval | List | Tuple | string | null;
/** An array of values, which may be NULL. */
export interface List extends ArrayOf<Value> {}
/** A row as a value. */
export interface Tuple extends TupleOf<Value> {}
export const isTuple = (value: object): value is Tuple => 'fields' in value;
export const isList = (value: object): value is List => 'items' in value;
export type Row = readonly Value[];
export type Column = { readonly name: string; readonly type: Type };

/** A number of any type, or a truth value, as a float; what is NULL is no number. */
export function numberOf(value: Value): number {
  if (typeof value === 'number') return value;
  if (value === null) return Number.NaN;
  return typeof value === 'object' && 'units' in value ? Number(printDecimal(value)) : Number(value);
}

/** An integer in the one form that it has: a number where that is exact. */
export const whole = (value: bigint): number | bigint =>
  value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value;

const ranges = {
  int2: [-(2n ** 15n), 2n ** 15n - 1n],
  int4: [-(2n ** 31n), 2n ** 31n - 1n],
  int8: [-(2n ** 63n), 2n ** 63n - 1n],
} as const;

/** An integer that its type holds, or PostgreSQL's error. */
export function ranged(type: keyof typeof ranges, value: bigint): number | bigint {
  const [least, most] = ranges[type];
  if (value < least || value > most) throw new StatementError(sqlstates.outOfRange, `${nameOfType(type)} out of range`);
  return whole(value);
}

/** A float that is finite, or PostgreSQL's error. */
export function finite(value: number): number {
  if (!Number.isFinite(value)) throw new StatementError(sqlstates.outOfRange, 'value out of range: overflow');
  return value;
}

/** A float of four bytes. */
export const single = (value: number): number => finite(Math.fround(finite(value)));

const wrong = (type: Type, text: string) =>
  new StatementError(sqlstates.valueWrong, `invalid input syntax for type ${nameOfType(type)}: ${JSON.stringify(text.slice(0, 100))}`);

const booleans: ReadonlyMap<string, boolean> = new Map([
  ...['t', 'true', 'y', 'yes', 'on', '1'].map((word) => [word, true] as const),
  ...['f', 'false', 'n', 'no', 'off', '0'].map((word) => [word, false] as const),
]);

/** Reads a value as PostgreSQL reads its text. */
export function readValue(type: Type, text: string): Exclude<Value, null> {
  const read = parsed(type, text);
  if (read === undefined) throw wrong(type, text);
  return read;
}

function parsed(type: Type, text: string): Exclude<Value, null> | undefined {
  switch (type) {
    case 'text':
      return text;
    case 'bool':
      return booleans.get(text.trim().toLowerCase());
    case 'int2':
    case 'int4':
    case 'int8':
      if (!/^\s*[+-]?\d{1,40}\s*$/.test(text)) return undefined;
      return ranged(type, BigInt(text.trim().replace(/^\+/, '')));
    case 'numeric':
      return readDecimal(text);
    case 'float4':
    case 'float8':
      if (!/^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/.test(text)) return undefined;
      return floatIn(type, text);
    case 'bytea':
      return readBytes(text);
    case 'uuid':
      return readUuid(text);
    case 'json':
    case 'jsonb':
      return readJson(type, text);
    case 'time':
      return readClock(text);
    case 'date':
      return readDate(text);
    case 'timestamp':
    case 'timestamptz':
      return readTimestamp(text, type === 'timestamptz');
    case 'interval':
      return readInterval(text);
    default:
      return isRecord(type) ? readRecord(type, text) : readList(elementOf(type) as Type, text);
  }
}

/** A float of its text: what is too near to zero is refused like what is too far from it. */
function floatIn(type: 'float4' | 'float8', text: string): number {
  const value = Number(text);
  const made = type === 'float4' ? single(value) : finite(value);
  if (made === 0 && /[1-9]/.test(text.replace(/e.*/i, '')))
    throw new StatementError(sqlstates.outOfRange, `"${text.trim().slice(0, 60)}" is out of range for type ${nameOfType(type)}`);
  return made;
}

function readRecord(type: Type, text: string): Tuple | undefined {
  const [types, texts] = [fieldsOf(type) ?? [], readTuple(text)];
  if (types.length === 0 && texts.length === 1) return { fields: [] };
  if (texts.length !== types.length) {
    const detail = texts.length < types.length ? 'Too few columns' : 'Too many columns';
    throw new StatementError(sqlstates.valueWrong, `malformed record literal: ${JSON.stringify(text.slice(0, 100))}: ${detail}.`);
  }
  return { fields: texts.map((each, place) => (each === null ? null : readValue(types[place] as Type, each))) };
}

function readList(element: Type, text: string): List {
  const { sizes, items } = readArray(text);
  return { sizes, items: items.map((item) => (item === null ? null : readValue(element, item))) };
}

/** The text of a value as PostgreSQL writes it. */
export function printValue(type: Type, value: Value): string | null {
  if (value === null) return null;
  switch (type) {
    case 'bool':
      return value === true ? 't' : 'f';
    case 'float4':
      return printFloat(value as number, shortest(value as number), 6);
    case 'float8':
      return printFloat(value as number, (value as number).toExponential(), 15);
    case 'numeric':
      return printDecimal(value as Decimal);
    case 'date':
      return printDate(value as number);
    case 'time':
      return printTime(value as number);
    case 'timestamp':
    case 'timestamptz':
      return printTimestamp(value as number, type === 'timestamptz');
    case 'interval':
      return printInterval(value as Interval);
    default: {
      const types = fieldsOf(type);
      if (types) return writeRecord((value as Tuple).fields.map((field, place) => printValue(types[place] as Type, field)));
      const element = elementOf(type);
      return element ? printArray(value as List, (item) => printValue(element, item)) : String(value);
    }
  }
}

export const printRow = (columns: readonly { readonly type: Type }[], row: Row): (string | null)[] =>
  columns.map(({ type }, at) => printValue(type, row[at] ?? null));

/** The fewest digits that read back as the same float of four bytes. */
function shortest(value: number): string {
  for (let digits = 0; digits < 8; digits += 1) {
    const text = value.toExponential(digits);
    if (Math.fround(Number(text)) === value) return text;
  }
  return value.toExponential(8);
}

/** The digits of a float, with an exponent from so many on and below 1e-4. */
function printFloat(value: number, digits: string, most: number): string {
  if (Object.is(value, -0)) return '-0';
  const [mantissa = '', exponent = '0'] = digits.split('e');
  const power = Number(exponent);
  if (value !== 0 && (power < -4 || power >= most))
    return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
  return power < 0 && value !== 0
    ? Number(digits).toFixed(Math.max(0, mantissa.replace(/^-?\d\.?/, '').length - power))
    : String(Number(digits));
}

/** Texts in the order of their code points: units of pairs stand above all others. */
export function compareTexts(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at += 1) {
    const [a, b] = [left.charCodeAt(at), right.charCodeAt(at)];
    if (a !== b) return raised(a) - raised(b);
  }
  return left.length - right.length;
}

const raised = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);

/** Values of one type, in order; neither is null. */
export function compareValues(left: Exclude<Value, null>, right: Exclude<Value, null>): number {
  if (typeof left === 'string') return compareTexts(left, right as string);
  if (typeof left === 'object') {
    if (isTuple(left)) return compareTuples(left, right as Tuple, compareValues);
    if (isInterval(left)) return compareInterval(left, right as Interval);
    return isList(left) ? compareArrays(left, right as List, compareValues) : compareDecimal(left, right as Decimal);
  }
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The same text for equal values, another for all others; such texts may stand behind each other. */
export function keyOf(value: Value): string {
  if (value === null) return '~';
  switch (typeof value) {
    case 'string':
      return `${value.length}:${value}`;
    case 'object':
      if (isTuple(value)) return `(${value.fields.length}:${value.fields.map(keyOf).join('')}`;
      if (isList(value)) return `[${value.sizes.join()}:${value.items.map(keyOf).join('')}`;
      return isInterval(value) ? `${compareInterval.key(value)};` : `${canonical(value)};`;
    case 'number':
      return `${value === 0 ? 0 : value};`;
    default:
      return `${value};`;
  }
}

/** Whether values look the same: equal decimals of another scale do not. */
export function isAlike(left: Value, right: Value): boolean {
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return left === right;
  if (isTuple(left)) return isTuple(right) && rowKey([left]) === rowKey([right]);
  if (isTuple(right)) return false;
  if (isList(left)) return isList(right) && rowKey([left]) === rowKey([right]);
  if (isList(right)) return false;
  if ('units' in left) return 'units' in right && left.units === right.units && left.scale === right.scale;
  return !('units' in right) && left.months === right.months && left.days === right.days && left.micros === right.micros;
}

/** The same text for rows that look the same: equal decimals of another scale do not. */
export function rowKey(row: Row): string {
  let key = '';
  for (const value of row) {
    if (typeof value !== 'object' || value === null) key += keyOf(value);
    else if (isTuple(value)) key += `(${value.fields.length}:${rowKey(value.fields)}`;
    else if (isList(value)) key += `[${value.sizes.join()}:${rowKey(value.items)}`;
    else key += isInterval(value) ? `${value.months} ${value.days} ${value.micros};` : `${value.units}e${value.scale};`;
  }
  return key;
}

export const numbers: readonly Type[] = ['int2', 'int4', 'int8', 'numeric', 'float4', 'float8'];
/** Types whose values are texts in one form of their own. */
export const formed: readonly Type[] = ['bytea', 'uuid', 'json', 'jsonb'];
export const isText = (type: Type): boolean => type === 'text' || formed.includes(type);
export const isFloat = (type: Type): boolean => type === 'float4' || type === 'float8';
