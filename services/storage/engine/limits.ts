import { limit } from '#kernel/contract/limit.ts';

const kib = 1024;

export const headBytes = limit(32, 'byte', 'Header before the bytes of every shard of a stripe.');
export const unitMaxBytes = limit(256 * kib, 'byte', 'Bytes of one data shard in a full stripe; the last stripe may have smaller ones.');
export const stripesMax = limit(8, 'stripe', 'Stripes that are in memory at once, being written or read; more wait.');
export const decodersMax = limit(256, 'matrix', 'Inverted matrices remembered, one for each set of shards that were missing.');
export const laneBytes = limit(64 * kib, 'byte', 'Bytes of one stream that MD5 takes at once beside those of three others.');
