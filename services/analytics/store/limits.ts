import { limit } from '#kernel/contract/limit.ts';

export const relationsMax = limit(200, 'relation', 'Most sources and views of one environment.');
export const groupsMax = limit(1_000_000, 'group', 'Most groups of one view; records that would open another are rejected.');
export const groupsReadMax = limit(200_000, 'group', 'Most groups of a view that one query reads.');
export const rowsMax = limit(20_000, 'row', 'Most rows of one answer; a longer one is asked for with LIMIT.');
export const commitRecordsMax = limit(2_000, 'record', 'Most records that a view takes in one commit.');
export const retryMs = limit(250, 'ms', 'Pause before a view that could not go on is tried again; it doubles.');
export const retryMaxMs = limit(5_000, 'ms', 'Longest pause before a view is tried again.');
export const plansKeptMax = limit(1_000, 'plan', 'Plans of views that one process remembers.');
export const behindMax = limit(10_000, 'change', 'Changes that wait for a subscriber before it is ended.');
export const blockRows = limit(500, 'row', 'Rows that are read or answered in one block.');
export const reasonMax = limit(500, 'character', 'Longest reason that is kept of a rejected record.');
