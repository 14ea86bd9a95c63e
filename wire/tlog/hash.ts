import { hash } from 'node:crypto';

/** Bytes of one hash: SHA-256. */
export const hashSize = 32;

const sha256 = (bytes: Uint8Array): Buffer => hash('sha256', bytes, 'buffer');
const pair = Buffer.alloc(1 + 2 * hashSize);
pair[0] = 1;

/** RFC 6962 2.1: the hash of a leaf, SHA-256(0x00 | entry). */
export function leafHash(entry: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(entry.length + 1);
  framed[0] = 0;
  framed.set(entry, 1);
  return sha256(framed);
}

/** RFC 6962 2.1: the hash of a node, SHA-256(0x01 | left | right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  pair.set(left, 1);
  pair.set(right, 1 + hashSize);
  return sha256(pair);
}

/** The root of a tree without entries. */
export const emptyRoot: Buffer = sha256(Buffer.alloc(0));
