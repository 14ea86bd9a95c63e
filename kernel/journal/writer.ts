import { join } from 'node:path';
import { fault } from '#kernel/contract/fault.ts';
import type { Clock } from './clock.ts';
import { markName } from './directory.ts';
import { isNoSpace, type Disk, type DiskFile } from './disk.ts';
import { associatedData, encodeFrameHead, encodeGroup, encodeMark, headerSize, type Mark } from './frame.ts';
import type { JournalLimits } from './limits.ts';
import type { Entry } from './queue.ts';
import { recover } from './recover.ts';
import { Reserve } from './reserve.ts';
import { Room } from './room.ts';
import type { Seal } from './seal.ts';
import { createSegment, sync } from './segment.ts';

export type WriterOptions = {
  readonly directory: string;
  readonly process: string;
  readonly seal: Seal;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly limits: JournalLimits;
};

/** The end of the journal, where frames are put one after the other. Its methods are called one at a time. */
export class Writer {
  readonly room: Room;
  readonly #options: WriterOptions;
  readonly #reserve: Reserve;
  #end: Mark;
  #segment: { readonly file: DiskFile; readonly keyVersion: number; readonly createdMs: number } | undefined;
  #mark: DiskFile | undefined;
  #published: Mark | undefined;
  #publishedMs = 0;

  private constructor(options: WriterOptions, room: Room, reserve: Reserve, end: Mark) {
    this.#options = options;
    this.room = room;
    this.#reserve = reserve;
    this.#end = end;
  }

  /** Recovers the journal and begins a new segment, on a full disk with the help of the reserve. */
  static async open(options: WriterOptions): Promise<Writer> {
    const { disk, clock, directory, limits } = options;
    await disk.makeDirectory(directory);
    const { segments, end } = await recover(disk, directory, options.process);
    const reserve = new Reserve(disk, directory, limits.reserveBytes);
    const writer = new Writer(options, new Room(disk, clock, directory, limits, reserve, segments), reserve, end);
    try {
      await reserve.open();
      await writer.#withReserve(() => writer.#roll());
      await writer.publish();
      await writer.room.measure();
      return writer;
    } catch (error) {
      await writer.close();
      throw error;
    }
  }

  /** Makes records durable as one frame. Returns where; undefined where the disk had no space and nothing has changed. */
  async place(records: readonly Entry[]): Promise<Mark | undefined> {
    try {
      if (this.#ripe()) await this.#roll();
      const parts = this.#seal(records);
      await this.#write(parts);
      await sync(this.#live().file);
      const place = this.#end;
      const size = parts[0].length + parts[1].length;
      this.#end = { segment: place.segment, offset: place.offset + size, sequence: place.sequence + records.length };
      this.room.grow(size);
      return place;
    } catch (error) {
      if (!isNoSpace(error)) throw error;
      this.room.noteDiskFull();
      return undefined;
    }
  }

  /** True where the readers were told too long ago. */
  isBehind(): boolean {
    return Math.abs(this.#options.clock.now() - this.#publishedMs) >= this.#options.limits.markMs;
  }

  /** Tells readers that all placed so far is durable. */
  async publish(): Promise<void> {
    if (this.#published === this.#end) return;
    await this.#withReserve(async () => {
      const path = join(this.#options.directory, markName);
      this.#mark ??= await openOrCreate(this.#options.disk, this.#options.directory, path);
      await this.#mark.write([encodeMark(this.#end)], 0);
    });
    this.#published = this.#end;
    this.#publishedMs = this.#options.clock.now();
  }

  release(): Promise<boolean> {
    return this.#reserve.release();
  }

  async close(): Promise<void> {
    await this.#segment?.file.close();
    await this.#mark?.close();
    await this.#reserve.close();
  }

  #live(): { readonly file: DiskFile; readonly keyVersion: number; readonly createdMs: number } {
    if (this.#segment === undefined) throw new TypeError('the journal has no segment yet');
    return this.#segment;
  }

  #seal(records: readonly Entry[]): readonly [Buffer, Buffer] {
    const { segment, offset, sequence } = this.#end;
    const associated = associatedData(this.#options.process, segment, offset, sequence, records.length);
    const sealed = this.#options.seal.seal(encodeGroup(records), associated);
    return [encodeFrameHead(sequence, records.length, sealed), sealed];
  }

  /** A write that finds no space is undone, so that the next frame stands at the same place. */
  async #write(parts: readonly Buffer[]): Promise<void> {
    const { file } = this.#live();
    try {
      await file.write(parts, this.#end.offset);
    } catch (error) {
      if (isNoSpace(error)) await file.truncate(this.#end.offset);
      throw error;
    }
  }

  /** True where the next frame belongs into a new segment: by size, by age, or because the key has changed. */
  #ripe(): boolean {
    const { limits, clock, seal } = this.#options;
    const { keyVersion, createdMs } = this.#live();
    if (keyVersion !== seal.keyVersion) return true;
    if (this.#end.offset === headerSize) return false;
    return this.#end.offset >= limits.segmentMaxBytes || Math.abs(clock.now() - createdMs) >= limits.segmentAgeMaxMs;
  }

  async #roll(): Promise<void> {
    const { disk, directory, process, seal, clock } = this.#options;
    const { keyVersion } = seal;
    const number = this.#end.segment + 1;
    const createdMs = clock.now();
    const { offset: previousEnd, sequence: firstSequence } = this.#end;
    const header = { process, segment: number, keyVersion, previousEnd, firstSequence, createdMs };
    const file = await createSegment(disk, directory, header);
    const before = this.#segment;
    this.#segment = { file, keyVersion, createdMs };
    this.#end = { segment: number, offset: headerSize, sequence: firstSequence };
    this.room.add({ number, createdMs, bytes: headerSize });
    await before?.file.close();
  }

  async #withReserve(work: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!isNoSpace(error)) throw error;
        if (!(await this.#reserve.release())) throw fault('JournalFull', { detail: 'The disk is full.', cause: error });
      }
    }
  }
}

async function openOrCreate(disk: Disk, directory: string, path: string): Promise<DiskFile> {
  return disk.open(path, (await disk.list(directory)).includes(markName) ? 'write' : 'create');
}
