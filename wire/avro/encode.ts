import type { Decoded } from '../schema/value.ts';
import type { AvroType } from './type.ts';

/**
 * Writes a value in Avro's binary encoding: records and arrays of primitives, in unions with null or without. TypeError: it is none
 * of the type.
 */
export function encodeAvro(type: AvroType, value: Decoded): Buffer {
  const parts: Buffer[] = [];
  write(type, value, parts);
  return Buffer.concat(parts);
}

function write(type: AvroType, value: Decoded, parts: Buffer[]): void {
  switch (type.kind) {
    case 'null':
      return;
    case 'boolean':
      parts.push(Buffer.of(value === true ? 1 : 0));
      return;
    case 'int':
    case 'long':
      parts.push(long(value as bigint));
      return;
    case 'float': {
      const bytes = Buffer.alloc(4);
      bytes.writeFloatLE(value as number);
      parts.push(bytes);
      return;
    }
    case 'double': {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleLE(value as number);
      parts.push(bytes);
      return;
    }
    case 'string': {
      const bytes = Buffer.from(value as string);
      parts.push(long(BigInt(bytes.length)), bytes);
      return;
    }
    case 'union': {
      const at = type.branches.findIndex(({ kind }) => (kind === 'null') === (value === null));
      const branch = type.branches[at];
      if (!branch) throw new TypeError('no branch of the union is meant');
      parts.push(long(BigInt(at)));
      return write(branch, value, parts);
    }
    case 'array': {
      const items = value as readonly Decoded[];
      if (items.length > 0) parts.push(long(BigInt(items.length)));
      for (const item of items) write(type.items, item, parts);
      parts.push(long(0n));
      return;
    }
    case 'record':
      for (const field of type.fields) write(field.type, (value as { readonly [name: string]: Decoded })[field.name] ?? null, parts);
      return;
    default:
      throw new TypeError(`values of ${type.kind} are not written`);
  }
}

function long(value: bigint): Buffer {
  const bytes: number[] = [];
  let left = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  for (; left >= 0x80n; left >>= 7n) bytes.push(Number(left & 0x7fn) | 0x80);
  bytes.push(Number(left));
  return Buffer.from(bytes);
}
