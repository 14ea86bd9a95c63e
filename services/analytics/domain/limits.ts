import { limit } from '#kernel/contract/limit.ts';

export const statementBytesMax = limit(512 * 1024, 'byte', 'Largest text of statements that come together.');
export const statementsMax = limit(1_000, 'statement', 'Most statements of one text.');
export const expressionDepthMax = limit(200, 'level', 'Deepest nesting of an expression.');
export const columnsMax = limit(250, 'column', 'Most columns of a source or view.');
export const numericDigitsMax = limit(131_072, 'digit', 'Most digits of a numeric before the point, as in PostgreSQL.');
export const numericScaleMax = limit(16_383, 'digit', 'Most digits of a numeric behind the point, as in PostgreSQL.');
export const rowTypesKeptMax = limit(1_000, 'type', 'Types of rows whose fields are kept ready.');
export const rowTypeLengthMax = limit(16_384, 'character', 'Longest type of rows, with all of its fields and theirs written out.');
export const textLengthMax = limit(1_048_576, 'character', 'Longest JSON that a function makes.');
export const pathDepthMax = limit(100, 'level', 'Deepest nesting of a path into JSON.');
export const pathItemsMax = limit(100_000, 'value', 'Most values that a path into JSON goes through.');
export const pathsKeptMax = limit(256, 'path', 'Paths into JSON that are kept ready.');
export const arrayDimensionsMax = limit(6, 'dimension', 'Most dimensions of an array, as in PostgreSQL.');
export const arrayItemsMax = limit(100_000, 'element', 'Most elements of an array.');
export const arrayLengthMax = limit(16 * 1_048_576, 'character', 'Longest elements of an array together.');
export const featuresMax = limit(250, 'feature', 'Most features of a model that learns.');
export const nameBytesMax = limit(63, 'byte', 'Longest name of a source, view or column, as in PostgreSQL.');
export const quotientScaleMax = limit(1_000, 'digit', 'Most digits behind the point of a quotient of numerics, as in PostgreSQL.');
export const idleUsualMs = limit(
  10_000,
  'ms',
  'Pause of a partition behind which it holds the watermark back no more, if a source does not say.',
);
export const spanMaxMs = limit(9_000_000_000_000, 'ms', 'Longest delay, lateness or retention.');
export const operatorsMax = limit(1_000, 'operator', 'Most operators of a query, those of the views within it too.');
export const pathBytesMax = limit(512, 'byte', 'Longest beginning of the names of files that a sink writes.');
export const functionSizeMax = limit(100_000, 'node', 'Most nodes of a statement whose functions are what they say.');
export const patternDepthMax = limit(100, 'level', 'Deepest nesting of a pattern of rows.');
export const patternSizeMax = limit(5_000, 'step', 'Most steps of a pattern of rows, its repetitions and permutations written out.');
export const navigationMax = limit(1_000, 'row', 'Farthest that PREV, NEXT, FIRST and LAST go.');
export const patternsKeptMax = limit(256, 'pattern', 'Patterns of to_char that are kept ready.');
export const powerStepsMax = limit(10_000, 'step', 'Largest whole exponent for which a power of a numeric is multiplied out.');
export const zonesKeptMax = limit(64, 'zone', 'Time zones that are kept ready.');
export const parametersMax = limit(65_535, 'parameter', 'Most parameters of a statement, as in the protocol.');
export const lineBytesMax = limit(8 * 1_048_576, 'byte', 'Longest line of a file that a source reads.');
export const everyUsualMs = limit(10_000, 'ms', 'Pause between two looks for new files, if a source does not say.');
export const everyMinMs = limit(100, 'ms', 'Shortest pause between two looks for new files.');
export const countWindowsMax = limit(64, 'window', 'Most windows of COUNT_WINDOW that a row lies in.');
export const joinedLeavesMax = limit(
  10,
  'relation',
  'Most relations of one inner join whose order is weighed; more are joined as they are written.',
);
export const groupingSetsMax = limit(64, 'set', 'Most sets of expressions by which one SELECT is grouped.');
export const startPartitionsMax = limit(1_000, 'partition', 'Most partitions for which the start of a source names offsets.');
export const lookupCacheRowsMax = limit(100_000, 'row', 'Most rows of a table elsewhere that are kept for the next lookup.');
export const lookupCacheRowsUsual = limit(10_000, 'row', 'Rows that are kept so, if a source says only for how long.');
export const lookupCacheMaxMs = limit(86_400_000, 'ms', 'Longest time for which rows are kept so.');
export const lookupCacheUsualMs = limit(60_000, 'ms', 'Time for which rows are kept so, if a source says only how many.');
export const lookupRetriesMax = limit(10, 'try', 'Most repetitions of a question to a table elsewhere.');
export const lookupRetriesUsual = limit(3, 'try', 'Repetitions of such a question, if a source does not say.');
