import { limit } from '../contract/limit.ts';

export const snapshotMapBytes = limit(64 * 1024 ** 3, 'byte', 'Address space of the snapshot; the file is only as large as its content.');
export const snapshotReadersMax = limit(256, 'reader', 'Most read transactions on the snapshot at one time, over all processes.');
export const epochPollMs = limit(25, 'ms', 'How often a process looks which tenants changed.');
export const changedKeptMax = limit(100_000, 'change', 'Changes kept in the snapshot; a process further behind re-decides everything.');
export const appliedWaitMs = limit(10_000, 'ms', 'How long a change waits for its place in the snapshot.');
export const recordsKeptMax = limit(4096, 'record', 'Decoded records of the snapshot that one process keeps until the snapshot moves.');
