import { StatementError } from '#engine/pgwire/statement-error.ts';
import { Forest } from '#engine/tree/forest.ts';
import { readLightgbm } from '#engine/tree/lightgbm.ts';
import { type Predictor, readOnnx } from '#engine/tree/onnx.ts';
import { type Model, ModelError } from '#engine/tree/tree.ts';
import { readXgboost } from '#engine/tree/xgboost.ts';
import { isModel, type Routine, routineStates } from '../domain/routine.ts';
import { numberOf, type Value } from '../domain/value.ts';
import type { Vector } from './batch.ts';
import { scoredRows } from './limits.ts';
import type { Given, Scored } from './score.ts';

/** A model as a function: what predicts, and which parameter each of its features is. */
export type Asking = { readonly predictor: Predictor; readonly places: readonly number[] };

const readers = {
  xgboost: (file: Buffer) => treesOf(readXgboost(file.toString('utf8'))),
  lightgbm: (file: Buffer) => treesOf(readLightgbm(file.toString('utf8'))),
  onnx: (file: Buffer) => ({ predictor: readOnnx(file), names: [] }),
} as const;

function treesOf(model: Model): { readonly predictor: Predictor; readonly names: readonly string[] } {
  const forest = new Forest(model);
  const { width, classes } = forest;
  const labels = model.link === 'softmax' ? Array.from({ length: classes }, (_, at) => at) : model.link === 'logistic' ? [0, 1] : undefined;
  return { predictor: { width, classes, labels, predict: (rows) => forest.predict(rows) }, names: model.features };
}

/** The file of a model that is none of those that are read here. */
export class Unread extends StatementError {}

const wrong = (message: string) => new StatementError('42P13', message);

/**
 * Reads the file of a model that a function is. Where its features and the parameters have the same names they belong together
 * by those, else by their order. Throws StatementError for a file that is none, or that the function does not fit.
 */
export function modelOf({ language, params, returns }: Pick<Routine, 'language' | 'params' | 'returns'>, file: Buffer): Asking {
  if (!isModel(language)) throw new TypeError(`${language} is no file of a model`);
  let read: ReturnType<typeof treesOf>;
  try {
    read = readers[language](file);
  } catch (error) {
    if (error instanceof ModelError) throw new Unread('42P13', `the file is no model of ${language} that is served: ${error.message}`);
    throw error;
  }
  // What else there is, networks answer.
  if (returns !== 'float8' && returns !== 'int4') throw new Unread('42P13', `a model of ${language} RETURNS float8 or int4`);
  const { predictor, names } = read;
  const { width, classes, labels } = predictor;
  if (width !== params.length) throw wrong(`the model has ${width} features, and the function ${params.length} parameters`);
  if (returns === 'float8' && classes > 2) throw wrong(`the model tells ${classes} classes apart: RETURNS int4 is the likeliest`);
  if (returns === 'int4' && !labels)
    throw wrong('the model tells no classes apart that are whole numbers: RETURNS float8 is what it predicts');
  const named = names.map((name) => params.findIndex((param) => param.name === name));
  return { predictor, places: named.length === width && !named.includes(-1) ? named : params.map((_, at) => at) };
}

/** What a model says of columns of arguments: a number (of two classes the share of the second), or the likeliest class. */
export function scoredBy({ predictor, places }: Asking, returns: Routine['returns'], { columns, size }: Given): Scored {
  const { classes, predict } = predictor;
  const width = places.length;
  const told: Told = {
    values: returns === 'float8' ? new Float64Array(size) : new Int32Array(size),
    nulls: undefined,
    errors: new Map(),
  };
  // Rows lie one after the other for the model, as many as stay in the processor's caches.
  const block = new Float64Array(Math.min(size, scoredRows) * width);
  for (let from = 0; from < size; from += scoredRows) {
    const count = Math.min(scoredRows, size - from);
    putRows(columns, places, from, count, block);
    const said = predict(block.subarray(0, count * width));
    if (returns === 'float8') takeNumbers(told, said, from, count, classes);
    else takeClasses(told, said, from, count, predictor);
  }
  const { values, nulls, errors } = told;
  return { vector: { values, nulls }, errors };
}

type Told = { readonly values: Float64Array | Int32Array; nulls: Uint8Array | undefined; readonly errors: Map<number, StatementError> };

/** A sum over a feature that is NULL is NULL; trees know where such a row goes. */
const absentAt = (told: Told, row: number): void => void ((told.nulls ??= new Uint8Array(told.values.length))[row] = 1);

function takeNumbers(told: Told, said: Float64Array, from: number, count: number, classes: number): void {
  for (let row = 0; row < count; row += 1) {
    const last = said[(row + 1) * classes - 1] as number;
    if (Number.isFinite(last) && classes === 1) told.values[from + row] = last;
    else if (isAbsent(said, row * classes, classes)) absentAt(told, from + row);
    else if (Number.isFinite(last)) told.values[from + row] = last;
    else told.errors.set(from + row, new StatementError(routineStates.wrong, `the model answered ${last}, which is no float8`));
  }
}

function takeClasses(told: Told, said: Float64Array, from: number, count: number, { classes, labels }: Predictor): void {
  for (let row = 0; row < count; row += 1) {
    const at = row * classes;
    const best = classes === 1 ? Number((said[at] as number) > 0.5) : greatest(said, at, classes);
    if (isAbsent(said, at, classes)) absentAt(told, from + row);
    else told.values[from + row] = labels?.[best] ?? best;
  }
}

/** Puts the numbers of columns beside each other, row after row; what is NULL is no number. */
export function putRows(columns: readonly Vector[], places: readonly number[], first: number, count: number, rows: Float64Array): void {
  for (const [at, place] of places.entries()) put(columns[place] as Vector, first, count, rows, at, places.length);
}

/** Puts the numbers of a column where a feature stands in rows. */
function put({ values, nulls }: Vector, first: number, count: number, rows: Float64Array, from: number, width: number): void {
  if (Array.isArray(values)) putAny(values, first, count, rows, from, width);
  else if (values instanceof Float64Array) putFloats(values, first, count, rows, from, width);
  else putIntegers(values, first, count, rows, from, width);
  if (nulls) for (let row = 0; row < count; row += 1) if (nulls[first + row] === 1) rows[from + row * width] = Number.NaN;
}

function putFloats(values: Float64Array, first: number, count: number, rows: Float64Array, from: number, width: number): void {
  for (let row = 0, at = from; row < count; row += 1, at += width) rows[at] = values[first + row] as number;
}

function putIntegers(values: Int32Array, first: number, count: number, rows: Float64Array, from: number, width: number): void {
  for (let row = 0, at = from; row < count; row += 1, at += width) rows[at] = values[first + row] as number;
}

function putAny(values: readonly Value[], first: number, count: number, rows: Float64Array, from: number, width: number): void {
  for (let row = 0, at = from; row < count; row += 1, at += width) rows[at] = numberOf(values[first + row] ?? null);
}

function isAbsent(told: Float64Array, from: number, count: number): boolean {
  for (let at = from; at < from + count; at += 1) if (Number.isNaN(told[at] as number)) return true;
  return false;
}

function greatest(told: Float64Array, from: number, count: number): number {
  let best = 0;
  for (let at = 1; at < count; at += 1) if ((told[from + at] as number) > (told[from + best] as number)) best = at;
  return best;
}
