import type { Decimal } from '../domain/decimal.ts';
import type { Type, Value } from '../domain/value.ts';
import { isMasked, type LazyVector, type Values, type Vector, widened } from './batch.ts';
import type { Reader, Writer } from './worker/writer.ts';

/** Values of a column while rows come in; code of decoders puts in what it can, others by `set`. */
export interface Cells {
  set(row: number, value: Value): void;
  finish(rows: number): Vector;
}

/** Where a value is among those that were not made from bytes, and where there is none. */
export const [apart, none] = [-1, -2];

/** Texts as the parts of `bytes` that they are; those that stand otherwise there lie in `others`. */
export class Texts implements LazyVector {
  readonly nulls = undefined;
  readonly bytes: Buffer;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly others: readonly string[];
  /** The bytes, where they are all texts in their order, each from a whole word on and with zeros behind it. */
  readonly words: Int32Array | undefined;
  #values: Value[] | undefined;

  constructor(bytes: Buffer, starts: Int32Array, ends: Int32Array, others: readonly string[], words?: Int32Array) {
    this.words = words;
    this.bytes = bytes;
    this.starts = starts;
    this.ends = ends;
    this.others = others;
  }

  get values(): Value[] {
    this.#values ??= this.#made();
    return this.#values;
  }

  #made(): Value[] {
    const { starts, ends, others } = this;
    const made = new Array<Value>(starts.length);
    const known = starts.length < knownSlotsMin ? undefined : new Known(this.bytes, slotsFor(starts.length));
    for (let at = 0; at < starts.length; at += 1) {
      const [start, end] = [starts[at] as number, ends[at] as number];
      if (start < 0) made[at] = start === apart ? (others[end] as string) : null;
      else made[at] = known ? known.text(start, end) : this.bytes.toString('utf8', start, end);
    }
    return made;
  }

  gather(places: Uint32Array): Vector {
    const pick = (from: Int32Array) => Int32Array.from(places, (place) => from[place] as number);
    return new Texts(this.bytes, pick(this.starts), pick(this.ends), this.others);
  }

  /** Texts that are there already. */
  static of(values: readonly (string | null)[]): Texts {
    const others: string[] = [];
    const ends = Int32Array.from(values, (value) => (value === null ? 0 : others.push(value) - 1));
    const starts = Int32Array.from(values, (value) => (value === null ? none : apart));
    return new Texts(Buffer.alloc(0), starts, ends, others);
  }

  isNull(at: number): boolean {
    return this.starts[at] === none;
  }

  get hasNull(): boolean {
    return this.starts.includes(none);
  }

  /** Whether UTF-8 says all of them: what JSON escapes need not be characters. */
  get isWellFormed(): boolean {
    return this.others.every((text) => text.isWellFormed());
  }

  /** Writes the texts at some places, as the bytes that they are. */
  write(out: Writer, places: ArrayLike<number>): void {
    const { starts, ends, others } = this;
    let most = 0;
    for (let at = 0; at < places.length; at += 1) {
      const place = places[at] as number;
      const [start, end] = [starts[place] as number, ends[place] as number];
      // A unit of a text takes three bytes at most.
      most += start >= 0 ? end - start : start === apart ? (others[end] as string).length * 3 : 0;
    }
    const bytes = Buffer.allocUnsafe(most);
    const told = new Int32Array(places.length);
    let size = 0;
    for (let at = 0; at < places.length; at += 1) {
      const place = places[at] as number;
      const [start, end] = [starts[place] as number, ends[place] as number];
      if (start >= 0) for (let from = start; from < end; from += 1) bytes[size++] = this.bytes[from] as number;
      else if (start === apart) size += bytes.write(others[end] as string, size);
      told[at] = start >= 0 || start === apart ? size : none;
    }
    out.ints(told.length).set(told);
    out.bytes(bytes.subarray(0, size));
  }

  /** Reads texts that were written. */
  static read(from: Reader, size: number): Texts {
    const ends = from.ints(size);
    const starts = new Int32Array(size);
    let start = 0;
    for (let at = 0; at < size; at += 1) {
      starts[at] = (ends[at] as number) === none ? none : start;
      start = Math.max(start, ends[at] as number);
    }
    return new Texts(from.bytes(), starts, ends, []);
  }
}

/** Texts are looked for in as many slots as there are texts, at most so many; where there are few, the room would cost more. */
const [knownSlotsMin, knownSlotsMax, knownLongest, triesMin] = [32, 4096, 40, 256];

const slotsFor = (texts: number): number => Math.min(knownSlotsMax, 2 ** (32 - Math.clz32(texts)));

/** Short texts that were made before: the same texts come again and again. */
class Known {
  readonly #bytes: Buffer;
  readonly #texts: string[];
  readonly #starts: Int32Array;
  readonly #lengths: Int32Array;
  readonly #last: number;
  #tries = 0;
  #found = 0;

  /** `slots`: a power of two. */
  constructor(bytes: Buffer, slots: number) {
    this.#bytes = bytes;
    this.#texts = new Array<string>(slots);
    this.#starts = new Int32Array(slots);
    this.#lengths = new Int32Array(slots).fill(-1);
    this.#last = slots - 1;
  }

  text(start: number, end: number): string {
    const length = end - start;
    // Where texts hardly ever come again, looking for them costs more than it brings.
    if (length > knownLongest || (this.#tries > triesMin && this.#found * 4 < this.#tries)) return this.#bytes.toString('utf8', start, end);
    const bytes = this.#bytes;
    let hash = length;
    for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ (bytes[at] as number), 0x5bd1e995);
    const slot = (hash ^ (hash >>> 15)) & this.#last;
    this.#tries += 1;
    if (this.#lengths[slot] === length && this.#isSame(this.#starts[slot] as number, start, end)) {
      this.#found += 1;
      return this.#texts[slot] as string;
    }
    const text = bytes.toString('utf8', start, end);
    this.#texts[slot] = text;
    this.#starts[slot] = start;
    this.#lengths[slot] = length;
    return text;
  }

  #isSame(known: number, start: number, end: number): boolean {
    const bytes = this.#bytes;
    for (let at = start; at < end; at += 1) if (bytes[known + at - start] !== bytes[at]) return false;
    return true;
  }
}

