import { randomInt } from 'node:crypto';

/**
 * A number by which hashes of 32 bits are multiplied, which nobody outside knows. It is 5 modulo 8: powers of a number near 1 or -1
 * modulo a power of two soon repeat, and one in two hundred odd numbers let some hundredths of short texts fall together.
 */
export const randomFactor = (): number => (randomInt(2 ** 29) << 3) | 5;
