import { ProtocolViolation } from './violation.ts';

/** Reads the fields of one message's body; every read is checked against the body's end. */
export class Cursor {
  readonly buffer: Buffer;
  readonly end: number;
  offset: number;

  constructor(buffer: Buffer, start = 0, end = buffer.length) {
    this.buffer = buffer;
    this.offset = start;
    this.end = end;
  }

  get left(): number {
    return this.end - this.offset;
  }

  byte(): number {
    return this.buffer[this.#advance(1)] as number;
  }

  int16(): number {
    return this.buffer.readInt16BE(this.#advance(2));
  }

  /** A count: 16 bits without a sign. */
  count(): number {
    return this.buffer.readUInt16BE(this.#advance(2));
  }

  int32(): number {
    return this.buffer.readInt32BE(this.#advance(4));
  }

  int64(): bigint {
    return this.buffer.readBigInt64BE(this.#advance(8));
  }

  uint32(): number {
    return this.buffer.readUInt32BE(this.#advance(4));
  }

  cstring(): string {
    const zero = this.buffer.indexOf(0, this.offset);
    if (zero < 0 || zero >= this.end) throw new ProtocolViolation('a string has no end');
    const text = this.buffer.toString('utf8', this.offset, zero);
    this.offset = zero + 1;
    return text;
  }

  bytes(length: number): Buffer {
    if (length < 0) throw new ProtocolViolation(`a length of ${length} bytes`);
    const start = this.#advance(length);
    return this.buffer.subarray(start, start + length);
  }

  /** A value with its 32-bit length before it; -1 is null. */
  value(): Buffer | null {
    const length = this.int32();
    return length === -1 ? null : this.bytes(length);
  }

  rest(): Buffer {
    return this.bytes(this.left);
  }

  finish(): void {
    if (this.left !== 0) throw new ProtocolViolation(`${this.left} bytes behind the end of a message`);
  }

  #advance(bytes: number): number {
    const start = this.offset;
    if (bytes > this.end - start) throw new ProtocolViolation(`a message ends ${bytes - (this.end - start)} bytes early`);
    this.offset = start + bytes;
    return start;
  }
}
