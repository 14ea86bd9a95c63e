/**
 * The journal on disk, whole: `<root>/<process>/<segment number as 16 hex digits>.journal`. Numbers are big-endian.
 *
 *     segment  header frame frame ...
 *     header   8 magic | 2 format | 2 length of name | 4 key version | 8 segment number | 8 end of the segment before
 *              | 8 first sequence | 8 created, ms since 1970 | 64 process name, zero filled | 12 zero | 4 CRC-32C of the 124
 *     frame    4 length of payload | 4 CRC-32C of that length and the payload | payload
 *     payload  8 sequence of the first record | 4 number of records | sealed group
 *     group    record record ...          (one group commit, sealed as a whole)
 *     record   1 type | 4 length | bytes  (sequence: the frame's first, and one more for each record)
 *
 * Beside the segments lies `mark`: 8 segment | 8 end | 8 next sequence | 4 CRC-32C, written after each sync: all that stands before
 * it is durable. It is a reader's only ground for belief in the last segment. For a finished segment the ground is the header of its
 * successor, which names where the valid bytes end.
 */
import { crc32c } from '#wire/checksum/crc32c.ts';
import { frameMaxBytes } from './limits.ts';

const magic = Buffer.from('GMTJRNL\n');
const format = 1;
export const headerSize = 128;
export const markSize = 28;
const nameSize = 64;
const frameHeadSize = 8;
const payloadHeadSize = 12;
const recordHeadSize = 5;
/** Most bytes that one frame takes, its length and checksum included. */
export const frameSizeMax = frameHeadSize + frameMaxBytes;

export type SegmentHeader = {
  readonly process: string;
  readonly segment: number;
  readonly keyVersion: number;
  readonly previousEnd: number;
  readonly firstSequence: number;
  readonly createdMs: number;
};

/** One audit, usage or event record; the bytes are the caller's. */
export type JournalRecord = { readonly type: number; readonly sequence: number; readonly bytes: Uint8Array };

/** A point between two frames: all before it has been read or written, `sequence` is the next record's. */
export type Mark = { readonly segment: number; readonly offset: number; readonly sequence: number };

/** Where a record stands: its frame's segment and offset, and its own sequence, which is dense per process. */
export type Position = Mark & { readonly process: string };

export type Frame = {
  readonly offset: number;
  readonly end: number;
  readonly first: number;
  readonly count: number;
  readonly sealed: Buffer;
};

/** A process name is one path segment and fits its place in the header. */
export function isProcessName(name: string): boolean {
  return /^[a-z0-9][a-z0-9._-]*$/.test(name) && name.length <= nameSize;
}

export function encodeHeader(header: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(headerSize);
  magic.copy(bytes);
  bytes.writeUInt16BE(format, 8);
  bytes.writeUInt16BE(header.process.length, 10);
  bytes.writeUInt32BE(header.keyVersion, 12);
  writeNumber(bytes, header.segment, 16);
  writeNumber(bytes, header.previousEnd, 24);
  writeNumber(bytes, header.firstSequence, 32);
  writeNumber(bytes, header.createdMs, 40);
  bytes.write(header.process, 48, 'latin1');
  bytes.writeUInt32BE(crc32c(bytes.subarray(0, headerSize - 4)), headerSize - 4);
  return bytes;
}

/** Reads a header; a checksum that holds with a format we do not know tells a newer release from damage. */
export function decodeHeader(bytes: Buffer): SegmentHeader | { readonly format: number } | undefined {
  if (bytes.length < headerSize || !bytes.subarray(0, 8).equals(magic)) return undefined;
  if (bytes.readUInt32BE(headerSize - 4) !== crc32c(bytes.subarray(0, headerSize - 4))) return undefined;
  if (bytes.readUInt16BE(8) !== format) return { format: bytes.readUInt16BE(8) };
  return {
    process: bytes.toString('latin1', 48, 48 + Math.min(nameSize, bytes.readUInt16BE(10))),
    keyVersion: bytes.readUInt32BE(12),
    segment: readNumber(bytes, 16),
    previousEnd: readNumber(bytes, 24),
    firstSequence: readNumber(bytes, 32),
    createdMs: readNumber(bytes, 40),
  };
}

export function encodeMark(mark: Mark): Buffer {
  const bytes = Buffer.allocUnsafe(markSize);
  writeNumber(bytes, mark.segment, 0);
  writeNumber(bytes, mark.offset, 8);
  writeNumber(bytes, mark.sequence, 16);
  bytes.writeUInt32BE(crc32c(bytes.subarray(0, 24)), 24);
  return bytes;
}

