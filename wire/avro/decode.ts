import { decimalText, instantText, timeText } from '../schema/moment.ts';
import type { Decoded } from '../schema/value.ts';
import { itemsMax, valueDepthMax } from './limits.ts';
import type { AvroType, More, RecordType } from './type.ts';

/**
 * Reads one value from Avro's binary encoding (Avro 1.12, "Binary Encoding"). Logical types come as texts as SQL reads them:
 * decimals, dates, times, instants. RangeError: the bytes are no such value.
 */
export function decodeAvro(type: AvroType, bytes: Uint8Array): Decoded {
  const reading = { cursor: new Cursor(bytes), itemsLeft: itemsMax, depthLeft: valueDepthMax };
  const value = valueOf(type, reading);
  if (!reading.cursor.isAtEnd) throw new RangeError('there are bytes behind the value');
  return value;
}

type Reading = { readonly cursor: Cursor; itemsLeft: number; depthLeft: number };

class Cursor {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  take(count: number): Buffer {
    if (!(count >= 0 && this.#at + count <= this.#bytes.length)) throw new RangeError('the value is cut');
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  long(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.take(1)[0] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
    }
    throw new RangeError('a number has no end');
  }

  count(): number {
    return Number(this.long());
  }

  bytes(): Buffer {
    return this.take(this.count());
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function textOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new RangeError('a text is no UTF-8');
  }
}

function valueOf(type: AvroType, reading: Reading): Decoded {
  const { cursor } = reading;
  switch (type.kind) {
    case 'null':
      return null;
    case 'boolean':
      return cursor.take(1)[0] === 1;
    case 'int':
    case 'long':
      return moment(cursor.long(), type.more);
    case 'float':
      return cursor.take(4).readFloatLE();
    case 'double':
      return cursor.take(8).readDoubleLE();
    case 'bytes':
      return decimal(cursor.bytes(), type.more);
    case 'fixed':
      return decimal(cursor.take(type.size), type.more);
    case 'string':
      return textOf(cursor.bytes());
    case 'enum':
      return chosen(type.symbols, cursor.count(), 'symbol');
    case 'union':
      return valueOf(chosen(type.branches, cursor.count(), 'branch'), reading);
    default:
      return nested(type, reading);
  }
}

function chosen<T>(from: readonly T[], at: number, what: string): T {
  const found = from[at];
  if (found === undefined) throw new RangeError(`there is no ${what} ${at}`);
  return found;
}

function nested(type: Extract<AvroType, { kind: 'record' | 'error' | 'array' | 'map' }>, reading: Reading): Decoded {
  reading.depthLeft -= 1;
  if (reading.depthLeft < 0) throw new RangeError('the value is nested too deeply');
  const value = 'fields' in type ? fieldsOf(type, reading) : itemsOf(type, reading);
  reading.depthLeft += 1;
  return value;
}

const fieldsOf = ({ fields }: RecordType, reading: Reading): Decoded =>
  Object.fromEntries(fields.map(({ name, type }) => [name, valueOf(type, reading)]));

function itemsOf({ kind, items }: { readonly kind: 'array' | 'map'; readonly items: AvroType }, reading: Reading): Decoded {
  const list: Decoded[] = [];
  const entries: [string, Decoded][] = [];
  for (let left = block(reading); left > 0; left = block(reading))
    for (; left > 0; left -= 1) {
      if (kind === 'array') list.push(valueOf(items, reading));
      else entries.push([textOf(reading.cursor.bytes()), valueOf(items, reading)]);
    }
  return kind === 'array' ? list : Object.fromEntries(entries);
}

/** How many items follow; a negative count is followed by the block's size. */
function block(reading: Reading): number {
  const count = reading.cursor.count();
  if (count < 0) reading.cursor.long();
  reading.itemsLeft -= Math.abs(count);
  if (reading.itemsLeft < 0) throw new RangeError(`the value has more than ${itemsMax} items`);
  return Math.abs(count);
}

/** Kafka Connect's and Debezium's own names say the same as logical types, where there are no such. */
function moment(value: bigint, more: More): Decoded {
  switch (more.logicalType ?? more['connect.name']) {
    case 'date':
    case 'io.debezium.time.Date':
      return instantText(value * 86_400_000_000n).split('T')[0] ?? '';
    case 'time-millis':
      return timeText(value * 1_000n);
    case 'time-micros':
    case 'io.debezium.time.MicroTime':
      return timeText(value);
    case 'timestamp-millis':
      return `${instantText(value * 1_000n)}Z`;
    case 'timestamp-micros':
      return `${instantText(value)}Z`;
    case 'local-timestamp-millis':
    case 'io.debezium.time.Timestamp':
      return instantText(value * 1_000n);
    case 'local-timestamp-micros':
    case 'io.debezium.time.MicroTimestamp':
      return instantText(value);
    default:
      return value;
  }
}

function decimal(bytes: Buffer, { logicalType, scale = 0 }: More): Decoded {
  if (logicalType !== 'decimal') return bytes;
  if (typeof scale !== 'number' || !Number.isInteger(scale) || scale < 0) return bytes;
  const units = bytes.length === 0 ? 0n : BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`));
  return decimalText(units, scale);
}
