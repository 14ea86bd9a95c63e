import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { logFileBytes, logFileMax, logLineBytes, logQueueBytes } from './limits.ts';

/** The log of one process: `<process>.log`, older ones `.1`, `.2`, .... Writing never waits and never fails the writer. */
export type LogFile = { write(chunk: Buffer): void; close(): Promise<void> };

/** Opens a log in `directory` for appending; `onLine` sees every line, cut to its limit. */
export function openLog(directory: string, process: string, onLine: (line: string) => void): LogFile {
  const path = join(directory, `${process}.log`);
  let queue: Buffer[] = [];
  let queued = 0;
  let dropped = 0;
  let writing: Promise<void> | undefined;
  let file: { handle: FileHandle; size: number } | undefined;
  const split = lineSplitter((line) => {
    onLine(line.toString('utf8'));
    if (queued + line.length > logQueueBytes) {
      dropped += 1;
      return;
    }
    queue.push(line, newline);
    queued += line.length + 1;
    writing ??= flush();
  });
  const flush = async (): Promise<void> => {
    while (queue.length > 0) {
      if (dropped > 0) queue.push(Buffer.from(`{"level":"warn","message":"${dropped} lines were dropped."}\n`));
      const lines = queue.length / 2;
      const batch = Buffer.concat(queue);
      queue = [];
      queued = 0;
      try {
        file ??= await openFile(path);
        await file.handle.write(batch);
        dropped = 0;
        file.size += batch.length;
        if (file.size >= logFileBytes) {
          await file.handle.close();
          file = undefined;
          await rotate(path);
        }
      } catch {
        // A full disk must not stop the process that logs; the gap is noted as soon as there is space again.
        dropped += Math.ceil(lines);
      }
    }
    // In the same turn as the last look at the queue: what is written from here on begins anew.
    writing = undefined;
  };
  return {
    write: split,
    async close() {
      await writing;
      await file?.handle.close();
    },
  };
}

const newline = Buffer.from('\n');

async function openFile(path: string): Promise<{ handle: FileHandle; size: number }> {
  const handle = await open(path, 'a', 0o600);
  return { handle, size: (await handle.stat()).size };
}

async function rotate(path: string): Promise<void> {
  await rm(`${path}.${logFileMax - 1}`, { force: true });
  for (let number = logFileMax - 2; number >= 0; number -= 1) {
    const from = number === 0 ? path : `${path}.${number}`;
    if (await stat(from).catch(() => undefined)) await rename(from, `${path}.${number + 1}`);
  }
}

/** Cuts chunks into lines; of a line that is too long only the beginning is kept. */
export function lineSplitter(onLine: (line: Buffer) => void): (chunk: Buffer) => void {
  let rest: Buffer[] = [];
  let held = 0;
  const keep = (part: Buffer): void => {
    const room = logLineBytes - held;
    if (room > 0 && part.length > 0) rest.push(Buffer.from(part.subarray(0, room)));
    held += part.length;
  };
  return (chunk) => {
    let from = 0;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      keep(chunk.subarray(from, at));
      from = at + 1;
      const line = Buffer.concat(rest);
      rest = [];
      held = 0;
      if (line.length > 0) onLine(line);
    }
    keep(chunk.subarray(from));
  };
}
