import { columnsIn, type Expr } from '../domain/expression.ts';
import type { Row, Type, Value } from '../domain/value.ts';
import { type Batch, isMasked, room, widened } from './batch.ts';
import { compile } from './compile.ts';
import { batchColumns, batchReads, Emitter, keyCode, rowReads, type Term } from './emit.ts';
import { runtime } from './runtime.ts';

/** What was made of expressions, and its source. */
export type Made<T> = { readonly run: T; readonly code: string };

const parts = { r: runtime, room, widened };

/** Rows for which `where` holds, as other columns: one closed function. */
export function pipeline(where: Expr | undefined, outputs: readonly Expr[]): Made<(batch: Batch, params: Row) => Batch> {
  const constants: Value[] = [];
  const emitter = new Emitter(batchReads, constants);
  const used = new Set<number>();
  for (const expr of where ? [where, ...outputs] : outputs) columnsIn(expr, used);
  if (where) emitter.line(`if (!${emitter.condition(where)}) continue;`);
  const terms = outputs.map((output) => emitter.term(output));
  const body = emitter.take();
  const stores = outputs.map(({ type }, at) => storeCode(terms[at] as Term, type, at)).join('\n');
  const code = `return function pipeline(b, p) {
const size = b.size, w = b.weights;
${batchColumns(used)}
${outputs.map(({ type }, at) => `let o${at} = room(${JSON.stringify(type)}, size), z${at};`).join('\n')}
const v = w === undefined ? undefined : new Float64Array(size);
let m = 0;
for (let i = 0; i < size; i++) {
${body}
${stores}
if (w !== undefined) v[m] = w[i];
m++;
}
const cut = (values) => {
if (m === size) return values;
if (!Array.isArray(values)) return values.subarray(0, m);
values.length = m;
return values;
};
return { size: m, weights: v && v.subarray(0, m), columns: [
${outputs.map((_, at) => `{ values: cut(o${at}), nulls: z${at} && z${at}.subarray(0, m) }`).join(',\n')}
] };
};`;
  return { code, run: compile(code, { ...parts, k: constants }) };
}

function storeCode({ value, isNull }: Term, type: Type, at: number): string {
  if (!isMasked(type)) return isNull === 'false' ? `o${at}[m] = ${value};` : `o${at}[m] = ${isNull} ? null : ${value};`;
  const wide = type === 'int8' ? `if (typeof ${value} === 'bigint' && !Array.isArray(o${at})) o${at} = widened(o${at});\n` : '';
  if (isNull === 'false') return `${wide}o${at}[m] = ${value};`;
  const masked = `(z${at} ??= new Uint8Array(size))[m] = 1; o${at}[m] = 0;`;
  return isNull === 'true' ? masked : `if (${isNull}) { ${masked} } else { ${wide}o${at}[m] = ${value}; }`;
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
