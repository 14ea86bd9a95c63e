import type { Drive, DriveFile } from './drive.ts';
import { systemCode } from './system.ts';
import { type IndexFrame, indexBodyBytes, unpackIndexFrame } from './index-frame.ts';
import { indexHeadBytes } from './limits.ts';

/** Where the log of a partition of the index lies, below its drives; and the partition itself, below the data directory. */
export const indexFolder = (partition: number): string => (partition === 0 ? 'index' : `index-${partition}`);

/** A base, or a log of what changed since; the numbers grow. */
export type IndexFileName = { readonly number: number; readonly kind: 'base' | 'log' };

export function indexPath(folder: string, { number, kind }: IndexFileName): string {
  return `${folder}/${number.toString(16).padStart(12, '0')}.${kind}`;
}

/** The file of such a name; undefined for what a crash left half made. */
export function readIndexName(name: string): IndexFileName | undefined {
  const [, number, kind] = /^([0-9a-f]{12})\.(base|log)$/.exec(name) ?? [];
  return number === undefined ? undefined : { number: Number.parseInt(number, 16), kind: kind as IndexFileName['kind'] };
}

/** The copies of a file that can be opened. */
export async function openCopies(drives: readonly Drive[], path: string): Promise<DriveFile[]> {
  const copies: DriveFile[] = [];
  for (const drive of drives) {
    const file = await drive.open(path, 'r').catch((error: unknown) => {
      if (systemCode(error) === undefined) throw error;
    });
    if (file) copies.push(file);
  }
  return copies;
}

/** Runs with the copies of a file that can be opened. */
export async function withCopies<T>(drives: readonly Drive[], path: string, run: (copies: readonly DriveFile[]) => Promise<T>): Promise<T> {
  const copies = await openCopies(drives, path);
  try {
    return await run(copies);
  } finally {
    for (const file of copies) await file.close();
  }
}

/** The frames of a file, each from the first copy in which it is whole; ends where it is in none. */
export async function* readIndexFrames(copies: readonly DriveFile[]): AsyncGenerator<IndexFrame, void> {
  for (let at = 0; ; ) {
    const found = await anyFrame(copies, at);
    if (!found) return;
    yield found.frame;
    at += found.bytes;
  }
}

/** How many copies of a file lack a frame that another one has, up to a place. */
export async function countDamagedCopies(copies: readonly DriveFile[], end: number): Promise<number> {
  const damaged = new Set<DriveFile>();
  for (let at = 0; at < end; ) {
    const found = await Promise.all(copies.map((file) => readFrame(file, at)));
    copies.forEach((file, index) => {
      if (!found[index]) damaged.add(file);
    });
    const bytes = found.find((one) => one !== undefined)?.bytes;
    if (bytes === undefined) return copies.length;
    at += bytes;
  }
  return damaged.size;
}

type Found = { readonly frame: IndexFrame; readonly bytes: number };

async function anyFrame(copies: readonly DriveFile[], at: number): Promise<Found | undefined> {
  for (const file of copies) {
    const found = await readFrame(file, at);
    if (found) return found;
  }
  return undefined;
}

async function readFrame(file: DriveFile, at: number): Promise<Found | undefined> {
  try {
    const head = Buffer.allocUnsafeSlow(indexHeadBytes);
    if ((await file.read(head, at)) < indexHeadBytes) return undefined;
    const length = indexBodyBytes(head, at);
    if (length === undefined) return undefined;
    const body = Buffer.allocUnsafeSlow(length);
    if ((await file.read(body, at + indexHeadBytes)) < length) return undefined;
    const frame = unpackIndexFrame(head, body);
    return frame && { frame, bytes: indexHeadBytes + length };
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}
