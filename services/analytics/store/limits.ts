import { limit } from '#kernel/contract/limit.ts';

export const relationsMax = limit(200, 'relation', 'Most sources and views of one environment.');
export const rowsMax = limit(20_000, 'row', 'Most rows of one answer; a longer one is asked for with LIMIT.');
export const sourceRowsMax = limit(200_000, 'record', 'Most records of a topic that one query reads.');
export const commitRecordsMax = limit(4_096, 'record', 'Most records that a view takes in one commit.');
export const retryMs = limit(250, 'ms', 'Pause before a view that could not go on is tried again; it doubles.');
export const retryMaxMs = limit(5_000, 'ms', 'Longest pause before a view is tried again.');
export const plansKeptMax = limit(1_000, 'plan', 'Plans of views that one process remembers.');
export const behindMax = limit(10_000, 'change', 'Changes that wait for a subscriber before it is ended.');
export const blockRows = limit(500, 'row', 'Rows that are read or answered in one block.');
export const reasonMax = limit(500, 'character', 'Longest reason that is kept of a rejected record.');
export const partBytes = limit(1_048_576, 'byte', 'Size at which a part of what a view remembers is closed.');
export const partEntriesMax = limit(10_000, 'entry', 'Most entries of a part of what a view remembers.');
export const blobBytesMax = limit(64 * 1_048_576, 'byte', 'Largest part of what a view remembers, when it is read.');
export const logBytesMin = limit(262_144, 'byte', 'Changes that a view at least gathers before all that it remembers is written anew.');
export const schemasKeptMax = limit(1_000, 'schema', 'Schemas of values that one process remembers.');
export const viewDepthMax = limit(16, 'view', 'Most views that stand on each other.');
export const loadWaitMs = limit(20_000, 'ms', 'Longest wait for a view that is being loaded.');
