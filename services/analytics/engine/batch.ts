import type { Column, Row, Type, Value } from '../domain/value.ts';

/**
 * The values of a column. Numbers and times lie in typed arrays beside a mask of NULLs; int8 beyond what a number holds
 * exactly, and all other types, in plain arrays, the others with their NULLs in place.
 */
export type Values = Float64Array | Int32Array | Value[];
export type Vector = { readonly values: Values; readonly nulls: Uint8Array | undefined };

/** Changes of a relation: rows in columns, with how often each came (positive) or went; without weights each came once. */
export type Batch = { readonly size: number; readonly columns: readonly Vector[]; readonly weights: Float64Array | undefined };

export const isMasked = (type: Type): boolean => !['bool', 'numeric', 'text', 'interval'].includes(type);

/** Room for values of a type. */
export function room(type: Type, size: number): Values {
  if (type === 'int4') return new Int32Array(size);
  return isMasked(type) ? new Float64Array(size) : new Array<Value>(size);
}

export const emptyBatch = (columns: readonly Column[]): Batch => ({
  size: 0,
  columns: columns.map(({ type }) => ({ values: room(type, 0), nulls: undefined })),
  weights: undefined,
});

/** A column of NULLs alone. */
export const absent = (type: Type, size: number): Vector =>
  isMasked(type)
    ? { values: room(type, size), nulls: new Uint8Array(size).fill(1) }
    : { values: new Array<Value>(size).fill(null), nulls: undefined };

/** A vector whose values are made when they are first asked for. */
export interface LazyVector extends Vector {
  gather(places: Uint32Array): Vector;
}

export function valueAt({ values, nulls }: Vector, at: number): Value {
  return nulls?.[at] === 1 ? null : (values[at] ?? null);
}

export const rowAt = ({ columns }: Batch, at: number): Value[] => {
  const row = new Array<Value>(columns.length);
  for (let place = 0; place < columns.length; place += 1) row[place] = valueAt(columns[place] as Vector, at);
  return row;
};

export const weightAt = ({ weights }: Batch, at: number): number => weights?.[at] ?? 1;

/** Gathers rows into a batch. */
export class BatchBuilder {
  readonly #columns: readonly Column[];
  readonly #rows: Row[] = [];
  readonly #weights: number[] = [];

  constructor(columns: readonly Column[]) {
    this.#columns = columns;
  }

  get size(): number {
    return this.#rows.length;
  }

  add(row: Row, weight: number): void {
    this.#rows.push(row);
    this.#weights.push(weight);
  }

  finish(): Batch {
    const rows = this.#rows;
    const columns = this.#columns.map(({ type }, place) => vectorOf(type, rows, place));
    const weights = this.#weights.every((weight) => weight === 1) ? undefined : Float64Array.from(this.#weights);
    return { size: rows.length, columns, weights };
  }
}

function vectorOf(type: Type, rows: readonly Row[], place: number): Vector {
  if (!isMasked(type)) return { values: rows.map((row) => row[place] ?? null), nulls: undefined };
  let nulls: Uint8Array | undefined;
  let values = room(type, rows.length);
  for (let at = 0; at < rows.length; at += 1) {
    const value = rows[at]?.[place] ?? null;
    if (value === null) (nulls ??= new Uint8Array(rows.length))[at] = 1;
    else {
      if (typeof value === 'bigint' && !Array.isArray(values)) values = widened(values);
      (values as Value[])[at] = value;
    }
  }
  return { values, nulls };
}

/** The values in an array that holds integers of any size. */
export const widened = (values: Values): Value[] => Array.from(values as ArrayLike<Value>);

/** The rows at some places of a batch, in their order. */
export function gathered(batch: Batch, places: Uint32Array): Batch {
  const columns = batch.columns.map((vector): Vector => {
    if ('gather' in vector) return (vector as LazyVector).gather(places);
    const { values, nulls } = vector;
    const made = Array.isArray(values)
      ? new Array<Value>(places.length)
      : new (values.constructor as Float64ArrayConstructor)(places.length);
    for (let at = 0; at < places.length; at += 1) made[at] = values[places[at] as number] as never;
    return { values: made, nulls: nulls && (places.map((place) => nulls[place] ?? 0) as unknown as Uint8Array) };
  });
  return { size: places.length, columns, weights: batch.weights && Float64Array.from(places, (place) => batch.weights?.[place] ?? 1) };
}

/** Batches behind each other. */
export function concatenated(batches: readonly Batch[], columns: readonly Column[]): Batch {
  const filled = batches.filter(({ size }) => size > 0);
  if (filled.length < 2) return filled[0] ?? emptyBatch(columns);
  const builder = new BatchBuilder(columns);
  for (const batch of filled) for (let at = 0; at < batch.size; at += 1) builder.add(rowAt(batch, at), weightAt(batch, at));
  return builder.finish();
}
