import type { Type } from '../domain/value.ts';
import type { Term } from './emit.ts';
import { type KeyColumn, nullCell } from './key/key-column.ts';
import { hashParts, keysAt, mixCode, type Places } from './place.ts';

export const reload = 'c = map.cells; t = map.table; mask = map.mask;';

export type Found = {
  /** The keys, in constants. */
  readonly terms: readonly Term[];
  readonly types: readonly Type[];
  /** Where they are looked for. */
  readonly places: Places;
  /** Code for a slot that was opened. */
  readonly onOpen: string;
};

/** Code that the search of slots stands on, in front of the loop over rows; `map` are the places. */
export const findBefore = ({ columns }: Places): string =>
  [
    'let c = map.cells, t = map.table, mask = map.mask;',
    ...columns.map((_, at) => `const d${at} = map.columns[${at}];`),
    ...columns.flatMap((_, at) => [at * 2, at * 2 + 1]).map((at) => `const f${at} = map.factors[${at}];`),
  ].join('\n');

/** Code for the number of a key. */
function cellCode({ value, isNull }: Term, type: Type, { kind }: KeyColumn, at: number): string {
  const other = `d${at}.cellOf(${value})`;
  const own = kind !== 'integer' ? other : type === 'int8' ? `typeof ${value} === 'number' ? ${value} : ${other}` : value;
  return `const key${at} = ${isNull === 'false' ? own : `${isNull} ? ${kind === 'integer' ? nullCell : 0} : ${own}`};`;
}

/** Code that has a key held by the slot that was opened for it. */
function holdCode(type: Type, { kind }: KeyColumn, at: number): string[] {
  if (kind !== 'integer') return [`d${at}.hold(key${at});`];
  return type === 'int8' ? [`if (key${at} !== Math.floor(key${at})) d${at}.hold(key${at});`] : [];
}

/** Code for the numbers of all keys. */
export const cellsCode = ({ terms, types, places: { columns } }: Found): string =>
  columns.map((column, at) => cellCode(terms[at] as Term, types[at] as Type, column, at)).join('\n');

/** Code that says whether slot `s` has these keys. */
export const sameCode = ({ width }: Places, keys: readonly number[]): string =>
  keys.map((at) => `c[s * ${width} + ${keysAt + at}] === key${at}`).join(' && ');

/** Code for a slot that was opened: its keys, and what is done besides. */
export function openedCode({ types, places: { columns, width }, onOpen }: Found): string {
  return `${columns.map((_, at) => `c[s * ${width} + ${keysAt + at}] = key${at};`).join(' ')}
${columns.flatMap((column, at) => holdCode(types[at] as Type, column, at)).join('\n')}
${onOpen}`;
}

/** Code that finds the slot `s` of keys, or has `g`, or what is said instead, open one. */
export function findCode(found: Found, by = 'g'): string {
  const { places } = found;
  const keys = [...places.columns.keys()];
  const open = `s = ${by}.openCells(h); ${reload}\n${openedCode(found)}`;
  if (places.isDirect) return `${cellsCode(found)}\nconst h = key0;\nlet s = (h < t.length ? t[h] : 0) - 1;\nif (s < 0) {\n${open}\n}`;
  return `${cellsCode(found)}
let s, h = ${hashParts(keys)};
${mixCode}
for (let q = h & mask; ; q = (q + 1) & mask) {
s = t[q * 2 + 1] - 1;
if (s < 0) {
${open}
break;
}
if (${['t[q * 2] === h', ...(keys.length === 0 ? [] : [sameCode(places, keys)])].join(' && ')}) break;
}`;
}
