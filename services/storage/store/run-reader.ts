import { useOnce } from '#engine/http1/chunk.ts';
import { frameBytes, frameTagBytes } from '../contract/limits.ts';
import { fault } from '#kernel/contract/fault.ts';
import { FrameOpener, framesOf, openFrame } from '../domain/frame.ts';
import type { Span } from '../domain/range.ts';
import type { BlobStore } from './blob.ts';
import { openBytes, openThrough, readPiece, segmentSize, sliceSegments } from './bytes.ts';
import { decompress } from './compressor.ts';
import type { KeptDictionary } from './dictionary.ts';
import { compressAheadMax, frameListBytes } from './limits.ts';
import type { Compressed, Segment, SegmentSeal } from './record.ts';

/** Pieces of bytes, in order: each turn of a stream costs as much as some of them. */
type Pieces = readonly Uint8Array[];

export type Run = {
  readonly segment: Segment & { readonly seal: SegmentSeal };
  readonly key: Uint8Array;
  readonly dictionary?: KeptDictionary | undefined;
};

/** The bytes of a span (both ends inclusive) of a run, some pieces at a time; only the frames that hold it are read. */
export async function* openRun(blobs: BlobStore, run: Run, { first, last }: Span): AsyncGenerator<Pieces, void> {
  let skip = first - Math.floor(first / frameBytes) * frameBytes;
  let left = last - first + 1;
  const { compressed } = run.segment.seal;
  const frames = compressed ? openCompressed(blobs, run, compressed, { first, last }) : openPlain(blobs, run, { first, last });
  try {
    // What is read may end within a frame, so the bytes before the span may come in several pieces.
    for await (const opened of frames) {
      if (skip === 0 && bytesOf(opened) <= left) {
        left -= bytesOf(opened);
        yield opened;
        continue;
      }
      const pieces: Uint8Array[] = [];
      for (const plain of opened) {
        const from = Math.min(skip, plain.length);
        const piece = plain.subarray(from, from + left);
        skip -= from;
        left -= piece.length;
        if (piece.length > 0) pieces.push(piece);
      }
      yield pieces;
    }
  } catch (error) {
    throw asDamage(error);
  }
}

/** The bytes of a run of one frame that lies in one piece; undefined of others. */
export async function openPiece(blobs: BlobStore, { segment, key, dictionary }: Run): Promise<Uint8Array | undefined> {
  const sealed = await readPiece(blobs, segment);
  if (!sealed) return undefined;
  try {
    const bytes = openFrame(key, 0, sealed);
    return bytes.length === segment.seal.size ? useOnce(bytes) : await decompress(bytes, segment.seal.size, dictionary);
  } catch (error) {
    throw asDamage(error);
  }
}

/** Whether a run has one frame and nothing behind it. */
export function isOneFrame({ size, compressed }: SegmentSeal): boolean {
  return size <= frameBytes && !compressed?.lengths && compressed?.listAt === undefined;
}

const bytesOf = (pieces: Pieces): number => pieces.reduce((sum, { length }) => sum + length, 0);

/** What the cipher says of bytes that are not those that were sealed. */
const isUnproven = (error: unknown): boolean => error instanceof Error && /auth|state/i.test(error.message);

function asDamage(error: unknown): unknown {
  return isUnproven(error) ? fault('ObjectDamaged', 'A sealed frame was changed.') : error;
}

/**
 * Opening a frame proves every byte of it, so that the checksums of shards would only say the same once more. They are needed where
 * a frame does not open: then the rest is read again with them, which tells which shard is damaged and makes it anew from others.
 */
async function* openPlain(blobs: BlobStore, run: Run, { first, last }: Span): AsyncGenerator<Pieces, void> {
  const { frame, from, to } = framesOf(first, last, run.segment.seal.size);
  let proven = 0;
  try {
    for await (const plain of openFrames(blobs, run, { frame, from, to }, true)) {
      proven += bytesOf(plain);
      yield plain;
    }
    return;
  } catch (error) {
    if (!isUnproven(error)) throw error;
  }
  // Frames are given out whole, so what was given out ends where one does.
  const done = Math.floor(proven / frameBytes);
  const at = from + done * (frameBytes + frameTagBytes);
  yield* openFrames(blobs, run, { frame: frame + done, from: at, to }, false);
}

