import { randomFillSync } from 'node:crypto';
import { join } from 'node:path';
import { isNoSpace, type Disk, type DiskFile } from './disk.ts';
import { sync } from './segment.ts';

const reserveName = 'reserve';
/** Space goes back in parts, so that others who wait for it do not take all of it at once. */
const part = 64 * 1024;

/** A file whose space is given back to what must be written on a full disk, and taken again when there is space. */
export class Reserve {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #size: number;
  #file: DiskFile | undefined;
  #held = 0;

  constructor(disk: Disk, directory: string, size: number) {
    this.#disk = disk;
    this.#directory = directory;
    this.#size = size;
  }

  /** Finds what an earlier life has left of it. */
  async open(): Promise<void> {
    if (!(await this.#disk.list(this.#directory)).includes(reserveName)) return;
    this.#file = await this.#disk.open(join(this.#directory, reserveName), 'write');
    this.#held = Math.min(this.#size, await this.#file.size());
  }

  /** Gives a part back; false where nothing is left. */
  async release(): Promise<boolean> {
    if (this.#file === undefined || this.#held === 0) return false;
    this.#held = Math.max(0, this.#held - part);
    await this.#file.truncate(this.#held);
    return true;
  }

  /** Takes what is missing, in bytes that no file system shrinks; false where the disk has no space for all of it. */
  async fill(): Promise<boolean> {
    if (this.#held === this.#size) return true;
    try {
      this.#file ??= await this.#disk.open(join(this.#directory, reserveName), 'create');
      await this.#file.write([randomFillSync(Buffer.allocUnsafe(this.#size - this.#held))], this.#held);
      // A reserve that a power cut takes back is none.
      await sync(this.#file);
      this.#held = this.#size;
      return true;
    } catch (error) {
      if (!isNoSpace(error)) throw error;
      if (this.#file) this.#held = Math.min(this.#size, await this.#file.size());
      return false;
    }
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }
}
