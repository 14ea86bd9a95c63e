import { limit } from '#kernel/contract/limit.ts';

export const wordsKnownMax = limit(50_000, 'word', 'Words whose likes on a list are remembered.');
export const wordsAtOnce = limit(100, 'entry', 'Entries of a list that are read before others may work.');
export const wordLettersMax = limit(40, 'letter', 'Letters of a word that are compared; what is longer is cut.');
