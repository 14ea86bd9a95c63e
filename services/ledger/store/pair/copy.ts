import type { Book } from '../book.ts';
import type { Disk, DiskFile } from '../disk.ts';
import { copyBytes } from '../limits.ts';
import { isRunFile } from '../spill.ts';
import { type Kind, kind } from './wire.ts';

/** A file that is there while a copy is not whole: what lies beside it is none of a ledger's. */
export const copying = 'copying';

type Part = { readonly name: string; readonly position: number };

/** Sends the files that a start needs besides the log behind the newest snapshot, part by part. */
export async function sendCopy(book: Book, give: (kind: Kind, parts: readonly Uint8Array[]) => Promise<void>): Promise<void> {
  if (!book.snapshots.newest) await book.snapshots.take();
  const release = await book.snapshots.hold();
  try {
    const { newest } = book.snapshots;
    const beside = book.disk.list().filter((name) => name.startsWith('rows-') || isRunFile(name));
    const names = newest ? [...beside, newest.name] : [];
    for (const name of names) {
      const size = book.disk.sizeOf(name);
      for (let position = 0; position < size; position += copyBytes) {
        const bytes = Buffer.alloc(Math.min(copyBytes, size - position));
        book.disk.readAt(name, position, bytes);
        await give(kind.file, partOf({ name, position }, bytes));
      }
    }
    await give(kind.copied, []);
  } finally {
    release();
  }
}

function partOf(part: Part, bytes: Buffer): readonly Uint8Array[] {
  const head = Buffer.from(JSON.stringify(part));
  const size = Buffer.alloc(2);
  size.writeUInt16LE(head.length, 0);
  return [size, head, bytes];
}

/** Writes what `sendCopy` sends into an emptied directory. */
export class CopyWriter {
  readonly #disk: Disk;
  readonly #files = new Map<string, DiskFile>();

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** Empties the directory; until `end` it says that it holds no whole copy. */
  async begin(): Promise<void> {
    const mark = await this.#disk.open(copying);
    await mark.sync();
    await mark.close();
    for (const name of this.#disk.list()) if (name !== copying) await this.#disk.remove(name);
  }

  async write(body: Buffer): Promise<void> {
    const headBytes = body.readUInt16LE(0);
    const { name, position } = JSON.parse(body.toString('utf8', 2, 2 + headBytes)) as Part;
    const file = this.#files.get(name) ?? (await this.#disk.open(name));
    this.#files.set(name, file);
    await file.write([body.subarray(2 + headBytes)], position);
  }

  async end(): Promise<void> {
    for (const file of this.#files.values()) {
      await file.sync();
      await file.close();
    }
    await this.#disk.remove(copying);
  }
}
