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
export const listRowsMax = limit(524_288, 'row', 'Transfers whose lists leave the memory together.');
export const pageBytes = limit(4096, 'byte', 'Most bytes read at once of ids and lists that have left the memory.');
export const coldPagesMax = limit(256, 'page', 'Pages of each file of ids or lists that are kept in memory.');
export const filterBitsPerId = limit(
  12,
  'bit',
  'Bits that the filter before a file of ids has for each; one of a hundred absent ids is read for.',
);
