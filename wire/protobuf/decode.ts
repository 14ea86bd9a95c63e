import { decimalText, instantText } from '../schema/moment.ts';
import type { Decoded } from '../schema/value.ts';
import type { Field, Message, ProtoFile } from './file.ts';
import { isScalar } from './file.ts';
import { valueDepthMax, valuesMax } from './limits.ts';
import type { Found, Scope } from './scope.ts';

/** A file with the types that it may name. */
export type Known = { readonly file: ProtoFile; readonly scope: Scope };
type Named = { readonly name: string; readonly message: Message };

/**
 * Reads a message of a file, found by its place: the number of the message, and of each message in it. Fields that are not
 * there have proto3's defaults, or are null where presence counts. Enums come by name, google.protobuf's wrappers as their
 * values and its Timestamp as a text; bytes are parts of those that were read. RangeError: the bytes are no such message.
 */
export function decodeProto(known: Known, place: readonly number[], bytes: Uint8Array): Decoded {
  const reading = { known, none: bytes.subarray(0, 0), valuesLeft: valuesMax, depthLeft: valueDepthMax };
  return messageOf(messageAt(known.file, place), bytes, reading);
}

type Reading = { readonly known: Known; readonly none: Uint8Array; valuesLeft: number; depthLeft: number };

function messageAt({ package: within, messages }: ProtoFile, place: readonly number[]): Named {
  let [name, at, found]: [string, readonly Message[], Message | undefined] = [within, messages, undefined];
  for (const index of place) {
    found = at[index];
    if (!found) throw new RangeError(`the file has no message ${place.join('.')}`);
    name = name === '' ? found.name : `${name}.${found.name}`;
    at = found.messages;
  }
  if (!found) throw new RangeError('no message is named');
  return { name, message: found };
}

class Cursor {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get hasMore(): boolean {
    return this.#at < this.#bytes.length;
  }

