import { closeSync, existsSync, fdatasync, mkdirSync, openSync, writeSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { decodeBundle, encodeBundle } from '#wire/tlog/bundle.ts';
import { emptyRoot, hashSize, leafHash, nodeHash } from '#wire/tlog/hash.ts';
import { nodeIn, type TileName, tilePath, tileWidth } from '#wire/tlog/tile.ts';
import { writeDurably } from '../volume/write.ts';
import { tileWritesAtOnce } from './limits.ts';
import { readLogFile } from './tile-file.ts';

type Level = { count: number; hashes: Uint8Array[] };
type Write = { readonly name: TileName; readonly bytes: Uint8Array };
const tileHeight = Math.log2(tileWidth);
const datasync = promisify(fdatasync);

/** What is known of a log: how many entries a checkpoint covered, and their root. */
export type Head = { readonly size: number; readonly root: Uint8Array };

/**
 * The writer of one log's files. It holds the right edge of the tree; entries are taken in memory, `flush` makes their
 * tiles durable, and only then may a checkpoint of `root()` be signed and published. Files beyond the last checkpoint
 * mean nothing and are written again.
 */
export class TileLog {
  readonly directory: string;
  readonly #levels: Level[] = [];
  #bundle: Uint8Array[] = [];
  #size = 0;
  #due: Write[] = [];
  #filled: TileName[] = [];
  readonly #written = new Map<string, number>();
  /** Folders that are known to be there. */
  readonly #made = new Set<string>();

  constructor(directory: string) {
    this.directory = directory;
  }

  /** Opens the log at a head; undefined when the files do not give that root, so that it must be made anew. */
  static open(directory: string, { size, root }: Head): TileLog | undefined {
    const log = new TileLog(directory);
    if (!log.#load(size) || Buffer.compare(log.root(), root) !== 0) return undefined;
    return log;
  }

  get size(): number {
    return this.#size;
  }

  append(entry: Uint8Array): void {
    this.#bundle.push(entry);
    this.#size += 1;
    if (this.#bundle.length === tileWidth) {
      this.#due.push({ name: { kind: 'entries', index: this.#size / tileWidth - 1, width: tileWidth }, bytes: encodeBundle(this.#bundle) });
      this.#bundle = [];
    }
    this.#push(0, leafHash(entry));
  }

  #push(at: number, hash: Uint8Array): void {
    const level = (this.#levels[at] ??= { count: 0, hashes: [] });
    level.hashes.push(hash);
    level.count += 1;
    if (level.hashes.length < tileWidth) return;
    const bytes = Buffer.concat(level.hashes);
    level.hashes = [];
    this.#due.push({ name: { kind: 'hashes', level: at, index: level.count / tileWidth - 1, width: tileWidth }, bytes });
    this.#push(at + 1, nodeIn(bytes, 0, tileHeight));
  }

  /** RFC 6962 2.1: the root of all entries. */
  root(): Uint8Array {
    let root: Uint8Array | undefined;
    for (const { hashes } of this.#levels) {
      const tile = Buffer.concat(hashes);
      let at = hashes.length;
      for (let height = 0; height < tileHeight; height += 1) {
        const count = 2 ** height;
        if (Math.floor(hashes.length / count) % 2 === 0) continue;
        at -= count;
        const peak = nodeIn(tile, at, height);
        root = root ? nodeHash(peak, root) : peak;
      }
    }
    return root ?? emptyRoot;
  }

  /** Makes the files of everything appended durable. */
  async flush(): Promise<void> {
    const writes = this.#due;
    this.#due = [];
    for (const { name } of writes) if (name.kind !== 'checkpoint') this.#filled.push(name);
    for (const [at, { count, hashes }] of this.#levels.entries()) {
      if (hashes.length === 0 || this.#written.get(`${at}`) === count) continue;
      this.#written.set(`${at}`, count);
      const name: TileName = { kind: 'hashes', level: at, index: Math.floor(count / tileWidth), width: hashes.length };
      writes.push({ name, bytes: Buffer.concat(hashes) });
    }
    if (this.#bundle.length > 0 && this.#written.get('entries') !== this.#size) {
      this.#written.set('entries', this.#size);
      const name: TileName = { kind: 'entries', index: Math.floor(this.#size / tileWidth), width: this.#bundle.length };
      writes.push({ name, bytes: encodeBundle(this.#bundle) });
    }
    for (let at = 0; at < writes.length; at += tileWritesAtOnce)
      await Promise.all(writes.slice(at, at + tileWritesAtOnce).map((write) => this.#write(write)));
  }

  /** Publishes a signed checkpoint, and drops the partial tiles that are full by now. */
  async publish(note: string): Promise<void> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    writeDurably(join(this.directory, 'checkpoint'), note, 0o600);
    const filled = this.#filled;
    this.#filled = [];
    for (const name of filled) {
      const partial = join(this.directory, `${tilePath(name)}.p`);
      this.#made.delete(partial);
      if (existsSync(partial)) await rm(partial, { recursive: true, force: true });
    }
  }

  /** The cheap steps are taken at once and only the sync crosses a thread: that is most of what a tile costs. */
  async #write({ name, bytes }: Write): Promise<void> {
    const path = join(this.directory, tilePath(name));
    const folder = dirname(path);
    if (!this.#made.has(folder)) mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#made.add(folder);
    const file = openSync(path, 'w', 0o600);
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
      await datasync(file);
    } finally {
      closeSync(file);
    }
  }

  /** Reads the right edge of a log of `size` entries; false where a file is missing or short. */
  #load(size: number): boolean {
    this.#size = size;
    for (let at = 0, count = size; count > 0; at += 1, count = Math.floor(count / tileWidth)) {
      const width = count % tileWidth;
      const hashes: Uint8Array[] = [];
      if (width > 0) {
        const tile = readLogFile(this.directory, { kind: 'hashes', level: at, index: Math.floor(count / tileWidth), width });
        if (tile === undefined || tile.length < width * hashSize) return false;
        for (let index = 0; index < width; index += 1) hashes.push(nodeIn(tile, index, 0));
      }
      this.#levels.push({ count, hashes });
      this.#written.set(`${at}`, count);
    }
    return this.#loadBundle(size);
  }

  /** The partial bundle, each entry of which must be the one its hash says. */
  #loadBundle(size: number): boolean {
    const width = size % tileWidth;
    if (width === 0) return true;
    const bytes = readLogFile(this.directory, { kind: 'entries', index: Math.floor(size / tileWidth), width });
    if (bytes === undefined) return false;
    const entries = decodeBundle(bytes).entries.slice(0, width);
    this.#bundle = entries.map((entry) => entry.bytes);
    this.#written.set('entries', size);
    const hashes = this.#levels[0]?.hashes ?? [];
    return entries.length === width && hashes.every((hash, at) => Buffer.compare(hash, leafHash(entries[at]?.bytes ?? hash)) === 0);
  }
}
