import { limit } from '#kernel/contract/limit.ts';

const kib = 1024;
const mib = 1024 * kib;

export const inlineMaxBytes = limit(
  4 * kib,
  'byte',
  'Largest object or part that lies in the index record itself; larger ones have a file.',
);
export const blockBytes = limit(mib, 'byte', 'Bytes of an object file that share one checksum; the last block may be shorter.');
export const batchMax = limit(1000, 'change', 'Most changes of the index that one commit carries.');
export const waitingMax = limit(50_000, 'change', 'Most changes of the index that wait for their commit before more are refused.');
export const effectsReadMax = limit(1000, 'record', 'Most audit records read from the effects log at once.');
export const effectsForgetMax = limit(5000, 'record', 'Most audit records dropped from the effects log in one commit.');
export const openReadersMax = limit(256, 'reader', 'Most threads and processes that may read the index at once.');
export const sweepMax = limit(1000, 'file', 'Most freed files unlinked before their rows are dropped in one commit.');
export const bucketChangesMax = limit(1000, 'change', 'Changes of buckets remembered for watches; older ones are answered Gone.');
export const effectDetailMaxBytes = limit(32 * kib, 'byte', 'Keys that the audit record of one DeleteObjects names; the rest are counted.');
export const copyTriesMax = limit(3, 'try', 'Times a copy reads its source again because it was replaced meanwhile.');
export const startMaxBytes = limit(1200, 'byte', 'Most bytes of the place at which a list begins; every key of the index is shorter.');
