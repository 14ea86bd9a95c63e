import { limit } from '#kernel/contract/limit.ts';

export const testFileMs = limit(600_000, 'ms', 'Longest run of one test file.');
export const testsAtOnce = limit(2, 'file', 'Test files that run at one time.');
export const runAgainMax = limit(4, 'file', 'Failed test files that are run once more, alone; where more fail, none is.');
export const tourSettleMs = limit(3000, 'ms', 'How long the tour waits until what happened last is recorded.');
export const tourComesBackMs = limit(30_000, 'ms', 'How long the tour waits for a process that it has killed.');
export const tourEventsTries = limit(200, 'look', 'Looks of the tour for the first event in its view.');
export const tourLookMs = limit(100, 'ms', 'Time between two looks of the tour at a process.');
