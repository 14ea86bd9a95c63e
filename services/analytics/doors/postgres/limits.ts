import { limit } from '#kernel/contract/limit.ts';

export const advisoryLocksMax = limit(10_000, 'lock', 'Most advisory locks that are held at once.');
