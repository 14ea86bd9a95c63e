import { deserialize, serialize } from 'node:v8';
import type { Column, Value } from '../../domain/value.ts';
import { Absent, type Batch, emptyBatch, isMasked, type Vector } from '../batch.ts';
import { Texts } from '../cell.ts';
import { Reader, Writer } from './writer.ts';

/** How a column is written: all NULL, numbers, texts, or values of any kind. */
const how = { absent: 0, floats: 1, ints: 2, texts: 3, values: 4 } as const;

/** Writes the rows of a batch that stand at some places. */
export function writeBatch(out: Writer, { columns, weights }: Batch, places: ArrayLike<number>): void {
  const size = places.length;
  out.number(size);
  if (size === 0) return;
  out.number(weights ? 1 : 0);
  if (weights) {
    const own = out.floats(size);
    for (let at = 0; at < size; at += 1) own[at] = weights[places[at] as number] as number;
  }
  for (const vector of columns) writeVector(out, vector, places);
}

function writeVector(out: Writer, vector: Vector, places: ArrayLike<number>): void {
  const size = places.length;
  if (vector instanceof Absent) {
    out.number(how.absent);
    return;
  }
  if (vector instanceof Texts && vector.isWellFormed) {
    out.number(how.texts);
    vector.write(out, places);
    return;
  }
  const { values, nulls } = vector;
  if (Array.isArray(values)) {
    const own = Array.from({ length: size }, (_, at) => values[places[at] as number] ?? null);
    if (nulls === undefined && own.every((value) => value === null || (typeof value === 'string' && value.isWellFormed()))) {
      out.number(how.texts);
      Texts.of(own as (string | null)[]).write(out, Uint32Array.from(own.keys()));
      return;
    }
    out.number(how.values);
    out.bytes(serialize(own));
  } else if (values instanceof Int32Array) {
    out.number(how.ints);
    const own = out.ints(size);
    for (let at = 0; at < size; at += 1) own[at] = values[places[at] as number] as number;
  } else {
    out.number(how.floats);
    const own = out.floats(size);
    for (let at = 0; at < size; at += 1) own[at] = values[places[at] as number] as number;
  }
  out.number(nulls ? 1 : 0);
  if (!nulls) return;
  const own = out.masks(size);
  for (let at = 0; at < size; at += 1) own[at] = nulls[places[at] as number] as number;
}

/** Reads a batch that was written. */
export function readBatch(from: Reader, columns: readonly Column[]): Batch {
  const size = from.number();
  if (size === 0) return emptyBatch(columns);
  const weights = from.number() === 1 ? from.floats(size) : undefined;
  return { size, columns: columns.map(({ type }) => readVector(from, type, size)), weights };
}

function readVector(from: Reader, type: Column['type'], size: number): Vector {
  const kind = from.number();
  if (kind === how.absent) return new Absent(type, size);
  if (kind === how.texts) return Texts.read(from, size);
  const values = kind === how.values ? (deserialize(from.bytes()) as Value[]) : kind === how.ints ? from.ints(size) : from.floats(size);
  const nulls = from.number() === 1 ? from.masks(size) : undefined;
  return { values, nulls: isMasked(type) ? nulls : undefined };
}

function allOf(size: number): Uint32Array {
  const places = new Uint32Array(size);
  for (let at = 0; at < size; at += 1) places[at] = at;
  return places;
}

/** A batch as bytes, and back. */
export function bytesOf(batch: Batch): Uint8Array<ArrayBuffer> {
  const out = new Writer();
  writeBatch(out, batch, allOf(batch.size));
  return out.finish();
}

export const batchIn = (bytes: Uint8Array<ArrayBuffer>, columns: readonly Column[]): Batch => readBatch(new Reader(bytes), columns);
