import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { lineReader } from '../keys/line.ts';
import { isRunning } from '../volume/process-identity.ts';
import { readOwner } from '../volume/owner.ts';
import { type ControlAnswer, type ControlRequest, controlSocketPath } from './control-socket.ts';
import { endLeftovers } from './leftover.ts';
import { fault, OperationError } from './fault.ts';
import { controlAnswerMs, downMs, lineBytes } from './limits.ts';
import type { PlatformStatus } from './status.ts';

/** The platform that runs on a data directory, or undefined when none does. Throws SupervisorSilent when it does not answer. */
export async function runningPlatform(data: string): Promise<PlatformStatus | undefined> {
  const owner = readOwner(data);
  return owner ? ask(owner.run, { type: 'status' }, controlAnswerMs) : undefined;
}

/** Like `runningPlatform`, once its start has ended, well or not. */
export async function startedPlatform(data: string, waitMs: number): Promise<PlatformStatus | undefined> {
  const owner = readOwner(data);
  return owner ? ask(owner.run, { type: 'wait' }, waitMs) : undefined;
}

/** Drains one process of the platform on a data directory and starts it again; resolves when it is ready. */
export async function restartProcess(data: string, name: string, waitMs: number): Promise<void> {
  const owner = readOwner(data);
  if (!owner) throw fault('NotRunning');
  await ask(owner.run, { type: 'restart', process: name }, waitMs);
}

/**
 * Ends the platform on a data directory and returns when all its processes have ended; false when none ran. A supervisor
 * that does not end in time is killed, which ends its processes too.
 */
export async function endPlatform(data: string): Promise<boolean> {
  const owner = readOwner(data);
  if (!owner) return false;
  await ask(owner.run, { type: 'down' }, controlAnswerMs).catch(() => process.kill(owner.pid, 'SIGTERM'));
  const end = performance.now() + downMs;
  while (isRunning(owner.pid, owner.identity)) {
    if (performance.now() > end) {
      process.kill(owner.pid, 'SIGKILL');
      break;
    }
    await sleep(20);
  }
  await endLeftovers(data, 'wait');
  return true;
}

async function ask(run: string, request: ControlRequest, waitMs: number): Promise<PlatformStatus> {
  const { promise, resolve, reject } = Promise.withResolvers<PlatformStatus>();
  const socket = connect(controlSocketPath(run));
  const silent = (why: string) => reject(fault('SupervisorSilent', why));
  const timer = setTimeout(() => silent(`No answer came within ${waitMs / 1000} s.`), waitMs);
  socket.on('error', (error) => silent(error.message));
  socket.on('close', () => silent('It closed the connection.'));
  const take = (line: string): void => {
    const answer = JSON.parse(line) as ControlAnswer;
    if ('ok' in answer) resolve(answer.ok);
    else reject(new OperationError(answer.code, { status: 500, retry: false, text: answer.sentence }, {}));
  };
  socket.on('data', lineReader(lineBytes, take, () => silent('Its answer is too long.')));
  socket.write(`${JSON.stringify(request)}\n`);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}
