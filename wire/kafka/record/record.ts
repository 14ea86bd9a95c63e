import { batchHeadBytes, headerCountMax } from '../limits.ts';
import { Reader } from '../reader.ts';
import { KafkaViolation } from '../violation.ts';
import { Writer } from '../writer.ts';
import { type BatchHead, buildBatch, compressionOf, compressions, type Compression, isAppendTime, readHead } from './batch.ts';
import { deflate, inflate } from './compression.ts';

export type Header = { readonly key: string; readonly value: Buffer | null };

/** One record of a batch, with its offset and time made absolute. */
export type LogRecord = {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly Header[];
};

/** What a record is made of; its offset comes from its place. */
export type NewRecord = {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers?: readonly { readonly key: string; readonly value: Uint8Array | null }[];
  readonly timestamp: number;
};

/** The records of a batch, decompressed. A batch that is not what its head says is a KafkaViolation. */
export function readRecords(batch: Buffer, head: BatchHead = readHead(batch)): LogRecord[] {
  const compression = compressionOf(head.attributes);
  if (compression === undefined) throw new KafkaViolation(`there is no compression ${head.attributes & 7}`);
  const packed = batch.subarray(batchHeadBytes, head.sizeBytes);
  const reader = new Reader(compression === 'none' ? packed : inflate(compression, packed));
  const found: LogRecord[] = [];
  for (let left = reader.count(head.count); left > 0; left--) found.push(readRecord(reader, head));
  if (reader.left > 0) throw new KafkaViolation('bytes are left behind the last record of a batch');
  return found;
}

function readRecord(reader: Reader, head: BatchHead): LogRecord {
  const size = reader.varint();
  const end = reader.at + size;
  if (size < 0 || end > reader.end) throw new KafkaViolation(`a record of ${size} bytes`);
  reader.int8();
  const delta = reader.varlong();
  const timestamp = isAppendTime(head.attributes) ? head.maxTimestamp : head.baseTimestamp + delta;
  const offset = head.baseOffset + reader.varint();
  const key = readField(reader);
  const value = readField(reader);
  const headers = readHeaders(reader);
  if (reader.at !== end) throw new KafkaViolation('a record is not as long as it says');
  return { offset, timestamp, key, value, headers };
}

function readField(reader: Reader): Buffer | null {
  const bytes = reader.varint();
  return bytes < 0 ? null : reader.slice(bytes);
}

function readHeaders(reader: Reader): Header[] {
  const count = reader.varint();
  if (count < 0 || count > headerCountMax) throw new KafkaViolation(`a record with ${count} headers`);
  const headers: Header[] = [];
  for (let left = reader.count(count); left > 0; left--) {
    const bytes = reader.varint();
    headers.push({ key: reader.text(bytes), value: readField(reader) });
  }
  return headers;
}

/** A record with deltas against its batch. */
export function writeRecord(writer: Writer, record: NewRecord, timestampDelta: number, offsetDelta: number): void {
  const body = new Writer(64 + (record.key?.length ?? 0) + (record.value?.length ?? 0));
  body.int8(0);
  body.varint(timestampDelta);
  body.varint(offsetDelta);
  writeField(body, record.key);
  writeField(body, record.value);
  body.varint(record.headers?.length ?? 0);
  for (const { key, value } of record.headers ?? []) {
    const bytes = Buffer.byteLength(key);
    body.varint(bytes);
    body.text(key, bytes);
    writeField(body, value);
  }
  writer.varint(body.size);
  for (const chunk of body.chunks()) writer.raw(chunk);
}

function writeField(writer: Writer, value: Uint8Array | null): void {
  writer.varint(value === null ? -1 : value.length);
  if (value !== null) writer.raw(value);
}

export type BatchOf = {
  readonly compression?: Compression;
  readonly transactional?: boolean;
  readonly control?: boolean;
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
};

/** A batch of records, in offsets from 0 on. */
export function batchOf(records: readonly NewRecord[], more: BatchOf = {}): Buffer {
  const baseTimestamp = records[0]?.timestamp ?? 0;
  const writer = new Writer();
  let maxTimestamp = baseTimestamp;
  records.forEach((record, index) => {
    maxTimestamp = Math.max(maxTimestamp, record.timestamp);
    writeRecord(writer, record, record.timestamp - baseTimestamp, index);
  });
  const { compression = 'none', transactional = false, control = false, ...producer } = more;
  const packed = compression === 'none' ? writer.whole() : deflate(compression, writer.whole());
  const attributes = compressions.indexOf(compression) | (transactional ? 16 : 0) | (control ? 32 : 0);
  return buildBatch({ records: packed, count: records.length, attributes, baseTimestamp, maxTimestamp, ...producer });
}

/** The marker that ends a transaction in a partition: KIP-98's control record. */
export function controlBatch(kind: 'commit' | 'abort', producer: { producerId: number; producerEpoch: number }, timestamp: number): Buffer {
  const key = Buffer.from([0, 0, 0, kind === 'commit' ? 1 : 0]);
  const value = Buffer.alloc(6);
  return batchOf([{ key, value, timestamp }], { transactional: true, control: true, ...producer });
}
