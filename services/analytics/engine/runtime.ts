import { createHash } from 'node:crypto';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { fieldOf, inTime, truncated } from '../domain/datetime.ts';
import { formatTime } from '../domain/time-pattern.ts';
import { add, type Decimal, decimal, divide, multiply, negate, printDecimal, remainder, rounded, truncatedAt } from '../domain/decimal.ts';
import { addIntervals, between, clockMoved, fixedLength, type Interval, moved, negateInterval, timesInterval } from '../domain/interval.ts';
import { cutTo, scaledTo, timedTo } from '../domain/fit.ts';
import { asJsonb, jsonArray, jsonName, jsonObject, jsonOf, jsonOfGroup, jsonOfPairs } from '../domain/json-make.ts';
import * as jsonPaths from '../domain/json-path.ts';
import * as jsonParts from '../domain/json-part.ts';
import { jsonKind, jsonLength, jsonPart, jsonText } from '../domain/jsonb.ts';
import { castValue } from '../domain/cast.ts';
import { compareTexts, compareValues, finite, isAlike, keyOf, ranged, single, type Value } from '../domain/value.ts';
import { randomFactor } from './factor.ts';
import { arrays } from './array.ts';
import { like } from './like.ts';
import { textBytesMax } from './limits.ts';
import { predictOnline, sample } from './learner.ts';
import { callRoutine } from './routine/calls.ts';
import { numerics } from './library/number.ts';
import { regexes } from './library/regex.ts';
import { texts } from './library/text.ts';
import { moments } from './library/time.ts';
import { seriesList } from './series-values.ts';
import { nearest } from './nearest.ts';

type Whole = number | bigint;
const zero = () => new StatementError(sqlstates.divisionByZero, 'division by zero');
const safe = (value: number): boolean => value <= 9007199254740991 && value >= -9007199254740991;

const points = (text: string): string[] => [...text];
// Most texts are of characters that are one unit each.
const isSimple = (text: string): boolean => !/[\ud800-\udfff]/.test(text);

function sized(text: string): string {
  checkLength(text.length);
  return text;
}

function checkLength(length: number): void {
  if (length > textBytesMax) throw new StatementError(sqlstates.tooLarge, `a text is at most ${textBytesMax} characters long`);
}

function substring(text: string, from: number, count?: number): string {
  if (count !== undefined && count < 0) throw new StatementError('22011', 'negative substring length not allowed');
  const end = count === undefined ? Number.POSITIVE_INFINITY : from - 1 + count;
  const start = Math.max(0, from - 1);
  return isSimple(text) ? text.slice(start, Math.max(start, end)) : points(text).slice(start, Math.max(start, end)).join('');
}

const trimming =
  (sides: 'both' | 'left' | 'right') =>
  (text: string, characters = ' ') => {
    const set = new Set(points(characters));
    const all = points(text);
    let [start, end] = [0, all.length];
    if (sides !== 'right') while (start < end && set.has(all[start] ?? '')) start += 1;
    if (sides !== 'left') while (end > start && set.has(all[end - 1] ?? '')) end -= 1;
    return all.slice(start, end).join('');
  };

const slow8 = (operate: (left: bigint, right: bigint) => bigint, left: Whole, right: Whole) =>
  ranged('int8', operate(BigInt(left), BigInt(right)));

const halves = new Int32Array(2);
const whole = new Float64Array(halves.buffer);
/** Nobody knows it who could choose texts that have one hash. */
const factor = randomFactor();

/** A hash of 32 bits, the same for values that are alike. */
function hashOf(value: Value): number {
  switch (typeof value) {
    case 'number':
      whole[0] = value + 0;
      return (halves[0] as number) ^ Math.imul(halves[1] as number, factor);
    case 'string': {
      let hash = value.length;
      for (let at = 0; at < value.length; at += 1) hash = Math.imul(hash ^ value.charCodeAt(at), factor);
      return hash ^ (hash >>> 15);
    }
    case 'boolean':
      return value ? 1 : 2;
    default:
      return value === null ? 0 : hashOf(keyOf(value));
  }
}

/** The unit that a field of a time is called by, of its several names. */
const unitOf = (field: string): string =>
  field
    .toLowerCase()
    .replace(/^(year|month|day|hour|minute|second|decade|week|quarter|centurie|millennium)s$/, '$1')
    .replace('centurie', 'century');

