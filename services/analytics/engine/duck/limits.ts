import { limit } from '#kernel/contract/limit.ts';

export const duckMemoryMb = limit(1_024, 'MiB', 'Memory of DuckDB in the process of one environment, stored rows included.');
export const duckStoredBytes = limit(512 * 1_048_576, 'byte', 'Rows of one environment that DuckDB keeps; those asked for last stay.');
export const duckHeapMb = limit(256, 'MiB', 'Heap of that process, beside DuckDB.');
export const duckProcessMb = limit(3_072, 'MiB', 'What that process may ask of the system, what Node reserves for code included.');
export const duckProcessesMax = limit(4, 'process', 'Most environments that have a process of DuckDB at once; others wait.');
export const duckIdleMs = limit(300_000, 'ms', 'Time for which the process of DuckDB of an environment waits for another question.');
export const duckStartMs = limit(20_000, 'ms', 'Longest start of a process of DuckDB.');
export const duckMs = limit(60_000, 'ms', 'Longest that DuckDB takes for one question.');
export const duckReplyBytes = limit(256 * 1_048_576, 'byte', 'Longest answer of a process of DuckDB.');
export const duckRowsMin = limit(20_000, 'record', 'Records of a source from which on DuckDB is asked; fewer are read anew.');
export const duckRowsMax = limit(20_000_000, 'record', 'Most records of a source that DuckDB keeps.');
export const duckAnswerRowsMax = limit(200_000, 'row', 'Most rows that DuckDB answers for a part of a question.');
export const duckStoredMs = limit(3_600_000, 'ms', 'Age at which rows of a topic are read anew: records may have been compacted away.');
export const duckStopMs = limit(1_000, 'ms', 'Time in which DuckDB stops when it is told, before its process is ended.');
export const storedRecords = limit(16_384, 'record', 'Records of a topic that go to the process of DuckDB at once.');
export const duckTableRowsMin = limit(50_000, 'row', 'Rows of a table from which on DuckDB is asked.');
export const duckPassesMin = limit(15, 'pass', 'Passes over a table since it changed, behind which its rows are sent to DuckDB.');
