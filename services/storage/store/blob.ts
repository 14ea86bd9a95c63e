import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { type FileHandle, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { fault } from '#kernel/contract/fault.ts';
import type { Log } from '#kernel/contract/implement.ts';
import type { Catalog } from './catalog.ts';
import { DirectorySync } from './directory-sync.ts';
import { sweepMax } from './limits.ts';
import { type BlobRecord, pack, type Segment, unpack } from './record.ts';

const idKey = (id: string) => Buffer.from(id, 'hex');

/**
 * The checksum of a run of bytes as it lies on disk, going on from `before`. CRC-32 and not CRC-32C: Node has it natively,
 * four times as fast.
 */
export function sumOf(bytes: Uint8Array, before = 0): number {
  return crc32(bytes, before);
}

/**
 * Files of bytes, named by ids. A file is written and synced in `incoming`; the index commit that first points at it makes
 * it real; then it moves to `object`. So whatever lies in `incoming` and is not in the index was never acknowledged.
 */
export class BlobStore {
  readonly #catalog: Catalog;
  readonly #incoming: string;
  readonly #object: string;
  readonly #sync: DirectorySync;
  readonly #log: Log;
  readonly #pins = new Map<string, number>();
  readonly #freed = new Set<string>();
  /** What was written down of files that no record points at any more, until they are unlinked: streams may still need it. */
  readonly #kept = new Map<string, BlobRecord>();
  #work: Promise<void> = Promise.resolve();

  private constructor(catalog: Catalog, directory: string, sync: DirectorySync, log: Log) {
    this.#log = log;
    this.#catalog = catalog;
    this.#incoming = join(directory, 'incoming');
    this.#object = join(directory, 'object');
    this.#sync = sync;
  }

  /** Opens the directories and clears away what a crash left. */
  static async open(catalog: Catalog, directory: string, log: Log): Promise<BlobStore> {
    const incoming = join(directory, 'incoming');
    mkdirSync(incoming, { recursive: true, mode: 0o700 });
    for (let at = 0; at < 256; at++) {
      const part = join(directory, 'object', at.toString(16).padStart(2, '0'));
      if (!existsSync(part)) mkdirSync(part, { recursive: true, mode: 0o700 });
    }
    const store = new BlobStore(catalog, directory, await DirectorySync.open(incoming), log);
    await store.#recover();
    return store;
  }

  async #recover(): Promise<void> {
    const { blob, garbage } = this.#catalog.table;
    for (const name of await readdir(this.#incoming)) {
      if (/^[0-9a-f]{32}$/.test(name) && blob.doesExist(idKey(name))) await rename(join(this.#incoming, name), this.#path(name));
      else await rm(join(this.#incoming, name), { force: true });
    }
    this.free([...garbage.getKeys()].map((key) => Buffer.from(key).toString('hex')));
    await this.#work;
  }

  /** Makes a new file; its bytes become durable by `finish`. */
  async create(): Promise<{ id: string; handle: FileHandle }> {
    const id = randomBytes(16).toString('hex');
    return { id, handle: await open(join(this.#incoming, id), 'wx', 0o600) };
  }

  /** Syncs the bytes of a new file and its name, and closes it. */
  async finish(handle: FileHandle): Promise<void> {
    await Promise.all([handle.datasync(), this.#sync.sync()]);
    await handle.close();
  }

  /** Throws a file away that no commit points at. */
  async discard(id: string): Promise<void> {
    await rm(join(this.#incoming, id), { force: true });
  }

  /** Moves a file whose commit is on disk to its place; a crash before that is mended at the next start. */
  settle(id: string): void {
    this.#queue(async () => {
      if (this.#catalog.table.blob.doesExist(idKey(id))) await rename(join(this.#incoming, id), this.#path(id));
    });
  }

  /** Within a change: writes down a new file with one reference. */
  add(id: string, size: number, sums: Uint8Array): void {
    this.#catalog.table.blob.put(idKey(id), pack({ size, references: 1, sums } satisfies BlobRecord));
  }

  /** Within a change: one more record points at the segment's file. False when the file is gone. */
  share(segment: Segment): boolean {
    return !('blob' in segment) || this.#refer(segment.blob, 1) !== undefined;
  }

  /** Within a change: one record fewer points at the segment's file; returns its id when it was the last. */
  release(segment: Segment): string[] {
    return 'blob' in segment && this.#refer(segment.blob, -1) === 0 ? [segment.blob] : [];
  }

  #refer(id: string, change: 1 | -1): number | undefined {
    const { blob, garbage } = this.#catalog.table;
    const found = blob.get(idKey(id));
    if (!found) return undefined;
    const record = unpack<BlobRecord>(found);
    const references = record.references + change;
    if (references > 0) blob.put(idKey(id), pack({ ...record, references }));
    else {
      this.#kept.set(id, record);
      blob.remove(idKey(id));
      garbage.put(idKey(id), Buffer.alloc(1));
    }
    return references;
  }

  /** After the commit that released them: unlinks files, those being read as soon as they no longer are. */
  free(ids: readonly string[]): void {
    if (ids.length === 0) return;
    for (const id of ids) this.#freed.add(id);
    this.#queue(() => this.#sweep());
  }

  async #sweep(): Promise<void> {
    const ids = [...this.#freed].filter((id) => !this.#pins.has(id));
    for (let at = 0; at < ids.length; at += sweepMax) {
      const group = ids.slice(at, at + sweepMax);
      for (const id of group) {
        this.#freed.delete(id);
        this.#kept.delete(id);
        await rm(this.#path(id), { force: true });
        await rm(join(this.#incoming, id), { force: true });
      }
      await this.#catalog.commit(() => {
        for (const id of group) this.#catalog.table.garbage.remove(idKey(id));
      });
    }
  }

  /** What is written down of a file. */
  record(id: string): BlobRecord {
    const found = this.#catalog.table.blob.get(idKey(id));
    const record = found ? unpack<BlobRecord>(found) : this.#kept.get(id);
    if (!record) throw fault('ObjectDamaged', 'A file of the object is not in the index.');
    return record;
  }

  /** Keeps the files of the segments from being unlinked until the function returned is called. */
  pin(segments: readonly Segment[]): () => void {
    const ids = segments.flatMap((segment) => ('blob' in segment ? [segment.blob] : []));
    for (const id of ids) this.#pins.set(id, (this.#pins.get(id) ?? 0) + 1);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      for (const id of ids) {
        const left = (this.#pins.get(id) ?? 1) - 1;
        if (left > 0) this.#pins.set(id, left);
        else this.#pins.delete(id);
      }
      if (ids.some((id) => this.#freed.has(id))) this.free(ids.filter((id) => this.#freed.has(id)));
    };
  }

  /** Opens a file for reading, wherever it lies at this moment. */
  async openFile(id: string): Promise<FileHandle> {
    for (const path of [this.#path(id), join(this.#incoming, id), this.#path(id)]) {
      try {
        return await open(path, 'r');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
    throw fault('ObjectDamaged', 'A file of the object is missing.');
  }

  /** Resolves when the moving and unlinking asked for so far is done. */
  async idle(): Promise<void> {
    await this.#work;
  }

  async close(): Promise<void> {
    await this.#work;
    await this.#sync.close();
  }

  #path(id: string): string {
    return join(this.#object, id.slice(0, 2), id);
  }

  /** Housekeeping runs one after the other; what fails is done at the next start. */
  #queue(work: () => Promise<void>): void {
    this.#work = this.#work.then(work).catch((error: unknown) => {
      this.#log('warn', 'a file of objects could not be moved or removed; the next start does it', { error: String(error) });
    });
  }
}
