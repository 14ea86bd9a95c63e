import type { Decoded } from '../schema/value.ts';
import { type Field, isScalar, type Message } from './file.ts';

const timestamp = 'google.protobuf.Timestamp';

/**
 * Writes a message: fields of scalars, of messages that stand within it, and of google.protobuf.Timestamp (as bigint, microseconds
 * since 1970), each once or repeated. What is null or not there is not written. TypeError: a value that its field cannot have.
 */
export function encodeProto(message: Message, value: { readonly [field: string]: Decoded }): Buffer {
  const parts: Buffer[] = [];
  for (const field of message.fields) {
    const own = value[field.name] ?? null;
    if (own === null) continue;
    if (field.label !== 'repeated') parts.push(...tagged(field, one(message, field, own)));
    else if (wireOf(field) === 2) for (const item of own as readonly Decoded[]) parts.push(...tagged(field, one(message, field, item)));
    // Numbers lie one behind the other, as in proto3 unless it is said otherwise.
    else if ((own as readonly Decoded[]).length > 0) {
      const packed = Buffer.concat((own as readonly Decoded[]).map((item) => one(message, field, item)));
      parts.push(varint(BigInt(field.number * 8 + 2)), varint(BigInt(packed.length)), packed);
    }
  }
  return Buffer.concat(parts);
}

/** 0: a number of as many bytes as it needs, 1 and 5: of eight and of four, 2: bytes behind their number. */
function wireOf({ type }: Field): number {
  if (type === 'double') return 1;
  if (type === 'float') return 5;
  return type === 'string' || type === 'bytes' || !isScalar(type) ? 2 : 0;
}

function tagged(field: Field, bytes: Buffer): Buffer[] {
  const wire = wireOf(field);
  return [varint(BigInt(field.number * 8 + wire)), ...(wire === 2 ? [varint(BigInt(bytes.length))] : []), bytes];
}

function one(within: Message, { name, type }: Field, value: Decoded): Buffer {
  if (value === null) throw new TypeError(`an item of ${name} is null, which Protobuf has not`);
  switch (type) {
    case 'bool':
      return Buffer.of(value === true ? 1 : 0);
    case 'int32':
    case 'int64':
      return varint(value as bigint);
    case 'float': {
      const bytes = Buffer.alloc(4);
      bytes.writeFloatLE(value as number);
      return bytes;
    }
    case 'double': {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleLE(value as number);
      return bytes;
    }
    case 'string':
      return Buffer.from(value as string);
    case 'bytes':
      return Buffer.from(value as Uint8Array);
    case timestamp:
      return instant(value as bigint);
    default: {
      const found = within.messages.find((message) => message.name === type);
      if (!found) throw new TypeError(`values of ${type} are not written`);
      return encodeProto(found, value as { readonly [field: string]: Decoded });
    }
  }
}

/** Seconds and nanoseconds since 1970, of which the latter are never less than zero. */
function instant(micros: bigint): Buffer {
  const rest = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const seconds = (micros - rest) / 1_000_000n;
  const parts = [seconds === 0n ? [] : [varint(8n), varint(seconds)], rest === 0n ? [] : [varint(16n), varint(rest * 1000n)]];
  return Buffer.concat(parts.flat());
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let left = BigInt.asUintN(64, value);
  for (; left >= 0x80n; left >>= 7n) bytes.push(Number(left & 0x7fn) | 0x80);
  bytes.push(Number(left));
  return Buffer.from(bytes);
}
