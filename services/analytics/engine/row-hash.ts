/** The hash of NULL, and what hashes are multiplied by. */
export const [nothing, mixer] = [0x3c6e_f372, -1640531535];

/** Puts a hash behind another. */
export const mixed = (hash: number, more: number): number => Math.imul((hash << 5) ^ (hash >>> 27) ^ more, mixer);
