import * as fs from 'node:fs';
import { mkdir, readdir, rename, rm, statfs, stat as statPath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Disk, DiskFile, OpenFlags, Room } from './disk.ts';
import { quickPauseMs, quickReadMaxBytes, quickReadMs } from './limits.ts';
import { closeDescriptor, openDescriptor, syncDirectory, systemCode } from './system.ts';
import { readTwice, writeTwice } from './twin.ts';

const datasync = promisify(fs.fdatasync);
const truncate = promisify(fs.ftruncate);
const stat = promisify(fs.fstat);

/** How many of the last ten reads or so are slow before a disk is taken for slow. */
const slowReads = 3;

const identityFile = 'drive.json';

/** Tells this kernel from every other, so that two of its directories are known to lie on one file system. */
const bootFile = '/proc/sys/kernel/random/boot_id';

/** A directory of this machine. */
export class LocalDisk implements Disk {
  readonly name: string;
  readonly #isOurs: boolean;
  readonly #made = new Set<string>();
  #slowness = 0;
  /** Until then small reads are handed to another thread, in milliseconds of this process. */
  #slowUntil = 0;

  /** `isOurs`: the directory itself may be made. */
  constructor(path: string, isOurs: boolean) {
    this.name = path;
    this.#isOurs = isOurs;
  }

  async open(path: string, flags: OpenFlags): Promise<DiskFile> {
    if (flags === 'wx+' || flags === 'w+') await this.#makeDirectory(dirname(path));
    return new LocalFile(this, await openDescriptor(join(this.name, path), flags, 0o600));
  }

  async #makeDirectory(path: string): Promise<void> {
    if (this.#made.has(path)) return;
    // The drive's own directory is never made here: where it is gone, the drive is gone.
    for (const part of path.split('/').map((_, at, all) => all.slice(0, at + 1).join('/'))) {
      try {
        await mkdir(join(this.name, part), { mode: 0o700 });
      } catch (error) {
        if (systemCode(error) !== 'EEXIST') throw error;
      }
      await syncDirectory(dirname(join(this.name, part)));
    }
    this.#made.add(path);
  }

  forget(): void {
    this.#made.clear();
  }

  async syncDirectory(path: string): Promise<void> {
    await syncDirectory(join(this.name, path));
  }

  async rename(from: string, to: string): Promise<void> {
    await rename(join(this.name, from), join(this.name, to));
  }

  async remove(path: string): Promise<void> {
    await rm(join(this.name, path), { force: true });
  }

  async list(path: string): Promise<string[]> {
    return readdir(join(this.name, path));
  }

  async readIdentity(both: boolean): Promise<string | undefined> {
    const found = (await readTwice(join(this.name, identityFile), both)) as { id?: unknown } | undefined;
    return typeof found?.id === 'string' ? found.id : undefined;
  }

  async writeIdentity(number: number, id: string): Promise<void> {
    if (this.#isOurs) await mkdir(this.name, { recursive: true, mode: 0o700 });
    await writeTwice(join(this.name, identityFile), { id, number });
  }

  async room(): Promise<Room | undefined> {
    try {
      const [{ dev }, { blocks, bsize, bavail }] = await Promise.all([statPath(this.name), statfs(this.name)]);
      return { disk: `${bootId()}:${dev}`, sizeBytes: blocks * bsize, freeBytes: bavail * bsize };
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
      return undefined;
    }
  }

  /** Whether small reads are made in the turn in which they are asked for. */
  get isQuick(): boolean {
    return performance.now() >= this.#slowUntil;
  }

  /** One slow read may be another process' turn; when many of the last ones were slow, it is the disk. */
  noteRead(now: number, began: number): void {
    this.#slowness = this.#slowness * 0.9 + (now - began > quickReadMs ? 1 : 0);
    if (this.#slowness < slowReads) return;
    this.#slowness = 0;
    this.#slowUntil = now + quickPauseMs;
  }
}

let boot: string | undefined;
function bootId(): string {
  boot ??= fs.readFileSync(bootFile, 'utf8').trim();
  return boot;
}

class LocalFile implements DiskFile {
  readonly #disk: LocalDisk;
  readonly #descriptor: number;
  #closed = false;

  constructor(disk: LocalDisk, descriptor: number) {
    this.#disk = disk;
    this.#descriptor = descriptor;
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    if (into.length <= quickReadMaxBytes && this.#disk.isQuick) return this.#readNow(into, position);
    let have = 0;
    while (have < into.length) {
      const got = await this.#readOnce(into, have, position + have);
      if (got === 0) break;
      have += got;
    }
    return have;
  }

  /**
   * Reads in this very turn. What the page cache holds comes in a twentieth of the time that handing the read to another
   * thread takes; a read that had to wait for the disk sends those that follow the other way for a while.
   */
  #readNow(into: Uint8Array, position: number): number {
    const began = performance.now();
    try {
      let have = 0;
      while (have < into.length) {
        const got = fs.readSync(this.#descriptor, into, have, into.length - have, position + have);
        if (got === 0) break;
        have += got;
      }
      return have;
    } finally {
      this.#disk.noteRead(performance.now(), began);
    }
  }

  #readOnce(into: Uint8Array, at: number, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.read(this.#descriptor, into, at, into.length - at, position, (error, got) => (error ? reject(error) : resolve(got)));
    });
  }

  async write(parts: readonly Uint8Array[], position: number): Promise<void> {
    let left = parts;
    let at = position;
    while (left.length > 0) {
      const done = await this.#writeOnce(left.length > partsMost ? left.slice(0, partsMost) : left, at);
      at += done;
      left = dropBytes(left, done);
    }
  }

  #writeOnce(parts: readonly Uint8Array[], position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.writev(this.#descriptor, parts, position, (error, done) => (error ? reject(error) : resolve(done)));
    });
  }

  async datasync(): Promise<void> {
    await datasync(this.#descriptor);
  }

  async truncate(size: number): Promise<void> {
    await truncate(this.#descriptor, size);
  }

  async size(): Promise<number> {
    return (await stat(this.#descriptor)).size;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await closeDescriptor(this.#descriptor);
  }
}

/** What one call of writev takes (IOV_MAX). */
const partsMost = 1024;

function dropBytes(parts: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let skip = count;
  let at = 0;
  while (at < parts.length && skip >= parts[at]!.length) skip -= parts[at++]!.length;
  if (skip === 0) return parts.slice(at);
  return [parts[at]!.subarray(skip), ...parts.slice(at + 1)];
}
