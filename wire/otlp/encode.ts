import { wireOf } from './decode.ts';
import type { Field, Message, Scalar, Values } from './message.ts';

/** Writes a message as protobuf. Fields that are undefined are left out. */
export function encodeMessage(message: Message, values: Values): Buffer {
  const chunks: Uint8Array[] = [];
  for (const field of message.fields) {
    const value = values[field.name];
    if (value === undefined || value === null) continue;
    if (!field.repeated) one(field, value, chunks);
    else if (typeof field.type !== 'function' && wireOf(field.type) !== 2) packed(field, field.type, value as unknown[], chunks);
    else for (const item of value as unknown[]) one(field, item, chunks);
  }
  return Buffer.concat(chunks);
}

function one(field: Field, value: unknown, chunks: Uint8Array[]): void {
  const { type, number } = field;
  if (typeof type === 'function') return counted(number, encodeMessage(type(), value as Values), chunks);
  const wire = wireOf(type);
  if (wire === 2) return counted(number, bytesOf(type, value), chunks);
  chunks.push(varint(BigInt((number << 3) | wire)), fixed(type, value));
}

function packed(field: Field, type: Scalar, values: readonly unknown[], chunks: Uint8Array[]): void {
  if (values.length > 0) counted(field.number, Buffer.concat(values.map((value) => fixed(type, value))), chunks);
}

function counted(number: number, bytes: Uint8Array, chunks: Uint8Array[]): void {
  chunks.push(varint(BigInt((number << 3) | 2)), varint(BigInt(bytes.length)), bytes);
}

function bytesOf(type: Scalar, value: unknown): Uint8Array {
  if (type === 'string') return Buffer.from(value as string);
  return type === 'hex' ? Buffer.from(value as string, 'hex') : (value as Uint8Array);
}

function fixed(type: Scalar, value: unknown): Buffer {
  if (type === 'bool') return varint(value ? 1n : 0n);
  if (type === 'int32' || type === 'int64') return varint(BigInt.asUintN(64, BigInt(value as number | bigint)));
  if (type === 'sint32') return varint(BigInt(Math.abs(value as number) * 2 - ((value as number) < 0 ? 1 : 0)));
  const bytes = Buffer.alloc(type === 'fixed32' ? 4 : 8);
  if (type === 'double') bytes.writeDoubleLE(value as number);
  else if (type === 'fixed32') bytes.writeUInt32LE(value as number);
  else bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value as number | bigint)));
  return bytes;
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}
