import { batchHeadBytes, elementCountMax, headerCountMax } from '../limits.ts';
import { Reader } from '../reader.ts';
import { KafkaViolation } from '../violation.ts';
import { type BatchHead, compressionOf, isAppendTime } from './batch.ts';
import { inflate } from './compression.ts';

const nothing = Buffer.alloc(0);

/** The records of a batch field by field: `count` rows, and keys, values and headers as places in the decompressed bytes. */
export type RecordColumns = {
  count: number;
  bytes: Buffer;
  readonly offsets: Float64Array;
  readonly timestamps: Float64Array;
  readonly keyAt: Int32Array;
  /** -1: there is no key. */
  readonly keyBytes: Int32Array;
  readonly valueAt: Int32Array;
  /** -1: there is no value. */
  readonly valueBytes: Int32Array;
  readonly headersAt: Int32Array;
  readonly headerCounts: Int32Array;
};

/** Columns with room for so many records; to be used for one batch after the other. */
export function columnsFor(records: number): RecordColumns {
  const memory = new ArrayBuffer(records * 40);
  const doubles = (at: number) => new Float64Array(memory, at * records, records);
  const words = (at: number) => new Int32Array(memory, at * records, records);
  return {
    count: 0,
    bytes: nothing,
    offsets: doubles(0),
    timestamps: doubles(8),
    keyAt: words(16),
    keyBytes: words(20),
    valueAt: words(24),
    valueBytes: words(28),
    headersAt: words(32),
    headerCounts: words(36),
  };
}

/** The bytes of a batch's records, decompressed; a count of records that cannot lie in them is a KafkaViolation. */
export function recordBytes(batch: Buffer, head: BatchHead, most?: number): Buffer {
  const compression = compressionOf(head.attributes);
  if (compression === undefined) throw new KafkaViolation(`there is no compression ${head.attributes & 7}`);
  const packed = batch.subarray(batchHeadBytes, head.sizeBytes);
  const bytes = compression === 'none' ? packed : inflate(compression, packed, most);
  if (head.count < 0 || head.count > bytes.length || head.count > elementCountMax)
    throw new KafkaViolation(`an array of ${head.count} elements`);
  return bytes;
}

/** Reads the records in the bytes of a batch into columns that have room for them. What is not as the head says is a KafkaViolation. */
export function readColumns(bytes: Buffer, head: BatchHead, columns: RecordColumns): void {
  columns.count = head.count;
  columns.bytes = bytes;
  if (fill(columns, head) !== bytes.length) throw new KafkaViolation('bytes are left behind the last record of a batch');
}

/** Where `longVarint` ended. */
let after = 0;

/** A zigzag number of any length up to `most` bytes. */
function longVarint(bytes: Uint8Array, from: number, most: number): number {
  let low = 0;
  let scale = 1;
  for (let at = from; at < from + most && at < bytes.length; at += 1) {
    const byte = bytes[at] as number;
    low += (byte & 127) * scale;
    if (byte < 128) {
      after = at + 1;
      return low % 2 === 0 ? low / 2 : -(low + 1) / 2;
    }
    scale *= 128;
  }
  throw new KafkaViolation(`a variable-length number of more than ${most} bytes`);
}

/** What stands in two bytes of seven bits each, the lower first. */
const shortOf = (pair: number) => (pair & 127) | ((pair >> 1) & 0x3f80);

/** How many bytes from a record's beginning the fast way looks at without asking whether they are there. */
const headroom = 16;

/**
 * Fills the columns and answers where the last record ends. Written out flat: forty million records pass here in a second.
 * Two bytes are loaded at once, because numbers have one or two in nearly all records; a record that has others, or headers, or
 * that is not as it says, is left to `fillOne`.
 */
