import { limit } from '#kernel/contract/limit.ts';

export const idAheadMs = limit(10_000, 'ms', 'How far a burst of new ids may run ahead of the clock before it is refused.');
