import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { fault } from '#kernel/contract/fault.ts';
import type { Log } from '#kernel/contract/implement.ts';
import { type Coder, openCoder } from '../engine/stripe.ts';
import type { PackPlace } from './appender.ts';
import type { Catalog } from './catalog.ts';
import { CodedWriter, removeCoded, type Spread } from './coded.ts';
import { CodedReader, type OnDamage } from './coded-reader.ts';
import type { DriveSet } from './drive-set.ts';
import type { Extent } from './extent.ts';
import { newIdentity } from './identity.ts';
import { LateSyncs } from './late-sync.ts';
import { sweepMax } from './limits.ts';
import { PackStore } from './pack-store.ts';
import { type BlobPlace, type BlobRecord, pack, type RemotePlace, type Segment, unpack } from './record.ts';
import type { RemoteBlobs } from './remote.ts';
import { markOf, packMark, readMark } from './remote-place.ts';
import { RemoteWriter } from './remote-writer.ts';
import { atStep } from './step.ts';

export const idKey = (id: string): Buffer => Buffer.from(id, 'hex');

/** The checksum of bytes in the index and of files of the first format: CRC-32, which Node has natively. */
export function sumOf(bytes: Uint8Array, before = 0): number {
  return crc32(bytes, before);
}

export type BlobOptions = {
  readonly log: Log;
  readonly now: () => number;
  readonly drives: DriveSet;
  /** Of the index, whose blobs these are. */
  readonly partition: number;
  readonly extentBytes?: number;
  /** The operator's store: new bytes go there, and not to the drives. */
  readonly remote?: RemoteBlobs;
};

/** Writes a blob while it streams, in pieces of `stripeDataBytes`. `finish` resolves when it is safe, with where it lies. */
export type BlobWriter = Pick<CodedWriter, 'id' | 'write' | 'abandon'> & { finish(): Promise<BlobPlace> };

/** Told of what upkeep should look at. */
export type Concern = { damage: OnDamage; work: (extent: Extent, damaged?: boolean) => void };

/**
 * The bytes of objects, named by ids: small ones packed in extents, large ones in shards on drives. What a crash leaves of
 * bytes that no commit points at is written down as garbage before the first of them exists, and removed at the next start.
 */
export class BlobStore {
  readonly catalog: Catalog;
  readonly drives: DriveSet;
  readonly coder: Coder;
  readonly packs: PackStore;
  readonly remote: RemoteBlobs | undefined;
  readonly log: Log;
  readonly concern: Concern;
  readonly #directory: string;
  readonly #pins = new Map<string, number>();
  readonly #freed = new Set<string>();
  /** What was written down of blobs that no record points at any more, until they are gone: streams may still need it. */
  readonly #kept = new Map<string, BlobRecord>();
  readonly #late = new LateSyncs();
  #work: Promise<void> = Promise.resolve();

  private constructor(
    catalog: Catalog,
    directory: string,
    parts: { drives: DriveSet; coder: Coder; packs: PackStore; remote: RemoteBlobs | undefined; log: Log; concern: Concern },
  ) {
    this.catalog = catalog;
    this.#directory = directory;
    this.drives = parts.drives;
    this.coder = parts.coder;
    this.packs = parts.packs;
    this.remote = parts.remote;
    this.log = parts.log;
    this.concern = parts.concern;
  }

  /** Opens drives and extents and clears away what a crash left. */
  static async open(catalog: Catalog, directory: string, options: BlobOptions): Promise<BlobStore> {
    const { log, now, drives, partition, extentBytes, remote } = options;
    const coder = await openCoder();
    const early: Extent[] = [];
    const concern: Concern = { damage: () => {}, work: (extent) => void early.push(extent) };
    const packs = await PackStore.open({
      catalog,
      drives,
      coder,
      now,
      partition,
      onDamage: (...found) => concern.damage(...found),
      onWork: (extent, damaged) => concern.work(extent, damaged),
      ...(extentBytes === undefined ? {} : { extentBytes }),
    });
    const store = new BlobStore(catalog, directory, { drives, coder, packs, remote, log, concern });
    store.free([...catalog.table.garbage.getKeys()].map((key) => Buffer.from(key).toString('hex')));
    await store.#work;
    return store;
  }

