import { sampledBytes } from './limits.ts';

const counts = new Uint16Array(256);

/**
 * Whether bytes look as if nothing could be taken out of them, as what is encrypted or compressed already does: in a sample of
 * them values meet each other hardly more often than chance would have it. A sample costs a small part of a trial.
 */
export function looksRandom(bytes: Uint8Array): boolean {
  const taken = Math.min(bytes.length, sampledBytes);
  if (taken < sampledBytes / 2) return false;
  counts.fill(0);
  // Four at a time, spread over all of them.
  const step = bytes.length / (taken / 4);
  for (let group = 0; group < taken / 4; group++) {
    const at = Math.min(Math.floor(group * step), bytes.length - 4);
    for (let next = at; next < at + 4; next++) counts[bytes[next]!]! += 1;
  }
  let meetings = 0;
  for (const count of counts) meetings += count * (count - 1);
  // Chance makes one in 256 pairs meet; text makes about one in 16.
  return meetings < ((taken * (taken - 1)) / 256) * 1.35;
}
