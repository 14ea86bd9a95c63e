import { type CipherGCM, createCipheriv, createDecipheriv, type DecipherGCM } from 'node:crypto';
import { useOnce } from '#engine/http1/chunk.ts';
import { fault } from '#kernel/contract/fault.ts';
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

/** Frames of the list of where frames lie have nonces of their own. */
function nonceOf(frame: number, list = false): Buffer {
  const nonce = Buffer.alloc(12);
  if (list) nonce[0] = 1;
  nonce.writeBigUInt64BE(BigInt(frame), 4);
  return nonce;
}

/**
 * Seals bytes as they come, in pieces of any size, into frames of `frameBytes` of them; the last may be shorter. A key is for one
 * run of bytes, because the number of a frame is its nonce.
 */
export class FrameSealer {
  readonly #key: Uint8Array;
  #frame = 0;
  #left = frameBytes;
  #cipher: CipherGCM | undefined;

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  /** What these bytes become, in order. */
  seal(plain: Uint8Array): Uint8Array[] {
    const sealed: Uint8Array[] = [];
    for (let at = 0; at < plain.length; ) {
      const piece = plain.subarray(at, at + this.#left);
      this.#cipher ??= createCipheriv('aes-256-gcm', this.#key, nonceOf(this.#frame));
      sealed.push(useOnce(this.#cipher.update(piece)));
      at += piece.length;
      this.#left -= piece.length;
      if (this.#left === 0) sealed.push(...this.end());
    }
    return sealed;
  }

  /** Ends the frame that is open: its tag. */
  end(): Uint8Array[] {
    if (!this.#cipher) return [];
    // A stream cipher holds nothing back: `final` only makes the tag.
    this.#cipher.final();
    const tag = this.#cipher.getAuthTag();
    this.#cipher = undefined;
    this.#left = frameBytes;
    this.#frame += 1;
    return [tag];
  }
}

/** Seals one frame of any length; no other frame of the key has its number, in its list or beside it. */
export function sealFrame(key: Uint8Array, frame: number, bytes: Uint8Array, list = false): [Uint8Array, Uint8Array] {
  const cipher = createCipheriv('aes-256-gcm', key, nonceOf(frame, list));
  const sealed = cipher.update(bytes);
  cipher.final();
  return [sealed, cipher.getAuthTag()];
}

/** Opens one frame; throws when a bit of it, its number or the key is wrong. */
export function openFrame(key: Uint8Array, frame: number, bytes: Uint8Array, list = false): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(frame, list));
  decipher.setAuthTag(bytes.subarray(bytes.length - frameTagBytes));
  const plain = decipher.update(bytes.subarray(0, bytes.length - frameTagBytes));
  decipher.final();
  return plain;
}

/**
 * Opens frames as their bytes come, in pieces of any size: `left` of them, from the frame of this number on. The pieces may be
 * written over afterwards.
 */
export class FrameOpener {
  readonly #key: Uint8Array;
  readonly #tag = Buffer.alloc(frameTagBytes);
  #frame: number;
  #left: number;
  /** Bytes of the frame that have not come: of what is sealed, and of its tag. */
  #sealedLeft = 0;
  #tagLeft = 0;
  #decipher: DecipherGCM | undefined;
  #held: Buffer[] = [];

  constructor(key: Uint8Array, frame: number, left: number) {
    this.#key = key;
    this.#frame = frame;
    this.#left = left;
  }

  /** What is whole with these bytes. Nothing of a frame is given out before all of it is proven. */
  open(bytes: Uint8Array): Buffer[] {
    const ready: Buffer[] = [];
    for (let at = 0; at < bytes.length; ) {
      this.#decipher ??= this.#begin();
      if (this.#sealedLeft > 0) {
        const part = bytes.subarray(at, at + this.#sealedLeft);
        this.#held.push(useOnce(this.#decipher.update(part)));
        this.#sealedLeft -= part.length;
        at += part.length;
        continue;
      }
      const part = bytes.subarray(at, at + this.#tagLeft);
      this.#tag.set(part, frameTagBytes - this.#tagLeft);
      this.#tagLeft -= part.length;
      at += part.length;
      if (this.#tagLeft === 0) ready.push(...this.#prove(this.#decipher));
    }
    return ready;
  }

  #begin(): DecipherGCM {
    const length = Math.min(stored, this.#left);
    if (length <= frameTagBytes) throw fault('ObjectDamaged', 'There are more bytes than frames.');
    this.#left -= length;
    this.#sealedLeft = length - frameTagBytes;
    this.#tagLeft = frameTagBytes;
    return createDecipheriv('aes-256-gcm', this.#key, nonceOf(this.#frame++));
  }

  #prove(decipher: DecipherGCM): Buffer[] {
    decipher.setAuthTag(this.#tag);
    decipher.final();
    this.#decipher = undefined;
    const held = this.#held;
    this.#held = [];
    return held;
  }

  /** Refuses what ends within a frame. */
  end(): void {
    if (this.#decipher || this.#left > 0) throw fault('ObjectDamaged', 'A frame is not whole.');
  }
}
