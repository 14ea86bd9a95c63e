import { whole } from '../domain/value.ts';

/** What bits of integers become together. */
export type BitName = 'bit_and' | 'bit_or' | 'bit_xor';

const halfBits = 32;

/** Counts the bits of an integer so often, behind the number of integers, so that they may be taken away again. */
export function takeBits(cells: Float64Array, at: number, value: number | bigint, weight: number, width: number): void {
  cells[at] = (cells[at] as number) + weight;
  const bits = BigInt.asUintN(width, BigInt(value));
  const halves = [Number(bits & 0xffff_ffffn), Number(bits >> BigInt(halfBits))] as const;
  for (let bit = 0; bit < width; bit += 1) {
    const half = bit < halfBits ? halves[0] : halves[1];
    if ((half >>> (bit % halfBits)) & 1) cells[at + 1 + bit] = (cells[at + 1 + bit] as number) + weight;
  }
}

/** The integer whose bits are set in all, in any, or in an odd number of the integers; NULL of none. */
export function shownBits(cells: Float64Array, at: number, name: BitName, width: number): number | bigint | null {
  const count = cells[at] as number;
  if (count === 0) return null;
  let found = 0n;
  for (let bit = 0; bit < width; bit += 1) {
    const times = cells[at + 1 + bit] as number;
    const isSet = name === 'bit_and' ? times === count : name === 'bit_or' ? times > 0 : times % 2 === 1;
    if (isSet) found |= 1n << BigInt(bit);
  }
  return whole(BigInt.asIntN(width, found));
}
