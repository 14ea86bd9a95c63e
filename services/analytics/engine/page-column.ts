import { type Decimal, printDecimal, readDecimal } from '../domain/decimal.ts';
import { isText, printValue, readValue, type Type, type Value } from '../domain/value.ts';
import { isMasked, type Values, type Vector } from './batch.ts';
import { Decimals, nullScale, otherScale } from './cell.ts';
import type { PageReader, PageWriter } from './page.ts';

const [falsehood, truth, unknown] = [0, 1, 2];

/** Writes the values of a column. */
export function writeColumn(page: PageWriter, type: Type, vector: Vector, count: number): void {
  if (isMasked(type)) writeNumbers(page, vector, count);
  else if (type === 'numeric') writeDecimals(page, packedDecimals(vector), count);
  else if (type === 'bool')
    page.numbers(Float64Array.from(vector.values as Value[], (value) => (value === null ? unknown : value ? truth : falsehood)));
  else if (isText(type)) page.textsOf(vector, count);
  else page.texts((vector.values as Value[]).map((value) => printValue(type, value)));
}

/** Reads so many values of a column. */
export function readColumn(page: PageReader, type: Type, count: number): Vector {
  if (isMasked(type)) return readNumbers(page, type, count);
  if (type === 'numeric') return readDecimals(page, count);
  if (type === 'bool') {
    const values = Array.from(page.numbers(count), (each): Value => (each === unknown ? null : each === truth));
    return { values, nulls: undefined };
  }
  if (isText(type)) return page.column(count);
  const values = page.texts(count).map((text) => (text === null ? null : readValue(type, text)));
  return { values, nulls: undefined };
}

/** Numbers and times: which are NULL, the numbers, and behind them integers that no number holds. */
function writeNumbers(page: PageWriter, { values, nulls }: Vector, count: number): void {
  const numbers = values instanceof Float64Array ? values.subarray(0, count) : new Float64Array(count);
  const mask = new Uint8Array(count);
  const large: [number, bigint][] = [];
  let some = 0;
  for (let at = 0; at < count; at += 1) {
    const value = (values as ArrayLike<Value>)[at] as Value;
    if (value === null || nulls?.[at] === 1) mask[at] = some = 1;
    else if (typeof value === 'bigint') large.push([at, value]);
    else if (numbers !== values) numbers[at] = value as number;
  }
  page.byte(some);
  if (some === 1) page.bytes(mask);
  page.numbers(numbers);
  page.count(large.length);
  for (const [at] of large) page.count(at);
  page.integers(BigInt64Array.from(large, ([, value]) => value));
}

function readNumbers(page: PageReader, type: Type, count: number): Vector {
  const nulls = page.byte() === 1 ? page.bytes(count) : undefined;
  const numbers = page.numbers(count);
  const places = Array.from({ length: page.count() }, () => page.count());
  const large = page.integers(places.length);
  if (places.length === 0) return { values: type === 'int4' ? Int32Array.from(numbers) : numbers, nulls };
  const values: Value[] = Array.from(numbers);
  for (const [at, place] of places.entries()) values[place] = large[at] as bigint;
  return { values, nulls };
}

/** Decimals as their digits and scales; those of many digits lie in `others`. */
export type Packed = { readonly units: Float64Array; readonly scales: Uint8Array; readonly others: Decimal[] };

const [unitsLeast, unitsMost] = [BigInt(Number.MIN_SAFE_INTEGER), BigInt(Number.MAX_SAFE_INTEGER)];
/** Whether a decimal is one of few digits. */
export const isShort = ({ units, scale }: Decimal): boolean => scale < otherScale && units >= unitsLeast && units <= unitsMost;

/** A column of decimals in the form that takes the least room. */
export function packedDecimals(vector: Vector): Packed {
  if (vector instanceof Decimals) return vector;
  const values: Values = vector.values;
  const [units, scales] = [new Float64Array(values.length), new Uint8Array(values.length).fill(nullScale)];
  const others: Decimal[] = [];
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at] as Decimal | null;
    if (value === null) continue;
    const short = isShort(value);
    units[at] = short ? Number(value.units) : others.push(value) - 1;
    scales[at] = short ? value.scale : otherScale;
  }
  return { units, scales, others };
}

function writeDecimals(page: PageWriter, { units, scales, others }: Packed, count: number): void {
  page.numbers(units.subarray(0, count));
  page.numbers(Float64Array.from(scales.subarray(0, count)));
  page.count(others.length);
  page.texts(others.map(printDecimal));
}

function readDecimals(page: PageReader, count: number): Decimals {
  const units = page.numbers(count);
  const scales = Uint8Array.from(page.numbers(count));
  const others = page.texts(page.count()).map((text) => readDecimal(text as string) as Decimal);
  return new Decimals(units, scales, others);
}