  /**
   * Begins a blob of a scope; its id is written down as garbage until a commit adopts it. A `relaxed` one is done when its bytes
   * are with the system, and synced after.
   */
  async begin(scope: bigint, relaxed = false): Promise<BlobWriter> {
    if (this.remote) return this.#beginRemote(this.remote, scope, undefined);
    const writer = await this.#beginCoded();
    return {
      id: writer.id,
      write: (pieces, length) => writer.write(pieces, length),
      abandon: () => writer.abandon(),
      finish: async () => ({ spread: await (relaxed ? this.#finishLate(writer) : writer.finish()) }),
    };
  }

  async #finishLate(writer: CodedWriter): Promise<Spread> {
    const { spread } = writer;
    await this.#late.add(
      writer.id,
      () => writer.finish(),
      (error) => {
        this.log('error', 'an object of a relaxed bucket could not be synced', { id: writer.id, error: String(error) });
      },
    );
    return spread;
  }

  /** Brings to disk what relaxed buckets were told is stored. */
  async secureAll(): Promise<void> {
    await Promise.all([this.packs.appender.sync(), this.#late.all()]);
  }

  /** The same for the bytes of segments, before somebody who was promised more points at them. */
  async secure(segments: readonly Segment[]): Promise<void> {
    const ids = segments.flatMap((segment) => ('blob' in segment ? [segment.blob] : []));
    await Promise.all([this.#late.of(ids), ids.length > 0 ? this.packs.appender.sync() : undefined]);
  }

  async #beginRemote(remote: RemoteBlobs, scope: bigint, pieces: number | undefined): Promise<RemoteWriter> {
    const writer = new RemoteWriter(remote.lives.next(), remote, scope);
    await this.catalog.commit(() => {
      this.catalog.table.garbage.put(idKey(writer.id), packMark({ remote: scope, pieces }));
      remote.lives.note(writer.id);
    });
    atStep('shards-intended');
    return writer;
  }

  async #beginCoded(): Promise<CodedWriter> {
    const writer = new CodedWriter(newIdentity().toString('hex'), this.coder, this.drives);
    await this.catalog.commit(() => void this.catalog.table.garbage.put(idKey(writer.id), Buffer.from(writer.intended)));
    atStep('shards-intended');
    return writer;
  }

  /** Keeps few bytes of a scope, packed with others or in the operator's store; resolves when they are safe, or `relaxed`. */
  async pack(pieces: readonly Uint8Array[], size: number, scope: bigint, relaxed = false): Promise<{ id: string; place: BlobPlace }> {
    if (this.remote) return this.#packRemote(this.remote, pieces, size, scope);
    const key = newIdentity();
    return { id: key.toString('hex'), place: await this.packs.append(key, pieces, size, relaxed) };
  }

  async #packRemote(remote: RemoteBlobs, pieces: readonly Uint8Array[], size: number, scope: bigint) {
    const writer = await this.#beginRemote(remote, scope, 1);
    try {
      await writer.write(pieces, size);
      return { id: writer.id, place: await writer.finish() };
    } catch (error) {
      this.free([writer.id]);
      throw error;
    }
  }

  /** Throws bytes away that no commit points at. */
  async discard(id: string, size: number, place?: BlobPlace): Promise<void> {
    if (place && 'extent' in place) return this.packs.forget(place, size);
    this.free([id]);
    await this.#work;
  }

  /** Within a change: writes down a new blob with one reference. */
  add(id: string, size: number, place: BlobPlace): void {
    this.catalog.table.blob.put(idKey(id), pack({ size, references: 1, ...place } satisfies BlobRecord));
    if ('spread' in place || 'remote' in place) this.catalog.table.garbage.remove(idKey(id));
    if ('extent' in place) this.packs.landed(place);
  }

  /** Within a change: one more record points at the segment's blob. False when it is gone. */
  share(segment: Segment): boolean {
    return !('blob' in segment) || this.#refer(segment.blob, 1) !== undefined;
  }

  /** Within a change: one record fewer points at the segment's blob; returns its id when it was the last. */
  release(segment: Segment): string[] {
    return 'blob' in segment && this.#refer(segment.blob, -1) === 0 ? [segment.blob] : [];
  }

  #refer(id: string, change: 1 | -1): number | undefined {
    const { blob, garbage } = this.catalog.table;
    const found = blob.get(idKey(id));
    if (!found) return undefined;
    const record = unpack<BlobRecord>(found);
    const references = record.references + change;
    if (references > 0) blob.put(idKey(id), pack({ ...record, references }));
    else {
      this.#kept.set(id, record);
      blob.remove(idKey(id));
      if ('extent' in record) this.packs.release(record, record.size);
      else garbage.put(idKey(id), garbageOf(record));
    }
    return references;
  }

  /** After the commit that released them: removes blobs, those being read as soon as they no longer are. */
  free(ids: readonly string[]): void {
    if (ids.length === 0) return;
    for (const id of ids) this.#freed.add(id);
    this.#queue(() => this.#sweep());
  }

  async #sweep(): Promise<void> {
    const ids = [...this.#freed].filter((id) => !this.#pins.has(id));
    for (let at = 0; at < ids.length; at += sweepMax) {
      const group = ids.slice(at, at + sweepMax);
      const garbage: string[] = [];
      for (const id of group) {
        this.#freed.delete(id);
        this.#kept.delete(id);
        const found = this.catalog.table.garbage.get(idKey(id));
        if (!found) continue;
        // What a crash may bring back must still have its bytes; at the end they are left to the next start.
        if (!(await this.catalog.lag.whenSynced())) break;
        const mark = readMark(found);
        if (mark) {
          // Its row stays until the store has confirmed that it is gone.
          this.remote?.removal.doom(id, mark);
          continue;
        }
        garbage.push(id);
        await this.#remove(id, found);
      }
      if (garbage.length > 0)
        await this.catalog.commit(() => {
          for (const id of garbage) this.catalog.table.garbage.remove(idKey(id));
        });
    }
  }

  /** What was written down of garbage is its spread; of files of the first format it is one byte. */
  async #remove(id: string, spread: Spread): Promise<void> {
    if (spread.length > 1) return removeCoded(this.drives, id, Uint8Array.from(spread));
    for (const path of this.#oldPaths(id)) await rm(path, { force: true });
  }

  /** What is written down of a blob. */
  record(id: string): BlobRecord {
    const found = this.catalog.table.blob.get(idKey(id));
    const record = found ? unpack<BlobRecord>(found) : this.#kept.get(id);
    if (!record) throw fault('ObjectDamaged', 'A part of the object is not in the index.');
    return record;
  }

  /** Within a change or for one that is only kept: a packed blob lies elsewhere from now on. False when it is not there any more. */
  move(id: string, from: PackPlace, to: BlobPlace): boolean {
    const same = (record: BlobRecord) => 'extent' in record && record.extent === from.extent && record.offset === from.offset;
    const found = this.catalog.table.blob.get(idKey(id));
    const record = found ? unpack<BlobRecord>(found) : this.#kept.get(id);
    if (!record || !same(record)) return false;
    const moved: BlobRecord = { size: record.size, references: record.references, ...to };
    if (found) {
      this.catalog.table.blob.put(idKey(id), pack(moved));
      if ('extent' in to) this.packs.landed(to);
    } else this.#kept.set(id, moved);
    return found !== undefined;
  }

  /** Keeps the blobs of the segments from being removed until the function returned is called. */
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
      const freed = ids.filter((id) => this.#freed.has(id));
      this.free(freed);
    };
  }

