import { type Column, isObject, isText, type Row, type Type, type Value } from '../domain/value.ts';

/**
 * The values of a column. Numbers and times lie in typed arrays beside a mask of NULLs; int8 beyond what a number holds
 * exactly, and all other types, in plain arrays, the others with their NULLs in place.
 */
export type Values = Float64Array | Int32Array | Value[];
export type Vector = { readonly values: Values; readonly nulls: Uint8Array | undefined };

/** Changes of a relation: rows in columns, with how often each came (positive) or went; without weights each came once. */
export type Batch = { readonly size: number; readonly columns: readonly Vector[]; readonly weights: Float64Array | undefined };

export const isMasked = (type: Type): boolean => type !== 'bool' && !isText(type) && !isObject(type);

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

/** A vector whose values are made when they are first asked for. */
export interface LazyVector extends Vector {
  gather(places: Uint32Array): Vector;
}

/** A vector that is made when it is first asked for. */
export class Later implements LazyVector {
  readonly #make: () => Vector;
  #made: Vector | undefined;

  constructor(make: () => Vector) {
    this.#make = make;
  }

  get made(): Vector {
    this.#made ??= this.#make();
    return this.#made;
  }

  get values(): Values {
    return this.made.values;
  }

  get nulls(): Uint8Array | undefined {
    return this.made.nulls;
  }

  gather(places: Uint32Array): Vector {
    return new Later(() => picked(this.made, places));
  }
}

/** A column of NULLs alone. */
export class Absent extends Later {
  readonly #type: Type;

  constructor(type: Type, size: number) {
    super(() =>
      isMasked(type)
        ? { values: room(type, size), nulls: new Uint8Array(size).fill(1) }
        : { values: new Array<Value>(size).fill(null), nulls: undefined },
    );
    this.#type = type;
  }

  override gather(places: Uint32Array): Vector {
    return new Absent(this.#type, places.length);
  }
}

export const absent = (type: Type, size: number): Vector => new Absent(type, size);

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

/** One column of rows. */
export function vectorOf(type: Type, rows: readonly Row[], place: number): Vector {
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

/** The values at some places of a vector, in their order. */
export function picked(vector: Vector, places: ArrayLike<number>): Vector {
  const { values, nulls } = vector;
  const count = places.length;
  if (Array.isArray(values)) {
    const made = new Array<Value>(count);
    for (let at = 0; at < count; at += 1) made[at] = values[places[at] as number] as Value;
    return { values: made, nulls: nulls && pickedMask(nulls, places) };
  }
  const made = values instanceof Int32Array ? new Int32Array(count) : new Float64Array(count);
  for (let at = 0; at < count; at += 1) made[at] = values[places[at] as number] as number;
  return { values: made, nulls: nulls && pickedMask(nulls, places) };
}

function pickedMask(nulls: Uint8Array, places: ArrayLike<number>): Uint8Array {
  const made = new Uint8Array(places.length);
  for (let at = 0; at < made.length; at += 1) made[at] = nulls[places[at] as number] as number;
  return made;
}

/** The rows of a batch from one place to another. */
export function sliced(batch: Batch, from: number, to: number): Batch {
  if (from === 0 && to === batch.size) return batch;
  const places = new Uint32Array(to - from);
  for (let at = 0; at < places.length; at += 1) places[at] = from + at;
  return gathered(batch, places);
}

/** The rows at some places of a batch, in their order. */
export function gathered(batch: Batch, places: Uint32Array): Batch {
  const columns = batch.columns.map((vector) =>
    'gather' in vector ? (vector as LazyVector).gather(places) : new Later(() => picked(vector, places)),
  );
  return { size: places.length, columns, weights: batch.weights && Float64Array.from(places, (place) => batch.weights?.[place] ?? 1) };
}

/** Batches behind each other. */
export function concatenated(batches: readonly Batch[], columns: readonly Column[]): Batch {
  const filled = batches.filter(({ size }) => size > 0);
  if (filled.length < 2) return filled[0] ?? emptyBatch(columns);
  const size = filled.reduce((sum, batch) => sum + batch.size, 0);
  const parts = columns.map(({ type }, place) => new Later(() => behind(type, filled, place, size)));
  let weights: Float64Array | undefined;
  let from = 0;
  for (const batch of filled) {
    if (batch.weights) (weights ??= new Float64Array(size).fill(1)).set(batch.weights, from);
    from += batch.size;
  }
  return { size, columns: parts, weights };
}

/** One column of batches behind each other. */
function behind(type: Type, batches: readonly Batch[], place: number, size: number): Vector {
  const vectors = batches.map(({ columns }) => columns[place] as Vector);
  const isPlain = vectors.some(({ values }) => Array.isArray(values));
  const made = isPlain ? new Array<Value>(size) : room(type, size);
  let nulls: Uint8Array | undefined;
  let from = 0;
  for (const [at, { size: count }] of batches.entries()) {
    const { values, nulls: masked } = vectors[at] as Vector;
    for (let row = 0; row < count; row += 1) made[from + row] = values[row] as never;
    if (masked) (nulls ??= new Uint8Array(size)).set(masked.subarray(0, count), from);
    from += count;
  }
  return { values: made, nulls };
}
