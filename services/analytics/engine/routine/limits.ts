import { limit } from '#kernel/contract/limit.ts';

export const routineMs = limit(500, 'ms', 'Longest that a function in JavaScript or WebAssembly may take for one row.');
export const routineSilenceMs = limit(900, 'ms', 'Silence after which the process of functions is ended, whatever it is in.');
export const routineStartMs = limit(20_000, 'ms', 'Longest start of a process of functions.');
export const routineIdleMs = limit(30_000, 'ms', 'Time for which the process of functions of an environment waits for another call.');
export const routineHeapMb = limit(64, 'MiB', 'Objects that functions of one environment may have at once.');
export const routineResidentMb = limit(192, 'MiB', 'Memory of the process of functions, beyond which it is ended.');
export const routineMemoryMb = limit(
  1_024,
  'MiB',
  'What that process may ask of the system, what Node reserves for code (about 570) included.',
);
export const routineWatchMs = limit(20, 'ms', 'How often it is looked how much memory that process has.');
export const routinePagesMax = limit(256, 'page', 'Most memory of a module of WebAssembly, in pages of 64 KiB.');
export const routineProcessesMax = limit(16, 'process', 'Most environments whose functions are at work at once; others wait.');
export const routineRealmsMax = limit(32, 'function', 'Functions that one process keeps ready.');
export const routineRowsMax = limit(1_000, 'row', 'Rows of one batch of calls.');
export const routineBatchLength = limit(1_048_576, 'character', 'Arguments of one batch of calls, one long row included.');
export const routineTextMax = limit(1_048_576, 'character', 'Longest text that a function answers.');
export const routineReplyBytes = limit(16_777_216, 'byte', 'Longest reply of a process of functions.');
export const routineChunkMs = limit(50, 'ms', 'Time after which a process of functions tells what it has.');
export const routineErrorMax = limit(400, 'character', 'What is told of an error that a function threw.');
export const routineCallsMax = limit(200_000, 'call', 'Most different calls of functions in one step of a view or one question.');
export const routineCallsLength = limit(
  64 * 1_048_576,
  'character',
  'Arguments and answers of functions that one step or question keeps, beyond which it is refused.',
);
export const moduleGrownBytes = limit(2_097_152, 'byte', 'Memory of a module of WebAssembly behind whose call room is made for the next.');
