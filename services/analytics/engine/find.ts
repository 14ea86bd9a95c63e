import type { Type } from '../domain/value.ts';
import { keyCode, type Term } from './emit.ts';
import { hashCode, isNumbered, keysAt } from './place.ts';

const reload = 'c = map.cells; t = map.table; mask = map.mask;';

type Found = {
  /** The keys, in constants. */
  readonly terms: readonly Term[];
  readonly types: readonly Type[];
  /** Numbers of a slot. */
  readonly width: number;
  /** Code for a slot that was opened for numbers. */
  readonly onOpen: string;
};

/** Code that the search of slots stands on, in front of the loop over rows; `map` are the places. */
export const findBefore = (types: readonly Type[], isByNumber = isNumbered(types)): string => {
  const factors = isByNumber ? types.flatMap((_, at) => [at * 2, at * 2 + 1]) : [];
  return ['let c = map.cells, t = map.table, mask = map.mask;', ...factors.map((at) => `const f${at} = map.factors[${at}];`)].join('\n');
};

/** Code that finds the slot `s` of keys, or has `g`, or what is said instead, open one. */
export function findCode({ terms, types, width, onOpen }: Found, isByNumber = isNumbered(types), by = 'g'): string {
  const list = terms.map(({ value, isNull }) => (isNull === 'false' ? value : `${isNull} ? null : ${value}`)).join(', ');
  const byName = `s = map.byName(${keyCode(terms, types)});\nif (s < 0) { s = ${by}.open([${list}]); ${reload} }`;
  if (!isByNumber) return `let s;\n${byName}`;
  const are = terms.flatMap(({ value, isNull }, at) => [
    ...(isNull === 'false' ? [] : [`!${isNull}`]),
    ...(types[at] === 'int8' ? [`typeof ${value} === 'number'`] : []),
  ]);
  const byNumbers = numbersCode(
    terms.map(({ value }) => value),
    width,
    onOpen,
    by,
  );
  return `let s;\n${are.length === 0 ? byNumbers : `if (${are.join(' && ')}) {\n${byNumbers}\n} else {\n${byName}\n}`}`;
}

/** Code that finds a slot by numbers, or begins one. */
const numbersCode = (values: readonly string[], width: number, onOpen: string, by: string): string => `${hashCode(values)}
for (let q = h & mask; ; q = (q + 1) & mask) {
s = t[q * 2 + 1] - 1;
if (s < 0) {
s = ${by}.openNumbers(h); ${reload}
${values.map((value, at) => `c[s * ${width} + ${keysAt + at}] = ${value};`).join(' ')}
${onOpen}
break;
}
if (t[q * 2] === h${values.map((value, at) => ` && c[s * ${width} + ${keysAt + at}] === ${value}`).join('')}) break;
}`;