  take(count: number): Uint8Array {
    if (!(count >= 0 && this.#at + count <= this.#bytes.length)) throw new RangeError('the message is cut');
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.take(1)[0] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new RangeError('a number has no end');
  }

  bytes(): Uint8Array {
    return this.take(Number(this.varint()));
  }

  /** The next bytes, to read a number of fixed width from. */
  view(count: number): DataView {
    const { buffer, byteOffset } = this.take(count);
    return new DataView(buffer, byteOffset, count);
  }

  /** Goes past the value of a field that is not known. */
  skip(wire: number, depthLeft = valueDepthMax): void {
    if (wire === 0) this.varint();
    else if (wire === 1) this.take(8);
    else if (wire === 2) this.bytes();
    else if (wire === 5) this.take(4);
    else if (wire === 3 && depthLeft > 0) {
      for (;;) {
        const tag = Number(this.varint());
        if ((tag & 7) === 4) return;
        this.skip(tag & 7, depthLeft - 1);
      }
    } else throw new RangeError(`there is no wire type ${wire}`);
  }
}

/** The message's fields by their numbers; made once for each message. */
const fieldsByNumber = new WeakMap<Message, ReadonlyMap<number, Field>>();
function fieldsOf(message: Message): ReadonlyMap<number, Field> {
  let known = fieldsByNumber.get(message);
  if (!known) fieldsByNumber.set(message, (known = new Map(message.fields.map((field) => [field.number, field]))));
  return known;
}

function messageOf({ name, message }: Named, bytes: Uint8Array, reading: Reading): { readonly [field: string]: Decoded } {
  reading.depthLeft -= 1;
  if (reading.depthLeft < 0) throw new RangeError('the message is nested too deeply');
  const values = new Map<string, Decoded>();
  const fields = fieldsOf(message);
  const cursor = new Cursor(bytes);
  while (cursor.hasMore) {
    const tag = Number(cursor.varint());
    const [number, wire] = [Math.floor(tag / 8), tag & 7];
    const field = fields.get(number);
    if (!field) cursor.skip(wire);
    else if (field.group) throw new RangeError('groups are not read');
    else {
      // Of a oneof the last one counts.
      if (field.oneof !== undefined) for (const other of message.fields) if (other.oneof === field.oneof) values.delete(other.name);
      take(values, field, name, wire, cursor, reading);
    }
  }
  reading.depthLeft += 1;
  const all = message.fields.map((field): [string, Decoded] => [field.name, values.get(field.name) ?? absent(field, name, reading)]);
  return Object.fromEntries(all);
}

/** What a field is that does not stand in the message. */
function absent({ label, type, key, oneof }: Field, where: string, { known, none }: Reading): Decoded {
  if (key !== undefined) return {};
  if (label === 'repeated') return [];
  if (known.file.syntax === 'proto2' || label === 'optional' || oneof !== undefined) return null;
  if (!isScalar(type)) {
    const found = known.scope.find(type, where);
    return found.kind === 'enum' ? nameOf(found, 0n) : null;
  }
  if (type === 'bool') return false;
  if (type === 'string') return '';
  if (type === 'bytes') return none;
  return type === 'float' || type === 'double' ? 0 : 0n;
}

function take(values: Map<string, Decoded>, field: Field, where: string, wire: number, cursor: Cursor, reading: Reading): void {
  const { name, label, type, key } = field;
  const count = () => {
    reading.valuesLeft -= 1;
    if (reading.valuesLeft < 0) throw new RangeError(`the message has more than ${valuesMax} values`);
  };
  count();
  if (key !== undefined) {
    const [entryKey, value] = entryOf(field, where, cursor.bytes(), reading);
    // Fields by name are no prototypes.
    values.set(name, Object.fromEntries([...Object.entries((values.get(name) ?? {}) as object), [entryKey, value]]));
    return;
  }
  if (label !== 'repeated') return void values.set(name, one(type, where, wire, cursor, reading));
  const list = (values.get(name) ?? []) as Decoded[];
  values.set(name, list);
  const isPacked = wire === 2 && wireOf(type, where, reading) !== 2;
  if (!isPacked) return void list.push(one(type, where, wire, cursor, reading));
  const packed = new Cursor(cursor.bytes());
  while (packed.hasMore) {
    count();
    list.push(one(type, where, wireOf(type, where, reading), packed, reading));
  }
}

function entryOf({ type, key = 'string' }: Field, where: string, bytes: Uint8Array, reading: Reading): [string, Decoded] {
  const cursor = new Cursor(bytes);
  let [name, value]: [string, Decoded] = ['', null];
  while (cursor.hasMore) {
    const tag = Number(cursor.varint());
    if (tag >> 3 === 1) name = String(one(key, where, tag & 7, cursor, reading));
    else if (tag >> 3 === 2) value = one(type, where, tag & 7, cursor, reading);
    else cursor.skip(tag & 7);
  }
  return [name, value];
}

const wires: Readonly<Record<string, number>> = {
  ...{ double: 1, fixed64: 1, sfixed64: 1, float: 5, fixed32: 5, sfixed32: 5, string: 2, bytes: 2 },
  ...{ int32: 0, int64: 0, uint32: 0, uint64: 0, sint32: 0, sint64: 0, bool: 0 },
};

function wireOf(type: string, where: string, { known }: Reading): number {
  if (isScalar(type)) return wires[type] ?? 0;
  return known.scope.find(type, where).kind === 'enum' ? 0 : 2;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function textOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new RangeError('a text is no UTF-8');
  }
}

function one(type: string, where: string, wire: number, cursor: Cursor, reading: Reading): Decoded {
  const expected = wireOf(type, where, reading);
  if (wire !== expected) throw new RangeError(`a ${type} cannot have wire type ${wire}`);
  if (!isScalar(type)) {
    const found = reading.known.scope.find(type, where);
    return found.kind === 'enum' ? nameOf(found, BigInt.asIntN(32, cursor.varint())) : messageNamed(found, cursor.bytes(), reading);
  }
  switch (type) {
    case 'double':
      return cursor.view(8).getFloat64(0, true);
    case 'float':
      return cursor.view(4).getFloat32(0, true);
    case 'fixed64':
      return cursor.view(8).getBigUint64(0, true);
    case 'sfixed64':
      return cursor.view(8).getBigInt64(0, true);
    case 'fixed32':
      return BigInt(cursor.view(4).getUint32(0, true));
    case 'sfixed32':
      return BigInt(cursor.view(4).getInt32(0, true));
    case 'string':
      return textOf(cursor.bytes());
    case 'bytes':
      return cursor.bytes();
    default:
      return varintOf(type, cursor.varint());
  }
}

function varintOf(type: string, value: bigint): Decoded {
  if (type === 'bool') return value !== 0n;
  if (type.startsWith('uint')) return type === 'uint32' ? BigInt.asUintN(32, value) : value;
  const signed = type.startsWith('sint') ? (value >> 1n) ^ -(value & 1n) : value;
  return BigInt.asIntN(type.endsWith('32') ? 32 : 64, signed);
}

/** A number that no name is known of stays a number, as a newer schema may have one. */
function nameOf({ enum: of }: Found, number: bigint): string {
  return of?.values.find((value) => BigInt(value.number) === number)?.name ?? String(number);
}

const wrapped: Readonly<Record<string, string>> = {
  ...{ DoubleValue: 'double', FloatValue: 'float', Int64Value: 'int64', UInt64Value: 'uint64', Int32Value: 'int32' },
  ...{ UInt32Value: 'uint32', BoolValue: 'bool', StringValue: 'string', BytesValue: 'bytes' },
};

function messageNamed(found: Found, bytes: Uint8Array, reading: Reading): Decoded {
  if (found.message) return messageOf({ name: found.name, message: found.message }, bytes, reading);
  const name = found.name.replace('google.protobuf.', '');
  const of = (...types: string[]) => {
    const fields = types.map((type, at) => ({ name: `f${at + 1}`, number: at + 1, label: '' as const, type, options: [] }));
    const message = { name, fields, oneofs: [], messages: [], enums: [], extensions: [] } as const;
    const more = { extensionRanges: [], reserved: [], reservedNames: [], options: [] } as const;
    return messageOf({ name: '', message: { ...message, ...more } }, bytes, { ...reading, known: plain(reading.known) });
  };
  if (Object.hasOwn(wrapped, name)) return of(wrapped[name] ?? 'bytes').f1 ?? null;
  if (name === 'Timestamp' || name === 'Duration') {
    const { f1, f2 } = of('int64', 'int32') as { readonly f1: bigint; readonly f2: bigint };
    if (name === 'Timestamp') return `${instantText(f1 * 1_000_000n + f2 / 1_000n)}Z`;
    return `${decimalText(f1 * 1_000_000_000n + f2, 9)} seconds`;
  }
  throw new RangeError(`${found.name} is not read`);
}

const plain = ({ file, scope }: Known): Known => ({ file: { ...file, syntax: 'proto3' }, scope });
