import { Socket } from 'node:net';
import { lineReader } from '../keys/line.ts';
import type { DetachedAnswer, DetachedOrder } from './detach.ts';
import { OperationError } from './fault.ts';
import { lineBytes } from './limits.ts';
import { failureTail, startPlatform } from './platform.ts';

// The supervisor of `gamut up --detach`: takes its order from descriptor 3, answers there once, and runs until it is ended.
process.umask(0o077);
process.on('SIGHUP', () => undefined);
const unwanted = new AbortController();
process.on('SIGTERM', () => unwanted.abort());
process.on('SIGINT', () => unwanted.abort());
const line = new Socket({ fd: 3, readable: true, writable: true });
line.on('error', () => line.destroy());
let answered = false;
line.on('close', () => {
  if (!answered) unwanted.abort();
});
line.on(
  'data',
  lineReader(
    lineBytes,
    (text) => void run(JSON.parse(text) as DetachedOrder),
    () => process.exit(1),
  ),
);

async function run(order: DetachedOrder): Promise<void> {
  try {
    const platform = await startPlatform({ ...order, mode: 'processes' }, unwanted.signal);
    unwanted.signal.addEventListener('abort', () => void platform.stop());
    answer({ ok: platform.status() });
    await platform.ended;
    process.exit(0);
  } catch (error) {
    const known = error instanceof OperationError;
    if (!known) process.stderr.write(`${String((error as Error)?.stack ?? error)}\n`);
    const sentence = known ? error.detail : (error as Error)?.message;
    answer({ code: known ? error.code : 'StartFailed', sentence: sentence ?? '', tail: failureTail(error) });
    process.exitCode = 1;
  }
}

function answer(given: DetachedAnswer): void {
  answered = true;
  line.end(`${JSON.stringify(given)}\n`);
}
