import { StatementError } from '#engine/pgwire/statement-error.ts';
import { Forest } from '#engine/tree/forest.ts';
import { readLightgbm } from '#engine/tree/lightgbm.ts';
import { type Predictor, readOnnx } from '#engine/tree/onnx.ts';
import { type Model, ModelError } from '#engine/tree/tree.ts';
import { readXgboost } from '#engine/tree/xgboost.ts';
import { isModel, type Routine } from '../domain/routine.ts';
import type { Reply } from './routine/pool.ts';

/** A model as a function: what predicts, and which parameter each of its features is. */
export type Scored = { readonly predictor: Predictor; readonly places: readonly number[] };

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

const wrong = (message: string) => new StatementError('42P13', message);

/**
 * Reads the file of a model that a function is. Where its features and the parameters have the same names they belong together
 * by those, else by their order. Throws StatementError for a file that is none, or that the function does not fit.
 */
export function modelOf({ language, params, returns }: Pick<Routine, 'language' | 'params' | 'returns'>, file: Buffer): Scored {
  if (!isModel(language)) throw new TypeError(`${language} is no file of a model`);
  let read: ReturnType<typeof treesOf>;
  try {
    read = readers[language](file);
  } catch (error) {
    if (error instanceof ModelError) throw wrong(`the file is no model of ${language} that is served: ${error.message}`);
    throw error;
  }
  const { predictor, names } = read;
  const { width, classes, labels } = predictor;
  if (width !== params.length) throw wrong(`the model has ${width} features, and the function ${params.length} parameters`);
  if (returns === 'float8' && classes > 2) throw wrong(`the model tells ${classes} classes apart: RETURNS int4 is the likeliest`);
  if (returns === 'int4' && !labels)
    throw wrong('the model tells no classes apart that are whole numbers: RETURNS float8 is what it predicts');
  const named = names.map((name) => params.findIndex((param) => param.name === name));
  return { predictor, places: named.length === width && !named.includes(-1) ? named : params.map((_, at) => at) };
}

/** What a model says of rows of arguments: a number (of two classes the share of the second), or the likeliest class. */
export function predicted({ predictor, places }: Scored, returns: Routine['returns'], rows: readonly (readonly unknown[])[]): Reply[] {
  const given = new Float64Array(rows.length * places.length);
  for (const [row, cells] of rows.entries())
    for (const [at, place] of places.entries()) {
      const cell = cells[place] ?? null;
      given[row * places.length + at] = cell === null ? Number.NaN : Number(cell);
    }
  const { classes, labels } = predictor;
  const told = predictor.predict(given);
  return rows.map((_, row): Reply => {
    const own = told.subarray(row * classes, (row + 1) * classes);
    // A sum over a feature that is NULL is NULL; trees know where such a row goes.
    if (own.some(Number.isNaN)) return ['value', null];
    const last = own.at(-1) ?? 0;
    if (returns === 'float8') return Number.isFinite(last) ? ['value', last] : ['wrong', `answered ${last}, which is no float8`];
    const best = classes === 1 ? Number(last > 0.5) : own.indexOf(Math.max(...own));
    return ['value', String(labels?.[best] ?? best)];
  });
}
