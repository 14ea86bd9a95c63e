import type { Value } from '../../domain/value.ts';

/** Bytes of what is kept besides its contents, about: of an entry of a table of hashes or of names, of an object. */
export const [hashBytes, nameBytes, objectBytes, countBytes] = [24, 96, 64, 96];

/** Bytes of values in memory, about. */
export function bytesOf(values: readonly Value[]): number {
  let bytes = 0;
  for (const value of values) bytes += typeof value === 'string' ? value.length + 24 : typeof value === 'object' ? objectBytes : 16;
  return bytes;
}
