import { fieldsMax, shapeBytesMax } from './limits.ts';

/** What stands before each value of an object, and behind the last one, byte by byte; `place` is the column, -1 if nobody reads it. */
export type Shape = {
  readonly fields: readonly { readonly before: readonly number[]; readonly place: number }[];
  readonly after: readonly number[];
};

const [quote, backslash, comma, colon] = [34, 92, 44, 58];
const isSpace = (byte: number | undefined): boolean => byte === 32 || byte === 9 || byte === 10 || byte === 13;

/** Where a value of valid JSON that begins at a place ends. */
function endOf(bytes: Uint8Array, from: number): number {
  let depth = 0;
  for (let at = from; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === quote) {
      for (at += 1; bytes[at] !== quote; at += 1) if (bytes[at] === backslash) at += 1;
      if (depth === 0) return at + 1;
    } else if (byte === 123 || byte === 91) depth += 1;
    else if (byte === 125 || byte === 93) {
      if (depth === 0) return at;
      depth -= 1;
      if (depth === 0) return at + 1;
    } else if (depth === 0 && (byte === comma || isSpace(byte))) return at;
  }
  return bytes.length;
}

/**
 * The shape of an object that is known to be valid JSON; undefined where its keys do not tell by their bytes alone what column
 * they are: where one is written with escapes, or comes twice.
 */
export function shapeOf(bytes: Uint8Array, places: ReadonlyMap<string, number>): Shape | undefined {
  const fields: { before: number[]; place: number }[] = [];
  const seen = new Set<string>();
  let from = 0;
  for (let at = bytes.indexOf(123) + 1; ; ) {
    while (isSpace(bytes[at])) at += 1;
    if (bytes[at] !== quote) break;
    const end = bytes.indexOf(quote, at + 1);
    const name = Buffer.from(bytes.subarray(at + 1, end)).toString();
    if (name.includes('\\') || seen.has(name) || fields.length === fieldsMax) return undefined;
    seen.add(name);
    at = bytes.indexOf(colon, end) + 1;
    while (isSpace(bytes[at])) at += 1;
    if (at > shapeBytesMax + from) return undefined;
    fields.push({ before: [...bytes.subarray(from, at)], place: places.get(name) ?? -1 });
    at = from = endOf(bytes, at);
    while (isSpace(bytes[at])) at += 1;
    if (bytes[at] !== comma) break;
    at += 1;
  }
  if (bytes.length - from > shapeBytesMax) return undefined;
  return { fields, after: [...bytes.subarray(from)] };
}
