import type { FileHandle } from 'node:fs/promises';
import { freeUsed, useOnce } from '#engine/http1/chunk.ts';
import { fault } from '#kernel/contract/fault.ts';
import type { Bytes } from '#kernel/contract/session.ts';
import type { Span } from '../domain/range.ts';
import { type BlobStore, sumOf } from './blob.ts';
import type { CodedReader } from './coded-reader.ts';
import { stripeDataBytes } from './frame.ts';
import { blockBytes, movesMax } from './limits.ts';
import type { RemotePlace, Segment } from './record.ts';

export function segmentSize(segment: Segment): number {
  return 'bytes' in segment ? segment.bytes.length : segment.size;
}

/** The segments that hold a span of the bytes of others, cut to it. Both ends of a span are inclusive. */
export function sliceSegments(segments: readonly Segment[], span: Span): Segment[] {
  const found: Segment[] = [];
  let at = 0;
  for (const segment of segments) {
    const size = segmentSize(segment);
    const from = Math.max(span.first - at, 0);
    const to = Math.min(span.last + 1 - at, size);
    at += size;
    if (from >= to) continue;
    if ('blob' in segment) found.push({ blob: segment.blob, start: segment.start + from, size: to - from });
    else found.push(from === 0 && to === size ? segment : inlineSegment(verified(segment).subarray(from, to)));
  }
  return found;
}

function inlineSegment(bytes: Uint8Array): Segment {
  return { bytes, sum: sumOf(bytes) };
}

function verified(segment: Extract<Segment, { bytes: Uint8Array }>): Uint8Array {
  if (sumOf(segment.bytes) !== segment.sum) throw fault('ObjectDamaged', 'The bytes in the index do not agree with their checksum.');
  return segment.bytes;
}

/**
 * The bytes of segments, every block checked before any of it is given out. The first block is read before this resolves,
 * so damage that lies there is told as an error and not as a broken stream. `done` is called once, however it ends; the
 * stream must be begun by whoever gets it.
 */
export async function openBytes(blobs: BlobStore, segments: readonly Segment[], done: () => void): Promise<Bytes> {
  const blocks = readSegments(blobs, segments);
  try {
    const first = await blocks.next();
    return first.done ? finished(done) : rest(first.value, blocks, done);
  } catch (error) {
    done();
    throw error;
  }
}

async function* finished(done: () => void): Bytes {
  done();
}

async function* rest(first: Uint8Array, blocks: AsyncGenerator<Uint8Array, void>, done: () => void): Bytes {
  try {
    yield first;
    yield* blocks;
  } finally {
    await blocks.return();
    done();
  }
}

async function* readSegments(blobs: BlobStore, segments: readonly Segment[]): AsyncGenerator<Uint8Array, void> {
  for (const segment of segments) {
    if ('bytes' in segment) {
      if (segment.bytes.length > 0) yield verified(segment);
      continue;
    }
    yield* readBlob(blobs, segment);
  }
}

/**
 * What is made of the bytes of a segment as they are read; `make` must not keep what it is given, because it may lie in the stripe
 * into which others are read next. Bytes in shards that are `sealed` are not checked: whoever opens them finds out.
 */
export async function* openThrough(
  blobs: BlobStore,
  segment: Segment,
  make: (bytes: Uint8Array) => readonly Uint8Array[],
  sealed: boolean,
): AsyncGenerator<readonly Uint8Array[], void> {
  const record = 'blob' in segment ? blobs.record(segment.blob) : undefined;
  if (record && 'spread' in record && 'blob' in segment) {
    const reader = blobs.reader(segment.blob, record.size, record.spread, sealed);
    yield* readShards(reader, segment, (from, to) => madeOf(reader, { from, to }, make));
    return;
  }
  for await (const bytes of readSegments(blobs, [segment])) {
    const made = make(bytes);
    freeUsed(bytes);
    yield made;
  }
}

async function madeOf(
  reader: CodedReader,
  { from, to }: { readonly from: number; readonly to: number },
  make: (bytes: Uint8Array) => readonly Uint8Array[],
): Promise<Uint8Array[]> {
  const made: Uint8Array[] = [];
  await reader.lend(from, to, (part) => void made.push(...make(part)));
  return made;
}

async function* readBlob(blobs: BlobStore, segment: BlobSegment): AsyncGenerator<Uint8Array, void> {
  const record = blobs.record(segment.blob);
  if ('extent' in record) yield await readPacked(blobs, segment);
  else if ('spread' in record) {
    const reader = blobs.reader(segment.blob, record.size, record.spread);
    for await (const bytes of readShards(reader, segment, (from, to) => reader.read(from, to))) yield useOnce(bytes);
  }
  else if ('remote' in record) yield* readRemote(blobs, segment, record);
  else yield* readFile(blobs, segment, record.size, record.sums);
}

