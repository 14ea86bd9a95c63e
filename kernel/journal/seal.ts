import { createCipheriv, createDecipheriv } from 'node:crypto';
import { nextNonce } from '../keys/nonce.ts';

/** Opens what was sealed under a version of the key; it throws where the bytes or the associated data are not those sealed. */
export type Open = (version: number, sealed: Buffer, associated: Buffer) => Buffer;

/** Seals groups of records under the newest version of a data key. A change of `keyVersion` begins a new segment. */
export interface Seal {
  readonly keyVersion: number;
  seal(plain: Buffer, associated: Buffer): Buffer;
  readonly open: Open;
}

const nonceSize = 12;
const tagSize = 16;

/**
 * AES-256-GCM under a 32-byte key: `nonce | ciphertext | tag`. The nonce is random, because a cut tail is written anew at the same
 * place; NIST SP 800-38D 8.3 allows 2^32 of them for one key, and a frame takes one.
 */
export function aesSeal(
  keyVersion: number,
  keyOf: (version: number) => Buffer,
  fillNonce: (into: Buffer) => unknown = nextNonce,
): Seal {
  return {
    keyVersion,
    seal(plain, associated) {
      const sealed = Buffer.allocUnsafe(nonceSize + plain.length + tagSize);
      const nonce = sealed.subarray(0, nonceSize);
      fillNonce(nonce);
      const cipher = createCipheriv('aes-256-gcm', keyOf(keyVersion), nonce, { authTagLength: tagSize });
      cipher.setAAD(associated);
      sealed.set(cipher.update(plain), nonceSize);
      cipher.final();
      sealed.set(cipher.getAuthTag(), nonceSize + plain.length);
      return sealed;
    },
    open(version, sealed, associated) {
      const end = sealed.length - tagSize;
      const options = { authTagLength: tagSize };
      const decipher = createDecipheriv('aes-256-gcm', keyOf(version), sealed.subarray(0, nonceSize), options);
      decipher.setAAD(associated);
      decipher.setAuthTag(sealed.subarray(end));
      const plain = decipher.update(sealed.subarray(nonceSize, end));
      decipher.final();
      return plain;
    },
  };
}