function fill(columns: RecordColumns, head: BatchHead): number {
  const { count, bytes, offsets, timestamps, keyAt, keyBytes, valueAt, valueBytes, headersAt, headerCounts } = columns;
  const { baseOffset, baseTimestamp, maxTimestamp } = head;
  const stamped = isAppendTime(head.attributes);
  const limit = bytes.length;
  const view = new DataView(bytes.buffer, bytes.byteOffset, limit);
  let begin = 0;
  for (let index = 0; index < count; index += 1) {
    usual: if (begin + headroom <= limit) {
      let at = begin;
      let pair = view.getUint16(at, true);
      let number: number;
      if ((pair & 0x80) === 0) {
        number = pair & 127;
        at += 1;
      } else if ((pair & 0x8000) === 0) {
        number = shortOf(pair);
        at += 2;
      } else break usual;
      const end = at + (number >> 1);
      if ((number & 1) !== 0 || end > limit) break usual;
      // One byte of attributes stands before the time, of which none is used.
      pair = view.getUint16((at += 1), true);
      if ((pair & 0x80) === 0) {
        number = pair & 127;
        at += 1;
      } else if ((pair & 0x8000) === 0) {
        number = shortOf(pair);
        at += 2;
      } else break usual;
      const time = (number >> 1) ^ -(number & 1);
      pair = view.getUint16(at, true);
      if ((pair & 0x80) === 0) {
        number = pair & 127;
        at += 1;
      } else if ((pair & 0x8000) === 0) {
        number = shortOf(pair);
        at += 2;
      } else break usual;
      const delta = (number >> 1) ^ -(number & 1);
      pair = view.getUint16(at, true);
      if ((pair & 0x80) === 0) {
        number = pair & 127;
        at += 1;
      } else if ((pair & 0x8000) === 0) {
        number = shortOf(pair);
        at += 2;
      } else break usual;
      const key = (number & 1) === 0 ? number >> 1 : -1;
      const keyFrom = at;
      if (key > 0) at += key;
      if (at + 2 > end) break usual;
      pair = view.getUint16(at, true);
      if ((pair & 0x80) === 0) {
        number = pair & 127;
        at += 1;
      } else if ((pair & 0x8000) === 0) {
        number = shortOf(pair);
        at += 2;
      } else break usual;
      const value = (number & 1) === 0 ? number >> 1 : -1;
      if (at + (value > 0 ? value : 0) + 1 !== end || bytes[end - 1] !== 0) break usual;
      timestamps[index] = stamped ? maxTimestamp : baseTimestamp + time;
      offsets[index] = baseOffset + delta;
      keyAt[index] = keyFrom;
      keyBytes[index] = key;
      valueAt[index] = at;
      valueBytes[index] = value;
      headersAt[index] = end - 1;
      headerCounts[index] = 0;
      begin = end;
      continue;
    }
    begin = fillOne(columns, head, index, begin);
  }
  return begin;
}

/** A record of any shape, number by number; answers where it ends. */
function fillOne(columns: RecordColumns, head: BatchHead, index: number, begin: number): number {
  const { bytes } = columns;
  const size = longVarint(bytes, begin, 5);
  let at = after;
  const end = at + size;
  if (size < 0 || end > bytes.length) throw new KafkaViolation(`a record of ${size} bytes`);
  const time = longVarint(bytes, at + 1, 10);
  columns.timestamps[index] = isAppendTime(head.attributes) ? head.maxTimestamp : head.baseTimestamp + time;
  columns.offsets[index] = head.baseOffset + longVarint(bytes, after, 5);
  const key = longVarint(bytes, after, 5);
  columns.keyAt[index] = after;
  columns.keyBytes[index] = key < 0 ? -1 : key;
  const value = longVarint(bytes, key > 0 ? after + key : after, 5);
  columns.valueAt[index] = after;
  columns.valueBytes[index] = value < 0 ? -1 : value;
  at = value > 0 ? after + value : after;
  columns.headersAt[index] = at;
  columns.headerCounts[index] = 0;
  if (bytes[at] === 0) at += 1;
  else {
    columns.headerCounts[index] = passHeaders(bytes, at, end);
    at = after;
  }
  if (at !== end) throw new KafkaViolation('a record is not as long as it says');
  return at;
}

/** Checks headers and answers how many there are; `after` is behind them. */
function passHeaders(bytes: Buffer, at: number, end: number): number {
  const reader = new Reader(bytes, Math.min(at, end), end);
  const count = reader.varint();
  if (count < 0 || count > headerCountMax) throw new KafkaViolation(`a record with ${count} headers`);
  for (let left = reader.count(count); left > 0; left -= 1) {
    reader.take(reader.varint());
    const size = reader.varint();
    if (size > 0) reader.take(size);
  }
  after = reader.at;
  return count;
}
