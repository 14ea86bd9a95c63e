import { schemaDepthMax } from '../../limits.ts';
import type { AvroType } from '#wire/avro/type.ts';

type Reading = { readonly bytes: Uint8Array; at: number; left: number };

/** Whether bytes are a value of a type, and nothing more: Avro 1.12, "Binary Encoding". */
export function isAvroValue(type: AvroType, bytes: Uint8Array): boolean {
  // A value takes no byte per null or empty record; steps are counted, so that an array of them ends.
  const reading: Reading = { bytes, at: 0, left: 16 + 16 * bytes.length };
  return passes(type, reading, schemaDepthMax) && reading.at === bytes.length;
}

function passes(type: AvroType, reading: Reading, depthLeft: number): boolean {
  reading.left -= 1;
  if (depthLeft <= 0 || reading.left <= 0) return false;
  switch (type.kind) {
    case 'null':
      return true;
    case 'boolean':
      return skip(reading, 1) && (reading.bytes[reading.at - 1] as number) <= 1;
    case 'int':
    case 'long':
      return varint(reading) !== undefined;
    case 'float':
      return skip(reading, 4);
    case 'double':
      return skip(reading, 8);
    case 'bytes':
    case 'string':
      return counted(reading);
    case 'fixed':
      return skip(reading, type.size);
    case 'enum':
      return within(varint(reading), type.symbols.length) !== undefined;
    case 'union': {
      const branch = within(varint(reading), type.branches.length);
      return branch !== undefined && passes(type.branches[branch] as AvroType, reading, depthLeft - 1);
    }
    case 'array':
    case 'map':
      return blocks(type.kind === 'map', type.items, reading, depthLeft - 1);
    default:
      return type.fields.every((field) => passes(field.type, reading, depthLeft - 1));
  }
}

/** Arrays and maps come in blocks; a negative count is followed by the block's bytes. */
function blocks(isMap: boolean, items: AvroType, reading: Reading, depthLeft: number): boolean {
  for (;;) {
    let count = varint(reading);
    if (count === undefined) return false;
    if (count === 0n) return true;
    if (count < 0n) {
      count = -count;
      if (varint(reading) === undefined) return false;
    }
    for (let left = count; left > 0n; left--) {
      if (isMap && !counted(reading)) return false;
      if (!passes(items, reading, depthLeft)) return false;
    }
  }
}

const within = (value: bigint | undefined, count: number) =>
  value !== undefined && value >= 0n && value < BigInt(count) ? Number(value) : undefined;

function counted(reading: Reading): boolean {
  const length = varint(reading);
  return length !== undefined && length >= 0n && length <= BigInt(reading.bytes.length) && skip(reading, Number(length));
}

function skip(reading: Reading, bytes: number): boolean {
  reading.at += bytes;
  return reading.at <= reading.bytes.length;
}

function varint(reading: Reading): bigint | undefined {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = reading.bytes[reading.at];
    if (byte === undefined) return undefined;
    reading.at += 1;
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return (value >> 1n) ^ -(value & 1n);
  }
  return undefined;
}
