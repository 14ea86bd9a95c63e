import { limit } from '#kernel/contract/limit.ts';

export const textBytesMax = limit(1_048_576, 'character', 'Longest text that a function makes.');
export const entriesMax = limit(
  1_000_000,
  'entry',
  'Most rows and groups of a view or query that are in memory at once, and rows of a table; a view with more stands still.',
);
export const tableMaxBytes = limit(256 * 1_048_576, 'byte', 'Most bytes of the rows of one table, which are in memory, about.');
export const unnestedMax = limit(1_000_000, 'row', 'Most rows that unnest makes in one step.');
export const seriesMax = limit(1_000_000, 'row', 'Most rows of generate_series.');
export const pairsMax = limit(1_000_000, 'row', 'Most rows that a join makes of one batch.');
export const treeLeavesMax = limit(64, 'leaf', 'Leaves of a tree that learns beyond which none splits.');
export const treeClassesMax = limit(16, 'class', 'Most classes of a tree that learns; rows of others are counted, and not learned.');
export const treeEstimatesMax = limit(
  4_096,
  'estimate',
  'Leaves times features times classes of a tree that learns beyond which no leaf splits and no class is added.',
);
export const frameStepsMax = limit(
  20_000_000,
  'row',
  'Most rows that the frames of one partition take, each for every row that it is a part of.',
);
export const patternMax = limit(1_000, 'character', 'Longest pattern of LIKE.');
export const regexStepsMax = limit(20_000, 'step', 'Most steps of a regular expression.');
export const regexesKeptMax = limit(256, 'expression', 'Regular expressions that are kept ready.');
export const runsMax = limit(10_000, 'run', 'Most ways in which one match of a pattern goes on at once.');
export const attemptStepsMax = limit(1_000_000, 'step', 'Most steps that one match is sought for, beyond which there is none.');
export const matchStepsMax = limit(20_000_000, 'step', 'Most steps that matches are sought for in one commit or query.');
export const runsSpentMin = limit(1_000, 'step', 'Most steps that one match is sought for when those of a commit are spent.');
export const indexesMax = limit(8, 'index', 'Most combinations of columns by which the rows of one view are found at once.');
export const shapesMax = limit(16, 'shape', 'Most orders of fields of a source for which a decoder of its own is made.');
export const fieldsMax = limit(500, 'field', 'Most fields of a record for whose order a decoder is made.');
export const shapeBytesMax = limit(256, 'byte', 'Longest name and space between two values of a record for whose order a decoder is made.');
export const compiledMax = limit(1_000, 'function', 'Generated functions that are kept ready for another view or query with equal code.');
export const topMax = limit(16, 'row', 'Most first rows of a partition for which room is made ahead; more are kept otherwise.');
export const parquetFileMaxBytes = limit(
  256 * 1_048_576,
  'byte',
  'Largest file of Parquet that a source reads; it lies in memory meanwhile.',
);
export const parquetMemoryMb = limit(512, 'MiB', 'Memory of the engine that reads such a file.');
export const parquetHeapMb = limit(192, 'MiB', 'Heap of the process that reads such a file, beside its engine.');
export const parquetMaxMs = limit(600_000, 'ms', 'Longest time that reading such a file may take.');
export const readersMax = limit(16, 'reader', 'Most who read all of a view at once; each keeps the rows that were in memory then.');
export const shownTextsMax = limit(65_536, 'text', 'Texts of one column of keys that are kept ready as such, and not as bytes alone.');
export const groupsNearMax = limit(65_536, 'place', 'Places of the table of the groups of that window which rows come for.');
export const standingRows = limit(4_096, 'row', 'Rows at once of those that a part of a plan stands for.');
export const pageRowsMax = limit(65_536, 'row', 'Most rows of one page of what an operator remembers.');
export const pageBytesMin = limit(1_048_576, 'character', 'Length of the texts of a page at which it is closed.');
export const scoredRows = limit(1_024, 'row', 'Rows that a model of trees or sums is asked in one go.');
export const roundsMax = limit(
  32,
  'round',
  'How often a step is begun anew because a function is called, or a row looked up, with what another answered.',
);
export const lookedRowsMax = limit(200_000, 'row', 'Most rows that one step, or one question, looks up.');
export const lookedKeysMax = limit(1_000, 'key', 'Keys of one question to what is elsewhere.');
export const recursionRowsMax = limit(200_000, 'row', 'Most rows of a recursive query, and of one round of it.');
export const recursionRoundsMax = limit(100_000, 'round', 'Most rounds of a recursive query.');
export const recursionMs = limit(60_000, 'ms', 'Longest time that the recursive queries of one question take.');
export const turnMs = limit(10, 'ms', 'Time that a recursive query goes on before others have their turn.');
export const sortedMin = limit(64, 'value', 'Values of a group from which on their order is kept between two changes.');
