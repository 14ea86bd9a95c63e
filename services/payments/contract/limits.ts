import { limit } from '#kernel/contract/limit.ts';

export const requestsPerSecond = limit(2_000, 'request per second', 'Requests of one environment to the Stripe API.');
export const requestsBurst = limit(10_000, 'request', 'Requests of one environment to the Stripe API in a burst.');
export const pageMax = limit(100, 'object', 'Most objects of one page.');
export const metadataMax = limit(50, 'key', 'Most keys of metadata on one object.');
export const metadataKeyMax = limit(40, 'character', 'Longest key of metadata.');
export const metadataValueMax = limit(500, 'character', 'Longest value of metadata.');
export const textMax = limit(5000, 'character', 'Longest text of a field, such as a description.');
export const idMax = limit(255, 'character', 'Longest id of an object.');
export const amountMax = limit(99_999_999, 'minor unit', 'Largest amount of one payment.');
export const eventTypesMax = limit(300, 'type', 'Most types of events that one endpoint is told of.');
export const urlMax = limit(5000, 'character', 'Longest address of an endpoint.');
export const rateRowsMax = limit(200, 'row', 'Most rows of the table of what payments cost.');
export const rateBasisPointsMax = limit(10_000, 'hundredth of a percent', 'Most of a payment that a row takes: all of it.');
export const rateFixedMax = limit(1_000_000, 'minor unit', 'Largest fixed part of what a payment costs.');
