import { limit } from '#kernel/contract/limit.ts';

const mib = 1024 * 1024;

export const fenceMs = limit(1500, 'ms', 'Longest wait for PostgreSQL to say which of two processes holds a service.');
export const wireMessageBytes = limit(128 * mib, 'byte', 'Largest message between the two processes of a service.');
export const wireHeadBytes = limit(5, 'byte', 'Length and kind before each such message.');
