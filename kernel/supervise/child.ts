import { flushCompileCache } from 'node:module';
import { Socket } from 'node:net';
import { OperationError } from '../contract/fault.ts';
import { lineReader } from '../keys/line.ts';
import { lineBytes } from './limits.ts';
import type { Order, Part, Report } from './protocol.ts';
import { runPart } from './run-part.ts';

/** The file descriptor on which supervisor and child talk. */
const supervisorFd = 3;

/**
 * A process' main: takes the start order from descriptor 3, starts the part, reports ready, keeps the heartbeat, drains
 * and exits. It exits at once when the supervisor's end closes, so that no process outlives its platform.
 */
export function childMain(part: Part | (() => Promise<Part>)): void {
  process.umask(0o077);
  // A line that nobody reads any more must not end the process in place of the reason it was about to write.
  process.stdout.on('error', () => undefined);
  process.stderr.on('error', () => undefined);
  process.on('uncaughtException', (error) => {
    writeError('The process ends: an error was not caught.', error);
    die();
  });
  const line = openLine();
  const send = (report: Report): void => {
    line.write(`${JSON.stringify(report)}\n`);
    // Node writes compiled code when it exits; a process that is killed would start as slowly the next time.
    if (report.type === 'ready') setImmediate(flushCompileCache);
  };
  const load = typeof part === 'function' ? part : async () => part;
  const run = runPart({ load, send, explain: (error) => writeError('The part failed.', error) });
  line.on(
    'data',
    lineReader(lineBytes, (text) => run.take(JSON.parse(text) as Order), die),
  );
  line.on('close', () => {
    run.abandon();
    die();
  });
  // The terminal's interrupt is the supervisor's business; a SIGTERM of one's own is a drain.
  process.on('SIGINT', () => undefined);
  process.on('SIGHUP', () => undefined);
  process.on('SIGTERM', () => run.take({ type: 'drain' }));
  void run.ended.then((code) => line.end(() => process.exit(code)));
}

/**
 * Ends this process in mid-work. An exit would first wait for its threads, and one of these may wait for the main thread:
 * LMDB's writer does, in the midst of a batch.
 */
function die(): void {
  process.kill(process.pid, 'SIGKILL');
}

function openLine(): Socket {
  try {
    const line = new Socket({ fd: supervisorFd, readable: true, writable: true });
    line.on('error', () => line.destroy());
    return line;
  } catch {
    process.stderr.write('This module is started by `gamut up`, which gives it its orders; it does not run by itself.\n');
    return process.exit(2);
  }
}

function writeError(message: string, error: unknown): void {
  const isFault = error instanceof OperationError;
  const fields = {
    time: new Date().toISOString(),
    level: 'error',
    message,
    code: isFault ? error.code : undefined,
    error: error instanceof Error ? error.message : String(error),
    stack: error instanceof Error && !isFault ? error.stack : undefined,
  };
  process.stderr.write(`${JSON.stringify(fields)}\n`);
}
