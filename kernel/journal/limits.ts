import { limit } from '#kernel/contract/limit.ts';

const kib = 1024;
const mib = 1024 * kib;
const minute = 60_000;

export const recordMaxBytes = limit(256 * kib, 'byte', 'Largest record that a journal takes.');
export const groupMaxBytes = limit(mib, 'byte', 'Most plain bytes that one group commit gathers into a frame.');
export const frameMaxBytes = limit(mib + 4 * kib, 'byte', 'Largest payload of a frame: a full group and what sealing adds to it.');
export const segmentMaxBytes = limit(16 * mib, 'byte', 'Size at which a journal segment is followed by the next one.');
export const segmentAgeMaxMs = limit(10 * minute, 'ms', 'Age at which a journal segment is followed by the next one, at an append.');
export const journalMaxBytes = limit(1024 * mib, 'byte', 'Most bytes that one process keeps in its journal before it refuses changes.');
export const journalAgeMaxMs = limit(72 * 60 * minute, 'ms', 'Longest wait of a finished segment to be read before changes are refused.');
export const reserveBytes = limit(mib, 'byte', 'Space kept on disk, and above the size limit, for appends that must work when it is full.');
export const freeFloorBytes = limit(64 * mib, 'byte', 'Free space of the file system below which a journal takes essential appends only.');
export const queueMaxBytes = limit(16 * mib, 'byte', 'Most bytes that wait in memory for their group commit.');
export const lazyFlushMs = limit(100, 'ms', 'Longest time that a lazily appended record waits for a group.');
export const markMs = limit(5, 'ms', 'Longest time that durable records stay unseen by readers while more are being appended.');
export const measureMs = limit(1000, 'ms', 'Time between two looks at the size of a journal and at the free space while there is room.');
export const probeMs = limit(100, 'ms', 'Time between two looks at whether there is room in a full journal again.');
export const tailPollMs = limit(250, 'ms', 'Longest time a reader of a journal waits before it looks for new frames by itself.');

/** What an owner may set otherwise for one journal. */
export const journalLimits = {
  groupMaxBytes,
  segmentMaxBytes,
  segmentAgeMaxMs,
  journalMaxBytes,
  journalAgeMaxMs,
  reserveBytes,
  freeFloorBytes,
  queueMaxBytes,
  lazyFlushMs,
  markMs,
  measureMs,
  probeMs,
};

export type JournalLimits = typeof journalLimits;
