import { columnsIn, type Expr } from '../domain/expression.ts';
import { allOf } from '../domain/plan.ts';
import type { Row, Value } from '../domain/value.ts';
import type { Batch, Vector } from './batch.ts';
import { compile } from './compile.ts';
import { batchColumns, batchReads, Emitter, isOwnKey, keyCode, rowReads, type Term } from './emit.ts';
import { closeCode, openCode, outputParts, storeCode } from './output.ts';
import { runtime } from './runtime.ts';
import { type Scoring, scoringOf } from './scoring.ts';
import { emitStages, spread, type Stage } from './stage.ts';

/** What was made of expressions, and its source. */
export type Made<T> = { readonly run: T; readonly code: string };

const parts = { r: runtime, ...outputParts };

/** What stages make of rows, the last of which says their columns: one closed function. Columns that are not `wanted` are NULL. */
export function pipeline(stages: readonly Stage[], wanted?: ReadonlySet<number>): Made<(batch: Batch, params: Row) => Batch> {
  const scoring = scoringOf(stages);
  if (scoring) return scoringPipeline(scoring, wanted);
  const places = passed(stages);
  if (places && !wanted)
    return {
      run: (batch) => ({ ...batch, columns: places.map((place) => batch.columns[place] as Vector) }),
      code: `// columns ${places.join(', ')} as they are`,
    };
  const constants: Value[] = [];
  const emitter = new Emitter(batchReads, constants);
  const columns = allOf(stages.at(-1)?.columns ?? []);
  const types = columns.map(({ type }) => type);
  const { used, before, after } = emitStages(stages, wanted ?? new Set(columns.keys()), emitter);
  const unwanted: Term = { value: 'null', isNull: 'true' };
  const terms = columns.map((column, at) => (wanted?.has(at) === false ? unwanted : emitter.term(column)));
  const body = emitter.take();
  const most = spread(stages);
  const code = `return function pipeline(b, p) {
const w = b.weights, size = b.size${most === 1 ? '' : ` * ${most}`};
${batchColumns(used)}
${openCode(types)}
const v = w === undefined ? undefined : new Float64Array(size);
${before.join('\n')}
for (let i = 0; i < b.size; i++) {
${body}
${types.map((type, at) => storeCode(terms[at] as Term, type, at)).join('\n')}
if (w !== undefined) v[m] = w[i];
m++;
${after}
}
${closeCode(types, 'v && v.subarray(0, m)')}
};`;
  return { code, run: compile(code, { ...parts, k: constants }) };
}

/** What stages make of rows where models are asked in between. */
function scoringPipeline({ before, after, score }: Scoring, wanted?: ReadonlySet<number>): Made<(batch: Batch, params: Row) => Batch> {
  const [first, rest] = [pipeline(before), pipeline(after, wanted)];
  return {
    run: (batch, params) => rest.run(score(first.run(batch, params)), params),
    code: `${first.code}\n// models answer for all of these rows together\n${rest.code}`,
  };
}

/** Of one stage that answers columns as they are, of all rows: which ones. */
function passed([stage, ...more]: readonly Stage[]): number[] | undefined {
  if (stage?.kind !== 'map' || stage.where || more.length > 0) return undefined;
  const places = stage.outputs.flatMap((output) => (output.kind === 'column' ? [output.place] : []));
  return places.length === stage.outputs.length ? places : undefined;
}

/** The keys of a batch's rows. With `strict`, what has a NULL among its keys has none. */
export function keysOf(keys: readonly Expr[], strict: boolean): Made<(batch: Batch, params: Row) => Value[]> {
  const constants: Value[] = [];
  const emitter = new Emitter(batchReads, constants);
  const used = new Set<number>();
  for (const key of keys) columnsIn(key, used);
  const terms = keys.map((key) => emitter.term(key));
  const body = emitter.take();
  const types = keys.map(({ type }) => type);
  const nulls = terms.map(({ isNull }) => isNull).filter((each) => each !== 'false');
  const key =
    strict && nulls.length > 0
      ? `(${nulls.join(' || ')}) ? null : ${keyCode(
          terms.map(({ value }) => ({ value, isNull: 'false' })),
          types,
        )}`
      : keyCode(terms, types);
  const code = `return function keys(b, p) {
${batchColumns(used)}
const found = new Array(b.size);
for (let i = 0; i < b.size; i++) {
${body}
found[i] = ${key};
}
return found;
};`;
  return { code, run: compile(code, { ...parts, k: constants }) };
}

/** Whether a condition holds for a pair of rows. */
export function pairTest(condition: Expr, width: number): Made<(left: Row, right: Row, params: Row) => boolean> {
  const constants: Value[] = [];
  const emitter = new Emitter(rowReads('a', width, 'b'), constants);
  const holds = emitter.condition(condition);
  const code = `return function pair(a, b, p) {\n${emitter.take()}\nreturn ${holds};\n};`;
  return { code, run: compile(code, { ...parts, k: constants }) };
}

/** The values of expressions over a row. */
export function valuesOf(exprs: readonly Expr[]): Made<(row: Row, params: Row) => Value[]> {
  const constants: Value[] = [];
  const emitter = new Emitter(rowReads('a'), constants);
  const terms = exprs.map((expr) => emitter.term(expr));
  const list = terms.map(({ value, isNull }) => (isNull === 'false' ? value : `${isNull} ? null : ${value}`));
  const code = `return function values(a, p) {\n${emitter.take()}\nreturn [${list.join(', ')}];\n};`;
  return { code, run: compile(code, { ...parts, k: constants }) };
}

/** The key of one row, as `keysOf` makes it. */
export function keyOfRow(keys: readonly Expr[]): (row: Row) => Value {
  const values = valuesOf(keys);
  const isPlain = keys.length === 1 && isOwnKey(keys[0]?.type);
  return (row) => {
    const found = values.run(row, []);
    if (isPlain) return found[0] ?? null;
    return keys.length === 1 && found[0] === null ? null : found.map(runtime.keyOf).join('');
  };
}
