import { limit } from '#kernel/contract/limit.ts';

export const requestsPerSecond = limit(100_000, 'request per second', 'Queries and look-ups of one scope.');
export const requestsBurst = limit(200_000, 'request', 'Queries and look-ups of one scope in a burst.');
export const eventsPerSecond = limit(4_000_000, 'event per second', 'Accounts and transfers asked for in one scope.');
export const eventsBurst = limit(8_000_000, 'event', 'Accounts and transfers asked for in one scope in a burst.');
export const eventsMax = limit(8189, 'event', 'Most accounts, transfers or ids of one request.');
export const pageMax = limit(2048, 'row', 'Most rows that one query answers in REST.');
export const digitsMax = limit(39, 'digit', 'Longest number of 128 bits in decimal.');
