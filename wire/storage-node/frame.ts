import { crc32 } from 'node:zlib';
import { frameBodyMaxBytes, frameHeadBytes } from './limits.ts';
import { NodeProtocolError } from './violation.ts';

/**
 * What goes over a connection between storage and a node, in either direction. An answer has the id of its request. `drive` is
 * the place of a drive in the list that the connection began with.
 */
export type Frame = { readonly kind: number; readonly drive: number; readonly id: number; readonly body: Buffer };

// Little-endian: magic, bytes of the body, id, kind, drive, two bytes of zero, CRC-32 of all before it and of the body.
const magic = 0x314e5347;
const at = { magic: 0, size: 4, id: 8, kind: 12, drive: 13, zero: 14, sum: 16 } as const;

/** The head of a frame whose body are the parts, one behind the other. */
export function frameHead({ kind, drive, id }: Omit<Frame, 'body'>, parts: readonly Uint8Array[]): Buffer {
  const head = Buffer.allocUnsafe(frameHeadBytes);
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  if (size > frameBodyMaxBytes) throw new NodeProtocolError(`a body cannot have ${size} bytes`);
  head.writeUInt32LE(magic, at.magic);
  head.writeUInt32LE(size, at.size);
  head.writeUInt32LE(id, at.id);
  head.writeUInt8(kind, at.kind);
  head.writeUInt8(drive, at.drive);
  head.writeUInt16LE(0, at.zero);
  let sum = crc32(head.subarray(0, at.sum));
  for (const part of parts) sum = crc32(part, sum);
  head.writeUInt32LE(sum, at.sum);
  return head;
}

/** Cuts a stream of bytes, in pieces of any size, into frames. Every body has memory of its own, which may be kept. */
export class FrameReader {
  readonly #head = Buffer.alloc(frameHeadBytes);
  #body: Buffer | undefined;
  #filled = 0;

  /** Whether a frame has begun that is not whole. */
  get isMidway(): boolean {
    return this.#filled > 0 || this.#body !== undefined;
  }

  /** Hands on each frame that is whole now; a `NodeProtocolError` where the bytes are no frames, or not as they were sent. */
  feed(chunk: Buffer, take: (frame: Frame) => void): void {
    for (let from = 0; from < chunk.length; ) {
      const target = this.#body ?? this.#head;
      const count = Math.min(target.length - this.#filled, chunk.length - from);
      chunk.copy(target, this.#filled, from, from + count);
      this.#filled += count;
      from += count;
      if (this.#filled < target.length) return;
      this.#filled = 0;
      // A body of no bytes is whole with its head.
      if (!this.#body) this.#body = this.#begin();
      if (this.#body.length > 0 && target === this.#head) continue;
      const body = this.#body;
      this.#body = undefined;
      take(this.#end(body));
    }
  }

  /** A head is there: memory for a body is taken only when its length is one that a body may have. */
  #begin(): Buffer {
    if (this.#head.readUInt32LE(at.magic) !== magic) throw new NodeProtocolError('these are no frames');
    const size = this.#head.readUInt32LE(at.size);
    if (size > frameBodyMaxBytes) throw new NodeProtocolError(`a body cannot have ${size} bytes`);
    if (this.#head.readUInt16LE(at.zero) !== 0) throw new NodeProtocolError('a head says what this release does not know');
    return Buffer.allocUnsafeSlow(size);
  }

  #end(body: Buffer): Frame {
    const head = this.#head;
    if (crc32(body, crc32(head.subarray(0, at.sum))) !== head.readUInt32LE(at.sum)) throw new NodeProtocolError('a frame is damaged');
    return { kind: head.readUInt8(at.kind), drive: head.readUInt8(at.drive), id: head.readUInt32LE(at.id), body };
  }
}
