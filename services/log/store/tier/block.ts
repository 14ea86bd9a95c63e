import { createCipheriv, createDecipheriv } from 'node:crypto';
import { fault } from '#kernel/contract/fault.ts';
import { blockBytes, tagBytes } from '../limits.ts';

const sealedBytes = blockBytes + tagBytes;

/** The number under which a segment's index is sealed; no segment has so many blocks. */
export const indexBlock = 0xffff_ffff;

/**
 * Every object has a key of its own, so that the number of a block is nonce enough. Sealed is what leaves this machine, that of
 * topics that lie in the clear here too: who may read the bucket need not be somebody who may read the topic.
 */
function nonceOf(block: number): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(block, 8);
  return nonce;
}

export function sealBlock(plain: Uint8Array, block: number, key: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonceOf(block));
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

export function openBlock(sealed: Buffer, block: number, key: Uint8Array): Buffer {
  if (sealed.length < tagBytes) throw damaged();
  const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(block));
  decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes));
  const plain = decipher.update(sealed.subarray(0, sealed.length - tagBytes));
  try {
    decipher.final();
  } catch (cause) {
    throw damaged(cause);
  }
  return plain;
}

const damaged = (cause?: unknown) => fault('LogFailed', { detail: 'A tiered segment was changed in the store.', cause });

/** How large a segment is as an object. */
export const objectBytes = (sizeBytes: number): number => sizeBytes + Math.ceil(sizeBytes / blockBytes) * tagBytes;

/** Where a block stands in its object, and how long it is at most. */
export const placeOfBlock = (block: number): { from: number; bytes: number } => ({ from: block * sealedBytes, bytes: sealedBytes });
