import { limit } from '#kernel/contract/limit.ts';

const mebibyte = 1_048_576;
export const viewMemoryBytes = limit(
  256 * mebibyte,
  'byte',
  'Memory of what views of one environment remember and can put on disk, where `GAMUT_ANALYTICS_MEMORY_MB` says nothing else.',
);
export const viewHeldBytes = limit(
  64 * mebibyte,
  'byte',
  'Memory of what one view remembers and cannot put on disk, where its part of the memory of all is less.',
);
export const viewDiskBytes = limit(
  16_384 * mebibyte,
  'byte',
  'Disk of what one view has put there, where `GAMUT_ANALYTICS_DISK_MB` says nothing else.',
);
export const sharedEntryBytes = limit(512, 'byte', 'Bytes that a row or group of a view takes that workers share, about.');
export const viewMemoryMaxMb = limit(65_536, 'MiB', 'Greatest memory of the views of an environment that may be set.');
export const viewDiskMaxMb = limit(16_777_216, 'MiB', 'Greatest disk of a view that may be set.');
export const scratchTablesMax = limit(256, 'table', 'Most operators of one view whose state is put on disk.');
export const dueMax = limit(65_536, 'record', 'Most records that come back from disk in one step because their time has passed.');
export const stepShare = limit(2, 'time', 'How many times the memory that it may have a view has for one step at most.');
export const roomShare = limit(8, 'part', 'Of so many parts of its memory a view frees one more than it must, so that few steps do.');
