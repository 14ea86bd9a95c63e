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
export function recordBytes(batch: Buffer, head: BatchHead): Buffer {
  const compression = compressionOf(head.attributes);
  if (compression === undefined) throw new KafkaViolation(`there is no compression ${head.attributes & 7}`);
  const packed = batch.subarray(batchHeadBytes, head.sizeBytes);
  const bytes = compression === 'none' ? packed : inflate(compression, packed);
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

/** A zigzag number of any length up to `most` bytes; callers have those of two bytes, which nearly all are, in line. */
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

/** A zigzag number of one or two bytes. */
const shortOf = (first: number, second: number) => (((first & 127) | (second << 7)) >> 1) ^ -(first & 1);

/** Fills the columns and answers where the last record ends. Written out flat: thirty million records pass here in a second. */
function fill(columns: RecordColumns, head: BatchHead): number {
  const { count, bytes, offsets, timestamps, keyAt, keyBytes, valueAt, valueBytes, headersAt, headerCounts } = columns;
  const { baseOffset, baseTimestamp, maxTimestamp } = head;
  const stamped = isAppendTime(head.attributes);
  const limit = bytes.length;
  let at = 0;
  for (let index = 0; index < count; index += 1) {
    let number = 0;
    let byte = bytes[at] as number;
    if (byte < 128) {
      number = (byte >> 1) ^ -(byte & 1);
      at += 1;
    } else if ((bytes[at + 1] as number) < 128) {
      number = shortOf(byte, bytes[at + 1] as number);
      at += 2;
    } else {
      number = longVarint(bytes, at, 5);
      at = after;
    }
    const end = at + number;
    if (number < 0 || end > limit) throw new KafkaViolation(`a record of ${number} bytes`);
    // One byte of attributes stands before the time, of which none is used.
    byte = bytes[(at += 1)] as number;
    if (byte < 128) {
      number = (byte >> 1) ^ -(byte & 1);
      at += 1;
    } else if ((bytes[at + 1] as number) < 128) {
      number = shortOf(byte, bytes[at + 1] as number);
      at += 2;
    } else {
      number = longVarint(bytes, at, 10);
      at = after;
    }
    timestamps[index] = stamped ? maxTimestamp : baseTimestamp + number;
    byte = bytes[at] as number;
    if (byte < 128) {
      number = (byte >> 1) ^ -(byte & 1);
      at += 1;
    } else if ((bytes[at + 1] as number) < 128) {
      number = shortOf(byte, bytes[at + 1] as number);
      at += 2;
    } else {
      number = longVarint(bytes, at, 5);
      at = after;
    }
    offsets[index] = baseOffset + number;
    byte = bytes[at] as number;
    if (byte < 128) {
      number = (byte >> 1) ^ -(byte & 1);
      at += 1;
    } else if ((bytes[at + 1] as number) < 128) {
      number = shortOf(byte, bytes[at + 1] as number);
      at += 2;
    } else {
      number = longVarint(bytes, at, 5);
      at = after;
    }
    keyAt[index] = at;
    keyBytes[index] = number < 0 ? -1 : number;
    if (number > 0) at += number;
    byte = bytes[at] as number;
    if (byte < 128) {
      number = (byte >> 1) ^ -(byte & 1);
      at += 1;
    } else if ((bytes[at + 1] as number) < 128) {
      number = shortOf(byte, bytes[at + 1] as number);
      at += 2;
    } else {
      number = longVarint(bytes, at, 5);
      at = after;
    }
    valueAt[index] = at;
    valueBytes[index] = number < 0 ? -1 : number;
    if (number > 0) at += number;
    headersAt[index] = at;
    headerCounts[index] = 0;
    if (bytes[at] === 0) at += 1;
    else {
      headerCounts[index] = passHeaders(bytes, at, end);
      at = after;
    }
    if (at !== end) throw new KafkaViolation('a record is not as long as it says');
  }
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
