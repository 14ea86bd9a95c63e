import { readArray, writeArray } from '#wire/pgwire/array.ts';
import { Cursor } from '#wire/pgwire/cursor.ts';
import { arrayDimensionMax } from '#wire/pgwire/limits.ts';
import { ProtocolViolation } from '#wire/pgwire/violation.ts';

type Write = (text: string) => string | Buffer | null;
type Read = (bytes: Buffer) => string | null;

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};

/** An array in the binary format, from its literal: dimensions with lower bounds of 1, then each element with its length. */
export function writeArrayBinary(text: string, element: number, write: Write): Buffer {
  const values = readArray(text, (each) => each);
  const sizes: number[] = [];
  for (let level: unknown = values; Array.isArray(level) && level.length > 0; level = level[0]) sizes.push(level.length);
  const flat = values.flat(arrayDimensionMax) as (string | null)[];
  const head = [int32(sizes.length), int32(flat.includes(null) ? 1 : 0), int32(element)];
  for (const size of sizes) head.push(int32(size), int32(1));
  const body = flat.flatMap((each) => {
    const value = each === null ? null : write(each);
    const bytes = typeof value === 'string' ? Buffer.from(value) : value;
    return bytes ? [int32(bytes.length), bytes] : [int32(-1)];
  });
  return Buffer.concat([...head, ...body]);
}

/** The literal of an array in the binary format; lower bounds are dropped. */
export function readArrayBinary(bytes: Buffer, element: number, read: Read): string {
  const cursor = new Cursor(bytes, 0);
  const dimensions = cursor.int32();
  cursor.int32();
  if (cursor.int32() !== element) throw new ProtocolViolation('an array of elements of another type');
  if (dimensions < 0 || dimensions > arrayDimensionMax) throw new ProtocolViolation(`an array of ${dimensions} dimensions`);
  const sizes = Array.from({ length: dimensions }, () => {
    const size = cursor.int32();
    cursor.int32();
    return size;
  });
  // Some clients write the empty array as one of a dimension of no size.
  if (sizes.includes(0)) return '{}';
  // Each element takes four bytes at least.
  if (sizes.some((size) => size < 1) || sizes.reduce((count, size) => count * size, 4) > Math.max(4, cursor.left))
    throw new ProtocolViolation(`an array of ${sizes.join(' by ')} elements in ${cursor.left} bytes`);
  const list = (depth: number): unknown[] => {
    const found: unknown[] = [];
    for (let left = sizes[depth] ?? 0; left > 0; left -= 1) found.push(depth + 1 < dimensions ? list(depth + 1) : one());
    return found;
  };
  const one = (): string | null => {
    const value = cursor.value();
    return value === null ? null : read(value);
  };
  return writeArray(list(0), (value) => value as string | null);
}
