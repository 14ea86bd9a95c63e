import { at, bodyIsWhole, headerIsWhole } from './header.ts';
import { headerBytes, messageBytesMax } from './limits.ts';

/** Cuts a stream of bytes into messages. Every message gets memory of its own, which its body may be kept in. */
export class MessageReader {
  #head = Buffer.allocUnsafeSlow(headerBytes);
  #message: Buffer | undefined;
  #filled = 0;

  /** Whether a message has begun that is not whole. */
  get isPartial(): boolean {
    return this.#filled > 0;
  }

  /** Hands each message that is complete to `take`; false when the stream is none of this protocol, or damaged. */
  feed(chunk: Buffer, take: (message: Buffer) => void): boolean {
    for (let from = 0; from < chunk.length; ) {
      const target = this.#message ?? this.#head;
      const count = Math.min(target.length - this.#filled, chunk.length - from);
      chunk.copy(target, this.#filled, from, from + count);
      this.#filled += count;
      from += count;
      if (this.#filled < target.length) return true;
      if (!this.#message && !this.#begin()) return false;
      const message = this.#message as Buffer | undefined;
      if (!message || this.#filled < message.length) continue;
      this.#message = undefined;
      this.#filled = 0;
      if (!bodyIsWhole(message, 0, message.length)) return false;
      take(message);
    }
    return true;
  }

  /** A header is complete: it is trusted by its checksum, before there is memory for its body. */
  #begin(): boolean {
    if (!headerIsWhole(this.#head, 0)) return false;
    const sizeBytes = this.#head.readUInt32LE(at.size);
    if (sizeBytes < headerBytes || sizeBytes > messageBytesMax) return false;
    this.#message = Buffer.allocUnsafeSlow(sizeBytes);
    this.#head.copy(this.#message);
    return true;
  }
}
