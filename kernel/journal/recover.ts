import { join } from 'node:path';
import { corrupt, listSegments, markName, readHeader, readMark, segmentName } from './directory.ts';
import { systemCode, type Disk, type DiskFile } from './disk.ts';
import { frameSizeMax, headerSize, type Frame, type Mark, type SegmentHeader } from './frame.ts';
import { holdsLaterFrame, readFrames, sync } from './segment.ts';

/** A segment and what it takes on disk. */
export type SegmentSize = { readonly number: number; readonly createdMs: number; bytes: number };

/** The segments of the lives before, and where the last of them ends. */
export type Recovered = { readonly segments: SegmentSize[]; readonly end: Mark };

/**
 * Takes stock of a journal before its process writes again. What a crash can leave is mended: the last segment's torn tail, at most
 * one frame, is cut. What it cannot leave is refused as damage, by file and offset.
 */
export async function recover(disk: Disk, directory: string, process: string): Promise<Recovered> {
  const numbers = await listSegments(disk, directory);
  const mark = await readMark(disk, directory);
  checkNumbers(directory, numbers, mark);
  const segments: SegmentSize[] = [];
  let end: Mark = { segment: 0, offset: 0, sequence: 1 };
  for (const number of numbers) {
    const path = join(directory, segmentName(number));
    const isLast = number === numbers.at(-1);
    const file = await openUnlessTrimmed(disk, path, isLast);
    if (file === undefined) continue;
    try {
      const header = await readHeader(file, path, process, number);
      const before = segments.at(-1);
      if (before) before.bytes = header.previousEnd;
      if (isLast) end = await mendTail(file, path, header, mark);
      segments.push({ number, createdMs: header.createdMs, bytes: end.offset });
    } finally {
      await file.close();
    }
  }
  return { segments, end };
}

/** A reader may trim while we look; the last segment it leaves alone. */
async function openUnlessTrimmed(disk: Disk, path: string, isLast: boolean): Promise<DiskFile | undefined> {
  try {
    return await disk.open(path, isLast ? 'write' : 'read');
  } catch (error) {
    if (isLast || systemCode(error) !== 'ENOENT') throw error;
    return undefined;
  }
}

/** The segments are a dense run that reaches at least to the mark's. */
function checkNumbers(directory: string, numbers: readonly number[], mark: Mark | undefined): void {
  for (const [at, number] of numbers.entries()) {
    const expected = numbers[0]! + at;
    if (number !== expected) throw corrupt(join(directory, segmentName(expected)), 0, 'the segment is missing, later ones are there');
  }
  if (mark && (numbers.at(-1) ?? 0) < mark.segment) {
    throw corrupt(join(directory, markName), 0, `the mark names segment ${mark.segment}, which is missing`);
  }
}

/** Finds the last whole frame, cuts what follows, and makes sure that the rest is durable. */
async function mendTail(file: DiskFile, path: string, header: SegmentHeader, mark: Mark | undefined): Promise<Mark> {
  const size = await file.size();
  let offset = headerSize;
  let sequence = header.firstSequence;
  let last: Frame | undefined;
  for (let broken = false; offset < size && !broken; ) {
    const scan = await readFrames(file, offset, size);
    for (const frame of scan.frames) {
      if (frame.first !== sequence) throw corrupt(path, frame.offset, `the frame begins with record ${frame.first}, not ${sequence}`);
      sequence = frame.first + frame.count;
      last = frame;
    }
    offset = scan.next;
    broken = scan.broken;
  }
  const believed = mark?.segment === header.segment ? mark.offset : headerSize;
  if (offset < believed) throw corrupt(path, offset, `the frame is damaged or cut, and all up to ${believed} had been durable`);
  if (offset < size) await cutTail(file, path, offset, size, sequence);
  if (last) await writeAgain(file, last);
  await sync(file);
  return { segment: header.segment, offset, sequence };
}

/** Only the group in flight can be torn: a tail longer than a frame, or with a later frame in it, was durable once. */
async function cutTail(file: DiskFile, path: string, offset: number, size: number, sequence: number): Promise<void> {
  if (size - offset > frameSizeMax || (await holdsLaterFrame(file, offset, size, sequence))) {
    throw corrupt(path, offset, `the frame is damaged, and ${size - offset} bytes with later frames follow it`);
  }
  await file.truncate(offset);
}

/**
 * The last frame may stand in memory only, its sync failed or never asked for; and a failed sync has marked its pages clean, so that
 * the next one would pass over them. Written again they are dirty, and the sync that follows is a real one.
 */
async function writeAgain(file: DiskFile, frame: Frame): Promise<void> {
  const bytes = Buffer.allocUnsafe(frame.end - frame.offset);
  await file.read(bytes, frame.offset);
  await file.write([bytes], frame.offset);
}
