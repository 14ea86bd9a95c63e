import { iso8583MaxBytes } from './limits.ts';
import { Iso8583Error } from './violation.ts';

/** Puts the two bytes of its length before a message, as it goes over TCP. */
export function framed(message: Uint8Array): Buffer<ArrayBuffer> {
  const bytes = Buffer.allocUnsafe(2 + message.length);
  bytes.writeUInt16BE(message.length, 0);
  bytes.set(message, 2);
  return bytes;
}

/** Cuts messages out of the bytes of a connection, in pieces of any size. A message of no bytes is a sign of life, and left out. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  /** Whether a message has begun and is not whole. */
  get isMidway(): boolean {
    return this.#rest.length > 0;
  }

  /** The messages that are whole now; a length that none has is an `Iso8583Error`, after which the connection is of no use. */
  push(piece: Buffer): Buffer[] {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    const found: Buffer[] = [];
    let at = 0;
    while (at + 2 <= bytes.length) {
      const length = bytes.readUInt16BE(at);
      if (length > iso8583MaxBytes) throw new Iso8583Error(`a message cannot have ${length} bytes`, undefined, at);
      if (at + 2 + length > bytes.length) break;
      if (length > 0) found.push(bytes.subarray(at + 2, at + 2 + length));
      at += 2 + length;
    }
    this.#rest = bytes.subarray(at);
    return found;
  }
}
