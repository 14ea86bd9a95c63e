import { isList, isTuple, type Value } from '../../domain/value.ts';

/** Bytes of what is kept besides its contents, about: of an entry of a table of hashes or of names, of an object. */
export const [hashBytes, nameBytes, objectBytes, countBytes] = [24, 96, 64, 96];

/** Bytes of values in memory, about. */
export function bytesOf(values: readonly Value[]): number {
  let bytes = 0;
  for (const value of values) bytes += bytesOfOne(value);
  return bytes;
}

function bytesOfOne(value: Value): number {
  if (typeof value === 'string') return value.length + 24;
  if (typeof value !== 'object' || value === null) return 16;
  return objectBytes + (isList(value) ? bytesOf(value.items) : isTuple(value) ? bytesOf(value.fields) : 0);
}
