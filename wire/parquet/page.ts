import { writeVarint } from './thrift.ts';

/**
 * The sorts of columns that are written, by Parquet's words: texts are BYTE_ARRAY (UTF8), times INT64 (TIMESTAMP_MILLIS), instants
 * INT64 (TIMESTAMP_MICROS), dates INT32 (DATE), in days since 1970.
 */
export type ColumnType = 'text' | 'boolean' | 'integer' | 'time' | 'instant' | 'date' | 'double';
export type ParquetValue = string | boolean | number | bigint | undefined;
export type Column = { readonly name: string; readonly type: ColumnType; readonly required?: true };

/** The content of a data page: which rows have a value, and then the values, in PLAIN. */
export function encodePage({ type, required }: Column, values: readonly ParquetValue[]): Buffer {
  const there = values.filter((value) => value !== undefined);
  if (required && there.length < values.length) throw new TypeError('a column that is required lacks a value');
  const levels = required ? [] : [encodeLevels(values)];
  return Buffer.concat([...levels, encodeValues(type, there)]);
}

/** Levels of definition in the hybrid of run lengths and packed bits, one bit wide, behind their length. */
function encodeLevels(values: readonly ParquetValue[]): Buffer {
  const runs: number[] = [];
  for (let from = 0; from < values.length; ) {
    const isThere = values[from] !== undefined;
    let to = from + 1;
    while (to < values.length && (values[to] !== undefined) === isThere) to++;
    writeVarint(runs, BigInt((to - from) * 2));
    runs.push(isThere ? 1 : 0);
    from = to;
  }
  const length = Buffer.alloc(4);
  length.writeUInt32LE(runs.length);
  return Buffer.concat([length, Buffer.from(runs)]);
}

function encodeValues(type: ColumnType, values: readonly ParquetValue[]): Buffer {
  if (type === 'boolean') {
    const bits = Buffer.alloc(Math.ceil(values.length / 8));
    for (const [at, value] of values.entries()) if (value === true) bits[at >> 3]! |= 1 << (at & 7);
    return bits;
  }
  if (type === 'text') return encodeTexts(values as readonly string[]);
  const bytes = Buffer.allocUnsafe(values.length * (type === 'date' ? 4 : 8));
  if (type === 'date') for (const [at, value] of values.entries()) bytes.writeInt32LE(value as number, at * 4);
  else if (type === 'double') for (const [at, value] of values.entries()) bytes.writeDoubleLE(value as number, at * 8);
  else for (const [at, value] of values.entries()) bytes.writeBigInt64LE(BigInt(value as number), at * 8);
  return bytes;
}

function encodeTexts(values: readonly string[]): Buffer {
  const lengths = values.map((value) => Buffer.byteLength(value, 'utf8'));
  const bytes = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + length + 4, 0));
  let at = 0;
  for (const [index, value] of values.entries()) {
    at = bytes.writeUInt32LE(lengths[index]!, at);
    at += bytes.write(value, at, 'utf8');
  }
  return bytes;
}
