import { bzip2BlockMaxBytes } from './limits.ts';

/** The bytes are not what bzip2 makes: a mark, a table or a checksum is wrong, or they end too early. */
export class Bzip2Error extends Error {
  override readonly name = 'Bzip2Error';
}

class Short extends Error {}

const blockMark = 0x314159265359;
const endMark = 0x177245385090;

/** Undoes bzip2: bytes come in pieces of any size, blocks of up to 900 kB are given back. Several streams may follow each other. */
export class Bzip2Decoder {
  #rest: Buffer = Buffer.alloc(0);
  #bit = 0;
  /** The size of blocks of the stream that is read; 0 between streams. */
  #blockBytes = 0;
  #sum = 0;
  #streams = 0;

  /** The blocks that are whole now. A block is tried when as many bytes are there as one may have. */
  *push(piece: Uint8Array): Generator<Buffer> {
    this.#rest = Buffer.concat([this.#rest, piece]);
    while (this.#rest.length - (this.#bit >> 3) > bzip2BlockMaxBytes) yield* this.#step();
  }

  /** The blocks that are left when no more bytes come. */
  *end(): Generator<Buffer> {
    while (this.#blockBytes > 0 || this.#rest.length > this.#bit >> 3) {
      try {
        yield* this.#step();
      } catch (error) {
        throw error instanceof Short ? new Bzip2Error('The bytes end within a block.') : error;
      }
    }
    if (this.#streams === 0) throw new Bzip2Error('There is no stream.');
  }

  *#step(): Generator<Buffer> {
    const bits = new Bits(this.#rest, this.#bit);
    if (this.#blockBytes === 0) {
      const level = bits.take(32) - 0x425a6830;
      if (level < 1 || level > 9) throw new Bzip2Error('The bytes do not begin as a stream does.');
      this.#blockBytes = level * 100_000;
      this.#sum = 0;
      this.#streams++;
    } else {
      const mark = bits.take(24) * 0x1000000 + bits.take(24);
      const told = bits.take(32);
      if (mark === endMark) {
        if (told !== this.#sum) throw new Bzip2Error('A stream differs from its checksum.');
        bits.align();
        this.#blockBytes = 0;
      } else {
        if (mark !== blockMark) throw new Bzip2Error('A block does not begin as blocks do.');
        const block = readBlock(bits, this.#blockBytes);
        if (sumOf(block) !== told) throw new Bzip2Error('A block differs from its checksum.');
        this.#sum = (((this.#sum << 1) | (this.#sum >>> 31)) ^ told) >>> 0;
        yield block;
      }
    }
    this.#rest = this.#rest.subarray(bits.at >> 3);
    this.#bit = bits.at & 7;
  }
}

class Bits {
  readonly #bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  take(count: number): number {
    if (this.at + count > this.#bytes.length * 8) throw new Short();
    let value = 0;
    for (let left = count; left > 0; ) {
      const room = 8 - (this.at & 7);
      const taken = Math.min(room, left);
      value = value * 2 ** taken + ((this.#bytes[this.at >> 3]! >> (room - taken)) & (2 ** taken - 1));
      this.at += taken;
      left -= taken;
    }
    return value;
  }

  /** One bit, which is what most of a block is read by. */
  bit(): number {
    const byte = this.#bytes[this.at >> 3];
    if (byte === undefined) throw new Short();
    return (byte >> (7 - (this.at++ & 7))) & 1;
  }

  align(): void {
    this.at = (this.at + 7) & ~7;
  }
}

function readBlock(bits: Bits, most: number): Buffer {
  if (bits.bit() === 1) throw new Bzip2Error('Blocks of the oldest form are not read.');
  const origin = bits.take(24);
  const symbols = readSymbols(bits);
  const { groups, selectors } = readSelectors(bits);
  const tables = Array.from({ length: groups }, () => readTable(bits, symbols.length + 2));
  const { column, counts } = readColumn(bits, { symbols, selectors, tables, most });
  if (origin >= column.length) throw new Bzip2Error('A block begins outside of itself.');
  return unrun(unsort(column, counts, origin));
}

/** The bytes that a block holds. */
function readSymbols(bits: Bits): number[] {
  const rows = bits.take(16);
  const found: number[] = [];
  for (let row = 0; row < 16; row++) {
    if (!(rows & (0x8000 >> row))) continue;
    const used = bits.take(16);
    for (let at = 0; at < 16; at++) if (used & (0x8000 >> at)) found.push(row * 16 + at);
  }
  if (found.length === 0) throw new Bzip2Error('A block holds no bytes.');
  return found;
}

function readSelectors(bits: Bits): { groups: number; selectors: Uint8Array } {
  const groups = bits.take(3);
  const count = bits.take(15);
  if (groups < 2 || groups > 6 || count < 1) throw new Bzip2Error('The tables of a block are not as they can be.');
  const order = [0, 1, 2, 3, 4, 5].slice(0, groups);
  const selectors = new Uint8Array(count);
  for (let at = 0; at < count; at++) {
    let place = 0;
    while (bits.bit() === 1) if (++place >= groups) throw new Bzip2Error('A block names a table that it has not.');
    const [one] = order.splice(place, 1);
    order.unshift(one!);
    selectors[at] = one!;
  }
  return { groups, selectors };
}

const longest = 20;

/** Of codes of each length: the largest one, and how far it stands from its place among the symbols. */
type Table = { readonly limits: Int32Array; readonly bases: Int32Array; readonly symbols: Uint16Array };

function readTable(bits: Bits, size: number): Table {
  const lengths = new Uint8Array(size);
  let length = bits.take(5);
  for (let at = 0; at < size; at++) {
    while (bits.bit() === 1) length += bits.bit() === 1 ? -1 : 1;
    if (length < 1 || length > longest) throw new Bzip2Error('A code of a block has no length that codes can have.');
    lengths[at] = length;
  }
  const limits = new Int32Array(longest + 2).fill(-1);
  const bases = new Int32Array(longest + 2);
  const symbols = new Uint16Array(size);
  let [code, placed] = [0, 0];
  for (let one = 1; one <= longest; one++) {
    bases[one] = code - placed;
    for (let at = 0; at < size; at++) {
      if (lengths[at] !== one) continue;
      symbols[placed++] = at;
      code++;
    }
    limits[one] = code - 1;
    if (limits[one]! - bases[one]! < placed - 1 || code > 2 ** one) throw new Bzip2Error('The codes of a block contradict each other.');
    code *= 2;
  }
  return { limits, bases, symbols };
}

function readCode(bits: Bits, { limits, bases, symbols }: Table): number {
  let code = 0;
  for (let length = 1; length <= longest; length++) {
    code = code * 2 + bits.bit();
    const place = code - bases[length]!;
    if (code <= limits[length]! && place >= 0) return symbols[place]!;
  }
  throw new Bzip2Error('A code of a block stands for nothing.');
}

type Coded = { readonly symbols: number[]; readonly selectors: Uint8Array; readonly tables: readonly Table[]; readonly most: number };

/** The last column of the sorted block: codes, runs and moves to the front undone. */
function readColumn(bits: Bits, { symbols, selectors, tables, most }: Coded): { column: Uint8Array; counts: Int32Array } {
  const column = new Uint8Array(most);
  const counts = new Int32Array(256);
  const last = symbols.length + 1;
  let size = 0;
  let run = 0;
  let weight = 1;
  const flush = () => {
    if (run === 0) return;
    if (size + run > most) throw new Bzip2Error('A block is larger than its stream says.');
    column.fill(symbols[0]!, size, size + run);
    counts[symbols[0]!]! += run;
    size += run;
    [run, weight] = [0, 1];
  };
  for (let read = 0; ; read++) {
    const selector = selectors[Math.floor(read / 50)];
    if (selector === undefined) throw new Bzip2Error('A block has more codes than tables for them.');
    const symbol = readCode(bits, tables[selector]!);
    if (symbol <= 1) {
      run += weight << symbol;
      weight *= 2;
      if (weight > most * 2) throw new Bzip2Error('A block is larger than its stream says.');
      continue;
    }
    flush();
    if (symbol === last) break;
    const [byte] = symbols.splice(symbol - 1, 1);
    symbols.unshift(byte!);
    if (size >= most) throw new Bzip2Error('A block is larger than its stream says.');
    column[size++] = byte!;
    counts[byte!]!++;
  }
  return { column: column.subarray(0, size), counts };
}

/** Undoes the sorting of Burrows and Wheeler. */
function unsort(column: Uint8Array, counts: Int32Array, origin: number): Uint8Array {
  const starts = new Int32Array(256);
  for (let byte = 1; byte < 256; byte++) starts[byte] = starts[byte - 1]! + counts[byte - 1]!;
  const next = new Int32Array(column.length);
  for (let at = 0; at < column.length; at++) next[starts[column[at]!]!++] = at;
  const bytes = new Uint8Array(column.length);
  for (let at = next[origin]!, made = 0; made < bytes.length; at = next[at]!) bytes[made++] = column[at]!;
  return bytes;
}

/** Undoes the first step: behind four equal bytes stands how many more there were. */
function unrun(bytes: Uint8Array): Buffer {
  let size = 0;
  const walk = (each: (byte: number, count: number) => void) => {
    for (let at = 0, equal = 0, before = -1; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (equal === 4) {
        each(before, byte);
        [equal, before] = [0, -1];
        continue;
      }
      equal = byte === before ? equal + 1 : 1;
      before = byte;
      each(byte, 1);
    }
  };
  walk((_, count) => void (size += count));
  const whole = Buffer.allocUnsafe(size);
  let at = 0;
  walk((byte, count) => {
    whole.fill(byte, at, at + count);
    at += count;
  });
  return whole;
}

const table = new Uint32Array(256);
for (let byte = 0; byte < 256; byte++) {
  let sum = byte << 24;
  for (let bit = 0; bit < 8; bit++) sum = sum < 0 ? (sum << 1) ^ 0x04c11db7 : sum << 1;
  table[byte] = sum >>> 0;
}

/** CRC-32 of the polynomial 0x04c11db7, its bits not turned round. */
function sumOf(bytes: Uint8Array): number {
  let sum = 0xffffffff;
  for (let at = 0; at < bytes.length; at++) sum = (sum << 8) ^ table[(sum >>> 24) ^ bytes[at]!]!;
  return ~sum >>> 0;
}
