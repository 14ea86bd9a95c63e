import { limit } from '#kernel/contract/limit.ts';

export const testFileMs = limit(300_000, 'ms', 'Longest run of one test file.');
export const testsAtOnce = limit(2, 'file', 'Test files that run at one time.');
export const tourSettleMs = limit(3000, 'ms', 'How long the tour waits until what happened last is recorded.');