type BlobSegment = Extract<Segment, { blob: string }>;

/** A packed blob may be moved between the look at its record and the look at its place; then it is looked up again. */
async function readPacked(blobs: BlobStore, { blob, start, size }: BlobSegment): Promise<Uint8Array> {
  for (let tries = 0; tries < movesMax; tries++) {
    const record = blobs.record(blob);
    if (!('extent' in record)) break;
    const bytes = await blobs.packs.read(blob, record, record.size);
    if (bytes) return bytes.subarray(start, start + size);
  }
  throw fault('ObjectDamaged', 'The bytes of the object are nowhere to be found.');
}

/**
 * All bytes of a segment that is read in one piece anyway, being in the index or packed; undefined of others. They are handed over
 * without the steps of a stream, which cost more than such bytes themselves.
 */
export function readPiece(blobs: BlobStore, segment: Segment): Uint8Array | Promise<Uint8Array> | undefined {
  if ('bytes' in segment) return verified(segment);
  return 'extent' in blobs.record(segment.blob) ? readPacked(blobs, segment) : undefined;
}

async function* readShards<T>(
  reader: CodedReader,
  segment: BlobSegment,
  read: (from: number, to: number) => Promise<T>,
): AsyncGenerator<T, void> {
  try {
    yield* readAhead(segment, stripeDataBytes, read);
  } finally {
    await reader.close();
  }
}

/** The pieces of a blob in the operator's store. */
async function* readRemote(blobs: BlobStore, segment: BlobSegment, place: RemotePlace): AsyncGenerator<Uint8Array, void> {
  const { pieceBytes } = place;
  const read = (from: number, to: number) => {
    const piece = Math.floor(from / pieceBytes);
    return blobs.readPiece(segment.blob, place, piece, from - piece * pieceBytes, to - from);
  };
  for await (const bytes of readAhead(segment, pieceBytes, read)) yield useOnce(bytes);
}

/** The bytes of a segment, of which each unit is read on its own; the next one while this one is sent. */
async function* readAhead<T>(
  { start, size }: BlobSegment,
  unit: number,
  read: (from: number, to: number) => Promise<T>,
): AsyncGenerator<T, void> {
  const end = start + size;
  const unitEnd = (from: number) => Math.min(end, (Math.floor(from / unit) + 1) * unit);
  let next: Promise<T> | undefined;
  try {
    for (let at = start; at < end; ) {
      const stop = unitEnd(at);
      const found = await (next ?? read(at, stop));
      next = stop < end ? read(stop, unitEnd(stop)) : undefined;
      next?.catch(() => {});
      yield found;
      at = stop;
    }
  } finally {
    await next?.catch(() => {});
  }
}

/** A file of the first format. */
async function* readFile(blobs: BlobStore, segment: BlobSegment, size: number, blockSums: Uint8Array): AsyncGenerator<Uint8Array, void> {
  const sums = new DataView(blockSums.buffer, blockSums.byteOffset, blockSums.byteLength);
  const end = segment.start + segment.size;
  const handle = await blobs.openFile(segment.blob);
  const read = (block: number) =>
    readBlock(handle, block, Math.min(blockBytes, size - block * blockBytes), sums.getUint32(block * 4, true));
  let next: Promise<Uint8Array> | undefined;
  try {
    const last = Math.floor((end - 1) / blockBytes);
    for (let block = Math.floor(segment.start / blockBytes); block <= last; block++) {
      const bytes = await (next ?? read(block));
      // The next block is read while this one is sent.
      next = block < last ? read(block + 1) : undefined;
      next?.catch(() => {});
      const offset = block * blockBytes;
      yield bytes.subarray(Math.max(segment.start - offset, 0), Math.min(end - offset, bytes.length));
    }
  } finally {
    await next?.catch(() => {});
    await handle.close();
  }
}

async function readBlock(handle: FileHandle, block: number, length: number, sum: number): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafeSlow(length);
  let have = 0;
  while (have < length) {
    const { bytesRead } = await handle.read(bytes, have, length - have, block * blockBytes + have);
    if (bytesRead === 0) throw fault('ObjectDamaged', 'A file of the object is too short.');
    have += bytesRead;
  }
  if (sumOf(bytes) !== sum) throw fault('ObjectDamaged', 'A block of the object does not agree with its checksum.');
  return bytes;
}