/** What generated code calls. */
export const runtime = {
  routine: callRoutine,
  sample,
  predictOnline,
  castValue,
  compareTexts,
  compareValues,
  ...{ finite, single, cutTo, scaledTo, timedTo, jsonKind, jsonLength, jsonPart, jsonText },
  ...{ jsonOf, jsonName, jsonObject, jsonArray, jsonOfGroup, jsonOfPairs, asJsonb },
  ...jsonParts,
  ...jsonPaths,
  ...arrays,
  ...{ ...numerics, ...regexes, ...texts, ...moments },
  series: seriesList,
  isAlike,
  keyOf,
  hashOf,
  moved,
  between,
  addIntervals,
  negateInterval,
  ...{ clockMoved, timesInterval },
  inTime,
  formatTime,
  like,
  truncated: (field: string, micros: number) => truncated(unitOf(field), micros),
  multiplyDecimal: multiply,
  addDecimal: add,
  subtractDecimal: (left: Decimal, right: Decimal) => add(left, negate(right)),
  divideDecimal: divide,
  remainderDecimal: remainder,
  negateDecimal: negate,
  decimalOf: (value: Whole) => decimal(BigInt(value)),
  asFloat: (value: Decimal) => Number(printDecimal(value)),
  int2(value: number): number {
    if (value > 32767 || value < -32768) throw new StatementError(sqlstates.outOfRange, 'smallint out of range');
    return value + 0;
  },
  int4(value: number): number {
    if (value > 2147483647 || value < -2147483648) throw new StatementError(sqlstates.outOfRange, 'integer out of range');
    return value + 0;
  },
  /** Whether there is a row, of one at most. */
  isOne(count: number): boolean {
    if (count > 1) throw new StatementError('21000', 'more than one row returned by a subquery used as an expression');
    return count === 1;
  },
  divisor(value: number): number {
    if (value === 0) throw zero();
    return value;
  },
  add8(left: Whole, right: Whole): Whole {
    if (typeof left === 'number' && typeof right === 'number') {
      const sum = left + right;
      if (safe(sum)) return sum;
    }
    return slow8((a, b) => a + b, left, right);
  },
  subtract8(left: Whole, right: Whole): Whole {
    if (typeof left === 'number' && typeof right === 'number') {
      const difference = left - right;
      if (safe(difference)) return difference;
    }
    return slow8((a, b) => a - b, left, right);
  },
  multiply8(left: Whole, right: Whole): Whole {
    if (typeof left === 'number' && typeof right === 'number') {
      const product = left * right;
      if (safe(product)) return product + 0;
    }
    return slow8((a, b) => a * b, left, right);
  },
  divide8(left: Whole, right: Whole): Whole {
    if (right === 0) throw zero();
    if (typeof left === 'number' && typeof right === 'number') return Math.trunc(left / right) + 0;
    return slow8((a, b) => a / b, left, right);
  },
  remainder8(left: Whole, right: Whole): Whole {
    if (right === 0) throw zero();
    if (typeof left === 'number' && typeof right === 'number') return (left % right) + 0;
    return slow8((a, b) => a % b, left, right);
  },
  extract(field: string, micros: number): Decimal {
    const found = fieldOf(unitOf(field), micros);
    if (!found) throw new StatementError('22023', `unit "${field.slice(0, 60)}" not recognized for type timestamp`);
    return found;
  },
  binned(stride: Interval, micros: number, origin: number): number {
    const length = fixedLength(stride, 'stride');
    return origin + Math.floor((micros - origin) / length) * length;
  },
  joinTexts: (left: string, right: string) => sized(left + right),
  reversed: (text: string) => points(text).reverse().join(''),
  md5: (text: string) => createHash('md5').update(text).digest('hex'),
  lengthOf: (text: string) => (isSimple(text) ? text.length : points(text).length),
  octets: (text: string) => Buffer.byteLength(text),
  substring,
  left: (text: string, count: number) => points(text).slice(0, count).join(''),
  right: (text: string, count: number) => (count === 0 ? '' : points(text).slice(-count).join('')),
  repeated(text: string, count: number): string {
    checkLength(text.length * count);
    return count > 0 ? text.repeat(count) : '';
  },
  replaced: (text: string, from: string, to: string) => (from === '' ? text : sized(text.split(from).join(to))),
  splitPart(text: string, by: string, place: number): string {
    if (place === 0) throw new StatementError('22023', 'field position must not be zero');
    if (by === '' || place < 0) return (by === '' ? [text] : text.split(by)).at(place > 0 ? place - 1 : place) ?? '';
    let from = 0;
    for (let passed = 1; passed < place; passed += 1) {
      const at = text.indexOf(by, from);
      if (at < 0) return '';
      from = at + by.length;
    }
    const end = text.indexOf(by, from);
    return end < 0 ? text.slice(from) : text.slice(from, end);
  },
  position(text: string, part: string): number {
    const at = text.indexOf(part);
    return at < 0 ? 0 : points(text.slice(0, at)).length + 1;
  },
  trimmed: trimming('both'),
  trimmedLeft: trimming('left'),
  trimmedRight: trimming('right'),
  roundDecimal: (value: Decimal, digits = 0) => rounded(value, digits),
  truncDecimal: (value: Decimal, digits = 0) => truncatedAt(value, digits),
  floorDecimal(value: Decimal): Decimal {
    const cut = truncatedAt(value, 0);
    return value.units < 0n && compareValues(cut, value) !== 0 ? add(cut, decimal(-1n)) : cut;
  },
  ceilDecimal(value: Decimal): Decimal {
    const cut = truncatedAt(value, 0);
    return value.units > 0n && compareValues(cut, value) !== 0 ? add(cut, decimal(1n)) : cut;
  },
  roundFloat(value: number): number {
    const floor = Math.floor(value);
    if (value - floor !== 0.5) return Math.round(value);
    return floor % 2 === 0 ? floor : floor + 1;
  },
  near: nearest,
  squareRoot(value: number): number {
    if (value < 0) throw new StatementError('2201F', 'cannot take square root of a negative number');
    return Math.sqrt(value);
  },
  logarithm(value: number): number {
    if (value <= 0)
      throw new StatementError('2201E', value === 0 ? 'cannot take logarithm of zero' : 'cannot take logarithm of a negative number');
    return Math.log(value);
  },
};
