import { randomFillSync } from 'node:crypto';

const idLength = 16;
/** Random bytes are asked for in bulk: a call for sixteen costs as much as one for many. */
const pool = Buffer.alloc(256 * idLength);
let at = pool.length;

/** Sixteen random bytes: the id of a blob or an object. */
export function newIdentity(): Buffer {
  if (at === pool.length) {
    randomFillSync(pool);
    at = 0;
  }
  const id = Buffer.from(pool.subarray(at, at + idLength));
  at += idLength;
  return id;
}
