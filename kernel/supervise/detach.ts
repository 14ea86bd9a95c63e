import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { lineReader } from '../keys/line.ts';
import { openVolume } from '../volume/volume.ts';
import { fault } from './fault.ts';
import { childEnvironment } from './launch-process.ts';
import { detachMs, lineBytes } from './limits.ts';
import { moduleEnding, nodeFlags } from './module.ts';
import type { Settings } from './protocol.ts';
import type { PlatformStatus } from './status.ts';

/** What a detached supervisor is told on descriptor 3, where no other user of the machine can read it. */
export type DetachedOrder = { readonly data: string; readonly settings: Partial<Settings> };

/** What it answers there, once. */
export type DetachedAnswer =
  | { readonly ok: PlatformStatus }
  | { readonly code: string; readonly sentence: string; readonly tail: readonly string[] };

const main = fileURLToPath(new URL(`./detached.main${moduleEnding}`, import.meta.url));

/**
 * Starts a platform under a supervisor in a session of its own, which goes on when this process ends, and waits until all
 * is ready. When this process ends before that, so does the start. `onTail` gets the last log lines of a part that failed.
 */
export async function startDetached(order: DetachedOrder, onTail: (lines: readonly string[]) => void): Promise<PlatformStatus> {
  const volume = openVolume(order.data);
  const log = openSync(join(volume.directory('log'), 'supervisor.out'), 'a', 0o600);
  volume.directory('cache');
  // The supervisor takes the ownership over; nothing stands in the directory that it would not make again.
  volume.close();
  const child = spawn(process.execPath, [...nodeFlags, main], {
    cwd: '/',
    env: childEnvironment(volume.path),
    stdio: ['ignore', log, log, 'pipe'],
    detached: true,
  });
  closeSync(log);
  const line = child.stdio[3] as Duplex;
  const { promise, resolve, reject } = Promise.withResolvers<DetachedAnswer>();
  const failed = (why: string) => reject(fault('StartFailed', `The supervisor ${why}; see ${join(volume.path, 'log')}.`));
  const timer = setTimeout(() => failed('did not answer in time'), detachMs);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.once('error', (error) => failed(`could not be started: ${error.message}`));
  child.once('exit', (code, signal) => failed(`ended with ${signal ?? code}`));
  line.on('error', () => line.destroy());
  line.on(
    'data',
    lineReader(
      lineBytes,
      (text) => resolve(JSON.parse(text) as DetachedAnswer),
      () => failed('answered too long a line'),
    ),
  );
  line.write(`${JSON.stringify(order)}\n`);
  try {
    const answer = await promise;
    if ('ok' in answer) return answer.ok;
    await exited;
    onTail(answer.tail);
    throw fault(answer.code, answer.sentence);
  } finally {
    clearTimeout(timer);
    line.destroy();
    child.removeAllListeners();
    child.unref();
  }
}
