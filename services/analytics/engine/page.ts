/**
 * Pages: columns of numbers and texts as bytes, the numbers in the order of bytes that the processors of today have, least first.
 * Integers that lie near each other take as few bytes as their differences need.
 */

const sizeFirst = 4096;
const [none, narrow, half, word, double] = [0, 1, 2, 4, 8];
/** Texts are of one byte for each unit where all of their units fit, else of two. */
const [latin, wide] = [1, 2];
const isWide = /[^\0-\u00ff]/;

/** Writes a page from its beginning to its end. */
export class PageWriter {
  #bytes = Buffer.allocUnsafe(sizeFirst);
  #size = 0;

  #room(more: number): Buffer {
    if (this.#size + more > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#size + more));
      this.#bytes.copy(grown, 0, 0, this.#size);
      this.#bytes = grown;
    }
    return this.#bytes;
  }

  byte(value: number): void {
    this.#room(1)[this.#size] = value;
    this.#size += 1;
  }

  count(value: number): void {
    this.#size = this.#room(4).writeUInt32LE(value, this.#size);
  }

  #raw(values: Float64Array | Uint32Array | Uint16Array | BigInt64Array | Uint8Array): void {
    this.#room(values.byteLength).set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), this.#size);
    this.#size += values.byteLength;
  }

  bytes(values: Uint8Array): void {
    this.#raw(values);
  }

  integers(values: BigInt64Array): void {
    this.#raw(values);
  }

  /** Numbers of any kind, each as it is, -0 and NaN too. */
  numbers(values: Float64Array): void {
    const { base, width } = widthOf(values);
    this.byte(width);
    if (width === double) return this.#raw(values);
    this.#size = this.#room(8).writeDoubleLE(base, this.#size);
    if (width === none) return;
    const offsets =
      width === narrow ? new Uint8Array(values.length) : width === half ? new Uint16Array(values.length) : new Uint32Array(values.length);
    for (let at = 0; at < values.length; at += 1) offsets[at] = (values[at] as number) - base;
    this.#raw(offsets);
  }

  texts(values: readonly (string | null)[]): void {
    this.numbers(Float64Array.from(values, (value) => (value === null ? -1 : value.length)));
    const joined = values.join('');
    const encoding = isWide.test(joined) ? wide : latin;
    this.byte(encoding);
    const size = joined.length * encoding;
    this.count(size);
    this.#size += this.#room(size).write(joined, this.#size, encoding === latin ? 'latin1' : 'utf16le');
  }

  /** The page, in memory of its own, so that it can be handed to another thread. */
  finish(): Uint8Array {
    return new Uint8Array(this.#bytes.subarray(0, this.#size));
  }
}

/** How many bytes the differences of numbers from the least of them take; eight where they are not all integers. */
function widthOf(values: Float64Array): { readonly base: number; readonly width: number } {
  if (values.length === 0) return { base: 0, width: none };
  let [least, most] = [values[0] as number, values[0] as number];
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at] as number;
    if (value !== Math.floor(value) || Object.is(value, -0)) return { base: 0, width: double };
    if (value < least) least = value;
    if (value > most) most = value;
  }
  const range = most - least;
  if (Math.max(-least, most) > Number.MAX_SAFE_INTEGER || range > 0xffff_ffff) return { base: 0, width: double };
  return { base: least, width: range === 0 ? none : range <= 0xff ? narrow : range <= 0xffff ? half : word };
}

/** Reads a page. What does not fit is an error of who wrote it: pages are sealed. */
export class PageReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  byte(): number {
    const value = this.#bytes.readUInt8(this.#at);
    this.#at += 1;
    return value;
  }

  count(): number {
    const value = this.#bytes.readUInt32LE(this.#at);
    this.#at += 4;
    return value;
  }

  /** So many bytes in memory of their own, so that they may be looked at as numbers. */
  #taken(size: number): ArrayBuffer {
    const end = this.#at + size;
    if (end > this.#bytes.length) throw new RangeError('a page ends before what is said to be in it');
    const made = new Uint8Array(size);
    made.set(this.#bytes.subarray(this.#at, end));
    this.#at = end;
    return made.buffer;
  }

  bytes(size: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#taken(size));
  }

  integers(count: number): BigInt64Array {
    return new BigInt64Array(this.#taken(count * 8));
  }

  numbers(count: number): Float64Array<ArrayBuffer> {
    const width = this.byte();
    if (width === double) return new Float64Array(this.#taken(count * double));
    const base = this.#bytes.readDoubleLE(this.#at);
    this.#at += 8;
    const made = new Float64Array(count);
    if (width === none) return made.fill(base);
    const taken = this.#taken(count * width);
    if (width === narrow) moved(made, new Uint8Array(taken), base);
    else if (width === half) moved(made, new Uint16Array(taken), base);
    else moved(made, new Uint32Array(taken), base);
    return made;
  }

  texts(count: number): (string | null)[] {
    const lengths = this.numbers(count);
    const encoding = this.byte();
    const end = this.count() + this.#at;
    if (end > this.#bytes.length) throw new RangeError('a page ends before what is said to be in it');
    const joined = this.#bytes.toString(encoding === latin ? 'latin1' : 'utf16le', this.#at, end);
    this.#at = end;
    const made = new Array<string | null>(count);
    let from = 0;
    for (let at = 0; at < count; at += 1) {
      const length = lengths[at] as number;
      if (length < 0) made[at] = null;
      else made[at] = joined.substring(from, (from += length));
    }
    return made;
  }
}

function moved(into: Float64Array, offsets: Uint8Array | Uint16Array | Uint32Array, base: number): void {
  for (let at = 0; at < into.length; at += 1) into[at] = base + (offsets[at] as number);
}
