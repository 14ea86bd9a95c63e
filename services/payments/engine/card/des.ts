import { createCipheriv, createDecipheriv } from 'node:crypto';

/** Triple DES under a key of two halves, block by block without chaining: what card keys are still made of. */
const threefold = (key: Uint8Array): Buffer =>
  key.length === 8 ? Buffer.concat([key, key, key]) : Buffer.concat([key, key.subarray(0, 8)]);

/** Encrypts whole blocks of 8 bytes; a key of 8 bytes is plain DES, one of 16 triple DES. */
export function encipher(key: Uint8Array, blocks: Uint8Array): Buffer {
  const cipher = createCipheriv('des-ede3-ecb', threefold(key), null).setAutoPadding(false);
  return Buffer.concat([cipher.update(blocks), cipher.final()]);
}

export function decipher(key: Uint8Array, blocks: Uint8Array): Buffer {
  const cipher = createDecipheriv('des-ede3-ecb', threefold(key), null).setAutoPadding(false);
  return Buffer.concat([cipher.update(blocks), cipher.final()]);
}

export const xor = (one: Uint8Array, other: Uint8Array): Buffer => Buffer.from(one.map((byte, at) => byte ^ (other[at] ?? 0)));
