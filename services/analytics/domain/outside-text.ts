import { type Origin, pathOf } from './origin.ts';
import type { Looked } from './plan.ts';
import { type Column, nameOfType, printValue, type Row, type Type } from './value.ts';

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

/** The columns of a table elsewhere as texts of the types that they are said to have. */
const shown = (columns: readonly Column[]): string =>
  columns.map(({ name, type }, place) => `t.${quoted(name)}::${nameOfType(type)}::text as c${place}`).join(', ');

const tableIn = (origin: Origin): string => pathOf(origin).map(quoted).join('.');

/** A question for the rows of some keys, which are parameters, one array for each column; `n` is the number of the key, from 1. */
export function keyedText(
  origin: Origin,
  { columns, places }: Pick<Looked, 'columns' | 'places'>,
  types: readonly Type[],
  most: number,
): string {
  const arrays = places.map((_, at) => `$${at + 1}::text[]`).join(', ');
  const labels = places.map((_, at) => `k${at}`).join(', ');
  const same = places.map((place, at) => `t.${quoted(columns[place]?.name ?? '')} = k.k${at}::${nameOfType(types[at] ?? 'text')}`);
  return `select k.n::int4 as n, ${shown(columns)} from unnest(${arrays}) with ordinality as k(${labels}, n)
    join ${tableIn(origin)} as t on ${same.join(' and ')} limit ${most}`;
}

/** The parameters of such a question. */
export const keyedParams = (types: readonly Type[], keys: readonly Row[]): (string | null)[][] =>
  types.map((type, at) => keys.map((key) => printValue(type, key[at] ?? null)));

/** A question for all rows. */
export const wholeText = (origin: Origin, columns: readonly Column[], most: number): string =>
  `select ${shown(columns)} from ${tableIn(origin)} as t limit ${most}`;
