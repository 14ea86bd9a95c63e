import { elementCountMax } from './limits.ts';
import { KafkaViolation } from './violation.ts';

const high = 2 ** 32;

/** Reads the protocol's primitive types from a buffer; everything outside its bounds is a KafkaViolation. */
export class Reader {
  readonly buffer: Buffer;
  at: number;
  readonly end: number;
  #elements = 0;

  constructor(buffer: Buffer, at = 0, end = buffer.length) {
    this.buffer = buffer;
    this.at = at;
    this.end = end;
  }

  get left(): number {
    return this.end - this.at;
  }

  /** Moves on by `bytes` and answers where they begin. */
  take(bytes: number): number {
    const from = this.at;
    if (bytes < 0 || from + bytes > this.end) throw new KafkaViolation(`${bytes} bytes are said to follow, ${this.end - from} do`);
    this.at = from + bytes;
    return from;
  }

  bool(): boolean {
    return this.buffer[this.take(1)] !== 0;
  }

  int8(): number {
    return this.buffer.readInt8(this.take(1));
  }

  int16(): number {
    return this.buffer.readInt16BE(this.take(2));
  }

  uint16(): number {
    return this.buffer.readUInt16BE(this.take(2));
  }

  int32(): number {
    return this.buffer.readInt32BE(this.take(4));
  }

  /** Exact up to 2^53; no field of the protocol needs more, and what is beyond becomes the nearest double. */
  int64(): number {
    const from = this.take(8);
    return this.buffer.readInt32BE(from) * high + this.buffer.readUInt32BE(from + 4);
  }

  float64(): number {
    return this.buffer.readDoubleBE(this.take(8));
  }

  uvarint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.buffer[this.take(1)] as number;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) {
        if (value >= high) break;
        return value;
      }
    }
    throw new KafkaViolation('a variable-length number has more than 32 bits');
  }

  /** A zigzag number of up to 64 bits. */
  varlong(): number {
    let low = 0;
    let scale = 1;
    for (let count = 0; count < 10; count++) {
      const byte = this.buffer[this.take(1)] as number;
      low += (byte & 127) * scale;
      if (byte < 128) return low % 2 === 0 ? low / 2 : -(low + 1) / 2;
      scale *= 128;
    }
    throw new KafkaViolation('a variable-length number has more than 64 bits');
  }

  /** A zigzag number of up to 32 bits. */
  varint(): number {
    const value = this.uvarint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  text(bytes: number): string {
    const from = this.take(bytes);
    return this.buffer.toString('utf8', from, from + bytes);
  }

  slice(bytes: number): Buffer {
    const from = this.take(bytes);
    return this.buffer.subarray(from, from + bytes);
  }

  /** Sixteen bytes as the usual text form. */
  uuid(): string {
    const from = this.take(16);
    const hex = this.buffer.toString('hex', from, from + 16);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  /** Checks the count of an array before anything is made of it. */
  count(said: number): number {
    this.#elements += said;
    if (said > this.left || this.#elements > elementCountMax) throw new KafkaViolation(`an array of ${said} elements`);
    return said;
  }
}
