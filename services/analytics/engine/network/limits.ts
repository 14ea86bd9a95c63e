import { limit } from '#kernel/contract/limit.ts';

export const networkMs = limit(2_000, 'ms', 'Silence after which the process of networks is ended: longest that eight rows may take.');
export const networkLoadMs = limit(5_000, 'ms', 'Longest that a network takes to be read and tried.');
export const networkStartMs = limit(20_000, 'ms', 'Longest start of a process of networks.');
export const networkIdleMs = limit(60_000, 'ms', 'Time for which the process of networks of an environment waits for more rows.');
export const networkHeapMb = limit(128, 'MiB', 'Objects of that process, beside the memory of its runtime.');
export const networkPagesMax = limit(6_144, 'page', 'Most memory of its runtime, networks included, in pages of 64 KiB.');
export const networkResidentMb = limit(640, 'MiB', 'Memory of that process, beyond which it is ended.');
export const networkMemoryMb = limit(1_792, 'MiB', 'What that process may ask of the system, what Node reserves for code included.');
export const networkWatchMs = limit(20, 'ms', 'How often it is looked how much memory that process has.');
export const networkProcessesMax = limit(4, 'process', 'Most environments whose networks are at work at once; others wait.');
export const networksLoadedMax = limit(8, 'network', 'Networks that one process keeps ready.');
export const networkChunkMs = limit(100, 'ms', 'Time that rows which are asked together shall take at most, as tried.');
export const networkRowsMax = limit(4_096, 'row', 'Rows that go to the process of networks at once.');
export const networkValuesMax = limit(4_194_304, 'value', 'Values of an input that go to the process of networks at once.');
export const networkReplyBytes = limit(64 * 1_048_576, 'byte', 'Longest reply of a process of networks.');
export const networkErrorMax = limit(400, 'character', 'What is told of an error of a network.');
export const networkAskedMax = limit(1_000_000, 'row', 'Most rows that networks are asked in one step of a view or one question.');
