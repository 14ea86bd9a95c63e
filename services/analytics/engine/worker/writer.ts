/** Bytes that grow as something is written; arrays of numbers begin where their typed arrays can. */
export class Writer {
  #bytes = Buffer.from(new ArrayBuffer(4096));
  #size = 0;

  /** Room for so many bytes from a multiple of 8 on; answers where they begin. */
  #room(count: number): number {
    const at = (this.#size + 7) & ~7;
    if (at + count > this.#bytes.length) {
      const grown = Buffer.from(new ArrayBuffer(Math.max(this.#bytes.length * 2, at + count)));
      grown.set(this.#bytes.subarray(0, this.#size));
      this.#bytes = grown;
    }
    this.#size = at + count;
    return at;
  }

  number(value: number): void {
    const at = this.#room(8);
    this.#bytes.writeDoubleLE(value, at);
  }

  bytes(from: Uint8Array): void {
    this.number(from.length);
    const at = this.#room(from.length);
    this.#bytes.set(from, at);
  }

  floats(count: number): Float64Array {
    const at = this.#room(count * 8);
    return new Float64Array(this.#bytes.buffer, at, count);
  }

  ints(count: number): Int32Array {
    const at = this.#room(count * 4);
    return new Int32Array(this.#bytes.buffer, at, count);
  }

  masks(count: number): Uint8Array {
    const at = this.#room(count);
    return this.#bytes.subarray(at, at + count);
  }

  /** What was written. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#size);
  }
}

/** Reads what a Writer wrote. */
export class Reader {
  readonly #bytes: Buffer<ArrayBuffer>;
  #at = 0;

  /** The bytes begin where those of their buffer do, or at a multiple of 8. */
  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  #take(count: number): number {
    const at = (this.#at + 7) & ~7;
    this.#at = at + count;
    return at;
  }

  number(): number {
    return this.#bytes.readDoubleLE(this.#take(8));
  }

  bytes(): Buffer<ArrayBuffer> {
    const count = this.number();
    const at = this.#take(count);
    return this.#bytes.subarray(at, at + count);
  }

  floats(count: number): Float64Array {
    return new Float64Array(this.#bytes.buffer, this.#bytes.byteOffset + this.#take(count * 8), count);
  }

  ints(count: number): Int32Array {
    return new Int32Array(this.#bytes.buffer, this.#bytes.byteOffset + this.#take(count * 4), count);
  }

  masks(count: number): Uint8Array {
    const at = this.#take(count);
    return this.#bytes.subarray(at, at + count);
  }
}
