import { closeSync, constants, mkdirSync, openSync, readdirSync, readSync, rmSync, statSync } from 'node:fs';
import { type FileHandle, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';

/** An open file of the ledger. A failed `write` or `sync` is not tried again: what the disk holds is unknown then. */
export type DiskFile = {
  write(buffers: readonly Uint8Array[], position: number): Promise<void>;
  /** Resolves when everything written is on disk. */
  sync(): Promise<void>;
  truncate(sizeBytes: number): Promise<void>;
  close(): Promise<void>;
};

/** The directory of the ledger: all that it asks of a file system, so that a simulated one can stand in. */
export type Disk = {
  /** Names of the files, in order. */
  list(): readonly string[];
  read(name: string): Promise<Buffer>;
  /** Fills `into` from a position, at once; what is behind the end of the file stays zero. */
  readAt(name: string, position: number, into: Uint8Array): void;
  sizeOf(name: string): number;
  /** Opens a file for writing, makes it if needed, and syncs the directory then. Writes of a `durable` one need no sync. */
  open(name: string, how?: 'durable'): Promise<DiskFile>;
  /** Gives a file another name; durable when it resolves. */
  rename(name: string, next: string): Promise<void>;
  remove(name: string): Promise<void>;
};

/** A directory of the file system. */
export function directoryDisk(directory: string): Disk {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const syncDirectory = async () => {
    const handle = await open(directory, 'r');
    await handle.sync().finally(() => handle.close());
  };
  return {
    list: () => readdirSync(directory).sort(),
    read: (name) => readFile(join(directory, name)),
    readAt(name, position, into) {
      const file = openSync(join(directory, name), 'r');
      try {
        for (let done = 0, more = 1; done < into.length && more > 0; done += more)
          more = readSync(file, into, done, into.length - done, position + done);
      } finally {
        closeSync(file);
      }
    },
    sizeOf: (name) => statSync(join(directory, name)).size,
    async open(name, how) {
      const { O_RDWR, O_CREAT, O_DSYNC } = constants;
      const flags = O_RDWR | O_CREAT | (how === 'durable' ? O_DSYNC : 0);
      const handle = await open(join(directory, name), flags, 0o600);
      await syncDirectory();
      return fileOver(handle);
    },
    async rename(name, next) {
      await rename(join(directory, name), join(directory, next));
      await syncDirectory();
    },
    async remove(name) {
      rmSync(join(directory, name), { force: true });
      await syncDirectory();
    },
  };
}

function fileOver(handle: FileHandle): DiskFile {
  return {
    async write(buffers, position) {
      let at = position;
      for (const buffer of buffers) {
        for (let done = 0; done < buffer.length; ) {
          const { bytesWritten } = await handle.write(buffer, done, buffer.length - done, at);
          done += bytesWritten;
          at += bytesWritten;
        }
      }
    },
    sync: () => handle.datasync(),
    truncate: async (sizeBytes) => {
      await handle.truncate(sizeBytes);
      await handle.sync();
    },
    close: () => handle.close(),
  };
}
