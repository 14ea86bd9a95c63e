import { limit } from '#kernel/contract/limit.ts';

export const chunkRowsMax = limit(8192, 'row', 'Rows of one chunk of a table; full chunks may leave the memory.');
export const chunkFirstRowsMax = limit(64, 'row', 'Rows for which the first chunk of a new table has room.');
export const indexPartitionsMax = limit(
  64,
  'partition',
  'Parts of an index of ids; each grows by itself, so that growing never takes long.',
);
export const batchEventsMax = limit(8190, 'event', 'Most events of one batch: a message holds no more.');
export const blockRowsMax = limit(1024, 'row', 'Rows of one block of a list of rows.');
export const expireBatchMax = limit(8190, 'transfer', 'Pending transfers that expire in one step.');
export const coldChunksMax = limit(64, 'chunk', 'Chunks read back from disk that are kept in memory.');
