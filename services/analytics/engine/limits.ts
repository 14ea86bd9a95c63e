import { limit } from '#kernel/contract/limit.ts';

export const textBytesMax = limit(1_048_576, 'character', 'Longest text that a function makes.');
export const entriesMax = limit(
  1_000_000,
  'entry',
  'Most rows and groups that one view keeps; records that would add another are rejected.',
);
export const pairsMax = limit(1_000_000, 'row', 'Most rows that a join makes of one batch.');
export const patternMax = limit(1_000, 'character', 'Longest pattern of LIKE.');
