import { decimal, divide, type Decimal } from '../../domain/decimal.ts';
import { type Column, finite, type Type, type Value, whole } from '../../domain/value.ts';
import { type Batch, isMasked, room, type Values, type Vector } from '../batch.ts';
import { isWritable } from './expression.ts';
import { type Form, partDigits, storedDigits, storedFixed, storedForm, typesOf } from './form.ts';
import { bytesOf, packed, type Packed, type Part, unpacked } from './pack.ts';

/** Some columns of rows as they are stored; the first place whose values DuckDB cannot have, where there is one. */
export function pack(batch: Batch, columns: readonly Column[], places: readonly number[]): Packed | number {
  const parts: Part[] = [];
  for (const place of places) {
    const { type } = columns[place] as Column;
    const vector = batch.columns[place] as Vector;
    const found = type === 'numeric' ? decimals(vector.values as (Decimal | null)[], batch.size) : single(type, vector, batch.size);
    if (!found) return place;
    parts.push(...found);
  }
  return packed(batch.size, parts);
}

function maskOf({ values, nulls }: Vector, size: number): Uint8Array | undefined {
  if (nulls) return nulls.subarray(0, size);
  if (!Array.isArray(values) || !values.includes(null)) return undefined;
  const mask = new Uint8Array(size);
  for (let at = 0; at < size; at += 1) if (values[at] === null) mask[at] = 1;
  return mask;
}

function single(type: Type, vector: Vector, size: number): Part[] | undefined {
  const [as = ''] = typesOf(storedForm(type), type);
  const nulls = maskOf(vector, size);
  const { values } = vector;
  switch (as) {
    case 'VARCHAR': {
      const texts = textsOf(values as (string | null)[], size);
      return texts && [{ type: as, nulls, values: texts }];
    }
    case 'BIGINT':
      return [{ type: as, nulls, values: longs(values, size) }];
    case 'DOUBLE': {
      const floats = Float64Array.from({ length: size }, (_, at) => values[at] as number);
      return floats.some((value) => Object.is(value, -0)) ? undefined : [{ type: as, nulls, values: bytesOf(floats) }];
    }
    case 'BOOLEAN':
      return [{ type: as, nulls, values: Uint8Array.from({ length: size }, (_, at) => (values[at] === true ? 1 : 0)) }];
    case 'SMALLINT':
      return [{ type: as, nulls, values: bytesOf(Int16Array.from({ length: size }, (_, at) => Number(values[at] ?? 0))) }];
    default:
      return [{ type: as, nulls, values: bytesOf(Int32Array.from({ length: size }, (_, at) => Number(values[at] ?? 0))) }];
  }
}

const word = 2 ** 32;

/** Integers of 64 bits, whose halves need no bigint where a number holds them. */
function longs(values: Values, size: number): Uint8Array {
  const halves = new Int32Array(size * 2);
  for (let at = 0; at < size; at += 1) {
    const value = values[at] as number | bigint | null;
    if (typeof value === 'bigint') {
      halves[at * 2] = Number(BigInt.asIntN(32, value));
      halves[at * 2 + 1] = Number(value >> 32n);
    } else {
      halves[at * 2] = (value ?? 0) | 0;
      halves[at * 2 + 1] = Math.floor((value ?? 0) / word);
    }
  }
  return bytesOf(halves);
}

/** The lengths of texts and then their bytes. */
function textsOf(values: readonly (string | null)[], size: number): Uint8Array | undefined {
  const lengths = new Uint32Array(size);
  const whole = values.length === size ? values.join('') : values.slice(0, size).join('');
  const bytes = Buffer.from(whole, 'utf8');
  const isPlain = bytes.length === whole.length;
  if (whole.includes('\0')) return undefined;
  for (let at = 0; at < size; at += 1) {
    const text = values[at] ?? '';
    if (!isPlain && !isWritable(text)) return undefined;
    lengths[at] = isPlain ? text.length : Buffer.byteLength(text);
  }
  const found = new Uint8Array(lengths.byteLength + bytes.length);
  found.set(bytesOf(lengths));
  found.set(bytes, lengths.byteLength);
  return found;
}

const most = 10n ** BigInt(storedDigits);
const powers = Array.from({ length: storedFixed + 1 }, (_, scale) => 10n ** BigInt(scale));

