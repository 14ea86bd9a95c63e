import { limit } from '#kernel/contract/limit.ts';

export const liveEveryMs = limit(3000, 'millisecond', 'Pause between two looks of the console at drives, repairs and hot prefixes.');
export const livesPlayed = limit(5000, 'life', 'Lives of a stripe that the console has played out.');
