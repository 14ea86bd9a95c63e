import { crc32c as crc32cSmall } from '#wire/checksum/crc32c.ts';
import { type Form, kernelBinary } from './build.ts';

/** What kernel.as exports. */
type Exports = {
  readonly sumFour: (inputs: number, count: number, outputs: number, length: number, tables: number) => void;
  readonly sumOne: (inputs: number, count: number, out: number, length: number, tables: number) => void;
  readonly crc32c: (from: number, length: number, before: number, tables: number) => number;
  readonly crc32cBlocks: (from: number, blocks: number, before: number, halves: number, skips: number, scratch: number) => number;
};

/** A page of WebAssembly's memory, the sixteen tables of CRC-32C, and room to copy bytes into. */
const page = 65_536;
const crcTableSize = 16 * 1024;
const scratchSize = 65_536;
/** A block is sixteen runs of 256 bytes; for blocks there are tables of half bytes, of skips, and room of their own. */
const block = 4096;
const halvesSize = 128;
const skipsSize = 4096;
const vectorsSize = 256;
/** Below this a copy into the kernel's memory costs more than it saves. */
const smallest = 512;

/** The kernels and their memory, which never grows, so that views into it stay valid. `room` is the caller's part of it. */
export class Kernel {
  readonly form: Form;
  readonly bytes: Uint8Array;
  /** Where the caller's part begins. */
  readonly room: number;
  readonly #exports: Exports;
  readonly #crcTables: number;
  readonly #scratch: number;
  readonly #halves: number;
  readonly #skips: number;
  readonly #vectors: number;

  constructor(form: Form, binary: Uint8Array, roomBytes: number) {
    this.form = form;
    this.#crcTables = page;
    this.#scratch = this.#crcTables + crcTableSize;
    this.#halves = this.#scratch + scratchSize;
    this.#skips = this.#halves + halvesSize;
    this.#vectors = this.#skips + skipsSize;
    this.room = this.#vectors + vectorsSize;
    const memory = new WebAssembly.Memory({ initial: Math.ceil((this.room + roomBytes) / page) });
    const module = new WebAssembly.Module(binary as Uint8Array<ArrayBuffer>);
    const environment = { memory, abort: () => {} };
    this.#exports = new WebAssembly.Instance(module, { env: environment }).exports as Exports;
    this.bytes = new Uint8Array(memory.buffer);
    const tables = crcTables();
    new Uint32Array(memory.buffer, this.#crcTables, 4096).set(tables);
    this.bytes.set(halfTables(tables), this.#halves);
    new Uint32Array(memory.buffer, this.#skips, 1024).set(skipTables(tables));
  }

  /** See kernel.as. */
  sumFour(inputs: number, count: number, outputs: number, length: number, tables: number): void {
    this.#exports.sumFour(inputs, count, outputs, length, tables);
  }

  /** See kernel.as. */
  sumOne(inputs: number, count: number, out: number, length: number, tables: number): void {
    this.#exports.sumOne(inputs, count, out, length, tables);
  }

  /** CRC-32C of bytes in the kernel's memory. */
  crcAt(from: number, length: number): number {
    return ~this.#advance(from, length, -1) >>> 0;
  }

  /** The inverted register after bytes in the kernel's memory: whole blocks by vectors, the rest by slices. */
  #advance(from: number, length: number, state: number): number {
    const blocks = Math.floor(length / block);
    const done = blocks * block;
    const between = blocks === 0 ? state : this.#exports.crc32cBlocks(from, blocks, state, this.#halves, this.#skips, this.#vectors);
    return done === length ? between : this.#exports.crc32c(from + done, length - done, between, this.#crcTables);
  }

  /** CRC-32C of bytes anywhere, going on from `before`. */
  crc(bytes: Uint8Array, before = 0): number {
    if (bytes.length < smallest) return crc32cSmall(bytes, before);
    let state = ~before;
    for (let at = 0; at < bytes.length; at += scratchSize) {
      const piece = bytes.subarray(at, at + scratchSize);
      this.bytes.set(piece, this.#scratch);
      state = this.#advance(this.#scratch, piece.length, state);
    }
    return ~state >>> 0;
  }
}

/** The register after the low and after the high half of a byte: four pairs of tables, one for each byte of the register. */
function halfTables(tables: Uint32Array): Uint8Array {
  const halves = new Uint8Array(halvesSize);
  for (let part = 0; part < 4; part++) {
    for (let half = 0; half < 16; half++) {
      halves[part * 32 + half] = tables[half]! >>> (8 * part);
      halves[part * 32 + 16 + half] = tables[half << 4]! >>> (8 * part);
    }
  }
  return halves;
}

/** Four tables that advance a byte of the register over 256 bytes of zero. */
function skipTables(tables: Uint32Array): Uint32Array {
  return Uint32Array.from({ length: 1024 }, (_, at) => {
    let register = ((at & 255) << (8 * (at >> 8))) >>> 0;
    for (let byte = 0; byte < 256; byte++) register = (register >>> 8) ^ tables[register & 255]!;
    return register;
  });
}

/** Table n advances a byte that stands n bytes before the end of sixteen. */
function crcTables(): Uint32Array {
  const tables = new Uint32Array(4096);
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
    tables[byte] = value;
  }
  for (let at = 256; at < 4096; at++) tables[at] = (tables[at - 256]! >>> 8) ^ tables[tables[at - 256]! & 255]!;
  return tables;
}

/** Opens the kernels: with relaxed SIMD where this engine has it, else in the strict form. */
export async function openKernel(roomBytes: number, wanted?: Form): Promise<Kernel> {
  if (wanted !== 'strict') {
    const binary = await kernelBinary('relaxed');
    if (wanted === 'relaxed' || WebAssembly.validate(binary as Uint8Array<ArrayBuffer>)) return new Kernel('relaxed', binary, roomBytes);
  }
  return new Kernel('strict', await kernelBinary('strict'), roomBytes);
}
