import { createHash } from 'node:crypto';

/** A number from 0 to 100 that follows from a text. */
export const drawn = (name: string): number => (createHash('sha256').update(name).digest().readUInt32BE(0) / 2 ** 32) * 100;