function decimals(values: readonly (Decimal | null)[], size: number): Part[] | undefined {
  const [units, scales, nulls] = [new BigInt64Array(size * 2), new Int32Array(size), new Uint8Array(size)];
  for (let at = 0; at < size; at += 1) {
    const value = values[at] ?? null;
    if (value === null) nulls[at] = 1;
    else {
      if (value.scale > storedFixed) return undefined;
      const own = value.units * (powers[storedFixed - value.scale] as bigint);
      if (own >= most || own <= -most) return undefined;
      units[at * 2] = own;
      units[at * 2 + 1] = own >> 64n;
      scales[at] = value.scale;
    }
  }
  const mask = nulls.includes(1) ? nulls : undefined;
  return [
    { type: 'HUGEINT', nulls: mask, values: bytesOf(units) },
    { type: 'INTEGER', nulls: undefined, values: bytesOf(scales) },
  ];
}

/** Rows that DuckDB answered, as our own operators have them; columns that were not asked for are NULL. */
export function batchOf(answered: Packed, columns: readonly Column[], forms: readonly Form[]): Batch {
  const parts = unpacked(answered);
  const { rows } = answered;
  let next = 0;
  const vectors = columns.map(({ type }, place): Vector => {
    const form = forms[place] as Form;
    const own = parts.slice(next, (next += typesOf(form, type).length));
    return own.length === 0 ? empty(type, rows) : form.kind === 'plain' ? read(type, own[0] as Part, rows) : numbers(form, own, rows);
  });
  return { size: rows, columns: vectors, weights: undefined };
}

const empty = (type: Type, rows: number): Vector =>
  isMasked(type)
    ? { values: room(type, rows), nulls: new Uint8Array(rows).fill(1) }
    : { values: new Array<Value>(rows).fill(null), nulls: undefined };

const arrayOf = <T>(of: new (buffer: ArrayBufferLike, at: number, length: number) => T, { values }: Part, width: number): T =>
  new of(values.buffer, values.byteOffset, values.length / width);

function read(type: Type, part: Part, rows: number): Vector {
  const { nulls } = part;
  const isNull = (at: number) => nulls?.[at] === 1;
  const plain = (value: (at: number) => Value): Vector => ({
    values: Array.from({ length: rows }, (_, at) => (isNull(at) ? null : value(at))),
    nulls: undefined,
  });
  switch (part.type) {
    case 'VARCHAR': {
      const texts = readTexts(part, rows);
      return plain((at) => texts[at] as string);
    }
    case 'BOOLEAN':
      return plain((at) => part.values[at] === 1);
    case 'BIGINT': {
      const longs = arrayOf(BigInt64Array, part, 8);
      const values = Array.from({ length: rows }, (_, at) => (isNull(at) ? 0 : whole(longs[at] as bigint)));
      const isWide = values.some((value) => typeof value === 'bigint');
      return { values: isWide ? values : Float64Array.from(values as number[]), nulls };
    }
    case 'DOUBLE':
      return { values: Float64Array.from(arrayOf(Float64Array, part, 8), (value, at) => (isNull(at) ? 0 : finite(value))), nulls };
    case 'SMALLINT':
      return { values: Float64Array.from(arrayOf(Int16Array, part, 2)), nulls };
    default: {
      const values = arrayOf(Int32Array, part, 4);
      return { values: type === 'int4' ? Int32Array.from(values) : Float64Array.from(values), nulls };
    }
  }
}

function readTexts({ values }: Part, rows: number): string[] {
  const lengths = new Uint32Array(values.buffer, values.byteOffset, rows);
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  let at = rows * 4;
  return Array.from(lengths, (length) => bytes.toString('utf8', at, (at += length)));
}

const above = 10n ** BigInt(partDigits);

/** Decimals from their parts. */
function numbers(form: Form, parts: readonly Part[], rows: number): Vector {
  const [units, ...more] = parts as [Part, ...Part[]];
  const isSum = form.kind !== 'decimal';
  const [low, high] = [wide(units), isSum ? wide(more[0] as Part) : undefined];
  const scales = arrayOf(Int32Array, more[isSum ? 1 : 0] as Part, 4);
  const counts = form.kind === 'average' ? arrayOf(BigInt64Array, more[2] as Part, 8) : undefined;
  const fixed = 'fixed' in form ? form.fixed : 0;
  const values = Array.from({ length: rows }, (_, at): Value => {
    if (units.nulls?.[at] === 1) return null;
    const [scale, sum] = [scales[at] as number, low(at) + (high ? high(at) * above : 0n)];
    const value = decimal(sum / 10n ** BigInt(fixed - scale), scale);
    return counts ? divide(value, decimal(counts[at] as bigint)) : value;
  });
  return { values, nulls: undefined };
}

function wide(part: Part): (at: number) => bigint {
  const halves = arrayOf(BigInt64Array, part, 8);
  return (at) => ((halves[at * 2 + 1] as bigint) << 64n) + BigInt.asUintN(64, halves[at * 2] as bigint);
}
