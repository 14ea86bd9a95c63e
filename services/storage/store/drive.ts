import * as fs from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Place } from '../domain/placement.ts';
import { latePauseMs, quickPauseMs, quickReadMaxBytes, quickReadMs } from './limits.ts';
import { closeDescriptor, openDescriptor, syncDirectory, systemCode } from './system.ts';
import { readTwice, writeTwice } from './twin.ts';

/** Where drive number n is, and in which failure domains. */
export type DriveSpec = Place & { readonly path: string };

/** `in`: in use. `out`: it failed or is away, and nothing is asked of it until it is replaced. */
export type DriveState = { readonly state: 'in' } | { readonly state: 'out'; readonly reason: string; readonly since: number };

/** The empty file by which an operator says that a directory is a new drive in the place of the one that is out. */
export const replacementMark = 'replace';

/** Why a drive is out that may come back. */
const away = 'it is gone';

/** How many of the last ten reads or so are slow before a drive is taken for slow. */
const slowReads = 3;

/** Errors of the system that speak of the drive and not of one file. */
const drivesOwn = new Set([
  'EIO',
  'ENODEV',
  'ENXIO',
  'EROFS',
  'EUCLEAN',
  'ESTALE',
  'ENOTCONN',
  'EMEDIUMTYPE',
  'ENOTDIR',
  'EACCES',
  'EPERM',
]);

const datasync = promisify(fs.fdatasync);
const truncate = promisify(fs.ftruncate);
const stat = promisify(fs.fstat);

/**
 * One directory that stands for one drive. Every error of the system passes `judge`: one that is the drive's own takes it out.
 */
export class Drive {
  readonly spec: DriveSpec;
  /** Random, written on it: tells this drive from another one that is mounted in its place. */
  id = '';
  /** Until then small reads are handed to another thread, in milliseconds of this process. */
  slowUntil = 0;
  #slowness = 0;
  /** Reads that nobody waits for any more, and until when it is remembered that there were some. */
  #late = 0;
  #lateUntil = 0;
  #state: DriveState = { state: 'in' };
  readonly #made = new Set<string>();
  readonly #onOut: (drive: Drive, reason: string) => void;
  readonly #now: () => number;

  constructor(spec: DriveSpec, now: () => number, onOut: (drive: Drive, reason: string) => void) {
    this.spec = spec;
    this.#now = now;
    this.#onOut = onOut;
  }

  get number(): number {
    return this.spec.number;
  }

  get state(): DriveState {
    return this.#state;
  }

  get isIn(): boolean {
    return this.#state.state === 'in';
  }

