import * as fs from 'node:fs';
import { mkdir, open, readdir, rename, statfs, unlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { promisify } from 'node:util';
import { watchFile, type Watch } from './watch.ts';

/** What the journal asks of a file system. Errors carry the system's `code`; the simulated disk in chaos/journal is the other one. */
export interface Disk {
  /** Makes the directory and those above it, durably; nothing where it is there. */
  makeDirectory(path: string): Promise<void>;
  /** The names in a directory; none where it is not there, or is none. */
  list(path: string): Promise<string[]>;
  /** `read` and `write` need the file, `create` makes it or empties it. */
  open(path: string, mode: 'read' | 'write' | 'create'): Promise<DiskFile>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  /** Makes the names in a directory durable. */
  syncDirectory(path: string): Promise<void>;
  /** Bytes that this process may still write to the file system of the path. */
  free(path: string): Promise<number>;
  /** Watches a name in a directory for changes; it may miss some, so every wait has an end of its own. */
  watch(directory: string, name: string): Watch;
}

export interface DiskFile {
  size(): Promise<number>;
  /** Fills the buffer from the offset on as far as the file goes and returns the number of bytes. */
  read(into: Buffer, offset: number): Promise<number>;
  /** Writes all or throws; after a throw any part of it may have been written. */
  write(parts: readonly Buffer[], offset: number): Promise<void>;
  truncate(size: number): Promise<void>;
  datasync(): Promise<void>;
  close(): Promise<void>;
}

/** The error code of the system, such as ENOSPC, of anything thrown. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** True where the disk, or our share of it, is full. */
export function isNoSpace(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'ENOSPC' || code === 'EDQUOT';
}

/** The file system of this machine. */
export const realDisk: Disk = {
  async makeDirectory(path) {
    const whole = resolve(path);
    const first = (await mkdir(whole, { recursive: true, mode: 0o700 })) ?? whole;
    // Each name made stands in the directory above it. The last is synced again: the process that made it may have died before.
    for (let made = whole; made.length >= first.length; made = dirname(made)) await realDisk.syncDirectory(dirname(made));
  },
  async list(path) {
    try {
      return await readdir(path);
    } catch (error) {
      if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return [];
      throw error;
    }
  },
  async open(path, mode) {
    const flags = { read: 'r', write: 'r+', create: 'w+' } as const;
    return new RealFile(await openDescriptor(path, flags[mode], 0o600));
  },
  rename,
  unlink,
  async syncDirectory(path) {
    await using directory = await open(path, 'r');
    await directory.sync();
  },
  async free(path) {
    const system = await statfs(path);
    return system.bavail * system.bsize;
  },
  watch: watchFile,
};

const openDescriptor = promisify(fs.open);
const stat = promisify(fs.fstat);
const truncate = promisify(fs.ftruncate);
const datasync = promisify(fs.fdatasync);
const close = promisify(fs.close);

/** A descriptor with callbacks: a FileHandle costs twice the CPU per call. */
class RealFile implements DiskFile {
  readonly #descriptor: number;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  async size(): Promise<number> {
    return (await stat(this.#descriptor)).size;
  }

  async read(into: Buffer, offset: number): Promise<number> {
    let done = 0;
    while (done < into.length) {
      const got = await readOnce(this.#descriptor, into, done, offset + done);
      if (got === 0) break;
      done += got;
    }
    return done;
  }

  async write(parts: readonly Buffer[], offset: number): Promise<void> {
    let size = 0;
    for (const part of parts) size += part.length;
    let done = await writeOnce(this.#descriptor, parts, offset);
    if (done === size) return;
    // A short write tells of a full disk or a signal; the rest goes on its own and names the error.
    const whole = Buffer.concat(parts);
    while (done < size) done += await writeOnce(this.#descriptor, [whole.subarray(done)], offset + done);
  }

  truncate(size: number): Promise<void> {
    return truncate(this.#descriptor, size);
  }

  datasync(): Promise<void> {
    return datasync(this.#descriptor);
  }

  close(): Promise<void> {
    return close(this.#descriptor);
  }
}

function readOnce(descriptor: number, into: Buffer, at: number, offset: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.read(descriptor, into, at, into.length - at, offset, (error, got) => (error ? reject(error) : resolve(got)));
  });
}

function writeOnce(descriptor: number, parts: readonly Buffer[], offset: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.writev(descriptor, parts, offset, (error, done) => (error ? reject(error) : resolve(done)));
  });
}