/** Nothing where the mark is not there, or was caught while it was being written. */
export function decodeMark(bytes: Buffer): Mark | undefined {
  if (bytes.length !== markSize || bytes.readUInt32BE(24) !== crc32c(bytes.subarray(0, 24))) return undefined;
  return { segment: readNumber(bytes, 0), offset: readNumber(bytes, 8), sequence: readNumber(bytes, 16) };
}

/** What a record takes in its group. */
export function recordSize(bytes: Uint8Array): number {
  return recordHeadSize + bytes.length;
}

export function encodeGroup(records: readonly { readonly type: number; readonly bytes: Uint8Array }[]): Buffer {
  let size = 0;
  for (const record of records) size += recordSize(record.bytes);
  const group = Buffer.allocUnsafe(size);
  let at = 0;
  for (const record of records) {
    group[at] = record.type;
    group.writeUInt32BE(record.bytes.length, at + 1);
    group.set(record.bytes, at + recordHeadSize);
    at += recordSize(record.bytes);
  }
  return group;
}

/** The records of an opened group; undefined where it does not hold exactly `count` of them. */
export function decodeGroup(group: Buffer, first: number, count: number): JournalRecord[] | undefined {
  const records: JournalRecord[] = [];
  let at = 0;
  while (at < group.length) {
    if (group.length - at < recordHeadSize) return undefined;
    const end = at + recordHeadSize + group.readUInt32BE(at + 1);
    if (end > group.length || records.length === count) return undefined;
    records.push({ type: group[at]!, sequence: first + records.length, bytes: group.subarray(at + recordHeadSize, end) });
    at = end;
  }
  return records.length === count ? records : undefined;
}

/** What stands before the sealed group in a frame. */
export function encodeFrameHead(first: number, count: number, sealed: Buffer): Buffer {
  const head = Buffer.allocUnsafe(frameHeadSize + payloadHeadSize);
  head.writeUInt32BE(payloadHeadSize + sealed.length, 0);
  writeNumber(head, first, 8);
  head.writeUInt32BE(count, 16);
  head.writeUInt32BE(crc32c(sealed, crc32c(head.subarray(8), crc32c(head.subarray(0, 4)))), 4);
  return head;
}

/**
 * The frame at `at` of `bytes`, whose first byte stands at `base` of the segment. `short` says that a whole frame may go on beyond
 * the bytes given; `damaged` that no bytes that follow could make it whole.
 */
export function decodeFrame(bytes: Buffer, at: number, base: number): Frame | 'short' | 'damaged' {
  if (bytes.length - at < frameHeadSize) return 'short';
  const length = bytes.readUInt32BE(at);
  if (length < payloadHeadSize || length > frameMaxBytes) return 'damaged';
  const payload = at + frameHeadSize;
  const end = payload + length;
  if (end > bytes.length) return 'short';
  const first = readNumber(bytes, payload);
  const count = bytes.readUInt32BE(payload + 8);
  if (count === 0 || !Number.isSafeInteger(first + count)) return 'damaged';
  const crc = crc32c(bytes.subarray(payload, end), crc32c(bytes.subarray(at, at + 4)));
  if (crc !== bytes.readUInt32BE(at + 4)) return 'damaged';
  return { offset: base + at, end: base + end, first, count, sealed: bytes.subarray(payload + payloadHeadSize, end) };
}

/** What a frame at `at` would name as its first sequence, unchecked; -1 where the bytes end before. */
export function peekSequence(bytes: Buffer, at: number): number {
  return bytes.length - at < frameHeadSize + payloadHeadSize ? -1 : readNumber(bytes, at + frameHeadSize);
}

/** What a sealed group is bound to: it opens nowhere but at its own place with its own sequences. */
export function associatedData(process: string, segment: number, offset: number, first: number, count: number): Buffer {
  const bytes = Buffer.allocUnsafe(28 + process.length);
  writeNumber(bytes, segment, 0);
  writeNumber(bytes, offset, 8);
  writeNumber(bytes, first, 16);
  bytes.writeUInt32BE(count, 24);
  bytes.write(process, 28, 'latin1');
  return bytes;
}

function writeNumber(bytes: Buffer, value: number, at: number): void {
  bytes.writeUInt32BE(Math.floor(value / 0x1_0000_0000), at);
  bytes.writeUInt32BE(value >>> 0, at + 4);
}

/** Above 2^53 the number is not exact, which no check lets pass. */
function readNumber(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4);
}
