import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { lineReader } from '../keys/line.ts';
import { isRunning } from '../volume/process-identity.ts';
import { type Owner, readOwner } from '../volume/owner.ts';
import { type ControlAnswer, type ControlRequest, controlSocketPath } from './control-socket.ts';
import { endLeftovers } from './leftover.ts';
import { fault, OperationError } from './fault.ts';
import { controlAnswerMs, downMs, lineBytes, pollMs } from './limits.ts';
import type { PlatformStatus } from './status.ts';

/** The platform that runs on a data directory, or undefined when none does. Throws SupervisorSilent when it does not answer. */
export async function runningPlatform(data: string): Promise<PlatformStatus | undefined> {
  return askUnlessEnded(data, { type: 'status' }, controlAnswerMs);
}

/** Like `runningPlatform`, once its start has ended, well or not. */
export async function startedPlatform(data: string, waitMs: number): Promise<PlatformStatus | undefined> {
  return askUnlessEnded(data, { type: 'wait' }, waitMs);
}

/** Undefined also when the owner is about to end: then it answers nobody any more. */
async function askUnlessEnded(data: string, request: ControlRequest, waitMs: number): Promise<PlatformStatus | undefined> {
  const owner = readOwner(data);
  if (!owner) return undefined;
  const end = performance.now() + waitMs;
  try {
    return await ask(owner, request, waitMs);
  } catch (error) {
    if (!(error instanceof OperationError) || error.code !== 'SupervisorSilent') throw error;
    while (isRunning(owner.pid, owner.identity)) {
      if (performance.now() > end) throw error;
      await sleep(pollMs);
    }
    return undefined;
  }
}

/** Drains one process of the platform on a data directory and starts it again; resolves when it is ready. */
export async function restartProcess(data: string, name: string, waitMs: number): Promise<void> {
  const owner = readOwner(data);
  if (!owner) throw fault('NotRunning');
  await ask(owner, { type: 'restart', process: name }, waitMs);
}

/**
 * Ends the platform on a data directory and returns when all its processes have ended; false when none ran. A supervisor
 * that does not end in time is killed, which ends its processes too.
 */
export async function endPlatform(data: string): Promise<boolean> {
  const owner = readOwner(data);
  if (!owner) return false;
  await ask(owner, { type: 'down' }, controlAnswerMs).catch(() => process.kill(owner.pid, 'SIGTERM'));
  const end = performance.now() + downMs;
  while (isRunning(owner.pid, owner.identity)) {
    if (performance.now() > end) {
      process.kill(owner.pid, 'SIGKILL');
      break;
    }
    await sleep(pollMs);
  }
  await endLeftovers(data, 'wait');
  return true;
}

/** Asks the owner; one that has taken the data directory and does not listen yet is given the time to. */
async function ask(owner: Owner, request: ControlRequest, waitMs: number): Promise<PlatformStatus> {
  const end = performance.now() + waitMs;
  for (;;) {
    const socket = await open(owner.run).catch((error: Error) => error);
    if (!(socket instanceof Error)) return answerOf(socket, request, end - performance.now());
    if (performance.now() > end || !isRunning(owner.pid, owner.identity))
      throw fault('SupervisorSilent', { detail: socket.message, cause: socket });
    await sleep(pollMs);
  }
}

async function open(run: string): Promise<Socket> {
  const socket = connect(controlSocketPath(run));
  await once(socket, 'connect');
  return socket;
}

async function answerOf(socket: Socket, request: ControlRequest, waitMs: number): Promise<PlatformStatus> {
  const { promise, resolve, reject } = Promise.withResolvers<PlatformStatus>();
  const silent = (why: string) => reject(fault('SupervisorSilent', why));
  const timer = setTimeout(() => silent('No answer came in time.'), waitMs);
  socket.on('error', (error) => silent(error.message));
  socket.on('close', () => silent('It closed the connection.'));
  const take = (line: string): void => {
    const answer = JSON.parse(line) as ControlAnswer;
    if ('ok' in answer) resolve(answer.ok);
    else reject(fault(answer.code, answer.detail));
  };
  socket.on(
    'data',
    lineReader(lineBytes, take, () => silent('Its answer is too long.')),
  );
  socket.write(`${JSON.stringify(request)}\n`);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}
