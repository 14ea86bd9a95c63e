import { crc32c } from '../../checksum/crc32c.ts';
import { batchHeadBytes } from '../limits.ts';

const high = 2 ** 32;

export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
export const compressions: readonly Compression[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

/** The fields of a batch's head. */
export type BatchHead = {
  readonly baseOffset: number;
  /** Bytes of the whole batch, the two first fields included. */
  readonly sizeBytes: number;
  readonly leaderEpoch: number;
  readonly magic: number;
  readonly crc: number;
  readonly attributes: number;
  readonly lastOffsetDelta: number;
  readonly baseTimestamp: number;
  readonly maxTimestamp: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly count: number;
};

export const compressionOf = (attributes: number): Compression | undefined => compressions[attributes & 7];
export const isAppendTime = (attributes: number): boolean => (attributes & 8) !== 0;
export const isTransactional = (attributes: number): boolean => (attributes & 16) !== 0;
export const isControl = (attributes: number): boolean => (attributes & 32) !== 0;

export const readLong = (buffer: Buffer, at: number): number => buffer.readInt32BE(at) * high + buffer.readUInt32BE(at + 4);

function writeLong(buffer: Buffer, value: number, at: number): void {
  const upper = Math.floor(value / high);
  buffer.writeInt32BE(upper, at);
  buffer.writeUInt32BE(value - upper * high, at + 4);
}

/** Reads the head of the batch at `at`; the buffer must hold 61 bytes from there. */
export function readHead(buffer: Buffer, at = 0): BatchHead {
  return {
    baseOffset: readLong(buffer, at),
    sizeBytes: buffer.readInt32BE(at + 8) + 12,
    leaderEpoch: buffer.readInt32BE(at + 12),
    magic: buffer.readInt8(at + 16),
    crc: buffer.readUInt32BE(at + 17),
    attributes: buffer.readInt16BE(at + 21),
    lastOffsetDelta: buffer.readInt32BE(at + 23),
    baseTimestamp: readLong(buffer, at + 27),
    maxTimestamp: readLong(buffer, at + 35),
    producerId: readLong(buffer, at + 43),
    producerEpoch: buffer.readInt16BE(at + 51),
    baseSequence: buffer.readInt32BE(at + 53),
    count: buffer.readInt32BE(at + 57),
  };
}

/** Whether the bytes behind the checksum agree with it; the buffer holds exactly the batch. */
export const isIntact = (batch: Buffer): boolean => crc32c(batch.subarray(21)) === batch.readUInt32BE(17);

/** Offset and leader epoch lie outside the checksum, so that a broker may set them in the bytes it received. */
export function placeBatch(batch: Buffer, baseOffset: number, leaderEpoch: number): void {
  writeLong(batch, baseOffset, 0);
  batch.writeInt32BE(leaderEpoch, 12);
}

/** For topics in append time: every record's time becomes the broker's. */
export function stampBatch(batch: Buffer, now: number): void {
  batch.writeInt16BE(batch.readInt16BE(21) | 8, 21);
  writeLong(batch, now, 35);
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17);
}

export type NewBatch = {
  readonly records: Buffer;
  readonly count: number;
  readonly attributes?: number;
  readonly baseTimestamp: number;
  readonly maxTimestamp?: number;
  readonly lastOffsetDelta?: number;
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly baseOffset?: number;
  readonly leaderEpoch?: number;
};

/** Puts the head before records that are encoded (and compressed) already. */
export function buildBatch(made: NewBatch): Buffer {
  const batch = Buffer.allocUnsafe(batchHeadBytes + made.records.length);
  writeLong(batch, made.baseOffset ?? 0, 0);
  batch.writeInt32BE(batch.length - 12, 8);
  batch.writeInt32BE(made.leaderEpoch ?? 0, 12);
  batch.writeInt8(2, 16);
  batch.writeInt16BE(made.attributes ?? 0, 21);
  batch.writeInt32BE(made.lastOffsetDelta ?? made.count - 1, 23);
  writeLong(batch, made.baseTimestamp, 27);
  writeLong(batch, made.maxTimestamp ?? made.baseTimestamp, 35);
  writeLong(batch, made.producerId ?? -1, 43);
  batch.writeInt16BE(made.producerEpoch ?? -1, 51);
  batch.writeInt32BE(made.baseSequence ?? -1, 53);
  batch.writeInt32BE(made.count, 57);
  made.records.copy(batch, batchHeadBytes);
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17);
  return batch;
}
