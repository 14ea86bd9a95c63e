import { Reader } from '../reader.ts';
import { Writer } from '../writer.ts';
import { type BatchHead, buildBatch, compressions, type Compression, readHead } from './batch.ts';
import { columnsFor, readColumns, recordBytes, type RecordColumns } from './column.ts';
import { deflate, deflateBeside } from './compression.ts';

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

/** Columns for batches of the usual size: reading is synchronous, so that one set serves everybody. */
const scratchRecords = 4096;
const scratch = columnsFor(scratchRecords);
const nothing = Buffer.alloc(0);

/** The records of a batch, decompressed. A batch that is not what its head says is a KafkaViolation. */
export function readRecords(batch: Buffer, head: BatchHead = readHead(batch)): LogRecord[] {
  const bytes = recordBytes(batch, head);
  const columns = head.count > scratchRecords ? columnsFor(head.count) : scratch;
  readColumns(bytes, head, columns);
  const records = Array.from({ length: head.count }, (_, index) => recordAt(columns, index));
  columns.bytes = nothing;
  return records;
}

/**
 * The batch with its records packed in another way, at a level of gzip or zstd; all else of it stays. Records that are not as the
 * batch says, or more than `most` bytes, are a KafkaViolation.
 */
export async function repackBatch(batch: Buffer, compression: Compression, level: number, most: number): Promise<Buffer> {
  const head = readHead(batch);
  const bytes = recordBytes(batch, head, most);
  const columns = head.count > scratchRecords ? columnsFor(head.count) : scratch;
  readColumns(bytes, head, columns);
  columns.bytes = nothing;
  const records = await deflateBeside(compression, bytes, level);
  return buildBatch({ ...head, attributes: (head.attributes & ~7) | compressions.indexOf(compression), records });
}

function recordAt(
  { bytes, offsets, timestamps, keyAt, keyBytes, valueAt, valueBytes, headersAt, headerCounts }: RecordColumns,
  index: number,
): LogRecord {
  return {
    offset: offsets[index] as number,
    timestamp: timestamps[index] as number,
    key: fieldAt(bytes, keyAt[index] as number, keyBytes[index] as number),
    value: fieldAt(bytes, valueAt[index] as number, valueBytes[index] as number),
    headers: headerCounts[index] === 0 ? [] : readHeaders(new Reader(bytes, headersAt[index] as number)),
  };
}

const fieldAt = (bytes: Buffer, at: number, size: number): Buffer | null => (size < 0 ? null : bytes.subarray(at, at + size));

function readHeaders(reader: Reader): Header[] {
  const headers: Header[] = [];
  for (let left = reader.varint(); left > 0; left--) {
    const key = reader.text(reader.varint());
    const size = reader.varint();
    headers.push({ key, value: size < 0 ? null : reader.slice(size) });
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
  const packed = deflate(compression, writer.whole());
  const attributes = compressions.indexOf(compression) | (transactional ? 16 : 0) | (control ? 32 : 0);
  return buildBatch({ records: packed, count: records.length, attributes, baseTimestamp, maxTimestamp, ...producer });
}

/** The marker that ends a transaction in a partition: KIP-98's control record. */
export function controlBatch(kind: 'commit' | 'abort', producer: { producerId: number; producerEpoch: number }, timestamp: number): Buffer {
  const key = Buffer.from([0, 0, 0, kind === 'commit' ? 1 : 0]);
  const value = Buffer.alloc(6);
  return batchOf([{ key, value, timestamp }], { transactional: true, control: true, ...producer });
}
