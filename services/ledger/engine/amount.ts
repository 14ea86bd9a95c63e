/** Amounts are four words of 32 bits, lowest first. Those below 2^51 are worked on as numbers, which is exact; others as bigints. */
const word = 4_294_967_296;

/** The amount as a number, or -1 when it is not below 2^51. */
export function readSmall(words: Int32Array, at: number): number {
  const second = words[at + 1]!;
  if ((words[at + 2]! | words[at + 3]! | (second & ~0x7_ffff)) !== 0) return -1;
  return second * word + (words[at]! >>> 0);
}

/** Writes a number below 2^53. Sums of three amounts below 2^51 are such numbers. */
export function writeSmall(words: Int32Array, at: number, value: number): void {
  words[at] = value % word;
  words[at + 1] = value / word;
  words[at + 2] = 0;
  words[at + 3] = 0;
}

export function readBig(words: Int32Array, at: number): bigint {
  const low = (BigInt(words[at + 1]! >>> 0) << 32n) | BigInt(words[at]! >>> 0);
  const high = (BigInt(words[at + 3]! >>> 0) << 32n) | BigInt(words[at + 2]! >>> 0);
  return (high << 64n) | low;
}

export function writeBig(words: Int32Array, at: number, value: bigint): void {
  words[at] = Number(value & 0xffff_ffffn);
  words[at + 1] = Number((value >> 32n) & 0xffff_ffffn);
  words[at + 2] = Number((value >> 64n) & 0xffff_ffffn);
  words[at + 3] = Number(value >> 96n);
}

export const isZero = (words: Int32Array, at: number): boolean => (words[at]! | words[at + 1]! | words[at + 2]! | words[at + 3]!) === 0;
export const isMax = (words: Int32Array, at: number): boolean => (words[at]! & words[at + 1]! & words[at + 2]! & words[at + 3]!) === -1;

export function isSame(one: Int32Array, at: number, other: Int32Array, there: number): boolean {
  return (
    one[at] === other[there] && one[at + 1] === other[there + 1] && one[at + 2] === other[there + 2] && one[at + 3] === other[there + 3]
  );
}

/** Compares two amounts: negative, zero or positive. */
export function compare(one: Int32Array, at: number, other: Int32Array, there: number): number {
  for (let index = 3; index >= 0; index -= 1) {
    const difference = (one[at + index]! >>> 0) - (other[there + index]! >>> 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Compares two 64-bit numbers of two words: negative, zero or positive. */
export function compareTime(one: Int32Array, at: number, high: number, low: number): number {
  const difference = (one[at + 1]! >>> 0) - (high >>> 0);
  return difference !== 0 ? difference : (one[at]! >>> 0) - (low >>> 0);
}

export const readTime = (words: Int32Array, at: number): bigint => (BigInt(words[at + 1]! >>> 0) << 32n) | BigInt(words[at]! >>> 0);
