import { limit } from '../contract/limit.ts';

export const addressNameLengthMax = limit(2048, 'character', 'Longest name of a resource in a REST address, decoded.');
export const queryParametersMax = limit(1000, 'parameter', 'Most parameters in the query of a REST address.');
export const repeatKeyLengthMax = limit(255, 'character', 'Longest Idempotency-Key.');
export const environmentLengthMax = limit(128, 'character', 'Longest Gamut-Environment header.');
export const jsonBodyBytesMax = limit(4 * 1024 * 1024, 'byte', 'Largest JSON body of a REST request.');
export const outputHeaderBytesMax = limit(12 * 1024, 'byte', 'Largest Gamut-Output header, encoded.');
export const streamPulseMs = limit(15_000, 'ms', 'Pause after which a quiet event stream sends a comment, so that proxies keep it open.');
export const streamRetryMs = limit(1000, 'ms', 'Pause an event-stream client is told to make before it connects again.');
