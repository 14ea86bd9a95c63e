import { join } from 'node:path';
import { fault } from '#kernel/contract/fault.ts';
import { segmentName } from './directory.ts';
import type { Disk, DiskFile } from './disk.ts';
import { decodeFrame, encodeHeader, frameSizeMax, peekSequence, type Frame, type SegmentHeader } from './frame.ts';
import { frameMaxBytes } from './limits.ts';

/**
 * Makes a segment that has its header. It gets its name only when the header is durable, and is returned when the name is too, so
 * that a segment without a header is damage and never an accident.
 */
export async function createSegment(disk: Disk, directory: string, header: SegmentHeader): Promise<DiskFile> {
  const path = join(directory, segmentName(header.segment));
  const file = await disk.open(`${path}.new`, 'create');
  try {
    await file.write([encodeHeader(header)], 0);
    await sync(file);
    await disk.rename(`${path}.new`, path);
  } catch (error) {
    await file.close();
    throw error;
  }
  await syncNames(disk, directory);
  return file;
}

/** A sync that fails says that the system has dropped pages; a second one would lie (https://wiki.postgresql.org/wiki/Fsync_Errors). */
export async function sync(file: DiskFile): Promise<void> {
  try {
    await file.datasync();
  } catch (cause) {
    throw fault('JournalFailed', { cause });
  }
}

async function syncNames(disk: Disk, directory: string): Promise<void> {
  try {
    await disk.syncDirectory(directory);
  } catch (cause) {
    throw fault('JournalFailed', { cause });
  }
}

/** Whole frames from `next` backwards; `broken` says that what stands at `next` is no frame that ends before the end given. */
export type Scan = { readonly frames: readonly Frame[]; readonly next: number; readonly broken: boolean };

/** Reads the frames that begin at `at` and end by `end`, as many as one window of memory holds. */
export async function readFrames(file: DiskFile, at: number, end: number): Promise<Scan> {
  const window = Buffer.allocUnsafe(Math.min(end - at, frameSizeMax));
  const bytes = window.subarray(0, await file.read(window, at));
  const frames: Frame[] = [];
  let done = 0;
  while (done < bytes.length) {
    const frame = decodeFrame(bytes, done, at);
    if (frame === 'damaged') return { frames, next: at + done, broken: true };
    if (frame === 'short') break;
    frames.push(frame);
    done = frame.end - at;
  }
  // A window that does not hold even its first frame never will: it is as large as a frame can be, or ends where the frame must.
  return { frames, next: at + done, broken: done === 0 };
}

/** True where a whole frame whose records come after `sequence` stands somewhere in the range, which is at most one window long. */
export async function holdsLaterFrame(file: DiskFile, at: number, end: number, sequence: number): Promise<boolean> {
  const window = Buffer.allocUnsafe(end - at);
  const bytes = window.subarray(0, await file.read(window, at));
  for (let start = 0; start < bytes.length; start++) {
    // The sequence rules out nearly every place before a checksum is taken.
    const first = peekSequence(bytes, start);
    if (first <= sequence || first > sequence + frameMaxBytes) continue;
    if (typeof decodeFrame(bytes, start, 0) === 'object') return true;
  }
  return false;
}
