import type { Type } from '../domain/value.ts';
import { decimal } from '../domain/decimal.ts';
import { isMasked, Later, room, type Values, type Vector, widened } from './batch.ts';
import type { Term } from './emit.ts';

/** What code of outputs calls. */
export const outputParts = {
  room,
  widened,
  /** The first values of a column that had room for more. */
  cut(values: Values, count: number): Values {
    if (values.length === count) return values;
    if (!Array.isArray(values)) return values.subarray(0, count);
    values.length = count;
    return values;
  },
  /** Decimals of whole numbers. */
  decimals: (values: Values, nulls: Uint8Array | undefined): Vector =>
    new Later(() => ({
      values: Array.from(values as ArrayLike<number | bigint>, (value, at) => (nulls?.[at] === 1 ? null : decimal(BigInt(value)))),
      nulls: undefined,
    })),
};

/** Code that makes room for columns: `size` rows at most, of which there are `m` so far. */
export const openCode = (types: readonly Type[]): string =>
  [...types.map((type, at) => `let o${at} = room(${JSON.stringify(type)}, size), z${at};`), 'let m = 0;'].join('\n');

/** Code that puts a value into a column of the next row. */
export function storeCode({ value, isNull }: Term, type: Type, at: number): string {
  if (!isMasked(type)) return isNull === 'false' ? `o${at}[m] = ${value};` : `o${at}[m] = ${isNull} ? null : ${value};`;
  const wide = type === 'int8' ? `if (typeof ${value} === 'bigint' && !Array.isArray(o${at})) o${at} = widened(o${at});\n` : '';
  if (isNull === 'false') return `${wide}o${at}[m] = ${value};`;
  const masked = `(z${at} ??= new Uint8Array(size))[m] = 1; o${at}[m] = 0;`;
  return isNull === 'true' ? masked : `if (${isNull}) { ${masked} } else { ${wide}o${at}[m] = ${value}; }`;
}

/** Code that makes a batch of the columns; those that are `whole` have numbers that stand for decimals. */
export function closeCode(types: readonly Type[], weights: string, whole: ReadonlySet<number> = new Set()): string {
  const columns = types.map((_, at) => {
    const [values, nulls] = [`cut(o${at}, m)`, `z${at} && z${at}.subarray(0, m)`];
    return whole.has(at) ? `decimals(${values}, ${nulls})` : `{ values: ${values}, nulls: ${nulls} }`;
  });
  return `return { size: m, weights: ${weights}, columns: [\n${columns.join(',\n')}\n] };`;
}