  /** Reads a blob of shards; of `sealed` bytes the opening tells whether they are right. */
  reader(id: string, size: number, spread: Spread, sealed = false): CodedReader {
    return new CodedReader({ id, size, spread }, this.coder, this.drives, (...found) => this.concern.damage(...found), sealed);
  }

  /** Opens a file of the first format, wherever it lies. */
  async openFile(id: string): Promise<FileHandle> {
    for (const path of this.#oldPaths(id)) {
      try {
        return await open(path, 'r');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
    throw fault('ObjectDamaged', 'A file of the object is missing.');
  }

  #oldPaths(id: string): string[] {
    return [join(this.#directory, 'object', id.slice(0, 2), id), join(this.#directory, 'incoming', id)];
  }

  /** Bytes of a piece of a blob in the operator's store. */
  readPiece(id: string, place: RemotePlace, piece: number, from: number, bytes: number): Promise<Uint8Array> {
    if (!this.remote) throw fault('Unavailable', "The bytes lie in the operator's store, and the platform was started without it.");
    return this.remote.read(place, id, piece, from, bytes);
  }

  /** Resolves when the removing asked for so far is done. */
  async idle(): Promise<void> {
    await this.#work;
    await this.remote?.removal.settled();
  }

  async close(): Promise<void> {
    this.remote?.close();
    await this.#work;
    await this.#late.all();
    await this.packs.close();
  }

  /** Housekeeping runs one after the other; what fails is done at the next start. */
  #queue(work: () => Promise<void>): void {
    this.#work = this.#work.then(work).catch((error: unknown) => {
      this.log('warn', 'bytes of objects could not be removed; the next start does it', { error: String(error) });
    });
  }
}

/** What is written down of a blob that is to be removed: enough to find its bytes. */
function garbageOf(record: BlobRecord): Buffer {
  if ('spread' in record) return Buffer.from(record.spread);
  return 'remote' in record ? packMark(markOf(record)) : Buffer.alloc(1);
}
