import { copiedBytesMax, writerBytes } from './limits.ts';

const high = 2 ** 32;
const greatest = 2 ** 63;

/** Writes the protocol's primitive types. Long byte fields are kept as they are, so `chunks()` is a list of buffers. */
export class Writer {
  #buffer: Buffer;
  #at = 0;
  #from = 0;
  #chunks: Buffer[] = [];
  #size = 0;

  constructor(bytes = writerBytes) {
    this.#buffer = Buffer.allocUnsafe(bytes);
  }

  /** Bytes written so far. */
  get size(): number {
    return this.#size + this.#at - this.#from;
  }

  #room(bytes: number): number {
    const from = this.#at;
    if (from + bytes > this.#buffer.length) {
      this.#cut();
      this.#buffer = Buffer.allocUnsafe(Math.max(bytes, this.#buffer.length * 2, writerBytes));
      this.#at = bytes;
      this.#from = 0;
      return 0;
    }
    this.#at = from + bytes;
    return from;
  }

  #cut(): void {
    if (this.#at > this.#from) this.#chunks.push(this.#buffer.subarray(this.#from, this.#at));
    this.#size += this.#at - this.#from;
    this.#from = this.#at;
  }

  bool(value: boolean): void {
    const at = this.#room(1);
    this.#buffer[at] = value ? 1 : 0;
  }

  int8(value: number): void {
    const at = this.#room(1);
    this.#buffer.writeInt8(value, at);
  }

  int16(value: number): void {
    const at = this.#room(2);
    this.#buffer.writeInt16BE(value, at);
  }

  uint16(value: number): void {
    const at = this.#room(2);
    this.#buffer.writeUInt16BE(value, at);
  }

  int32(value: number): void {
    const at = this.#room(4);
    this.#buffer.writeInt32BE(value, at);
  }

  int64(value: number): void {
    const at = this.#room(8);
    if (value >= greatest) this.#buffer.writeBigInt64BE(0x7fff_ffff_ffff_ffffn, at);
    else {
      const upper = Math.floor(value / high);
      this.#buffer.writeInt32BE(upper, at);
      this.#buffer.writeUInt32BE(value - upper * high, at + 4);
    }
  }

  float64(value: number): void {
    const at = this.#room(8);
    this.#buffer.writeDoubleBE(value, at);
  }

  uvarint(value: number): void {
    let rest = value;
    while (rest >= 128) {
      const at = this.#room(1);
      this.#buffer[at] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    const at = this.#room(1);
    this.#buffer[at] = rest;
  }

  /** A zigzag number of up to 53 bits and its sign. */
  varint(value: number): void {
    this.uvarint(value < 0 ? -value * 2 - 1 : value * 2);
  }

  /** A text of `bytes` bytes in UTF-8, as `Buffer.byteLength` counts them. */
  text(value: string, bytes: number): void {
    const at = this.#room(bytes);
    this.#buffer.write(value, at, bytes, 'utf8');
  }

  raw(value: Uint8Array): void {
    if (value.length > copiedBytesMax) {
      this.#cut();
      const chunk = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
      this.#chunks.push(chunk);
      this.#size += chunk.length;
      return;
    }
    const at = this.#room(value.length);
    this.#buffer.set(value, at);
  }

  uuid(value: string): void {
    const at = this.#room(16);
    this.#buffer.write(value.replaceAll('-', ''), at, 16, 'hex');
  }

  /** What was written, in order. The writer is used up. */
  chunks(): Buffer[] {
    this.#cut();
    return this.#chunks;
  }

  /** What was written, as one buffer. */
  whole(): Buffer {
    const chunks = this.chunks();
    return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
  }
}
