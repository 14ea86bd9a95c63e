/**
 * The CRC of two strings of bytes joined, from their CRCs and the length of the second: multiplication of the first by
 * x^(8 * length) modulo the polynomial. It makes the checksum of a whole object out of those of its parts.
 */
import type { ChecksumAlgorithm } from './checksum.ts';

/** The checksums that can be combined; those of the SHA family cannot. */
export type LinearChecksum = Extract<ChecksumAlgorithm, 'CRC32' | 'CRC32C' | 'CRC64NVME'>;

/** A reflected polynomial over GF(2) of 32 or 64 bits: the coefficient of x^0 is the highest bit. Narrow ones leave `low` 0. */
type Polynomial = { readonly high: number; readonly low: number };

type Field = { readonly width: 32 | 64; readonly modulus: Polynomial; readonly powers: Polynomial[] };

const fields: Readonly<Record<LinearChecksum, Field>> = {
  CRC32: field(32, { high: 0xedb88320, low: 0 }),
  CRC32C: field(32, { high: 0x82f63b78, low: 0 }),
  CRC64NVME: field(64, { high: 0x9a6c9329, low: 0xac4bc9b5 }),
};

function field(width: 32 | 64, modulus: Polynomial): Field {
  return { width, modulus, powers: [] };
}

/** a * b modulo the field's polynomial. */
function multiply({ width, modulus }: Field, a: Polynomial, b: Polynomial): Polynomial {
  let { high, low } = b;
  let productHigh = 0;
  let productLow = 0;
  for (let bit = 0; bit < width; bit++) {
    const word = bit < 32 ? a.high : a.low;
    if ((word >>> (31 - (bit & 31))) & 1) {
      productHigh ^= high;
      productLow ^= low;
    }
    const carry = (width === 64 ? low : high) & 1;
    low = width === 64 ? (low >>> 1) | (high << 31) : 0;
    high >>>= 1;
    if (carry) {
      high ^= modulus.high;
      low ^= modulus.low;
    }
  }
  return { high: productHigh >>> 0, low: productLow >>> 0 };
}

/** x^(2^exponent), from a table that grows as it is asked for. */
function power(of: Field, exponent: number): Polynomial {
  if (of.powers.length === 0) of.powers.push({ high: 0x40000000, low: 0 });
  for (let have = of.powers.length; have <= exponent; have++) {
    const last = of.powers[have - 1]!;
    of.powers.push(multiply(of, last, last));
  }
  return of.powers[exponent]!;
}

/** x^(8 * length). */
function shift(of: Field, length: number): Polynomial {
  let product: Polynomial = { high: 0x80000000, low: 0 };
  let exponent = 3;
  for (let rest = length; rest > 0; rest = Math.floor(rest / 2), exponent++) {
    if (rest % 2 === 1) product = multiply(of, product, power(of, exponent));
  }
  return product;
}

/** The checksum of `first` and `second` joined, where `second` was made of `length` bytes. */
export function combineChecksum(algorithm: LinearChecksum, first: Uint8Array, second: Uint8Array, length: number): Buffer {
  const of = fields[algorithm];
  const moved = multiply(of, read(first), shift(of, length));
  const out = Buffer.alloc(of.width / 8);
  const view = read(second);
  out.writeUInt32BE((moved.high ^ view.high) >>> 0, 0);
  if (of.width === 64) out.writeUInt32BE((moved.low ^ view.low) >>> 0, 4);
  return out;
}

function read(digest: Uint8Array): Polynomial {
  const view = new DataView(digest.buffer, digest.byteOffset, digest.byteLength);
  return { high: view.getUint32(0), low: digest.byteLength === 8 ? view.getUint32(4) : 0 };
}