class TextCells implements Cells {
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly others: string[] = [];
  readonly #bytes: Buffer;

  constructor(bytes: Buffer, size: number) {
    this.#bytes = bytes;
    this.starts = new Int32Array(size).fill(none);
    this.ends = new Int32Array(size);
  }

  set(row: number, value: Value): void {
    this.starts[row] = value === null ? none : apart;
    if (value !== null) this.ends[row] = this.others.push(value as string) - 1;
  }

  finish(rows: number): Vector {
    return new Texts(this.#bytes, this.starts.subarray(0, rows), this.ends.subarray(0, rows), this.others);
  }
}

/** Numbers of few digits: their units, and their scales; the scale of the others is `otherScale`, and their units a place in `others`. */
export const [otherScale, nullScale] = [254, 255];

const exact = new BigInt64Array(1);
const halves = new Int32Array(exact.buffer);

/** An integer as a bigint, by the halves of its bits, which compiled code does without a call. */
function bigOf(units: number): bigint {
  const high = Math.floor(units / 4294967296);
  halves[0] = units - high * 4294967296;
  halves[1] = high;
  return exact[0] as bigint;
}

/** A decimal of so many units, which a number holds exactly. */
export const decimalOf = (units: number, scale: number): Decimal => ({ units: bigOf(units), scale });

export class Decimals implements LazyVector {
  readonly nulls = undefined;
  readonly units: Float64Array;
  readonly scales: Uint8Array;
  readonly others: Decimal[];
  #values: Value[] | undefined;

  constructor(units: Float64Array, scales: Uint8Array, others: Decimal[]) {
    this.units = units;
    this.scales = scales;
    this.others = others;
  }

  get values(): Value[] {
    this.#values ??= this.#made();
    return this.#values;
  }

  #made(): Value[] {
    const { units, scales } = this;
    const made = new Array<Value>(units.length);
    for (let at = 0; at < units.length; at += 1) {
      const [unit, scale] = [units[at] as number, scales[at] as number];
      made[at] = scale === nullScale ? null : scale === otherScale ? (this.others[unit] as Decimal) : decimalOf(unit, scale);
    }
    return made;
  }

  gather(places: Uint32Array): Vector {
    const { units, scales } = this;
    const picked = Float64Array.from(places, (place) => units[place] as number);
    return new Decimals(
      picked,
      Uint8Array.from(places, (place) => scales[place] as number),
      this.others,
    );
  }
}

class DecimalCells implements Cells {
  readonly units: Float64Array;
  readonly scales: Uint8Array;
  readonly others: Decimal[] = [];

  constructor(size: number) {
    this.units = new Float64Array(size);
    this.scales = new Uint8Array(size).fill(nullScale);
  }

  set(row: number, value: Value): void {
    this.scales[row] = value === null ? nullScale : otherScale;
    if (value !== null) this.units[row] = this.others.push(value as Decimal) - 1;
  }

  finish(rows: number): Vector {
    return new Decimals(this.units.subarray(0, rows), this.scales.subarray(0, rows), this.others);
  }
}

/** Numbers and times. */
class NumberCells implements Cells {
  readonly values: Float64Array | Int32Array;
  readonly nulls: Uint8Array;
  #wide: Map<number, bigint> | undefined;

  constructor(type: Type, size: number) {
    this.values = type === 'int4' ? new Int32Array(size) : new Float64Array(size);
    this.nulls = new Uint8Array(size).fill(1);
  }

  set(row: number, value: Value): void {
    this.#wide?.delete(row);
    this.nulls[row] = Number(value === null);
    if (typeof value === 'bigint') (this.#wide ??= new Map()).set(row, value);
    else if (value !== null) this.values[row] = value as number;
  }

  finish(rows: number): Vector {
    const nulls = this.nulls.subarray(0, rows);
    let values: Values = this.values.subarray(0, rows);
    if (this.#wide) {
      values = widened(values);
      for (const [row, value] of this.#wide) values[row] = value;
    }
    return { values, nulls: nulls.includes(1) ? nulls : undefined };
  }
}

/** Values of all other types. */
class PlainCells implements Cells {
  readonly values: Value[];

  constructor(size: number) {
    this.values = new Array<Value>(size).fill(null);
  }

  set(row: number, value: Value): void {
    this.values[row] = value;
  }

  finish(rows: number): Vector {
    this.values.length = rows;
    return { values: this.values, nulls: undefined };
  }
}

/** Arrays of texts, of which those that come again are made once. */
class TextArrayCells extends PlainCells {
  readonly #bytes: Buffer;
  readonly #size: number;
  #known: Known | undefined;

  constructor(bytes: Buffer, size: number) {
    super(size);
    this.#bytes = bytes;
    this.#size = size;
  }

  text(start: number, end: number): string {
    this.#known ??= new Known(this.#bytes, Math.max(knownSlotsMin, slotsFor(this.#size)));
    return this.#known.text(start, end);
  }
}

export function cellsOf(type: Type, bytes: Buffer, size: number): Cells {
  if (type === 'text') return new TextCells(bytes, size);
  if (type === 'text[]') return new TextArrayCells(bytes, size);
  if (type === 'numeric') return new DecimalCells(size);
  return isMasked(type) ? new NumberCells(type, size) : new PlainCells(size);
}
