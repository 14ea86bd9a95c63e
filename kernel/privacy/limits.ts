import { limit } from '#kernel/contract/limit.ts';

export const detectedTextMax = limit(65_536, 'character', 'Longest text that is searched for personal data; the rest is not looked at.');
export const contextReachMax = limit(40, 'character', 'How far before a number the word may stand that makes it personal.');
export const subjectMax = limit(320, 'character', 'Longest name of a subject; an e-mail address is at most so long.');
export const dayMs = limit(86_400_000, 'ms', 'A day of retention; shorter only in tests.');
export const sweepsPerDay = limit(24, 'run', 'How often a day personal fields whose time is over are looked for.');
export const retentionSweepMinMs = limit(100, 'ms', 'Least time between two such runs, however short a day is.');
