import { limit } from '#kernel/contract/limit.ts';

const mib = 1024 * 1024;

export const segmentMaxBytes = limit(64 * mib, 'byte', 'Size at which a segment of the log is closed and the next begun.');
export const unsyncedMaxBytes = limit(32 * mib, 'byte', 'Bytes of the log that wait for the disk; doors stop reading above it.');
export const groupMaxBytes = limit(8 * mib, 'byte', 'Most bytes of the log written before one sync.');
export const snapshotEveryBytes = limit(256 * mib, 'byte', 'Bytes of log after which a snapshot is taken.');
export const sessionsMax = limit(64, 'session', 'Sessions of one credential; the one longest without a change ends when another begins.');
export const effectsWaitingMax = limit(200_000, 'record', 'Audit records that wait for the journal; changes are refused above it.');
export const effectsReadMax = limit(1000, 'record', 'Audit records read at once.');
export const expireEveryMs = limit(1000, 'ms', 'Time between two looks for pending transfers whose time is over.');
export const hotChunksMax = limit(512, 'chunk', 'Newest chunks of each table that are kept in memory; older ones are read from disk.');
export const listEveryRows = limit(
  16_384,
  'row',
  'Most transfers entered into the lists behind a request, so that queries find them listed.',
);
export const watchEveryMs = limit(1000, 'ms', 'Time between two looks for new rows behind a watch.');
export const entryHeadBytes = limit(192, 'byte', 'The head of an entry of the log.');
export const toldEveryMs = limit(20, 'ms', 'Time between two looks whether audit records are in the journal.');
export const toldTriesMax = limit(500, 'look', 'Looks whether audit records are in the journal before an erasure gives up.');
export const readBytes = limit(4 * mib, 'byte', 'Bytes of the log read at once for a standby that catches up.');
export const copyBytes = limit(mib, 'byte', 'Bytes of a file sent at once to a standby that begins anew.');
export const beatEveryMs = limit(200, 'ms', 'Time between two beats of the primary.');
export const silenceMs = limit(2000, 'ms', 'Silence after which one process of a ledger takes the other to be gone.');
export const patienceMs = limit(10_000, 'ms', 'Time that a standby which has just started gives a primary to start as well.');
export const renewMs = limit(20_000, 'ms', 'Longest wait of an erasure for the standby to begin anew.');
export const finishMs = limit(4000, 'ms', 'Longest wait of a primary that ends for its standby, and the other way round.');
export const endPollMs = limit(20, 'ms', 'Time between two looks whether the primary has ended.');
export const memoryRowsMax = limit(
  4_194_304,
  'row',
  'Transfers of a ledger whose ids and lists are kept in memory; at the next snapshot the older half goes into files.',
);
export const spillRows = limit(524_288, 'row', 'Transfers whose ids and lists are sorted into files at once.');
export const sliceRows = limit(16_384, 'row', 'Of these, those that are sorted in one turn.');
export const runRowsMax = limit(67_108_864, 'row', 'Most transfers whose ids and lists are merged into the same files.');
export const runPieceBytes = limit(mib / 2, 'byte', 'Bytes of a file of ids or lists that are read or written at once.');