  /** One slow read may be another process' turn; when many of the last ones were slow, it is the disk. */
  noteRead(now: number, began: number): void {
    this.#slowness = this.#slowness * 0.9 + (now - began > quickReadMs ? 1 : 0);
    if (this.#slowness < slowReads) return;
    this.#slowness = 0;
    this.slowUntil = now + quickPauseMs;
  }

  /** Notes a read that took so long that others were asked. */
  noteLate(read: Promise<unknown>): void {
    this.#late += 1;
    const end = () => {
      this.#late -= 1;
      this.#lateUntil = performance.now() + latePauseMs;
    };
    read.then(end, end);
  }

  /** Whether others are to be asked first. */
  get isLate(): boolean {
    return this.#late > 0 || performance.now() < this.#lateUntil;
  }

  /** Takes the drive out of use. */
  takeOut(reason: string): void {
    if (!this.isIn) return;
    this.#state = { state: 'out', reason, since: this.#now() };
    this.#made.clear();
    this.#onOut(this, reason);
  }

  /** Whether it was away, and is there again as it was. One that failed is not asked: it would fail again. */
  async isBack(): Promise<boolean> {
    if (this.#state.state !== 'out' || this.#state.reason !== away) return false;
    return (await this.readIdentity().catch(() => undefined)) === this.id;
  }

  /** Puts it into use, under the identity written on it. */
  putIn(id: string): void {
    this.id = id;
    this.#made.clear();
    this.#state = { state: 'in' };
  }

  /** The identity written on the drive, with `both` in both of its copies; undefined when it has none, an error when it cannot be read. */
  async readIdentity(both = false): Promise<string | undefined> {
    const found = (await readTwice(join(this.spec.path, 'drive.json'), both)) as { id?: unknown } | undefined;
    return typeof found?.id === 'string' ? found.id : undefined;
  }

  async writeIdentity(id: string): Promise<void> {
    await mkdir(this.spec.path, { recursive: true, mode: 0o700 });
    await writeTwice(join(this.spec.path, 'drive.json'), { id, number: this.number });
  }

  /** Whether the operator put another one in its place: the mark lies there, and nothing that was written here before. */
  async isReplaced(): Promise<boolean> {
    const names = await readdir(this.spec.path).catch((): string[] => []);
    return names.includes(replacementMark) && !names.some((name) => /^(?:shard|(?:extent|index)(?:-\d+)?)$/.test(name));
  }

  /** Looks whether the drive is still the one it was; takes it out when it is not. With `both`, mends the copy of its identity too. */
  async check(both = false): Promise<void> {
    if (!this.isIn) return;
    try {
      const found = await this.readIdentity(both);
      if (found !== this.id) this.takeOut(found === undefined ? away : 'another drive is in its place');
    } catch (error) {
      this.takeOut(`it cannot be read: ${systemCode(error) ?? String(error)}`);
    }
  }

  /** Passes an error on; one that is the drive's own takes it out. */
  judge(error: unknown): unknown {
    const code = systemCode(error);
    if (code !== undefined && drivesOwn.has(code)) this.takeOut(code);
    return error;
  }

  async open(path: string, flags: 'r' | 'wx+' | 'w+' | 'r+'): Promise<DriveFile> {
    const whole = join(this.spec.path, path);
    try {
      if (flags === 'wx+' || flags === 'w+') await this.#makeDirectory(dirname(path));
      return new DriveFile(this, await openDescriptor(whole, flags, 0o600));
    } catch (error) {
      throw this.judge(error);
    }
  }

  async #makeDirectory(path: string): Promise<void> {
    if (this.#made.has(path)) return;
    // The drive's own directory is never made here: where it is gone, the drive is gone.
    for (const part of path.split('/').map((_, at, all) => all.slice(0, at + 1).join('/'))) {
      try {
        await mkdir(join(this.spec.path, part), { mode: 0o700 });
      } catch (error) {
        if (systemCode(error) !== 'EEXIST') throw error;
      }
      await syncDirectory(dirname(join(this.spec.path, part)));
    }
    this.#made.add(path);
  }

  /** Makes the names in a directory of the drive durable. */
  async syncDirectory(path: string): Promise<void> {
    try {
      await syncDirectory(join(this.spec.path, path));
    } catch (error) {
      throw this.judge(error);
    }
  }

  async rename(from: string, to: string): Promise<void> {
    try {
      await rename(join(this.spec.path, from), join(this.spec.path, to));
    } catch (error) {
      throw this.judge(error);
    }
  }

  /** Removes a file; one that is not there is no error, nor is a drive that is out. */
  async remove(path: string): Promise<void> {
    if (!this.isIn) return;
    try {
      await rm(join(this.spec.path, path), { force: true });
    } catch (error) {
      this.judge(error);
    }
  }

  /** The names in a directory of the drive; none when it is not there. */
  async list(path: string): Promise<string[]> {
    try {
      return await readdir(join(this.spec.path, path));
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return [];
      throw this.judge(error);
    }
  }
}

/** An open file of a drive. */
export class DriveFile {
  readonly drive: Drive;
  readonly #descriptor: number;
  #closed = false;

  constructor(drive: Drive, descriptor: number) {
    this.drive = drive;
    this.#descriptor = descriptor;
  }

  /** Fills `into` from `position` on as far as the file goes; resolves with the number of bytes. */
  async read(into: Uint8Array, position: number): Promise<number> {
    if (into.length <= quickReadMaxBytes && performance.now() >= this.drive.slowUntil) return this.#readNow(into, position);
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
    } catch (error) {
      throw this.drive.judge(error);
    } finally {
      this.drive.noteRead(performance.now(), began);
    }
  }

  #readOnce(into: Uint8Array, at: number, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.read(this.#descriptor, into, at, into.length - at, position, (error, got) =>
        error ? reject(this.drive.judge(error)) : resolve(got),
      );
    });
  }

  /** Writes all parts from `position` on. */
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
      fs.writev(this.#descriptor, parts, position, (error, done) => (error ? reject(this.drive.judge(error)) : resolve(done)));
    });
  }

  async datasync(): Promise<void> {
    await datasync(this.#descriptor).catch((error: unknown) => Promise.reject(this.drive.judge(error)));
  }

  async truncate(size: number): Promise<void> {
    await truncate(this.#descriptor, size);
  }

  async size(): Promise<number> {
    return (await stat(this.#descriptor)).size;
  }

  /** Closes the file; a second time is no error. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await closeDescriptor(this.#descriptor).catch((error: unknown) => void this.drive.judge(error));
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
