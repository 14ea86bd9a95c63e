import { crc64Table } from '#wire/checksum/crc64nvme.ts';
import { type Form, kernelBinary } from './build.ts';

/** What kernel.as exports for digests. */
type Exports = {
  readonly md5One: (state: number, input: number, blocks: number) => void;
  readonly md5Four: (states: number, inputs: number, blocks: number, words: number) => void;
  readonly crc64: (from: number, length: number, before: bigint, tables: number) => bigint;
};

export const lanes = 4;
/** Of CRC-64/NVME, for sixteen bytes at a time. */
const tables = crc64Table(16);
/** A page of WebAssembly's memory; below it lies what the compiler put there. */
const page = 65_536;

/** The register of MD5 at its beginning (RFC 1321 3.3). */
export const md5Start: readonly number[] = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];

/** MD5 of four streams at once, and CRC-64/NVME, over bytes in the kernel's own memory. */
export class DigestKernel {
  readonly #exports: Exports;
  readonly #tables = page;
  readonly #states = page + tables.byteLength;
  readonly #inputs = page + tables.byteLength + 64;
  readonly #words = page + tables.byteLength + 128;
  readonly #rooms: number;
  readonly #roomBytes: number;
  readonly #bytes: Uint8Array;
  readonly #view: Uint32Array;

  private constructor(binary: Uint8Array, roomBytes: number) {
    this.#roomBytes = roomBytes;
    this.#rooms = this.#words + 256;
    const memory = new WebAssembly.Memory({ initial: Math.ceil((this.#rooms + lanes * roomBytes) / page) });
    const environment = { memory, abort: () => {} };
    const module = new WebAssembly.Module(binary as Uint8Array<ArrayBuffer>);
    this.#exports = new WebAssembly.Instance(module, { env: environment }).exports as Exports;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#view = new Uint32Array(memory.buffer);
    new BigUint64Array(memory.buffer, this.#tables, 4096).set(tables);
    for (let lane = 0; lane < lanes; lane++) this.#view[this.#inputs / 4 + lane] = this.#rooms + lane * roomBytes;
  }

  /** With room for so many bytes in each lane, a multiple of 64. */
  static async open(roomBytes: number, form?: Form): Promise<DigestKernel> {
    if (form === 'strict') return new DigestKernel(await kernelBinary('strict'), roomBytes);
    const binary = await kernelBinary('relaxed');
    if (form === 'relaxed' || WebAssembly.validate(binary as Uint8Array<ArrayBuffer>)) return new DigestKernel(binary, roomBytes);
    return new DigestKernel(await kernelBinary('strict'), roomBytes);
  }

  /** Room for the bytes of a lane. */
  lane(lane: number): Uint8Array {
    return this.#bytes.subarray(this.#rooms + lane * this.#roomBytes, this.#rooms + (lane + 1) * this.#roomBytes);
  }

  /** Advances the states by so many blocks of 64 bytes in each lane; lanes without a state do what is of no use. */
  md5(states: readonly (Uint32Array | undefined)[], blocks: number): void {
    const at = this.#states / 4;
    for (let word = 0; word < 4; word++)
      for (let lane = 0; lane < lanes; lane++) this.#view[at + word * 4 + lane] = states[lane]?.[word] ?? 0;
    const used = states.flatMap((state, lane) => (state ? [lane * 4] : []));
    if (used.length === 1) this.#exports.md5One(this.#states + used[0]!, this.#inputs + used[0]!, blocks);
    else this.#exports.md5Four(this.#states, this.#inputs, blocks, this.#words);
    for (let word = 0; word < 4; word++) {
      for (const [lane, state] of states.entries()) if (state) state[word] = this.#view[at + word * 4 + lane]!;
    }
  }

  /** The inverted register of CRC-64/NVME after so many bytes of a lane. */
  crc64(lane: number, length: number, before: bigint): bigint {
    return BigInt.asUintN(64, this.#exports.crc64(this.#rooms + lane * this.#roomBytes, length, before, this.#tables));
  }
}
