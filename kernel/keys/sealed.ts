import { createCipheriv, createDecipheriv } from 'node:crypto';
import { fault } from '../contract/fault.ts';
import { nextNonce } from './nonce.ts';

/** A sealed value: u32 key version, 12 bytes of nonce, ciphertext, 16 bytes of tag; AES-256-GCM. */
const headSize = 16;
const tagSize = 16;

/** The key version in a personal field under its subject's key; a ring's versions begin at 1. */
export const subjectVersion = 0;

/** Seals `plain` under a 32-byte key; `aad` binds it to its place. */
export function sealWith(key: Uint8Array, version: number, plain: Uint8Array, aad: string): Buffer {
  const sealed = Buffer.allocUnsafe(headSize + plain.length + tagSize);
  sealed.writeUInt32BE(version, 0);
  const nonce = sealed.subarray(4, headSize);
  nextNonce(nonce);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(Buffer.from(aad));
  sealed.set(cipher.update(plain), headSize);
  cipher.final();
  sealed.set(cipher.getAuthTag(), headSize + plain.length);
  return sealed;
}

/** The key version a sealed value names. */
export function sealedVersion(sealed: Uint8Array): number {
  if (sealed.length < headSize + tagSize) throw fault('KeyUnavailable', 'The sealed value is cut short.');
  return Buffer.from(sealed.buffer, sealed.byteOffset, 4).readUInt32BE(0);
}

/** Opens a sealed value; a wrong key, place or byte throws KeyUnavailable. */
export function openWith(key: Uint8Array, sealed: Uint8Array, aad: string): Buffer {
  sealedVersion(sealed);
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(4, headSize));
  decipher.setAAD(Buffer.from(aad));
  decipher.setAuthTag(bytes.subarray(bytes.length - tagSize));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(headSize, bytes.length - tagSize)), decipher.final()]);
  } catch (cause) {
    throw fault('KeyUnavailable', { path: 'sealed', detail: 'The sealed value was changed or belongs elsewhere.', cause });
  }
}
