import { randomInt } from 'node:crypto';

/** The secret of this process: nobody who chooses texts can choose such as have one hash. */
const [left, right] = [randomInt(2 ** 32) | 0, randomInt(2 ** 32) | 0];

/**
 * HalfSipHash-1-3 of some words, with the length of what is in them in bytes as the last word: a hash of 32 bits that cannot be
 * foretold without the secret (Aumasson and Bernstein; the lengths of rounds are those of Linux's `hsiphash`).
 */
export function hashWords(words: Int32Array, from: number, to: number, length: number): number {
  let [v0, v1, v2, v3] = [left, right, 0x6c796765 ^ left, 0x74656462 ^ right];
  // One round for each word, and at the end three of nothing.
  for (let at = from; at < to + 4; at += 1) {
    const word = at < to ? (words[at] as number) : at === to ? length : 0;
    if (at === to + 1) v2 ^= 0xff;
    v3 ^= word;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= word;
  }
  return v1 ^ v3;
}