/** The bytes of the frames that lie in a span of what is stored, from the frame of this number on. */
async function* openFrames(
  blobs: BlobStore,
  { segment, key }: Run,
  { frame, from, to }: ReturnType<typeof framesOf>,
  sealed: boolean,
): AsyncGenerator<Pieces, void> {
  const opener = new FrameOpener(key, frame, to - from);
  const open = (bytes: Uint8Array) => opener.open(bytes);
  for (const part of sliceSegments([segment], { first: from, last: to - 1 })) yield* openThrough(blobs, part, open, sealed);
  opener.end();
}

/** Frames are cut out of what is read, opened, and made large again a few at once, in order. */
async function* openCompressed(blobs: BlobStore, run: Run, compressed: Compressed, span: Span): AsyncGenerator<Pieces, void> {
  const { segment, key, dictionary } = run;
  const { size } = segment.seal;
  const [first, last] = [Math.floor(span.first / frameBytes), Math.floor(span.last / frameBytes)];
  const places = await placesOf(blobs, run, compressed, { first, last });
  const stored = await openBytes(blobs, sliceSegments([segment], { first: places[0]!, last: places.at(-1)! - 1 }), () => {});
  const waiting: Promise<Uint8Array>[] = [];
  let frame = first;
  for await (const sealed of cut(stored, places)) {
    const bytes = openFrame(key, frame, sealed);
    const length = Math.min(frameBytes, size - frame * frameBytes);
    const plain = bytes.length === length ? Promise.resolve(bytes) : decompress(bytes, length, dictionary);
    plain.catch(() => {});
    waiting.push(plain);
    frame += 1;
    if (waiting.length >= compressAheadMax) yield [await waiting.shift()!];
  }
  for (const plain of waiting) yield [await plain];
}

/** Where the frames begin that are wanted, and where the last of them ends. */
async function placesOf(blobs: BlobStore, run: Run, { lengths, listAt }: Compressed, { first, last }: Span): Promise<number[]> {
  if (listAt !== undefined) return listedPlaces(blobs, run, listAt, { first, last });
  if (!lengths) return [0, segmentSize(run.segment)];
  const all = Buffer.from(lengths.buffer, lengths.byteOffset, lengths.byteLength);
  const places = [0];
  for (let frame = 0; frame <= last; frame++) places.push(places[frame]! + all.readUIntBE(frame * 3, 3));
  return places.slice(first);
}

async function listedPlaces(blobs: BlobStore, { segment, key }: Run, listAt: number, { first, last }: Span): Promise<number[]> {
  const frames = Math.ceil(segment.seal.size / frameBytes);
  const perPart = frameListBytes / 6;
  const places: number[] = [];
  // The frame behind the last one says where that ends; behind the very last one stands the list.
  const end = Math.min(last + 1, frames - 1);
  for (let part = Math.floor(first / perPart); part <= Math.floor(end / perPart); part++) {
    const from = listAt + part * (frameListBytes + frameTagBytes);
    const to = Math.min(from + frameListBytes + frameTagBytes, segmentSize(segment));
    const pieces: Uint8Array[] = [];
    for await (const piece of await openBytes(blobs, sliceSegments([segment], { first: from, last: to - 1 }), () => {})) pieces.push(piece);
    const list = openFrame(key, part, Buffer.concat(pieces), true);
    for (let at = 0; at < list.length; at += 6) {
      const frame = part * perPart + at / 6;
      if (frame >= first && frame <= end) places.push(list.readUIntBE(at, 6));
    }
  }
  return last === frames - 1 ? [...places, listAt] : places;
}

/** Cuts a stream at places, of which the first is where it begins. */
async function* cut(stream: AsyncIterable<Uint8Array>, places: readonly number[]): AsyncGenerator<Uint8Array, void> {
  let held: Uint8Array[] = [];
  let have = 0;
  let at = 0;
  for await (const bytes of stream) {
    let rest = bytes;
    for (let want; at + 1 < places.length && have + rest.length >= (want = places[at + 1]! - places[at]!); at++) {
      held.push(rest.subarray(0, want - have));
      rest = rest.subarray(want - have);
      yield held.length === 1 ? held[0]! : Buffer.concat(held);
      held = [];
      have = 0;
    }
    if (rest.length === 0) continue;
    held.push(rest);
    have += rest.length;
  }
}
