import { limit } from '../contract/limit.ts';

const kib = 1024;
const mib = 1024 * kib;

export const lineBytes = limit(mib, 'byte', 'Longest line between the supervisor and a child, or on its control socket.');
export const heartbeatMs = limit(1000, 'ms', 'Time between two heartbeats of a process.');
export const lagMaxMs = limit(5000, 'ms', 'Longest silence or event-loop lag of a process before it is aborted.');
export const supervisorLateMs = limit(500, 'ms', 'Lateness of the supervisor itself from which on it does not judge the lag of others.');
export const abortMs = limit(2000, 'ms', 'Time that an aborted process gets to end before it is killed.');
export const startMs = limit(60_000, 'ms', 'Time that one process gets to become ready.');
export const platformStartMs = limit(180_000, 'ms', 'Time that all processes together get to become ready.');
export const drainMs = limit(10_000, 'ms', 'Time that a process gets to finish what runs before it is killed.');
export const admitMs = limit(2000, 'ms', 'Time that keeper and control get to take a token in before its process starts anyway.');
export const restartFirstMs = limit(100, 'ms', 'Wait before the first restart of a process; it doubles with every further one.');
export const restartLastMs = limit(30_000, 'ms', 'Longest wait before a restart.');
export const circuitExitMax = limit(5, 'exit', 'Exits within the circuit window after which a process is not restarted at once any more.');
export const circuitWindowMs = limit(60_000, 'ms', 'Window in which exits are counted, and time after which a process counts as stable.');
export const probeFirstMs = limit(
  60_000,
  'ms',
  'Wait before a process whose circuit is open is tried again; it doubles with every failure.',
);
export const probeLastMs = limit(600_000, 'ms', 'Longest wait before a process whose circuit is open is tried again.');
export const processNumberMax = limit(255, 'process', 'Highest process number; numbers go into ids.');
export const logFileBytes = limit(8 * mib, 'byte', 'Size at which the log of a process is followed by a new one.');
export const logFileMax = limit(4, 'file', 'Logs kept of each process, the one in use included.');
export const logLineBytes = limit(16 * kib, 'byte', 'Longest line of a log; the rest of a longer one is cut off.');
export const logQueueBytes = limit(mib, 'byte', 'Most bytes of one log that wait for the disk; more are dropped and counted.');
export const logTailMax = limit(20, 'line', 'Last lines of each process that are kept to explain a failure.');
export const controlSocketMax = limit(32, 'connection', 'Most connections to the control socket of the supervisor at once.');
export const controlAnswerMs = limit(5000, 'ms', 'Time that a supervisor gets to answer on its control socket.');
export const downMs = limit(60_000, 'ms', 'Time that a platform gets to end before its supervisor is killed.');
export const detachMs = limit(200_000, 'ms', 'Longest wait for a detached supervisor to say that all is ready.');
export const pollMs = limit(20, 'ms', 'Time between two looks at something that is about to happen, such as the end of a process.');
export const leftoverMs = limit(5000, 'ms', 'Time that processes of a supervisor that died get to end after they were killed.');
export const guardEndMs = limit(25_000, 'ms', 'Time that a foreign program gets to end under its guard after its supervisor died.');
export const partMemoryMb = limit(512, 'MiB', 'Largest heap of a process if its plan does not say otherwise.');
export const guardMemoryMb = limit(96, 'MiB', 'Largest heap of keeper.');
export const workersMax = limit(8, 'process', 'Most processes of one service that share its work.');
export const recorderThreads = limit(16, 'thread', 'Threads of recorder, which syncs the files of the audit log.');
