import { join } from 'node:path';
import { OperationError } from '#kernel/contract/fault.ts';
import { corrupt, listSegments, markName, processDirectory, readHeader, readMark, segmentName } from './directory.ts';
import { realDisk, systemCode, type Disk, type DiskFile } from './disk.ts';
import { associatedData, decodeGroup, headerSize } from './frame.ts';
import type { Frame, JournalRecord, Mark, Position, SegmentHeader } from './frame.ts';
import { tailPollMs } from './limits.ts';
import type { Open } from './seal.ts';
import { readFrames } from './segment.ts';

export type TailOptions = {
  readonly dir: string;
  readonly process: string;
  readonly open: Open;
  /** The `next` of the batch committed last; without it the reader begins with the oldest segment. */
  readonly from?: Mark;
  readonly signal: AbortSignal;
  readonly disk?: Disk;
};

/** Records in their order, and the position to go on from once they are committed; none where only a new segment was begun. */
export type Batch = { readonly records: readonly JournalRecord[]; readonly next: Position };

/**
 * Reads the journal of a process, another one as a rule, and waits for more until the signal aborts. Only durable records come, so
 * that no crash takes back what a reader has seen. Faults: JournalCorrupt, JournalFormat, and what `open` throws of its own.
 */
export async function* tail(options: TailOptions): AsyncGenerator<Batch, void, undefined> {
  const { dir, process, disk = realDisk, signal } = options;
  const directory = processDirectory(dir, process);
  const watch = disk.watch(directory, markName);
  const reader = new Reader(disk, directory, process, options.open, options.from);
  try {
    while (!signal.aborted) {
      const batch = await reader.next();
      if (batch) yield batch;
      else await watch.changed(tailPollMs, signal);
    }
  } finally {
    watch.close();
    await reader.close();
  }
}

/** The segment being read; `end` is known for good once its successor is there. */
type Current = { readonly path: string; readonly file: DiskFile; readonly header: SegmentHeader; end?: number };

class Reader {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #process: string;
  readonly #open: Open;
  #at: Mark | undefined;
  #mark: Mark | undefined;
  #current: Current | undefined;

  constructor(disk: Disk, directory: string, process: string, open: Open, from: Mark | undefined) {
    this.#disk = disk;
    this.#directory = directory;
    this.#process = process;
    this.#open = open;
    this.#at = from;
  }

  /** The next batch, or undefined where there is nothing durable to read yet. */
  async next(): Promise<Batch | undefined> {
    this.#at ??= await this.#oldest();
    const at = this.#at;
    if (at === undefined) return undefined;
    const current = (this.#current ??= await this.#openSegment(at.segment));
    if (!(await this.#believes(at))) return undefined;
    const end = await this.#end(current);
    if (at.offset > end) throw corrupt(current.path, at.offset, `the position lies behind the end of the segment at ${end}`);
    return at.offset < end ? this.#read(current, at, end) : this.#advance(current, at);
  }

  async close(): Promise<void> {
    await this.#current?.file.close();
    this.#current = undefined;
  }

  async #oldest(): Promise<Mark | undefined> {
    const [segment] = await listSegments(this.#disk, this.#directory);
    if (segment === undefined) return undefined;
    this.#current = await this.#openSegment(segment);
    return { segment, offset: headerSize, sequence: this.#current.header.firstSequence };
  }

  async #openSegment(segment: number): Promise<Current> {
    const path = join(this.#directory, segmentName(segment));
    const file = await this.#disk.open(path, 'read').catch((error: unknown) => {
      if (systemCode(error) !== 'ENOENT') throw error;
      throw corrupt(path, 0, 'the segment to be read is missing', error);
    });
    try {
      return { path, file, header: await readHeader(file, path, this.#process, segment) };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** True where the mark lies beyond the position. It is read anew only when all up to the last one has been read. */
  async #believes(at: Mark): Promise<boolean> {
    if (isBefore(at, this.#mark)) return true;
    this.#mark = await readMark(this.#disk, this.#directory);
    return isBefore(at, this.#mark);
  }

  /** Where the valid bytes of a segment end: for the last one at the mark, for others where their successor says. */
  async #end(current: Current): Promise<number> {
    const { segment } = current.header;
    if (this.#mark?.segment === segment) return this.#mark.offset;
    if (current.end === undefined) {
      const next = await this.#openSegment(segment + 1);
      await next.file.close();
      current.end = next.header.previousEnd;
    }
    return current.end;
  }

  async #read(current: Current, at: Mark, end: number): Promise<Batch> {
    const scan = await readFrames(current.file, at.offset, end);
    if (scan.frames.length === 0) throw corrupt(current.path, at.offset, 'the frame is damaged');
    const records: JournalRecord[] = [];
    let next = at;
    for (const frame of scan.frames) {
      try {
        for (const record of this.#openFrame(current, frame, next.sequence)) records.push(record);
      } catch (error) {
        // What stands before the damage is good: it goes first, and the next read begins at the damage.
        if (records.length === 0) throw error;
        break;
      }
      next = { segment: at.segment, offset: frame.end, sequence: frame.first + frame.count };
    }
    return this.#move(records, next);
  }

  #openFrame({ path, header }: Current, frame: Frame, sequence: number): JournalRecord[] {
    const { offset, first, count } = frame;
    if (first !== sequence) throw corrupt(path, offset, `the frame begins with record ${first}, not ${sequence}`);
    const associated = associatedData(this.#process, header.segment, offset, first, count);
    const records = decodeGroup(this.#unseal(path, header.keyVersion, frame, associated), first, count);
    if (records === undefined) throw corrupt(path, offset, `the frame does not hold the ${count} records it names`);
    return records;
  }

  #unseal(path: string, keyVersion: number, frame: Frame, associated: Buffer): Buffer {
    try {
      return this.#open(keyVersion, frame.sealed, associated);
    } catch (error) {
      // A key that is away is an operating error of its own.
      if (error instanceof OperationError) throw error;
      throw corrupt(path, frame.offset, `the frame does not open with version ${keyVersion} of the key`, error);
    }
  }

  async #advance(current: Current, at: Mark): Promise<Batch> {
    const next = await this.#openSegment(at.segment + 1);
    await current.file.close();
    this.#current = next;
    if (next.header.firstSequence !== at.sequence) {
      throw corrupt(next.path, 0, `the segment begins with record ${next.header.firstSequence}, not ${at.sequence}`);
    }
    return this.#move([], { segment: at.segment + 1, offset: headerSize, sequence: at.sequence });
  }

  #move(records: JournalRecord[], next: Mark): Batch {
    this.#at = next;
    return { records, next: { process: this.#process, ...next } };
  }
}

function isBefore(at: Mark, mark: Mark | undefined): boolean {
  return mark !== undefined && (at.segment < mark.segment || (at.segment === mark.segment && at.offset < mark.offset));
}
