import { slabBytes } from './limits.ts';

/**
 * Appends messages to a slab. `take` hands out what was written since the last take and goes on behind it, so bytes
 * given to a socket are never written again.
 */
export class Writer {
  #buffer = Buffer.allocUnsafeSlow(slabBytes);
  #taken = 0;
  #offset = 0;
  #message = 0;

  /** Bytes written and not yet taken. */
  get size(): number {
    return this.#offset - this.#taken;
  }

  /** Starts a message: its type byte (0 for the startup packets, which have none) and room for its length. */
  begin(type: number): this {
    this.#reserve(5);
    if (type !== 0) this.#buffer[this.#offset++] = type;
    this.#message = this.#offset;
    this.#offset += 4;
    return this;
  }

  end(): this {
    this.#buffer.writeInt32BE(this.#offset - this.#message, this.#message);
    return this;
  }

  byte(value: number): this {
    this.#reserve(1);
    this.#buffer[this.#offset++] = value;
    return this;
  }

  int16(value: number): this {
    this.#reserve(2);
    this.#offset = this.#buffer.writeUInt16BE(value & 0xffff, this.#offset);
    return this;
  }

  int32(value: number): this {
    this.#reserve(4);
    this.#offset = this.#buffer.writeInt32BE(value | 0, this.#offset);
    return this;
  }

  int64(value: bigint): this {
    this.#reserve(8);
    this.#offset = this.#buffer.writeBigInt64BE(value, this.#offset);
    return this;
  }

  bytes(value: Uint8Array): this {
    this.#reserve(value.length);
    this.#buffer.set(value, this.#offset);
    this.#offset += value.length;
    return this;
  }

  /** Text with its terminating zero; the caller has made sure that it holds no zero itself. */
  cstring(text: string): this {
    this.#reserve(text.length * 3 + 1);
    this.#offset += this.#buffer.write(text, this.#offset, 'utf8');
    this.#buffer[this.#offset++] = 0;
    return this;
  }

  /** A value with its 32-bit length before it; null has the length -1. */
  value(value: string | Uint8Array | null): this {
    if (value === null) return this.int32(-1);
    if (typeof value !== 'string') return this.int32(value.length).bytes(value);
    this.#reserve(value.length * 3 + 4);
    const written = this.#buffer.write(value, this.#offset + 4, 'utf8');
    this.#buffer.writeInt32BE(written, this.#offset);
    this.#offset += written + 4;
    return this;
  }

  /** Text without a length or an end. */
  text(text: string): this {
    this.#reserve(text.length * 3);
    this.#offset += this.#buffer.write(text, this.#offset, 'utf8');
    return this;
  }

  /** Begins a value whose length is known when it is closed with what this answers. */
  openValue(): number {
    this.int32(0);
    return this.size;
  }

  closeValue(opened: number): this {
    this.#buffer.writeInt32BE(this.size - opened, this.#taken + opened - 4);
    return this;
  }

  /** What was written since the last take. */
  take(): Buffer {
    const out = this.#buffer.subarray(this.#taken, this.#offset);
    this.#taken = this.#offset;
    return out;
  }

  #reserve(bytes: number): void {
    if (this.#offset + bytes <= this.#buffer.length) return;
    const kept = this.#offset - this.#taken;
    const next = Buffer.allocUnsafeSlow(Math.max(slabBytes, (kept + bytes) * 2));
    this.#buffer.copy(next, 0, this.#taken, this.#offset);
    this.#buffer = next;
    this.#message -= this.#taken;
    this.#offset = kept;
    this.#taken = 0;
  }
}
