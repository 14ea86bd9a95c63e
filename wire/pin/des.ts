import { createCipheriv, createDecipheriv } from 'node:crypto';

const cipher = 'des-ede3-ecb';

/** Three keys of a cipher that wants three: of one, all alike, which makes triple DES single; of two, the first again. */
function tripled(key: Buffer): Buffer {
  return key.length === 8 ? Buffer.concat([key, key, key]) : Buffer.concat([key, key.subarray(0, 8)]);
}

/** Encrypts blocks by DES under a key of 8 bytes, or by triple DES under one of 16. */
export function encryptDes(key: Buffer, blocks: Buffer): Buffer {
  return createCipheriv(cipher, tripled(key), null).setAutoPadding(false).update(blocks);
}

/** Decrypts them. */
export function decryptDes(key: Buffer, blocks: Buffer): Buffer {
  return createDecipheriv(cipher, tripled(key), null).setAutoPadding(false).update(blocks);
}

/** Bytes by bytes of the same length. */
export function xor(left: Uint8Array, right: Uint8Array): Buffer {
  return Buffer.from(left.map((byte, index) => byte ^ right[index]!));
}
