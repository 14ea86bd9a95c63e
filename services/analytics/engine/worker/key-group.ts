import { columnsIn, type Expr } from '../../domain/expression.ts';
import { keyOf, type Row, type Value } from '../../domain/value.ts';
import type { Batch } from '../batch.ts';
import { compile } from '../compile.ts';
import { batchColumns, batchReads, Emitter } from '../emit.ts';
import { runtime } from '../runtime.ts';
import { groupsMax } from './limits.ts';

const halves = new Int32Array(2);
const whole = new Float64Array(halves.buffer);

/** A hash of 32 bits, the same for values that are alike; who does not know the factor cannot choose values that have one hash. */
function hashOf(value: Value, factor: number): number {
  switch (typeof value) {
    case 'number':
      whole[0] = value + 0;
      return Math.imul((halves[0] as number) ^ Math.imul(halves[1] as number, factor), -2048144789);
    case 'string': {
      let hash = value.length;
      for (let at = 0; at < value.length; at += 1) hash = Math.imul(hash ^ value.charCodeAt(at), factor);
      return hash;
    }
    case 'boolean':
      return value ? factor : 1;
    default:
      return value === null ? 0 : hashOf(keyOf(value), factor);
  }
}

const mixed = (hash: number, value: Value, factor: number): number => {
  const next = Math.imul(hash ^ hashOf(value, factor), factor);
  return next ^ (next >>> 15);
};

/** A hash of the keys of each row of a batch, by which it has a key group; without keys all are the same. */
export function hashesBy(keys: readonly Expr[], factor: number): (batch: Batch, params: Row) => Int32Array {
  if (keys.length === 0) return ({ size }) => new Int32Array(size);
  const constants: Value[] = [];
  const emitter = new Emitter(batchReads, constants);
  const used = new Set<number>();
  for (const key of keys) columnsIn(key, used);
  const terms = keys.map((key) => emitter.term(key));
  const body = emitter.take();
  const lines = terms.map(({ value, isNull }) => `h = mixed(h, ${isNull === 'false' ? value : `${isNull} ? null : ${value}`}, f);`);
  const code = `return function hashes(b, p) {
${batchColumns(used)}
const found = new Int32Array(b.size);
for (let i = 0; i < b.size; i++) {
${body}
let h = 1;
${lines.join('\n')}
found[i] = h;
}
return found;
};`;
  return compile(code, { r: runtime, k: constants, mixed, f: factor });
}

/** The key group of a hash. */
export const groupOf = (hash: number): number => hash & (groupsMax - 1);
