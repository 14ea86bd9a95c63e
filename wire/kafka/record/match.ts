import { matchTailBytes } from '../limits.ts';

const hashBits = 13;
/** Where four bytes of a hash stood last; blocks are never longer than a place can say. */
const places = new Uint16Array(1 << hashBits);

/** Takes a run of literals and the repeat behind it: `length` bytes that stand `offset` bytes before. */
export type TakeMatch = (from: number, to: number, offset: number, length: number) => void;

/**
 * Finds repeats in a block of at most 64 KiB, greedily, looking ever less often where there are none. Answers where the last
 * literals begin, which are at least as many as LZ4 demands at a block's end.
 */
export function findMatches(block: Buffer, take: TakeMatch): number {
  const end = block.length - matchTailBytes;
  let literals = 0;
  let misses = 0;
  if (end > 0) places.fill(0);
  for (let at = 1; at < end; ) {
    const four = block.readInt32LE(at);
    const slot = Math.imul(four, 0x9e37_79b1) >>> (32 - hashBits);
    const before = places[slot] as number;
    places[slot] = at;
    if (block.readInt32LE(before) !== four) {
      misses += 1;
      at += 1 + (misses >>> 5);
      continue;
    }
    let length = 4;
    while (at + length < end && block[before + length] === block[at + length]) length += 1;
    take(literals, at, at - before, length);
    at += length;
    literals = at;
    misses = 0;
  }
  return literals;
}
