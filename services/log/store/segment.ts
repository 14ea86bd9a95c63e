import {
  closeSync,
  fdatasync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { read } from 'node:fs';
import { dirname } from 'node:path';
import type { Disk } from './disk.ts';
import { syncFolder } from './folder.ts';
import { batchHeadBytes } from '#wire/kafka/limits.ts';
import { type BatchHead, readHead } from '#wire/kafka/record/batch.ts';
import { machineBoot } from './boot.ts';
import { checkpointBytes, hotBytes, indexIntervalBytes } from './limits.ts';
import { scanBatches } from './scan.ts';
import { type Mark, markEnding, readMark, writeMark } from './tier/mark.ts';

/** What an index file keeps of a segment, so that it need not be scanned again. */
export type SegmentFacts<Extra> = {
  readonly sizeBytes: number;
  readonly nextOffset: number;
  readonly maxTimestamp: number;
  readonly createdAt: number;
  readonly offsets: number[];
  readonly positions: number[];
  readonly times: number[];
  readonly extra: Extra;
  /** The machine's start in which it was written of a segment that may go on; to be believed as long as that lasts. */
  readonly boot?: string;
};

/** Reads bytes of a segment that lies in the store of blobs. */
export type RemoteRead = (mark: Mark, position: number, bytes: number) => Promise<Buffer>;

const nameOf = (baseOffset: number) => String(baseOffset).padStart(20, '0');

/** One file of a partition's log: whole batches, one behind the other, with a sparse index by offset and time in memory. */
export class Segment {
  readonly baseOffset: number;
  readonly path: string;
  sizeBytes = 0;
  nextOffset: number;
  maxTimestamp = -1;
  createdAt: number;
  /** Entries of the index: first offset of a batch, where it stands, and the latest time up to and with it. */
  offsets: number[] = [];
  positions: number[] = [];
  times: number[] = [];
  /** That the segment lies in the store of blobs as well, and where. */
  mark: Mark | undefined;
  /** Whether it lies on this disk; if not, it has a mark. */
  isLocal = true;
  readonly #readRemote: RemoteRead | undefined;
  #indexedBytes = Number.NEGATIVE_INFINITY;
  #fd: number | undefined;
  #reads = 0;
  #closed = false;
  #checkpointedBytes = 0;
  #named = false;

  readonly #disk: Disk;

  constructor(disk: Disk, directory: string, baseOffset: number, createdAt: number, readRemote?: RemoteRead) {
    this.#disk = disk;
    this.#readRemote = readRemote;
    this.baseOffset = baseOffset;
    this.nextOffset = baseOffset;
    this.path = `${directory}/${nameOf(baseOffset)}.log`;
    this.createdAt = createdAt;
  }

  get indexPath(): string {
    return `${this.path.slice(0, -4)}.index`;
  }

  get markPath(): string {
    return `${this.path.slice(0, -4)}${markEnding}`;
  }

  get #file(): number {
    this.#fd ??= openSync(this.path, 'a+', 0o600);
    return this.#fd;
  }

  /** Writes a batch that has its place; what was written of a batch that fails is taken back. */
  append(batch: Buffer, lastOffset: number, maxTimestamp: number): void {
    const fd = this.#file;
    try {
      this.#disk.append(fd, this.path, batch, this.sizeBytes);
    } catch (error) {
      ftruncateSync(fd, this.sizeBytes);
      throw error;
    }
    this.note(readHead(batch).baseOffset, lastOffset, maxTimestamp, batch.length);
  }

  /** Takes a batch that stands at the end of the file into the index. */
  note(baseOffset: number, lastOffset: number, maxTimestamp: number, sizeBytes: number): void {
    if (maxTimestamp > this.maxTimestamp) this.maxTimestamp = maxTimestamp;
    if (this.sizeBytes - this.#indexedBytes >= indexIntervalBytes) {
      this.offsets.push(baseOffset);
      this.positions.push(this.sizeBytes);
      this.times.push(this.maxTimestamp);
      this.#indexedBytes = this.sizeBytes;
    }
    this.sizeBytes += sizeBytes;
    this.nextOffset = lastOffset + 1;
  }

  /** Resolves when everything appended is on the disk. */
  sync(): Promise<void> {
    const fd = this.#file;
    this.#reads += 1;
    return new Promise<void>((resolve, reject) =>
      fdatasync(fd, (error) => {
        this.#release();
        if (error) reject(error);
        else resolve();
      }),
    ).then(() => this.#syncName());
  }

  /** A file survives a loss of power only when its folder's entry does. */
  #syncName(): void {
    if (this.#named) return;
    syncFolder(dirname(this.path));
    this.#named = true;
  }

  /** Where to begin looking for an offset. */
  positionBefore(offset: number): number {
    return this.positions[floorIndex(this.offsets, offset)] ?? 0;
  }

  /** Where to begin looking for the first batch of a time. */
  positionOfTime(timestamp: number): number {
    const { times } = this;
    let low = 0;
    for (let high = times.length; low < high; ) {
      const middle = (low + high) >>> 1;
      if ((times[middle] as number) < timestamp) low = middle + 1;
      else high = middle;
    }
    return this.positions[Math.max(0, low - 1)] ?? 0;
  }

  /** Bytes from a position on; at once where the system surely has them in memory. */
  read(position: number, bytes: number): Buffer | Promise<Buffer> {
    const length = Math.min(bytes, this.sizeBytes - position);
    const into = Buffer.allocUnsafe(Math.max(0, length));
    if (length <= 0) return into;
    if (!this.isLocal) return this.#remote(position, length);
    if (this.#fd !== undefined && position >= this.sizeBytes - hotBytes) {
      return into.subarray(0, readSync(this.#fd, into, 0, length, position));
    }
    return this.#fd === undefined ? this.#readClosed(into, position) : this.#readOpen(this.#fd, into, position);
  }

  #readOpen(fd: number, into: Buffer, position: number): Promise<Buffer> {
    this.#reads += 1;
    return new Promise((resolve, reject) =>
      read(fd, into, 0, into.length, position, (error, bytes) => {
        this.#release();
        if (error) reject(error);
        else resolve(into.subarray(0, bytes));
      }),
    );
  }

  #remote(position: number, bytes: number): Promise<Buffer> {
    if (!this.mark || !this.#readRemote) throw new TypeError('a segment is neither here nor in a store');
    return this.#readRemote(this.mark, position, bytes);
  }

  async #readClosed(into: Buffer, position: number): Promise<Buffer> {
    const file = await open(this.path, 'r').catch((error: unknown) => {
      // It was let go between the decision to read it here and now.
      if (this.isLocal) throw error;
      return undefined;
    });
    if (!file) return this.#remote(position, into.length);
    try {
      const { bytesRead } = await file.read(into, 0, into.length, position);
      return into.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }

  #release(): void {
    this.#reads -= 1;
    if (this.#closed && this.#reads === 0) this.#closeFile();
  }

  #closeFile(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    this.#closed = false;
  }

  /** Writes the index beside the sealed or resting segment. A file that is torn or of another size is not believed. */
  writeIndex(extra: unknown, boot?: string): void {

    const { sizeBytes, nextOffset, maxTimestamp, createdAt, offsets, positions, times } = this;
    const facts = { sizeBytes, nextOffset, maxTimestamp, createdAt, offsets, positions, times, extra, ...(boot ? { boot } : {}) };
    this.#disk.put(this.indexPath, JSON.stringify(facts));
    this.#checkpointedBytes = sizeBytes;
  }

  /** The sealed segment is on the disk: from now on its index is believed after a loss of power as well. */
  settle(extra: unknown): void {
    this.writeIndex(extra);
  }

  /** Brings a sealed segment that was read after a loss of power to the disk, so that the next start need not read it again. */
  settleRead(extra: unknown): void {
    fsyncSync(this.#file);
    syncFolder(dirname(this.path));
    this.close();
    this.writeIndex(extra);
  }

  /**
   * Writes the index of a segment that goes on, where much was appended since the last: of a process that is killed, the next
   * reads only what came after. Each costs as much as the segment is long, so that they stand ever further apart. Answers whether it did.
   */
  checkpoint(extra: () => unknown): boolean {
    const { sizeBytes } = this;
    if (machineBoot === undefined || sizeBytes - this.#checkpointedBytes < Math.max(checkpointBytes, sizeBytes / 8)) return false;
    this.writeIndex(extra(), machineBoot);
    return true;
  }

  /** The facts of the index file, if it speaks of the segment as it is; `begun`: or of what it began with. */
  readIndex<Extra>(of: 'whole' | 'begun' = 'whole'): SegmentFacts<Extra> | undefined {
    try {
      const facts = JSON.parse(readFileSync(this.indexPath, 'utf8')) as SegmentFacts<Extra>;
      const size = this.isLocal ? statSync(this.path).size : (this.mark?.sizeBytes ?? 0);
      if (facts.boot !== undefined && facts.boot !== machineBoot) return undefined;
      const isBegun = of === 'begun' && facts.boot !== undefined && this.mark === undefined && facts.sizeBytes < size;
      if (facts.sizeBytes !== size && !isBegun) return undefined;
      const { sizeBytes, nextOffset, maxTimestamp, createdAt, offsets, positions, times } = facts;
      Object.assign(this, { sizeBytes, nextOffset, maxTimestamp, createdAt, offsets, positions, times });
      this.#indexedBytes = positions.at(-1) ?? Number.NEGATIVE_INFINITY;
      this.#checkpointedBytes = sizeBytes;
      return facts;
    } catch {
      return undefined;
    }
  }

  /**
   * Looks for the mark of a copy. Where the file here is not what was copied - a loss of power may have cut it - the copy counts.
   */
  findMark(): void {
    this.mark = readMark(this.markPath);
    if (!this.mark) return;
    const { sizeBytes, nextOffset, maxTimestamp, createdAt } = this.mark;
    this.isLocal = statSync(this.path, { throwIfNoEntry: false })?.size === sizeBytes;
    if (!this.isLocal) rmSync(this.path, { force: true });
    // The index adds where to begin looking; without it reading begins at the start.
    Object.assign(this, { sizeBytes, nextOffset, maxTimestamp, createdAt });
  }

  /** Lets the file on this disk go: from now on the copy is read. */
  release(): void {
    if (!this.mark) throw new TypeError('a segment that was not copied cannot be let go');
    this.isLocal = false;
    this.close();
    this.#disk.remove(this.path);
  }

  /** Says that the segment was copied; when this returns, that survives a loss of power. */
  setMark(mark: Mark): void {
    writeMark(this.markPath, mark);
    this.#disk.tell(this.markPath);
    this.mark = mark;
  }

  /** Makes the file of a segment that has nothing yet, so that its name says where the log goes on. */
  begin(): void {
    this.#disk.append(this.#file, this.path, Buffer.alloc(0), 0);
  }

  /** Takes the mark away, for good when this returns: the copy may be removed then. */
  unmark(): void {
    this.mark = undefined;
    this.#disk.remove(this.markPath);
    syncFolder(dirname(this.path));
  }

  /** Reads the file from where the index ended, tells every whole batch, and cuts off what is torn behind the last one. */
  recover(visit: (head: BatchHead, batch: Buffer) => void): void {
    const take = (head: BatchHead, batch: Buffer) => {
      this.note(head.baseOffset, head.baseOffset + head.lastOffsetDelta, head.maxTimestamp, head.sizeBytes);
      visit(head, batch);
    };
    const end = scanBatches(this.path, take, this.sizeBytes);
    if (statSync(this.path).size > end) ftruncateSync(this.#file, end);
  }

  close(): void {
    if (this.#reads > 0) this.#closed = true;
    else this.#closeFile();
  }

  remove(delayMs: number): void {
    this.close();
    for (const path of [this.path, this.indexPath, this.markPath]) this.#disk.remove(path, delayMs);
  }
}

function floorIndex(values: readonly number[], wanted: number): number {
  let low = 0;
  for (let high = values.length; low < high; ) {
    const middle = (low + high) >>> 1;
    if ((values[middle] as number) <= wanted) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Where whole batches lie in bytes; `needed` is how many bytes must be read from `start` on when there are none yet. */
export type Cut = { readonly start: number; readonly end: number; readonly needed: number };

/** The batches that lie whole in the bytes: from the one that holds `offset`, or the first behind it, up to `below`. */
export function cutBatches(bytes: Buffer, offset: number, below: number, maxBytes: number): Cut {
  let start = -1;
  let end = -1;
  let at = 0;
  while (at + batchHeadBytes <= bytes.length) {
    const head = readHead(bytes, at);
    if (head.baseOffset >= below) return start < 0 ? { start: 0, end: 0, needed: 0 } : { start, end, needed: 0 };
    const stop = at + head.sizeBytes;
    if (head.baseOffset + head.lastOffsetDelta >= offset) {
      if (stop > bytes.length) return start < 0 ? { start: at, end: at, needed: head.sizeBytes } : { start, end, needed: 0 };
      if (start >= 0 && stop - start > maxBytes) return { start, end, needed: 0 };
      if (start < 0) start = at;
      end = stop;
    }
    at = stop;
  }
  return start < 0 ? { start: at, end: at, needed: batchHeadBytes } : { start, end, needed: 0 };
}
