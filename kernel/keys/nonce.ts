import { randomFillSync } from 'node:crypto';

/** Random bytes for a thousand nonces at a time: to ask for twelve costs a quarter of a seal. None is used twice. */
const nonces = Buffer.alloc(12 * 1024);
let used: number = nonces.length;

/** Fills the twelve bytes of a nonce of AES-GCM. */
export function nextNonce(into: Buffer): void {
  if (used === nonces.length) {
    randomFillSync(nonces);
    used = 0;
  }
  used += nonces.copy(into, 0, used, used + into.length);
}
