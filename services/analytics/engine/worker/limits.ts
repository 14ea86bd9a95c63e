import { limit } from '#kernel/contract/limit.ts';

export const workersMax = limit(64, 'worker', 'Most workers that share views.');
export const groupsMax = limit(128, 'group', 'Key groups into which the keys of a view that is shared are dealt.');
export const ringBytes = limit(1_048_576, 'byte', 'Shared memory through which one worker hands rows to another; a power of two.');
export const ringWaitMs = limit(1_000, 'ms', 'Longest wait for another worker before its ring is looked at again.');
export const sharedRecordsMin = limit(2_048, 'record', 'Records that come at once to a view before workers share it.');
export const sharedCalmMs = limit(5_000, 'ms', 'How long no such number comes at once before a view is taken back from workers.');
export const portionsMax = limit(3, 'portion', 'Portions of a view with workers at once: one is computed while the next are read.');
export const hotRowsMin = limit(4, 'row', 'Rows of one key in a portion from which on they are put together before they are handed over.');
export const sampleRows = limit(512, 'row', 'Rows of a portion by which it is guessed how many keys it has.');
export const sketchMax = limit(1_048_576, 'count', 'Most counts by which keys that come often are found in a portion; a power of two.');
export const fallsMax = limit(
  3,
  'time',
  'How often workers fall with a view, and no commit of it between, before it is computed without them.',
);
export const sharedEntriesMax = limit(
  500_000,
  'entry',
  'Rows and groups of a view that could be on disk from which on workers do not share it: half of what they may keep.',
);
