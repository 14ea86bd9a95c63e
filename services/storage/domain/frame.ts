import { createCipheriv, createDecipheriv } from 'node:crypto';
import { frameBytes, frameTagBytes } from '../contract/limits.ts';

/** Bytes at rest are sealed in frames, so that a range is opened without the rest: AES-256-GCM, the frame's number as its nonce. */
const stored = frameBytes + frameTagBytes;

/** How many bytes the frames of so many bytes have. */
export function sealedSize(size: number): number {
  return size + Math.ceil(size / frameBytes) * frameTagBytes;
}

/** The frames that hold a span of the bytes (both ends inclusive), as a span of what is stored, and the number of the first. */
export function framesOf(first: number, last: number, size: number): { frame: number; from: number; to: number } {
  const frame = Math.floor(first / frameBytes);
  const end = Math.floor(last / frameBytes) + 1;
  return { frame, from: frame * stored, to: Math.min(end * stored, sealedSize(size)) };
}

function nonceOf(frame: number): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64BE(BigInt(frame), 4);
  return nonce;
}

/** Seals one frame of at most `frameBytes`. A key seals each number once. */
function sealFrame(key: Uint8Array, frame: number, plain: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonceOf(frame));
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** Opens one frame; throws when a bit of it, its number or the key is wrong. */
export function openFrame(key: Uint8Array, frame: number, bytes: Uint8Array): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(frame));
  decipher.setAuthTag(bytes.subarray(bytes.length - frameTagBytes));
  return Buffer.concat([decipher.update(bytes.subarray(0, bytes.length - frameTagBytes)), decipher.final()]);
}

/** Cuts a stream into pieces of a size; the last may be shorter. */
export async function* pieces(body: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array, void> {
  let held: Uint8Array[] = [];
  let have = 0;
  for await (const bytes of body) {
    let rest = bytes;
    while (have + rest.length >= size) {
      held.push(rest.subarray(0, size - have));
      rest = rest.subarray(size - have);
      yield held.length === 1 ? held[0]! : Buffer.concat(held);
      held = [];
      have = 0;
    }
    if (rest.length === 0) continue;
    held.push(rest);
    have += rest.length;
  }
  if (have > 0) yield Buffer.concat(held);
}

/** The bytes sealed frame by frame. */
export async function* sealFrames(key: Uint8Array, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  let frame = 0;
  for await (const plain of pieces(body, frameBytes)) yield sealFrame(key, frame++, plain);
}

/** The bytes of frames, from the one of this number on. */
export async function* openFrames(key: Uint8Array, first: number, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  let frame = first;
  for await (const sealed of pieces(body, stored)) yield openFrame(key, frame++, sealed);
}
