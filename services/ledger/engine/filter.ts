import { filterBitsPerId } from './limits.ts';

const blockWords = 8;
/** One odd factor for each word of a block, so that each takes other bits of the second hash. */
const salts = Int32Array.of(
  0x47b6_137b,
  0x4497_4d91,
  0x8824_ad5b | 0,
  0xa2b7_289d | 0,
  0x7054_95c7,
  0x2df1_424b,
  0x9efc_4947 | 0,
  0x5c6b_fb31,
);

/** A second hash of an id, which shares nothing with the first but the id. */
const secondOf = (hash: number, a: number, b: number, c: number, d: number): number =>
  Math.imul(Math.imul(Math.imul(a ^ (hash >>> 15), 0x9e37_79b1) ^ b, 0x85eb_ca77) ^ c ^ (d << 7) ^ (d >>> 11), 0xc2b2_ae3d) ^ d;

/** A Bloom filter in blocks of eight words, with one bit in each for every id: a look-up reads one line of the cache. */
export class Filter {
  readonly #blocks: number;
  readonly #words: Int32Array;

  constructor(ids: number) {
    this.#blocks = Math.max(1, Math.ceil((ids * filterBitsPerId) / (blockWords * 32)));
    this.#words = new Int32Array(this.#blocks * blockWords);
  }

  #block(hash: number): number {
    return Math.floor(((hash >>> 0) * this.#blocks) / 4_294_967_296) * blockWords;
  }

  add(hash: number, a: number, b: number, c: number, d: number): void {
    const block = this.#block(hash);
    const second = secondOf(hash, a, b, c, d);
    for (let word = 0; word < blockWords; word += 1) this.#words[block + word]! |= 1 << (Math.imul(second, salts[word]!) >>> 27);
  }

  /** Whether an id may be there; false is certain. */
  mayHold(hash: number, a: number, b: number, c: number, d: number): boolean {
    const block = this.#block(hash);
    const second = secondOf(hash, a, b, c, d);
    for (let word = 0; word < blockWords; word += 1)
      if ((this.#words[block + word]! & (1 << (Math.imul(second, salts[word]!) >>> 27))) === 0) return false;
    return true;
  }

  /** Reads where an id would be, so that memory brings it near. */
  look(hash: number): number {
    return this.#words[this.#block(hash)]!;
  }
}
