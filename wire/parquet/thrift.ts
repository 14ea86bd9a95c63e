import { thriftShortMax } from './limits.ts';

/**
 * Values of Thrift's compact protocol, as far as the metadata of Parquet needs them: a struct is its fields by their numbers, in
 * rising order.
 */
export type ThriftValue =
  | { readonly i32: number }
  | { readonly i64: number | bigint }
  | { readonly text: string }
  | { readonly list: readonly ThriftValue[]; readonly of: keyof typeof types }
  | { readonly struct: readonly ThriftField[] };
export type ThriftField = readonly [id: number, value: ThriftValue];

/** The protocol's numbers of its types. */
const types = { i32: 5, i64: 6, text: 8, list: 9, struct: 12 } as const;

/** A struct as bytes. */
export function encodeThrift(fields: readonly ThriftField[]): Buffer {
  const bytes: number[] = [];
  writeStruct(bytes, fields);
  return Buffer.from(bytes);
}

function writeStruct(bytes: number[], fields: readonly ThriftField[]): void {
  let last = 0;
  for (const [id, value] of fields) {
    const delta = id - last;
    if (delta < 1 || delta > thriftShortMax) throw new RangeError('fields of a struct stand in rising order, and close');
    bytes.push((delta << 4) | types[typeOf(value)]);
    writeValue(bytes, value);
    last = id;
  }
  bytes.push(0);
}

function typeOf(value: ThriftValue): keyof typeof types {
  return 'i32' in value ? 'i32' : 'i64' in value ? 'i64' : 'text' in value ? 'text' : 'list' in value ? 'list' : 'struct';
}

function writeValue(bytes: number[], value: ThriftValue): void {
  if ('i32' in value) writeSigned(bytes, BigInt(value.i32));
  else if ('i64' in value) writeSigned(bytes, BigInt(value.i64));
  else if ('text' in value) {
    const text = Buffer.from(value.text, 'utf8');
    writeVarint(bytes, BigInt(text.length));
    for (const byte of text) bytes.push(byte);
  } else if ('list' in value) {
    const { length } = value.list;
    bytes.push((Math.min(length, thriftShortMax) << 4) | types[value.of]);
    if (length >= thriftShortMax) writeVarint(bytes, BigInt(length));
    for (const item of value.list) writeValue(bytes, item);
  } else writeStruct(bytes, value.struct);
}

const writeSigned = (bytes: number[], value: bigint) => writeVarint(bytes, BigInt.asUintN(64, (value << 1n) ^ (value >> 63n)));

export function writeVarint(bytes: number[], value: bigint): void {
  let rest = value;
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
}
