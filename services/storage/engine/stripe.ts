import { codeMatrix, invertMatrix, type Matrix, multiply, multiplyRow } from './galois.ts';
import { type Kernel, openKernel } from './kernel.ts';
import { decodersMax, headBytes, stripesMax, unitMaxBytes } from './limits.ts';
import type { Form } from './build.ts';

export const dataShards = 12;
export const parityShards = 4;
export const shards = dataShards + parityShards;

const headGap = 2 * headBytes;
const slotBytes = headGap + unitMaxBytes;
const stripeBytes = shards * slotBytes;
const tableBytes = dataShards * 128;
const matrix = codeMatrix(dataShards, parityShards);

/** Sixteen shards in the kernel's memory. It is lent by `Coder.borrow` and given back by `Coder.giveBack`. */
export type Stripe = { readonly base: number };

type Decoder = { readonly present: readonly number[]; readonly rows: readonly Uint8Array[] };

/** Reed-Solomon 12+4 over stripes in the kernel's memory, of which there are a few; who wants one more waits. */
export class Coder {
  readonly kernel: Kernel;
  readonly #tables: number;
  readonly #encodeTables: number;
  readonly #inputs: number;
  readonly #outputs: number;
  readonly #waste: number;
  readonly #free: Stripe[] = [];
  readonly #waiting: ((stripe: Stripe) => void)[] = [];
  readonly #decoders = new Map<string, Decoder>();

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    this.#encodeTables = kernel.room;
    this.#tables = this.#encodeTables + tableBytes;
    this.#inputs = this.#tables + tableBytes;
    this.#outputs = this.#inputs + 64;
    this.#waste = this.#outputs + 64;
    const first = this.#waste + slotBytes;
    for (let at = 0; at < stripesMax; at++) this.#free.push({ base: first + at * stripeBytes });
    this.#writeTables(this.#encodeTables, matrix.slice(dataShards));
  }

  /** Bytes of memory that a coder needs of its kernel. */
  static readonly roomBytes: number = tableBytes * 2 + 128 + slotBytes + stripesMax * stripeBytes;

  /** A stripe to work in. Whoever waits for one must hold none. */
  borrow(): Stripe | Promise<Stripe> {
    return this.#free.pop() ?? new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** A stripe when one is free, for who holds one already. */
  borrowFree(): Stripe | undefined {
    return this.#free.pop();
  }

  giveBack(stripe: Stripe): void {
    const next = this.#waiting.shift();
    if (next) next(stripe);
    else this.#free.push(stripe);
  }

  /** The bytes of a shard. */
  unit({ base }: Stripe, shard: number, length: number): Uint8Array {
    const from = base + shard * slotBytes + headGap;
    return this.kernel.bytes.subarray(from, from + length);
  }

  /** The bytes of a shard with the header of its frame before them. */
  frame({ base }: Stripe, shard: number, length: number): Uint8Array {
    const from = base + shard * slotBytes + headGap;
    return this.kernel.bytes.subarray(from - headBytes, from + length);
  }

  /** Copies the frame of a shard from one stripe to another. */
  copyFrame(from: Stripe, to: Stripe, shard: number, length: number): void {
    this.frame(to, shard, length).set(this.frame(from, shard, length));
  }

  /** CRC-32C of a frame from its eighth byte on. */
  frameSum({ base }: Stripe, shard: number, length: number): number {
    return this.kernel.crcAt(base + shard * slotBytes + headGap - headBytes + 8, headBytes - 8 + length);
  }

  /** Makes the four parity shards of twelve data shards of `unit` bytes, a multiple of 64. */
  encode(stripe: Stripe, unit: number): void {
    const words = this.#words(this.#inputs, 16);
    for (let shard = 0; shard < dataShards; shard++) words[shard] = stripe.base + shard * slotBytes + headGap;
    const out = this.#words(this.#outputs, 4);
    for (let row = 0; row < parityShards; row++) out[row] = stripe.base + (dataShards + row) * slotBytes + headGap;
    this.kernel.sumFour(this.#inputs, dataShards, this.#outputs, unit, this.#encodeTables);
  }

  /** Makes the wanted shards, at most four, of the first twelve of those that are present. */
  reconstruct(stripe: Stripe, unit: number, present: readonly number[], wanted: readonly number[]): void {
    const decoder = this.#decoder(present.slice(0, dataShards), wanted);
    this.#writeTables(this.#tables, decoder.rows);
    const inputs = this.#words(this.#inputs, 16);
    decoder.present.forEach((shard, at) => {
      inputs[at] = stripe.base + shard * slotBytes + headGap;
    });
    const place = (shard: number | undefined) => (shard === undefined ? this.#waste : stripe.base + shard * slotBytes) + headGap;
    if (wanted.length === 1) return this.kernel.sumOne(this.#inputs, dataShards, place(wanted[0]), unit, this.#tables);
    const out = this.#words(this.#outputs, 4);
    for (let row = 0; row < 4; row++) out[row] = place(wanted[row]);
    this.kernel.sumFour(this.#inputs, dataShards, this.#outputs, unit, this.#tables);
  }

  #words(at: number, count: number): Uint32Array {
    return new Uint32Array(this.kernel.bytes.buffer, at, count);
  }

  #decoder(present: readonly number[], wanted: readonly number[]): Decoder {
    const name = `${present.join()}>${wanted.join()}`;
    let found = this.#decoders.get(name);
    if (!found) {
      found = { present, rows: decodeRows(present, wanted) };
      if (this.#decoders.size >= decodersMax) this.#decoders.clear();
      this.#decoders.set(name, found);
    }
    return found;
  }

  /** The tables of up to four rows of factors; rows that are missing are zero. */
  #writeTables(at: number, rows: Matrix): void {
    this.kernel.bytes.fill(0, at, at + tableBytes);
    for (const [row, factors] of rows.entries()) {
      for (const [input, factor] of factors.entries()) {
        const table = at + input * 128 + row * 32;
        for (let half = 0; half < 16; half++) {
          this.kernel.bytes[table + half] = multiply(factor, half);
          this.kernel.bytes[table + 16 + half] = multiply(factor, half << 4);
        }
      }
    }
  }
}

/** The rows that make wanted shards of twelve present ones. */
function decodeRows(present: readonly number[], wanted: readonly number[]): Uint8Array[] {
  const inverse = invertMatrix(present.map((shard) => matrix[shard]!));
  if (!inverse) throw new TypeError('twelve different shards are needed');
  return wanted.map((shard) => multiplyRow(matrix[shard]!, inverse));
}

let opened: Promise<Coder> | undefined;

/** The coder of this process. */
export function openCoder(): Promise<Coder> {
  opened ??= newCoder();
  return opened;
}

/** A coder of its own, in a form of the kernels that is named. */
export async function newCoder(form?: Form): Promise<Coder> {
  return new Coder(await openKernel(Coder.roomBytes, form));
}
