import { otlpDepthMax, otlpItemsMax } from './limits.ts';
import { type Field, type Message, OtlpError, type Scalar, type Values } from './message.ts';

/** What is read, how far, and how many list entries may still come. */
type Reading = { readonly bytes: Buffer; at: number; itemsLeft: number };

/** Reads a protobuf message. Unknown fields are passed over; what is cut off or nested too deeply throws OtlpError. */
export function decodeMessage(message: Message, bytes: Buffer): Values {
  return read({ bytes, at: 0, itemsLeft: otlpItemsMax }, message, bytes.length, otlpDepthMax);
}

function read(from: Reading, message: Message, end: number, depthLeft: number): Values {
  if (depthLeft === 0) throw new OtlpError('The message is nested too deeply.');
  const values: Values = {};
  while (from.at < end) {
    const tag = Number(varint(from, end));
    const field = message.byNumber.get(tag >>> 3);
    if (field) take(from, field, tag & 7, end, depthLeft, values);
    else skip(from, tag & 7, end);
  }
  return values;
}

function take(from: Reading, field: Field, wire: number, end: number, depthLeft: number, values: Values): void {
  const { type, repeated, name } = field;
  if (typeof type === 'function') {
    if (wire !== 2) throw wrong(field);
    const inner = read(from, type(), length(from, end), depthLeft - 1);
    if (repeated) push(from, values, name, inner);
    else values[name] = inner;
    return;
  }
  // Lists of numbers come packed, and old writers send them one by one.
  if (repeated && wire === 2 && wireOf(type) !== 2) {
    const until = length(from, end);
    while (from.at < until) push(from, values, name, scalar(from, type, until));
    return;
  }
  if (wire !== wireOf(type)) throw wrong(field);
  const value = scalar(from, type, end);
  if (repeated) push(from, values, name, value);
  else values[name] = value;
}

function push(from: Reading, values: Values, name: string, value: unknown): void {
  from.itemsLeft -= 1;
  if (from.itemsLeft < 0) throw new OtlpError(`The message has more than ${otlpItemsMax} entries.`);
  const list = values[name] as unknown[] | undefined;
  if (list) list.push(value);
  else values[name] = [value];
}

const wrong = ({ name }: Field) => new OtlpError(`The field ${name} is not of its type.`);

/** Protobuf's wire type of a scalar: 0 varint, 1 eight bytes, 2 with a length, 5 four bytes. */
export function wireOf(type: Scalar): 0 | 1 | 2 | 5 {
  if (type === 'bool' || type === 'int32' || type === 'sint32' || type === 'int64') return 0;
  if (type === 'double' || type === 'fixed64') return 1;
  return type === 'fixed32' ? 5 : 2;
}

function scalar(from: Reading, type: Scalar, end: number): unknown {
  switch (type) {
    case 'bool':
      return varint(from, end) !== 0n;
    case 'int32':
      return Number(BigInt.asIntN(32, varint(from, end)));
    case 'sint32':
      return zigzag(varint(from, end));
    case 'int64':
      return BigInt.asIntN(64, varint(from, end));
    case 'double':
      return from.bytes.readDoubleLE(advance(from, 8, end));
    case 'fixed64':
      return from.bytes.readBigUInt64LE(advance(from, 8, end));
    case 'fixed32':
      return from.bytes.readUInt32LE(advance(from, 4, end));
    default:
      return counted(from, type, end);
  }
}

/** Protobuf's order of signed numbers: 0, -1, 1, -2, 2. */
const zigzag = (value: bigint): number => Number((value >> 1n) ^ -(value & 1n));

function counted(from: Reading, type: 'string' | 'bytes' | 'hex', end: number): string | Buffer {
  const until = length(from, end);
  const start = from.at;
  from.at = until;
  if (type === 'string') return from.bytes.toString('utf8', start, until);
  return type === 'hex' ? from.bytes.toString('hex', start, until) : from.bytes.subarray(start, until);
}

function advance(from: Reading, size: number, end: number): number {
  const start = from.at;
  if (start + size > end) throw new OtlpError('The message is cut off.');
  from.at = start + size;
  return start;
}

/** Reads a length and answers where what it measures ends. */
function length(from: Reading, end: number): number {
  const size = varint(from, end);
  if (size > BigInt(end - from.at)) throw new OtlpError('The message is cut off.');
  return from.at + Number(size);
}

function varint(from: Reading, end: number): bigint {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = from.bytes[advance(from, 1, end)] as number;
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  throw new OtlpError('A number of the message does not end.');
}

function skip(from: Reading, wire: number, end: number): void {
  if (wire === 0) varint(from, end);
  else if (wire === 1) advance(from, 8, end);
  else if (wire === 5) advance(from, 4, end);
  else if (wire === 2) from.at = length(from, end);
  else throw new OtlpError('The message has a field of no known wire type.');
}
