import { keyOf, type Row } from '../domain/value.ts';
import type { TableRows } from './table.ts';

type Held = { readonly row: Row; readonly weight: number };

const under = (places: readonly number[], row: Row): string => places.map((place) => keyOf(row[place] ?? null)).join('');

/**
 * The rows of a table that have some values in some columns, for each of the keys: by the primary key or an index where their
 * columns are among these, else by going through all rows once.
 */
export function rowsWith(table: TableRows, places: readonly number[], keys: readonly Row[]): Row[][] {
  const find = finderOf(table, places) ?? passed(table, places, keys);
  return keys.map((key) => {
    const own = key.map(keyOf).join('');
    return [...find(key)].flatMap(({ row, weight }) => (under(places, row) === own ? new Array<Row>(weight).fill(row) : []));
  });
}

/** How rows are found without going through all; undefined where there is no key for it. */
function finderOf(rows: TableRows, places: readonly number[]): ((key: Row) => Iterable<Held>) | undefined {
  const { key } = rows.table;
  const values = (of: readonly number[], from: Row) => of.map((place) => from[places.indexOf(place)] ?? null);
  if (key.length > 0 && key.every((place) => places.includes(place)))
    return (from) => {
      const held = rows.find(values(key, from).map(keyOf).join(''));
      return held ? [held] : [];
    };
  const index = rows.indexes.find(({ of }) => of.places.every((place) => places.includes(place)));
  if (!index) return undefined;
  return (from) => {
    const name = index.keyOfValues(values(index.of.places, from));
    return name === undefined ? [] : Array.from(index.find(name)).flatMap((each) => rows.find(each) ?? []);
  };
}

function passed(rows: TableRows, places: readonly number[], keys: readonly Row[]): (key: Row) => Iterable<Held> {
  const found = new Map(keys.map((key) => [key.map(keyOf).join(''), [] as Held[]]));
  for (const [, held] of rows.held()) found.get(under(places, held.row))?.push(held);
  return (key) => found.get(key.map(keyOf).join('')) ?? [];
}
