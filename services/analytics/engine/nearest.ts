const float = new Float64Array(1);
const [low, high] = [0, 1];
const words = new Uint32Array(float.buffer);
/** Bits of a fraction that stand in the upper half of a number, behind its exponent. */
const fractionBits = 20;

/**
 * The middle of all numbers that have the exponent of one and the first bits of its fraction: at most the part 2 ** -(bits + 1) of
 * it away. A greater number has none that is less. It is computed of bits alone, so that it is the same everywhere. Numbers below
 * 2.3e-308, which have fewer bits, are left as they are.
 */
export function nearest(value: number, bits: number): number {
  float[0] = value;
  const held = words[high] as number;
  if ((held & 0x7ff00000) === 0) return value;
  const shift = fractionBits - bits;
  words[high] = ((held >>> shift) << shift) | (1 << (shift - 1));
  words[low] = 0;
  return float[0];
}
