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
const mib = 1024 * kib;
export const laneWaitBytes = limit(2 * mib, 'byte', 'Bytes of one stream that wait for MD5 at most until others fill the lanes.');
export const digestToldBytes = limit(512 * kib, 'byte', 'Bytes of a stream that are done before the event loop is told of room.');

export const selectHeadMaxBytes = limit(mib, 'byte', 'Bytes of the beginning of an object in which the header of a CSV is looked for.');
export const selectBatchLength = limit(4 * mib, 'character', 'Records that one statement of a query is asked of.');
export const selectBatchRowsMax = limit(100_000, 'record', 'Most records that one statement of a query is asked of.');
export const selectRecordsBytes = limit(64 * kib, 'byte', 'Bytes of a result that are gathered before they are sent.');
export const selectThreads = limit(2, 'thread', 'Threads of the engine of one query.');
export const selectParquetMaxBytes = limit(256 * mib, 'byte', 'Largest Parquet object that is queried; it lies in memory meanwhile.');
export const selectHeapMb = limit(192, 'MiB', "Heap of the process of one query, beside its engine's memory.");
export const selectsMax = limit(4, 'query', 'Queries of objects that run at once; more are told to come again.');
export const selectMaxMs = limit(600_000, 'ms', 'Longest time that a query of an object may take.');
export const selectIdleMs = limit(10_000, 'ms', 'Time for which the process of a query waits for another one of the same organization.');
export const selectQuietMs = limit(5000, 'ms', 'Silence of a query after which its client is told that it goes on.');
export const inventoryFileRowsMax = limit(1_000_000, 'row', 'Most rows of one file of an inventory.');
export const inventoryGroupRowsMax = limit(20_000, 'row', 'Most rows of one row group of Parquet; they lie in memory meanwhile.');
export const inventoryGroupBytesMax = limit(16 * mib, 'byte', 'Values of rows with which a row group of Parquet is full.');
export const inventoryValueBytes = limit(8, 'byte', 'What a value that is no text counts in a row group.');
export const selectMemoryMb = limit(512, 'MB', 'Memory of the engine of one query.');
export const selectFrameHeadBytes = limit(5, 'byte', "Before what a query's process says: its sort and its length.");
