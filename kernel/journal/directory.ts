import assert from 'node:assert';
import { join } from 'node:path';
import { fault, type OperationError } from '#kernel/contract/fault.ts';
import { realDisk, type Disk, type DiskFile } from './disk.ts';
import { decodeHeader, decodeMark, headerSize, isProcessName, markSize, type Mark, type SegmentHeader } from './frame.ts';

export const markName = 'mark';

/** The directory of one process's journal. */
export function processDirectory(root: string, process: string): string {
  assert(isProcessName(process), `a journal needs a process name of at most 64 of a-z 0-9 . _ -, got ${JSON.stringify(process)}`);
  return join(root, process);
}

export function segmentName(segment: number): string {
  return `${segment.toString(16).padStart(16, '0')}.journal`;
}

/** The numbers of the segments that are there, ascending. */
export async function listSegments(disk: Disk, directory: string): Promise<number[]> {
  const names = await disk.list(directory);
  return names
    .filter((name) => /^[0-9a-f]{16}\.journal$/.test(name))
    .map((name) => Number.parseInt(name.slice(0, 16), 16))
    .sort((a, b) => a - b);
}

/** The processes that have a journal below a root. */
export async function listProcesses(root: string, disk: Disk = realDisk): Promise<string[]> {
  const found: string[] = [];
  for (const name of (await disk.list(root)).filter(isProcessName).sort()) {
    if ((await listSegments(disk, join(root, name))).length > 0) found.push(name);
  }
  return found;
}

/**
 * Deletes the segments that lie wholly before a position which the reader has committed; returns how many. They go oldest first,
 * each made durable before the next, so that no crash leaves a gap.
 */
export async function trim(root: string, process: string, before: Mark, disk: Disk = realDisk): Promise<number> {
  const directory = processDirectory(root, process);
  const segments = await listSegments(disk, directory);
  if (!segments.includes(before.segment)) {
    throw corrupt(join(directory, segmentName(before.segment)), before.offset, 'the segment to trim before is not there');
  }
  const consumed = segments.filter((segment) => segment < before.segment);
  for (const segment of consumed) {
    await disk.unlink(join(directory, segmentName(segment)));
    await disk.syncDirectory(directory);
  }
  return consumed.length;
}

/** Names damage by its file and offset. */
export function corrupt(path: string, offset: number, sentence: string, cause?: unknown): OperationError {
  return fault('JournalCorrupt', { detail: `${path}, offset ${offset}: ${sentence}.`, cause });
}

/** The header of a segment, which must be the one its name says. */
export async function readHeader(file: DiskFile, path: string, process: string, segment: number): Promise<SegmentHeader> {
  const bytes = Buffer.alloc(headerSize);
  const header = decodeHeader(bytes.subarray(0, await file.read(bytes, 0)));
  if (header === undefined) throw corrupt(path, 0, 'the header of the segment is damaged');
  if ('format' in header) {
    throw fault('JournalFormat', `${path} is written in format ${header.format}; this release reads format 1.`);
  }
  if (header.process !== process || header.segment !== segment) {
    throw corrupt(path, 0, `the header is that of segment ${header.segment} of process ${header.process}`);
  }
  return header;
}

/** The mark; undefined where there is none, or none that can be believed. */
export async function readMark(disk: Disk, directory: string): Promise<Mark | undefined> {
  if (!(await disk.list(directory)).includes(markName)) return undefined;
  const file = await disk.open(join(directory, markName), 'read');
  try {
    const bytes = Buffer.alloc(markSize);
    return decodeMark(bytes.subarray(0, await file.read(bytes, 0)));
  } finally {
    await file.close();
  }
}
