import { limit } from '#kernel/contract/limit.ts';

export const dictionaryMaxBytes = limit(32 * 1024, 'byte', 'Largest dictionary of a bucket.');
export const grainBytes = limit(8, 'byte', 'Length of the strings by which a dictionary is chosen.');
export const sharedByMin = limit(4, 'object', 'Objects that must have a string before it may be in a dictionary.');
export const runMinBytes = limit(12, 'byte', 'Shortest run of bytes in a dictionary.');
export const runMaxBytes = limit(256, 'byte', 'Longest run of bytes that is chosen at once for a dictionary.');
export const sampledBytes = limit(512, 'byte', 'Bytes of a frame whose spread of values tells whether compression is worth a try.');
