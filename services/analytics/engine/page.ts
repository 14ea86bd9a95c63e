/**
 * Pages: columns of numbers and texts as bytes, the numbers in the order of bytes that the processors of today have, least first.
 * Integers that lie near each other take as few bytes as their differences need.
 */
import type { Vector } from './batch.ts';
import { none, Texts } from './cell.ts';

const sizeFirst = 4096;
const [same, narrow, half, word, double] = [0, 1, 2, 4, 8];
/** Stands for the length of a text that is NULL. */
const absent = -1;
/**
 * Texts are in UTF-8, those of columns each from a whole word on, or of two bytes for each unit where UTF-8 does not say them.
 * Once they were of one byte where all units fit.
 */
const [latin, wide, utf8, whole] = [1, 2, 3, 4];

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

  #raw(values: Float64Array | Int32Array | Uint32Array | Uint16Array | BigInt64Array | Uint8Array): void {
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
    if (width === same) return;
    const offsets =
      width === narrow ? new Uint8Array(values.length) : width === half ? new Uint16Array(values.length) : new Uint32Array(values.length);
    for (let at = 0; at < values.length; at += 1) offsets[at] = (values[at] as number) - base;
    this.#raw(offsets);
  }

  texts(values: readonly (string | null)[]): void {
    const joined = values.join('');
    // Texts of ASCII alone have as many bytes as units.
    const isPlain = Buffer.byteLength(joined) === joined.length;
    const isSaid = isPlain || values.every((value) => value === null || value.isWellFormed());
    const lengthOf = (value: string): number => (isPlain || !isSaid ? value.length : Buffer.byteLength(value));
    this.numbers(Float64Array.from(values, (value) => (value === null ? absent : lengthOf(value))));
    this.byte(isSaid ? utf8 : wide);
    const size = isSaid ? Buffer.byteLength(joined) : joined.length * wide;
    this.count(size);
    this.#size += this.#room(size).write(joined, this.#size, isSaid ? 'utf8' : 'utf16le');
  }

  /** The first texts of a column. */
  textsOf(vector: Vector, count: number): void {
    const words = vector instanceof Texts && vector.starts.length === count ? vector.words : undefined;
    if (!words) return this.texts((vector.values as string[]).slice(0, count));
    const { starts, ends } = vector as Texts;
    this.numbers(Float64Array.from(starts, (start, at) => (start < 0 ? absent : (ends[at] as number) - start)));
    this.byte(whole);
    this.count(words.byteLength);
    this.#raw(words);
  }

  /** The page, in memory of its own, so that it can be handed to another thread. */
  finish(): Uint8Array {
    return new Uint8Array(this.#bytes.subarray(0, this.#size));
  }
}

/** How many bytes the differences of numbers from the least of them take; eight where they are not all integers. */
function widthOf(values: Float64Array): { readonly base: number; readonly width: number } {
  if (values.length === 0) return { base: 0, width: same };
  let [least, most] = [values[0] as number, values[0] as number];
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at] as number;
    if (value !== Math.floor(value) || Object.is(value, -0)) return { base: 0, width: double };
    if (value < least) least = value;
    if (value > most) most = value;
  }
  const range = most - least;
  if (Math.max(-least, most) > Number.MAX_SAFE_INTEGER || range > 0xffff_ffff) return { base: 0, width: double };
  return { base: least, width: range === 0 ? same : range <= 0xff ? narrow : range <= 0xffff ? half : word };
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
    if (width === same) return made.fill(base);
    const taken = this.#taken(count * width);
    if (width === narrow) moved(made, new Uint8Array(taken), base);
    else if (width === half) moved(made, new Uint16Array(taken), base);
    else moved(made, new Uint32Array(taken), base);
    return made;
  }

  texts(count: number): (string | null)[] {
    return this.column(count).values as (string | null)[];
  }

  /** So many texts, as a column. */
  column(count: number): Texts {
    const lengths = this.numbers(count);
    const encoding = this.byte();
    const end = this.count() + this.#at;
    if (end > this.#bytes.length) throw new RangeError('a page ends before what is said to be in it');
    const from = this.#at;
    this.#at = end;
    if (encoding === utf8) return encoded(this.#bytes.subarray(0, end), lengths, from, 1);
    if (encoding === whole) {
      this.#at = from;
      return encoded(Buffer.from(this.#taken(end - from)), lengths, 0, 4);
    }
    const joined = this.#bytes.toString(encoding === latin ? 'latin1' : 'utf16le', from, end);
    let unit = 0;
    return Texts.of(Array.from(lengths, (length) => (length < 0 ? null : joined.substring(unit, (unit += length)))));
  }
}

/** Texts of so many bytes each, which lie behind each other from a place on, each from a multiple of some bytes on. */
function encoded(bytes: Buffer, lengths: Float64Array, from: number, step: 1 | 4): Texts {
  const [starts, ends] = [new Int32Array(lengths.length), new Int32Array(lengths.length)];
  let to = from;
  for (let at = 0; at < lengths.length; at += 1) {
    const length = lengths[at] as number;
    starts[at] = length < 0 ? none : to;
    if (length < 0) continue;
    ends[at] = to + length;
    to = (to + length + step - 1) & -step;
  }
  if (to !== bytes.length) throw new RangeError('texts of a page are not as long as is said');
  const words = step === 4 ? new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2) : undefined;
  return new Texts(bytes, starts, ends, [], words);
}

function moved(into: Float64Array, offsets: Uint8Array | Uint16Array | Uint32Array, base: number): void {
  for (let at = 0; at < into.length; at += 1) into[at] = base + (offsets[at] as number);
}
