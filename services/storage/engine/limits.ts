import { limit } from '#kernel/contract/limit.ts';

const kib = 1024;

export const zstdContextsMax = limit(8, 'context', 'Contexts of zstd that a thread keeps for each direction, one for each dictionary.');
export const frameWindowLog = limit(17, 'bit', 'Window of zstd: 128 KiB reach over a dictionary and a frame.');
export const frameLevel = limit(3, 'level', 'Level of zstd for frames that another thread compresses.');
export const smallLevel = limit(1, 'level', 'Level of zstd for frames that are compressed on the event loop.');
export const headBytes = limit(32, 'byte', 'Header before the bytes of every shard of a stripe.');
export const unitMaxBytes = limit(256 * kib, 'byte', 'Bytes of one data shard in a full stripe; the last stripe may have smaller ones.');
export const stripesMax = limit(8, 'stripe', 'Stripes that are in memory at once, being written or read; more wait.');
export const decodersMax = limit(256, 'matrix', 'Inverted matrices remembered, one for each set of shards that were missing.');
export const laneBytes = limit(64 * kib, 'byte', 'Bytes of one stream that MD5 takes at once beside those of three others.');
