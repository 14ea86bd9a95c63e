import type { LeafSealer } from '#kernel/audit/seal.ts';

/** For benchmarks of recorder's store that have no audit records to seal. */
export const noSeal: LeafSealer = { for: async () => ({ leaf: () => Buffer.alloc(0), index: () => Buffer.alloc(0) }) };
