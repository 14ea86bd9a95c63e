import { dayMicros } from './datetime.ts';
import { type Decimal, decimal, printDecimal, readDecimal, toInteger } from './decimal.ts';
import {
  elementOf,
  fieldsOf,
  finite,
  formed,
  isFloat,
  type List,
  numbers,
  printValue,
  ranged,
  readValue,
  rowTypeOf,
  single,
  type Tuple,
  type Type,
  type Value,
} from './value.ts';

/** Makes a value another type's, where PostgreSQL has such a cast. */
export function castValue(value: Exclude<Value, null>, from: Type, to: Type): Exclude<Value, null> {
  if (from === to) return value;
  if (from === 'text') return readValue(to, value as string);
  if (to === 'text') return from === 'bool' ? (value ? 'true' : 'false') : (printValue(from, value) as string);
  const [element, made] = [elementOf(from), elementOf(to)];
  if (element && made) {
    const { sizes, items } = value as List;
    return { sizes, items: items.map((item) => (item === null ? null : castValue(item, element, made))) };
  }
  const [fields, others] = [fieldsOf(from), fieldsOf(to)];
  if (fields && others) {
    const cast = (field: Value, place: number) => (field === null ? null : castValue(field, fields[place] as Type, others[place] as Type));
    return { fields: (value as Tuple).fields.map(cast) };
  }
  if (from === 'bool') return value ? 1 : 0;
  switch (to) {
    case 'bool':
      return value !== 0;
    case 'int2':
    case 'int4':
    case 'int8':
      return ranged(
        to,
        typeof value === 'object' ? toInteger(value as Decimal) : isFloat(from) ? evenly(value as number) : BigInt(value as number),
      );
    case 'float4':
    case 'float8': {
      const float = typeof value === 'object' ? finite(Number(printDecimal(value as Decimal))) : Number(value);
      return to === 'float4' ? single(float) : float;
    }
    case 'json':
    case 'jsonb':
      return readValue(to, value as string);
    case 'time':
      return (value as number) - Math.floor((value as number) / dayMicros) * dayMicros;
    case 'date':
      return Math.floor((value as number) / dayMicros);
    case 'timestamp':
    case 'timestamptz':
      return from === 'date' ? (value as number) * dayMicros : value;
    default:
      return isFloat(from) ? decimalOf(value as number, from === 'float4' ? 6 : 15) : decimal(BigInt(value as number));
  }
}

/** A float with as many digits as its type surely has (PostgreSQL's float8_numeric). */
const decimalOf = (value: number, digits: number): Decimal => readDecimal(String(Number(value.toPrecision(digits)))) as Decimal;

/** The nearest integer; a half goes to the even one, as PostgreSQL's rint. */
function evenly(value: number): bigint {
  finite(value);
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return BigInt(Math.round(value));
  return BigInt(floor % 2 === 0 ? floor : floor + 1);
}

const times: readonly Type[] = ['date', 'timestamp', 'timestamptz'];

/** Whether types are the same but for the names of fields and types of rows. */
export function isShapedAs(left: Type, right: Type): boolean {
  if (left === right) return true;
  const [element, other] = [elementOf(left), elementOf(right)];
  if (element && other) return isShapedAs(element, other);
  const [fields, others] = [fieldsOf(left), fieldsOf(right)];
  return fields?.length === others?.length && (fields?.every((field, place) => isShapedAs(field, others?.[place] as Type)) ?? false);
}

/** Whether values of a type are told to be equal: json has no such operator, nor what it is part of. */
export const isComparable = (type: Type): boolean =>
  type !== 'json' && (elementOf(type) === undefined || isComparable(elementOf(type) as Type)) && (fieldsOf(type) ?? []).every(isComparable);

/** Whether a row becomes one of another type where that is assigned: one without a name of its own, field by field. */
export function isTaken(from: Type, to: Type): boolean {
  const [own, other] = [rowTypeOf(from), rowTypeOf(to)];
  return own !== undefined && other !== undefined && (own.named && other.named ? from === to : isCastable(from, to));
}

/** Whether there is such a cast. */
export function isCastable(from: Type, to: Type): boolean {
  if (from === to || from === 'text' || to === 'text') return true;
  const [fields, others] = [fieldsOf(from), fieldsOf(to)];
  if (others) return fields?.length === others.length && fields.every((field, place) => isCastable(field, others[place] as Type));
  if (fields) return false;
  const [element, made] = [elementOf(from), elementOf(to)];
  if (element || made) return element !== undefined && made !== undefined && isCastable(element, made);
  if (formed.includes(from) || formed.includes(to)) return /^json/.test(from) && /^json/.test(to);
  if (from === 'time' || to === 'time') return from.startsWith('timestamp');
  if (times.includes(from) || times.includes(to)) return times.includes(from) && times.includes(to);
  if (from === 'interval' || to === 'interval') return false;
  if (from === 'bool') return to === 'int4';
  if (to === 'bool') return from === 'int4';
  return true;
}

/** Whether a value of one type is taken for another's without being asked. */
export function isImplicit(from: Type, to: Type): boolean {
  if (from === to) return true;
  const [element, made] = [elementOf(from), elementOf(to)];
  if (element && made) return isImplicit(element, made);
  const [row, other] = [rowTypeOf(from), rowTypeOf(to)];
  if (row && other) return !row.named && !other.named && isShapedAs(from, to);
  // Numbers that meet a float become one of eight bytes.
  if (to === 'float4') return false;
  const [low, high] = [numbers.indexOf(from), numbers.indexOf(to)];
  if (low >= 0 && high >= 0) return low < high;
  return times.includes(from) && times.includes(to) && times.indexOf(from) < times.indexOf(to);
}
