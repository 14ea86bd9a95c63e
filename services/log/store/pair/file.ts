import { createHash } from 'node:crypto';
import { closeSync, createReadStream, existsSync, fsyncSync, openSync, readdirSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '../folder.ts';

/** A file that is there once a directory has everything that was acknowledged: it may count. */
const whole = 'whole';

export const isWhole = (root: string): boolean => existsSync(join(root, whole));

export function markWhole(root: string): void {
  const fd = openSync(join(root, whole), 'w', 0o600);
  fsyncSync(fd);
  closeSync(fd);
  syncFolder(root);
}

export const wholePath = (root: string): string => join(root, whole);

/** All files of a log by their paths below its directory, with their sizes; none that is only being written. */
export function filesOf(root: string): Map<string, number> {
  const found = new Map<string, number>();
  if (!existsSync(root)) return found;
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name).slice(root.length + 1);
    if (entry.isFile() && path !== whole && !/\.(?:new|cleaned|recalled|deleted)(?:\/|$)/.test(path))
      found.set(path, statSync(join(root, path), { throwIfNoEntry: false })?.size ?? 0);
  }
  return found;
}

/** Makes every file durable: what was acknowledged as surviving a loss of power may lie here as the other process' copy alone. */
export async function syncAll(root: string): Promise<void> {
  for (const path of filesOf(root).keys()) {
    const file = await open(join(root, path), 'r');
    await file.datasync();
    await file.close();
  }
}

/** The SHA-256 of the first bytes of a file, in hexadecimal; undefined when it is not there, or shorter. */
export async function hashOf(path: string, bytes: number): Promise<string | undefined> {
  const hash = createHash('sha256');
  if (bytes === 0) return hash.digest('hex');
  let read = 0;
  try {
    for await (const chunk of createReadStream(path, { end: bytes - 1 }) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      read += chunk.length;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return read === bytes ? hash.digest('hex') : undefined;
}
